#include "actors/risk/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace tt::risk {

namespace {

constexpr int digits = 6;

std::optional<decimal> rounded(double value) {
  const auto out = decimal::from_double(value, digits);
  return out ? std::optional{*out} : std::nullopt;
}

double mean_of(std::span<const double> v) {
  double sum = 0;
  for (const auto x : v) sum += x;
  return sum / static_cast<double>(v.size());
}

} // namespace

std::vector<double> daily_returns(std::span<const double> closes) {
  std::vector<double> out;
  for (std::size_t i = 1; i < closes.size(); ++i) {
    const bool usable = closes[i - 1] > 0 && closes[i] > 0 && std::isfinite(closes[i]) && std::isfinite(closes[i - 1]);
    if (usable) out.push_back(closes[i] / closes[i - 1] - 1);
    else out.clear();
  }
  return out;
}

std::optional<decimal> yearly_volatility(std::span<const double> returns, std::size_t days, asset_class kind) {
  if (days < 2 || returns.size() < days) return std::nullopt;
  const auto last = returns.last(days);
  const double mean = mean_of(last);
  double squares = 0;
  for (const auto x : last) squares += (x - mean) * (x - mean);
  const double days_a_year = kind == asset_class::crypto ? 365 : 252;
  return rounded(std::sqrt(squares / static_cast<double>(days - 1) * days_a_year));
}

std::optional<decimal> correlation_of(std::span<const double> a, std::span<const double> b, std::size_t least, std::size_t most) {
  const auto n = std::min({a.size(), b.size(), most});
  if (n < std::max<std::size_t>(least, 2)) return std::nullopt;
  const auto x = a.last(n), y = b.last(n);
  const double mx = mean_of(x), my = mean_of(y);
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < n; ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  if (!(xx > 0) || !(yy > 0)) return std::nullopt;
  return rounded(std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0));
}

std::pair<std::vector<double>, std::vector<double>> common_returns(std::span<const daily_close> a, std::span<const daily_close> b, std::size_t most) {
  std::vector<double> x, y;
  for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i].day < b[k].day) ++i;
    else if (b[k].day < a[i].day) ++k;
    else x.push_back(a[i++].close), y.push_back(b[k++].close);
  }
  std::pair<std::vector<double>, std::vector<double>> out;
  const auto is_usable = [](double before, double now) { return before > 0 && now > 0 && std::isfinite(before) && std::isfinite(now); };
  for (std::size_t i = x.size() > most + 1 ? x.size() - most : 1; i < x.size(); ++i)
    if (is_usable(x[i - 1], x[i]) && is_usable(y[i - 1], y[i])) {
      out.first.push_back(x[i] / x[i - 1] - 1);
      out.second.push_back(y[i] / y[i - 1] - 1);
    }
  return out;
}

void return_table::set(std::string_view symbol, std::vector<daily_close> closes) {
  auto found = symbols_.find(symbol);
  if (found == symbols_.end()) {
    const auto id = static_cast<std::uint32_t>(symbols_.size());
    found = symbols_.emplace(std::string(symbol), entry{id, {}}).first;
  }
  found->second.closes = std::move(closes);
  const auto id = found->second.id;
  std::erase_if(pairs_, [&](const auto& pair) { return (pair.first >> 32) == id || (pair.first & UINT32_MAX) == id; });
}

bool return_table::has_history(std::string_view symbol) const {
  const auto found = symbols_.find(symbol);
  return found != symbols_.end() && found->second.closes.size() > least_days;
}

std::optional<decimal> return_table::correlation(std::string_view a, std::string_view b) {
  const auto first = symbols_.find(a), second = symbols_.find(b);
  if (first == symbols_.end() || second == symbols_.end()) return std::nullopt;
  const auto low = std::min(first->second.id, second->second.id), high = std::max(first->second.id, second->second.id);
  const auto key = static_cast<std::uint64_t>(low) << 32 | high;
  const auto known = pairs_.find(key);
  if (known != pairs_.end()) return known->second;
  const auto [x, y] = common_returns(first->second.closes, second->second.closes, window);
  const auto value = correlation_of(x, y, least_days, window);
  pairs_.emplace(key, value);
  return value;
}

} // namespace tt::risk
