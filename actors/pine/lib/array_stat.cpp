#include "actors/pine/lib/strings.hpp"
#include "actors/pine/lib/ta_machines.hpp"
#include "actors/pine/registry.hpp"

#include <algorithm>

/// array.*: statistics. na elements are left out unless a rule below says otherwise.

namespace tt::pine {

array_view array_arg(const site& c, std::size_t k);

namespace {

std::vector<double> known(const site& c, std::size_t k) {
  auto v = array_arg(c, k);
  c.shared().charge(v.count);
  std::vector<double> out;
  out.reserve(v.count);
  for (std::size_t i = 0; i < v.count; ++i)
    if (!is_na(v.num()[i])) out.push_back(v.num()[i]);
  return out;
}
/// Sorting takes several times what reading takes.
void sort_values(const site& c, std::vector<double>& v) {
  c.shared().charge(4 * v.size());
  std::sort(v.begin(), v.end());
}
double total(const std::vector<double>& v) {
  double s = 0;
  for (double x : v) s += x;
  return s;
}
double mean(const std::vector<double>& v) { return v.empty() ? na_value : total(v) / f64(v.size()); }

/// From the sums of the elements and of their squares, as the platform's last digits show (as observed); one element
/// varies by 0, and by na where the divisor is one less.
double variance_of(const std::vector<double>& v, bool biased) {
  if (v.empty()) return na_value;
  if (v.size() == 1) return biased ? 0 : na_value;
  double sum = total(v), squares = 0;
  for (double x : v) squares += x * x;
  double m = sum / f64(v.size()), divisor = f64(biased ? v.size() : v.size() - 1);
  return std::max(0.0, biased ? squares / divisor - m * m : squares / divisor - sum / divisor * m);
}

array_object* result(const site& c, type_id t, std::size_t count) {
  auto* a = c.mem().make<array_object>(t, false);
  c.mem().grew(count * 8);
  c.reto(a);
  return a;
}

void abs(site& c) {
  auto v = array_arg(c, 0);
  c.shared().charge(v.count);
  auto* a = result(c, v.array->element, v.count);
  for (std::size_t i = 0; i < v.count; ++i) a->num.push_back(std::fabs(v.num()[i]));
}
void avg(site& c) { c.ret(mean(known(c, 0))); }
void sum(site& c) {
  auto v = known(c, 0);
  c.ret(v.empty() ? na_value : total(v));
}
template <bool Largest>
void nth(site& c) {
  auto v = known(c, 0);
  auto k = c.na(1) ? 0 : c.i(1);
  if (k < 0 || usz(k) >= v.size()) return c.ret(na_value);
  sort_values(c, v);
  c.ret(Largest ? v[v.size() - 1 - usz(k)] : v[usz(k)]);
}
void range(site& c) {
  auto v = known(c, 0);
  if (v.empty()) return c.ret(na_value);
  auto [lo, hi] = std::minmax_element(v.begin(), v.end());
  c.ret(*hi - *lo);
}
void median(site& c) {
  auto v = known(c, 0);
  if (v.empty()) return c.ret(na_value);
  sort_values(c, v);
  auto mid = v.size() / 2;
  c.ret(v.size() % 2 == 1 ? v[mid] : (v[mid - 1] + v[mid]) / 2);
}
void mode(site& c) {
  auto v = known(c, 0);
  if (v.empty()) return c.ret(na_value);
  sort_values(c, v);
  double best = v.front();
  std::size_t most = 0;
  for (std::size_t i = 0; i < v.size();) {
    auto j = i;
    while (j < v.size() && v[j] == v[i]) ++j;
    if (j - i > most) {
      most = j - i;
      best = v[i];
    }
    i = j;
  }
  c.ret(best);
}
void variance(site& c) { c.ret(variance_of(known(c, 0), c.b(1))); }
void stdev(site& c) { c.ret(std::sqrt(variance_of(known(c, 0), c.b(1)))); }
void covariance(site& c) {
  auto a = array_arg(c, 0), b = array_arg(c, 1);
  if (a.count != b.count)
    c.stop("the arrays have different sizes: " + std::to_string(a.count) + " and " + std::to_string(b.count));
  c.shared().charge(a.count);
  // one pass with running means, as TradingView's last digits show
  double count = 0, mx = 0, my = 0, moment = 0;
  for (std::size_t i = 0; i < a.count; ++i) {
    double x = a.num()[i], y = b.num()[i];
    if (is_na(x) || is_na(y)) continue;
    count += 1;
    double d = x - mx;
    mx += d / count;
    my += (y - my) / count;
    moment += d * (y - my);
  }
  if (count == 0) return c.ret(na_value);
  double divisor = c.b(2) ? count : count - 1;
  c.ret(divisor == 0 ? na_value : moment / divisor);
}
void standardize(site& c) {
  auto v = array_arg(c, 0);
  auto values = known(c, 0);
  double m = mean(values), d = std::sqrt(variance_of(values, true));
  auto* a = result(c, t_float, v.count);
  for (std::size_t i = 0; i < v.count; ++i) {
    double x = v.num()[i];
    a->num.push_back(is_na(x) ? na_value : d == 0 ? 1 : (x - m) / d);
  }
}

double percent_arg(const site& c) {
  double p = c.f(1);
  if (p < 0 || p > 100) c.stop("the percentage must be between 0 and 100, it is " + std::to_string(p));
  return p;
}
/// Percentiles keep na elements in the count and behind all values (kit: log-array-percentile-na).
void percentile_nearest(site& c) {
  auto n = i64(array_arg(c, 0).count);
  auto v = known(c, 0);
  double p = is_na(percent_arg(c)) ? 0 : c.f(1);
  if (n == 0) return c.ret(na_value);
  sort_values(c, v);
  auto rank = std::max<std::int64_t>(i64(std::ceil(p * f64(n) / 100)), 1);
  c.ret(rank > i64(v.size()) ? na_value : v[usz(rank - 1)]);
}
void percentile_linear(site& c) {
  auto n = i64(array_arg(c, 0).count);
  auto v = known(c, 0);
  sort_values(c, v);
  c.ret(select_linear(v, n, percent_arg(c)));
}
void percentrank(site& c) {
  auto v = array_arg(c, 0);
  if (v.count == 0) return c.ret(na_value);
  auto k = c.na(1) ? 0 : c.i(1);
  if (k < 0 || k >= i64(v.count)) c.stop("the index " + std::to_string(k) + " is outside of the array, whose size is " + std::to_string(v.count));
  c.shared().charge(v.count);
  double x = v.num()[k];
  if (is_na(x) || v.count < 2) return c.ret(na_value);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < v.count; ++i) count += i64(i) != k && v.num()[i] - x <= epsilon ? 1 : 0;
  c.ret(100.0 * f64(count) / f64(v.count - 1));
}

} // namespace

const std::vector<builtin_row>& array_stat_rows() {
  static const std::vector<builtin_row> rows{
      {"array.abs(array<num> id) array<num>", abs},
      {"array.avg(array<num> id) num", avg},
      {"array.sum(array<num> id) num", sum},
      {"array.max(array<num> id, int nth=0) num", nth<true>},
      {"array.min(array<num> id, int nth=0) num", nth<false>},
      {"array.range(array<num> id) num", range},
      {"array.median(array<num> id) num", median},
      {"array.mode(array<num> id) num", mode},
      {"array.variance(array<num> id, bool biased=true) num", variance},
      {"array.stdev(array<num> id, bool biased=true) num", stdev},
      {"array.covariance(array<num> id1, array<num> id2, bool biased=true) float", covariance},
      {"array.standardize(array<num> id) array<float>", standardize},
      {"array.percentile_nearest_rank(array<num> id, float percentage) num", percentile_nearest},
      {"array.percentile_linear_interpolation(array<num> id, float percentage) num", percentile_linear},
      {"array.percentrank(array<num> id, int index) num", percentrank},
  };
  return rows;
}

} // namespace tt::pine
