#include "actors/backtest/expression.hpp"
#include "actors/backtest/search.hpp"
#include "actors/backtest/statistics.hpp"
#include "actors/backtest/windows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace tt::backtest {
namespace {

parameter whole(const char* name, double min, double max, double step = 1) {
  parameter p;
  p.name = name, p.min = min, p.max = max, p.step = step;
  return p;
}

TEST(parameters, levels_and_texts) {
  parameter x = whole("x", 0.1, 0.5, 0.1), flag, mode, log = whole("log", 1, 100, 0);
  x.kind = log.kind = parameter_kind::floating;
  log.scale = parameter_scale::logarithmic;
  flag.name = "flag", flag.kind = parameter_kind::boolean;
  mode.name = "mode", mode.kind = parameter_kind::choice, mode.values = {"a", "b", "c"};
  auto s = parameter_space::make({whole("n", 5, 50, 5), x, flag, mode, log});
  ASSERT_TRUE(s);
  EXPECT_EQ(s->levels(0), 10u);
  EXPECT_EQ(s->levels(1), 5u);
  EXPECT_EQ(s->size(), 10u * 5 * 2 * 3 * 1000);
  EXPECT_EQ(s->text(0, 9), "50");
  EXPECT_EQ(s->text(1, 2), "0.3");
  EXPECT_EQ(s->text(2, 1), "true");
  EXPECT_EQ(s->text(3, 2), "c");
  EXPECT_DOUBLE_EQ(s->number(4, 0), 1);
  EXPECT_DOUBLE_EQ(s->number(4, 999), 100);
}

TEST(parameters, the_grid_holds_every_point_once) {
  auto s = parameter_space::make({whole("a", 1, 3), whole("b", 10, 40, 10)});
  ASSERT_TRUE(s);
  std::set<point> seen;
  for (std::uint64_t n = 0; n < s->size(); ++n) seen.insert(s->at(n));
  EXPECT_EQ(seen.size(), 12u);
  EXPECT_EQ(s->at(1), (point{0, 1})) << "the last parameter runs fastest";
  EXPECT_EQ(s->neighbours({0, 1}).size(), 3u);
}

TEST(parameters, bad_ones_are_named) {
  EXPECT_EQ(parameter_space::make({whole("a", 3, 1)}).error().field, "parameters.a");
  EXPECT_EQ(parameter_space::make({whole("a", 1, 2), whole("a", 1, 2)}).error().field, "parameters.a");
  EXPECT_EQ(parameter_space::make({whole("a", 0, 1e9)}).error().code, errc::out_of_range);
  EXPECT_FALSE(parameter_space::make({}));
}

TEST(parameters, from_a_command_line) {
  auto p = parameter_space::parse("fast=5:50:5");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->kind, parameter_kind::integer);
  EXPECT_EQ(p->step, 5);
  p = parameter_space::parse("x=0.1:10:log");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->scale, parameter_scale::logarithmic);
  p = parameter_space::parse("mode=EMA|SMA");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->values.size(), 2u);
  EXPECT_FALSE(parameter_space::parse("fast"));
  EXPECT_FALSE(parameter_space::parse("fast=a:b"));
}

TEST(search, random_points_depend_on_key_and_number_alone) {
  auto s = parameter_space::make({whole("a", 0, 999), whole("b", 0, 999)});
  auto x = random_search(*s, 7, 100), y = random_search(*s, 7, 1000), z = random_search(*s, 8, 100);
  ASSERT_TRUE(x && y && z);
  int same = 0;
  for (std::uint64_t n = 0; n < 100; ++n) {
    EXPECT_EQ((*x)->at(99 - n), (*y)->at(99 - n));
    same += (*x)->at(n) == (*z)->at(n);
  }
  EXPECT_LT(same, 5);
}

