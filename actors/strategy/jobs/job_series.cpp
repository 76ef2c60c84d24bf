#include "actors/strategy/jobs/job_series.hpp"

#include "actors/pine/ta.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tt::strategy {

namespace {

constexpr double na = std::numeric_limits<double>::quiet_NaN();
using bars = std::vector<pine::bar>;

template <class Field>
std::vector<double> field(const bars& all, Field of) {
  std::vector<double> out;
  out.reserve(all.size());
  for (const auto& b : all) out.push_back(of(b));
  return out;
}

/// A result of an indicator over closes (or whole bars), bar by bar.
std::vector<double> over_closes(const bars& all, pine::ta_series series, std::size_t which = 0) {
  return field(all, [&](const pine::bar& b) { return series.next(b.close), series.values()[which]; });
}
std::vector<double> over_bars(const bars& all, pine::ta_series series) {
  return field(all, [&](const pine::bar& b) { return series.next(b); });
}

/// Mean volume of the bars before each one.
std::vector<double> average_volume(const bars& all, std::int64_t length) {
  const auto n = static_cast<std::size_t>(length);
  std::vector<double> out(all.size(), na);
  for (std::size_t i = n; i < all.size(); ++i) {
    double sum = 0;
    for (std::size_t k = i - n; k < i; ++k) sum += all[k].volume;
    out[i] = sum / static_cast<double>(n);
  }
  return out;
}

std::vector<double> volume_ratio(const bars& all, std::int64_t length) {
  auto out = average_volume(all, length);
  for (std::size_t i = 0; i < all.size(); ++i) out[i] = out[i] > 0 ? all[i].volume / out[i] : na;
  return out;
}

std::vector<double> bar_change(const bars& all) {
  std::vector<double> out(all.size(), na);
  for (std::size_t i = 1; i < all.size(); ++i)
    if (all[i - 1].close != 0) out[i] = all[i].close / all[i - 1].close - 1;
  return out;
}

std::vector<double> column(series_name what, std::int64_t length, const indicator_settings& s, const bars& all) {
  namespace ta = pine::ta;
  switch (what) {
  case series_name::open: return field(all, [](const auto& b) { return b.open; });
  case series_name::high: return field(all, [](const auto& b) { return b.high; });
  case series_name::low: return field(all, [](const auto& b) { return b.low; });
  case series_name::close:
  case series_name::price: return field(all, [](const auto& b) { return b.close; });
  case series_name::volume: return field(all, [](const auto& b) { return b.volume; });
  case series_name::average_volume: return average_volume(all, length);
  case series_name::volume_ratio: return volume_ratio(all, length);
  case series_name::bar_change: return bar_change(all);
  case series_name::rsi: return over_closes(all, ta::rsi(length));
  case series_name::bollinger_middle: return over_closes(all, ta::bb(length, s.bollinger_std), 0);
  case series_name::bollinger_upper: return over_closes(all, ta::bb(length, s.bollinger_std), 1);
  case series_name::bollinger_lower: return over_closes(all, ta::bb(length, s.bollinger_std), 2);
  case series_name::atr: return over_bars(all, ta::atr(length));
  case series_name::vwap: return over_bars(all, ta::vwap());
  case series_name::macd_line: return over_closes(all, ta::macd(s.macd_fast, s.macd_slow, s.macd_signal), 0);
  case series_name::macd_signal: return over_closes(all, ta::macd(s.macd_fast, s.macd_slow, s.macd_signal), 1);
  case series_name::macd_hist: return over_closes(all, ta::macd(s.macd_fast, s.macd_slow, s.macd_signal), 2);
  case series_name::sma: return over_closes(all, ta::sma(length));
  case series_name::ema: return over_closes(all, ta::ema(length));
  case series_name::rma: return over_closes(all, ta::rma(length));
  }
  return {};
}

} // namespace

std::size_t source_bars::complete_at(std::int64_t t_ms) const {
  return static_cast<std::size_t>(std::upper_bound(closed_ms.begin(), closed_ms.end(), t_ms) - closed_ms.begin());
}

symbol_series::symbol_series(const std::vector<name_binding>& names, const indicator_settings& settings, std::vector<source_bars> sources, source_bars daily)
    : sources_(std::move(sources)), daily_(std::move(daily)), columns_(names.size()) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const auto* what = std::get_if<series_name>(&names[i].what); what && names[i].source < sources_.size())
      columns_[i] = column(*what, names[i].length, settings, sources_[names[i].source].bars);
}

double symbol_series::at(std::size_t handle, std::size_t count, std::size_t back) const {
  const auto& c = columns_[handle];
  return back < count && count <= c.size() ? c[count - 1 - back] : na;
}

std::vector<double> daily_returns(const source_bars& daily, std::size_t count, std::size_t days) {
  std::vector<double> out;
  if (count < days + 1 || count > daily.bars.size()) return out;
  for (std::size_t i = count - days; i < count; ++i)
    if (daily.bars[i - 1].close > 0) out.push_back(daily.bars[i].close / daily.bars[i - 1].close - 1);
  return out;
}

std::optional<double> deviation_of(const std::vector<double>& x) {
  if (x.size() < 2) return std::nullopt;
  double mean = 0, squares = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(x.size() - 1));
}

std::optional<std::string> trend_of(const source_bars& daily, std::size_t count) {
  constexpr std::size_t days = 20;
  const auto returns = daily_returns(daily, count, days);
  const auto sigma = deviation_of(returns);
  if (!sigma || *sigma == 0) return std::nullopt;
  const double z = (daily.bars[count - 1].close / daily.bars[count - 1 - days].close - 1) / (*sigma * std::sqrt(static_cast<double>(days)));
  return z > 2 ? "strong_uptrend" : z > 1 ? "uptrend" : z < -2 ? "strong_downtrend" : z < -1 ? "downtrend" : "sideways";
}

std::optional<double> annual_volatility(const source_bars& daily, std::size_t count, std::size_t days) {
  const auto sigma = deviation_of(daily_returns(daily, count, days));
  return sigma ? std::optional(*sigma * std::sqrt(252.0)) : std::nullopt;
}

std::optional<double> correlation(const source_bars& a, std::size_t count_a, const source_bars& b, std::size_t count_b, std::size_t days) {
  std::vector<std::pair<double, double>> pairs;
  std::size_t i = std::min(count_a, a.bars.size()), j = std::min(count_b, b.bars.size());
  while (i >= 2 && j >= 2 && pairs.size() < days) { // newest first, days that both have
    const auto &x = a.bars[i - 1], &y = b.bars[j - 1];
    if (x.time_ms == y.time_ms) {
      const auto &x0 = a.bars[i - 2], &y0 = b.bars[j - 2];
      if (x0.time_ms == y0.time_ms && x0.close > 0 && y0.close > 0) pairs.emplace_back(x.close / x0.close - 1, y.close / y0.close - 1);
      --i, --j;
    } else if (x.time_ms > y.time_ms) {
      --i;
    } else {
      --j;
    }
  }
  if (pairs.size() < 20) return std::nullopt;
  const auto n = static_cast<double>(pairs.size());
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (const auto& [x, y] : pairs) mx += x / n, my += y / n;
  for (const auto& [x, y] : pairs) xx += (x - mx) * (x - mx), yy += (y - my) * (y - my), xy += (x - mx) * (y - my);
  return xx > 0 && yy > 0 ? std::optional(xy / std::sqrt(xx * yy)) : std::nullopt;
}

} // namespace tt::strategy
