#include "actors/market/history_layers.hpp"

#include "actors/market/csv_place.hpp"

#include <algorithm>

namespace tt::market {

namespace {

constexpr nanoseconds instant{1};
constexpr timeframe one_day = timeframe::days(1);

/// No session opens earlier before, or closes later after, the UTC day it belongs to.
constexpr std::chrono::hours session_reach{36};

/// Rows read for one of the regular hours: those of pre- and post-market are left out.
constexpr std::size_t rows_per_regular_row = 3;

/// Stored bars whose places tell whether a series is on the grid of the hours: two weeks of hours.
constexpr std::size_t rows_looked_at = 160;

/// Minutes in a trading day, for estimates of how many rows to read.
constexpr std::size_t minutes_per_day = 24 * 60;

utc_time later(utc_time t, nanoseconds by) {
  return t > utc_time::max() - by ? utc_time::max() : t + by;
}
utc_time earlier(utc_time t, nanoseconds by) {
  return t < utc_time::min() + by ? utc_time::min() : t - by;
}

/// The first trading day behind the bar of day or longer that holds `day`.
std::optional<trading_day> day_after_bar(civil_date day, timeframe frame, const exchange_calendar& calendar) {
  const auto span = calendar.bar_of_day(day, frame, session_hours::regular);
  const civil_date last = span ? utc_date(span->close - instant) : day;
  return calendar.on_or_after(std::max(last, day) + 1);
}

/// Joins rows [first, last) as bar_aggregator does, without making a bar of each.
void join_columns(const column_view& view, std::size_t first, std::size_t last, bar_placer& placer,
                  bool daily_base, std::vector<bar>& out) {
  const auto opens = view.opens(), highs = view.highs(), lows = view.lows(), closes = view.closes(),
             volumes = view.volumes();
  const int128 price_unit = decimal::from_scaled(1, view.scale().price_digits).raw();
  const int128 volume_unit = decimal::from_scaled(1, view.scale().volume_digits).raw();
  const auto px = [&](std::int64_t v) { return price{decimal::from_raw(v * price_unit)}; };
  for (std::size_t i = first; i < last;) {
    const utc_time t = view.time_at(i);
    const bar_span* place = daily_base ? placer.of_day(t) : placer.at(t);
    if (place == nullptr) {
      ++i;
      continue;
    }
    const utc_time stamp = place->stamp;
    const std::size_t start = i;
    std::int64_t high = highs[i], low = lows[i];
    int128 volume = volumes[i];
    for (++i; i < last; ++i) {
      const utc_time next = view.time_at(i);
      const bar_span* same = daily_base ? placer.of_day(next) : placer.at(next);
      if (same == nullptr) break; // in a bar of several days the hours between them
      if (same->stamp != stamp) break;
      high = std::max(high, highs[i]);
      low = std::min(low, lows[i]);
      volume += volumes[i];
    }
    const bar joined{stamp,   px(opens[start]),  px(high),
                     px(low), px(closes[i - 1]), quantity{decimal::from_raw(volume * volume_unit)}};
    if (out.empty() || out.back().open_time != stamp) {
      out.push_back(joined);
      continue;
    }
    bar& whole = out.back();
    whole.high = std::max(whole.high, joined.high);
    whole.low = std::min(whole.low, joined.low);
    whole.close = joined.close;
    whole.volume += joined.volume;
  }
}

} // namespace

utc_time end_of_bar(utc_time stamp, timeframe frame, session_hours hours, const exchange_calendar& calendar) {
  if (!frame.is_intraday())
    if (const auto span = calendar.bar_of_day(utc_date(stamp), frame, hours)) return span->close;
  return place_recorded_bar(stamp, frame, calendar).span.close;
}

/// Rows of a layer's base, mapped or copied.
struct history_layers::rows {
  std::optional<column_view> view;
  std::size_t first = 0; ///< of the view
  std::size_t last = 0;
  std::vector<bar> copy;
  bool cut = false; ///< older rows of the window were left out

