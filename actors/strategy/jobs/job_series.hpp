#pragma once
/// Bars of one symbol and, made of them once, the columns of every name that a job uses: indicators by the very code of
/// the Pine room. A run reads them through a cursor, so a backtest makes them once and a live run for its one bar.

#include "actors/pine/bar.hpp"
#include "actors/strategy/jobs/job_names.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tt::strategy {

/// Bars of one source, oldest first, complete ones only, and when each was complete (Unix ms).
struct source_bars {
  std::vector<pine::bar> bars;
  std::vector<std::int64_t> closed_ms;

  /// Number of bars that were complete at `t_ms`.
  [[nodiscard]] std::size_t complete_at(std::int64_t t_ms) const;
};

class symbol_series {
public:
  /// `sources` by index of job_spec::sources (empty for those that are not bars); `daily` may be empty.
  symbol_series(const std::vector<name_binding>& names, const indicator_settings& settings, std::vector<source_bars> sources, source_bars daily);

  /// Value of a series at `back` bars before the last of the first `count` bars of its source; NaN: unknown.
  [[nodiscard]] double at(std::size_t handle, std::size_t count, std::size_t back) const;
  [[nodiscard]] const source_bars& source(std::size_t i) const { return sources_[i]; }
  [[nodiscard]] std::size_t sources() const { return sources_.size(); }
  [[nodiscard]] const source_bars& daily() const { return daily_; }

private:
  std::vector<source_bars> sources_;
  source_bars daily_;
  std::vector<std::vector<double>> columns_; ///< by handle; empty where the name is of the moment
};

// ---------------------------------------------------------------- figures of daily closes

/// Relative changes of the last `days` closes before `count`; empty when there are too few.
std::vector<double> daily_returns(const source_bars& daily, std::size_t count, std::size_t days);
/// Standard deviation of the sample; nothing for fewer than two.
std::optional<double> deviation_of(const std::vector<double>& x);
/// 20-day return ÷ (daily σ × √20) as a word. Nothing with fewer than 21 days.
std::optional<std::string> trend_of(const source_bars& daily, std::size_t count);
/// σ of the daily returns × √252.
std::optional<double> annual_volatility(const source_bars& daily, std::size_t count, std::size_t days);
/// Of the returns of days that both have; nothing with fewer than 20 of them.
std::optional<double> correlation(const source_bars& a, std::size_t count_a, const source_bars& b, std::size_t count_b, std::size_t days);

} // namespace tt::strategy
