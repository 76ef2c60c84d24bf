#pragma once

// A calendar in UDF's words: "0930-1600", holidays, corrections.

#include "actors/model/calendar.hpp"

#include <memory>
#include <string>

namespace tt {

/// Hours of one venue as UDF writes them, in the venue's local time.
struct session_text {
  std::string regular;     ///< "0930-1600", "1800-1700", "24x7"; with ":days" unless Monday to Friday
  std::string extended;    ///< the same of all hours
  std::string holidays;    ///< "YYYYMMDD,…": closed days that would be open by their weekday
  std::string corrections; ///< "0930-1300:20251128;…": early closes
};

/// Years of holidays before and after the date that session_text covers.
inline constexpr int holiday_years_back = 10;
inline constexpr int holiday_years_ahead = 1;

/// Describes `calendar` as of `today`. Kept per calendar and day; thread-safe.
std::shared_ptr<const session_text> describe_sessions(const exchange_calendar& calendar, civil_date today);

} // namespace tt
