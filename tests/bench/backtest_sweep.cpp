#include "actors/backtest/local_runner.hpp"
#include "tests/bench/pine_walk.hpp"

#include <benchmark/benchmark.h>


/// A study as the command line runs it: random draws over two lengths of a moving-average cross, 36,000 one-minute bars a
/// trial, ledger and figures included. The rank of the best is compared over thread counts: the same bytes, or it fails.

namespace {

using namespace tt;
using namespace tt::backtest;

constexpr std::size_t bars_per_trial = 36'000;

class one_set final : public bar_provider {
public:
  one_set() {
    auto made = bar_set::make({"X", timeframe::minutes(1)}, std::make_shared<pine::symbol_info>(), bench::walk(bars_per_trial, 1'704'067'200'000), 0);
    set_ = made.value();
  }
  result<std::shared_ptr<const bar_set>> bars(const backtest_request&, const pair_key&, inner_bars) override { return set_; }

private:
  std::shared_ptr<const bar_set> set_;
};

study_request sweep_of(std::uint64_t trials) {
  study_request r;
  r.base.pine_script = bench::s1;
  r.base.symbols = {"X"};
  r.base.timeframes = {timeframe::minutes(1)};
  r.base.start = civil_date::of(2024, 1, 1), r.base.end = civil_date::of(2024, 3, 31);
  r.method = search_method::random;
  r.goal.objective = "net_profit";
  r.max_trials = trials;
  parameter fast, slow;
  fast.name = "Fast", fast.min = 2, fast.max = 50;
  slow.name = "Slow", slow.min = 20, slow.max = 200;
  r.parameters = {fast, slow};
  return r;
}

void sweep(benchmark::State& state) {
  static std::map<std::int64_t, std::string> seen;
  const auto trials = state.range(0), threads = state.range(1);
  one_set bars;
  const auto script = compile_strategy(bench::s1);
  for (auto _ : state) {
    runner_options o;
    o.threads = static_cast<std::size_t>(threads);
    auto done = run_study(sweep_of(static_cast<std::uint64_t>(trials)), script, bars, o);
    if (!done) {
      state.SkipWithError(to_string(done.error()).c_str());
      break;
    }
    const auto table = done->trials_csv();
    auto [known, fresh] = seen.try_emplace(trials, table);
    if (!fresh && known->second != table) state.SkipWithError("the table differs from that of another number of threads");
  }
  state.counters["bars/s"] = benchmark::Counter(static_cast<double>(trials) * static_cast<double>(bars_per_trial) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
/// The same over other indicators, with and without shared columns: one thread, and the same table or it fails.
std::string dear_script(const char* name, const char* of_fast, const char* of_slow) {
  return std::string("//@version=6\nstrategy(\"") + name + "\"" TT_BENCH_STRATEGY "fastLen = input.int(10, \"Fast\")\nslowLen = input.int(30, \"Slow\")\n" +
         "fast = " + of_fast + "\nslow = " + of_slow + "\nif ta.crossover(fast, slow)\n    strategy.entry(\"L\", strategy.long)\n" +
         "if ta.crossunder(fast, slow)\n    strategy.entry(\"S\", strategy.short)\n";
}

void shared_sweep(benchmark::State& state, const char* name, const char* of_fast, const char* of_slow) {
  static std::map<std::string, std::string> seen;
  constexpr std::uint64_t trials = 1'000;
  one_set bars;
  auto request = sweep_of(trials);
  request.base.pine_script = dear_script(name, of_fast, of_slow);
  const auto script = compile_strategy(request.base.pine_script);
  for (auto _ : state) {
    runner_options o;
    o.threads = 1;
    o.columns = state.range(0) == 1 ? column_sharing::on : column_sharing::off;
    auto done = run_study(request, script, bars, o);
    if (!done) {
      state.SkipWithError(to_string(done.error()).c_str());
      break;
    }
    const auto table = done->trials_csv();
    auto [known, fresh] = seen.try_emplace(name, table);
    if (!fresh && known->second != table) state.SkipWithError("shared columns change the table");
  }
  state.counters["bars/s"] = benchmark::Counter(static_cast<double>(trials * bars_per_trial) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
#define SHARED(name, fast, slow) BENCHMARK_CAPTURE(shared_sweep, name, #name, fast, slow)->ArgName("shared")->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond)
SHARED(sma, "ta.sma(close, fastLen)", "ta.sma(close, slowLen)");
SHARED(ema, "ta.ema(close, fastLen)", "ta.ema(close, slowLen)");
SHARED(hma, "ta.hma(close, fastLen)", "ta.hma(close, slowLen)");
SHARED(linreg, "ta.linreg(close, fastLen, 0)", "ta.linreg(close, slowLen, 0)");
SHARED(bands, "ta.ema(close, fastLen)", "ta.sma(close, slowLen) + 2 * ta.stdev(close, slowLen)");
SHARED(percentile, "ta.percentile_nearest_rank(close, fastLen, 50)", "ta.percentile_linear_interpolation(close, slowLen, 50)");
SHARED(correlation, "ta.sma(ta.correlation(close, volume, fastLen), 5)", "ta.correlation(close, volume, slowLen)");

BENCHMARK(sweep)->Args({1'000, 1})->Args({1'000, 2})->Args({10'000, 1})->Args({10'000, 2})->Iterations(1)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace

BENCHMARK_MAIN();
