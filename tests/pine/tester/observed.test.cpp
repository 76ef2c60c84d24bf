#include "tests/pine/tester/desk.hpp"

/// Rules of placing and closing that the manual does not tell: each observed on the platform, with figures by hand.

namespace tt::pine::tester::testing {
namespace {

broker_rules fine_lots(double lot = 0.1) {
  auto r = plain_rules();
  r.grid.lot = lot;
  return r;
}
/// "id size" of the closed trades, in their order.
std::string exits(const desk& d) {
  std::ostringstream out;
  for (const auto& t : d.money().closed_trades())
    out << (out.tellp() > 0 ? "; " : "") << d.texts.text(t.exit_id) << ' ' << std::fabs(t.size);
  return out.str();
}

// strategy.close() in v5: one order per entry id and bar
TEST(close_by_id, a_later_close_of_the_id_replaces_the_pending_one) {
  auto r = plain_rules();
  r.close_by = close_slot::entry_id;
  desk d(r);
  // 4 of 10; then 3, with room for 6, in its place; then 3, with room for 7, in its place
  d.flat_bar(100).sell("S", {.qty = 10}).flat_bar(100).close("S", 4).close("S", 3).close("S", 3).flat_bar(100);
  EXPECT_EQ(d.size(), -7);
}
TEST(close_by_id, it_takes_no_more_than_the_pending_one_leaves) {
  auto r = plain_rules();
  r.close_by = close_slot::entry_id;
  desk part(r), full(r), eight(r);
  part.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).close("L", 3).close("L").flat_bar(100);
  EXPECT_EQ(part.size(), 3) << "all of what 3 leave of 10: 7";
  full.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).close("L").close("L", 3).flat_bar(100);
  EXPECT_EQ(full.size(), 0) << "nothing left for the second, so the first stays";
  eight.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).close("L", 8).close("L", 5).close("L", 1).flat_bar(100);
  EXPECT_EQ(eight.size(), 9) << "8, cut to 2, and the 1 in its place";
}
TEST(close_by_id, other_ids_have_orders_of_their_own) {
  auto r = plain_rules();
  r.close_by = close_slot::entry_id;
  r.pyramiding = 2;
  desk d(r);
  d.flat_bar(100).buy("A", {.qty = 10}).buy("B", {.qty = 10}).flat_bar(100).close("A", 4).close("B", 3).flat_bar(100);
  EXPECT_EQ(d.size(), 13);
}
TEST(close_by_id, immediate_closes_share_the_order) {
  auto r = plain_rules();
  r.close_by = close_slot::entry_id;
  desk d(r);
  d.flat_bar(100).sell("S", {.qty = 10}).flat_bar(100);
  d.close("S", 3, no_value, close_time::immediately).close("S").done();
  EXPECT_EQ(d.size(), -10) << "the close of the next tick has replaced the immediate one";
  d.flat_bar(100);
  EXPECT_EQ(d.size(), -3);
}

// Closes and exits of less than a lot
TEST(small_closes, a_share_below_a_lot_closes_one_lot) {
  desk d(fine_lots());
  d.flat_bar(100).buy("L", {.qty = 1.9}).flat_bar(100).close("L", no_value, 5).flat_bar(100); // 0.095
  EXPECT_DOUBLE_EQ(d.size(), 1.8);
}
TEST(small_closes, a_quantity_below_a_lot_counts_as_left_out) {
  for (double qty : {0.05, 0.0}) {
    desk d(fine_lots());
    d.flat_bar(100).buy("L", {.qty = 5}).flat_bar(100).close("L", qty).flat_bar(100);
    EXPECT_EQ(d.size(), 0) << qty;
  }
}
TEST(small_closes, a_negative_quantity_closes_as_much) {
  desk d(fine_lots());
  d.flat_bar(100).buy("L", {.qty = 5}).flat_bar(100).close("L", -1).flat_bar(100);
  EXPECT_DOUBLE_EQ(d.size(), 4);
}
TEST(small_closes, an_exit_of_less_than_a_lot_takes_what_is_left) {
  desk d(fine_lots());
  d.flat_bar(100).buy("L", {.qty = 5}).flat_bar(100);
  d.exit("A", "L", {.qty = 2, .limit = 200}).exit("B", "L", {.qty = 0.05, .limit = 101}).bar(100, 102, 99, 100).done();
  EXPECT_EQ(exits(d), "B 3");
}
TEST(small_closes, exits_with_a_share_below_a_lot_close_one_lot_each) {
  desk d(fine_lots());
  d.flat_bar(100).buy("L", {.qty = 5}).flat_bar(100);
  d.exit("A", "L", {.qty_percent = 1, .limit = 101}).exit("B", "L", {.qty_percent = 1, .limit = 101}).bar(100, 102, 99, 100).done();
  EXPECT_EQ(exits(d), "A 0.1; B 0.1");
}
TEST(small_closes, but_not_where_nothing_is_left_to_take) {
  desk d(fine_lots());
  d.flat_bar(100).buy("L", {.qty = 1}).flat_bar(100);
  d.exit("A", "L", {.qty_percent = 30, .limit = 200}).exit("B", "L", {.qty_percent = 70, .limit = 200});
  d.exit("C", "L", {.qty_percent = 50, .limit = 101}).bar(100, 102, 99, 100).done();
  EXPECT_EQ(exits(d), "");
}

