#pragma once
/// Windows kept in order of size: ta.median, ta.mode and the percentiles.

#include "actors/pine/lib/ta_machines.hpp"

namespace tt::pine {

/// The last `length` values that aren't na, in ascending order. A na bar leaves the window as it is. An update is one
/// binary search and one move of memory; a changed length or a second call on a bar sorts anew.
struct sorted_machine {
  history_machine values;
  window sorted; ///< `size` values from cell 0 on
  std::uint64_t size = 0, included = 0;
  std::int64_t length = 0;

  /// True when the window is full.
  bool step(const site& c, double x, std::int64_t n) {
    bool na = is_na(x);
    if (na) values.st.at(c.ctx->now);
    else values.push(c, x, window_room(c, n) + 1);
    auto total = values.count();
    c.ctx->reserve_exact(sorted, static_cast<std::uint64_t>(n) + 1);
    bool regular = n == length && included + (na ? 0 : 1) == total;
    if (!regular) sort_again(c, n);
    else if (!na) replace(x, n);
    included = total;
    length = n;
    return size >= static_cast<std::uint64_t>(n);
  }
  double operator[](std::uint64_t k) const { return sorted.data[k]; }

private:
  void replace(double x, std::int64_t n) {
    auto* p = sorted.data;
    if (size == static_cast<std::uint64_t>(n)) {
      auto* gone = std::lower_bound(p, p + size, values.at(size));
      std::move(gone + 1, p + size, gone);
      --size;
    }
    auto* at = std::lower_bound(p, p + size, x);
    std::move_backward(at, p + size, p + size + 1);
    *at = x;
    ++size;
  }
  void sort_again(const site& c, std::int64_t n) {
    size = std::min<std::uint64_t>(values.count(), static_cast<std::uint64_t>(n));
    c.shared().work(size);
    for (std::uint64_t k = 0; k < size; ++k) sorted.data[k] = values.at(k);
    std::sort(sorted.data, sorted.data + size);
  }
};

/// The window of the percentiles: `length` bars with their na, in the order of ranks that TradingView keeps. A new
/// value goes in front of the values it ties with (within the tolerance of comparisons); a value that leaves takes the
/// last of its ties with it. A na holds no value back: the search steps over it, so one that arrives goes to the end
/// and one from before the first bar stands in front. A window that is too small is filled up from the bars before.
/// Each call moves the window on, also a second one on the same bar. (Measured on TradingView by PyneCore, probes m577
/// to m580.)
struct rank_machine {
  window bars, ranks; ///< oldest first from cell `first` on; in order from cell 0 on
  std::uint64_t first = 0, size = 0;
  history_machine history;

  /// False while the chart has fewer than `length` bars.
  bool step(const site& c, double x, std::int64_t length) {
    auto want = static_cast<std::uint64_t>(length);
    history.push(c, x, window_room(c, length));
    make_room(c, std::max(want, size + 1) + 1);
    bars[first + size] = x;
    insert(place_for(x), x);
    if (size < want) {
      auto have = size;
      for (auto k = have; k < want; ++k) bars[--first] = history.at(k);
      for (auto k = have; k < want; ++k) {
        double v = history.at(k);
        insert(is_na(v) ? 0 : place_for(v), v);
      }
      c.shared().work(want);
    }
    while (size > want) {
      auto at = place_of(bars[first++]);
      std::move(ranks.data + at + 1, ranks.data + size, ranks.data + at);
      --size;
    }
    return c.ctx->index >= length - 1;
  }

  /// The value at `percent` between the two places beside n * percent / 100 + 0.5.
  double linear(double percent) const {
    if (is_na(percent)) return na_value;
    double place = place_of_percent(f64(size), percent);
    if (place <= 1) return ranks.data[0];
    if (place >= f64(size)) return ranks.data[size - 1];
    auto low = static_cast<std::uint64_t>(place);
    double share = place - f64(low);
    return ranks.data[low - 1] * (1 - share) + ranks.data[low] * share;
  }
  /// The value at place ceil(n * percent / 100); na counts as 0.
  double nearest(double percent) const {
    if (is_na(percent)) percent = 0;
    auto rank = static_cast<std::uint64_t>(std::ceil(percent * f64(size) / 100));
    return ranks.data[std::clamp<std::uint64_t>(rank, 1, size) - 1];
  }
  /// Place from 1 on, which a rounding error may not move off a whole number.
  static double place_of_percent(double n, double percent) {
    double place = n * percent / 100 + 0.5, whole = std::nearbyint(place);
    return std::fabs(place - whole) < 1e-9 ? whole : place;
  }

private:
  void make_room(const site& c, std::uint64_t need) {
    if (bars.data != nullptr && need <= bars.mask) return;
    window more_bars, more_ranks;
    c.ctx->reserve_exact(more_bars, need);
    c.ctx->reserve_exact(more_ranks, need);
    for (std::uint64_t k = 0; k < size; ++k) {
      more_bars[first + k] = bars[first + k];
      more_ranks.data[k] = ranks.data[k];
    }
    bars = more_bars;
    ranks = more_ranks;
  }
  void insert(std::uint64_t at, double x) {
    std::move_backward(ranks.data + at, ranks.data + size, ranks.data + size + 1);
    ranks.data[at] = x;
    ++size;
  }
  std::uint64_t place_for(double x) const {
    auto* end = std::partition_point(ranks.data, ranks.data + size,
                                     [&](double v) { return is_na(x) || is_na(v) || v - x < -epsilon; });
    return static_cast<std::uint64_t>(end - ranks.data);
  }
  std::uint64_t place_of(double x) const {
    auto* p = ranks.data;
    if (is_na(x)) {
      auto* at = std::find_if(p, p + size, [](double v) { return is_na(v); });
      return at == p + size ? 0 : static_cast<std::uint64_t>(at - p);
    }
    auto ties = [&](double v) { return std::fabs(x - v) <= epsilon; };
    auto* end = std::partition_point(p, p + size, [&](double v) { return is_na(v) || x - v >= -epsilon; });
    if (end != p && ties(end[-1])) return static_cast<std::uint64_t>(end - p) - 1;
    for (auto k = size; k-- > 0;)
      if (ties(p[k])) return k;
    return end == p ? 0 : static_cast<std::uint64_t>(end - p) - 1; // ties aren't transitive: the nearest that is left
  }
};

} // namespace tt::pine
