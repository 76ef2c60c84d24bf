#include "actors/portfolio/portfolio_risk.hpp"

#include <algorithm>
#include <cmath>

namespace tt::portfolio {

namespace {

constexpr double days_of_a_year = 252, tail = 0.05;

using series = std::map<utc_time, double>;

/// Simple returns from one known day to the next one; days whose close is not positive are left out.
series returns_of(const daily_closes& closes) {
  series out;
  double before = 0;
  for (const auto& [day, close] : closes) {
    if (close > 0 && before > 0) out[day] = close / before - 1;
    before = close;
  }
  return out;
}

double mean(const std::vector<double>& of) {
  double sum = 0;
  for (const auto v : of) sum += v;
  return sum / static_cast<double>(of.size());
}

/// Of the sample (n - 1).
double covariance(const std::vector<double>& a, const std::vector<double>& b) {
  const auto ma = mean(a), mb = mean(b);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - ma) * (b[i] - mb);
  return sum / static_cast<double>(a.size() - 1);
}

/// Nothing where one of both does not move.
std::optional<double> correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto spread = std::sqrt(covariance(a, a) * covariance(b, b));
  if (!(spread > 0)) return std::nullopt;
  return std::clamp(covariance(a, b) / spread, -1.0, 1.0);
}

/// Values of both on the days that both have.
std::pair<std::vector<double>, std::vector<double>> on_common_days(const series& a, const series& b) {
  std::pair<std::vector<double>, std::vector<double>> out;
  for (const auto& [day, value] : a)
    if (const auto other = b.find(day); other != b.end()) {
      out.first.push_back(value);
      out.second.push_back(other->second);
    }
  return out;
}

series result_of(const std::vector<weighted_symbol>& held, const std::vector<series>& returns) {
  series out;
  for (const auto& [day, first] : returns.front()) {
    double sum = held.front().weight * first;
    bool is_whole = true;
    for (std::size_t i = 1; i < held.size() && is_whole; ++i) {
      const auto found = returns[i].find(day);
      is_whole = found != returns[i].end();
      if (is_whole) sum += held[i].weight * found->second;
    }
    if (is_whole) out[day] = sum;
  }
  return out;
}

std::string too_few(std::size_t have, std::size_t needed) {
  return "only " + std::to_string(have) + " days of common history; " + std::to_string(needed) + " are needed";
}

void add_correlations(portfolio_risk& out, const std::vector<series>& returns) {
  const auto count = returns.size();
  out.correlations.assign(count, std::vector<std::optional<double>>(count));
  double sum = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = i + 1; j < count; ++j) {
      const auto [a, b] = on_common_days(returns[i], returns[j]);
      if (a.size() < min_days) continue;
      out.correlations[i][j] = out.correlations[j][i] = correlation(a, b);
      if (!out.correlations[i][j]) continue;
      sum += *out.correlations[i][j];
      ++pairs;
    }
  for (std::size_t i = 0; i < count; ++i)
    if (returns[i].size() >= min_days) out.correlations[i][i] = 1.0;
  if (pairs > 0) out.avg_correlation = sum / pairs;
  else out.reasons["avg_correlation"] = count < 2 ? "fewer than two symbols are held" : "no two symbols share enough history";
}

void add_tail(portfolio_risk& out, std::vector<double> results) {
  if (results.size() < min_tail_days) {
    out.reasons["var_95"] = out.reasons["cvar_95"] = too_few(results.size(), min_tail_days);
    return;
  }
  std::ranges::sort(results);
  // the worst 5 % of the days, at least one
  const auto beyond = std::max<std::size_t>(1, static_cast<std::size_t>(std::floor(tail * static_cast<double>(results.size()))));
  out.var_95 = std::max(0.0, -results[beyond - 1]);
  double sum = 0;
  for (std::size_t i = 0; i < beyond; ++i) sum += results[i];
  out.cvar_95 = std::max(0.0, -sum / static_cast<double>(beyond));
}

void add_market(portfolio_risk& out, const series& result, const daily_closes& benchmark) {
  const auto missing = [&](const std::string& why) { out.reasons["beta"] = out.reasons["correlation_with_market"] = why; };
  if (benchmark.empty()) return missing("the benchmark has no history here");
  const auto [own, market] = on_common_days(result, returns_of(benchmark));
  if (own.size() < min_days) return missing(too_few(own.size(), min_days));
  const auto moved = covariance(market, market);
  if (!(moved > 0)) return missing("the benchmark did not move");
  out.beta = covariance(own, market) / moved;
  out.correlation_with_market = correlation(own, market);
  if (!out.correlation_with_market) out.reasons["correlation_with_market"] = "the result did not move";
}

} // namespace

portfolio_risk measure_risk(const std::vector<weighted_symbol>& held, const daily_closes& benchmark) {
  portfolio_risk out;
  if (held.empty()) {
    for (const char* name : {"volatility", "beta", "var_95", "cvar_95", "avg_correlation", "correlation_with_market"})
      out.reasons[name] = "nothing is held";
    return out;
  }
  std::vector<series> returns;
  for (const auto& one : held) {
    out.symbols.push_back(one.symbol);
    out.concentration = std::max(out.concentration, std::abs(one.weight));
    returns.push_back(returns_of(one.closes));
  }
  add_correlations(out, returns);
  const auto result = result_of(held, returns);
  out.sample_days = result.size();
  std::vector<double> days;
  for (const auto& [day, value] : result) days.push_back(value);
  if (days.size() >= min_days) out.volatility = std::sqrt(covariance(days, days) * days_of_a_year);
  else out.reasons["volatility"] = too_few(days.size(), min_days);
  add_tail(out, days);
  add_market(out, result, benchmark);
  return out;
}

} // namespace tt::portfolio