// Orders placed again
TEST(placed_again, with_less_than_a_lot_removes_the_order) {
  auto r = plain_rules();
  r.pyramiding = 5;
  desk d(r);
  d.flat_bar(100).buy("A", {.limit = 99}).plain("B", trade_side::long_, {.limit = 99}).buy("C", {.limit = 99});
  d.flat_bar(100).buy("A", {.qty = 0.5, .limit = 99}).plain("B", trade_side::long_, {.qty = 0.5, .limit = 99}).bar(100, 101, 98, 100);
  EXPECT_EQ(d.size(), 1) << "only C is left";
}

// Entries that the account can't carry
TEST(unaffordable, a_market_reversal_still_closes_the_position) {
  auto r = plain_rules();
  r.margin_long = r.margin_short = 100;
  desk d(r);
  d.flat_bar(100).buy("L").flat_bar(100).sell("S", {.qty = 20}).flat_bar(101).done(); // 2,000 on an account of 1,000
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 101 (S) = 1");
  EXPECT_EQ(d.size(), 0);
}
TEST(unaffordable, a_limit_or_stop_reversal_does_not) {
  auto r = plain_rules();
  r.margin_long = r.margin_short = 100;
  desk d(r);
  d.flat_bar(100).buy("L").flat_bar(100).sell("S", {.qty = 20, .stop = 99}).bar(100, 100, 98, 98);
  EXPECT_EQ(d.size(), 1);
}
TEST(stop_entries, reverse_what_the_market_orders_before_them_leave) {
  auto r = plain_rules();
  r.pyramiding = 1;
  desk d(r);
  // the market entry turns 3 long into 2 short; the stop, placed behind it, reverses those 2 and opens 1
  d.flat_bar(100).buy("L", {.qty = 3}).flat_bar(100).sell("S", {.qty = 2}).buy("B", {.stop = 105}).bar(100, 106, 99, 106);
  EXPECT_EQ(d.size(), 1);
}

// strategy.exit() whose levels are all na
TEST(exit_without_levels, holds_its_share_against_other_calls) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).exit("B", "L", {.qty_percent = 50}).flat_bar(100);
  // A asks for 8 and finds 5 left; B has its 5 already
  d.exit("A", "L", {.qty_percent = 80, .limit = 101}).exit("B", "L", {.qty_percent = 50, .limit = 101}).bar(100, 102, 99, 100).done();
  EXPECT_EQ(exits(d), "A 5; B 5");
}
TEST(exit_without_levels, takes_the_place_of_the_leg_with_levels) {
  desk d;
  d.flat_bar(100).buy("L").flat_bar(100).exit("X", "L", {.stop = 95}).flat_bar(100).exit("X", "L", {}).bar(100, 101, 90, 92);
  EXPECT_EQ(d.size(), 1);
  d.exit("X", "L", {.stop = 91}).bar(92, 93, 90, 92);
  EXPECT_EQ(d.size(), 0) << "with levels it is armed again";
}

// What is left of an exit when its entry's id is entered again
TEST(exit_of_an_id, does_not_carry_over_a_reversal_under_the_same_id) {
  auto r = plain_rules();
  r.fills = fill_time::on_close;
  desk d(r);
  d.flat_bar(100).sell("R").exit("X", "R", {.limit = 50}).flat_bar(98);
  d.buy("R").exit("X", "R", {.limit = 105}).bar(100, 106, 99, 103);
  EXPECT_EQ(d.size(), 1) << "what the reversal opens has no leg yet";
  d.exit("X", "R", {.limit = 105}).bar(103, 106, 102, 103).done();
  EXPECT_EQ(d.trades(), "short 1 @ 100 -> 98 (R) = 2; long 1 @ 98 -> 105 (X) = 7");
}

// strategy.risk.max_intraday_filled_orders
TEST(cap_of_fills, reached_by_a_partial_close_takes_the_rest_too) {
  desk d;
  d.flat_bar(100).risk(order_command::kind_t::risk_max_intraday_filled_orders, 2).buy("L", {.qty = 4}).flat_bar(100);
  d.close("L", 1).flat_bar(102).done();
  EXPECT_EQ(d.size(), 0);
  EXPECT_EQ(exits(d), "Close entry(s) order L 1; Close Position (Max number of filled orders in one day) 3");
}

// close_entries_rule = "ANY"
TEST(close_any, a_share_is_of_what_was_entered) {
  for (auto [rule, left] : {std::pair{close_rule::any, 7.0}, std::pair{close_rule::fifo, 7.2}}) {
    auto r = fine_lots();
    r.closing = rule;
    desk d(r);
    d.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).close("L", 2).flat_bar(100).close("L", no_value, 10).flat_bar(100);
    EXPECT_DOUBLE_EQ(d.size(), left);
  }
}

} // namespace
} // namespace tt::pine::tester::testing
