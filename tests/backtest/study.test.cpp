#include "actors/backtest/study_plan.hpp"

#include <gtest/gtest.h>

#include "tests/backtest/support.hpp"

#include <algorithm>

/// A study over a real strategy: the same table for any order of work.

namespace tt::backtest {
namespace {

using namespace test;

struct setup {
  study_context context{request_for({"A"}), prepare(compile_strategy(cross).code, request_for({"A"})), {set_of("A", wave(600))}, {}};
  study make(study_goal goal = {.objective = "net_profit", .way = direction::maximize, .constraints = {"total_trades >= 2"}}) const {
    auto space = parameter_space::make({*parameter_space::parse("fast=2:8:2"), *parameter_space::parse("slow=10:40:10")});
    auto how = grid_search(*space, 100);
    return *study::make(*space, std::move(*how), std::move(goal));
  }
  result<figure_set> run(const study& s, std::uint64_t trial) const { return run(s.space().inputs(s.at(trial))); }
  result<figure_set> run(std::map<std::string, std::string> inputs, std::vector<time_range> ranges = {}) const {
    auto done = run_task(context, {0, task_kind::trial, 0, std::move(inputs), std::move(ranges)});
    EXPECT_TRUE(done);
    if (!done->failure.empty()) return error{errc::refused, done->failure};
    return figure_set::from(done->figures);
  }
};

std::string log_of(const study& s) {
  std::string out;
  for (const auto& r : s.rows()) out += r ? to_line(*r) + "\n" : "-\n";
  return out;
}

TEST(study, any_order_of_work_gives_the_same_table) {
  setup x;
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
  const auto r = x.run({{"speed", "3"}});
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().message.find("speed"), std::string::npos);
  EXPECT_FALSE(x.run({}, {{start_ms - 2, start_ms - 1}})) << "no bars";
}

TEST(study, inputs_and_ranges_change_the_outcome) {
  setup x;
  const auto a = x.run({{"fast", "2"}}), b = x.run({{"fast", "8"}}), c = x.run({{"fast", "2"}}, {{start_ms, start_ms + 300 * hour_ms}});
  ASSERT_TRUE(a && b && c);
  EXPECT_NE(a->get("net_profit"), b->get("net_profit"));
  EXPECT_NE(a->get("net_profit"), c->get("net_profit"));
}

TEST(study, pieces_of_windows_begin_warm) {
  // an average over 40 bars crosses within the 30 bars of the piece only if it has seen what was before
  setup x;
  const std::vector<time_range> piece{{start_ms + 300 * hour_ms, start_ms + 330 * hour_ms}};
  const auto warm = x.run({{"fast", "2"}, {"slow", "40"}}, piece);
  ASSERT_TRUE(warm);
  EXPECT_GT(warm->get("total_trades").value_or(0) + std::fabs(warm->get("total_return").value_or(0)), 0);
}

} // namespace
} // namespace tt::backtest
