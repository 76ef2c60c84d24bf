// How a minute of the simulated exchange becomes quotes and prints.

#include "actors/market/sim_exchange.hpp"

#include <algorithm>
#include <array>

namespace tt::market::sim {

namespace {

constexpr std::int64_t minute_us = 60'000'000;

/// A price that the prints must touch at a given place in their order.
struct waypoint {
  std::int64_t at = 0;
  std::int64_t px = 0;
};

/// Open, the extremes that open and close don't touch, and close, in order of
/// time; requires enough prints for them.
struct route {
  std::array<waypoint, 4> points{};
  std::size_t count = 0;

  route(const minute& m, std::int64_t prints, std::uint64_t bits) {
    const bool wants_high = m.high > std::max(m.open, m.close);
    const bool wants_low = m.low < std::min(m.open, m.close);
    const std::int64_t inner = prints - 2;
    points[count++] = {0, m.open};
    if (wants_high || wants_low) {
      TT_ASSERT(inner >= (wants_high && wants_low ? 2 : 1));
      const auto pick = [&](unsigned shift, std::int64_t among) {
        return static_cast<std::int64_t>((bits >> shift) & 0xFFFF) * among >> 16;
      };
      const bool high_first = wants_high && (!wants_low || (bits & 1) != 0);
      // with two extremes the first lies among all places but the last
      const bool both = wants_high && wants_low;
      const std::int64_t one = 1 + pick(16, both ? inner - 1 : inner);
      points[count++] = {one, high_first ? m.high : m.low};
      if (both) points[count++] = {one + 1 + pick(32, inner - one), high_first ? m.low : m.high};
    }
    if (prints > 1) points[count++] = {prints - 1, m.close};
  }
};

/// Prints that a minute needs to touch its four prices.
std::int64_t least_prints(const minute& m) {
  if (m.high == m.low) return 1;
  return 2 + (m.high > std::max(m.open, m.close) ? 1 : 0) + (m.low < std::min(m.open, m.close) ? 1 : 0);
}

/// Sizes that sum to `lots`, each at least 1: cut points jittered around an even split.
class size_cutter {
public:
  size_cutter(std::int64_t lots, std::int64_t prints)
      : rest_(lots - prints), each_(rest_ / prints), prints_(prints) {}

  std::int64_t next(std::int64_t index, std::uint64_t jitter16) {
    std::int64_t cut = rest_;
    if (index + 1 < prints_)
      cut = each_ * index +
            static_cast<std::int64_t>((static_cast<uint128>(each_) * (jitter16 & 0xFFFF)) >> 16);
    const std::int64_t size = 1 + cut - done_;
    done_ = cut;
    return size;
  }

private:
  std::int64_t rest_, each_, prints_, done_ = 0;
};

std::int64_t quote_size(std::int64_t typical, std::uint64_t bits16) {
  // a quarter to one and three quarters of the typical size, on the lot grid
  const std::int64_t quarter = typical / 4;
  return 1 + quarter +
         static_cast<std::int64_t>((static_cast<uint128>(typical) * (bits16 & 0xFFFF) * 3) >> 17);
}

/// The part of `whole` that the low 16 of `bits` say.
std::int64_t part_of(std::int64_t whole, std::uint64_t bits) {
  return (whole * static_cast<std::int64_t>(bits & 0xFFFF)) >> 16;
}

/// Prices of a minute's prints in their order: straight from waypoint to waypoint,
/// with ripples that stay between low and high.
class price_walk {
public:
  price_walk(const minute& m, std::int64_t prints, std::uint64_t bits)
      : way_(m, prints, bits), low_(m.low), high_(m.high), ripple_((m.high - m.low) / 8 + 1) {}

  std::int64_t next(std::int64_t index, std::uint64_t bits) {
    if (way_.points[leg_].at != index) {
      const auto& a = way_.points[leg_ - 1];
      const std::int64_t noise = (ripple_ * (static_cast<std::int64_t>(bits & 0xFFFF) - 32768)) >> 15;
      return std::clamp(a.px + ((step_q16_ * (index - a.at)) >> 16) + noise, low_, high_);
    }
    const auto& a = way_.points[leg_];
    if (leg_ + 1 < way_.count) {
      const auto& b = way_.points[++leg_];
      step_q16_ = (b.px - a.px) * 65536 / (b.at - a.at);
    }
    return a.px;
  }

private:
  route way_;
  std::int64_t low_, high_, ripple_;
  std::int64_t step_q16_ = 0;
  std::size_t leg_ = 0;
};

/// Whether a session begins with the minute.
enum class session_start : std::uint8_t { here, earlier };

/// Writes the quotes of a minute and the prints that hit them. Every minute begins
/// afresh, so that it doesn't matter where one begins to look.
class quote_writer {
public:
  quote_writer(utc_time begin, session_start start, std::int64_t spread_q8, std::int64_t typical_lots,
               std::vector<event>& out)
      : begin_(begin), opening_(start == session_start::here), spread_(spread_q8), typical_(typical_lots),
        out_(out) {}

