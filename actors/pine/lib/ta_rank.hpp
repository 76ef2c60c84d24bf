#pragma once
/// Windows kept in order of size: ta.median, ta.mode and the percentiles.

#include "actors/pine/lib/ta_order.hpp"

namespace tt::pine {

/// The last `length` values that aren't na, in ascending order. A na bar leaves the window as it is. Up to
/// longest_moved values an update is one binary search and one move of memory, beyond it O(log n) in a tree; a changed
/// length or a second call on a bar sorts anew.
struct sorted_machine {
  history_machine values;
  window sorted; ///< `size` values from cell 0 on
  std::uint64_t size = 0, included = 0;
  std::int64_t length = 0;
  ordered_window<order_extra::modes> tree; ///< of long windows

  /// True when the window is full. Windows longer than `longest_array` are in the tree.
  bool step(const site& c, double x, std::int64_t n, std::int64_t longest_array) {
    bool na = is_na(x);
    if (na) values.st.at(c.ctx->now);
    else values.push(c, x, window_room(c, n) + 1);
    auto total = values.count();
    if (n > longest_array) return in_tree(c, na ? total : 0, static_cast<std::uint64_t>(n));
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
  /// `standing` is the number of the newest value on a bar that brings none.
  bool in_tree(const site& c, std::uint64_t standing, std::uint64_t n) {
    length = 0; // the array holds nothing
    if (values.count() < n) return false;
    if (standing == 0 || !tree.holds(standing, n)) tree.step(c, values, n, 0);
    return true;
  }
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
    c.shared().charge(size);
    for (std::uint64_t k = 0; k < size; ++k) sorted.data[k] = values.at(k);
    std::sort(sorted.data, sorted.data + size);
  }
};

/// The order of ranks of a percentile's window: an array as long as there is room for longest_moved values, else a tree.
/// A na among the values leaves the others in no strict order, and where one of them goes depends on the steps of the
/// search: the tree is then searched by the array's own steps, and a value that leaves may have to be looked for one by one.
class rank_list {
public:
  std::uint64_t size() const { return size_; }
  /// Values that may have to be looked through for one that leaves, where that is more than a move of memory.
  std::uint64_t looked_through() const { return long_ && tree_.unknowns() > 0 ? size_ : 0; }
  double operator[](std::uint64_t k) const { return long_ ? tree_[k] : array_[k]; }

  /// Takes memory for `room` values from `take(cells)`, and the values with it.
  template <class Take>
  void prepare(std::uint64_t room, Take take) {
    auto before = *this;
    long_ = room > static_cast<std::uint64_t>(longest_moved);
    array_ = take(long_ ? order_tree<order_extra::unknowns>::cells_for(room) : room);
    if (long_) tree_.attach(array_);
    size_ = 0;
    for (std::uint64_t k = 0; k < before.size_; ++k) insert(k, before[k]);
  }
  void insert(std::uint64_t at, double x) {
    if (long_) {
      tree_.insert_at(at, x);
    } else {
      std::move_backward(array_ + at, array_ + size_, array_ + size_ + 1);
      array_[at] = x;
    }
    ++size_;
  }
  void erase(std::uint64_t at) {
    if (long_) tree_.erase_at(at);
    else std::move(array_ + at + 1, array_ + size_, array_ + at);
    --size_;
  }
  /// Where a new value goes.
  std::uint64_t place_for(double x) const {
    if (long_ && tree_.unknowns() == 0 && !is_na(x)) return tree_.front_where([x](double v) { return v - x < -epsilon; }).count;
    return partition(size_, [&](std::uint64_t k) {
      double v = (*this)[k];
      return is_na(x) || is_na(v) || v - x < -epsilon;
    });
  }
  /// The place that is given up for a value that leaves.
  std::uint64_t place_of(double x) const {
    if (is_na(x)) return first_unknown();
    auto ties = [&](double v) { return std::fabs(x - v) <= epsilon; };
    auto end = long_ && tree_.unknowns() == 0 ? tree_.front_where([x](double v) { return x - v >= -epsilon; }).count
                                              : partition(size_, [&](std::uint64_t k) {
                                                  double v = (*this)[k];
                                                  return is_na(v) || x - v >= -epsilon;
                                                });
    if (end > 0 && ties((*this)[end - 1])) return end - 1;
    if (auto at = last_tie(ties); at < size_) return at;
    return end == 0 ? 0 : end - 1; // ties aren't transitive: the nearest that is left
  }

private:
  double* array_ = nullptr;
  order_tree<order_extra::unknowns> tree_;
  std::uint64_t size_ = 0;
  bool long_ = false;

