#include "actors/model/zone_clock.hpp"

#include <date/tz.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace tt {

namespace {

constexpr int first_table_year = 1990;
/// Compiled zone files list no changes after this year.
constexpr int last_table_year = 2037;

constexpr utc_time start_of(int year) { return civil_date::of(year, 1, 1).midnight_utc(); }

constexpr date::sys_seconds to_date(utc_time t) {
  return date::sys_seconds{std::chrono::seconds{unix_seconds(t)}};
}

/// A moment of 2010..2037 with the same place in a year that begins on the same
/// weekday and has as many days. The summer-time rules count weekdays of a
/// month, so they give the same offset there.
utc_time equivalent_moment(utc_time t) {
  const auto year = static_cast<int>(utc_date(t).ymd().year());
  const civil_date january = civil_date::of(year, 1, 1);
  const bool leap = std::chrono::year{year}.is_leap();
  constexpr int first_candidate = 2010;
  for (int twin = first_candidate; twin <= last_table_year; ++twin) {
    const civil_date twin_january = civil_date::of(twin, 1, 1);
    if (std::chrono::year{twin}.is_leap() == leap && twin_january.weekday() == january.weekday())
      return t - std::chrono::days{january - twin_january};
  }
  return t; // not reached: 28 years hold every kind of year
}

} // namespace

result<zone_clock> zone_clock::load(std::string_view name) {
  zone_clock clock;
  clock.name_ = name;
  try {
    clock.zone_ = date::locate_zone(clock.name_);
    utc_time at = start_of(first_table_year);
    const utc_time end = start_of(last_table_year + 1);
    while (at < end) {
      const auto info = clock.zone_->get_info(to_date(at));
      clock.spans_.push_back({at, info.offset});
      if (info.end >= to_date(end)) break;
      at = from_unix_seconds(info.end.time_since_epoch().count());
    }
  } catch (const std::exception& e) {
    return error{errc::not_available, "time zone \"" + clock.name_ + "\" can't be read from the system's database: " + e.what()};
  }
  return clock;
}

std::chrono::seconds zone_clock::offset_at(utc_time t) const {
  if (t < start_of(first_table_year)) return zone_->get_info(to_date(t)).offset;
  if (t >= start_of(last_table_year + 1)) t = equivalent_moment(t);
  const auto after = std::upper_bound(spans_.begin(), spans_.end(), t,
                                      [](utc_time lhs, const span& rhs) { return lhs < rhs.begin; });
  return after == spans_.begin() ? spans_.front().offset : std::prev(after)->offset;
}

utc_time zone_clock::to_utc(civil_date day, std::chrono::minutes of_day) const {
  const utc_time local = day.midnight_utc() + of_day;
  const utc_time guess = local - offset_at(local);
  return local - offset_at(guess);
}

std::string zone_clock::to_iso8601(utc_time t) const {
  const auto offset = offset_at(t);
  const utc_time local = t + offset;
  const civil_date day = utc_date(local);
  const auto of_day = unix_seconds(local) - unix_seconds(day.midnight_utc());
  const auto minutes_east = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "T%02d:%02d:%02d%c%02d:%02d", static_cast<int>(of_day / 3600),
                static_cast<int>(of_day / 60 % 60), static_cast<int>(of_day % 60), minutes_east < 0 ? '-' : '+',
                static_cast<int>(std::abs(minutes_east) / 60), static_cast<int>(std::abs(minutes_east) % 60));
  return day.to_string() + buffer;
}

} // namespace tt
