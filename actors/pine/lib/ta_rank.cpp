#include "actors/pine/lib/ta_rank.hpp"
#include "actors/pine/registry.hpp"

/// ta.*: what needs the values of a window in order of size.

namespace tt::pine {
namespace {

/// A window's values and their mean, for distances from it.
struct walk_state {
  history_machine h;
  sum_machine mean;
  ordered_window<order_extra::sums> ordered; ///< of long windows
};
/// Sum of the distances of the values in order from `mean`: those below it and those above it by their sums.
double distances(const order_tree<order_extra::sums>& tree, double mean) {
  auto below = tree.front_where([mean](double v) { return v <= mean; });
  auto total = tree.sum() - below.sum * 2 + times(mean, 2 * f64(below.count) - f64(tree.size()));
  return std::max(0.0, total.value());
}
/// Mean distance from the mean. Summed newest first as TradingView does up to longest_looked_through values, beyond it
/// O(log n); na while a value in the window is na.
double deviation(const site& c, walk_state& m, double x, std::int64_t n, double& mean) {
  m.h.push(c, x, window_room(c, n));
  mean = sma_step(m.mean, c, x, n);
  auto size = static_cast<std::uint64_t>(n);
  bool in_order = n > longest_looked_through && m.h.count() >= size;
  if (in_order) m.ordered.step(c, m.h, size, 0);
  if (is_na(mean)) return na_value;
  if (in_order) return m.ordered.unknown > 0 ? na_value : distances(m.ordered.tree, mean) / f64(n);
  c.shared().charge(size / 16);
  double total = 0;
  for (std::uint64_t k = 0; k < size; ++k) total += std::fabs(m.h.at(k) - mean);
  return total / f64(n);
}
void dev(site& c) {
  auto n = length_arg(c, 1);
  double mean = 0;
  double d = deviation(c, c.st<walk_state>(), c.f(0), n, mean);
  c.ret(n == 1 ? 0.0 : d);
}
void cci(site& c) {
  double mean = 0, x = c.f(0);
  double d = deviation(c, c.st<walk_state>(), x, length_arg(c, 1), mean);
  c.ret(d == 0 ? na_value : (x - mean) / (0.015 * d));
}

/// Fills `out` with the last n values, newest first; false during warm-up or when the newest is na.
bool gather(const site& c, double x, std::int64_t n, std::int64_t warm, std::vector<double>& out) {
  auto& h = c.st<history_machine>();
  h.push(c, x, window_room(c, n + 1));
  if (is_na(x) || c.ctx->index + 1 < warm) return false;
  c.shared().charge(static_cast<std::uint64_t>(n));
  out.resize(usz(n));
  for (std::int64_t k = 0; k < n; ++k) out[usz(k)] = h.at(static_cast<std::uint64_t>(k));
  return true;
}
std::vector<double>& scratch() {
  static thread_local std::vector<double> v;
  return v;
}

/// Of the last n values that aren't na; a na bar shows the standing result.
void median(site& c) {
  if (c.na(1)) return c.ret(na_value);
  auto& m = c.st<sorted_machine>();
  auto n = length_arg(c, 1);
  if (!m.step(c, c.f(0), n, longest_moved)) return c.ret(na_value);
  auto mid = static_cast<std::uint64_t>(n / 2);
  auto at = [&](std::uint64_t k) { return n > longest_moved ? m.tree.tree[k] : m[k]; };
  c.ret(n % 2 == 1 ? at(mid) : (at(mid - 1) + at(mid)) / 2);
}

/// The most frequent of the last n values that aren't na, the smallest of them. Runs of equal values are counted in the
/// sorted window up to longest_mode_counted values, beyond it the tree knows.
void mode(site& c) {
  if (c.na(1)) return c.ret(na_value);
  auto& m = c.st<sorted_machine>();
  auto n = length_arg(c, 1);
  if (!m.step(c, c.f(0), n, longest_mode_counted)) return c.ret(na_value);
  if (n > longest_mode_counted) return c.ret(m.tree.tree.mode());
  c.shared().charge(m.size / 16);
  double best = m[0];
  std::uint64_t most = 0;
  for (std::uint64_t i = 0; i < m.size;) {
    auto j = i;
    while (j < m.size && m[j] == m[i]) ++j;
    if (j - i > most) {
      most = j - i;
      best = m[i];
    }
    i = j;
  }
  c.ret(best);
}

double percent_arg(const site& c, std::size_t k) {
  double p = c.f(k);
  if (p < 0 || p > 100) c.stop("the percentage must be between 0 and 100, it is " + std::to_string(p));
  return p;
}
void percentile_nearest_rank(site& c) {
  if (c.na(1)) return c.ret(na_value);
  auto& m = c.st<rank_machine>();
  double p = percent_arg(c, 2);
  c.ret(m.step(c, c.f(0), length_arg(c, 1)) ? m.nearest(p) : na_value);
}
void percentile_linear(site& c) {
  if (c.na(1)) return c.ret(na_value);
  auto& m = c.st<rank_machine>();
  double p = percent_arg(c, 2);
  c.ret(m.step(c, c.f(0), length_arg(c, 1)) ? m.linear(p) : na_value);
}

struct percentrank_state {
  history_machine h;
  ordered_window<order_extra::sums> before; ///< the values before the present one, of long windows
};
/// Compared one by one up to longest_looked_through values, beyond it found in order. na values count as larger.
void percentrank(site& c) {
  auto& m = c.st<percentrank_state>();
  double x = c.f(0);
  auto n = length_arg(c, 1);
  auto size = static_cast<std::uint64_t>(n);
  m.h.push(c, x, window_room(c, n + 2));
  bool in_order = n > longest_looked_through && m.h.count() > size;
  if (in_order && !m.before.holds(m.h.count() - 1, size)) m.before.step(c, m.h, size, 1);
  if (is_na(x) || c.ctx->index < n) return c.ret(na_value);
  std::uint64_t count = 0;
  auto not_above = [x](double v) { return v - x <= epsilon; };
  if (in_order) {
    count = m.before.tree.front_where(not_above).count;
  } else {
    c.shared().charge(size / 16);
    for (std::uint64_t k = 1; k <= size; ++k) count += not_above(m.h.at(k)) ? 1 : 0;
  }
  c.ret(100.0 * f64(count) / f64(n));
}

/// Of the ranks that the values of the window have among themselves and the places they stand at. The values are
/// sorted once, in memory kept from call to call.
void rci(site& c) {
  static thread_local std::vector<std::uint32_t> order;
  static thread_local std::vector<double> rank;
  auto n = length_arg(c, 1);
  auto& v = scratch();
  if (!gather(c, c.f(0), n, n + 1, v)) return c.ret(na_value);
  auto size = v.size();
  for (double x : v)
    if (is_na(x)) return c.ret(na_value);
  c.shared().charge(8 * size); // sorting by an index and the sums below, in the measure of gather()
  order.resize(size);
  rank.resize(size);
  for (std::size_t k = 0; k < size; ++k) order[k] = u32(k);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return v[a] != v[b] ? v[a] < v[b] : a < b; });
  for (std::size_t i = 0; i < size;) {
    auto j = i;
    while (j < size && v[order[j]] - v[order[i]] < epsilon) ++j;
    if (j == i) return c.ret(na_value); // infinite
    double avg = f64(size - 1) - f64(i + i + (j - i) - 1) / 2.0;
    for (auto k = i; k < j; ++k) rank[order[k]] = avg;
    i = j;
  }
  double sx = 0, sy = 0, sxx = 0, syy = 0, len = f64(n), cov = 0;
  for (std::size_t k = 0; k < size; ++k) {
    sx += f64(k);
    sy += rank[k];
    sxx += f64(k) * f64(k);
    syy += rank[k] * rank[k];
  }
  double mx = sx / len, my = sy / len, vx = sxx / len - mx * mx, vy = syy / len - my * my;
  if (vx <= 0 || vy <= 0) return c.ret(na_value);
  for (std::size_t k = 0; k < size; ++k) cov += (f64(k) - mx) * (rank[k] - my);
  c.ret(100.0 * (cov / len) / (std::sqrt(vx) * std::sqrt(vy)));
}

} // namespace

