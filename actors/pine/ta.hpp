#pragma once
/// The indicators of the language as plain C++: the same code that ta.* runs in a script, fed value by value or bar by
/// bar. For alerts, tests and anything else that wants an indicator without writing a script.
///
///   auto fast = ta::ema(12);
///   for (const auto& b : bars) if (fast.next(b.close) > b.close) ...
///
/// Every series is incremental: a call of next() costs O(1), or what is noted below; windows of up to 64 values are summed
/// anew where TradingView does so, to agree with it to the last bit. na is NaN. What every function says of its warm-up counts the values given; "skips na" means that a
/// na value leaves the window as it is, as if the bar were not there. Formulas are those of TradingView's reference
/// manual; where its own output differs in detail, the output counts (kit cases and properties: BUILTINS.md).

#include "actors/pine/bar.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::pine {

/// One running indicator. Movable; owned by one thread at a time.
class ta_series {
public:
  /// A program over the value `x` or the bar, with results named in order. `arguments` are its inputs a0, a1, ...
  ta_series(const std::string& results, const std::string& body, std::initializer_list<double> arguments);
  ~ta_series();
  ta_series(ta_series&&) noexcept;
  ta_series& operator=(ta_series&&) noexcept;

  /// Takes the next value (for functions of a source) or the next bar, and gives the first result.
  double next(double value);
  double next(const bar& b);
  /// All results of the last step: one, or three for bands and macd.
  const std::vector<double>& values() const;
  /// What is wrong with the arguments, e.g. a length below 1. Such a series gives na for ever.
  const std::optional<std::string>& problem() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

namespace ta {

// ---------------------------------------------------------------- averages of a source

/// Mean of the last `length` values. Warm-up: length - 1. Skips na; a na value shows the standing mean.
ta_series sma(std::int64_t length);
/// before + 2 / (length + 1) * (x - before), begun with the mean of the first `length` values. Warm-up: length - 1.
/// Skips na and is na there; so do all averages made of it.
ta_series ema(std::int64_t length);
/// Wilder's average: (before * (length - 1) + x) / length, begun with the mean. Warm-up: length - 1. Skips na.
ta_series rma(std::int64_t length);
/// Sum of x[k] * (length - k) over the window by length * (length + 1) / 2. Warm-up: length - 1 known
/// values. A na value is na and stands in the window as a repetition of the value before.
ta_series wma(std::int64_t length);
/// Hull: wma(2 * wma(x, length / 2) - wma(x, length), sqrt(length)), lengths cut to whole numbers. Skips na.
ta_series hma(std::int64_t length);
/// Weights 1, 2, 2, 1 by 6. Warm-up: 3. na while one of the four values is na.
ta_series swma();
/// Arnaud Legoux: normed Gaussian weights around offset * (length - 1) with the width length / sigma. O(length): the
/// weights stand still while the values move on, so one bar's sum holds nothing of the next one's.
/// Warm-up: length - 1. na while a value in the window is na.
ta_series alma(std::int64_t length, double offset = 0.85, double sigma = 6);
/// sma(x * volume) / sma(volume) of bars' closes. Warm-up: length - 1.
ta_series vwma(std::int64_t length);

// ---------------------------------------------------------------- oscillators of a source

/// 100 - 100 / (1 + rma(rises) / rma(falls)). 100 where the falls, 0 where the rises are within 1e-10 of nothing.
/// Warm-up: length. Skips na.
ta_series rsi(std::int64_t length);
/// ema(fast) - ema(slow), its ema, and the difference of both. Warm-up: slow - 1, for the signal slow + signal - 2.
ta_series macd(std::int64_t fast, std::int64_t slow, std::int64_t signal);
/// Doubly smoothed change by the doubly smoothed size of the change, -1 to 1. Warm-up: long + short - 1.
ta_series tsi(std::int64_t short_length, std::int64_t long_length);
/// Chande: 100 * (rises - falls) / (rises + falls), sums over `length`. Warm-up: length. na where nothing moves.
ta_series cmo(std::int64_t length);
/// (x - mean) / (0.015 * mean distance from the mean). O(log length). Warm-up: length - 1.
ta_series cci(std::int64_t length);
/// Centre of gravity: -sum(x[k] * (k + 1)) / sum(x). Warm-up: length - 1. Skips na.
ta_series cog(std::int64_t length);
/// x - x[length]; mom is the same. Warm-up: length. na where one of both is.
ta_series change(std::int64_t length = 1);
/// 100 * (x - x[length]) / x[length]. Warm-up: length.
ta_series roc(std::int64_t length);

// ---------------------------------------------------------------- statistics of a source

/// Sum of the last `length` values. Warm-up: length - 1. Skips na; a na value shows the standing sum.
ta_series sum(std::int64_t length);
/// Running total; na values add nothing and are na.
ta_series cum();
/// Mean of squares less the square of the mean, not below 0. Warm-up: length - 1. Skips na.
ta_series variance(std::int64_t length);
/// Square root of the variance.
ta_series stdev(std::int64_t length);
/// Mean distance from the mean. O(log length). Warm-up: length - 1.
ta_series dev(std::int64_t length);
/// Mean, mean + mult * stdev, mean - mult * stdev. Warm-up: length - 1.
ta_series bb(std::int64_t length, double mult);
/// Largest and smallest value of the last `length`; forgets everything before a na, where it is na itself.
/// Warm-up: length - 1.
ta_series highest(std::int64_t length);
ta_series lowest(std::int64_t length);
/// Middle of the last `length` values in order, mean of two for an even length. Warm-up: length - 1. Skips na; a na
/// value shows the standing median.
ta_series median(std::int64_t length);
/// Value at place n * percentage / 100 + 0.5 of the window in order, between two by share. Warm-up: length - 1.
ta_series percentile_linear_interpolation(std::int64_t length, double percentage);
/// Value at place ceil(n * percentage / 100). Warm-up: length - 1.
ta_series percentile_nearest_rank(std::int64_t length, double percentage);
/// Share of the `length` values before that are at most the present one, in percent. O(log length). Warm-up: length.
ta_series percentrank(std::int64_t length);
/// End of the least-squares line through the window, `offset` values back. Warm-up: length - 1. na while a
/// value in the window is na.
ta_series linreg(std::int64_t length, std::int64_t offset = 0);
/// A value that is above (below) `left` values before and `right` values behind it, shown `right` values later.
ta_series pivothigh(std::int64_t left, std::int64_t right);
ta_series pivotlow(std::int64_t left, std::int64_t right);

// ---------------------------------------------------------------- of bars

/// Greatest of high - low and the distances of both from the close before. The first bar gives high - low.
ta_series tr();
/// rma of the true range. Warm-up: length - 1.
ta_series atr(std::int64_t length);
/// +DI, -DI and ADX: rma of the directional movements by the rma of the true range, and the rma of their relative
/// distance. Warm-up: di_length, for ADX di_length + smoothing - 1.
ta_series dmi(std::int64_t di_length, std::int64_t smoothing);
/// ema of the close, and that plus and minus mult * ema of the true range. Warm-up: length.
ta_series kc(std::int64_t length, double mult);
/// The trailing band at hl2 -+ factor * atr, and the direction: 1 falling, -1 rising. Warm-up: period - 1.
ta_series supertrend(double factor, std::int64_t period);
/// Wilder's parabolic stop. Warm-up: 1 bar.
ta_series sar(double start = 0.02, double inc = 0.02, double max = 0.2);
/// 100 * (close - lowest low) / (highest high - lowest low). Warm-up: length - 1.
ta_series stoch(std::int64_t length);
/// 100 * (close - highest high) / (highest high - lowest low). Warm-up: length - 1.
ta_series wpr(std::int64_t length);
/// Money flow of hlc3: 100 - 100 / (1 + flow on rises / flow on falls). Warm-up: length - 1.
ta_series mfi(std::int64_t length);
/// Volume-weighted hlc3 since the session's beginning (UTC days).
ta_series vwap();
/// Volume, added on rises and taken off on falls of the close. Warm-up: 1 bar.
ta_series obv();
/// sum of volume * (2 * close - low - high) / (high - low).
ta_series accdist();
/// sum of volume * relative change of the close. Warm-up: 1 bar.
ta_series pvt();

} // namespace ta
} // namespace tt::pine