TEST(search, random_points_are_spread_evenly) {
  auto s = parameter_space::make({whole("a", 0, 9)});
  int seen[10] = {};
  for (std::uint64_t n = 0; n < 10'000; ++n) ++seen[s->random(1, n)[0]];
  for (int c : seen) EXPECT_NEAR(c, 1000, 150);
}

TEST(search, a_grid_beyond_the_limit_is_refused) {
  auto s = parameter_space::make({whole("a", 1, 10'000), whole("b", 1, 1'000)});
  auto g = grid_search(*s, 1000);
  ASSERT_FALSE(g);
  EXPECT_EQ(g.error().field, "max_trials");
}

/// (a - 70)^2 + (b - 30)^2, to be minimised; `order` is the order in which results come in.
std::vector<point> evolve(std::uint64_t key, bool backwards) {
  auto s = parameter_space::make({whole("a", 0, 100), whole("b", 0, 100)});
  auto g = genetic_search(*s, key, {.population = 30, .generations = 15}, direction::minimize);
  std::uint64_t told = 0;
  while (told < (*g)->total()) {
    auto ready = (*g)->ready();
    std::vector<std::uint64_t> batch;
    for (auto n = told; n < ready; ++n) batch.push_back(n);
    if (backwards) std::reverse(batch.begin(), batch.end());
    for (auto n : batch) {
      auto p = (*g)->at(n);
      double a = p[0], b = p[1];
      (*g)->tell({n, (a - 70) * (a - 70) + (b - 30) * (b - 30)});
    }
    told = ready;
  }
  std::vector<point> all;
  for (std::uint64_t n = 0; n < (*g)->total(); ++n) all.push_back((*g)->at(n));
  return all;
}

TEST(search, the_genetic_method_finds_a_minimum_whatever_the_order_of_results) {
  auto all = evolve(3, false);
  EXPECT_EQ(all, evolve(3, true));
  double best = 1e9;
  for (const auto& p : all) best = std::min(best, std::hypot(p[0] - 70.0, p[1] - 30.0));
  EXPECT_LE(best, 3);
}

TEST(search, bad_genetic_options_are_named) {
  auto s = parameter_space::make({whole("a", 0, 9)});
  EXPECT_EQ(genetic_search(*s, 0, {.population = 1}, direction::maximize).error().field, "genetic.population");
  EXPECT_EQ(genetic_search(*s, 0, {.mutation = 2}, direction::maximize).error().field, "genetic.mutation");
  EXPECT_EQ(genetic_search(*s, 0, {.population = 5, .elite = 5}, direction::maximize).error().field, "genetic.elite");
}

// ---------------------------------------------------------------- expressions

std::optional<double> eval(const char* text) {
  auto known = [](std::string_view n) { return n == "a" || n == "b" || n == "none"; };
  auto e = expression::parse(text, known);
  if (!e) return std::nullopt;
  return e->value([](std::string_view n) { return n == "a" ? std::optional(3.0) : n == "b" ? std::optional(4.0) : std::nullopt; });
}

TEST(expressions, arithmetic_and_logic) {
  EXPECT_EQ(*eval("a + b * 2"), 11);
  EXPECT_EQ(*eval("(a + b) * -2"), -14);
  EXPECT_EQ(*eval("a - b - 1"), -2);
  EXPECT_EQ(*eval("sqrt(a*a + b*b)"), 5);
  EXPECT_EQ(*eval("max(a, b) - min(a, b)"), 1);
  EXPECT_EQ(*eval("a >= 3 and not b < 4"), 1);
  EXPECT_EQ(*eval("a == 4 or b == 4"), 1);
  EXPECT_EQ(*eval("abs(a - b) > 1"), 0);
}
TEST(expressions, what_is_undefined_stays_so_unless_it_does_not_matter) {
  EXPECT_FALSE(eval("none + 1"));
  EXPECT_FALSE(eval("a / (b - 4)"));
  EXPECT_FALSE(eval("log(a - 3)"));
  EXPECT_EQ(*eval("a > 1 or none > 1"), 1);
  EXPECT_EQ(*eval("none > 1 and a > 5"), 0);
  EXPECT_FALSE(eval("none > 1 and a > 1"));
}
TEST(expressions, errors_carry_the_column) {
  auto known = [](std::string_view n) { return n == "a"; };
  EXPECT_EQ(expression::parse("a + zz", known).error().message, "column 5: there is no figure \"zz\"");
  EXPECT_FALSE(expression::parse("", known));
  EXPECT_FALSE(expression::parse("a +", known));
  EXPECT_FALSE(expression::parse("(a", known));
  EXPECT_FALSE(expression::parse("a a", known));
  EXPECT_FALSE(expression::parse("a ; b", known));
  EXPECT_FALSE(expression::parse(std::string(1000, '('), known));
  EXPECT_FALSE(expression::parse(std::string(1000, '-'), known));
}

// ---------------------------------------------------------------- windows

std::vector<std::int64_t> daily(std::size_t n) {
  std::vector<std::int64_t> t;
  for (std::size_t i = 0; i < n; ++i) t.push_back(static_cast<std::int64_t>(i) * 86'400'000);
  return t;
}

TEST(windows, rolling_and_anchored) {
  window_plan plan;
  plan.train.count = 40;
  plan.test.count = 10;
  auto w = windows_over(daily(75), plan);
  ASSERT_TRUE(w);
  ASSERT_EQ(w->size(), 3u);
  EXPECT_EQ((*w)[1].train[0], (bar_range{10, 50}));
  EXPECT_EQ((*w)[1].test, (bar_range{50, 60}));
  plan.mode = window_mode::anchored;
  w = windows_over(daily(75), plan);
  EXPECT_EQ((*w)[2].train[0], (bar_range{0, 60}));
}
TEST(windows, purge_and_embargo_leave_gaps) {
  window_plan plan;
  plan.mode = window_mode::anchored;
  plan.train.count = 40;
  plan.test.count = 10;
  plan.step.count = 20;
  plan.purge.count = 5;
  plan.embargo.count = 3;
  auto w = windows_over(daily(100), plan);
  ASSERT_TRUE(w);
  EXPECT_EQ((*w)[0].test, (bar_range{45, 55}));
  ASSERT_EQ((*w)[1].train.size(), 2u);
  EXPECT_EQ((*w)[1].train[0], (bar_range{0, 55}));
  EXPECT_EQ((*w)[1].train[1], (bar_range{58, 60}));
}
TEST(windows, days_count_time_not_bars) {
  auto length = window_length::parse("10d", "f");
  ASSERT_TRUE(length);
  window_plan plan;
  plan.train = *length;
  plan.test = *length;
  std::vector<std::int64_t> hourly;
  for (std::int64_t i = 0; i < 24 * 30; ++i) hourly.push_back(i * 3'600'000);
  auto w = windows_over(hourly, plan);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->size(), 2u);
  EXPECT_EQ((*w)[0].test, (bar_range{240, 480}));
}
TEST(windows, tests_of_days_lie_end_to_end_over_weekends) {
  std::vector<std::int64_t> weekdays;
  for (std::int64_t day = 4; day < 400; ++day) // 1970-01-05 was a Monday
    if ((day + 3) % 7 < 5) weekdays.push_back(day * 86'400'000);
  window_plan plan;
  plan.train = *window_length::parse("60d", "f");
  plan.test = *window_length::parse("20d", "f");
  auto w = windows_over(weekdays, plan);
  ASSERT_TRUE(w);
  ASSERT_EQ(w->size(), 16u);
  for (std::size_t i = 1; i < w->size(); ++i) EXPECT_EQ((*w)[i].test.from, (*w)[i - 1].test.to) << i;
  for (const auto& x : *w) EXPECT_EQ(x.train.back().to, x.test.from);
}
TEST(windows, never_train_on_what_is_tested) {
  for (auto mode : {window_mode::rolling, window_mode::anchored})
    for (std::int64_t purge : {0, 7}) {
      window_plan plan;
      plan.mode = mode;
      plan.train.count = 30, plan.test.count = 12, plan.step.count = 9, plan.purge.count = purge, plan.embargo.count = 4;
      auto w = windows_over(daily(200), plan);
      ASSERT_TRUE(w);
      for (const auto& x : *w)
        for (const auto& r : x.train) EXPECT_LE(r.to + static_cast<std::size_t>(purge), x.test.from);
    }
}
TEST(windows, impossible_ones_are_errors) {
  window_plan plan;
  plan.train.count = 100;
  plan.test.count = 10;
  EXPECT_FALSE(windows_over(daily(50), plan));
  plan.train.count = 0;
  EXPECT_EQ(windows_over(daily(50), plan).error().field, "walk_forward.train");
  EXPECT_FALSE(window_length::parse("x", "f"));
  EXPECT_FALSE(window_length::parse("", "f"));
  EXPECT_FALSE(window_length::parse("-3", "f"));
}

