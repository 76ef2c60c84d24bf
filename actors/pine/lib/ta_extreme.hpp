#pragma once
/// Windows addressed by the chart's bars: ta.highest, ta.lowest and what is made of them, and ta.linreg.
///
/// TradingView keeps two kinds of windows. Where the length is known before the first bar, a call owns a ring of
/// length + 1 cells addressed by the bar's number; a bar on which the call doesn't run leaves its cell as it was, and
/// a cell that was never written holds 0. Where the length is a series, every bar has a cell, and a bar on which the
/// call doesn't run takes the value of the last call. Both forget everything before a na. (Measured on TradingView by
/// PyneCore; its tests 371 to 376 of ta give the probes.)
///
/// State here is not set back between calls on one bar: a second call on a bar goes on from the first.

#include "actors/pine/lib/ta_machines.hpp"

namespace tt::pine {

/// length + 1 cells addressed by the bar's number.
struct bar_ring {
  window cells;
  std::uint64_t cap = 0, slot = 0;
  std::int64_t bar = 0; ///< of the last write; 0: none yet

  void write(const site& c, double x, std::int64_t length) {
    auto now = c.ctx->now;
    auto need = static_cast<std::uint64_t>(length) + 1;
    if (need > cap) resize(c, need);
    if (now == bar + 1) slot = slot + 1 == cap ? 0 : slot + 1;
    else if (now != bar) slot = static_cast<std::uint64_t>(now) % cap;
    bar = now;
    cells.data[slot] = x;
  }
  /// The cell `back` bars behind the present one; back <= cap - 1.
  double behind(std::uint64_t back) const { return cells.data[slot >= back ? slot - back : slot + cap - back]; }

private:
  void resize(const site& c, std::uint64_t need) {
    window bigger;
    c.ctx->reserve_exact(bigger, need);
    auto last = static_cast<std::uint64_t>(c.ctx->now) - 1; // the cells hold bars before this one
    for (std::uint64_t k = 0; k < cap && k <= last; ++k) bigger.data[(last - k) % need] = cells.data[(last - k) % cap];
    cells = bigger;
    cap = need;
    bar = 0;
  }
};

/// One cell per bar since the first call; bars without a call repeat the last value.
struct bar_history {
  static constexpr std::uint64_t most = 1u << 17;
  window cells;
  std::uint64_t n = 0;
  std::int64_t first = 0, last = 0; ///< bars of the first and the last call; 0: none

  void write(const site& c, double x, std::int64_t length) {
    auto now = c.ctx->now;
    if (first == 0) first = now;
    double carried = n > 0 ? cells[n - 1] : x;
    auto gap = static_cast<std::uint64_t>(last == 0 ? 1 : now - last);
    if (n + gap > cells.mask)
      c.ctx->reserve(cells, std::max(static_cast<std::uint64_t>(length) + 1, std::min(n + gap, most)), n);
    c.shared().work(gap / 16);
    for (; gap > 1; --gap) cells[n++] = carried;
    if (gap == 1) cells[n++] = x;
    else cells[n - 1] = x;
    last = now;
  }
  /// The value on `bar`, which lies between oldest() and the present one.
  double on(std::int64_t bar) const { return cells[n - 1 - static_cast<std::uint64_t>(last - bar)]; }
  /// The oldest bar that can still be read.
  std::int64_t oldest() const { return std::max(first, last - i64(std::min<std::uint64_t>(cells.mask, n - 1))); }
};

/// The largest (or smallest) value of a window and how many bars ago it was. Of equal values the oldest stands, or the
/// newest when Newest. A regular site (one call a bar, no change of length) is O(1) amortised.
template <bool Largest, bool Newest = false>
struct extreme_machine {
  double best = 0;       ///< na after a na
  std::int64_t back = 0; ///< bars since it

  /// Sets best and back; false while the chart has fewer than `length` bars.
  bool step(const site& c, double x, std::int64_t length) {
    if (c.plan->series_length) step_series(c, x, length);
    else if (!irregular && (last == 0 || (c.ctx->now == last + 1 && length == length_before))) step_regular(c, x, length);
    else step_irregular(c, x, length);
    last = c.ctx->now;
    length_before = length;
    return c.ctx->index >= length - 1;
  }

private:
  // the candidates of a regular site, best first
  window value, place;
  std::uint64_t head = 0, tail = 0;
  // any other site
  bar_ring ring;
  bar_history history;
  double kept = 0;
  std::int64_t kept_bar = 0, last = 0, since = 0, avail = 0, length_before = 0, reset = 0;
  bool irregular = false;

  static bool beats(double a, double b) { return Largest ? a > b : a < b; }

  void step_regular(const site& c, double x, std::int64_t length) {
    auto now = c.ctx->now;
    if (last == 0) {
      since = now;
      c.ctx->reserve_exact(value, static_cast<std::uint64_t>(length) + 1);
      c.ctx->reserve_exact(place, static_cast<std::uint64_t>(length) + 1);
    }
    ring.write(c, x, length);
    if (is_na(x)) {
      head = tail;
      since = now;
      best = na_value;
      back = 0;
      return;
    }
    while (tail > head && (beats(x, value[tail - 1]) || (Newest && x == value[tail - 1]))) --tail;
    value[tail] = x;
    place[tail] = f64(now);
    ++tail;
    while (place[head] + f64(length) <= f64(now)) ++head;
    best = value[head];
    back = now - i64(place[head]);
  }

  void step_irregular(const site& c, double x, std::int64_t length) {
    auto now = c.ctx->now;
    if (!irregular) {
      irregular = true;
      kept = head < tail ? value[head] : 0;
      kept_bar = head < tail ? i64(place[head]) : 0;
      avail = std::min(last - since, i64(ring.cap) - 1);
    }
    ring.write(c, x, length);
    avail = std::min(avail + (now - last), i64(ring.cap) - 1);
    back = 0;
    if (is_na(x)) {
      kept_bar = avail = 0;
      best = na_value;
      return;
    }
    if (kept_bar == 0 || beats(x, kept) || (Newest && x == kept)) keep(x, now);
    if (now - kept_bar >= length || length > length_before) {
      keep(x, now);
      auto reach = std::min(length - 1, avail);
      c.shared().work(static_cast<std::uint64_t>(reach) / 16);
      for (std::int64_t k = 1; k <= reach; ++k) {
        double v = ring.behind(static_cast<std::uint64_t>(k));
        if (is_na(v)) break;
        if (beats(v, kept) || (!Newest && v == kept)) keep(v, now - k);
      }
    }
    best = kept;
    back = now - kept_bar;
  }

  void step_series(const site& c, double x, std::int64_t length) {
    auto now = c.ctx->now;
    history.write(c, x, length);
    back = 0;
    if (is_na(x)) {
      reset = now;
      kept_bar = 0;
      best = na_value;
      return;
    }
    if (kept_bar == 0 || beats(x, kept) || (Newest && x == kept)) keep(x, now);
    auto oldest = std::max({now - length + 1, reset + 1, history.oldest()});
    if (kept_bar < oldest || length > length_before) {
      keep(x, now);
      c.shared().work(static_cast<std::uint64_t>(now - oldest) / 16);
      for (auto bar = now - 1; bar >= oldest; --bar) {
        double v = history.on(bar);
        if (beats(v, kept) || (!Newest && v == kept)) keep(v, bar);
      }
    }
    best = kept;
    back = now - kept_bar;
  }

  void keep(double v, std::int64_t bar) {
    kept = v;
    kept_bar = bar;
  }
};

} // namespace tt::pine
