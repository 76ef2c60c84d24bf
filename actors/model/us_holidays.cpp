#include "actors/model/us_holidays.hpp"

namespace tt {

namespace {

namespace chrono = std::chrono;

constexpr int first_king_year = 1998;
constexpr int first_juneteenth_year = 2022;
/// Since then a Thursday Fourth of July shortens the Wednesday, before it the Friday.
constexpr int first_wednesday_eve_year = 2013;

bool is_weekend(civil_date day) { return day.weekday() == chrono::Saturday || day.weekday() == chrono::Sunday; }

/// Where in its month a Monday holiday (or Thanksgiving) lies: 1..7 is the first.
bool is_nth(unsigned day_of_month, unsigned n) { return (day_of_month - 1) / 7 + 1 == n; }

/// Whether a holiday of fixed date is kept on `day`, a weekday.
bool is_observed(civil_date day, unsigned month, unsigned day_of_month) {
  const auto is_date = [&](civil_date d) {
    return d.ymd().month() == chrono::month{month} && d.ymd().day() == chrono::day{day_of_month};
  };
  return is_date(day) || (day.weekday() == chrono::Monday && is_date(day - 1))
         || (day.weekday() == chrono::Friday && is_date(day + 1));
}

std::optional<us_holiday> monday_holiday(chrono::year_month_day ymd) {
  const auto year = static_cast<int>(ymd.year());
  const auto month = static_cast<unsigned>(ymd.month());
  const auto day = static_cast<unsigned>(ymd.day());
  if (month == 1 && is_nth(day, 3) && year >= first_king_year) return us_holiday::martin_luther_king;
  if (month == 2 && is_nth(day, 3)) return us_holiday::washington;
  if (month == 5 && day > 24) return us_holiday::memorial;
  if (month == 9 && is_nth(day, 1)) return us_holiday::labor;
  return std::nullopt;
}

} // namespace

civil_date easter_sunday(int year) {
  const int a = year % 19, b = year / 100, c = year % 100;
  const int d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
  const int h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int sum = h + l - 7 * m + 114;
  return civil_date::of(year, static_cast<unsigned>(sum / 31), static_cast<unsigned>(sum % 31 + 1));
}

std::optional<us_holiday> us_holiday_on(civil_date day) {
  if (is_weekend(day)) return std::nullopt;
  const auto ymd = day.ymd();
  const auto year = static_cast<int>(ymd.year());
  if (day.weekday() == chrono::Monday)
    if (auto found = monday_holiday(ymd)) return found;
  if (day.weekday() == chrono::Thursday && ymd.month() == chrono::November && is_nth(static_cast<unsigned>(ymd.day()), 4))
    return us_holiday::thanksgiving;
  if (day.weekday() == chrono::Friday && (ymd.month() == chrono::March || ymd.month() == chrono::April)
      && day + 2 == easter_sunday(year))
    return us_holiday::good_friday;
  // the Friday before a Saturday New Year ends the accounting year and is worked
  if (ymd.month() == chrono::January && is_observed(day, 1, 1)) return us_holiday::new_year;
  if (year >= first_juneteenth_year && is_observed(day, 6, 19)) return us_holiday::juneteenth;
  if (is_observed(day, 7, 4)) return us_holiday::independence;
  if (is_observed(day, 12, 25)) return us_holiday::christmas;
  return std::nullopt;
}

std::optional<us_half_day> us_half_day_on(civil_date day) {
  if (is_weekend(day) || us_holiday_on(day)) return std::nullopt;
  const auto ymd = day.ymd();
  const auto month = static_cast<unsigned>(ymd.month());
  const auto of_month = static_cast<unsigned>(ymd.day());
  const auto weekday = day.weekday();
  const bool wednesday_eve = static_cast<int>(ymd.year()) >= first_wednesday_eve_year;
  if (month == 11 && weekday == chrono::Friday && us_holiday_on(day - 1) == us_holiday::thanksgiving)
    return us_half_day::thanksgiving_morrow;
  if (month == 12 && of_month == 24) return us_half_day::christmas_eve;
  // A Friday 3rd is the holiday itself, kept for a Saturday 4th.
  if (month == 7 && of_month == 3 && (weekday != chrono::Wednesday || wednesday_eve)) return us_half_day::independence_eve;
  if (month == 7 && of_month == 5 && weekday == chrono::Friday && !wednesday_eve) return us_half_day::independence_morrow;
  return std::nullopt;
}

std::string_view to_string(us_holiday holiday) noexcept {
  switch (holiday) {
  case us_holiday::new_year: return "New Year's Day";
  case us_holiday::martin_luther_king: return "Martin Luther King Jr. Day";
  case us_holiday::washington: return "Washington's Birthday";
  case us_holiday::good_friday: return "Good Friday";
  case us_holiday::memorial: return "Memorial Day";
  case us_holiday::juneteenth: return "Juneteenth";
  case us_holiday::independence: return "Independence Day";
  case us_holiday::labor: return "Labor Day";
  case us_holiday::thanksgiving: return "Thanksgiving";
  case us_holiday::christmas: return "Christmas";
  }
  return "";
}

std::string_view to_string(us_half_day half_day) noexcept {
  switch (half_day) {
  case us_half_day::independence_eve: return "Day before Independence Day";
  case us_half_day::independence_morrow: return "Day after Independence Day";
  case us_half_day::thanksgiving_morrow: return "Day after Thanksgiving";
  case us_half_day::christmas_eve: return "Christmas Eve";
  }
  return "";
}

} // namespace tt