// ---------------------------------------------------------------- statistics

TEST(statistics, normal_distribution) {
  EXPECT_NEAR(normal_cdf(0), 0.5, 1e-15);
  EXPECT_NEAR(normal_cdf(1.959963984540054), 0.975, 1e-12);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-9);
  EXPECT_NEAR(normal_quantile(0.001), -3.090232306167813, 1e-9);
}
TEST(statistics, the_deflated_ratio_falls_with_the_number_of_trials) {
  std::vector<double> returns, few, many;
  counter_random draw(1, 1);
  for (int i = 0; i < 500; ++i) returns.push_back(0.0002 + 0.01 * (draw.unit() - 0.5));
  for (int i = 0; i < 1000; ++i) (i < 10 ? few : many).push_back(0.05 * (draw.unit() - 0.5));
  many.insert(many.end(), few.begin(), few.end());
  auto a = deflated_sharpe(returns, few), b = deflated_sharpe(returns, many);
  ASSERT_TRUE(a && b);
  EXPECT_GT(*a, *b);
  EXPECT_LT(*a, 1);
  EXPECT_GT(*b, 0);
  EXPECT_FALSE(deflated_sharpe({}, few));
  EXPECT_FALSE(deflated_sharpe(returns, std::vector<double>{1}));
}
TEST(statistics, plateau_and_spike) {
  std::vector<double> same{2, 2, 2}, none{0, 0};
  EXPECT_EQ(*stability(2, same), 1);
  EXPECT_EQ(*stability(2, none), 0);
  EXPECT_FALSE(stability(2, {}));
  std::vector<double> worse{4, 4}, better{1, 1}; // when less is better
  EXPECT_EQ(*stability(2, same, direction::minimize), 1);
  EXPECT_EQ(*stability(2, worse, direction::minimize), 0) << "twice as bad all around: a spike";
  EXPECT_EQ(*stability(2, better, direction::minimize), 1.5);
  std::vector<double> losses{-2, -2};
  EXPECT_EQ(*stability(-2, losses, direction::minimize), 1);
  EXPECT_EQ(*stability(-2, none, direction::minimize), 0);
  std::vector<double> twice{-4, -4}, half{-1, -1}; // an objective below zero that shall be large
  EXPECT_EQ(*stability(-2, losses), 1);
  EXPECT_EQ(*stability(-2, twice), 0) << "twice as bad all around: a spike";
  EXPECT_EQ(*stability(-2, half), 1.5);
}

} // namespace
} // namespace tt::backtest
