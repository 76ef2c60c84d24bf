#include "actors/model/decimal.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

namespace tt {

namespace {

constexpr int128 max_raw = static_cast<int128>(decimal::max_parsed) * decimal::scale;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// |a| × |b| as 256 bits: {high, low}.
struct wide {
  uint128 high;
  uint128 low;
};

wide multiply_wide(uint128 a, uint128 b) {
  const uint128 mask = ~std::uint64_t{0};
  const uint128 a0 = a & mask, a1 = a >> 64, b0 = b & mask, b1 = b >> 64;
  const uint128 p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
  const uint128 middle = (p00 >> 64) + (p01 & mask) + (p10 & mask);
  return {p11 + (p01 >> 64) + (p10 >> 64) + (middle >> 64), (middle << 64) | (p00 & mask)};
}

/// 256 by 128 bit division by shift and subtract; requires high < divisor and
/// divisor <= 2^127, so that the quotient fits and the shifts don't overflow.
std::pair<uint128, uint128> divide_wide(wide n, uint128 divisor) {
  uint128 rest = n.high;
  uint128 quotient = 0;
  for (int i = 127; i >= 0; --i) {
    rest = (rest << 1) | ((n.low >> i) & 1);
    quotient <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
  }
  return {quotient, rest};
}

uint128 magnitude_of(int128 v) { return v < 0 ? -static_cast<uint128>(v) : static_cast<uint128>(v); }

/// |n| / divisor with the given sign, rounded; nothing when it doesn't fit.
std::optional<int128> rounded_quotient(wide n, uint128 divisor, bool negative, rounding mode) {
  if (n.high >= divisor) return std::nullopt;
  // usual numbers fit 128 bits, where the compiler's division is quicker
  auto [quotient, rest] = n.high == 0 ? std::pair{n.low / divisor, n.low % divisor} : divide_wide(n, divisor);
  bool away = false;
  if (rest != 0) {
    const uint128 other = divisor - rest;
    switch (mode) {
    case rounding::toward_zero: break;
    case rounding::down: away = negative; break;
    case rounding::up: away = !negative; break;
    case rounding::half_up: away = rest >= other; break;
    case rounding::half_even: away = rest > other || (rest == other && (quotient & 1) != 0); break;
    }
  }
  constexpr uint128 max_magnitude = (uint128{1} << 127) - 1;
  if (quotient > max_magnitude - (away ? 1 : 0)) return std::nullopt;
  const auto value = static_cast<int128>(quotient + (away ? 1 : 0));
  return negative ? -value : value;
}

error malformed(std::string_view text) { return {errc::invalid_argument, "not a decimal number: " + in_quotes(text)}; }

error too_large(std::string_view text) { return {errc::out_of_range, "number too large: " + in_quotes(text)}; }

error too_fine(std::string_view text) {
  return {errc::out_of_range, "more than 12 digits behind the point: " + in_quotes(text)};
}

} // namespace

result<decimal> decimal::parse(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  bool negative = false;
  if (at != end && (*at == '-' || *at == '+')) negative = *at++ == '-';
  // Digits are gathered with the position of the point, then scaled once.
  int128 mantissa = 0;
  int exponent = 0;
  bool any = false, point = false;
  int pending_zeros = 0; // of the fraction: they count only before another digit
  for (; at != end; ++at) {
    if (*at == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(*at)) break;
    any = true;
    if (point && *at == '0') {
      ++pending_zeros;
      continue;
    }
    for (; pending_zeros > 0; --pending_zeros, --exponent)
      if (mantissa <= max_raw) mantissa *= 10;
    if (mantissa > max_raw) return point ? too_fine(text) : too_large(text);
    mantissa = mantissa * 10 + (*at - '0');
    exponent -= point ? 1 : 0;
  }
  if (!any) return malformed(text);
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    bool negative_exponent = false;
    if (at != end && (*at == '-' || *at == '+')) negative_exponent = *at++ == '-';
    if (at == end || !is_digit(*at)) return malformed(text);
    int written = 0;
    for (; at != end && is_digit(*at); ++at) written = written > 1000 ? written : written * 10 + (*at - '0');
    exponent += negative_exponent ? -written : written;
  }
  if (at != end) return malformed(text);
  int shift = exponent + scale_digits;
  if (mantissa == 0) return decimal{};
  for (; shift < 0; ++shift) {
    if (mantissa % 10 != 0) return too_fine(text);
    mantissa /= 10;
  }
  for (; shift > 0; --shift) {
    if (mantissa > max_raw / 10) return too_large(text);
    mantissa *= 10;
  }
  if (mantissa > max_raw) return too_large(text);
  return from_raw(negative ? -mantissa : mantissa);
}

result<decimal> decimal::from_double(double value, int digits) {
  if (!std::isfinite(value) || std::fabs(value) > static_cast<double>(max_parsed))
    return error{errc::out_of_range, "not a finite number within ±1e18"};
  int128 unit = 1;
  for (int i = digits; i < scale_digits; ++i) unit *= 10;
  double factor = 1;
  for (int i = 0; i < digits; ++i) factor *= 10;
  // whole and fraction apart: a product with 1e12 would lose the low digits
  const double whole = std::trunc(value);
  const double fraction = std::nearbyint((value - whole) * factor);
  return from_raw(static_cast<int128>(whole) * scale + static_cast<int128>(fraction) * unit);
}

