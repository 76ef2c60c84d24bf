#include "actors/backtest/study.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

/// A study over a real strategy: the same table for any order of work.

namespace tt::backtest {
namespace {

const char* const source = R"(//@version=6
strategy("cross", initial_capital = 10000)
fast = input.int(5, "fast", minval = 1)
slow = input.int(20, "slow", minval = 2)
if ta.crossover(ta.sma(close, fast), ta.sma(close, slow))
    strategy.entry("L", strategy.long)
if ta.crossunder(ta.sma(close, fast), ta.sma(close, slow))
    strategy.close("L")
)";

std::vector<pine::bar> wave(std::size_t n) {
  std::vector<pine::bar> bars;
  double last = 100;
  for (std::size_t i = 0; i < n; ++i) {
    double x = static_cast<double>(i), c = 100 + 10 * std::sin(x / 17) + 4 * std::sin(x / 5) + x / 100;
    c = std::round(c * 100) / 100;
    bars.push_back({1'700'000'000'000 + static_cast<std::int64_t>(i) * 3'600'000, last, std::max(last, c) + 0.5, std::min(last, c) - 0.5, c, 1});
    last = c;
  }
  return bars;
}

struct setup {
  std::vector<pine::bar> bars = wave(600);
  trial_job job;
  setup() {
    job.code = pine::compile(source).code;
    job.bars = bars;
    job.settings.chart_timeframe = *pine::timeframe::parse("60");
  }
  study make(study_goal goal = {.objective = "net_profit", .way = direction::maximize, .constraints = {"total_trades >= 2"}}) const {
    auto space = parameter_space::make({*parameter_space::parse("fast=2:8:2"), *parameter_space::parse("slow=10:40:10")});
    auto how = grid_search(*space, 100);
    return *study::make(*space, std::move(*how), std::move(goal));
  }
  result<trial_outcome> run(const study& s, std::uint64_t trial) const { return run_trial(job, s.space().inputs(s.at(trial)), 0, bars.size()); }
};

std::string log_of(const study& s) {
  std::string out;
  for (const auto& r : s.rows()) out += r ? to_line(*r) + "\n" : "-\n";
  return out;
}

TEST(study, any_order_of_work_gives_the_same_table) {
  setup x;
  ASSERT_NE(x.job.code, nullptr);
  auto one = x.make(), two = x.make();
  while (!one.finished())
    for (auto n : one.take(1)) one.put(n, x.run(one, n));
  // two workers, one of them lost with its work, results late, backwards and twice
  auto lost = two.take(5);
  std::vector<std::uint64_t> second = two.take(6);
  EXPECT_EQ(second.front(), 5u);
  two.give_back(lost);
  auto rest = two.take(100);
  EXPECT_EQ(rest.size(), two.total() - 6);
  EXPECT_TRUE(two.take(1).empty());
  for (auto it = rest.rbegin(); it != rest.rend(); ++it) two.put(*it, x.run(two, *it));
  for (auto n : second) two.put(n, x.run(two, n));
  two.put(second[0], tt::error{errc::internal, "late and wrong"});
  EXPECT_TRUE(two.finished());
  EXPECT_EQ(two.done(), two.total());
  EXPECT_EQ(log_of(one), log_of(two));
  ASSERT_FALSE(one.best(3).empty());
  EXPECT_GE(*one.best(3)[0]->objective, *one.best(3)[1]->objective);
  EXPECT_FALSE(one.neighbours(*one.best(1)[0]).empty());
}

TEST(study, goes_on_from_its_log) {
  setup x;
  auto one = x.make();
  std::vector<std::string> log;
  for (auto n : one.take(7)) log.push_back(to_line(one.put(n, x.run(one, n))));
  auto again = x.make();
  for (const auto& line : log) {
    auto row = from_line(line);
    ASSERT_TRUE(row);
    EXPECT_TRUE(again.restore(*row));
    EXPECT_TRUE(again.restore(*row)) << "twice is once";
  }
  EXPECT_EQ(again.done(), 7u);
  EXPECT_EQ(again.take(1)[0], 7u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(to_line(*again.rows()[i]), log[i]);
  auto foreign = *from_line(log[0]);
  foreign.at[0] += 1;
  EXPECT_FALSE(again.restore(foreign));
  EXPECT_FALSE(from_line("nonsense"));
  EXPECT_FALSE(from_line("1;a;2;3;"));
}

TEST(study, constraints_and_undefined_objectives_rank_nowhere) {
  setup x;
  auto s = x.make({.objective = "profit_factor", .way = direction::maximize, .constraints = {"total_trades > 1000"}});
  for (auto n : s.take(100)) s.put(n, x.run(s, n));
  EXPECT_TRUE(s.finished());
  EXPECT_TRUE(s.best(10).empty());
}

TEST(study, bad_goals_are_named) {
  auto space = *parameter_space::make({*parameter_space::parse("fast=2:8")});
  EXPECT_EQ(study::make(space, *grid_search(space, 100), {.objective = "sharp"}).error().field, "objective");
  EXPECT_EQ(study::make(space, *grid_search(space, 100), {.constraints = {"win_rate > 0", "x"}}).error().field, "constraints[1]");
}

TEST(study, an_input_the_script_does_not_have_fails_the_trial) {
  setup x;
  auto r = run_trial(x.job, {{"speed", "3"}}, 0, 100);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().field, "inputs");
  EXPECT_FALSE(run_trial(x.job, {}, 100, 100));
}

TEST(study, inputs_and_ranges_change_the_outcome) {
  setup x;
  auto a = run_trial(x.job, {{"fast", "2"}}, 0, 600), b = run_trial(x.job, {{"fast", "8"}}, 0, 600), c = run_trial(x.job, {{"fast", "2"}}, 0, 300);
  ASSERT_TRUE(a && b && c);
  EXPECT_NE(a->figures.get("net_profit"), b->figures.get("net_profit"));
  EXPECT_NE(a->figures.get("net_profit"), c->figures.get("net_profit"));
  EXPECT_EQ(a->daily_equity.size(), 26u);
}

} // namespace
} // namespace tt::backtest
