#pragma once

// A fixed-point decimal number for prices, quantities and money. Binary floating
// point never enters an order path: 0.1 + 0.2 is 0.3 here.

#include "actors/model/result.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

namespace tt {

__extension__ using int128 = __int128;
__extension__ using uint128 = unsigned __int128;

/// How a result that doesn't fit the grid is brought onto it.
enum class rounding : std::uint8_t {
  toward_zero,
  down,      ///< toward minus infinity
  up,        ///< toward plus infinity
  half_even, ///< to nearest, ties to the even neighbour (banker's)
  half_up,   ///< to nearest, ties away from zero
};

/// Signed decimal with 12 digits behind the point, about ±1.7e26.
/// Addition and comparison are single 128-bit operations. Sums, products and
/// quotients that leave the range abort the process (TT_ASSERT). Parsing answers
/// with an error instead; products and
/// quotients of numbers from outside go through checked_multiply and
/// checked_divide, so that no outside input can reach the abort.
class decimal {
public:
  /// Digits behind the point.
  static constexpr int scale_digits = 12;
  /// Raw units in 1.
  static constexpr std::int64_t scale = 1'000'000'000'000;
  /// Largest magnitude `parse` accepts, in whole units: leaves room for sums of
  /// 10^8 such values. Products of two such values may leave the range.
  static constexpr std::int64_t max_parsed = 1'000'000'000'000'000'000;
  /// Bytes that `to_chars` may write at most.
  static constexpr std::size_t max_chars = 48;

  constexpr decimal() = default;
  constexpr decimal(std::int64_t whole) : raw_(static_cast<int128>(whole) * scale) {}
  /// A binary float would be cut to whole units: from_double says what is meant.
  template <class Float>
    requires std::is_floating_point_v<Float>
  decimal(Float) = delete;

  static constexpr decimal from_raw(int128 raw) {
    decimal d;
    d.raw_ = raw;
    return d;
  }

  /// mantissa × 10^-digits, exact. Requires 0 <= digits <= 12.
  static constexpr decimal from_scaled(std::int64_t mantissa, int digits) {
    int128 raw = mantissa;
    for (int i = digits; i < scale_digits; ++i) raw *= 10;
    return from_raw(raw);
  }

  /// Reads "-12.50", "+3", ".5", "1e-5" (JSON's exponent form included).
  /// Errors: invalid_argument for anything else (also "", "nan", "inf", blanks);
  /// out_of_range above max_parsed or with non-zero digits below 1e-12.
  static result<decimal> parse(std::string_view text);

  /// Nearest decimal with `digits` (0..12) behind the point. For statistics and
  /// simulated prices, never for numbers that a user or venue sent.
  /// Errors: out_of_range for NaN, infinity and magnitudes above max_parsed.
  static result<decimal> from_double(double value, int digits);

  [[nodiscard]] constexpr int128 raw() const { return raw_; }
  /// Nearest double; for display, statistics and chart columns.
  [[nodiscard]] double to_double() const;
  /// Plain decimal text: no exponent, no trailing zeros, "0" for zero.
  [[nodiscard]] std::string to_string() const;
  /// Writes what to_string returns to `out` (at least max_chars bytes, no NUL)
  /// and returns the end.
  char* to_chars(char* out) const;
  /// mantissa such that value = mantissa × 10^-digits.
  /// Errors: out_of_range when the value is off that grid or the mantissa
  /// doesn't fit 64 bits.
  [[nodiscard]] result<std::int64_t> to_scaled(int digits) const;
  /// Digits behind the point that to_string would show (0..12).
  [[nodiscard]] int digits() const;

  [[nodiscard]] constexpr bool is_zero() const { return raw_ == 0; }
  [[nodiscard]] constexpr bool is_negative() const { return raw_ < 0; }
  [[nodiscard]] constexpr bool is_positive() const { return raw_ > 0; }
  [[nodiscard]] constexpr decimal abs() const { return from_raw(raw_ < 0 ? -raw_ : raw_); }

  /// The nearest multiple of `step` by `mode`. Requires step > 0.
  [[nodiscard]] decimal rounded_to(decimal step, rounding mode) const;
  [[nodiscard]] constexpr bool is_multiple_of(decimal step) const {
    return step.raw_ != 0 && raw_ % step.raw_ == 0;
  }

  constexpr decimal operator-() const { return from_raw(-raw_); }
  decimal& operator+=(decimal rhs) {
    TT_ASSERT(!__builtin_add_overflow(raw_, rhs.raw_, &raw_));
    return *this;
  }
  decimal& operator-=(decimal rhs) {
    TT_ASSERT(!__builtin_sub_overflow(raw_, rhs.raw_, &raw_));
    return *this;
  }
  friend decimal operator+(decimal a, decimal b) { return a += b; }
  friend decimal operator-(decimal a, decimal b) { return a -= b; }
  /// The same sum. Errors: out_of_range when it leaves the range.
  static result<decimal> checked_add(decimal a, decimal b);
  /// Product, rounded half to even at the 12th digit.
  friend decimal operator*(decimal a, decimal b);
  /// The same product. Errors: out_of_range when it leaves the range.
  static result<decimal> checked_multiply(decimal a, decimal b);
  /// Quotient rounded at the 12th digit. Requires divisor != 0.
  static decimal divide(decimal dividend, decimal divisor, rounding mode = rounding::half_even);
  /// The same quotient. Errors: invalid_argument for a divisor of 0, out_of_range
  /// when it leaves the range.
  static result<decimal> checked_divide(decimal dividend, decimal divisor, rounding mode = rounding::half_even);

  friend constexpr bool operator==(decimal a, decimal b) { return a.raw_ == b.raw_; }
  friend constexpr std::strong_ordering operator<=>(decimal a, decimal b) {
    return a.raw_ < b.raw_   ? std::strong_ordering::less
           : a.raw_ > b.raw_ ? std::strong_ordering::greater
                             : std::strong_ordering::equal;
  }

private:
  int128 raw_ = 0;
};

} // namespace tt

template <>
struct std::hash<tt::decimal> {
  std::size_t operator()(tt::decimal d) const noexcept {
    const auto raw = static_cast<tt::uint128>(d.raw());
    return std::hash<std::uint64_t>{}(static_cast<std::uint64_t>(raw) ^ static_cast<std::uint64_t>(raw >> 64) * 0x9E3779B97F4A7C15ULL);
  }
};
