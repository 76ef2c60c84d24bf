#pragma once

// How fast a feed's market time runs against the wall clock.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace tt::market {

/// The kinds of pace.
enum class pace_kind : std::uint8_t {
  scaled,  ///< market time runs at `speed` times the wall clock
  maximum, ///< as fast as the symbols take it
  stepped, ///< only on request, a number of events at a time
};

/// Slowest and fastest factor of a scaled pace.
inline constexpr double min_speed = 0.01, max_speed = 100'000;

struct pace {
  pace_kind kind = pace_kind::scaled;
  double speed = 1; ///< scaled only; min_speed..max_speed

  bool operator==(const pace&) const = default;

  /// Reads "1", "2.5x", "max", "step". Errors: invalid_argument, out_of_range.
  static result<pace> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

/// Maps the wall clock to market time for a scaled pace.
class pace_clock {
public:
  pace_clock() = default;
  /// At wall time `wall` the market time is `market`.
  pace_clock(utc_time wall, utc_time market, double speed) : wall_(wall), market_(market), speed_(speed) {}

  /// Market time at wall time `wall`; never before the start.
  [[nodiscard]] utc_time market_at(utc_time wall) const;

private:
  utc_time wall_{};
  utc_time market_{};
  double speed_ = 1;
};

} // namespace tt::market
