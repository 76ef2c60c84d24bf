#pragma once
/// Small conversions and constants shared by the files of this room.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace tt::pine {

inline constexpr double na_value = std::numeric_limits<double>::quiet_NaN();

/// Pine's comparison operators treat two numbers as equal when they differ by at most this much, at any
/// magnitude (kit: log-tolerant-compare).
inline constexpr double epsilon = 1e-10;

inline bool is_na(double x) noexcept { return !(x == x); }

template <class T>
constexpr std::uint32_t u32(T x) noexcept { return static_cast<std::uint32_t>(x); }
template <class T>
constexpr std::int32_t i32(T x) noexcept { return static_cast<std::int32_t>(x); }
template <class T>
constexpr std::int64_t i64(T x) noexcept { return static_cast<std::int64_t>(x); }
template <class T>
constexpr std::size_t usz(T x) noexcept { return static_cast<std::size_t>(x); }
template <class T>
constexpr double f64(T x) noexcept { return static_cast<double>(x); }

/// The integer a Pine number stands for: truncated, and clamped so that the cast is always defined.
/// na gives `if_na`.
inline std::int64_t to_int(double x, std::int64_t if_na = 0) noexcept {
  if (is_na(x)) return if_na;
  if (x > 9.0e15) return 9'000'000'000'000'000;
  if (x < -9.0e15) return -9'000'000'000'000'000;
  return static_cast<std::int64_t>(x);
}

inline double from_bool(bool b) noexcept { return b ? 1.0 : 0.0; }
/// na counts as false in a condition, and so does a number that Pine's == takes for 0 (PyneCore, measured on TradingView).
inline bool truthy(double x) noexcept { return x > epsilon || x < -epsilon; }
/// The same for a constant, which is looked at exactly.
inline bool truthy_constant(double x) noexcept { return x == x && x != 0.0; }

} // namespace tt::pine
