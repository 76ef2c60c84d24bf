#include "actors/pine/tester/metrics.hpp"
#include "actors/pine/tester/strategy_run.hpp"
#include "tests/bench/pine_walk.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

/// Bars per second of whole strategies, trades included: S1, S2, S3 as scripts, beside hand-written loops that make
/// the same trades in the same run. A benchmark fails when the two differ in trades or in equity.

namespace {
using namespace tt::pine;
using tt::bench::s1;
using tt::bench::walk;

constexpr double capital = 100'000'000, fee = 0.001;

const std::vector<bar>& bars_of(std::int64_t n) {
  static std::vector<bar> small = walk(100'000), large = walk(1'000'000);
  return n == 100'000 ? small : large;
}

const char* s2 = "//@version=6\nstrategy(\"S2 RSI volume momentum\"" TT_BENCH_STRATEGY R"(rsi = ta.rsi(close, 14)
vs = ta.sma(volume, 20)
e = ta.ema(close, 50)
a = ta.atr(14)
isFlat = strategy.position_size == 0
longSig = rsi > 60 and volume > 1.5 * vs and close > e
shortSig = rsi < 40 and volume > 1.5 * vs and close < e
if isFlat and longSig
    strategy.entry("L", strategy.long)
    strategy.exit("LX", "L", stop=close - 2 * a, limit=close + 3 * a)
if isFlat and shortSig
    strategy.entry("S", strategy.short)
    strategy.exit("SX", "S", stop=close + 2 * a, limit=close - 3 * a)
)";
const char* s3 = "//@version=6\nstrategy(\"S3 Bollinger RSI mean reversion\"" TT_BENCH_STRATEGY R"([mid, upper, lower] = ta.bb(close, 20, 2)
rsi = ta.rsi(close, 14)
pos = strategy.position_size
if pos == 0 and close < lower and rsi < 30
    strategy.entry("L", strategy.long)
if pos == 0 and close > upper and rsi > 70
    strategy.entry("S", strategy.short)
if pos > 0 and close > mid
    strategy.close("L")
if pos < 0 and close < mid
    strategy.close("S")
)";
const char* trailing = "//@version=6\nstrategy(\"pyramids and trails\", pyramiding=3" TT_BENCH_STRATEGY R"(up = ta.crossover(close, ta.ema(close, 20))
if up
    strategy.entry("L", strategy.long)
strategy.exit("T", "L", trail_points = 150, trail_offset = 60, loss = 200)
)";

struct outcome {
  std::size_t trades = 0;
  double equity = 0;
};

// ---------------------------------------------------------------- by hand

struct book {
  int pos = 0;
  double entry = 0, cash = capital;
  std::size_t trades = 0;
  void open(int side, double price) {
    pos = side;
    entry = price;
    cash -= price * fee;
  }
  void close(double price) {
    cash += pos * (price - entry) - price * fee;
    pos = 0;
    ++trades;
  }
  outcome end(double last) const { return {trades, cash + pos * (last - entry)}; }
};
struct roll {
  std::vector<double> v;
  std::size_t at = 0, n = 0;
  double sum = 0;
  explicit roll(std::size_t k) : v(k) {}
  bool add(double x) {
    sum += x - v[at];
    v[at] = x;
    at = at + 1 == v.size() ? 0 : at + 1;
    if (n < v.size()) ++n;
    return n == v.size();
  }
  double mean() const { return sum / static_cast<double>(v.size()); }
};
/// Wilder's average: the mean of the first n values, then one part in n of each new one.
struct wilder {
  double n, sum = 0, value = NAN;
  int seen = 0;
  explicit wilder(int k) : n(k) {}
  double add(double x) {
    if (seen < static_cast<int>(n)) {
      sum += x;
      if (++seen == static_cast<int>(n)) value = sum / n;
    } else {
      value += (x - value) / n;
    }
    return value;
  }
};
struct rsi_of {
  wilder up{14}, down{14};
  double last = NAN;
  double add(double x) {
    double d = std::isnan(last) ? NAN : x - last;
    last = x;
    if (std::isnan(d)) return NAN;
    double u = up.add(std::max(d, 0.0)), l = down.add(-std::min(d, 0.0));
    return l == 0 ? 100 : u == 0 ? 0 : 100 - 100 / (1 + u / l);
  }
};
constexpr double eps = 1e-10; // the language compares with a tolerance