  /// Nobody traded, but somebody asks.
  void without_trade(const minute& m, std::uint64_t bits) {
    const auto wait = opening_ ? 0 : part_of(minute_us, bits >> 40);
    const std::int64_t bid = std::max<std::int64_t>(1, m.close - 1);
    quote(wait, bid, bid + width(bits >> 32), bits);
  }

  /// No tape: the quote itself is what the minute is made of.
  void bid_at(std::int64_t us, std::int64_t px, std::uint64_t bits, std::uint64_t more) {
    quote(us, px, px + width(bits >> 48), more);
  }
  void mid_at(std::int64_t us, std::int64_t px, std::uint64_t bits, std::uint64_t more) {
    const std::int64_t half = std::min(width(bits >> 48), px - 1);
    quote(us, px - half, px + half, more);
  }

  /// A print at `us`, and before it a quote to hit unless one stands there.
  void trade_at(std::int64_t us, std::int64_t px, std::int64_t lots, std::uint64_t bits, std::uint64_t more) {
    const bool buy = px != last_px_ && last_px_ != 0 ? px > last_px_ : ((bits >> 60) & 1) != 0;
    const bool stands = (buy ? ask_ : bid_) == px && ((bits >> 61) & 3) != 0;
    if (!stands) {
      const std::int64_t wide = width(bits >> 48);
      bid_ = buy ? std::max<std::int64_t>(1, px - wide) : px;
      ask_ = buy ? px : px + wide;
      const bool first = opening_ && last_px_ == 0;
      quote(first ? 0 : last_us_ + part_of(us - last_us_, bits >> 32), bid_, ask_, more);
    }
    out_.push_back({time(us), px, 0, lots, 0, buy ? event::kind::buy : event::kind::sell});
    last_px_ = px;
    last_us_ = us;
  }

private:
  [[nodiscard]] utc_time time(std::int64_t us) const { return begin_ + std::chrono::microseconds{us}; }

  void quote(std::int64_t us, std::int64_t bid, std::int64_t ask, std::uint64_t bits) {
    out_.push_back({time(us), bid, ask, quote_size(typical_, bits), quote_size(typical_, bits >> 16),
                    event::kind::quote});
  }

  /// The fraction of a tick decides by chance; spreads of three ticks and more breathe by a quarter.
  [[nodiscard]] std::int64_t width(std::uint64_t bits) const {
    constexpr std::int64_t three_ticks = 3 * 256;
    const auto dice = static_cast<std::int64_t>(bits & 0xFF);
    const std::int64_t breath = spread_ < three_ticks ? 0 : (spread_ * (dice - 128)) >> 9;
    return std::max<std::int64_t>(1, (spread_ + breath + dice) >> 8);
  }

  utc_time begin_;
  bool opening_;
  std::int64_t spread_, typical_;
  std::vector<event>& out_;
  std::int64_t bid_ = 0, ask_ = 0; // of the standing quote; none yet
  std::int64_t last_px_ = 0, last_us_ = 0;
};

} // namespace

std::int64_t exchange::prints_of(const line& l, const session& s, const minute& m) const {
  if (l.what.basis != price_basis::trade) return m.lots;
  const std::int64_t least = least_prints(m);
  return std::clamp(wanted_prints(l, s, m.lots), least, std::max(least, m.lots));
}

/// Typical spread of a minute in Q8 ticks, not rounded to whole ones.
std::int64_t exchange::spread_of(const line& l, const session& s, std::size_t index) const {
  // hundredths of a basis point of the price, × season (Q4) × regime (Q8)
  constexpr std::int64_t centi_bp = 1'000'000;
  const std::int64_t season = s.shape->spread_q4[index];
  const int128 wide =
      static_cast<int128>(s.minutes[index].close) * l.traits.spread_centi_bp * season * s.regime;
  return static_cast<std::int64_t>((wide / centi_bp) >> 4);
}

void exchange::append_events(const session& s, std::size_t index, std::vector<event>& out) const {
  const line& l = lines_[s.symbol];
  const minute& m = s.minutes[index];
  const utc_time begin = s.time_of(index);
  const std::uint64_t key = random_bits(l.event_key, unix_seconds(begin) / 60);
  const auto start = index == 0 ? session_start::here : session_start::earlier;
  quote_writer quotes{begin, start, spread_of(l, s, index), l.quote_lots, out};
  if (m.lots == 0) return quotes.without_trade(m, random_bits(key, -1));

  const std::int64_t prints = prints_of(l, s, m);
  price_walk walk{m, prints, random_bits(key, -2)};
  size_cutter sizes{m.lots, prints};
  const std::int64_t slot = minute_us / prints;
  for (std::int64_t i = 0; i < prints; ++i) {
    const std::uint64_t bits = random_bits(key, i * 2), more = random_bits(key, i * 2 + 1);
    const std::int64_t px = walk.next(i, bits);
    const std::int64_t us = slot * i + part_of(slot, bits >> 16);
    switch (l.what.basis) {
    case price_basis::bid:
      quotes.bid_at(us, px, bits, more);
      break;
    case price_basis::mid:
      quotes.mid_at(us, px, bits, more);
      break;
    case price_basis::trade:
      quotes.trade_at(us, px, sizes.next(i, more >> 32), bits, more);
      break;
    }
  }
}

} // namespace tt::market::sim
