#include "actors/pine/column_cache.hpp"
#include "actors/pine/engine.hpp"
#include "tests/bench/pine_walk.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

/// What one call costs on a bar, beside reading its column: the figures behind the choice of what is shared
/// (column_plan.cpp). `nothing` is a bar without the call.

namespace {
using namespace tt::pine;

constexpr std::size_t bars_run = 36'000;

const std::vector<bar>& bars() {
  static const auto made = tt::bench::walk(bars_run);
  return made;
}

double run_over(const std::shared_ptr<const program>& code, const std::shared_ptr<column_cache>& cache) {
  run_settings settings;
  settings.last_bar_index = static_cast<std::int64_t>(bars_run) - 1;
  settings.columns = {cache, 0, bars_run};
  script s(code, settings);
  double sum = 0;
  for (const auto& b : bars()) {
    if (s.on_bar(b)) return sum;
    sum += s.plot_value(0, 0);
  }
  s.keep_columns();
  return sum;
}

void per_bar(benchmark::State& state, const std::string& call) {
  const auto compiled = compile("//@version=6\nindicator(\"t\")\nplot(" + call + ")\n");
  const bool shared = state.range(0) == 1;
  const auto cache = shared ? std::make_shared<column_cache>(find_columns(*compiled.code), column_budget::of_process()) : nullptr;
  run_over(compiled.code, cache);
  double sum = 0;
  for (auto _ : state) sum += run_over(compiled.code, cache);
  benchmark::DoNotOptimize(sum);
  state.counters["bar"] = benchmark::Counter(static_cast<double>(bars_run) * static_cast<double>(state.iterations()),
                                             benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

#define CALL(name, text) BENCHMARK_CAPTURE(per_bar, name, text)->ArgName("shared")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond)
CALL(nothing, "close");
CALL(change, "ta.change(close)");
CALL(crossover, "ta.crossover(close, open) ? 1 : 0");
CALL(cum, "ta.cum(close)");
CALL(tr, "ta.tr");
CALL(swma, "ta.swma(close)");
CALL(ema_20, "ta.ema(close, 20)");
CALL(rma_20, "ta.rma(close, 20)");
CALL(sma_20, "ta.sma(close, 20)");
CALL(rsi_14, "ta.rsi(close, 14)");
CALL(atr_14, "ta.atr(14)");
CALL(highest_50, "ta.highest(close, 50)");
CALL(stdev_50, "ta.stdev(close, 50)");
CALL(wma_50, "ta.wma(close, 50)");
CALL(hma_50, "ta.hma(close, 50)");
CALL(linreg_50, "ta.linreg(close, 50, 0)");
CALL(linreg_200, "ta.linreg(close, 200, 0)");
CALL(correlation_100, "ta.correlation(close, volume, 100)");
CALL(cci_50, "ta.cci(close, 50)");
CALL(median_100, "ta.median(close, 100)");
CALL(percentile_100, "ta.percentile_linear_interpolation(close, 100, 50)");
CALL(vwap, "ta.vwap");
CALL(alma_50, "ta.alma(close, 50, 0.85, 6)");

} // namespace

BENCHMARK_MAIN();
