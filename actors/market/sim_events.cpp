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
      const auto pick = [&](unsigned shift, std::int64_t among) { return static_cast<std::int64_t>((bits >> shift) & 0xFFFF) * among >> 16; };
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
      cut = each_ * index + static_cast<std::int64_t>((static_cast<uint128>(each_) * (jitter16 & 0xFFFF)) >> 16);
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
  return 1 + quarter + static_cast<std::int64_t>((static_cast<uint128>(typical) * (bits16 & 0xFFFF) * 3) >> 17);
}

} // namespace

std::int64_t exchange::prints_of(const line& l, const session& s, const minute& m) const {
  // the average busy minute of a full session has the profile's number
  const auto busy = static_cast<std::int64_t>((static_cast<int128>(l.daily_lots) * s.shape->busy_minute_q32) >> 32) + 1;
  const auto wanted = static_cast<std::int64_t>(static_cast<int128>(m.lots) * l.traits.trades_per_minute * trades_percent_ / (busy * 100));
  const std::int64_t most = std::min({m.lots, max_prints_per_minute, std::int64_t{l.traits.trades_per_minute} * trades_percent_ * 3 / 200 + 4});
  return std::clamp(wanted + 1, least_prints(m), std::max(most, least_prints(m)));
}

/// Typical spread of a minute in Q8 ticks, not rounded to whole ones.
std::int64_t exchange::spread_of(const line& l, const session& s, std::size_t index) const {
  // hundredths of a basis point of the price, × season (Q4) × regime (Q8)
  constexpr std::int64_t centi_bp = 1'000'000;
  const std::int64_t season = s.shape->spread_q4[index];
  const int128 wide = static_cast<int128>(s.minutes[index].close) * l.traits.spread_centi_bp * season * s.regime;
  return static_cast<std::int64_t>((wide / centi_bp) >> 4);
}

void exchange::append_events(const session& s, std::size_t index, std::vector<event>& out) const {
  const line& l = lines_[s.symbol];
  const minute& m = s.minutes[index];
  const utc_time begin = s.time_of(index);
  const std::uint64_t key = random_bits(l.event_key, unix_seconds(begin) / 60);
  const std::int64_t spread = spread_of(l, s, index);
  const bool opening = index == 0;
  // The fraction of a tick decides by chance; wide spreads breathe by a quarter.
  const auto spread_now = [&](std::uint64_t bits) {
    const auto dice = static_cast<std::int64_t>(bits & 0xFF);
    const std::int64_t breath = spread < 768 ? 0 : (spread * (dice - 128)) >> 9;
    return std::max<std::int64_t>(1, (spread + breath + dice) >> 8);
  };
  const auto quote_at = [&](utc_time ts, std::int64_t bid, std::int64_t ask, std::uint64_t bits) {
    out.push_back({ts, bid, ask, quote_size(l.quote_lots, bits), quote_size(l.quote_lots, bits >> 16), event::kind::quote});
  };
  if (m.lots == 0) { // nobody traded, but somebody asks
    const std::uint64_t bits = random_bits(key, -1);
    const auto wait = opening ? 0 : static_cast<std::int64_t>(((bits >> 40) * minute_us) >> 24);
    const std::int64_t bid = std::max<std::int64_t>(1, m.close - 1);
    quote_at(begin + std::chrono::microseconds{wait}, bid, bid + spread_now(bits >> 32), bits);
    return;
  }
  const std::int64_t prints = prints_of(l, s, m);
  const route way{m, prints, random_bits(key, -2)};
  size_cutter cutter{m.lots, prints};
  const std::int64_t slot = minute_us / prints;
  const std::int64_t ripple = (m.high - m.low) / 8 + 1;

  std::size_t leg = 0;
  std::int64_t step_q16 = 0, last_px = m.open, last_us = 0, bid = 0, ask = 0;
  for (std::int64_t i = 0; i < prints; ++i) {
    const std::uint64_t bits = random_bits(key, i * 2), more = random_bits(key, i * 2 + 1);
    std::int64_t px = 0;
    if (way.points[leg].at == i) {
      px = way.points[leg].px;
      if (leg + 1 < way.count) {
        const auto &a = way.points[leg], &b = way.points[leg + 1];
        step_q16 = (b.px - a.px) * 65536 / (b.at - a.at);
        ++leg;
      }
    } else {
      const auto& a = way.points[leg - 1];
      const std::int64_t noise = (ripple * (static_cast<std::int64_t>(bits & 0xFFFF) - 32768)) >> 15;
      px = std::clamp(a.px + ((step_q16 * (i - a.at)) >> 16) + noise, m.low, m.high);
    }
    const std::int64_t us = slot * i + ((slot * static_cast<std::int64_t>((bits >> 16) & 0xFFFF)) >> 16);
    const auto quote_us = opening && i == 0 ? 0 : last_us + (((us - last_us) * static_cast<std::int64_t>((bits >> 32) & 0xFFFF)) >> 16);
    const std::int64_t width = spread_now(bits >> 48);
    if (l.what.basis != price_basis::trade) {
      // no tape: the quote itself is what the minute is made of
      const bool mid = l.what.basis == price_basis::mid;
      quote_at(begin + std::chrono::microseconds{us}, mid ? std::max<std::int64_t>(1, px - width) : px,
               mid ? px + std::min(width, px - 1) : px + width, more);
      last_us = us;
      continue;
    }
    const bool buy = px != last_px ? px > last_px : (bits >> 60 & 1) != 0;
    const bool stands = i > 0 && (buy ? ask : bid) == px && (bits >> 61 & 3) != 0;
    if (!stands) {
      bid = buy ? std::max<std::int64_t>(1, px - width) : px;
      ask = buy ? px : px + width;
      quote_at(begin + std::chrono::microseconds{quote_us}, bid, ask, more);
    }
    out.push_back({begin + std::chrono::microseconds{us}, px, 0, cutter.next(i, more >> 32), 0, buy ? event::kind::buy : event::kind::sell});
    last_px = px;
    last_us = us;
  }
}

} // namespace tt::market::sim
