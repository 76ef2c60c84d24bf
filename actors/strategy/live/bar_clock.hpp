#pragma once
/// The clock that ends a bar of a script which takes too long.

#include <chrono>
#include <cstdint>

namespace tt::strategy {

/// Nanoseconds of the steady clock, for pine::budget::clock_ns.
inline std::int64_t steady_clock_ns() {
  const auto now = std::chrono::steady_clock::now(); // det-ok: ends a hostile script, decides nothing else
  return std::chrono::nanoseconds{now.time_since_epoch()}.count();
}

} // namespace tt::strategy
