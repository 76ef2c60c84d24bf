#include "actors/pine/engine.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <new>
#include <random>

/// "No heap on the bar": scalar code allocates while its windows grow and never again. This binary counts every
/// operator new of the process; it stands alone, so that nothing else is built on a replaced operator.

namespace {
thread_local std::uint64_t allocations_seen = 0;

void* counted(std::size_t n) {
  ++allocations_seen;
  void* p = std::malloc(n == 0 ? 1 : n);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
} // namespace

void* operator new(std::size_t n) { return counted(n); }
void* operator new[](std::size_t n) { return counted(n); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace tt::pine::testing {
namespace {

std::vector<bar> heap_walk(std::size_t n) {
  std::mt19937 g(5);
  std::normal_distribution<double> step(0, 0.3);
  std::vector<bar> bars;
  double p = 100;
  for (std::size_t i = 0; i < n; ++i) {
    double o = p;
    p = std::max(1.0, std::round((p + step(g)) * 100) / 100);
    bars.push_back({1'600'000'000'000 + static_cast<std::int64_t>(i) * 60'000, o, std::max(o, p) + 0.05, std::min(o, p) - 0.05, p, 1000 + std::fabs(step(g)) * 100});
  }
  return bars;
}

struct measured {
  const char* name;
  const char* body;
};
class allocations : public ::testing::TestWithParam<measured> {};

TEST_P(allocations, none_on_a_bar_after_the_warm_up) {
  auto before = allocations_seen;
  { std::vector<double> probe(1000, 1.0); ASSERT_EQ(probe.size(), 1000u); }
  if (allocations_seen == before) GTEST_SKIP() << "operator new isn't the one of this binary here: nothing can be counted";

  constexpr std::size_t warm_up = 17'000, counted_bars = 10'000; // histories of offsets not known before grow up to 2^14 values
  const auto bars = heap_walk(warm_up + counted_bars);
  auto compiled = compile(std::string("//@version=6\n") + GetParam().body);
  ASSERT_NE(compiled.code, nullptr) << compiled.diags.all().front().message;
  run_settings settings;
  settings.chart_timeframe = *timeframe::parse("1");
  script s(compiled.code, settings);
  for (std::size_t i = 0; i < warm_up; ++i) ASSERT_FALSE(s.on_bar(bars[i]));
  double sum = 0;
  before = allocations_seen;
  for (std::size_t i = warm_up; i < bars.size(); ++i) {
    if (s.on_bar(bars[i])) FAIL() << "the script stopped";
    sum += s.plot_value(0, 0);
  }
  auto after = allocations_seen;
  EXPECT_EQ(after - before, 0u) << "over " << counted_bars << " bars";
  EXPECT_TRUE(std::isfinite(sum));
}

const measured scripts_measured[] = {
    {"S1", "strategy(\"S1\")\nfastLen = input.int(10, \"Fast\")\nfast = ta.sma(close, fastLen)\nslow = ta.sma(close, 30)\nup = ta.crossover(fast, slow)\ndn = ta.crossunder(fast, slow)\nplot(up ? 1 : dn ? -1 : 0)\n"},
    {"S2", "strategy(\"S2\")\nrsi = ta.rsi(close, 14)\nvs = ta.sma(volume, 20)\ne = ta.ema(close, 50)\na = ta.atr(14)\nlongSig = rsi > 60 and volume > 1.5 * vs and close > e\nshortSig = rsi < 40 and volume > 1.5 * vs and close < e\nplot(longSig ? close - 2 * a : shortSig ? close + 2 * a : 0)\n"},
    {"S3", "strategy(\"S3\")\n[mid, upper, lower] = ta.bb(close, 20, 2)\nrsi = ta.rsi(close, 14)\nplot(close < lower and rsi < 30 ? 1 : close > upper and rsi > 70 ? -1 : close > mid ? 2 : 3)\n"},
    {"long_windows", "indicator(\"w\")\nn = input.int(1000)\nplot(ta.wma(close, n) + ta.hma(close, n) + ta.linreg(close, n, 0) + ta.cog(close, n) + ta.dev(close, n) + ta.percentrank(close, n) + ta.mode(close, n) + ta.median(close, n) + ta.percentile_linear_interpolation(close, n, 30))\n"},
    {"state_and_loops", "indicator(\"l\")\nf(x) =>\n    var float peak = 0.0\n    peak := math.max(peak * 0.99, x)\n    peak + nz(x[3])\nfloat s = 0\nfor i = 1 to 5\n    if i % 2 == 0\n        s += close[i] * i\n    else\n        s -= high[i]\nvar int count = 0\ncount += s > 0 ? 1 : 0\nplot(f(close) + f(high) + s + count + ta.highest(high, 50) + ta.stoch(close, high, low, 14) + (ta.barssince(close > open) > 2 ? 1 : 0))\n"},
    {"extremes_and_pivots", "indicator(\"e\")\np = ta.pivothigh(high, 5, 5)\n[st, dir] = ta.supertrend(3, 10)\n[m, sg, h] = ta.macd(close, 12, 26, 9)\nplot(nz(p) + st * dir + h + ta.vwap + ta.obv + ta.sar(0.02, 0.02, 0.2) + math.sum(close, 30) + ta.correlation(close, open, 20))\n"},
};
INSTANTIATE_TEST_SUITE_P(pine, allocations, ::testing::ValuesIn(scripts_measured), [](const auto& named) { return std::string(named.param.name); });

/// The counter itself: what makes a text on every bar is seen.
TEST(pine_allocations, texts_are_counted) {
  auto before = allocations_seen;
  { std::vector<double> probe(1000, 1.0); ASSERT_EQ(probe.size(), 1000u); }
  if (allocations_seen == before) GTEST_SKIP() << "operator new isn't the one of this binary here: nothing can be counted";
  auto compiled = compile("//@version=6\nindicator(\"t\")\nplot(str.length(str.repeat(str.tostring(close), 20)))\n");
  script s(compiled.code, {});
  const auto bars = heap_walk(200);
  for (std::size_t i = 0; i < 100; ++i) ASSERT_FALSE(s.on_bar(bars[i]));
  before = allocations_seen;
  for (std::size_t i = 100; i < 200; ++i) ASSERT_FALSE(s.on_bar(bars[i]));
  EXPECT_GE(allocations_seen - before, 100u);
}

} // namespace
} // namespace tt::pine::testing