  [[nodiscard]] bool empty() const { return view ? first == last : copy.empty(); }
  [[nodiscard]] utc_time last_stamp() const { return view ? view->time_at(last - 1) : copy.back().open_time; }
  void drop_last() { view ? static_cast<void>(--last) : copy.pop_back(); }
};

history_layers::history_layers(instrument what, std::vector<std::shared_ptr<const history_source>> sources)
    : what_(std::move(what)) {
  TT_ASSERT(what_.calendar != nullptr);
  for (auto& source : sources) {
    const auto* columns = dynamic_cast<const column_source*>(source.get());
    sources_.push_back({std::move(source), columns});
  }
}

/// Whether the newest stored bars begin where bars of the hours do. A series whose bars don't would give longer bars
/// that take in what lies beyond their edges.
bool history_layers::is_on_grid(const source_entry& entry, timeframe stored, session_hours hours) const {
  if (stored == timeframe::minutes(1) || entry.columns == nullptr) return true;
  const auto view = entry.columns->columns(what_.symbol, stored);
  if (!view) return true; // whoever reads it says why
  bar_placer placer{what_.calendar, stored, hours};
  for (std::size_t i = view->size(); i-- > 0 && view->size() - i <= rows_looked_at;)
    if (const auto t = view->time_at(i); const auto* place = placer.at(t))
      if (place->stamp != t) return false;
  return true;
}

std::vector<history_layers::layer> history_layers::layers_for(timeframe frame, session_hours hours) const {
  const exchange_calendar& calendar = *what_.calendar;
  std::vector<layer> out, last_resort;
  std::optional<timeframe> base, poor_base;
  // weeks, months and several days are always made of days
  const bool made_of_intraday = frame.is_intraday() || frame == one_day;
  for (const auto& entry : sources_) {
    for (const timeframe stored : entry.source->timeframes(what_.symbol)) {
      if (stored == frame) {
        // an intraday frame that fits into days fits the hours
        const bool fits = frame.is_intraday() ? can_aggregate(frame, one_day, hours, calendar)
                                              : hours == session_hours::regular;
        if (fits) out.push_back({&entry, frame, row_choice::on_grid});
        if (!fits || frame.is_intraday()) last_resort.push_back({&entry, frame});
      } else if (made_of_intraday && stored.is_intraday() && (!base || *base < stored) && can_aggregate(stored, frame, hours, calendar)) {
        auto& best = is_on_grid(entry, stored, hours) ? base : poor_base;
        if (!best || *best < stored) best = stored;
      }
    }
  }
  if (!base) base = made_of_intraday ? poor_base : one_day;
  if (base) out.push_back({nullptr, *base});
  out.insert(out.end(), last_resort.begin(), last_resort.end());
  return out;
}

/// The stored series behind a joined layer where it is the only one; else the layer itself.
history_layers::layer history_layers::plainest(const layer& joined, session_hours hours) const {
  if (joined.from != nullptr) return joined;
  const auto below = layers_for(joined.base, hours);
  const bool alone = std::all_of(below.begin(), below.end(), [&](const layer& l) { return l.from != nullptr && l.from == below[0].from; });
  return alone && !below.empty() ? below.back() : joined;
}

/// How many rows of the layer one bar takes at most, about.
std::size_t history_layers::rows_per_bar(const layer& from, const question& q) const {
  constexpr std::size_t days_of_week = 7, days_of_month = 31;
  const bool stored_intraday = from.from != nullptr && from.base.is_intraday();
  const std::size_t spare = stored_intraday && q.hours == session_hours::regular && what_.has_extended_hours()
                                ? rows_per_regular_row
                                : 1;
  if (q.frame.is_intraday()) return q.frame.count() / from.base.count() * spare;
  std::size_t days = q.frame.count();
  if (q.frame.unit() == timeframe_unit::week) days *= days_of_week;
  if (q.frame.unit() == timeframe_unit::month) days *= days_of_month;
  return from.base.is_intraday() ? days * (minutes_per_day / from.base.count() + 1)
         : from.base == q.frame  ? 1
                                 : days;
}

/// The window of base rows that bars of `window` can be made of.
bar_window history_layers::base_window(const layer& from, const question& q, const bar_window& window) const {
  bar_window out = window;
  if (from.base == q.frame) return out;
  if (q.frame.is_intraday()) {
    const auto last = what_.calendar->bar_at(earlier(window.to, instant), q.frame, q.hours);
    if (last) out.to = std::max(out.to, last->close);
  } else if (from.base.is_intraday()) {
    out.from = earlier(window.from, session_reach);
    out.to = later(window.to, session_reach);
  } else {
    const auto last = what_.calendar->on_or_before(utc_date(earlier(window.to, instant)));
    const auto next = last ? day_after_bar(last->day, q.frame, *what_.calendar) : std::nullopt;
    if (next) out.to = std::max(out.to, next->day.midnight_utc());
  }
  return out;
}

/// The newest rows of the window that had ended when `q` is asked; of a joined
/// layer also the one under way.
result<history_layers::rows> history_layers::read(const layer& from, const question& q,
                                                  const bar_window& base) const {
  rows out;
  const utc_time known_to = std::min(base.to, later(q.known_until, instant));
  if (from.from == nullptr) {
    auto joined = bars(from.base, q.hours, {base.from, base.to, base.count + 1}, q.known_until);
    if (!joined) return std::move(joined).error();
    out.copy = std::move(*joined);
  } else if (from.from->columns != nullptr) {
    auto view = from.from->columns->columns(what_.symbol, from.base);
    if (!view) return std::move(view).error();
    out.first = view->lower_bound(base.from);
    out.last = std::max(out.first, view->lower_bound(known_to));
    out.cut = out.last - out.first > base.count;
    if (out.cut) out.first = out.last - base.count;
    out.view = std::move(*view);
  } else {
    auto copy = from.from->source->bars(what_.symbol, from.base, base.from, known_to, base.count + 1);
    if (!copy) return std::move(copy).error();
    out.copy = std::move(*copy);
  }
  if (out.copy.size() > base.count) {
    out.copy.erase(out.copy.begin(), out.copy.end() - static_cast<std::ptrdiff_t>(base.count));
    out.cut = true;
  }
  while (from.from != nullptr && !out.empty() &&
         end_of_bar(out.last_stamp(), from.base, q.hours, *what_.calendar) > q.known_until)
    out.drop_last();
  return out;
}

/// Rows taken over or joined.
std::vector<bar> history_layers::make_bars(const layer& from, const question& q, const rows& base) const {
  std::vector<bar> out;
  if (from.base != q.frame) {
    if (!base.view) return aggregate(base.copy, from.base, q.frame, q.hours, what_.calendar);
    bar_placer placer{what_.calendar, q.frame, q.hours};
    join_columns(*base.view, base.first, base.last, placer, !from.base.is_intraday(), out);
    return out;
  }
  const bool filtered =
      q.frame.is_intraday() && q.hours == session_hours::regular && what_.has_extended_hours();
  bar_placer regular{what_.calendar, one_day, session_hours::regular};
  bar_placer extended{what_.calendar, one_day, session_hours::extended};
  bar_placer grid{what_.calendar, q.frame, q.hours};
  const bool placed = from.rows == row_choice::on_grid && q.frame.is_intraday() && q.frame != timeframe::minutes(1);
  // stored bars outside any hours are kept as they are; those of pre- and post-market are not regular
  const auto wanted = [&](utc_time t) {
    if (placed)
      if (const auto* place = grid.at(t); place != nullptr && place->stamp != t) return false;
    return !filtered || regular.at(t) != nullptr || extended.at(t) == nullptr;
  };
  if (!base.view) {
    std::copy_if(base.copy.begin(), base.copy.end(), std::back_inserter(out),
                 [&](const bar& b) { return wanted(b.open_time); });
    return out;
  }
  for (std::size_t i = base.first; i < base.last; ++i)
    if (wanted(base.view->time_at(i))) out.push_back(base.view->at(i));
  return out;
}

result<std::vector<bar>> history_layers::fetch(const layer& named, const question& q,
                                               const bar_window& window) const {
  const layer from = plainest(named, q.hours);
  bar_window base = base_window(from, q, window);
  std::vector<bar> out;
  for (base.count = (window.count + 1) * rows_per_bar(from, q);; base.count *= 2) {
    const auto got = read(from, q, base);
    if (!got) return got.error();
    out = make_bars(from, q, *got);
    // the first bar may have begun in rows that were left out
    if (got->cut && from.base != q.frame && !out.empty()) out.erase(out.begin());
    std::erase_if(out, [&](const bar& b) { return b.open_time < window.from || b.open_time >= window.to; });
    if (!got->cut || out.size() >= window.count) break;
  }
  if (out.size() > window.count)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(window.count));
  return out;
}

