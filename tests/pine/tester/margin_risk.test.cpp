#include "tests/pine/tester/desk.hpp"

/// Margin calls and strategy.risk.*, with figures worked out by hand.

namespace tt::pine::tester::testing {
namespace {

broker_rules with_margin(double percent) {
  auto r = plain_rules();
  r.margin_long = r.margin_short = percent;
  return r;
}

TEST(margin, an_entry_beyond_the_equity_is_not_placed) {
  desk d(with_margin(100));
  d.flat_bar(100).buy("L", {.qty = 11}).flat_bar(100);
  EXPECT_EQ(d.size(), 0);
  d.buy("L", {.qty = 10}).flat_bar(100);
  EXPECT_EQ(d.size(), 10);
}
TEST(margin, an_entry_that_the_open_makes_too_dear_is_refused) {
  desk d(with_margin(100));
  d.flat_bar(100).buy("L", {.qty = 10}).flat_bar(101);
  EXPECT_EQ(d.size(), 0);
}
TEST(margin, leverage_is_the_inverse_of_the_margin) {
  desk d(with_margin(25));
  d.flat_bar(100).buy("L", {.qty = 40}).flat_bar(100);
  EXPECT_EQ(d.size(), 40);
}
TEST(margin, a_resting_entry_that_was_granted_is_not_looked_at_again) {
  desk d(with_margin(100));
  d.flat_bar(100).buy("L", {.qty = 10, .limit = 90}).bar(100, 111, 100, 110).bar(110, 110, 89, 90);
  EXPECT_EQ(d.size(), 10);
}
TEST(margin, a_resting_entry_that_costs_more_than_the_account_has_where_it_fills_is_refused) {
  desk d(with_margin(100));
  d.flat_bar(100).sell("S", {.qty = 10, .limit = 101}).bar(100, 102, 100, 101).done();
  EXPECT_EQ(d.size(), 0) << "1,010 on an account of 1,000";
  EXPECT_EQ(d.trades(), "");
}
TEST(margin, a_reversal_at_a_stop_that_all_money_has_sized_closes_only) {
  auto r = with_margin(100);
  r.qty_kind = sizing::percent_of_equity, r.qty_value = 100;
  r.grid.lot = 0.01;
  desk d(r);
  d.flat_bar(100).buy("L").flat_bar(100).sell("S", {.stop = 98}).bar(100, 100, 97, 97).done();
  EXPECT_EQ(d.trades(), "long 10 @ 100 -> 98 (S) = -20");
  EXPECT_EQ(d.size(), 0);
}
TEST(margin, a_call_closes_four_times_what_is_missing) {
  // short 10 at 100 on 1000: at 120 equity 800, margin 1200, missing 400 / 120 = 3.3 -> 3 x 4, capped by the 10 held
  desk d(with_margin(100));
  d.flat_bar(100).sell("S", {.qty = 10}).flat_bar(100).bar(100, 120, 100, 119).done();
  EXPECT_EQ(d.trades(), "short 10 @ 100 -> 120 (Margin call) = -200");
}
TEST(margin, a_partial_call) {
  // short 20 at 100 on 1000 with 40 %: at 112 equity 760, margin 896, missing 136; 136 / 0.4 / 112 = 3.03 -> 3 x 4
  auto r = with_margin(40);
  desk d(r);
  d.flat_bar(100).sell("S", {.qty = 20}).flat_bar(100).bar(100, 112, 100, 101).done();
  EXPECT_EQ(d.trades(), "short 12 @ 100 -> 112 (Margin call) = -144");
  EXPECT_EQ(d.size(), -8);
}
TEST(margin, what_an_account_binds_elsewhere_is_not_free) {
  desk d(with_margin(100));
  d.b.set_elsewhere({.profit = 500, .margin = 1100}); // 1500 in all, 400 of it free
  d.flat_bar(100).buy("L", {.qty = 5}).flat_bar(100);
  EXPECT_EQ(d.size(), 0);
  d.buy("L", {.qty = 4}).flat_bar(100);
  EXPECT_EQ(d.size(), 4);
  EXPECT_EQ(d.money().equity(), 1500);
  EXPECT_EQ(d.money().own_equity(), 1000);
  EXPECT_EQ(d.b.margin_needed(), 400);
}
TEST(margin, a_loss_elsewhere_calls_for_margin) {
  // long 10 at 100 on 1000: 300 lost elsewhere leave 700; 300 / 100 = 3 -> 3 x 4, capped by the 10 held
  desk d(with_margin(100));
  d.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).flat_bar(100);
  EXPECT_EQ(d.size(), 10);
  d.done().b.set_elsewhere({.profit = -300, .margin = 0});
  d.flat_bar(100).done();
  EXPECT_EQ(d.trades(), "long 10 @ 100 -> 100 (Margin call) = 0");
}
TEST(margin, the_liquidation_price_solves_equity_for_margin) {
  // long 20 at 100 on 1000 with 25 %: 1000 + 20 (p - 100) = 5 p  ->  p = 66.67, down to the tick
  desk d(with_margin(25));
  d.flat_bar(100).buy("L", {.qty = 20}).flat_bar(100);
  EXPECT_EQ(d.b.liquidation_price(), 66);
  EXPECT_EQ(d.b.capital_held(), 2000) << "their cost, whatever the margin";
  // short 20 at 100 with 25 %: 1000 + 20 (100 - p) = 5 p  ->  p = 120
  desk s(with_margin(25));
  s.flat_bar(100).sell("S", {.qty = 20}).flat_bar(100);
  EXPECT_EQ(s.b.liquidation_price(), 120);
  desk whole(with_margin(100));
  whole.flat_bar(100).buy("L").flat_bar(100);
  EXPECT_TRUE(std::isnan(whole.b.liquidation_price())) << "a long that is paid in full can't be liquidated";
}
TEST(margin, no_margin_no_call) {
  desk d;
  d.flat_bar(100).sell("S", {.qty = 100}).flat_bar(100).bar(100, 200, 100, 150).done();
  EXPECT_EQ(d.size(), -100);
}

// ---------------------------------------------------------------- risk

using kind = order_command::kind_t;

TEST(risk, allow_entry_in_turns_the_other_side_into_closes) {
  desk d;
  d.flat_bar(100).risk(kind::risk_allow_entry_in, no_value, risk_unit::cash, trade_side::long_).sell("S").flat_bar(100);
  EXPECT_EQ(d.size(), 0);
  d.buy("L", {.qty = 2}).flat_bar(100).sell("S").flat_bar(103).done();
  EXPECT_EQ(d.trades(), "long 2 @ 100 -> 103 (S) = 6");
  EXPECT_EQ(d.size(), 0);
}
TEST(risk, max_position_size_cuts_entries) {
  auto r = plain_rules();
  r.pyramiding = 5;
  desk d(r);
  d.flat_bar(100).risk(kind::risk_max_position_size, 10).buy("A", {.qty = 7}).flat_bar(100).buy("B", {.qty = 7}).flat_bar(100);
  EXPECT_EQ(d.size(), 10);
  d.buy("C").flat_bar(100);
  EXPECT_EQ(d.size(), 10);
  d.sell("S", {.qty = 15}).flat_bar(100);
  EXPECT_EQ(d.size(), -10);
}
TEST(risk, max_intraday_loss_closes_at_the_worst_price_and_waits_for_the_next_day) {
  desk d;
  d.day_bars = 4;
  d.flat_bar(100).risk(kind::risk_max_intraday_loss, 10).buy("L").flat_bar(100).bar(100, 101, 85, 95).buy("M").flat_bar(95).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 85 (Close Position (Max intraday Loss)) = -15");
  EXPECT_EQ(d.size(), 0);
  d.flat_bar(95).buy("N").flat_bar(95).done();
  EXPECT_EQ(d.size(), 1);
}
TEST(risk, max_intraday_loss_in_percent_of_the_days_first_equity) {
  desk d;
  d.flat_bar(100).risk(kind::risk_max_intraday_loss, 2, risk_unit::percent_of_equity).buy("L").flat_bar(100).bar(100, 101, 81, 95);
  EXPECT_EQ(d.size(), 1);
  d.bar(95, 96, 80, 95).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 80 (Close Position (Max intraday Loss)) = -20");
}
TEST(risk, max_drawdown_stops_for_good_when_something_has_closed) {
  desk d;
  d.flat_bar(100).risk(kind::risk_max_drawdown, 30).buy("L", {.qty = 4}).flat_bar(100).bar(100, 100, 90, 90);
  EXPECT_EQ(d.size(), 4) << "a loss on paper alone does not stop it";
  d.close("L", 1).flat_bar(90).done();
  EXPECT_EQ(d.size(), 0);
  d.flat_bar(90).buy("M").flat_bar(90);
  EXPECT_EQ(d.size(), 0);
}
TEST(risk, max_cons_loss_days_counts_days_that_end_lower) {
  desk d;
  d.day_bars = 2;
  d.flat_bar(100).risk(kind::risk_max_cons_loss_days, 2).buy("L").flat_bar(100); // day 0
  d.flat_bar(95).flat_bar(94);                                                 // day 1
  d.flat_bar(93).flat_bar(92);                                                 // day 2
  EXPECT_EQ(d.size(), 1);
  d.flat_bar(91).done(); // day 3: two days with a loss behind it
  EXPECT_EQ(d.size(), 0);
  d.buy("M").flat_bar(91);
  EXPECT_EQ(d.size(), 0);
}
TEST(risk, max_cons_loss_days_closes_what_was_held_beside_the_closes_that_wait) {
  // the close of the last bar takes 2 (or 1), the rule sells the 2 that were held when the day was over: both at the open
  for (const auto& [closed, left] : {std::pair{2.0, -2.0}, std::pair{1.0, -1.0}}) {
    desk d;
    d.day_bars = 1;
    d.flat_bar(100).risk(kind::risk_max_cons_loss_days, 1).buy("L", {.qty = 2}).flat_bar(100).flat_bar(95);
    d.close("L", closed).buy("M", {.qty = 5}).flat_bar(94).done();
    EXPECT_EQ(d.size(), left);
    d.sell("S").flat_bar(90).done();
    EXPECT_EQ(d.size(), left) << "halted for good";
  }
}
TEST(risk, max_intraday_filled_orders_flattens_and_blocks_the_day) {
  desk d;
  d.day_bars = 8;
  d.flat_bar(100).risk(kind::risk_max_intraday_filled_orders, 3).buy("A").flat_bar(100).close_all().flat_bar(101).buy("B").flat_bar(102).done();
  EXPECT_EQ(d.size(), 0);
  EXPECT_EQ(d.money().closed_trades().size(), 2u);
  d.buy("C").flat_bar(100);
  EXPECT_EQ(d.size(), 0);
  d.flat_bar(100).flat_bar(100).flat_bar(100).buy("D").flat_bar(100).done();
  EXPECT_EQ(d.size(), 0) << "placed on bar 7, while the day was blocked still";
  d.buy("E").flat_bar(100).done();
  EXPECT_EQ(d.size(), 1);
}
TEST(risk, the_fill_that_reaches_the_cap_at_the_open_closes_there) {
  auto r = plain_rules();
  r.grid = {0.1, 1, 10, 1, 1};
  desk d(r); // three ticks are booked as 0.30000000000000004, which isn't beyond the open of 0.3
  d.flat_bar(0.3).risk(kind::risk_max_intraday_filled_orders, 1).buy("A").bar(0.3, 0.6, 0.2, 0.4).done();
  ASSERT_EQ(d.money().closed_trades().size(), 1u);
  EXPECT_EQ(d.money().closed_trades()[0].exit_price, 3 * 0.1);
}

} // namespace
} // namespace tt::pine::tester::testing
