#pragma once
/// The bar as the Pine runtime sees it. Pine's numbers are doubles, so this room keeps doubles and the
/// rooms that own prices convert at the border.

#include <cstdint>

namespace tt::pine {

/// One bar. `time_ms` is the opening time in Unix milliseconds, UTC. NaN stands for na.
struct bar {
  std::int64_t time_ms = 0;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  double volume = 0;
};

} // namespace tt::pine
