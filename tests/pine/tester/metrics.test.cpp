#include "actors/pine/tester/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>

/// Figures by hand-worked examples.

namespace tt::pine::tester {
namespace {

trade made(double size, double profit, double cost, std::int64_t from, std::int64_t to, double fee = 0) {
  trade t;
  t.size = size;
  t.profit = profit;
  t.entry_value = cost;
  t.entry_fee = fee;
  t.entry_bar = from;
  t.exit_bar = to;
  return t;
}

TEST(metrics, trades) {
  std::vector<trade> list{made(1, 10, 100, 0, 3), made(-1, -4, 100, 4, 4), made(1, 6, 50, 6, 8), made(1, 0, 100, 9, 9), made(-1, -6, 120, 10, 14)};
  auto f = figures_of(list, trade_side::both);
  EXPECT_EQ(f.trades, 5);
  EXPECT_EQ(f.wins, 2);
  EXPECT_EQ(f.losses, 2);
  EXPECT_EQ(f.evens, 1);
  EXPECT_EQ(f.net_profit, 6);
  EXPECT_EQ(*f.profit_factor, 1.6);
  EXPECT_EQ(*f.win_rate, 0.4);
  EXPECT_EQ(*f.average_win, 8);
  EXPECT_EQ(*f.average_loss, -5);
  EXPECT_EQ(*f.win_loss_ratio, 1.6);
  EXPECT_EQ(*f.largest_win, 10);
  EXPECT_EQ(*f.largest_win_return, 0.12) << "of the other winner: found by itself";
  EXPECT_EQ(*f.largest_loss, -6);
  EXPECT_EQ(*f.largest_loss_return, -0.05);
  EXPECT_DOUBLE_EQ(*f.expectancy, 1.2);
  EXPECT_DOUBLE_EQ(*f.average_bars, (4 + 1 + 3 + 1 + 5) / 5.0);
  EXPECT_EQ(f.most_wins_in_a_row, 1);
  EXPECT_EQ(figures_of(list, trade_side::short_).trades, 2);
  EXPECT_EQ(figures_of(list, trade_side::long_).net_profit, 16);
}

TEST(metrics, too_little_data_leaves_figures_empty) {
  auto none = figures_of(std::span<const trade>{}, trade_side::both);
  EXPECT_FALSE(none.win_rate || none.profit_factor || none.average_trade || none.largest_win || none.expectancy || none.average_bars);
  std::vector<trade> wins{made(1, 5, 100, 0, 1)};
  auto one = figures_of(wins, trade_side::both);
  EXPECT_FALSE(one.profit_factor) << "no losses to divide by";
  EXPECT_FALSE(one.largest_loss);
  std::vector<equity_point> curve{{0, 100, 0, 1}};
  auto tz = zone::find("Etc/UTC");
  auto e = figures_of(curve, 100, *tz, 2);
  EXPECT_FALSE(e.sharpe || e.sortino || e.cagr || e.calmar || e.volatility || e.var_95 || e.beta);
}

std::vector<equity_point> monthly(std::initializer_list<double> values) {
  std::vector<equity_point> curve;
  std::int64_t month = 0;
  for (double v : values) {
    auto day = days_from_civil(2024, 1 + month++, 15);
    curve.push_back({day * 86'400'000, v, 1, v});
  }
  return curve;
}

std::int64_t on(int month, int day, int hour = 12) { return (days_from_civil(2024, month, day) * 24 + hour) * 3'600'000; }

TEST(metrics, ratios_are_of_realised_months_and_not_annualised) {
  // January +10, nothing in February, March -11, April +19.8 of what is open: 10 %, 0, -10 %, 20 % of 100 -> 110 -> 110 -> 99 -> 118.8
  realised_trades made{{{on(1, 20), 10}, {on(3, 5), -11}}, 19.8, on(1, 3), on(4, 15)};
  const auto e = ratios_of(made, 100, *zone::find("Etc/UTC"), 2);
  double free = 0.02 / 12, r[] = {0.1, 0, -0.1, 0.2}, mean = 0.05, sum = 0, below = 0;
  for (double x : r) {
    sum += (x - mean) * (x - mean);
    below += std::min(0.0, x - free) * std::min(0.0, x - free);
  }
  EXPECT_NEAR(*e.sharpe, (mean - free) / std::sqrt(sum / 4), 1e-12);
  EXPECT_NEAR(*e.sortino, (mean - free) / std::sqrt(below / 4), 1e-12);
}

TEST(metrics, ratios_of_up_to_three_months_are_of_days) {
  // from 30 January to 2 February: four days, two of them idle; March still counts by days, April by months
  realised_trades made{{{on(1, 30), 10}, {on(2, 2), -11}}, 0, on(1, 30, 9), on(2, 2)};
  const auto e = ratios_of(made, 100, *zone::find("Etc/UTC"), 2);
  double free = 0.02 / 365, r[] = {0.1, 0, 0, -0.1}, sum = 0, below = 0;
  for (double x : r) {
    sum += x * x;
    below += std::min(0.0, x - free) * std::min(0.0, x - free);
  }
  EXPECT_NEAR(*e.sharpe, -free / std::sqrt(sum / 4), 1e-12);
  EXPECT_NEAR(*e.sortino, -free / std::sqrt(below / 4), 1e-12);
  const auto of_days = [&](int month) {
    realised_trades longer{{{on(1, 30), 10}, {on(month, 2), -11}}, 0, on(1, 30, 9), on(month, 2)};
    return *ratios_of(longer, 100, *zone::find("Etc/UTC"), 0).sharpe;
  };
  EXPECT_NEAR(of_days(3), 0, 1e-12);
  realised_trades april{{{on(1, 30), 10}, {on(4, 2), 11}}, 0, on(1, 30, 9), on(4, 2)};
  EXPECT_NEAR(*ratios_of(april, 100, *zone::find("Etc/UTC"), 0).sharpe, 1, 1e-12) << "10 %, 0, 0, 10 %";
}

TEST(metrics, too_few_trades_and_balances_that_never_moved_have_no_ratios) {
  const auto& tz = *zone::find("Etc/UTC");
  const auto one = ratios_of({{{on(1, 20), 10}}, 0, on(1, 3), on(1, 20)}, 100, tz, 2);
  EXPECT_FALSE(one.sharpe || one.sortino);
  const auto even = ratios_of({{{on(1, 20), 0}, {on(1, 21), 0}}, 0, on(1, 3), on(1, 21)}, 100, tz, 2);
  EXPECT_FALSE(even.sharpe);
  const auto broke = ratios_of({{{on(1, 20), -100}, {on(1, 21), 5}}, 0, on(1, 3), on(1, 21)}, 100, tz, 2);
  EXPECT_FALSE(broke.sharpe || broke.sortino) << "a return on nothing";
}

TEST(metrics, of_a_curve_by_hand) {
  auto tz = zone::find("Etc/UTC");
  auto e = figures_of(monthly({100, 110, 99, 118.8}), 100, *tz, 2);
  EXPECT_NEAR(e.max_drawdown, 0.1, 1e-12);
  EXPECT_NEAR(e.total_return, 0.188, 1e-12);
  double years = static_cast<double>(days_from_civil(2024, 4, 15) - days_from_civil(2024, 1, 15)) / 365.25;
  EXPECT_NEAR(*e.cagr, std::pow(1.188, 1 / years) - 1, 1e-12);
  EXPECT_NEAR(*e.calmar, *e.cagr / 0.1, 1e-9);
  EXPECT_NEAR(*e.beta, 1, 1e-12) << "the curve is its own symbol";
}

TEST(metrics, drawdown_days_run_until_the_peak_is_regained_or_the_end) {
  auto tz = zone::find("Etc/UTC");
  auto e = figures_of(monthly({100, 90, 95, 101, 99}), 100, *tz, 2);
  EXPECT_EQ(e.max_drawdown_days, 60) << "15 January to 15 March";
}

TEST(metrics, tails_of_daily_returns) {
  std::vector<equity_point> curve;
  double equity = 1000;
  for (std::int64_t i = 0; i < 40; ++i) {
    equity *= i == 10 ? 0.9 : i == 20 ? 0.95 : 1.001;
    curve.push_back({i * 86'400'000, equity, 0, 1});
  }
  auto tz = zone::find("Etc/UTC");
  auto e = figures_of(curve, 1000, *tz, 2);
  EXPECT_NEAR(*e.var_95, 0.05, 1e-12) << "2 of 40 days: the second worst";
  EXPECT_NEAR(*e.cvar_95, 0.075, 1e-12);
  EXPECT_EQ(*e.exposure, 0);
}

} // namespace
} // namespace tt::pine::tester
