#pragma once
/// Values in order, with O(log n) for everything: a tree balanced by weight in memory of doubles.

#include "actors/pine/lib/ta_wide.hpp"

namespace tt::pine {

/// What a tree knows of each of its subtrees beside their sizes.
enum class order_extra : std::uint8_t {
  unknowns, ///< how many values are na
  sums,     ///< the sum of the values
  modes,    ///< the value that is there most often, the smallest of them
};

/// A sequence of values kept as a tree balanced by weight (Adams; parameters 3 and 2 as proven by Hirai and Yamamoto,
/// so its height is below 2.5 log2 n whatever comes). It is used either as a sequence (insert_at, erase_at) or as a set
/// with repetitions in ascending order (add, remove). A subtree's sums come from those of its children each time, so
/// nothing drifts. The nodes lie in cells of the caller's, which a snapshot of the script copies as plain numbers.
template <order_extra Extra>
class order_tree {
public:
  static constexpr std::uint64_t cells_per_node = 6;
  static constexpr std::uint64_t cells_for(std::uint64_t values) { return (values + 1) * cells_per_node; }

  /// Starts empty in `cells`, which hold cells_for(most values).
  void attach(double* cells) {
    cells_ = cells;
    std::fill_n(cells_, cells_per_node, 0.0); // node 0: the empty tree
    root_ = used_ = free_ = 0;
  }
  std::uint64_t size() const { return cells_ == nullptr ? 0 : total(root_); }

  /// The value at place k < size().
  double operator[](std::uint64_t k) const {
    auto t = root_;
    for (;;) {
      std::uint64_t left_size = total(left(t));
      if (k < left_size) t = left(t);
      else if (k < left_size + own(t)) return key(t);
      else {
        k -= left_size + own(t);
        t = right(t);
      }
    }
  }
  void insert_at(std::uint64_t place, double v) { root_ = insert_at(root_, u32(place), v); }
  void erase_at(std::uint64_t place) { root_ = erase_at(root_, u32(place)); }
  void add(double v) { root_ = add(root_, v); }
  /// Takes out one of the values equal to v, if there is one.
  void remove(double v) { root_ = remove(root_, v); }
  /// Replaces everything by the n values at `sorted`, equal ones as one node.
  void assign_sorted(const double* sorted, std::uint64_t n) {
    attach(cells_);
    for (std::uint64_t k = 0; k < n;) {
      auto first = k;
      while (k < n && sorted[k] == sorted[first]) ++k;
      make(sorted[first], u32(k - first));
    }
    root_ = linked(1, used_ + 1);
  }

  struct front {
    std::uint64_t count = 0;
    wide sum;
  };
  /// The values before the first of which `holds` is false; it must be true up to a place and false from there on.
  template <class Holds>
  front front_where(Holds holds) const {
    front f;
    for (auto t = root_; t != 0;) {
      if (!holds(key(t))) {
        t = left(t);
        continue;
      }
      f.count += total(left(t)) + own(t);
      if constexpr (Extra == order_extra::sums) f.sum = f.sum + sum(left(t)) + times(key(t), f64(own(t)));
      t = right(t);
    }
    return f;
  }
  wide sum() const requires(Extra == order_extra::sums) { return sum(root_); }
  /// The most frequent value, the smallest of them.
  double mode() const requires(Extra == order_extra::modes) { return cell(root_, 5); }
  std::uint64_t unknowns() const requires(Extra == order_extra::unknowns) { return unknowns(root_); }
  /// Place of the first na; there must be one.
  std::uint64_t first_unknown() const requires(Extra == order_extra::unknowns) {
    std::uint64_t before = 0;
    for (auto t = root_;;) {
      if (unknowns(left(t)) > 0) {
        t = left(t);
        continue;
      }
      before += total(left(t));
      if (is_na(key(t))) return before;
      ++before;
      t = right(t);
    }
  }
  /// The last place whose value fulfils `is`, looked for through all of them; size() when there is none.
  template <class Is>
  std::uint64_t last_where(Is is) const {
    auto place = size();
    return last_where(root_, place, is) ? place : size();
  }

private:
  using node = std::uint32_t;
  double* cells_ = nullptr;
  node root_ = 0, used_ = 0, free_ = 0;

