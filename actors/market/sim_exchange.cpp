#include "actors/market/sim_exchange.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace tt::market::sim {

namespace {

/// Where anchors are quoted, and how long the trend runs before and after it.
constexpr civil_date anchor_day = civil_date::of(2026, 1, 1);
constexpr std::int64_t trend_days = 30 * 365;
/// 2^32 × log2(e) / 10^4 / 365.25, × 1000: one basis point a year, per day.
constexpr std::int64_t trend_per_bp_x1000 = 1'696'462;
/// Quiet and busy stretches of this length alternate within a session.
constexpr std::int64_t burst_minutes = 16;
/// From Q12 to Q32.
constexpr std::int64_t one_q20 = 1 << 20;
/// How far beyond its ends a minute reaches per deviation: 3/4 of it, as part of
/// the price (ln 2), in Q16.
constexpr std::int64_t reach_q16 = 34'069;

/// Log-normal factors on the volume of a minute, in Q16: 2^(0.7 z).
constexpr std::array<std::int32_t, 256> volume_noise_q16 = [] {
  std::array<std::int32_t, 256> out{};
  for (std::uint64_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::int32_t>(exp2_q16(std::int64_t{normal_q12((i << 8) | 128)} * one_q20 * 7 / 10));
  return out;
}();

/// Part of a day's variance that falls into the closed hours before it, in
/// Q12: 2 % and 1.5 % per hour, at most 35 %; nothing where trading never stopped.
std::int64_t gap_share(nanoseconds closed) {
  const std::int64_t minutes = closed / std::chrono::minutes{1};
  if (minutes <= 0) return 0;
  return std::min<std::int64_t>(82 + minutes * 61 / 60, 1434);
}

/// From this share on (four hours) a venue counts as closed at night.
constexpr std::int64_t night_share = 326;
/// News come between 01:10 and 07:50 UTC, when New York's stock exchanges are
/// closed summer and winter, and take this many minutes.
constexpr std::int64_t first_news_minute = 70, news_minutes_range = 400, news_length = 3;
constexpr std::int32_t news_shock = 8 << normal_bits;

error bad(errc code, std::string message, std::string field) {
  return {code, std::move(message), std::move(field)};
}

result<void> check_profile(const profile& p) {
  const std::string field = "profiles[" + p.symbol + "].";
  const auto range = [&](std::int64_t value, std::int64_t low, std::int64_t high,
                         const char* name) -> result<void> {
    if (value >= low && value <= high) return {};
    return bad(errc::out_of_range, "must be " + std::to_string(low) + " to " + std::to_string(high),
               field + name);
  };
  constexpr std::int64_t most = 1'000'000'000'000'000;
  if (auto ok = range(p.anchor_micros, 1, most, "anchor_micros"); !ok) return ok;
  if (auto ok = range(p.trend_bp, -5000, 5000, "trend_bp"); !ok) return ok;
  if (auto ok = range(p.own_volatility_bp, 1, 20'000, "own_volatility_bp"); !ok) return ok;
  if (auto ok = range(p.daily_volume_milli, 1, most, "daily_volume_milli"); !ok) return ok;
  if (auto ok = range(p.quote_size_milli, 1, most, "quote_size_milli"); !ok) return ok;
  if (auto ok = range(p.spread_centi_bp, 1, 100'000, "spread_centi_bp"); !ok) return ok;
  if (auto ok = range(p.trades_per_minute, 1, 600, "trades_per_minute"); !ok) return ok;
  for (auto beta : p.betas)
    if (auto ok = range(beta, -500, 500, "betas"); !ok) return ok;
  return {};
}

/// The configured profile of that symbol, else the built-in or generic one.
profile pick_profile(const exchange_config& config, const instrument& what) {
  const auto at = std::ranges::find(config.profiles, what.symbol, &profile::symbol);
  profile out = at != config.profiles.end() ? *at : profile_for(what);
  if (out.path_of.empty()) return out;
  // one path: everything that shapes the price comes from the other symbol
  const auto other = std::ranges::find(config.profiles, out.path_of, &profile::symbol);
  const auto known = default_profiles();
  const auto built_in = std::ranges::find(known, out.path_of, &profile::symbol);
  if (other == config.profiles.end() && built_in == known.end()) return out;
  const profile& path = other != config.profiles.end() ? *other : *built_in;
  out.anchor_micros = path.anchor_micros;
  out.trend_bp = path.trend_bp;
  out.betas = path.betas;
  out.own_volatility_bp = path.own_volatility_bp;
  out.shape = path.shape;
  return out;
}

std::int64_t in_lots(std::int64_t milli, std::int64_t lot_raw) {
  constexpr std::int64_t raw_per_milli = decimal::scale / 1000;
  return static_cast<std::int64_t>(std::max<int128>(1, static_cast<int128>(milli) * raw_per_milli / lot_raw));
}

} // namespace

minute join(std::span<const minute> minutes) {
  minute sum;
  for (const auto& m : minutes) {
    if (m.lots == 0) continue;
    if (sum.lots == 0) sum = {m.open, m.high, m.low, m.close, 0};
    sum.high = std::max(sum.high, m.high);
    sum.low = std::min(sum.low, m.low);
    sum.close = m.close;
    sum.lots += m.lots;
  }
  return sum;
}

result<exchange::line> exchange::make_line(const exchange_config& config, const instrument& what) {
  const std::string field = "instruments[" + what.symbol + "].";
  constexpr std::int64_t largest_step = 1'000'000;
  const auto step_ok = [](decimal d) { return d.is_positive() && d <= decimal{largest_step}; };
  if (!what.calendar) return bad(errc::invalid_argument, "has no calendar", field + "calendar");
  if (!step_ok(what.tick.value()))
    return bad(errc::out_of_range, "must be above 0 and at most 10^6", field + "tick");
  if (!step_ok(what.lot.value()))
    return bad(errc::out_of_range, "must be above 0 and at most 10^6", field + "lot");
  line out;
  out.what = what;
  out.traits = pick_profile(config, what);
  if (auto ok = check_profile(out.traits); !ok) return ok.error();
  const auto& p = out.traits;
  out.tick_raw = static_cast<std::int64_t>(what.tick.value().raw());
  out.lot_raw = static_cast<std::int64_t>(what.lot.value().raw());
  constexpr std::int64_t raw_per_micro = decimal::scale / 1'000'000;
  const int128 anchor_ticks = static_cast<int128>(p.anchor_micros) * raw_per_micro / out.tick_raw;
  constexpr std::int64_t least_anchor = 64, most_anchor = std::int64_t{1} << 34;
  if (anchor_ticks < least_anchor || anchor_ticks > most_anchor)
    return bad(errc::out_of_range, "the price level must be 64 to 2^34 ticks", field + "tick");
  out.anchor = log2_of(static_cast<std::uint64_t>(anchor_ticks));
  out.trend_per_day = p.trend_bp * trend_per_bp_x1000 / 1000;
  const std::string& path = p.path_of.empty() ? what.symbol : p.path_of;
  out.path_key = stream_key(stream_key(config.seed, "path"), path);
  out.volume_key = stream_key(stream_key(config.seed, "volume"), what.symbol);
  out.event_key = stream_key(stream_key(config.seed, "event"), what.symbol);
  out.daily_lots = in_lots(p.daily_volume_milli, out.lot_raw);
  out.quote_lots = in_lots(p.quote_size_milli, out.lot_raw);
  return out;
}

exchange::exchange(const exchange_config& config)
    : minute_key_(stream_key(config.seed, "minute")), gap_key_(stream_key(config.seed, "gap")),
      epoch_(config.epoch), trades_percent_(config.trades_percent), levels_(config.seed, config.epoch) {}

result<std::shared_ptr<const exchange>> exchange::make(exchange_config config) {
  if (config.epoch < civil_date::of(1990, 1, 1) || config.epoch > civil_date::of(2100, 1, 1))
    return bad(errc::out_of_range, "must lie within 1990-01-01 and 2100-01-01", "epoch");
  if (config.trades_percent < 1 || config.trades_percent > 1000)
    return bad(errc::out_of_range, "must be 1 to 1000", "trades_percent");
  if (config.instruments.size() > max_symbols)
    return bad(errc::limit_exceeded, "at most " + std::to_string(max_symbols) + " symbols", "instruments");
  std::vector<line> lines;
  std::map<std::string, std::uint32_t, std::less<>> by_name;
  for (const auto& what : config.instruments) {
    if (!by_name.emplace(what.symbol, static_cast<std::uint32_t>(lines.size())).second)
      return bad(errc::invalid_argument, "stands twice", "instruments[" + what.symbol + "]");
    auto made = make_line(config, what);
    if (!made) return std::move(made).error();
    lines.push_back(std::move(*made));
  }
  std::shared_ptr<exchange> out{new exchange{config}};
  for (auto& l : lines) {
    const auto days = l.what.kind == asset_class::crypto ? walk_days::all : walk_days::weekdays;
    l.walk = out->levels_.add(stream_key(l.path_key, "level"), l.traits, days);
    out->names_.push_back(l.what.symbol);
  }
  out->lines_ = std::move(lines);
  out->by_name_ = std::move(by_name);
  return std::shared_ptr<const exchange>{std::move(out)};
}

std::optional<std::uint32_t> exchange::find(std::string_view symbol) const {
  const auto at = by_name_.find(symbol);
  if (at == by_name_.end()) return std::nullopt;
  return at->second;
}

std::optional<trading_day> exchange::session_on_or_after(std::uint32_t symbol, civil_date day) const {
  auto found = lines_[symbol].what.calendar->on_or_after(std::max(day, epoch_));
  if (found && found->day > last_day) return std::nullopt;
  return found;
}

std::optional<trading_day> exchange::session_on_or_before(std::uint32_t symbol, civil_date day) const {
  auto found = lines_[symbol].what.calendar->on_or_before(std::min(day, last_day));
  if (found && found->day < epoch_) return std::nullopt;
  return found;
}

std::optional<session> exchange::session_of(std::uint32_t symbol, civil_date day, part wanted) const {
  if (day < epoch_ || day > last_day) return std::nullopt;
  const auto hours = lines_[symbol].what.calendar->day(day);
  if (!hours) return std::nullopt;
  session out;
  if (!fill_session(symbol, *hours, wanted, out)) return std::nullopt;
  return out;
}

bool exchange::fill_session(std::uint32_t symbol, const trading_day& hours, part wanted, session& out) const {
  if (hours.day < epoch_ || hours.day > last_day) return false;
  const line& l = lines_[symbol];
  out.symbol = symbol;
  out.hours = hours;
  out.shape = shape_of(l, hours);
  const std::int64_t busy_lots = multiply_shift(l.daily_lots, out.shape->busy_minute_q32, 32) + 1;
  const std::int64_t prints_q48 =
      (std::int64_t{l.traits.trades_per_minute} * trades_percent_ << 40) / 100 * 256;
  out.prints_per_lot_q48 = prints_q48 / busy_lots;
  const plan p = make_plan(l, hours, out.regime);
  draw_path(l, p, out);
  draw_minutes(l, p, wanted, out);
  return true;
}

std::shared_ptr<const seasonality> exchange::shape_of(const line& l, const trading_day& hours) const {
  const auto minutes = [&](utc_time t) {
    return static_cast<std::int32_t>((t - hours.extended.open) / std::chrono::minutes{1});
  };
  session_outline outline{l.traits.shape, minutes(hours.extended.close), minutes(hours.regular.open),
                          minutes(hours.regular.close), 0};
  TT_ASSERT(outline.minutes > 0 && outline.minutes <= max_session_minutes);
  if (outline.shape == session_shape::forex || outline.shape == session_shape::crypto) {
    const auto of_day = hours.extended.open - utc_date(hours.extended.open).midnight_utc();
    outline.utc_minute = static_cast<std::int32_t>(of_day / std::chrono::minutes{1});
  }
  std::scoped_lock lock{shapes_mutex_};
  if (auto at = shapes_.find(outline); at != shapes_.end()) return at->second;
  if (shapes_.size() >= max_outlines) shapes_.clear();
  return shapes_.emplace(outline, std::make_shared<const seasonality>(make_seasonality(outline)))
      .first->second;
}

log2_q32 exchange::mean_level(const line& l, civil_date day) const {
  // at half the pace after the anchor: growth of the last decades doesn't go on for ever
  const std::int64_t days = std::clamp<std::int64_t>(day - anchor_day, -trend_days, trend_days);
  return l.anchor + l.trend_per_day * days / (days > 0 ? 2 : 1);
}

exchange::plan exchange::make_plan(const line& l, const trading_day& hours, std::uint32_t& regime) const {
  const auto today = levels_.read(l.walk, l.traits, hours.day);
  const auto previous = l.what.calendar->on_or_before(hours.day - 1);
  const civil_date last = previous ? previous->day : hours.day - 1;
  const auto before = levels_.read(l.walk, l.traits, last);
  regime = today.regime;

  plan out;
  std::int64_t squares = (today.own_sigma >> 8) * (today.own_sigma >> 8);
  for (auto s : today.factor_sigma) squares += (s >> 8) * (s >> 8);
  std::int64_t sigma = static_cast<std::int64_t>(isqrt(static_cast<std::uint64_t>(squares))) << 8;
  if (sigma == 0) {
    // a calendar that trades on a day on which the walk rests: hardly moves
    sigma = std::int64_t{l.traits.own_volatility_bp} * 2000;
    out.own_weight = 1 << normal_bits;
  } else {
    for (std::size_t i = 0; i < factor_count; ++i)
      out.weights[i] = today.factor_sigma[i] * (1 << normal_bits) / sigma;
    out.own_weight = today.own_sigma * (1 << normal_bits) / sigma;
  }

  const log2_q32 from = mean_level(l, last) + before.deviation;
  const log2_q32 total = mean_level(l, hours.day) + today.deviation - from;
  // Conditional on the day's total, the part of the closed hours is normal around
  // its share (Brownian bridge); the symbols share most of that number too.
  const std::int64_t share = previous ? gap_share(hours.extended.open - previous->extended.close) : 0;
  const auto bridge = static_cast<std::int64_t>(isqrt(static_cast<std::uint64_t>(share * (4096 - share))));
  const std::int32_t day = hours.day.days_since_epoch();
  const std::int64_t z =
      (normal_q12(random_bits(gap_key_, day)) * 4 + normal_q12(random_bits(l.path_key, -day) >> 16) * 3) / 5;
  // What is beyond an ordinary day is news, which comes at once: overnight where
  // the venue is closed then, else within minutes of those same hours.
  const log2_q32 news = total - std::clamp(total, -sigma * 7 / 4, sigma * 7 / 4);
  const bool closed_at_night = share >= night_share;
  const log2_q32 gap = (((total - news) * share) >> 12) + ((((sigma * bridge) >> 12) * z) >> normal_bits) +
                       (closed_at_night ? news : 0);
  out.open = from + gap;
  out.change = total - gap;
  out.news = closed_at_night ? 0 : news;
  out.sigma =
      (sigma * static_cast<std::int64_t>(isqrt(static_cast<std::uint64_t>((4096 - share) << 12)))) >> 12;

  // days differ in volume, turbulent ones trade more, half days less
  const std::int64_t noise =
      exp2_q16((std::int64_t{normal_q12(random_bits(l.volume_key, -day))} * one_q20) * 2 / 5);
  const std::int64_t busy = 128 + std::int64_t{regime} / 2;
  int128 lots = static_cast<int128>(l.daily_lots) * noise * busy;
  out.lots = static_cast<std::int64_t>(lots >> 24);
  if (hours.length == day_length::early_close) out.lots -= out.lots / 4;
  return out;
}

void exchange::draw_path(const line& l, const plan& p, session& s) const {
  /// A factor that moves this symbol: its weight, and where its bits are.
  struct pull {
    std::int64_t weight;
    unsigned shift;
  };
  std::array<pull, factor_count> pulls{};
  std::size_t count = 0;
  for (unsigned i = 0; i < factor_count; ++i)
    if (p.weights[i] != 0) pulls[count++] = {p.weights[i], 16 * i};

  const auto n = s.shape->sigma_q20.size();
  s.steps.resize(n + 1);
  const std::int64_t first = unix_seconds(s.hours.extended.open) / 60;
  const std::int32_t day = s.hours.day.days_since_epoch();
  const auto wait = static_cast<std::int64_t>((random_bits(gap_key_, day) >> 32) % news_minutes_range);
  const std::int64_t news_at = std::int64_t{day} * 1440 + first_news_minute + wait;
  log2_q32 sum = 0;
  std::int64_t burst = -1, burst_sigma = 0;
  for (std::size_t m = 0; m < n; ++m) {
    const std::int64_t at = first + static_cast<std::int64_t>(m);
    if (at / burst_minutes != burst) {
      burst = at / burst_minutes;
      burst_sigma =
          (p.sigma * exp2_q16(std::int64_t{normal_q12(random_bits(l.path_key, -at))} * one_q20 * 2 / 5)) >>
          16;
    }
    auto& step = s.steps[m];
    step.random = random_bits(l.path_key, at);
    std::int64_t z = p.own_weight * normal_q12(step.random);
    const std::uint64_t shared = random_bits(minute_key_, at);
    for (std::size_t i = 0; i < count; ++i) z += pulls[i].weight * normal_q12(shared >> pulls[i].shift);
    step.shock = static_cast<std::int32_t>(z >> normal_bits);
    step.sigma = (burst_sigma * s.shape->sigma_q20[m]) >> 20;
    step.walked = sum;
    sum += (step.sigma * step.shock) >> normal_bits;
    if (p.news == 0 || at < news_at || at >= news_at + news_length) continue;
    sum += p.news / news_length;
    step.shock = news_shock; // brings volume
  }
  s.steps[n].walked = sum;
}

/// Log-normal noise around the season's share, and more where the price moves.
std::int64_t exchange::draw_lots(const line& l, const plan& p, const session& s, std::size_t index,
                                 std::uint64_t random) const {
  const std::int64_t noise = volume_noise_q16[random & 0xFF];
  const std::int64_t stir = 2200 + std::abs(s.steps[index].shock) / 2;
  const std::int64_t expected = multiply_shift(p.lots, s.shape->volume_q32[index], 20); // Q12
  const std::int64_t lots = multiply_shift(expected, noise * stir, 28);                 // Q12
  // the fraction of a lot decides by chance
  const std::int64_t whole = (lots + static_cast<std::int64_t>((random >> 48) & 4095)) >> 12;
  // without a tape volume counts quotes, enough of them to touch four prices
  return l.what.basis == price_basis::trade ? whole : std::max<std::int64_t>(wanted_prints(l, s, whole), 4);
}

/// The average busy minute of a full session has the profile's number of prints.
std::int64_t exchange::wanted_prints(const line& l, const session& s, std::int64_t lots) const {
  const std::int64_t most = std::int64_t{l.traits.trades_per_minute} * trades_percent_ * 3 / 200 + 4;
  return 1 + std::min({multiply_shift(lots, s.prints_per_lot_q48, 48), most, max_prints_per_minute - 1});
}

void exchange::draw_minutes(const line& l, const plan& p, part wanted, session& s) const {
  const auto n = s.steps.size() - 1;
  const auto index_of = [&](utc_time t) {
    return static_cast<std::size_t>((t - s.hours.extended.open) / std::chrono::minutes{1});
  };
  const std::size_t begin = wanted == part::all ? 0 : index_of(s.hours.regular.open);
  const std::size_t end = wanted == part::all ? n : std::min(n, index_of(s.hours.regular.close));
  s.minutes.resize(n);
  std::fill(s.minutes.begin(), s.minutes.begin() + static_cast<std::ptrdiff_t>(begin), minute{});
  std::fill(s.minutes.begin() + static_cast<std::ptrdiff_t>(end), s.minutes.end(), minute{});
  const std::int64_t first = unix_seconds(s.hours.extended.open) / 60;
  // a bridge: the walk, tied to the session's close by what it misses there
  const log2_q32 miss = p.change - s.steps[n].walked;
  const auto price_at = [&](std::size_t m) {
    return exp2_ticks(p.open + s.steps[m].walked + ((miss * s.shape->variance_before_q24[m]) >> 24));
  };
  std::int64_t here = price_at(begin);
  for (std::size_t m = begin; m < end; ++m) {
    const auto& step = s.steps[m];
    const std::uint64_t random = random_bits(l.volume_key, first + static_cast<std::int64_t>(m));
    const std::int64_t next = price_at(m + 1);
    // the first print bounces between bid and ask around where the last one was
    const auto bounce = static_cast<std::int64_t>((step.random >> 48) & 7);
    const std::int64_t open = std::max(min_ticks, here + (m == 0        ? 0
                                                          : bounce == 0 ? 1
                                                          : bounce == 1 ? -1
                                                                        : 0));
    // Beyond its ends a minute reaches about as far as a Brownian bridge: less when they are far apart.
    const std::int64_t reach = multiply_shift(here, step.sigma * reach_q16, 40); // Q8 ticks
    const std::int64_t away = std::abs(next - here) * 64;                        // a quarter, Q8
    const std::int64_t up = ((reach * std::abs(normal_q12(step.random >> 16))) >> normal_bits) - away;
    const std::int64_t down = ((reach * std::abs(normal_q12(step.random >> 32))) >> normal_bits) - away;
    const std::int64_t above = std::max(here, next) + ((std::max<std::int64_t>(up, 0) + 128) >> 8);
    const std::int64_t below = std::min(here, next) - ((std::max<std::int64_t>(down, 0) + 128) >> 8);
    const std::int64_t lots = draw_lots(l, p, s, m, random);
    here = next;

    minute& out = s.minutes[m];
    out = {open, std::max(above, open), std::max(min_ticks, std::min(below, open)), next, lots};
    if (lots >= 4) continue;
    // too few prints to touch four prices
    if (lots == 1) out.close = open;
    out.high = std::max(open, out.close);
    out.low = std::min(open, out.close);
  }
}

bar exchange::bar_of(std::uint32_t symbol, utc_time stamp, const minute& m) const {
  const bool taped = lines_[symbol].what.basis == price_basis::trade;
  return {stamp,
          price_of(symbol, m.open),
          price_of(symbol, m.high),
          price_of(symbol, m.low),
          price_of(symbol, m.close),
          taped ? quantity_of(symbol, m.lots) : quantity{m.lots}};
}

} // namespace tt::market::sim
