#pragma once

// Holidays of the United States as its exchanges keep them, by rule for every year.

#include "actors/model/time.hpp"

#include <optional>
#include <string_view>

namespace tt {

/// A day on which the New York Stock Exchange is closed by its rule 7.2.
enum class us_holiday : std::uint8_t {
  new_year,
  martin_luther_king,
  washington,
  good_friday,
  memorial,
  juneteenth,
  independence,
  labor,
  thanksgiving,
  christmas,
};

/// A day next to a holiday, on which exchanges close early.
enum class us_half_day : std::uint8_t { independence_eve, independence_morrow, thanksgiving_morrow, christmas_eve };

/// The holiday kept on `day`, which is the day after for one that falls on a Sunday
/// and the day before for one on a Saturday; except New Year's Day, which is not
/// kept at all when it is a Saturday. Juneteenth counts from 2022, Martin Luther
/// King Jr. Day from 1998, as at the exchange. Nothing on weekends.
std::optional<us_holiday> us_holiday_on(civil_date day);

/// The half day on `day`, for the rules in force since 1993.
std::optional<us_half_day> us_half_day_on(civil_date day);

std::string_view to_string(us_holiday holiday) noexcept;
std::string_view to_string(us_half_day half_day) noexcept;

/// Easter Sunday of the Gregorian calendar (Butcher's algorithm, 1876).
civil_date easter_sunday(int year);

} // namespace tt
