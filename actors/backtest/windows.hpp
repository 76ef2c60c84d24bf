#pragma once
/// Walk-forward windows: optimise on one stretch of bars, trade the next, move on.

#include "actors/model/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace tt::backtest {

enum class window_mode : std::uint8_t { rolling, anchored };

/// A length in bars, or in days of time.
struct window_length {
  enum class unit_t : std::uint8_t { bars, days } unit = unit_t::bars;
  std::int64_t count = 0;
  /// "90d" or "1500".
  static result<window_length> parse(std::string_view text, std::string_view field);
};

struct window_plan {
  window_mode mode = window_mode::rolling;
  window_length train, test;
  window_length step;    ///< from one test to the next; 0: the length of the test
  window_length purge;   ///< left out between train and test, so that trades of one can't reach into the other
  window_length embargo; ///< left out of later trains behind each test
};

/// Bars [from, to).
struct bar_range {
  std::size_t from = 0, to = 0;
  std::size_t size() const { return to - from; }
  bool operator==(const bar_range&) const = default;
};
struct window {
  std::vector<bar_range> train; ///< in pieces where an embargo has cut it
  bar_range test;
};

namespace limits {
inline constexpr std::size_t windows = 1'000;
/// Bars before a window's piece that the script sees and on which no order counts: its indicators begin warm.
inline constexpr std::size_t window_warmup = 500;
} // namespace limits

/// The windows over bars with these opening times (Unix milliseconds, rising). The last one ends with the data: a test
/// that does not fit whole is left out. Errors: no window fits, a length is 0, or there are more than `limits::windows`.
result<std::vector<window>> windows_over(const std::vector<std::int64_t>& times_ms, const window_plan& plan);

} // namespace tt::backtest
