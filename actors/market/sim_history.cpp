#include "actors/market/sim_history.hpp"

#include <algorithm>
#include <string>

namespace tt::market {

namespace {

constexpr auto one_minute = std::chrono::minutes{1};
constexpr timeframe half_hour = timeframe::minutes(30);
constexpr std::size_t half_hour_minutes = 30;
/// Civil days of one cached block of half hours or days.
constexpr std::int32_t block_days = 32;
/// A session that is open at some moment is named after a day at most this much
/// later (Sunday evening before a Monday holiday: Tuesday; and a margin).
constexpr int days_ahead = 4;

} // namespace

sim_history::sim_history(std::shared_ptr<const sim::exchange> market,
                         std::shared_ptr<const sim::horizon> seen, limits caches)
    : market_(std::move(market)), seen_(std::move(seen)), minutes_(caches.minute_bytes),
      half_hours_(caches.half_hour_bytes), days_(caches.daily_bytes) {}

std::vector<timeframe> sim_history::timeframes(std::string_view symbol) const {
  if (!market_->find(symbol)) return {};
  return {timeframe::minutes(1), half_hour, timeframe::days(1)};
}

utc_time sim_history::past_until() const {
  return seen_ ? seen_->reached() : utc_time::max();
}

result<std::vector<bar>> sim_history::bars(std::string_view symbol, timeframe frame, utc_time from,
                                           utc_time to, std::size_t limit) const {
  const auto found = market_->find(symbol);
  if (!found)
    return error{errc::unknown_symbol,
                 "the simulated exchange has no symbol \"" + std::string(symbol.substr(0, 40)) + "\"",
                 "symbol"};
  const utc_time first = market_->epoch().midnight_utc() - std::chrono::days{days_ahead};
  from = std::max(from, first);
  to = std::min({to, past_until(), (sim::exchange::last_day + 1).midnight_utc()});
  const bool minutes = frame == timeframe::minutes(1);
  if (!minutes && frame != half_hour && frame != timeframe::days(1))
    return error{errc::unsupported,
                 "the simulated exchange makes bars of 1m, 30m and 1d, not " + frame.to_string(),
                 "timeframe"};
  if (from >= to || limit == 0) return std::vector<bar>{};
  return minutes ? minute_bars(*found, from, to, limit) : long_bars(*found, frame, from, to, limit);
}

std::vector<bar> sim_history::minute_bars(std::uint32_t symbol, utc_time from, utc_time to,
                                          std::size_t limit) const {
  /// What is taken of one session.
  struct piece {
    utc_time open;
    decltype(minutes_)::value minutes;
    std::size_t begin, end;
  };
  // a minute counts when its stamp is before `to` and its end not after the horizon
  const utc_time past = past_until();
  const utc_time stop = past == utc_time::max() ? to : std::min(to, past - one_minute + nanoseconds{1});
  std::vector<piece> pieces; // newest first
  std::size_t count = 0;
  auto hours = market_->session_on_or_before(symbol, utc_date(to) + days_ahead);
  for (; hours && hours->extended.close > from && count < limit;
       hours = market_->session_on_or_before(symbol, hours->day - 1)) {
    if (hours->extended.open >= stop) continue;
    const utc_time open = hours->extended.open;
    auto kept = minutes_.get({symbol, hours->day.days_since_epoch()}, [&] {
      thread_local sim::session scratch;
      market_->fill_session(symbol, *hours, sim::exchange::part::all, scratch);
      return scratch.minutes;
    });
    const auto index = [&](utc_time t) { // of the first minute that begins at or after t
      if (t <= open) return std::size_t{0};
      return std::min(kept->size(),
                      static_cast<std::size_t>((t - open + one_minute - nanoseconds{1}) / one_minute));
    };
    const std::size_t begin = index(from);
    std::size_t end = index(stop), at = end;
    while (at > begin && count < limit) count += (*kept)[--at].lots > 0 ? 1 : 0;
    pieces.push_back({open, std::move(kept), at, end});
  }
  std::vector<bar> out;
  out.reserve(count);
  for (auto p = pieces.rbegin(); p != pieces.rend(); ++p)
    for (std::size_t m = p->begin; m < p->end; ++m)
      if ((*p->minutes)[m].lots > 0)
        out.push_back(market_->bar_of(symbol, p->open + m * one_minute, (*p->minutes)[m]));
  return out;
}

std::vector<sim_history::sum> sim_history::make_block(std::uint32_t symbol, timeframe frame,
                                                      std::int32_t block) const {
  const bool daily = frame != half_hour;
  thread_local sim::session scratch;
  std::vector<sum> out;
  const auto first = civil_date::from_days(block * block_days);
  for (auto hours = market_->session_on_or_after(symbol, first); hours && hours->day < first + block_days;
       hours = market_->session_on_or_after(symbol, hours->day + 1)) {
    market_->fill_session(symbol, *hours, daily ? sim::exchange::part::regular : sim::exchange::part::all,
                          scratch);
    const std::size_t length = daily ? scratch.minutes.size() : half_hour_minutes;
    for (std::size_t begin = 0; begin < scratch.minutes.size(); begin += length) {
      const std::size_t end = std::min(begin + length, scratch.minutes.size());
      const auto values = sim::join(std::span{scratch.minutes}.subspan(begin, end - begin));
      if (values.lots == 0) continue;
      if (daily)
        out.push_back({hours->day.midnight_utc(), hours->regular.close, values});
      else
        out.push_back({scratch.time_of(begin), scratch.time_of(end), values});
    }
  }
  return out;
}

std::vector<bar> sim_history::long_bars(std::uint32_t symbol, timeframe frame, utc_time from, utc_time to,
                                        std::size_t limit) const {
  const utc_time past = past_until();
  sums& cache = frame == half_hour ? half_hours_ : days_;
  const auto block_of = [](civil_date day) { return day.days_since_epoch() / block_days; };
  std::vector<bar> out; // newest first
  // blocks go by trading day, whose evening session may begin days before
  const std::int32_t oldest = block_of(utc_date(from));
  for (std::int32_t block = block_of(utc_date(to) + days_ahead); block >= oldest && out.size() < limit;
       --block) {
    const auto kept = cache.get({symbol, block}, [&] { return make_block(symbol, frame, block); });
    for (auto s = kept->rbegin(); s != kept->rend() && out.size() < limit; ++s) {
      if (s->stamp >= to || s->stamp < from || s->close > past) continue;
      out.push_back(market_->bar_of(symbol, s->stamp, s->values));
    }
  }
  std::ranges::reverse(out);
  return out;
}

} // namespace tt::market
