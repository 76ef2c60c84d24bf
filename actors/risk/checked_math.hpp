#pragma once

// Arithmetic that remembers that it went wrong. A check works its formula out and
// asks once at the end whether every step was in range.

#include "actors/model/decimal.hpp"
#include "actors/model/time.hpp"

namespace tt::risk {

/// A span as figures of seconds show it, to the microsecond.
inline decimal seconds_of(nanoseconds t) { return decimal::from_scaled(t.count() / 1000, 6); }

class checked_math {
public:
  /// False once a sum, product or quotient left the range of decimal, or a divisor was 0.
  [[nodiscard]] bool is_good() const { return is_good_; }

  decimal add(decimal a, decimal b) {
    int128 out = 0;
    if (!__builtin_add_overflow(a.raw(), b.raw(), &out)) return decimal::from_raw(out);
    return fail();
  }
  decimal subtract(decimal a, decimal b) {
    int128 out = 0;
    if (!__builtin_sub_overflow(a.raw(), b.raw(), &out)) return decimal::from_raw(out);
    return fail();
  }
  decimal multiply(decimal a, decimal b) {
    // whole factors are the usual case: contract multipliers, FX 1, shares
    constexpr int128 small = int128{1} << 62;
    if (b.raw() == decimal::scale) return a;
    if (b.raw() % decimal::scale == 0 && a.raw() < small && a.raw() > -small) {
      const int128 whole = b.raw() / decimal::scale;
      if (whole < small && whole > -small) return decimal::from_raw(a.raw() * whole);
    }
    const auto out = decimal::checked_multiply(a, b);
    return out ? *out : fail();
  }
  decimal divide(decimal a, decimal b, rounding mode = rounding::half_even) {
    const auto out = decimal::checked_divide(a, b, mode);
    return out ? *out : fail();
  }
  /// Largest multiple of `step` (> 0) that is not above `value`; 0 for what is not positive.
  decimal floor_to(decimal value, decimal step) {
    if (!value.is_positive()) return {};
    if (!step.is_positive()) return fail();
    return decimal::from_raw(value.raw() - value.raw() % step.raw());
  }

private:
  decimal fail() {
    is_good_ = false;
    return {};
  }
  bool is_good_ = true;
};

} // namespace tt::risk
