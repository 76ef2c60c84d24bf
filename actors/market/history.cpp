#include "actors/market/history.hpp"

#include <algorithm>
#include <iterator>

namespace tt::market {

namespace {

using std::chrono::minutes;

constexpr utc_time beginning = min_input_time;

bool is_midnight(utc_time t) { return utc_date(t).midnight_utc() == t; }

void prepend(std::vector<bar>& newer, std::vector<bar>&& older) {
  if (newer.empty()) newer = std::move(older);
  else newer.insert(newer.begin(), std::make_move_iterator(older.begin()), std::make_move_iterator(older.end()));
}

void keep_newest(std::vector<bar>& bars, std::size_t count) {
  if (bars.size() > count) bars.erase(bars.begin(), bars.end() - static_cast<std::ptrdiff_t>(count));
}

/// Puts one series together. `region` bounds are times, also for daily bars: a
/// day belongs to [lo, hi) when its hours lie within.
class composer {
public:
  composer(const instrument& what, const history_source* source, const live_bars& live, timeframe frame, session_hours hours)
    : what_(what), calendar_(*what.calendar), source_(source), live_(live), frame_(frame), hours_(hours) {
    if (source_) stored_ = source_->timeframes(what.symbol);
  }

  /// The newest `count` bars that begin before `hi` (and at or after `lo`).
  result<std::vector<bar>> newest(utc_time lo, utc_time hi, std::size_t count) {
    const utc_time split = first_unfinished();
    std::vector<bar> out;
    if (hi > split) out = tail(std::max(lo, split), hi);
    keep_newest(out, count);
    if (out.size() < count && lo < split) {
      auto older = from_stored(candidates(), lo, std::min(hi, split), count - out.size());
      if (!older) return older;
      prepend(out, std::move(*older));
    }
    return out;
  }

private:
  // -- regions ----------------------------------------------------------------

  /// Where stored bars end and building from minutes begins: the opening of the
  /// bar that holds the first live minute, or the market time.
  [[nodiscard]] utc_time first_unfinished() const {
    utc_time t = live_.market_time;
    if (!live_.closed.empty()) t = std::min(t, live_.closed.front().open_time);
    else if (live_.forming) t = std::min(t, live_.forming->open_time);
    const auto span = calendar_.bar_at(t, frame_, hours_);
    return span ? span->open : t;
  }

  /// Minute bars of [lo, hi), stored ones up to the first live one.
  [[nodiscard]] std::vector<bar> minutes_of(utc_time lo, utc_time hi) const {
    std::vector<bar> out;
    const utc_time live_from = !live_.closed.empty() ? live_.closed.front().open_time
                               : live_.forming       ? live_.forming->open_time
                                                     : live_.market_time;
    const bool has_minutes = !stored_.empty() && stored_.front() == timeframe::minutes(1);
    // a stored minute that is not over yet at the market time would tell the future
    const utc_time stored_to = std::min({hi, live_from, live_.market_time - minutes{1} + nanoseconds{1}});
    if (has_minutes && lo < stored_to) {
      if (auto read = source_->bars(what_.symbol, timeframe::minutes(1), lo, stored_to, max_parts_per_request)) out = std::move(*read);
    }
    const auto by_time = [](const bar& b, utc_time t) { return b.open_time < t; };
    const auto first = std::ranges::lower_bound(live_.closed, lo, {}, &bar::open_time);
    const auto last = std::lower_bound(first, live_.closed.end(), hi, by_time);
    out.insert(out.end(), first, last);
    if (live_.forming && live_.forming->open_time >= lo && live_.forming->open_time < hi) out.push_back(*live_.forming);
    return out;
  }

  /// The bars at the end that are not stored as finished ones.
  [[nodiscard]] std::vector<bar> tail(utc_time lo, utc_time hi) const {
    // the whole of the last bar counts, not only its part before `hi`
    const auto last = calendar_.bar_at(hi - nanoseconds{1}, frame_, hours_);
    const auto parts = minutes_of(lo, last ? std::max(hi, last->close) : hi);
    return aggregate(parts, timeframe::minutes(1), frame_, hours_, what_.calendar);
  }

  // -- stored bars ------------------------------------------------------------

  /// Stored timeframes of which this one can be built, longest first.
  [[nodiscard]] std::vector<timeframe> candidates() const {
    std::vector<timeframe> out;
    for (const auto f : stored_) {
      const bool as_stored = f == frame_ && (f.is_intraday() || hours_ == session_hours::regular || !what_.has_extended_hours());
      // stored days are of regular hours; they stand in for extended ones only
      // where nothing shorter is known
      if (as_stored || (f != frame_ && can_aggregate(f, frame_, hours_, calendar_)))
        out.push_back(f);
    }
    std::ranges::reverse(out);
    if (out.empty() && std::ranges::find(stored_, frame_) != stored_.end()) out.push_back(frame_);
    return out;
  }

