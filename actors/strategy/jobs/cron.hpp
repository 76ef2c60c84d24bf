#pragma once
/// The five fields of cron: minute, hour, day of month, month, day of week.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"

#include <bitset>
#include <string_view>

namespace tt::strategy {

/// `*`, numbers, lists, ranges, steps, names (JAN, MON; 7 is Sunday too). When day of month and day of week are both
/// restricted, a day fits by either; a field that begins with `*` does not restrict.
struct cron_rule {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;   ///< 1..31
  std::bitset<13> months; ///< 1..12
  std::bitset<7> weekdays; ///< 0 is Sunday
  enum class day_match : std::uint8_t { both, either };
  day_match match = day_match::both;

  [[nodiscard]] bool fits(civil_date day) const;
  bool operator==(const cron_rule&) const = default;
};

/// Errors: invalid_argument, naming the field of the five and what stands there.
result<cron_rule> parse_cron(std::string_view text);
/// "MON-FRI", "SAT,SUN", "1-5". Errors: invalid_argument.
result<std::bitset<7>> parse_weekdays(std::string_view text);

} // namespace tt::strategy