  template <class Holds>
  static std::uint64_t partition(std::uint64_t n, Holds holds) {
    std::uint64_t first = 0;
    while (n > 0) {
      auto half = n / 2;
      if (holds(first + half)) {
        first += half + 1;
        n -= half + 1;
      } else {
        n = half;
      }
    }
    return first;
  }
  template <class Ties>
  std::uint64_t last_tie(Ties ties) const {
    if (long_) return tree_.last_where(ties);
    auto k = size_;
    while (k > 0 && !ties(array_[k - 1])) --k;
    return k > 0 ? k - 1 : size_;
  }
  std::uint64_t first_unknown() const {
    if (long_) return tree_.unknowns() > 0 ? tree_.first_unknown() : 0;
    auto* at = std::find_if(array_, array_ + size_, [](double v) { return is_na(v); });
    return at == array_ + size_ ? 0 : static_cast<std::uint64_t>(at - array_);
  }
};

/// The window of the percentiles: `length` bars with their na, in the order of ranks that TradingView keeps. A new
/// value goes in front of the values it ties with (within the tolerance of comparisons); a value that leaves takes the
/// last of its ties with it. A na holds no value back: the search steps over it, so one that arrives goes to the end
/// and one from before the first bar stands in front. A window that is too small is filled up from the bars before.
/// Each call moves the window on, also a second one on the same bar. (Measured on TradingView by PyneCore, probes m577
/// to m580.)
struct rank_machine {
  window bars; ///< oldest first from cell `first` on
  rank_list ranks;
  std::uint64_t first = 0;
  history_machine history;

  /// False while the chart has fewer than `length` bars.
  bool step(const site& c, double x, std::int64_t length) {
    auto want = static_cast<std::uint64_t>(length);
    history.push(c, x, window_room(c, length));
    make_room(c, std::max(want, ranks.size() + 1) + 1);
    bars[first + ranks.size()] = x;
    ranks.insert(ranks.place_for(x), x);
    if (auto have = ranks.size(); have < want) {
      for (auto k = have; k < want; ++k) bars[--first] = history.at(k);
      for (auto k = have; k < want; ++k) {
        double v = history.at(k);
        ranks.insert(is_na(v) ? 0 : ranks.place_for(v), v);
      }
      c.shared().charge(want);
    }
    c.shared().charge(ranks.looked_through() / 16);
    while (ranks.size() > want) ranks.erase(ranks.place_of(bars[first++]));
    return c.ctx->index >= length - 1;
  }

  /// The value at `percent` between the two places beside n * percent / 100 + 0.5.
  double linear(double percent) const {
    if (is_na(percent)) return na_value;
    auto size = ranks.size();
    double place = place_of_percent(f64(size), percent);
    if (place <= 1) return ranks[0];
    if (place >= f64(size)) return ranks[size - 1];
    auto low = static_cast<std::uint64_t>(place);
    double share = place - f64(low);
    return ranks[low - 1] * (1 - share) + ranks[low] * share;
  }
  /// The value at place ceil(n * percent / 100); na counts as 0.
  double nearest(double percent) const {
    if (is_na(percent)) percent = 0;
    auto rank = static_cast<std::uint64_t>(std::ceil(percent * f64(ranks.size()) / 100));
    return ranks[std::clamp<std::uint64_t>(rank, 1, ranks.size()) - 1];
  }
  /// Place from 1 on, which a rounding error may not move off a whole number.
  static double place_of_percent(double n, double percent) {
    double place = n * percent / 100 + 0.5, whole = std::nearbyint(place);
    return std::fabs(place - whole) < 1e-9 ? whole : place;
  }

private:
  void make_room(const site& c, std::uint64_t need) {
    if (bars.data != nullptr && need <= bars.mask) return;
    window more_bars;
    c.ctx->reserve_exact(more_bars, need);
    for (std::uint64_t k = 0; k < ranks.size(); ++k) more_bars[first + k] = bars[first + k];
    bars = more_bars;
    ranks.prepare(bars.mask + 1, [&](std::uint64_t cells) {
      window w;
      c.ctx->reserve_exact(w, cells);
      return w.data;
    });
  }
};

} // namespace tt::pine
