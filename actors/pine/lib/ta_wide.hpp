#pragma once
/// Sums of about 106 bits and what slides on them: ta.wma, ta.hma, ta.linreg and ta.cog of long windows.

#include "actors/pine/lib/ta_machines.hpp"

#include <bit>

namespace tt::pine {

/// An unevaluated sum of two doubles, the second at most half a unit in the last place of the first.
struct wide {
  double hi = 0, lo = 0;
  double value() const { return hi + lo; }
};
inline wide two_sum(double a, double b) {
  double s = a + b, t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
inline wide operator+(wide a, wide b) {
  auto s = two_sum(a.hi, b.hi), t = two_sum(a.lo, b.lo);
  double low = s.lo + t.hi, hi = s.hi + low;
  low = (low - (hi - s.hi)) + t.lo;
  double top = hi + low;
  return {top, low - (top - hi)};
}
inline wide operator-(wide a) { return {-a.hi, -a.lo}; }
inline wide operator-(wide a, wide b) { return a + -b; }
/// a * n, exact for whole numbers n of up to 26 bits.
inline wide times(double a, double n) {
  double top = std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) & ~std::uint64_t{0x7ffffff});
  return two_sum(top * n, (a - top) * n);
}
inline wide operator*(wide a, double n) { return times(a.hi, n) + times(a.lo, n); }

/// Windows up to this length are summed anew on every bar in TradingView's own order, so that they agree with it to
/// the last bit, and as fast as sliding; longer ones slide.
inline constexpr std::int64_t longest_summed_anew = 64;

/// Sum and weighted sum (oldest value by 1, newest by the length) of a window that slides by one value at a time.
///
/// The sums are wide, so each step adds an error of about 2^-104 of the values' size. They are made anew when the size
/// of the values falls far below what it was (the bits that a huge value pushed out come back), and every few thousand
/// steps in any case, so that no error grows with the length of a run. Values that aren't finite are counted and left out.
struct weighted_sums {
  wide sum, weighted;
  std::uint64_t count = 0;  ///< of the newest value, as its owner counts; 0: nothing summed yet
  std::uint64_t length = 0;
  std::uint64_t unknown = 0, infinite = 0;

  /// Moves on to the value numbered `number`; behind(k) is the value k places before it, known up to k = n.
  template <class Behind>
  void step(const site& c, std::uint64_t number, std::uint64_t n, Behind behind) {
    if (count == 0 || count + 1 != number || steps_ >= std::max(n, anew_after) || !resize(c, n, behind)) return make(c, number, n, behind);
    double in = behind(0), out = behind(n);
    weighted = weighted - sum + times(known(in), f64(n));
    sum = sum + two_sum(known(in), -known(out));
    size_ += std::fabs(known(in)) - std::fabs(known(out));
    peak_ = std::max(peak_, size_);
    counts(in, 1);
    counts(out, ~std::uint64_t{0});
    count = number;
    ++steps_;
    if (size_ < peak_ * far_below || !std::isfinite(size_)) make(c, number, n, behind);
  }

private:
  static constexpr std::uint64_t anew_after = 4096;
  static constexpr double far_below = 0x1p-20;
  std::uint64_t steps_ = 0;
  double size_ = 0, peak_ = 0;

  static double known(double v) { return std::isfinite(v) ? v : 0.0; }
  void counts(double v, std::uint64_t by) {
    if (std::isfinite(v)) return;
    if (is_na(v)) unknown += by;
    else infinite += by;
  }
  /// Brings the window before this step to n values, one by one; false when making it anew is less work.
  template <class Behind>
  bool resize(const site& c, std::uint64_t n, Behind behind) {
    if (n == length) return true;
    if ((n > length ? n - length : length - n) > n / 4) return false;
    c.shared().charge((n > length ? n - length : length - n) / 4);
    for (; length < n; ++length) {
      double v = behind(length + 1);
      sum = sum + wide{known(v), 0};
      weighted = weighted + sum;
      size_ += std::fabs(known(v));
      counts(v, 1);
    }
    for (; length > n; --length) {
      double v = behind(length);
      weighted = weighted - sum;
      sum = sum - wide{known(v), 0};
      size_ -= std::fabs(known(v));
      counts(v, ~std::uint64_t{0});
    }
    return true;
  }
  template <class Behind>
  void make(const site& c, std::uint64_t number, std::uint64_t n, Behind behind) {
    c.shared().charge(n / 4);
    *this = {};
    for (std::uint64_t k = n; k-- > 0;) {
      double v = behind(k);
      sum = sum + wide{known(v), 0};
      weighted = weighted + times(known(v), f64(n - k));
      size_ += std::fabs(known(v));
      counts(v, 1);
    }
    peak_ = size_;
    count = number;
    length = n;
  }
};

} // namespace tt::pine
