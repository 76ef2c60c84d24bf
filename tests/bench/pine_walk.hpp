#pragma once

// Bars and a strategy that several benchmarks share, so that their figures compare.

#include "actors/pine/bar.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace tt::bench {

/// A random walk of one-minute bars on a grid of cents, the same for the same arguments.
inline std::vector<pine::bar> walk(std::size_t n, std::int64_t start_ms = 1'600'000'000'000) {
  std::mt19937 g(42);
  std::normal_distribution<double> step(0, 0.25);
  const auto cents = [](double p) { return std::floor(p * 100 + 0.5) / 100; };
  std::vector<pine::bar> bars;
  double p = 500;
  for (std::size_t i = 0; i < n; ++i) {
    const double o = cents(p);
    p = std::max(5.0, cents(p + step(g)));
    const double h = cents(std::max(o, p) + std::fabs(step(g)) / 2), l = cents(std::min(o, p) - std::fabs(step(g)) / 2);
    bars.push_back({start_ms + static_cast<std::int64_t>(i) * 60'000, o, h, l, p, std::floor(1000 * std::exp(step(g) * 2))});
  }
  return bars;
}

#define TT_BENCH_STRATEGY                                                                                              \
  ", overlay=true, initial_capital=100000000, default_qty_type=strategy.fixed, default_qty_value=1, "                  \
  "commission_type=strategy.commission.percent, commission_value=0.1)\n"

/// S1 of the baselines: two averages and their crossings.
inline constexpr const char* s1 = "//@version=6\nstrategy(\"S1 SMA cross\"" TT_BENCH_STRATEGY R"(fastLen = input.int(10, "Fast")
slowLen = input.int(30, "Slow")
fast = ta.sma(close, fastLen)
slow = ta.sma(close, slowLen)
up = ta.crossover(fast, slow)
dn = ta.crossunder(fast, slow)
if up
    strategy.entry("L", strategy.long)
if dn
    strategy.entry("S", strategy.short)
)";

} // namespace tt::bench