/// The rolling sum as the language defines it: compensated, and taken anew where the compensation would round down.
/// Two averages that are equal on paper differ by what it rounds, and their crossings with it.
struct exact_roll {
  std::vector<double> v, entered;
  std::size_t at = 0, n = 0;
  double sum = 0, comp = 0;
  explicit exact_roll(std::size_t k) : v(k), entered(k) {}
  void fill(double x) {
    entered[at] = x - comp;
    double y = x - comp, t = sum + y;
    comp = (t - sum) - y;
    sum = t;
  }
  void roll_on(double x) {
    double y = -entered[at] - comp, t = sum + y, in = x - ((t - sum) - y);
    sum = t + in;
    comp = (sum - t) - in;
    entered[at] = in;
  }
  void anew(double x) {
    v[at] = x;
    sum = 0;
    for (std::size_t k = 0, from = at + v.size(); k < std::min(n + 1, v.size()); ++k) sum += v[(from - k) % v.size()];
    comp = 0;
    entered[at] = x;
  }
  bool add(double x) {
    double size = std::fabs(comp), r = x + size;
    if (comp != 0 && x != 0 && r != 0 && size - (r - x) > 0) anew(x);
    else if (n < v.size()) fill(x);
    else roll_on(x);
    v[at] = x;
    at = at + 1 == v.size() ? 0 : at + 1;
    if (n < v.size()) ++n;
    return n == v.size();
  }
  double mean() const { return sum / static_cast<double>(v.size()); }
};

outcome hand_s1(const std::vector<bar>& bars) {
  book b;
  exact_roll f(10), s(30);
  double pf = NAN, ps = NAN;
  int want = 0;
  for (const auto& x : bars) {
    if (want != 0 && want != b.pos) {
      if (b.pos != 0) b.close(x.open);
      b.open(want, x.open);
    }
    want = 0;
    f.add(x.close);
    if (!s.add(x.close)) continue;
    double fast = f.mean(), slow = s.mean();
    if (fast > slow && pf <= ps) want = 1;
    if (fast < slow && pf >= ps) want = -1;
    pf = fast;
    ps = slow;
  }
  return b.end(bars.back().close);
}

/// Ticks away from the market: what the emulator does to levels.
double up_tick(double p) { return std::ceil(p * 100 - 1e-4) / 100; }
double down_tick(double p) { return std::floor(p * 100 + 1e-4) / 100; }

outcome hand_s2(const std::vector<bar>& bars) {
  book b;
  rsi_of r;
  roll vol(20), first(50);
  wilder atr(14);
  double ema = NAN, last = NAN, stop = 0, limit = 0;
  int want = 0;
  for (const auto& x : bars) {
    if (want != 0 && b.pos == 0) b.open(want, x.open);
    want = 0;
    if (b.pos != 0) {
      bool high_first = x.high - x.open < x.open - x.low, is_long = b.pos > 0;
      auto meets_stop = [&](double p) { return is_long ? p <= stop : p >= stop; };
      auto meets_limit = [&](double p) { return is_long ? p >= limit : p <= limit; };
      if (meets_limit(x.open) || meets_stop(x.open)) {
        b.close(x.open);
      } else {
        for (double p : {high_first ? x.high : x.low, high_first ? x.low : x.high}) {
          if (meets_limit(p)) b.close(limit);
          else if (meets_stop(p)) b.close(stop);
          else continue;
          break;
        }
      }
    }
    double rsi = r.add(x.close);
    bool full = vol.add(x.volume);
    if (first.n < 50) {
      if (first.add(x.close)) ema = first.mean();
    } else {
      ema += 2.0 / 51 * (x.close - ema);
    }
    double a = atr.add(std::isnan(last) ? x.high - x.low : std::max({x.high - x.low, std::fabs(x.high - last), std::fabs(x.low - last)}));
    last = x.close;
    if (!full || std::isnan(ema) || b.pos != 0) continue;
    bool strong = x.volume - 1.5 * vol.mean() > eps;
    if (rsi - 60 > eps && strong && x.close - ema > eps) {
      want = 1;
      stop = down_tick(x.close - 2 * a);
      limit = up_tick(x.close + 3 * a);
    } else if (40 - rsi > eps && strong && ema - x.close > eps) {
      want = -1;
      stop = up_tick(x.close + 2 * a);
      limit = down_tick(x.close - 3 * a);
    }
  }
  return b.end(bars.back().close);
}