double decimal::to_double() const {
  const auto whole = raw_ / scale;
  const auto rest = static_cast<std::int64_t>(raw_ % scale);
  if (rest == 0) return static_cast<double>(whole);
  // Below 2^53 raw units the division of two exact doubles is correctly rounded.
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  int128 mantissa = raw_;
  std::int64_t divisor = scale;
  while (mantissa % 10 == 0) {
    mantissa /= 10;
    divisor /= 10;
  }
  if (mantissa < exact && mantissa > -exact) return static_cast<double>(static_cast<std::int64_t>(mantissa)) / static_cast<double>(divisor);
  // rarer, and slower: the library's reading of the text rounds correctly too
  char text[max_chars];
  double value = 0;
  std::from_chars(text, to_chars(text), value);
  return value;
}

char* decimal::to_chars(char* out) const {
  uint128 magnitude = magnitude_of(raw_);
  if (raw_ < 0) *out++ = '-';
  const auto unit = static_cast<uint128>(scale);
  // 64-bit division is several times quicker and covers every usual value
  uint128 whole = 0;
  std::uint64_t fraction = 0;
  if (magnitude >> 64 == 0) {
    const auto small = static_cast<std::uint64_t>(magnitude);
    whole = small / static_cast<std::uint64_t>(scale);
    fraction = small % static_cast<std::uint64_t>(scale);
  } else {
    whole = magnitude / unit;
    fraction = static_cast<std::uint64_t>(magnitude % unit);
  }
  char buffer[max_chars];
  char* at = buffer + sizeof buffer;
  auto low = static_cast<std::uint64_t>(whole);
  if (whole >> 64 == 0) {
    do {
      *--at = static_cast<char>('0' + low % 10);
      low /= 10;
    } while (low != 0);
  } else {
    do {
      *--at = static_cast<char>('0' + static_cast<int>(whole % 10));
      whole /= 10;
    } while (whole != 0);
  }
  const auto length = static_cast<std::size_t>(buffer + sizeof buffer - at);
  std::memcpy(out, at, length);
  out += length;
  if (fraction == 0) return out;
  *out++ = '.';
  int digits = scale_digits;
  while (fraction % 10 == 0) {
    fraction /= 10;
    --digits;
  }
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  return out + digits;
}

std::string decimal::to_string() const {
  char buffer[max_chars];
  return {buffer, to_chars(buffer)};
}

int decimal::digits() const {
  auto rest = static_cast<std::int64_t>(raw_ % scale);
  if (rest == 0) return 0;
  int digits = scale_digits;
  for (; rest % 10 == 0; rest /= 10) --digits;
  return digits;
}

result<std::int64_t> decimal::to_scaled(int digits) const {
  int128 unit = 1;
  for (int i = digits; i < scale_digits; ++i) unit *= 10;
  if (raw_ % unit != 0) return error{errc::out_of_range, to_string() + " has more than " + std::to_string(digits) + " digits behind the point"};
  const int128 mantissa = raw_ / unit;
  if (mantissa > INT64_MAX || mantissa < INT64_MIN) return error{errc::out_of_range, to_string() + " is too large for a column"};
  return static_cast<std::int64_t>(mantissa);
}

decimal decimal::rounded_to(decimal step, rounding mode) const {
  TT_ASSERT(step.raw_ > 0);
  const auto steps = rounded_quotient({0, magnitude_of(raw_)}, magnitude_of(step.raw_), raw_ < 0, mode);
  int128 raw = 0;
  TT_ASSERT(steps && !__builtin_mul_overflow(*steps, step.raw_, &raw));
  return from_raw(raw);
}

result<decimal> decimal::checked_add(decimal a, decimal b) {
  decimal sum;
  if (__builtin_add_overflow(a.raw_, b.raw_, &sum.raw_)) return error{errc::out_of_range, a.to_string() + " plus " + b.to_string() + " is too large"};
  return sum;
}

result<decimal> decimal::checked_multiply(decimal a, decimal b) {
  // multipliers and exchange rates are mostly 1
  if (b.raw_ == scale) return a;
  if (a.raw_ == scale) return b;
  const bool negative = (a.raw_ < 0) != (b.raw_ < 0);
  const wide product = multiply_wide(magnitude_of(a.raw_), magnitude_of(b.raw_));
  auto value = rounded_quotient(product, static_cast<uint128>(scale), negative, rounding::half_even);
  if (!value) return error{errc::out_of_range, a.to_string() + " times " + b.to_string() + " is too large"};
  return from_raw(*value);
}

decimal operator*(decimal a, decimal b) {
  const auto product = decimal::checked_multiply(a, b);
  TT_ASSERT(product.has_value());
  return *product;
}

result<decimal> decimal::checked_divide(decimal dividend, decimal divisor, rounding mode) {
  if (divisor.raw_ == 0) return error{errc::invalid_argument, "division by zero"};
  const bool negative = (dividend.raw_ < 0) != (divisor.raw_ < 0);
  const wide scaled = multiply_wide(magnitude_of(dividend.raw_), static_cast<uint128>(scale));
  auto value = rounded_quotient(scaled, magnitude_of(divisor.raw_), negative, mode);
  if (!value) return error{errc::out_of_range, dividend.to_string() + " divided by " + divisor.to_string() + " is too large"};
  return from_raw(*value);
}

decimal decimal::divide(decimal dividend, decimal divisor, rounding mode) {
  const auto quotient = checked_divide(dividend, divisor, mode);
  TT_ASSERT(quotient.has_value());
  return *quotient;
}

} // namespace tt