  result<std::vector<bar>> from_stored(std::span<const timeframe> frames, utc_time lo, utc_time hi, std::size_t count) {
    if (frames.empty() || count == 0 || lo >= hi) return std::vector<bar>{};
    const auto rest = frames.subspan(1);
    auto bars = frames.front().is_intraday() || frame_.is_intraday() ? built_from(frames.front(), lo, hi, count)
                                                                     : stored_days(lo, hi, count);
    if (!bars || rest.empty()) return bars;
    if (bars->empty()) return from_stored(rest, lo, hi, count);
    auto out = from_stored(rest, end_of(bars->back()), hi, count);
    if (!out) return out;
    const utc_time oldest = begin_of(bars->front());
    prepend(*out, std::move(*bars));
    if (out->size() < count) {
      auto older = from_stored(rest, lo, oldest, count - out->size());
      if (!older) return older;
      prepend(*out, std::move(*older));
    }
    keep_newest(*out, count);
    return out;
  }

  [[nodiscard]] utc_time begin_of(const bar& b) const {
    if (frame_.is_intraday()) return b.open_time;
    const auto span = calendar_.bar_of_day(utc_date(b.open_time), frame_, hours_);
    return span ? span->open : b.open_time;
  }

  [[nodiscard]] utc_time end_of(const bar& b) const {
    const auto span = frame_.is_intraday() ? calendar_.bar_at(b.open_time, frame_, hours_)
                                           : calendar_.bar_of_day(utc_date(b.open_time), frame_, hours_);
    return span ? span->close : b.open_time + minutes{frame_.is_intraday() ? frame_.count() : 1440};
  }

  /// Daily (or longer) bars that are stored as such and over before `hi`.
  result<std::vector<bar>> stored_days(utc_time lo, utc_time hi, std::size_t count) const {
    // the first day that is not over at `hi`
    const auto close = calendar_.next_close(hi, hours_);
    const auto open_day = close ? calendar_.day_at(*close - nanoseconds{1}, hours_) : std::nullopt;
    const utc_time stamp_to = open_day ? open_day->day.midnight_utc() : hi;
    const utc_time stamp_from = lo <= beginning ? beginning : first_day_from(lo);
    if (stamp_from >= stamp_to) return std::vector<bar>{};
    return source_->bars(what_.symbol, frame_, stamp_from, stamp_to, count);
  }

  [[nodiscard]] utc_time first_day_from(utc_time lo) const {
    const auto open = calendar_.next_open(lo - nanoseconds{1}, hours_);
    const auto day = open ? calendar_.day_at(*open, hours_) : std::nullopt;
    return day ? day->day.midnight_utc() : lo;
  }

  /// How many bars of `shorter` make one of ours at most.
  [[nodiscard]] std::size_t parts_per_bar(timeframe shorter) const {
    if (!shorter.is_intraday()) return 1;
    constexpr std::size_t minutes_per_day = 1440;
    const std::size_t length = frame_.is_intraday() ? frame_.count() : minutes_per_day;
    return std::max<std::size_t>(1, length / shorter.count());
  }

  /// Reads shorter bars backwards in pieces until enough of ours are built.
  result<std::vector<bar>> built_from(timeframe shorter, utc_time lo, utc_time hi, std::size_t count) {
    const bool as_stored = shorter == frame_ && (hours_ == session_hours::extended || !what_.has_extended_hours());
    if (as_stored) return source_->bars(what_.symbol, frame_, lo, hi, count);
    std::vector<bar> out;
    std::size_t piece = std::min(parts_per_read, (count + 1) * parts_per_bar(shorter));
    for (std::size_t parts = 0; out.size() < count && parts < max_parts_per_request;) {
      auto read = source_->bars(what_.symbol, shorter, lo, hi, piece);
      if (!read) return read;
      parts += read->size();
      const bool exhausted = read->size() < piece;
      auto built = aggregate(*read, shorter, frame_, hours_, what_.calendar);
      if (!exhausted && built.size() < 2) { // not even one whole bar in the piece, or only closed hours
        if (built.empty() && !read->empty()) hi = read->front().open_time;
        piece *= 2;
        continue;
      }
      if (!exhausted) { // the first one is cut by the piece's beginning
        built.erase(built.begin());
        hi = begin_of(built.front());
      }
      prepend(out, std::move(built));
      if (exhausted) break;
    }
    keep_newest(out, count);
    return out;
  }