outcome hand_s3(const std::vector<bar>& bars) {
  book b;
  rsi_of r;
  roll sum(20);
  int want = 0;
  bool leave = false;
  for (const auto& x : bars) {
    if (leave && b.pos != 0) b.close(x.open);
    if (want != 0 && b.pos == 0) b.open(want, x.open);
    want = 0;
    leave = false;
    double rsi = r.add(x.close);
    if (!sum.add(x.close)) continue;
    double mid = sum.mean(), square = 0;
    for (double v : sum.v) square += (v - mid) * (v - mid);
    double width = 2 * std::sqrt(square / 20);
    if (b.pos == 0 && mid - width - x.close > eps && 30 - rsi > eps) want = 1;
    if (b.pos == 0 && x.close - mid - width > eps && rsi - 70 > eps) want = -1;
    leave = (b.pos > 0 && x.close - mid > eps) || (b.pos < 0 && mid - x.close > eps);
  }
  return b.end(bars.back().close);
}

// ---------------------------------------------------------------- the engine

run_settings settings() {
  auto symbol = std::make_shared<symbol_info>();
  run_settings s;
  s.symbol = symbol;
  s.chart_timeframe = *timeframe::parse("1");
  return s;
}

outcome engine(const std::shared_ptr<const program>& code, const std::vector<bar>& bars, benchmark::State& state) {
  tester::strategy_run run(code, settings(), {.curve = tester::keep_curve::no});
  for (const auto& b : bars)
    if (auto f = run.on_bar(b)) {
      state.SkipWithError(f->message.c_str());
      break;
    }
  const auto& a = run.account().account();
  if (auto broken = tester::check_identity(a, run.account().rules().initial_capital)) state.SkipWithError(broken->c_str());
  return {a.closed_trades().size(), a.equity()};
}

void rate(benchmark::State& state, std::size_t bars) {
  state.counters["bars/s"] = benchmark::Counter(static_cast<double>(bars) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void strategy(benchmark::State& state, const char* source, outcome (*by_hand)(const std::vector<bar>&)) {
  auto compiled = compile(source);
  const auto& bars = bars_of(state.range(0));
  outcome out;
  for (auto _ : state) out = engine(compiled.code, bars, state);
  if (by_hand != nullptr) {
    auto hand = by_hand(bars);
    if (hand.trades != out.trades || std::fabs(hand.equity - out.equity) > 1e-3 * static_cast<double>(out.trades + 1))
      state.SkipWithError(("differs from the loop by hand: " + std::to_string(out.trades) + " trades, equity " + std::to_string(out.equity) +
                           " against " + std::to_string(hand.trades) + ", " + std::to_string(hand.equity)).c_str());
  }
  state.counters["trades"] = static_cast<double>(out.trades);
  rate(state, bars.size());
}

void hand(benchmark::State& state, outcome (*by_hand)(const std::vector<bar>&)) {
  const auto& bars = bars_of(state.range(0));
  outcome out;
  for (auto _ : state) benchmark::DoNotOptimize(out = by_hand(bars));
  state.counters["trades"] = static_cast<double>(out.trades);
  rate(state, bars.size());
}

/// The sweep of the baselines: 100 pairs of lengths, compiled once.
void sweep_s1(benchmark::State& state) {
  auto compiled = compile(s1);
  const auto& bars = bars_of(100'000);
  std::size_t runs = 0, trades = 0;
  for (auto _ : state)
    for (int fast = 5; fast < 15; ++fast)
      for (int slow = 20; slow < 60; slow += 4) {
        auto s = settings();
        s.inputs = {{"Fast", std::to_string(fast)}, {"Slow", std::to_string(slow)}};
        tester::strategy_run run(compiled.code, s, {.curve = tester::keep_curve::no});
        for (std::size_t i = 0; i < 36'000; ++i)
          if (run.on_bar(bars[i])) state.SkipWithError("the script failed");
        trades += run.account().account().closed_trades().size();
        ++runs;
      }
  benchmark::DoNotOptimize(trades);
  state.counters["bars/s"] = benchmark::Counter(static_cast<double>(runs) * 36'000, benchmark::Counter::kIsRate);
}

#define BOTH Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond)
BENCHMARK_CAPTURE(strategy, S1, s1, hand_s1)->BOTH;
BENCHMARK_CAPTURE(hand, S1, hand_s1)->BOTH;
BENCHMARK_CAPTURE(strategy, S2, s2, hand_s2)->BOTH;
BENCHMARK_CAPTURE(hand, S2, hand_s2)->BOTH;
BENCHMARK_CAPTURE(strategy, S3, s3, hand_s3)->BOTH;
BENCHMARK_CAPTURE(hand, S3, hand_s3)->BOTH;
BENCHMARK_CAPTURE(strategy, pyramids_and_trails, trailing, nullptr)->BOTH;
BENCHMARK(sweep_s1)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
