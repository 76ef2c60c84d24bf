#include "gateways/udf/history_request.hpp"

#include <algorithm>

namespace tt::gateway {

utc_time history_bound(const instrument& what, timeframe frame, session_hours hours, utc_time to) {
  if (frame.is_intraday() || utc_date(to).midnight_utc() == to) return to;
  const auto running = what.calendar->day_at(to, hours);
  if (!running) return to;
  const auto span = what.calendar->bar_of_day(running->day, frame, hours);
  if (!span) return to;
  return std::max(to, span->stamp + nanoseconds{1});
}

} // namespace tt::gateway