/// The value at `percent` among `n` places of which the known ones are `sorted`, by linear interpolation:
/// place n * percent / 100 + 0.5, as TradingView counts. na stands behind all values.
double select_linear(const std::vector<double>& sorted, std::int64_t n, double percent) {
  if (sorted.empty() || is_na(percent)) return na_value;
  double place = rank_machine::place_of_percent(f64(n), percent);
  auto value = [&](std::int64_t k) { return k > i64(sorted.size()) ? na_value : sorted[usz(k - 1)]; };
  if (place <= 1) return value(1);
  if (place >= f64(n)) return value(n);
  auto low = i64(std::floor(place));
  double share = place - f64(low);
  if (share == 0) return value(low);
  if (n > i64(sorted.size())) return na_value; // with a na among them nothing is interpolated (kit: log-array-percentile-na)
  return value(low) * (1 - share) + value(low + 1) * share;
}

const std::vector<builtin_row>& ta_rank_rows() {
  using hm = history_machine;
  static const std::vector<builtin_row> rows{
      {"ta.dev(float source, int length) float", dev, sizeof(walk_state)},
      {"ta.cci(float source, int length) float", cci, sizeof(walk_state)},
      {"ta.median(num source, int length) num", median, sizeof(sorted_machine)},
      {"ta.mode(num source, int length) num", mode, sizeof(sorted_machine)},
      {"ta.percentile_nearest_rank(float source, int length, simple float percentage) float", percentile_nearest_rank, sizeof(rank_machine)},
      {"ta.percentile_linear_interpolation(float source, int length, simple float percentage) float", percentile_linear, sizeof(rank_machine)},
      {"ta.percentrank(float source, int length) float", percentrank, sizeof(percentrank_state)},
      {"ta.rci(float source, simple int length) float", rci, sizeof(hm), special::none, 6},
  };
  return rows;
}

} // namespace tt::pine
