// Futures on paper through a whole node: margin instead of notional, the multiplier in every figure.

#include "tests/cluster/trading_fixture.hpp"

namespace tt::cluster::test {
namespace {

TEST_F(trading_node, a_future_is_bought_on_margin_and_counts_with_its_multiplier) {
  auto feed = exchange();
  feed.symbols = {"AAPL", "MNQ1!", "ES1!"};
  start(feed);
  ASSERT_TRUE(until("/api/v1/quotes/MNQ1!", [](const json& quote) { return quote.contains("ask") && quote["ask"].is_number(); }));
  const auto placed = post("/api/orders", order("buy", 2, {{"symbol", "MNQ1!"}}));
  ASSERT_EQ(placed.status, 201) << placed.body;
  const auto said = json::parse(placed.body);
  ASSERT_TRUE(ends_as(said["order_id"], "filled")) << said;
  const auto positions = ask("/api/positions");
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions[0]["multiplier"], 2);
  const auto move = positions[0]["current_price"].get<double>() - positions[0]["avg_price"].get<double>();
  EXPECT_NEAR(positions[0]["unrealized_pnl"].get<double>(), move * 2 * 2, 0.01);
  EXPECT_TRUE(until("/api/account", [](const json& now) { return now.value("initial_margin", 0) == 6'800 && now.value("maintenance_margin", 0) == 6'180; }))
    << get("/api/account").body;
  EXPECT_NEAR(ask("/api/account")["cash_balance"].get<double>(), 100'000, 1) << "nothing was paid for it";
  const auto closed = post("/api/positions/MNQ1!/close", json::object());
  ASSERT_EQ(closed.status, 202) << closed.body;
  EXPECT_TRUE(until("/api/positions", [](const json& all) { return all.is_array() && all.empty(); }));
  // an E-mini is three times the equity of this account: refused with the rule that says so
  const auto large = post("/api/orders", order("buy", 1, {{"symbol", "ES1!"}}));
  EXPECT_EQ(large.status, 422);
  EXPECT_NE(json::parse(large.body)["reject_code"], "INTERNAL") << large.body;
}

} // namespace
} // namespace tt::cluster::test
