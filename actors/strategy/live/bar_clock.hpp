#pragma once
/// The clock that ends a bar of a script which takes too long.

#include <chrono>
#include <cstdint>

namespace tt::strategy {

/// Nanoseconds of the steady clock, for pine::budget::clock_ns.
inline std::int64_t steady_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); // det-ok: ends a hostile script, decides nothing else
}

} // namespace tt::strategy
