#include "actors/pine/engine.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

/// Bars per second of the indicator parts of S1, S2 and S3, beside the same computed by a hand-written loop in the
/// same run; and the time from source text to the first bar.

namespace {
using namespace tt::pine;

std::vector<bar> walk(std::size_t n) {
  std::mt19937 g(42);
  std::normal_distribution<double> step(0, 0.1);
  std::vector<bar> bars;
  double p = 100;
  for (std::size_t i = 0; i < n; ++i) {
    double o = p;
    p = std::max(1.0, p + step(g));
    bars.push_back({1'600'000'000'000 + static_cast<std::int64_t>(i) * 60'000, o, std::max(o, p) + 0.05, std::min(o, p) - 0.05, p, 1000 + 100 * step(g)});
  }
  return bars;
}
const std::vector<bar>& bars_of(std::int64_t n) {
  static std::vector<bar> small = walk(100'000), large = walk(1'000'000);
  return n == 100'000 ? small : large;
}

const char* s1 = R"(//@version=6
strategy("S1")
fastLen = input.int(10, "Fast")
slowLen = input.int(30, "Slow")
fast = ta.sma(close, fastLen)
slow = ta.sma(close, slowLen)
up = ta.crossover(fast, slow)
dn = ta.crossunder(fast, slow)
plot(up ? 1 : dn ? -1 : 0)
)";
const char* s2 = R"(//@version=6
strategy("S2")
rsi = ta.rsi(close, 14)
vs = ta.sma(volume, 20)
e = ta.ema(close, 50)
a = ta.atr(14)
longSig = rsi > 60 and volume > 1.5 * vs and close > e
shortSig = rsi < 40 and volume > 1.5 * vs and close < e
plot(longSig ? close - 2 * a : shortSig ? close + 2 * a : 0)
)";
const char* s3 = R"(//@version=6
strategy("S3")
[mid, upper, lower] = ta.bb(close, 20, 2)
rsi = ta.rsi(close, 14)
plot(close < lower and rsi < 30 ? 1 : close > upper and rsi > 70 ? -1 : close > mid ? 2 : 3)
)";
const char* objects = R"(//@version=6
indicator("objects")
type node
    float v = 0.0
    int n = 0
var node last = node.new()
var a = array.new<float>(50, 0.0)
last.v := last.v * 0.9 + close
last.n += 1
a.push(close)
a.shift()
plot(a.avg() + last.v)
)";

/// Long windows: each of these slides or lies in a tree.
const char* windows = R"(//@version=6
indicator("windows")
n = input.int(1000)
plot(ta.wma(close, n) + ta.hma(close, n) + ta.linreg(close, n, 0) + ta.cog(close, n) + ta.cci(close, n) + ta.percentrank(close, n) + ta.mode(close, n) + ta.median(close, n))
)";

/// Least squares of the last closes on a line by 2×2 normal equations, each bar anew: arrays and matrices do the work.
const char* matrices = R"(//@version=6
indicator("matrices")
var window = array.new<float>(20, 0.0)
window.push(close)
window.shift()
m = matrix.new<float>(2, 2, 0.0)
r = matrix.new<float>(2, 1, 0.0)
for [i, v] in window
    m.set(0, 0, m.get(0, 0) + 1)
    m.set(0, 1, m.get(0, 1) + i)
    m.set(1, 1, m.get(1, 1) + i * i)
    r.set(0, 0, r.get(0, 0) + v)
    r.set(1, 0, r.get(1, 0) + i * v)
m.set(1, 0, m.get(0, 1))
line_of = m.inv().mult(r)
plot(line_of.get(0, 0) + 19 * line_of.get(1, 0))
)";

