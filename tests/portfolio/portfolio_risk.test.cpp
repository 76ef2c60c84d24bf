// Risk figures against numbers that were worked out by hand.

#include "actors/portfolio/portfolio_risk.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tt::portfolio {
namespace {

utc_time day(int n) { return utc_time{std::chrono::hours{24 * n}}; }

/// Closes whose returns are `a` and `b` in turn.
daily_closes alternating(int days, double a, double b) {
  daily_closes out;
  double close = 100;
  out[day(0)] = close;
  for (int i = 1; i <= days; ++i) out[day(i)] = close *= 1 + (i % 2 == 1 ? a : b);
  return out;
}

TEST(portfolio_risk, figures_of_one_symbol_are_its_own_times_the_weight) {
  const auto moves = alternating(100, 0.02, -0.01);
  const auto risk = measure_risk({{"AAPL", 0.5, moves}}, moves);
  EXPECT_EQ(risk.sample_days, 100U);
  // returns are 0.005 ± 0.015, of the sample; half of it
  EXPECT_NEAR(*risk.volatility, 0.5 * 0.015 * std::sqrt(100.0 / 99) * std::sqrt(252.0), 1e-9);
  EXPECT_NEAR(*risk.beta, 0.5, 1e-9);
  EXPECT_NEAR(*risk.correlation_with_market, 1, 1e-9);
  EXPECT_NEAR(*risk.var_95, 0.005, 1e-9) << "the fifth worst of 100 days";
  EXPECT_NEAR(*risk.cvar_95, 0.005, 1e-9);
  EXPECT_DOUBLE_EQ(risk.concentration, 0.5);
  EXPECT_FALSE(risk.avg_correlation);
  EXPECT_EQ(risk.reasons.at("avg_correlation"), "fewer than two symbols are held");
}

TEST(portfolio_risk, a_hedge_takes_the_risk_away) {
  const auto moves = alternating(80, 0.02, -0.01);
  const auto risk = measure_risk({{"LONG", 0.4, moves}, {"SHORT", -0.4, moves}}, moves);
  EXPECT_NEAR(*risk.volatility, 0, 1e-9);
  EXPECT_NEAR(*risk.beta, 0, 1e-9);
  EXPECT_NEAR(*risk.avg_correlation, 1, 1e-9);
  EXPECT_NEAR(*risk.correlations[0][1], 1, 1e-9);
  EXPECT_NEAR(*risk.var_95, 0, 1e-9);
}

TEST(portfolio_risk, opposite_moves_are_told_apart) {
  const auto risk = measure_risk({{"A", 0.3, alternating(80, 0.02, -0.02)}, {"B", 0.3, alternating(80, -0.02, 0.02)}}, {});
  EXPECT_NEAR(*risk.avg_correlation, -1, 1e-9);
  EXPECT_FALSE(risk.beta);
  EXPECT_EQ(risk.reasons.at("beta"), "the benchmark has no history here");
}

TEST(portfolio_risk, too_little_history_gives_no_figure_but_a_reason) {
  const auto few = measure_risk({{"A", 1, alternating(19, 0.01, -0.01)}}, alternating(300, 0.01, -0.01));
  EXPECT_FALSE(few.volatility || few.beta || few.var_95);
  EXPECT_EQ(few.reasons.at("volatility"), "only 19 days of common history; 20 are needed");
  const auto some = measure_risk({{"A", 1, alternating(59, 0.01, -0.01)}}, alternating(300, 0.01, -0.01));
  EXPECT_TRUE(some.volatility && some.beta);
  EXPECT_FALSE(some.var_95);
  const auto nothing = measure_risk({}, {});
  EXPECT_EQ(nothing.reasons.at("volatility"), "nothing is held");
  EXPECT_EQ(nothing.sample_days, 0U);
}

TEST(portfolio_risk, only_days_that_every_symbol_has_count) {
  auto gaps = alternating(100, 0.02, -0.01);
  for (int i = 10; i < 30; ++i) gaps.erase(day(i));
  const auto risk = measure_risk({{"A", 0.5, alternating(100, 0.02, -0.01)}, {"B", 0.5, gaps}}, {});
  EXPECT_EQ(risk.sample_days, 80U);
}

} // namespace
} // namespace tt::portfolio
