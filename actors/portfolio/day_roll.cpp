#include "actors/portfolio/day_roll.hpp"

namespace tt::portfolio {

std::optional<utc_time> next_day_roll(const exchange_calendar& calendar, utc_time t) {
  return calendar.next_open(t, session_hours::extended);
}

} // namespace tt::portfolio
