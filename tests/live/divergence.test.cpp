// Each difference between a traded day and its backtest under its cause.

#include "actors/strategy/live/divergence.hpp"

#include <gtest/gtest.h>

namespace tt::strategy::test {
namespace {

constexpr std::int64_t minute = 60'000;

closed_trade at_bar(int entry, int exit, double entry_price = 10, double exit_price = 11) {
  closed_trade t;
  t.entry_id = "L", t.exit_id = "X";
  t.entry_ms = entry * minute, t.exit_ms = exit * minute;
  t.entry_price = entry_price, t.exit_price = exit_price;
  t.qty = 2;
  t.profit = t.qty * (exit_price - entry_price);
  return t;
}

TEST(divergence, names_what_differs) {
  auto slipped = at_bar(10, 12, 10.01), later = at_bar(21, 23), part = at_bar(30, 32), costly = at_bar(40, 42);
  part.qty = 1;
  costly.fees = 0.5, costly.profit -= 0.5;
  const std::vector<closed_trade> account{at_bar(1, 3), slipped, later, part, costly, at_bar(90, 91)};
  const std::vector<closed_trade> backtest{at_bar(1, 3), at_bar(10, 12), at_bar(20, 23), at_bar(30, 32), at_bar(40, 42), at_bar(50, 52), at_bar(60, 62)};
  signal_row denied;
  denied.at_ms = 50 * minute;
  denied.order_id = "L", denied.outcome = "refused", denied.reason = "BUYING_POWER";
  const auto rows = compare_trades(account, backtest, std::vector{denied}, {{}, minute});
  std::vector<divergence_cause> causes;
  for (const auto& r : rows) causes.push_back(r.cause);
  using enum divergence_cause;
  EXPECT_EQ(causes, (std::vector<divergence_cause>{none, slippage, late, partial, fees, refused, not_sent, not_expected}));
  EXPECT_NE(rows[5].detail.find("BUYING_POWER"), std::string::npos);
  EXPECT_NE(rows[1].detail.find("10.01 instead of 10"), std::string::npos);
}

signal_row sent(const char* id, int bar) {
  signal_row out;
  out.at_ms = bar * minute;
  out.order_id = id, out.outcome = "sent";
  return out;
}

TEST(divergence, an_order_that_was_out_in_time_is_not_called_late) {
  const std::vector<closed_trade> account{at_bar(11, 20), at_bar(31, 40), at_bar(50, 61)};
  const std::vector<closed_trade> backtest{at_bar(10, 20), at_bar(30, 40), at_bar(50, 60), at_bar(70, 72)};
  const std::vector signals{sent("L", 9), sent("X", 19), sent("L", 31), sent("X", 39), sent("L", 49), sent("X", 59), sent("L", 69)};
  const auto rows = compare_trades(account, backtest, signals, {{}, minute});
  using enum divergence_cause;
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].cause, latency);
  EXPECT_NE(rows[0].detail.find("entered 1 bar after"), std::string::npos) << rows[0].detail;
  EXPECT_EQ(rows[1].cause, late);
  EXPECT_EQ(rows[2].cause, latency);
  EXPECT_NE(rows[2].detail.find("left 1 bar after"), std::string::npos) << rows[2].detail;
  EXPECT_EQ(rows[3].cause, not_filled);
}

TEST(divergence, what_the_stored_bars_lack_is_said) {
  std::vector<std::int64_t> opens;
  for (int i = 0; i < 100; ++i)
    if (i < 40 || i >= 45) opens.push_back(i * minute);
  const std::vector<closed_trade> account{at_bar(9, 20), at_bar(41, 50), at_bar(80, 83)};
  const std::vector<closed_trade> backtest{at_bar(10, 20), at_bar(80, 83)};
  const auto rows = compare_trades(account, backtest, {}, {opens, minute});
  using enum divergence_cause;
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].cause, other_bars) << "never late by less than nothing";
  EXPECT_NE(rows[0].detail.find("1 bar before"), std::string::npos) << rows[0].detail;
  EXPECT_EQ(rows[1].cause, missing_data);
  EXPECT_EQ(rows[2].cause, none);
}

TEST(divergence, bars_are_counted_and_not_hours) {
  const std::vector<std::int64_t> opens{0, minute, 1'000 * minute, 1'001 * minute}; // a night between
  const std::vector<closed_trade> account{at_bar(1'000, 1'001)}, backtest{at_bar(1, 1'001)};
  const auto rows = compare_trades(account, backtest, std::vector{sent("L", 0)}, {opens, minute});
  ASSERT_EQ(rows.size(), 1U) << "one bar apart";
  EXPECT_EQ(rows[0].cause, divergence_cause::latency);
}

} // namespace
} // namespace tt::strategy::test
