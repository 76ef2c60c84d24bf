#pragma once

// Time of the whole system: UTC nanoseconds, and civil dates for trading days.
// Core code never asks a clock; it is told the time.

#include "actors/model/result.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tt {

using std::chrono::nanoseconds;

/// A moment in UTC, nanoseconds since 1970 without leap seconds. The same type
/// as caf::timestamp.
using utc_time = std::chrono::time_point<std::chrono::system_clock, nanoseconds>;

constexpr utc_time from_unix_seconds(std::int64_t s) { return utc_time{std::chrono::seconds{s}}; }
constexpr utc_time from_unix_ms(std::int64_t ms) { return utc_time{std::chrono::milliseconds{ms}}; }
/// Rounded down, also before 1970.
constexpr std::int64_t unix_seconds(utc_time t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}
/// Rounded down, also before 1970.
constexpr std::int64_t unix_ms(utc_time t) {
  return std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
}

/// A day of the (proleptic Gregorian) calendar without a time zone: a trading
/// day, a holiday. Range: years 1 to 9999.
class civil_date {
public:
  constexpr civil_date() = default;
  /// Days since 1970-01-01.
  static constexpr civil_date from_days(std::int32_t days) {
    civil_date d;
    d.days_ = days;
    return d;
  }
  /// Errors: invalid_argument when there is no such day.
  static result<civil_date> from_ymd(int year, unsigned month, unsigned day);
  /// For literals in tables; requires a day that exists.
  static constexpr civil_date of(int year, unsigned month, unsigned day) {
    return from_days(static_cast<std::int32_t>(
      std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}}.time_since_epoch().count()));
  }
  /// Reads "YYYY-MM-DD". Errors: invalid_argument.
  static result<civil_date> parse(std::string_view text);

  [[nodiscard]] constexpr std::int32_t days_since_epoch() const { return days_; }
  [[nodiscard]] constexpr std::chrono::year_month_day ymd() const {
    return std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{days_}}};
  }
  [[nodiscard]] constexpr std::chrono::weekday weekday() const {
    return std::chrono::weekday{std::chrono::sys_days{std::chrono::days{days_}}};
  }
  /// 00:00 UTC of this day: the stamp of daily bars.
  [[nodiscard]] constexpr utc_time midnight_utc() const { return utc_time{std::chrono::days{days_}}; }
  /// "YYYY-MM-DD".
  [[nodiscard]] std::string to_string() const;

  constexpr civil_date operator+(int days) const { return from_days(days_ + days); }
  constexpr civil_date operator-(int days) const { return from_days(days_ - days); }
  constexpr int operator-(civil_date rhs) const { return days_ - rhs.days_; }
  constexpr auto operator<=>(const civil_date&) const = default;

private:
  std::int32_t days_ = 0;
};

/// The UTC day that contains `t`.
constexpr civil_date utc_date(utc_time t) {
  return civil_date::from_days(static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(t).time_since_epoch().count()));
}

/// "2026-01-15T14:30:02.114Z", milliseconds rounded down.
std::string to_iso8601(utc_time t);

/// Reads ISO-8601 with `Z` or an offset ("2026-01-15T14:30:00.25-05:00", seconds
/// and fraction optional), or a bare date (its midnight UTC).
/// Errors: invalid_argument, also for a time without a zone; out_of_range outside
/// min_input_time..max_input_time. Digits of a fraction behind the ninth are dropped.
result<utc_time> parse_iso8601(std::string_view text);

/// The earliest and latest moment that outside input may name: 1900 and 2200.
/// Everything further is refused, so nanoseconds never overflow.
constexpr utc_time min_input_time = utc_time{std::chrono::sys_days{std::chrono::year{1900} / 1 / 1}};
constexpr utc_time max_input_time = utc_time{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

} // namespace tt
