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
  const auto rows = compare_trades(account, backtest, std::vector{denied}, minute);
  std::vector<divergence_cause> causes;
  for (const auto& r : rows) causes.push_back(r.cause);
  using enum divergence_cause;
  EXPECT_EQ(causes, (std::vector<divergence_cause>{none, slippage, late, partial, fees, refused, not_sent, not_expected}));
  EXPECT_NE(rows[5].detail.find("BUYING_POWER"), std::string::npos);
  EXPECT_NE(rows[1].detail.find("10.01 instead of 10"), std::string::npos);
}

} // namespace
} // namespace tt::strategy::test
