#pragma once
/// What many trials do to the meaning of the best one.

#include "actors/backtest/search.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace tt::backtest {

/// Standard normal distribution function, and its inverse for 0 < p < 1.
double normal_cdf(double x);
double normal_quantile(double p);

/// Moments of a sample: mean, standard deviation (n - 1), skewness and kurtosis (3 for a normal one).
struct moments {
  double mean = 0, deviation = 0, skewness = 0, kurtosis = 3;
};
moments moments_of(std::span<const double> values);

/// The probability that a Sharpe ratio is above zero once it is discounted for having been the best of many (Bailey and
/// Lopez de Prado, "The deflated Sharpe ratio", 2014):
///   expected best of N trials without skill: s0 = sqrt(V) ((1 - g) z(1 - 1/N) + g z(1 - 1/(N e))), g = 0.5772...
///   DSR = Phi((s - s0) sqrt(T - 1) / sqrt(1 - skew s + (kurtosis - 1) / 4 s^2))
/// `returns` are those of the best trial, per period; `sharpes` the ratios per period of all trials, each
/// point of the space once (V is their variance). Empty with fewer than two trials or two returns, or when a spread is zero.
std::optional<double> deflated_sharpe(std::span<const double> returns, std::span<const double> sharpes);

/// How an objective stands among its neighbours in the space: 1 + (their mean - its own) / |its own|, the difference turned
/// around where less is better. 1 is a plateau, 0 or less a spike: they are worse by as much as it is, or more; also where
/// it is below zero. Empty without neighbours or when its own is zero.
/// `way`: whether more or less of it is better.
std::optional<double> stability(double own, std::span<const double> neighbours, direction way = direction::maximize);

} // namespace tt::backtest
