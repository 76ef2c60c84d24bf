#pragma once
/// The small machines that ta.* is built of. Each keeps its state per bar (see per_bar), so a call in a loop or
/// a realtime update starts again from the bar before.
///
/// Rules for sums, averages and na follow what was measured on TradingView and published with PyneCore; the
/// kit's log-*-exact cases check them bit for bit. Windows of extremes are in ta_extreme.hpp, sorted ones in ta_rank.hpp.

#include "actors/pine/limits.hpp"
#include "actors/pine/runtime.hpp"

#include <algorithm>

namespace tt::pine {

inline constexpr std::int64_t longest_length = 100'000;
[[noreturn, gnu::cold]] inline void wrong_length(const site& c, std::size_t k) {
  auto n = c.i(k, 0);
  if (n < 1) c.stop("the length must be at least 1, it is " + (c.na(k) ? std::string("na") : std::to_string(n)));
  c.stop("the length is beyond " + std::to_string(longest_length));
}
/// A length argument: at least 1, bounded.
inline std::int64_t length_arg(const site& c, std::size_t k) {
  double n = c.f(k);
  if (!(n >= 1 && n < f64(longest_length + 1))) [[unlikely]] wrong_length(c, k); // na isn't
  return static_cast<std::int64_t>(n);
}

/// Values that a window keeps so that a length that changes from bar to bar finds them when it grows.
inline constexpr std::int64_t ample_window = 5000;

/// Room for a window whose length may change later.
inline std::uint64_t window_room(const site& c, std::int64_t n) {
  return static_cast<std::uint64_t>(c.plan->series_length ? std::max(n, ample_window) : n);
}

/// The last values that were given, one per bar.
struct history_machine {
  struct s { std::uint64_t n = 0; };
  per_bar<s> st;
  window vals;
  std::uint64_t push(const site& c, double x, std::uint64_t room) {
    auto& q = st.at(c.ctx->now);
    c.ctx->reserve(vals, room, q.n);
    vals[q.n] = x;
    return ++q.n;
  }
  /// k bars back, 0 the newest.
  double at(std::uint64_t k) const { return k < st.cur.n && k <= vals.mask ? vals[st.cur.n - 1 - k] : na_value; }
  std::uint64_t count() const { return st.cur.n; }
};

/// math.sum: the sum of the last `length` values that aren't na, as a rolling compensated sum.
///
/// While the window fills, one compensated addition. Then the entry that leaves and the value that comes are folded
/// in with one compensation, and what really went into the sum is kept, to be taken out again later. Where adding
/// the compensation to the value rounds down, the sum is taken anew, newest first. When the length changes, the
/// entries in between leave oldest first, or come back newest first, one by one before that step. A na bar changes
/// nothing while the window stands and shows the standing sum.
struct sum_machine {
  struct s {
    double sum = 0, comp = 0;
    std::uint64_t n = 0;    ///< values seen
    std::uint64_t size = 0; ///< of the window after the last step
  };
  per_bar<s> st;
  window vals, entered;

  static bool starts_anew(double comp, double x) {
    if (comp == 0.0 || x == 0.0) return false;
    double b = std::fabs(comp), r = x + b;
    if (r == 0.0 || r - r != 0.0) return false;
    return b - (r - x) > 0.0;
  }
  static void add(s& q, double x) {
    double y = x - q.comp, t = q.sum + y;
    q.comp = (t - q.sum) - y;
    q.sum = t;
  }
  /// Value or entry `back` places behind the newest.
  static double behind(const window& w, const s& q, std::uint64_t back) { return back <= w.mask ? w[q.n - 1 - back] : 0.0; }

  /// Brings the sum from a window of q.size to one of `size` before the step of this bar.
  void resize(const site& c, s& q, std::uint64_t size, std::uint64_t shift) {
    if (q.size + shift > size) {
      auto top = q.size - 1 + shift;
      if (top > size) c.shared().charge((top - size) / 16);
      for (; top > size; --top) add(q, -behind(vals, q, top));
    } else if (size > q.size + shift || size < q.n) {
      auto top = size < q.n ? size + 1 : q.n;
      c.shared().charge((top - q.size) / 16);
      for (auto k = q.size + shift; k < top; ++k) add(q, behind(vals, q, k));
    }
  }

