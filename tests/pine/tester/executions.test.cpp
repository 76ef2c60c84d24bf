#include "tests/pine/case_runner.hpp"

#include "actors/pine/tester/fill_rules.hpp"
#include "actors/pine/tester/history_ticks.hpp"
#include "actors/pine/tester/strategy_run.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

/// Bars on which a strategy runs more than once: after fills, and on assumed ticks. Each run starts from where the bar
/// before ended, so the last one leaves what a single run would have left.

namespace tt::pine::testing {
namespace {

using tester::strategy_run;

std::vector<bar> random_bars(std::size_t n, std::uint32_t seed) {
  std::mt19937 g(seed);
  std::normal_distribution<double> step(0, 0.6);
  std::uniform_real_distribution<double> wick(0, 0.8);
  std::vector<bar> bars;
  double p = 100;
  for (std::size_t i = 0; i < n; ++i) {
    double o = std::round((p + step(g) * 0.3) * 100) / 100;
    p = std::max(5.0, std::round((o + step(g)) * 100) / 100);
    double high = std::round((std::max(o, p) + wick(g)) * 100) / 100, low = std::round((std::min(o, p) - wick(g)) * 100) / 100;
    bars.push_back({1'700'000'000'000 + static_cast<std::int64_t>(i) * 3'600'000, o, high, low, p, 1000 + std::floor(wick(g) * 100)});
  }
  return bars;
}

/// The values of all plots, bar by bar, and the run itself.
struct history {
  std::vector<std::vector<double>> rows;
  std::string trades;
};
history run_of(const std::string& options, const std::string& body, const std::vector<bar>& bars, std::span<const bar> lower = {}) {
  history out;
  const auto source = "//@version=6\nstrategy(\"t\"" + options + ")\n" + body;
  const auto compiled = compile(source);
  if (compiled.code == nullptr) {
    for (const auto& d : compiled.diags.all()) ADD_FAILURE() << render(d, source, "script");
    return out;
  }
  run_settings settings;
  settings.chart_timeframe = *timeframe::parse("60");
  tester::tester_options tested;
  tested.lower_bars = lower;
  strategy_run run(compiled.code, settings, tested);
  for (const auto& b : bars) {
    if (auto failed = run.on_bar(b)) {
      ADD_FAILURE() << failed->message;
      return out;
    }
    auto& row = out.rows.emplace_back();
    for (std::size_t k = 0; k < compiled.code->plots.size(); ++k) row.push_back(run.engine().plot_value(k, 0));
  }
  out.trades = tester::trade_table(run);
  return out;
}

void expect_equal(const history& a, const history& b, std::size_t from_plot = 0) {
  ASSERT_EQ(a.rows.size(), b.rows.size());
  for (std::size_t i = 0; i < a.rows.size(); ++i)
    for (std::size_t k = from_plot; k < a.rows[i].size(); ++k) {
      const bool both_na = std::isnan(a.rows[i][k]) && std::isnan(b.rows[i][k]);
      ASSERT_TRUE(both_na || a.rows[i][k] == b.rows[i][k]) << "bar " << i << " plot " << k << ": " << a.rows[i][k] << " and " << b.rows[i][k];
    }
}

/// State of every kind: built-ins with memory, variables, collections, objects, functions with state of their own.
const char* const stateful = R"(
up = close > open
plot(ta.valuewhen(up, close, 1))
plot(ta.barssince(up))
plot(ta.change(close, 3) + (ta.change(up) ? 1 : 0))
plot(ta.cum(volume))
plot(ta.ema(close, 9) + ta.rma(close, 5) + ta.rsi(close, 7))
plot(ta.highest(7) - ta.lowest(low, 40) + ta.highestbars(9))
plot(ta.sma(close, 80) + ta.stdev(close, 70) + ta.wma(close, 90) + ta.linreg(close, 20, 0))
plot(ta.median(close, 30) + ta.percentrank(close, 25) + ta.percentile_nearest_rank(close, 20, 60))
[trend, side] = ta.supertrend(2, 4)
plot(ta.vwap(close) + ta.obv + ta.mfi(close, 6) + trend + side)
plot(ta.pivothigh(high, 2, 2))
plot(ta.crossover(close, ta.sma(close, 5)) ? ta.rising(close, 2) ? 2 : 1 : 0)
plot(fixnan(up ? close : na) + math.sum(close, 12))
var int bars = 0
bars += 1
var list = array.new<float>()
list.push(close)
if list.size() > 10
    list.shift()
var counts = map.new<int, int>()
counts.put(bars % 7, nz(counts.get(bars % 7)) + 1)
type box_of
    float best = 0
var kept = box_of.new()
kept.best := math.max(kept.best, high)
var grid = matrix.new<float>(0, 2)
grid.add_row(grid.rows(), array.from(open, close))
for row in grid
    row.set(0, row.get(0) + 1)
tally(bool when) =>
    var int n = 0
    if when
        n += 1
    n + nz(n[2])
once bars > 5
    bars += 100
plot(bars + list.sum() + counts.get(bars % 7) + kept.best + tally(up) + grid.col(0).sum())
plot(list.size() > 1 ? kept.best - nz((kept[1]).best) : 0)
plot(bars[3] + close[bars % 4])
)";

const char* const orders = R"(
if bar_index % 3 == 0
    strategy.entry("L", strategy.long)
if bar_index % 5 == 0
    strategy.entry("S", strategy.short, stop = close - 0.3)
strategy.exit("X", "L", profit = 40, loss = 60)
strategy.exit("Y", "S", limit = close - 0.5, stop = close + 0.5)
)";