  // cell 0: value; 1: children; 2: nodes and values of the subtree; 3: how often the value is there; 4, 5: the extra
  double& cell(node t, std::uint64_t k) const { return cells_[t * cells_per_node + k]; }
  static double packed(std::uint64_t high, std::uint64_t low) { return std::bit_cast<double>(high << 32 | low); }
  std::uint64_t bits(node t, std::uint64_t k) const { return std::bit_cast<std::uint64_t>(cell(t, k)); }
  double key(node t) const { return cell(t, 0); }
  node left(node t) const { return u32(bits(t, 1) >> 32); }
  node right(node t) const { return u32(bits(t, 1)); }
  std::uint64_t nodes(node t) const { return bits(t, 2) >> 32; }
  std::uint32_t total(node t) const { return u32(bits(t, 2)); }
  std::uint32_t own(node t) const { return u32(bits(t, 3)); }
  wide sum(node t) const { return {cell(t, 4), cell(t, 5)}; }
  std::uint32_t unknowns(node t) const { return u32(bits(t, 4)); }

  node make(double v, std::uint32_t times_there) {
    node t = free_;
    if (t != 0) free_ = left(t);
    else t = ++used_;
    cell(t, 0) = v;
    cell(t, 3) = packed(0, times_there);
    return join(t, 0, 0);
  }
  void drop(node t) {
    cell(t, 1) = packed(free_, 0);
    free_ = t;
  }
  /// t with these children, everything about the subtree worked out.
  node join(node t, node l, node r) {
    cell(t, 1) = packed(l, r);
    cell(t, 2) = packed(nodes(l) + nodes(r) + 1, std::uint64_t{total(l)} + total(r) + own(t));
    if constexpr (Extra == order_extra::sums) {
      auto s = sum(l) + sum(r) + times(key(t), f64(own(t)));
      cell(t, 4) = s.hi;
      cell(t, 5) = s.lo;
    } else if constexpr (Extra == order_extra::unknowns) {
      cell(t, 4) = packed(0, std::uint64_t{unknowns(l)} + unknowns(r) + (is_na(key(t)) ? 1 : 0));
    } else {
      double most = cell(l, 4), value = cell(l, 5);
      if (f64(own(t)) > most) {
        most = f64(own(t));
        value = key(t);
      }
      cell(t, 4) = cell(r, 4) > most ? cell(r, 4) : most;
      cell(t, 5) = cell(r, 4) > most ? cell(r, 5) : value;
    }
    return t;
  }
  std::uint64_t weight(node t) const { return nodes(t) + 1; }
  /// join() for children of which one has changed by one node.
  node balance(node t, node l, node r) {
    if (weight(r) > 3 * weight(l)) {
      node inner = left(r), outer = right(r);
      if (weight(inner) < 2 * weight(outer)) return join(r, join(t, l, inner), outer);
      node il = left(inner), ir = right(inner);
      return join(inner, join(t, l, il), join(r, ir, outer));
    }
    if (weight(l) > 3 * weight(r)) {
      node inner = right(l), outer = left(l);
      if (weight(inner) < 2 * weight(outer)) return join(l, outer, join(t, inner, r));
      node il = left(inner), ir = right(inner);
      return join(inner, join(l, outer, il), join(t, ir, r));
    }
    return join(t, l, r);
  }
  node insert_at(node t, std::uint32_t place, double v) {
    if (t == 0) return make(v, 1);
    auto before = total(left(t));
    if (place <= before) return balance(t, insert_at(left(t), place, v), right(t));
    return balance(t, left(t), insert_at(right(t), place - before - 1, v));
  }
  node erase_at(node t, std::uint32_t place) {
    auto before = total(left(t));
    if (place < before) return balance(t, erase_at(left(t), place), right(t));
    if (place > before) return balance(t, left(t), erase_at(right(t), place - before - 1));
    return without_root(t);
  }
  node add(node t, double v) {
    if (t == 0) return make(v, 1);
    if (v < key(t)) return balance(t, add(left(t), v), right(t));
    if (v > key(t)) return balance(t, left(t), add(right(t), v));
    cell(t, 3) = packed(0, std::uint64_t{own(t)} + 1);
    return join(t, left(t), right(t));
  }
  node remove(node t, double v) {
    if (t == 0) return 0;
    if (v < key(t)) return balance(t, remove(left(t), v), right(t));
    if (v > key(t)) return balance(t, left(t), remove(right(t), v));
    if (own(t) == 1) return without_root(t);
    cell(t, 3) = packed(0, std::uint64_t{own(t)} - 1);
    return join(t, left(t), right(t));
  }
  node without_root(node t) {
    node l = left(t), r = right(t);
    drop(t);
    if (l == 0) return r;
    if (r == 0) return l;
    node end = 0;
    if (nodes(l) > nodes(r)) {
      l = without_last(l, end);
    } else {
      r = without_first(r, end);
    }
    return balance(end, l, r);
  }
  /// Looks from the end of the subtree on; `place` is that behind it.
  template <class Is>
  bool last_where(node t, std::uint64_t& place, Is is) const {
    if (t == 0) return false;
    if (last_where(right(t), place, is)) return true;
    place -= own(t);
    return is(key(t)) || last_where(left(t), place, is);
  }
  node without_first(node t, node& first) {
    if (left(t) == 0) {
      first = t;
      return right(t);
    }
    node l = without_first(left(t), first);
    return balance(t, l, right(t));
  }
  node without_last(node t, node& last) {
    if (right(t) == 0) {
      last = t;
      return left(t);
    }
    node r = without_last(right(t), last);
    return balance(t, left(t), r);
  }
  /// The nodes from `from` up to before `to`, which are in order.
  node linked(node from, node to) {
    if (from == to) return 0;
    node mid = from + (to - from) / 2;
    node l = linked(from, mid), r = linked(mid + 1, to);
    return join(mid, l, r);
  }
};

/// Up to these lengths a plain array is faster than the tree (measured): windows that are looked through on every bar,
/// the mode's, whose sorted window is looked through, and sorted windows in which a value only moves others.
inline constexpr std::int64_t longest_looked_through = 256;
inline constexpr std::int64_t longest_mode_counted = 64;
inline constexpr std::int64_t longest_moved = 4096;

/// The values of a window over a history that aren't na, in ascending order.
template <order_extra Extra>
struct ordered_window {
  order_tree<Extra> tree;
  std::uint64_t unknown = 0; ///< na among the values of the window

