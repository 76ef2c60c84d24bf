#pragma once

// What a calendar computes once and keeps. Private to the room.

#include "actors/model/calendar.hpp"
#include "actors/model/zone_clock.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace tt {

/// The rule that gives the hours of one day, by the clock of the venue's place.
using day_rule = std::optional<trading_day> (*)(const zone_clock& clock, civil_date day);

/// The zone of a venue and its trading days of 1990 to 2040. Immutable.
struct calendar_data {
  static constexpr int first_year = 1990;
  static constexpr int end_year = 2041;

  calendar_data(zone_clock zone, day_rule rule);

  zone_clock clock;
  civil_date first = civil_date::of(first_year, 1, 1);
  civil_date end = civil_date::of(end_year, 1, 1);
  std::vector<trading_day> days;
  /// For each date of [first, end], both included: how many trading days lie before it.
  std::vector<std::uint32_t> days_before;

  [[nodiscard]] bool covers(civil_date day) const { return first <= day && day < end; }
  /// The trading days from `day` on. Requires covers(day).
  [[nodiscard]] std::span<const trading_day> from(civil_date day) const {
    return std::span{days}.subspan(days_before[static_cast<std::size_t>(day - first)]);
  }
  /// The hours of `day`, if it is a trading day. Requires covers(day).
  [[nodiscard]] std::optional<trading_day> on(civil_date day) const {
    const auto rest = from(day);
    if (rest.empty() || rest.front().day != day) return std::nullopt;
    return rest.front();
  }
};

} // namespace tt
