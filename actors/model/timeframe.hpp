#pragma once

// The length of a bar, in all spellings of the API.

#include "actors/model/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tt {

/// What a timeframe counts. Days, weeks and months are trading days and the
/// calendar weeks and months around them, so their length in hours varies.
enum class timeframe_unit : std::uint8_t { minute, day, week, month };

/// `count` units per bar, at least 1: {minute, 5}, {day, 1}. Hours are minutes (60, 120).
class timeframe {
public:
  /// One minute.
  constexpr timeframe() = default;
  constexpr timeframe(timeframe_unit unit, std::uint16_t count) : unit_(unit), count_(count) {}

  static constexpr timeframe minutes(std::uint16_t n) { return {timeframe_unit::minute, n}; }
  static constexpr timeframe days(std::uint16_t n) { return {timeframe_unit::day, n}; }
  static constexpr timeframe weeks(std::uint16_t n) { return {timeframe_unit::week, n}; }
  static constexpr timeframe months(std::uint16_t n) { return {timeframe_unit::month, n}; }

  /// Reads the API's spellings (`1m 3m … 30m 1h 2h 4h 1d 1w 1M`) and UDF's (`1 3 …
  /// 240`, `1D D 1W W 1M M 3M`). Case matters for m (minute) and M (month) only; a
  /// count of 1 may be left out before a letter.
  /// Counts: 1..1440 minutes, 1..24 hours, 1..365 days, 1..52 weeks, 1..12 months.
  /// Errors: invalid_argument (not a timeframe), out_of_range (count), unsupported
  /// (seconds and ticks, which this build does not keep).
  static result<timeframe> parse(std::string_view text);

  [[nodiscard]] constexpr timeframe_unit unit() const { return unit_; }
  [[nodiscard]] constexpr std::uint16_t count() const { return count_; }
  [[nodiscard]] constexpr bool is_intraday() const { return unit_ == timeframe_unit::minute; }

  /// The API's spelling: "1m", "1h", "4h", "1d", "1w", "1M"; minutes that are
  /// not whole hours stay minutes ("90m").
  [[nodiscard]] std::string to_string() const;
  /// UDF's spelling: "1", "60", "1D", "1W", "1M".
  [[nodiscard]] std::string to_udf() const;

  constexpr auto operator<=>(const timeframe&) const = default;

private:
  timeframe_unit unit_ = timeframe_unit::minute;
  std::uint16_t count_ = 1;
};

/// The timeframes offered to users, shortest first: 1m 3m 5m 15m 30m 1h 2h 4h 1d 1w 1M.
inline constexpr std::array<timeframe, 11> offered_timeframes{
  timeframe::minutes(1),  timeframe::minutes(3),   timeframe::minutes(5),   timeframe::minutes(15),
  timeframe::minutes(30), timeframe::minutes(60),  timeframe::minutes(120), timeframe::minutes(240),
  timeframe::days(1),     timeframe::weeks(1),     timeframe::months(1)};

} // namespace tt
