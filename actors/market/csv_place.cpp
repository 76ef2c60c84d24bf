#include "actors/market/csv_place.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace tt::market {

namespace {

using std::chrono::days;

/// Plain days in one bar where no calendar tells.
days plain_length(timeframe frame) {
  switch (frame.unit()) {
  case timeframe_unit::minute:
    break;
  case timeframe_unit::day:
    return days{frame.count()};
  case timeframe_unit::week:
    return days{7 * frame.count()};
  case timeframe_unit::month:
    return days{30 * frame.count()};
  }
  return days{1};
}

recorded_span place_intraday(utc_time t, timeframe frame, const exchange_calendar& calendar) {
  const utc_time plain_end = t + std::chrono::minutes{frame.count()};
  const auto today = calendar.day_at(t, session_hours::extended);
  if (!today) return {{t, t, plain_end, calendar.local_date(t)}, recorded_place::off_calendar};
  const utc_time end = today->regular.contains(t) ? today->regular.close : today->extended.close;
  return {{t, t, std::min(plain_end, end), today->day}, recorded_place::on_calendar};
}

/// Minutes since local midnight; nothing where `t` isn't on a whole minute.
std::optional<int> local_minute(utc_time t, const exchange_calendar& calendar) {
  if (t.time_since_epoch() % std::chrono::minutes{1} != nanoseconds{0}) return std::nullopt;
  const std::string text = calendar.to_local_iso8601(t); // 2026-01-15T09:30:00-05:00
  const auto digits = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  return digits(11) * 60 + digits(14);
}

} // namespace

bool begins_bar(utc_time t, timeframe frame, const exchange_calendar& calendar) {
  if (!frame.is_intraday()) return true;
  const std::chrono::minutes length{frame.count()};
  if (t.time_since_epoch() % length == nanoseconds{0}) return true;
  for (const auto hours : {session_hours::regular, session_hours::extended}) {
    const auto bar = calendar.bar_at(t, frame, hours);
    if (bar && bar->open == t) return true;
  }
  const auto minute = local_minute(t, calendar);
  return minute && *minute % frame.count() == 0;
}

recorded_span place_recorded_bar(utc_time row_time, timeframe frame, const exchange_calendar& calendar) {
  if (frame.is_intraday()) return place_intraday(row_time, frame, calendar);
  civil_date day = utc_date(row_time);
  if (day.midnight_utc() != row_time) {
    const auto today = calendar.day_at(row_time, session_hours::extended);
    day = today ? today->day : calendar.local_date(row_time);
  }
  // a weekly bar may be stamped with a Monday that was a holiday
  const auto trading = frame == timeframe::days(1) ? calendar.day(day) : calendar.on_or_after(day);
  if (trading) {
    const auto span = calendar.bar_of_day(trading->day, frame, session_hours::regular);
    if (span) return {*span, recorded_place::on_calendar};
  }
  const utc_time stamp = day.midnight_utc();
  return {{stamp, stamp, stamp + plain_length(frame), day}, recorded_place::off_calendar};
}

} // namespace tt::market