/// Whether trading time lies between two neighbouring bars.
bool history_layers::is_hole(utc_time before, utc_time after, const question& q) const {
  const exchange_calendar& calendar = *what_.calendar;
  if (q.frame.is_intraday()) {
    if (after - before <= std::chrono::minutes{q.frame.count()}) return false;
    const utc_time end = place_recorded_bar(before, q.frame, calendar).span.close;
    if (end >= after) return false;
    const auto open = calendar.next_open(end, q.hours);
    return calendar.day_at(end, q.hours).has_value() || (open && *open < after);
  }
  const auto next = day_after_bar(utc_date(before), q.frame, calendar);
  return next && next->day < utc_date(after);
}

result<void> history_layers::fill(std::vector<bar>& have, const layer& from, const question& q,
                                  const bar_window& window) const {
  std::vector<bar_window> holes;
  if (have.empty()) {
    holes.push_back(window);
  } else {
    if (have.size() < window.count && window.from < have.front().open_time)
      holes.push_back({window.from, have.front().open_time, window.count - have.size()});
    for (std::size_t i = 1; i < have.size(); ++i)
      if (is_hole(have[i - 1].open_time, have[i].open_time, q))
        holes.push_back({have[i - 1].open_time + instant, have[i].open_time, window.count});
    if (have.back().open_time + instant < window.to)
      holes.push_back({have.back().open_time + instant, window.to, window.count});
  }
  std::vector<bar> found;
  for (const auto& hole : holes) {
    auto part = fetch(from, q, hole);
    if (!part) {
      const auto code = part.error().code;
      // no longer there since it was listed
      if (code == errc::unknown_symbol || code == errc::unsupported) return {};
      return part.error();
    }
    found.insert(found.end(), part->begin(), part->end());
  }
  if (found.empty()) return {};
  std::vector<bar> merged;
  merged.reserve(have.size() + found.size());
  std::merge(have.begin(), have.end(), found.begin(), found.end(), std::back_inserter(merged),
             [](const bar& a, const bar& b) { return a.open_time < b.open_time; });
  if (merged.size() > window.count)
    merged.erase(merged.begin(), merged.end() - static_cast<std::ptrdiff_t>(window.count));
  have = std::move(merged);
  return {};
}

result<std::vector<bar>> history_layers::bars(timeframe frame, session_hours hours, const bar_window& window,
                                              utc_time known_until) const {
  if (!what_.has_extended_hours()) hours = session_hours::regular;
  std::vector<bar> out;
  if (window.count == 0 || window.from >= window.to) return out;
  for (const auto& one : layers_for(frame, hours))
    if (auto ok = fill(out, one, {frame, hours, known_until}, window); !ok) return ok.error();
  return out;
}

} // namespace tt::market