  double step(const site& c, double x, std::int64_t length) {
    auto& q = st.at(c.ctx->now);
    auto len = static_cast<std::uint64_t>(length);
    bool na = is_na(x);
    if (na && q.size == std::min(len, q.n)) return q.size >= len ? q.sum : na_value;
    if (vals.mask < len + 1 || (c.plan->series_length && vals.data == nullptr)) {
      c.ctx->reserve(vals, window_room(c, length) + 1, q.n);
      c.ctx->reserve(entered, window_room(c, length) + 1, q.n);
    }
    if (!na) vals[q.n++] = x;
    auto size = std::min(len, q.n);
    if (q.size != size) resize(c, q, size, na ? 0 : 1);
    double value = na ? 0.0 : x, entry;
    if (starts_anew(q.comp, value)) {
      double total = value;
      for (std::uint64_t k = 1; k < size; ++k) total += behind(vals, q, k);
      q.sum = total;
      q.comp = 0;
      entry = value;
    } else if (size == q.n) {
      entry = value - q.comp;
      add(q, value);
    } else {
      double y1 = -behind(entered, q, size) - q.comp;
      double t = q.sum + y1;
      double e1 = (t - q.sum) - y1;
      entry = value - e1;
      q.sum = t + entry;
      q.comp = (q.sum - t) - entry;
    }
    if (!na) entered[q.n - 1] = entry;
    q.size = size;
    return size >= len ? q.sum : na_value;
  }
};

inline double sma_step(sum_machine& m, const site& c, double x, std::int64_t n) { return m.step(c, x, n) / f64(n); }

/// ta.ema: seeded with the sma, then prev + alpha * (x - prev). na bars are skipped whole.
struct ema_machine {
  struct s {
    double v = 0;
    bool seeded = false;
  };
  per_bar<s> st;
  sum_machine seed;
  double step(const site& c, double x, std::int64_t n) {
    if (n == 1) return x;
    auto& q = st.at(c.ctx->now);
    if (is_na(x)) return na_value;
    if (!q.seeded) {
      double v = sma_step(seed, c, x, n);
      if (!is_na(v)) q = {v, true};
      return v;
    }
    q.v = q.v + 2.0 / f64(n + 1) * (x - q.v);
    return q.v;
  }
};

/// ta.rma: seeded with the sma, then (prev * (length - 1) + x) / length.
struct rma_machine {
  ema_machine m;
  double step(const site& c, double x, std::int64_t n) {
    if (n == 1) return x;
    auto& q = m.st.at(c.ctx->now);
    if (is_na(x)) return na_value;
    if (!q.seeded) {
      double v = sma_step(m.seed, c, x, n);
      if (!is_na(v)) q = {v, true};
      return v;
    }
    q.v = (q.v * f64(n - 1) + x) / f64(n);
    return q.v;
  }
};

/// A value remembered from the last earlier bar.
struct previous_machine {
  struct s {
    double v = 0;
    bool has = false;
  };
  per_bar<s> st;
  /// Stores x for the next bar and returns what was stored before.
  double swap(const site& c, double x) {
    auto& q = st.at(c.ctx->now);
    double old = q.has ? q.v : na_value;
    q = {x, true};
    return old;
  }
};

/// The greatest of high - low and the distances of high and low from the close of the bar before. That close is the
/// chart's, also where the call ran on some bars only.
inline double true_range(const site& c, bool handle_na) {
  const auto& b = c.ctx->current;
  double pc = c.ctx->prev_close;
  if (is_na(pc)) return handle_na ? b.high - b.low : na_value;
  return std::max({b.high - b.low, std::fabs(b.high - pc), std::fabs(b.low - pc)});
}

/// ta.cum
struct cum_machine {
  struct s { double v = 0; };
  per_bar<s> st;
  double step(const site& c, double x) {
    auto& q = st.at(c.ctx->now);
    if (is_na(x)) return na_value;
    q.v += x;
    return q.v;
  }
};

/// See ta_rank.cpp.
double select_linear(const std::vector<double>& sorted, std::int64_t n, double percent);

inline void all_na(const site& c) {
  for (std::size_t k = 0; k < c.plan->outs.size(); ++k) c.ret(k, na_value);
}

} // namespace tt::pine