  const instrument& what_;
  const exchange_calendar& calendar_;
  const history_source* source_;
  const live_bars& live_;
  timeframe frame_;
  session_hours hours_;
  std::vector<timeframe> stored_;
};

/// Bars of several days, weeks or months are made of days.
struct recipe {
  timeframe base;
  std::size_t parts = 1; ///< base bars per bar at most
};

recipe recipe_for(timeframe frame) {
  constexpr std::size_t days_per_week = 7, days_per_month = 31;
  switch (frame.unit()) {
  case timeframe_unit::minute: return {frame, 1};
  case timeframe_unit::day: return {timeframe::days(1), frame.count()};
  case timeframe_unit::week: return {timeframe::days(1), frame.count() * days_per_week};
  case timeframe_unit::month: return {timeframe::days(1), frame.count() * days_per_month};
  }
  return {frame, 1};
}

class request_reader {
public:
  request_reader(const instrument& what, const history_source* source, const live_bars& live, const history_request& request)
    : what_(what), request_(request), live_(live), recipe_(recipe_for(request.frame)),
      base_(what, source, live, recipe_.base, request.hours) {}

  result<history_reply> read() {
    const bool by_count = request_.countback > 0;
    if (!by_count && !request_.from) return error{errc::invalid_argument, "from or countback is required", "from"};
    if (!by_count && request_.to <= *request_.from) return error{errc::out_of_range, "to must be after from", "to"};
    const std::size_t count = by_count ? std::min(request_.countback, request_.limit) : request_.limit;
    auto bars = newest(by_count ? beginning : *request_.from, count);
    if (!bars) return bars.error();
    history_reply out;
    if (bars->empty() && !by_count) {
      request_.to = *request_.from;
      auto earlier = newest(beginning, 1);
      if (!earlier) return earlier.error();
      if (!earlier->empty()) out.previous = earlier->back().open_time;
    }
    if (!bars->empty()) out.last_is_forming = is_forming(bars->back());
    out.bars = std::make_shared<const std::vector<bar>>(std::move(*bars));
    return out;
  }

private:
  /// Bars with stamp in [from, to), the newest `count`.
  result<std::vector<bar>> newest(utc_time from, std::size_t count) {
    if (request_.frame.is_intraday()) {
      const utc_time hi = std::min(request_.to, live_.market_time + nanoseconds{1});
      auto bars = base_.newest(from, hi, count);
      if (!bars) return bars;
      // bars cut by a region's edge begin before it
      std::erase_if(*bars, [&](const bar& b) { return b.open_time < from || b.open_time >= hi; });
      return bars;
    }
    const utc_time end = stamp_end();
    // a day's hours may begin on the evening before its date
    const utc_time lo = from <= beginning ? beginning : utc_date(from).midnight_utc() - std::chrono::days{1};
    const utc_time hi = std::min(end + std::chrono::days{1}, live_.market_time + nanoseconds{1});
    const std::size_t parts = (count + 1) * recipe_.parts + 2;
    auto days = base_.newest(group_begin(lo), hi, parts);
    if (!days) return days;
    const bool exhausted = days->size() < parts;
    std::erase_if(*days, [&](const bar& b) { return b.open_time >= end; });
    auto bars = request_.frame == recipe_.base
                  ? std::move(*days)
                  : aggregate(*days, recipe_.base, request_.frame, request_.hours, what_.calendar);
    if (!exhausted && request_.frame != recipe_.base && !bars.empty()) bars.erase(bars.begin());
    std::erase_if(bars, [&](const bar& b) { return b.open_time < from || b.open_time >= end; });
    keep_newest(bars, count);
    return bars;
  }

  /// Exclusive end of the stamps of day and longer bars.
  [[nodiscard]] utc_time stamp_end() const {
    if (is_midnight(request_.to)) return request_.to;
    utc_time end = utc_date(request_.to).midnight_utc() + std::chrono::days{1};
    if (const auto day = what_.calendar->day_at(request_.to, request_.hours))
      end = std::max(end, day->day.midnight_utc() + std::chrono::days{1});
    return end;
  }

  /// The beginning of the bar of several days that `lo` may lie in.
  [[nodiscard]] utc_time group_begin(utc_time lo) const {
    if (request_.frame == recipe_.base || lo <= beginning) return lo;
    const auto day = what_.calendar->on_or_after(utc_date(lo));
    if (!day) return lo;
    const auto span = what_.calendar->bar_of_day(day->day, request_.frame, request_.hours);
    return span ? std::min(lo, span->open) : lo;
  }

  [[nodiscard]] bool is_forming(const bar& b) const {
    const auto& calendar = *what_.calendar;
    const auto span = request_.frame.is_intraday() ? calendar.bar_at(b.open_time, request_.frame, request_.hours)
                                                   : calendar.bar_of_day(utc_date(b.open_time), request_.frame, request_.hours);
    return span && span->close > live_.market_time;
  }

  const instrument& what_;
  history_request request_;
  const live_bars& live_;
  recipe recipe_;
  composer base_;
};

} // namespace

result<history_reply> compose_history(const instrument& what, std::span<const std::shared_ptr<const history_source>> sources,
                                      const live_bars& live, const history_request& request) {
  const auto known = std::ranges::find_if(sources, [&](const auto& source) { return !source->timeframes(what.symbol).empty(); });
  return request_reader{what, known == sources.end() ? nullptr : known->get(), live, request}.read();
}

} // namespace tt::market
