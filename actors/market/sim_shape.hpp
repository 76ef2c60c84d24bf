#pragma once

// How a session's movement, volume and spread are spread over its minutes.

#include "actors/market/sim_profiles.hpp"

#include <cstdint>
#include <vector>

namespace tt::market::sim {

/// Where the hours of a session lie, in whole minutes from the opening of the
/// extended hours.
struct session_outline {
  session_shape shape = session_shape::equity;
  std::int32_t minutes = 0; ///< length of the extended hours
  std::int32_t regular_open = 0;
  std::int32_t regular_close = 0;
  std::int32_t utc_minute = 0; ///< of the day at the opening; 0 where the shape doesn't follow UTC

  auto operator<=>(const session_outline&) const = default;
};

/// The weights of every minute of a session of one outline.
struct seasonality {
  /// Share of a minute in the session's deviation, Q20; the squares sum to 1.
  std::vector<std::int32_t> sigma_q20;
  /// Share of the session's variance before a minute begins, Q24; one more than minutes.
  std::vector<std::int32_t> variance_before_q24;
  /// Share of the volume of a full session of this shape, Q32.
  std::vector<std::uint32_t> volume_q32;
  /// Factor on the spread of busy hours, Q4 (16 = as in busy hours).
  std::vector<std::uint8_t> spread_q4;
  /// Share of an average busy minute in the volume of a full session, Q32.
  std::uint32_t busy_minute_q32 = 1;
};

/// Requires 0 < minutes and 0 <= regular_open < regular_close <= minutes.
seasonality make_seasonality(const session_outline& outline);

} // namespace tt::market::sim
