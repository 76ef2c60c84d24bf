#pragma once

// Risk figures of what is held, out of past daily closes: what the present positions
// would have done. Estimates for people, in floating point; no order depends on them.

#include "actors/model/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt::portfolio {

/// Fewest common days for volatility, beta and correlations, and for the two tail figures.
inline constexpr std::size_t min_days = 20, min_tail_days = 60;

/// Closes of one symbol by the day they were of.
using daily_closes = std::map<utc_time, double>;

/// A position as the figures see it.
struct weighted_symbol {
  std::string symbol;
  double weight = 0; ///< exposure ÷ equity, negative when short
  daily_closes closes;
};

struct portfolio_risk {
  std::optional<double> volatility; ///< of the daily result, yearly (√252)
  std::optional<double> beta;       ///< against the benchmark
  std::optional<double> var_95;     ///< loss of a day that 95 % of the days stayed under, as a share of equity, >= 0
  std::optional<double> cvar_95;    ///< average loss of the days beyond it
  std::optional<double> avg_correlation;         ///< mean of the pairs of held symbols
  std::optional<double> correlation_with_market; ///< of the daily result with the benchmark's
  double concentration = 0;         ///< largest |weight|
  std::vector<std::string> symbols; ///< of the matrix
  std::vector<std::vector<std::optional<double>>> correlations; ///< by the places of `symbols`
  std::size_t sample_days = 0;      ///< days on which every held symbol has a return
  std::map<std::string, std::string> reasons; ///< why a figure is missing, by its name in the API
};

/// `benchmark` may be empty: then what needs it is missing.
portfolio_risk measure_risk(const std::vector<weighted_symbol>& held, const daily_closes& benchmark);

} // namespace tt::portfolio
