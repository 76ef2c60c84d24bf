#pragma once
/// The small machines that ta.* is built of. Each keeps its state per bar (see per_bar), so a call in a loop or
/// a realtime update starts again from the bar before.
///
/// Rules for sums, averages and na follow what was measured on TradingView and published with PyneCore; the
/// kit's log-*-exact cases check them bit for bit.

#include "actors/pine/limits.hpp"
#include "actors/pine/runtime.hpp"

#include <algorithm>

namespace tt::pine {

/// A length argument: at least 1, bounded.
inline std::int64_t length_arg(const site& c, std::size_t k) {
  auto n = c.i(k, 0);
  constexpr std::int64_t most = 100'000;
  if (n < 1) c.stop("the length must be at least 1, it is " + (c.na(k) ? std::string("na") : std::to_string(n)));
  if (n > most) c.stop("the length is beyond " + std::to_string(most));
  return n;
}

/// Room for a window whose length may change later.
inline std::uint64_t window_room(const site& c, std::int64_t n) {
  constexpr std::int64_t ample = 1024;
  return static_cast<std::uint64_t>(c.plan->series_length ? std::max(n, ample) : n);
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
/// While the window fills, a Kahan step; then the value that leaves and the one that enters are folded in with
/// one compensation. Where adding the compensation to the value rounds down, the sum is taken anew, newest first.
/// A na bar changes nothing and shows the standing sum.
struct sum_machine {
  struct s {
    double sum = 0, comp = 0;
    std::uint64_t n = 0;
    std::int64_t length = 0;
  };
  per_bar<s> st;
  window vals, entered;

  static bool starts_anew(double comp, double x) {
    if (comp == 0.0 || x == 0.0) return false;
    double b = std::fabs(comp), r = x + b;
    if (r == 0.0 || r - r != 0.0) return false;
    return b - (r - x) > 0.0;
  }

  void again(s& q, std::uint64_t count) {
    double sum = 0;
    for (std::uint64_t k = 0; k < count; ++k) sum += vals[q.n - 1 - k];
    q.sum = sum;
    q.comp = 0;
  }

  double step(const site& c, double x, std::int64_t length) {
    auto& q = st.at(c.ctx->now);
    auto len = static_cast<std::uint64_t>(length);
    bool changed = q.length != length && q.length != 0;
    if (is_na(x) && !changed) return q.n >= len ? q.sum : na_value;
    if (vals.mask < len) {
      c.ctx->reserve(vals, window_room(c, length), q.n);
      c.ctx->reserve(entered, window_room(c, length), q.n);
    }
    q.length = length;
    if (!is_na(x)) {
      vals[q.n] = x;
      double comp = q.comp, sum = q.sum;
      bool anew = starts_anew(comp, x);
      if (changed || anew) {
        entered[q.n] = x;
        ++q.n;
        again(q, std::min({q.n, len, vals.mask}));
      } else if (q.n < len) {
        double y = x - comp, t = sum + y;
        q.comp = (t - sum) - y;
        q.sum = t;
        entered[q.n++] = y;
      } else {
        double y1 = -entered[q.n - len] - comp;
        double t = sum + y1;
        double e1 = (t - sum) - y1;
        double y2 = x - e1;
        double total = t + y2;
        q.comp = (total - t) - y2;
        q.sum = total;
        entered[q.n++] = y2;
      }
    } else {
      again(q, std::min({q.n, len, vals.mask}));
    }
    return q.n >= len ? q.sum : na_value;
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

struct true_range_machine {
  previous_machine prev;
  double step(const site& c, bool handle_na) {
    const auto& b = c.ctx->current;
    double pc = prev.swap(c, b.close);
    if (is_na(pc)) return handle_na ? b.high - b.low : na_value;
    return std::max({b.high - b.low, std::fabs(b.high - pc), std::fabs(b.low - pc)});
  }
};

/// The largest (or smallest) of the last `length` values in O(1) amortised: a queue of candidates, best first.
/// Of equal values the oldest stands, or the newest when Newest. na values are passed over.
template <bool Largest, bool Newest = false>
struct extreme_machine {
  struct s {
    std::uint64_t head = 0, tail = 0, n = 0;
  };
  per_bar<s> st;
  window value, place;
  std::uint64_t undo_slot = 0;
  double undo_value = 0, undo_place = 0;
  std::int64_t undo_bar = 0;
  history_machine all; ///< used while the length may change from bar to bar
  double best = 0;
  std::int64_t back = 0;

  static bool beats(double a, double b) {
    if constexpr (Newest) return Largest ? a >= b : a <= b;
    else return Largest ? a > b : a < b;
  }

  /// Sets best and back (bars since); false while there are fewer than `length` bars.
  bool step(const site& c, double x, std::int64_t length) {
    auto len = static_cast<std::uint64_t>(length);
    if (c.plan->series_length) return scan(c, x, len);
    auto* ctx = c.ctx;
    bool again = st.bar == ctx->now;
    auto& q = st.at(ctx->now);
    ctx->reserve_exact(value, len + 1);
    ctx->reserve_exact(place, len + 1);
    if (again && undo_bar == ctx->now) {
      value[undo_slot] = undo_value;
      place[undo_slot] = undo_place;
    }
    auto now = q.n++;
    if (!is_na(x)) {
      while (q.tail > q.head && beats(x, value[q.tail - 1])) --q.tail;
      undo_slot = q.tail & value.mask;
      undo_value = value[undo_slot];
      undo_place = place[undo_slot];
      undo_bar = ctx->now;
      value[q.tail] = x;
      place[q.tail] = f64(now);
      ++q.tail;
    }
    while (q.head < q.tail && place[q.head] + f64(length) <= f64(now)) ++q.head;
    if (q.head == q.tail) {
      best = na_value;
      back = 0;
    } else {
      best = value[q.head];
      back = i64(f64(now) - place[q.head]);
    }
    return q.n >= len;
  }

  bool scan(const site& c, double x, std::uint64_t len) {
    auto n = all.push(c, x, window_room(c, i64(len)));
    c.shared().charge(len / 16);
    best = na_value;
    back = 0;
    for (std::uint64_t k = 0; k < len && k < n; ++k) {
      double v = all.at(k);
      if (is_na(v)) continue;
      bool take = is_na(best) || (Newest ? (Largest ? v > best : v < best) : (Largest ? v >= best : v <= best));
      if (take) {
        best = v;
        back = i64(k);
      }
    }
    return n >= len;
  }
};

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

/// The window of the last values that aren't na.
struct compact_window {
  history_machine h;
  bool push(const site& c, double x, std::int64_t n) {
    auto room = window_room(c, n);
    if (is_na(x)) {
      auto& q = h.st.at(c.ctx->now);
      (void)q;
      return false;
    }
    h.push(c, x, room);
    return true;
  }
};

/// See ta_window.cpp.
double select_linear(const std::vector<double>& sorted, std::int64_t n, double percent);

inline void all_na(const site& c) {
  for (std::size_t k = 0; k < c.plan->outs.size(); ++k) c.ret(k, na_value);
}

} // namespace tt::pine