const std::string count_runs = "varip int runs = 0\nruns += 1\nplot(runs)\n";

TEST(pine_executions, what_runs_after_fills_leaves_the_state_of_one_run) {
  const auto bars = random_bars(400, 5);
  const auto once = run_of("", count_runs + stateful + orders, bars), again = run_of(", calc_on_order_fills = true", count_runs + stateful + orders, bars);
  ASSERT_FALSE(HasFailure());
  EXPECT_EQ(once.rows.back()[0], 400);
  EXPECT_GT(again.rows.back()[0], 600) << "fills bring runs of their own";
  expect_equal(once, again, 1);
}

TEST(pine_executions, what_runs_on_ticks_leaves_the_state_of_one_run) {
  const auto bars = random_bars(300, 6);
  const auto once = run_of("", count_runs + stateful, bars), ticks = run_of(", calc_on_every_history_tick = true", count_runs + stateful, bars);
  ASSERT_FALSE(HasFailure());
  EXPECT_EQ(ticks.rows.back()[0], 4 * 300);
  expect_equal(once, ticks, 1);
}

/// Orders that come on closing ticks only are those of a run per bar, so they fill as those do.
TEST(pine_executions, orders_of_closing_ticks_fill_as_those_of_bars) {
  const auto bars = random_bars(600, 8);
  const std::string body = R"(
slow = ta.sma(close, 9)
if closing and ta.crossover(ta.sma(close, 3), slow)
    strategy.entry("L", strategy.long)
    strategy.exit("LX", "L", stop = close - 1.2, limit = close + 1.5)
if closing and ta.crossunder(ta.sma(close, 3), slow)
    strategy.entry("S", strategy.short, stop = low - 0.1)
    strategy.exit("SX", "S", trail_points = 40, trail_offset = 20, loss = 150)
)";
  const auto plain = run_of(", commission_value = 0.05, slippage = 1", "closing = true\n" + body, bars);
  const auto ticks = run_of(", commission_value = 0.05, slippage = 1, calc_on_every_history_tick = true", "varip int t = 0\nt += 1\nclosing = t % 4 == 0\n" + body, bars);
  ASSERT_FALSE(HasFailure());
  EXPECT_GT(plain.trades.size(), 2000u);
  EXPECT_EQ(plain.trades, ticks.trades);
}

TEST(pine_executions, ticks_of_a_bar) {
  std::vector<bar> ticks;
  auto shown = [&] {
    std::string out;
    for (const auto& t : ticks) {
      for (double v : {t.open, t.high, t.low, t.close, t.volume}) out += std::to_string(std::lround(v)) + " ";
      out += "| ";
    }
    return out;
  };
  tester::history_ticks({0, 10, 12, 5, 8, 100}, {}, ticks); // the high is nearer
  EXPECT_EQ(shown(), "10 10 10 10 25 | 10 12 10 12 50 | 10 12 5 5 75 | 10 12 5 8 100 | ");
  const std::vector<bar> lower{{0, 10, 12, 9, 11, 40}, {1, 11, 11, 5, 8, 60}};
  tester::history_ticks({0, 10, 12, 5, 8, 100}, lower, ticks);
  EXPECT_EQ(shown(), "10 10 10 10 10 | 10 10 9 9 20 | 10 12 9 12 30 | 10 12 9 11 40 | "
                     "10 12 9 11 55 | 10 12 9 11 70 | 10 12 5 5 85 | 10 12 5 8 100 | ");
}

TEST(pine_executions, ticks_of_lower_bars) {
  const std::vector<bar> whole{{1'700'006'400'000, 10, 12, 5, 8, 100}};
  const std::vector<bar> lower{{1'700'006'400'000, 10, 12, 9, 11, 40}, {1'700'008'200'000, 11, 11, 5, 8, 60}};
  const auto r = run_of(", calc_on_every_history_tick = true, use_bar_magnifier = true", count_runs + "plot(volume)\n", whole, lower);
  ASSERT_FALSE(HasFailure());
  EXPECT_EQ(r.rows[0][0], 8);
  EXPECT_EQ(r.rows[0][1], 100);
}

} // namespace
} // namespace tt::pine::testing