  /// True when the window holds the values up to the one numbered `newest`.
  bool holds(std::uint64_t newest, std::uint64_t n) const { return newest == newest_ && n == length_; }
  /// Brings the window to the values `skip` to `skip + n - 1` places behind the newest of `h`. One step of the history
  /// is O(log n); a changed length, or another value on the same bar, orders the window anew.
  void step(const site& c, const history_machine& h, std::uint64_t n, std::uint64_t skip) {
    auto newest = h.count() - skip;
    if (n != length_ || newest != newest_ + 1) return make(c, h, n, skip);
    newest_ = newest;
    double out = h.at(skip + n), in = h.at(skip);
    if (is_na(out)) --unknown;
    else tree.remove(out);
    if (is_na(in)) ++unknown;
    else tree.add(in);
  }

private:
  window cells_;
  std::uint64_t newest_ = 0, length_ = 0;

  void make(const site& c, const history_machine& h, std::uint64_t n, std::uint64_t skip) {
    static thread_local std::vector<double> sorted;
    c.shared().charge(n);
    c.ctx->reserve_exact(cells_, order_tree<Extra>::cells_for(n));
    sorted.clear();
    for (std::uint64_t k = 0; k < n; ++k)
      if (double v = h.at(skip + k); !is_na(v)) sorted.push_back(v);
    std::sort(sorted.begin(), sorted.end());
    unknown = n - sorted.size();
    tree.attach(cells_.data);
    tree.assign_sorted(sorted.data(), sorted.size());
    newest_ = h.count() - skip;
    length_ = n;
  }
};

} // namespace tt::pine
