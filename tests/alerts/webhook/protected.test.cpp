// Alerts of a strategy whose position lies under stops and targets: what is waited for and what is not.

#include "tests/alerts/webhook/support.hpp"

namespace tt::webhook::test {
namespace {

using namespace std::chrono_literals;

/// A strategy that holds 10 AAPL under a bracket.
class webhook_protected : public receiver_fixture {
protected:
  void hold() {
    order_request entry;
    entry.account = account_id{"paper_simulator"};
    entry.symbol = "AAPL";
    entry.side = order_side::buy;
    entry.size = size_quantity{qty("10")};
    entry.strategy = strategy_id{"webhook:default"};
    desk.hold_bracket(entry);
    ASSERT_EQ(desk.orders.size(), 3U);
    ASSERT_EQ(held("AAPL"), qty("10"));
  }
  /// What the alert leads to without any time passing.
  quantity held_after(const char* body) {
    hold();
    run(body);
    EXPECT_TRUE(desk.cancelled.empty()) << "the desk takes protection back itself";
    EXPECT_EQ(core->lanes().size(), 0U) << body;
    return held("AAPL");
  }
};

TEST_F(webhook_protected, flat_is_at_once) { EXPECT_EQ(held_after("flat AAPL"), qty("0")); }
TEST_F(webhook_protected, close_long_is_at_once) { EXPECT_EQ(held_after("close_long AAPL"), qty("0")); }
TEST_F(webhook_protected, a_reversal_is_at_once) { EXPECT_EQ(held_after("short AAPL 10"), qty("-10")); }
TEST_F(webhook_protected, more_of_the_same_is_at_once) { EXPECT_EQ(held_after("long AAPL 10"), qty("20")); }
TEST_F(webhook_protected, a_part_is_sold_at_once) {
  EXPECT_EQ(held_after(R"({"action":"sell","symbol":"AAPL","qty":5,"market_position":"long","prev_market_position":"long"})"), qty("5"));
}
TEST_F(webhook_protected, a_stop_on_its_way_or_on_its_way_back_is_no_reason_to_wait) {
  for (const auto state : {order_state::submitting, order_state::unknown, order_state::pending_cancel}) {
    desk.orders.clear();
    hold();
    desk.orders[1].what.state = state;
    run(std::string{R"({"action":"flat","symbol":"AAPL","id":")"} + std::string{to_string(state)} + "\"}");
    EXPECT_EQ(held("AAPL"), qty("0")) << to_string(state);
  }
}
TEST_F(webhook_protected, in_position_mode_both_legs_stay) {
  settings.fallback.sync = sync_mode::position;
  start();
  EXPECT_EQ(held_after(R"({"action":"buy","symbol":"AAPL","market_position":"long","market_position_size":12})"), qty("12"));
}
TEST_F(webhook_protected, an_entry_at_the_market_is_waited_for) {
  hold();
  desk.orders[0].what.state = order_state::working; // a bracket without a price of its own
  run("flat AAPL");
  EXPECT_EQ(desk.orders.size(), 3U) << "its fill is part of the position";
  desk.orders[0].what.state = order_state::filled;
  pass(100ms);
  settle();
  EXPECT_EQ(desk.orders.size(), 4U);
  EXPECT_EQ(held("AAPL"), qty("0"));
}
TEST_F(webhook_protected, an_entry_that_rests_is_not) {
  hold();
  auto entry = desk.orders[0].what;
  entry.state = order_state::working;
  entry.terms.limit_price = price{decimal{100}};
  desk.orders.push_back({"resting", entry});
  auto sibling = entry; // of a pair of entries: waits until its price is touched
  sibling.parent = order_number{8};
  sibling.leg = "b";
  sibling.terms.type = order_type::stop;
  sibling.state = order_state::created;
  desk.orders.push_back({"sibling", sibling});
  run("flat AAPL");
  EXPECT_EQ(held("AAPL"), qty("0"));
  sibling.state = order_state::submitting;
  desk.orders.push_back({"in flight", sibling});
  run("long AAPL 1");
  EXPECT_EQ(held("AAPL"), qty("0")) << "one in flight is waited for";
}

} // namespace
} // namespace tt::webhook::test
