#include "actors/market/csv_place.hpp"

#include <algorithm>

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

} // namespace

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
