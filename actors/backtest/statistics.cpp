#include "actors/backtest/statistics.hpp"

#include <cmath>
#include <numbers>

namespace tt::backtest {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// By bisection and Newton steps on the distribution function: slow, exact, and in need of no table.
double normal_quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 60; ++i) {
    double middle = (low + high) / 2;
    (normal_cdf(middle) < p ? low : high) = middle;
  }
  double x = (low + high) / 2;
  for (int i = 0; i < 3; ++i) {
    double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    if (density > 0) x -= (normal_cdf(x) - p) / density;
  }
  return x;
}

moments moments_of(std::span<const double> v) {
  moments m;
  if (v.empty()) return m;
  double n = static_cast<double>(v.size()), m2 = 0, m3 = 0, m4 = 0;
  for (double x : v) m.mean += x;
  m.mean /= n;
  for (double x : v) {
    double d = x - m.mean;
    m2 += d * d;
    m3 += d * d * d;
    m4 += d * d * d * d;
  }
  if (v.size() < 2 || m2 == 0) return m;
  m.deviation = std::sqrt(m2 / (n - 1));
  double population = std::sqrt(m2 / n);
  m.skewness = m3 / n / std::pow(population, 3);
  m.kurtosis = m4 / n / std::pow(population, 4);
  return m;
}

std::optional<double> deflated_sharpe(std::span<const double> returns, std::span<const double> sharpes) {
  if (returns.size() < 2 || sharpes.size() < 2) return std::nullopt;
  auto best = moments_of(returns), all = moments_of(sharpes);
  if (best.deviation == 0 || all.deviation == 0) return std::nullopt;
  double trials = static_cast<double>(sharpes.size()), s = best.mean / best.deviation;
  double expected = all.deviation * ((1 - std::numbers::egamma) * normal_quantile(1 - 1 / trials) +
                                     std::numbers::egamma * normal_quantile(1 - 1 / (trials * std::numbers::e)));
  double spread = 1 - best.skewness * s + (best.kurtosis - 1) / 4 * s * s;
  if (spread <= 0) return std::nullopt;
  return normal_cdf((s - expected) * std::sqrt(static_cast<double>(returns.size()) - 1) / std::sqrt(spread));
}

std::optional<double> stability(double own, std::span<const double> neighbours, direction way) {
  if (neighbours.empty() || own == 0) return std::nullopt;
  const double sign = way == direction::maximize ? 1 : -1; // less is better: the same question about the negative values
  own *= sign;
  double sum = 0;
  for (double x : neighbours) sum += sign * x;
  double ratio = sum / static_cast<double>(neighbours.size()) / std::fabs(own);
  return own > 0 ? ratio : 2 + ratio; // neighbours as bad as a negative own value are a plateau too
}

} // namespace tt::backtest