void run_script(benchmark::State& state, const char* source) {
  auto compiled = compile(source);
  const auto& bars = bars_of(state.range(0));
  double sum = 0;
  for (auto _ : state) {
    script s(compiled.code, {});
    for (const auto& b : bars) {
      if (s.on_bar(b)) state.SkipWithError("the script failed");
      sum += s.plot_value(0, 0);
    }
  }
  benchmark::DoNotOptimize(sum);
  state.counters["bars/s"] = benchmark::Counter(static_cast<double>(bars.size()) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

/// Sums over a window without compensation, and Wilder averages: the least that S1-S3 need.
struct roll {
  std::vector<double> v;
  std::size_t at = 0, n = 0;
  double sum = 0;
  explicit roll(std::size_t k) : v(k) {}
  bool add(double x) {
    sum += x - (n == v.size() ? v[at] : 0);
    v[at] = x;
    at = at + 1 == v.size() ? 0 : at + 1;
    if (n < v.size()) ++n;
    return n == v.size();
  }
  double mean() const { return sum / static_cast<double>(v.size()); }
};

void hand_s1(benchmark::State& state) {
  const auto& bars = bars_of(state.range(0));
  double out = 0;
  for (auto _ : state) {
    roll f(10), s(30);
    bool below = false, above = false;
    for (const auto& b : bars) {
      f.add(b.close);
      if (!s.add(b.close)) continue;
      double x = f.mean(), y = s.mean();
      out += x > y && below ? 1 : x < y && above ? -1 : 0;
      below = x <= y;
      above = x >= y;
    }
  }
  benchmark::DoNotOptimize(out);
  state.counters["bars/s"] = benchmark::Counter(static_cast<double>(bars.size()) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
void hand_s2(benchmark::State& state) {
  const auto& bars = bars_of(state.range(0));
  double out = 0;
  for (auto _ : state) {
    roll vol(20);
    double up = 0, down = 0, ema = 0, atr = 0, last = bars[0].close;
    for (const auto& b : bars) {
      double d = b.close - last;
      up = (up * 13 + std::max(d, 0.0)) / 14;
      down = (down * 13 + std::max(-d, 0.0)) / 14;
      ema += 2.0 / 51 * (b.close - ema);
      atr = (atr * 13 + std::max({b.high - b.low, std::fabs(b.high - last), std::fabs(b.low - last)})) / 14;
      vol.add(b.volume);
      last = b.close;
      double rsi = 100 - 100 / (1 + up / down);
      bool strong = b.volume > 1.5 * vol.mean();
      out += rsi > 60 && strong && b.close > ema ? b.close - 2 * atr : rsi < 40 && strong && b.close < ema ? b.close + 2 * atr : 0;
    }
  }
  benchmark::DoNotOptimize(out);
  state.counters["bars/s"] = benchmark::Counter(static_cast<double>(bars.size()) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
void hand_s3(benchmark::State& state) {
  const auto& bars = bars_of(state.range(0));
  double out = 0;
  for (auto _ : state) {
    roll sum(20), square(20);
    double up = 0, down = 0, last = bars[0].close;
    for (const auto& b : bars) {
      double d = b.close - last;
      up = (up * 13 + std::max(d, 0.0)) / 14;
      down = (down * 13 + std::max(-d, 0.0)) / 14;
      last = b.close;
      square.add(b.close * b.close);
      if (!sum.add(b.close)) continue;
      double mid = sum.mean(), width = 2 * std::sqrt(std::max(0.0, square.mean() - mid * mid)), rsi = 100 - 100 / (1 + up / down);
      out += b.close < mid - width && rsi < 30 ? 1 : b.close > mid + width && rsi > 70 ? -1 : b.close > mid ? 2 : 3;
    }
  }
  benchmark::DoNotOptimize(out);
  state.counters["bars/s"] = benchmark::Counter(static_cast<double>(bars.size()) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void source_to_first_bar(benchmark::State& state) {
  const auto& bars = bars_of(100'000);
  for (auto _ : state) {
    auto compiled = compile(s2);
    script s(compiled.code, {});
    benchmark::DoNotOptimize(s.on_bar(bars[0]));
  }
}

#define BOTH Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond)
BENCHMARK_CAPTURE(run_script, S1, s1)->BOTH;
BENCHMARK(hand_s1)->BOTH;
BENCHMARK_CAPTURE(run_script, S2, s2)->BOTH;
BENCHMARK(hand_s2)->BOTH;
BENCHMARK_CAPTURE(run_script, S3, s3)->BOTH;
BENCHMARK(hand_s3)->BOTH;
BENCHMARK_CAPTURE(run_script, objects, objects)->BOTH;
BENCHMARK_CAPTURE(run_script, matrices, matrices)->BOTH;
BENCHMARK_CAPTURE(run_script, windows, windows)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(source_to_first_bar)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
