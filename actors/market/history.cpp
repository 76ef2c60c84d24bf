#include "actors/market/history.hpp"

#include <algorithm>

namespace tt::market {

namespace {

constexpr nanoseconds instant{1};

bool by_time(const bar& a, const bar& b) {
  return a.open_time < b.open_time;
}

/// Live bars with stamps in the window, oldest first.
std::vector<bar> live_in(const live_bars& live, const bar_window& window) {
  std::vector<bar> out;
  const auto take = [&](const bar& b) {
    if (b.open_time >= window.from && b.open_time < window.to) out.push_back(b);
  };
  const auto behind = std::lower_bound(live.closed.begin(), live.closed.end(), window.to,
                                       [](const bar& b, utc_time t) { return b.open_time < t; });
  const auto end = static_cast<std::size_t>(behind - live.closed.begin());
  // only the newest can count
  for (std::size_t i = end - std::min(end, window.count); i < end; ++i) take(live.closed[i]);
  if (!live.forming) return out;
  if (!out.empty() && out.back().open_time == live.forming->open_time) out.pop_back();
  take(*live.forming);
  return out;
}

} // namespace

/// Days are meant where a time within one is named.
utc_time history_book::first_stamp(const history_request& request) const {
  if (request.countback > 0 || !request.from) return utc_time::min();
  const utc_time from = *request.from;
  if (request.frame.is_intraday() || from < min_input_time || from >= max_input_time) return from;
  const auto today = utc_date(from).midnight_utc() == from
                         ? std::nullopt
                         : layers_.what().calendar->day_at(from, session_hours::extended);
  return (today ? today->day : utc_date(from)).midnight_utc();
}

utc_time history_book::end_of_stamps(const history_request& request) const {
  const utc_time to = request.to;
  if (request.frame.is_intraday() || to < min_input_time || to >= max_input_time) return to;
  const civil_date day = utc_date(to);
  if (day.midnight_utc() == to) return to;
  const auto& calendar = *layers_.what().calendar;
  const auto next = calendar.on_or_after(day + 1);
  if (!next || next->hours(request.hours).open >= to) return to;
  const auto span = calendar.bar_of_day(next->day, request.frame, request.hours);
  return span ? std::max(to, span->stamp + instant) : to;
}

/// Stored and live bars of the window.
result<std::vector<bar>> history_book::collect(const history_request& request, const bar_window& window,
                                               utc_time market_time, const live_bars& live) const {
  const auto fresh = live_in(live, window);
  auto stored = layers_.bars(request.frame, request.hours, window, market_time);
  if (!stored) return stored;
  if (fresh.empty()) return stored;
  const auto& calendar = *layers_.what().calendar;
  const auto is_complete = [&](const bar& b) {
    if (live.forming && b.open_time == live.forming->open_time) return true;
    if (live.complete_from == utc_time::min()) return true;
    const auto span = request.frame.is_intraday()
                          ? calendar.bar_at(b.open_time, request.frame, request.hours)
                          : calendar.bar_of_day(utc_date(b.open_time), request.frame, request.hours);
    return !span || span->open >= live.complete_from;
  };
  std::vector<bar> out;
  out.reserve(stored->size() + fresh.size());
  auto old = stored->begin();
  for (const bar& b : fresh) {
    for (; old != stored->end() && by_time(*old, b); ++old) out.push_back(*old);
    const bool both = old != stored->end() && old->open_time == b.open_time;
    out.push_back(both && !is_complete(b) ? *old : b);
    old += both ? 1 : 0;
  }
  out.insert(out.end(), old, stored->end());
  if (out.size() > window.count)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(window.count));
  return out;
}

result<history_reply> history_book::answer(const history_request& request, utc_time market_time,
                                           const live_bars& live) const {
  const std::size_t limit = std::min<std::size_t>(request.limit, max_history_bars);
  bar_window window{first_stamp(request), end_of_stamps(request), limit};
  if (request.countback > 0) window.count = std::min<std::size_t>(limit, request.countback);
  if (request.frame.is_intraday() && market_time < utc_time::max())
    window.to = std::min(window.to, market_time + instant);
  auto bars = collect(request, window, market_time, live);
  if (!bars) return std::move(bars).error();
  history_reply reply;
  const auto& calendar = *layers_.what().calendar;
  if (!bars->empty()) {
    const bar& last = bars->back();
    reply.last_is_forming = (live.forming && last.open_time == live.forming->open_time) ||
                            end_of_bar(last.open_time, request.frame, request.hours, calendar) > market_time;
  } else if (window.from > utc_time::min()) {
    const bar_window before{utc_time::min(), std::min(window.from, window.to), 1};
    auto older = collect(request, before, market_time, live);
    if (!older) return std::move(older).error();
    if (!older->empty()) reply.previous = older->back().open_time;
  }
  reply.bars = std::make_shared<const std::vector<bar>>(std::move(*bars));
  return reply;
}

result<std::optional<bar>> history_book::so_far(timeframe frame, session_hours hours,
                                                utc_time market_time) const {
  const auto span = layers_.what().calendar->bar_at(market_time, frame, hours);
  if (!span) return std::optional<bar>{};
  auto bars = layers_.bars(frame, hours, {span->stamp, span->stamp + instant, 1}, market_time);
  if (!bars) return std::move(bars).error();
  return bars->empty() ? std::optional<bar>{} : std::optional{bars->back()};
}

} // namespace tt::market
