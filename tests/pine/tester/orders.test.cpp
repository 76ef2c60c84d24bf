#include "tests/pine/tester/desk.hpp"

/// What orders do to the position: pyramiding, reversals, groups, shares of exits, closing rules, sizes and fees.

namespace tt::pine::tester::testing {
namespace {

// Pyramiding
TEST(orders, without_pyramiding_a_second_entry_is_refused) {
  desk d;
  d.flat_bar(100).buy("A").flat_bar(100).buy("B").flat_bar(100);
  EXPECT_EQ(d.size(), 1);
}
TEST(orders, pyramiding_allows_that_many_entries) {
  auto r = plain_rules();
  r.pyramiding = 2;
  desk d(r);
  d.flat_bar(100).buy("A").flat_bar(100).buy("B").flat_bar(104).buy("C").flat_bar(100);
  EXPECT_EQ(d.size(), 2);
  EXPECT_EQ(d.money().average_price(), 102);
}
TEST(orders, of_two_entries_on_one_bar_only_the_first_fills) {
  desk d;
  d.flat_bar(100).buy("A").buy("B").flat_bar(100);
  EXPECT_EQ(d.size(), 1);
  EXPECT_EQ(d.texts.text(d.money().open_trades()[0].entry_id), "A");
}
TEST(orders, strategy_order_ignores_pyramiding_and_does_not_reverse) {
  desk d;
  d.flat_bar(100).plain("A", trade_side::long_).flat_bar(100).plain("B", trade_side::long_).flat_bar(100);
  EXPECT_EQ(d.size(), 2);
  d.plain("C", trade_side::short_, {.qty = 3}).flat_bar(90).done();
  EXPECT_EQ(d.size(), -1);
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 90 (C) = -10; long 1 @ 100 -> 90 (C) = -10");
}

// Reversals
TEST(orders, an_entry_reverses_whatever_the_size) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 3}).flat_bar(100).sell("S", {.qty = 2}).flat_bar(110);
  EXPECT_EQ(d.size(), -2);
  EXPECT_EQ(d.trades(), "long 3 @ 100 -> 110 (S) = 30");
}
TEST(orders, a_stop_entry_is_enlarged_by_what_it_reverses_when_it_is_placed) {
  auto r = plain_rules();
  r.pyramiding = 1;
  desk d(r);
  d.flat_bar(100).buy("L", {.qty = 3}).flat_bar(100).sell("S", {.qty = 2, .stop = 95}).close("L", 1).flat_bar(100);
  EXPECT_EQ(d.size(), 2);
  d.bar(100, 100, 94, 96);
  EXPECT_EQ(d.size(), 2 - 5);
}
TEST(orders, a_market_entry_placed_again_on_its_bar_is_not_enlarged) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).sell("S", {.qty = 4}).sell("S", {.qty = 4}).flat_bar(100);
  EXPECT_EQ(d.size(), 6);
}
TEST(orders, less_than_a_lot_closes_the_other_side_only) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 2}).flat_bar(100).sell("S", {.qty = 0.5}).flat_bar(101);
  EXPECT_EQ(d.size(), 0);
  EXPECT_EQ(d.trades(), "long 2 @ 100 -> 101 (S) = 2");
}
TEST(orders, placing_an_order_again_changes_it) {
  desk d;
  d.flat_bar(100).buy("L", {.limit = 90}).bar(100, 101, 95, 100).buy("L", {.limit = 97}).bar(100, 101, 96, 100);
  EXPECT_EQ(d.size(), 1);
  EXPECT_EQ(d.money().average_price(), 97);
}

// Cancelling
TEST(orders, cancel_takes_an_entry_but_not_its_exit_and_cancel_all_everything) {
  desk d;
  d.flat_bar(100).buy("L", {.limit = 95}).sell("S", {.limit = 105}).cancel("L").bar(100, 106, 94, 100);
  EXPECT_EQ(d.size(), -1);
  d.buy("B").exit("X", "S", {.limit = 90}).cancel_all().bar(100, 101, 89, 100);
  EXPECT_EQ(d.size(), -1);
}
TEST(orders, an_exit_is_cancelled_by_its_own_name) {
  desk d;
  d.flat_bar(100).buy("L").flat_bar(100).exit("X", "L", {.stop = 95}).cancel("L").bar(100, 101, 96, 98).cancel("X").bar(98, 99, 90, 91).done();
  EXPECT_EQ(d.trades(), "");
}

// OCA groups
TEST(orders, oca_cancel_drops_the_others_when_one_fills) {
  desk d;
  d.flat_bar(100).buy("L", {.stop = 105, .oca_name = "G", .oca = oca_kind::cancel});
  d.sell("S", {.stop = 95, .oca_name = "G", .oca = oca_kind::cancel}).bar(100, 106, 94, 100);
  // path: high first? 106-100 = 100-94: the low first, so S fills and L is gone
  EXPECT_EQ(d.size(), -1);
}
TEST(orders, oca_reduce_takes_the_filled_quantity_off_the_others) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 6}).flat_bar(100);
  d.plain("stop", trade_side::short_, {.qty = 6, .stop = 95, .oca_name = "G", .oca = oca_kind::reduce});
  d.plain("l1", trade_side::short_, {.qty = 3, .limit = 105, .oca_name = "G", .oca = oca_kind::reduce});
  d.plain("l2", trade_side::short_, {.qty = 6, .limit = 108, .oca_name = "G", .oca = oca_kind::reduce});
  d.bar(100, 106, 99, 104);
  EXPECT_EQ(d.size(), 3);
  d.bar(104, 104, 94, 96);
  EXPECT_EQ(d.size(), 0) << "the stop has shrunk to 3";
}
TEST(orders, without_a_group_both_fill) {
  desk d;
  d.flat_bar(100).buy("L", {.stop = 105}).sell("S", {.stop = 95}).bar(100, 106, 94, 100);
  EXPECT_EQ(d.size(), 0) << "short at 95 on the way down; the buy at 105, sized while flat, only closes it";
}

// Exits
TEST(exits, shares_are_taken_in_the_order_of_the_calls) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 10}).exit("A", "L", {.qty_percent = 50, .limit = 105}).exit("B", "L", {.limit = 110, .stop = 95});
  d.flat_bar(100).bar(100, 106, 99, 104);
  EXPECT_EQ(d.trades(), "long 5 @ 100 -> 105 (A) = 25");
  d.bar(104, 104, 94, 96).done();
  EXPECT_EQ(d.trades(), "long 5 @ 100 -> 105 (A) = 25; long 5 @ 100 -> 95 (B) = -25");
}
TEST(exits, a_leg_that_has_filled_does_not_come_back_while_its_entry_is_open) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100);
  for (int i = 0; i < 3; ++i) d.exit("A", "L", {.qty = 4, .limit = 105}).bar(100, 106, 99, 100);
  EXPECT_EQ(d.size(), 6);
}
TEST(exits, quantities_beyond_the_entry_are_cut) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 3}).flat_bar(100).exit("A", "L", {.qty = 10, .limit = 105}).bar(100, 106, 99, 100);
  EXPECT_EQ(d.size(), 0);
}
TEST(exits, without_levels_nothing_is_placed) {
  desk d;
  d.flat_bar(100).buy("L").flat_bar(100).exit("X", "L", {}).flat_bar(100);
  EXPECT_EQ(d.size(), 1);
}
TEST(exits, an_exit_waits_for_its_own_entry) {
  auto r = plain_rules();
  r.pyramiding = 2;
  desk d(r);
  d.flat_bar(100).buy("A").flat_bar(100).buy("B", {.limit = 80}).exit("X", "B", {.stop = 95}).bar(100, 101, 90, 92);
  EXPECT_EQ(d.size(), 1);
}
TEST(exits, without_from_entry_later_entries_are_covered_until_the_position_closes) {
  auto r = plain_rules();
  r.pyramiding = 3;
  desk d(r);
  d.flat_bar(100).buy("A").flat_bar(100).exit("X", "", {.limit = 110}).buy("B").flat_bar(101).flat_bar(102).buy("C").flat_bar(103).bar(103, 111, 103, 111).done();
  EXPECT_EQ(d.size(), 0);
  EXPECT_EQ(d.b.account().closed_trades().size(), 3u);
  for (const auto& t : d.b.account().closed_trades()) EXPECT_EQ(t.exit_price, 110);
  d.buy("D").flat_bar(105).bar(105, 120, 105, 115).done();
  EXPECT_EQ(d.size(), 1) << "it has gone with the position";
}
TEST(exits, without_from_entry_of_an_entry_that_waits_covers_whatever_fills_first) {
  auto r = plain_rules();
  r.pyramiding = 3;
  desk d(r);
  d.flat_bar(100).buy("A", {.limit = 90}).exit("X", "", {.limit = 110}).flat_bar(100).buy("B").flat_bar(100).bar(100, 111, 100, 111).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 110 (X) = 10");
}
TEST(exits, wait_for_their_entry_though_it_is_cancelled_and_placed_again) {
  desk d;
  d.flat_bar(100).buy("L", {.limit = 90}).exit("X", "L", {.limit = 110}).flat_bar(100).cancel("L").flat_bar(100);
  d.buy("L").flat_bar(100).bar(100, 111, 100, 111).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 110 (X) = 10");
}
TEST(orders, price_entries_that_were_granted_fill_beyond_the_pyramiding_limit) {
  auto r = plain_rules();
  r.pyramiding = 3;
  desk d(r);
  d.flat_bar(100).buy("A").flat_bar(100).buy("P1", {.limit = 98}).buy("P2", {.limit = 97}).buy("P3", {.limit = 96}).bar(100, 100, 95, 95).done();
  EXPECT_EQ(d.size(), 4);
}
TEST(orders, oca_groups_of_one_name_and_two_types_are_two) {
  auto r = plain_rules();
  r.pyramiding = 3;
  desk d(r);
  d.flat_bar(100).buy("A", {.limit = 98, .oca_name = "g", .oca = oca_kind::cancel}).buy("B", {.limit = 97, .oca_name = "g", .oca = oca_kind::reduce}).bar(100, 100, 95, 95).done();
  EXPECT_EQ(d.size(), 2);
}
TEST(closes, a_statement_in_a_loop_has_one_order) {
  auto r = plain_rules();
  r.pyramiding = 5;
  desk d(r);
  d.flat_bar(100).buy("A", {.qty = 2}).buy("B", {.qty = 3}).flat_bar(100);
  const auto once = d.statement + 1;
  d.close("A");
  d.statement = once - 1;
  d.close("B").flat_bar(100).done();
  EXPECT_EQ(d.size(), 2) << "the size of B, once";
}
TEST(exits, without_from_entry_every_entry_has_a_leg) {
  auto r = plain_rules();
  r.pyramiding = 2;
  desk d(r);
  d.flat_bar(100).buy("A").flat_bar(100).buy("B", {.qty = 2}).flat_bar(104).exit("X", "", {.stop = 95}).bar(100, 101, 90, 92).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 95 (X) = -5; long 2 @ 104 -> 95 (X) = -18");
}
TEST(exits, distances_are_measured_from_each_entry) {
  auto r = plain_rules();
  r.pyramiding = 2;
  r.closing = close_rule::any;
  desk d(r);
  d.flat_bar(100).buy("A").flat_bar(100).buy("B").flat_bar(104).exit("X", "", {.profit = 10}).bar(104, 111, 103, 109);
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 110 (X) = 10");
  d.bar(109, 115, 108, 112).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 110 (X) = 10; long 1 @ 104 -> 114 (X) = 10");
}
TEST(exits, of_a_price_and_a_distance_v6_takes_the_nearer_and_v5_the_price) {
  for (auto [pairs, expected] : {std::pair{exit_pairs::nearest, 104.0}, std::pair{exit_pairs::price_wins, 107.0}}) {
    auto r = plain_rules();
    r.pairs = pairs;
    desk d(r);
    d.flat_bar(100).buy("L").flat_bar(100).exit("X", "L", {.limit = 107, .profit = 4}).bar(100, 108, 99, 105).done();
    ASSERT_EQ(d.money().closed_trades().size(), 1u);
    EXPECT_EQ(d.money().closed_trades()[0].exit_price, expected);
  }
}
TEST(exits, a_later_entry_of_the_id_inherits_the_exit) {
  auto r = plain_rules();
  r.pyramiding = 2;
  desk d(r);
  d.flat_bar(100).buy("E").flat_bar(100).exit("X", "E", {.profit = 10}).flat_bar(101).buy("E", {.qty = 3}).flat_bar(105);
  EXPECT_EQ(d.size(), 4);
  d.bar(105, 116, 104, 112).done();
  EXPECT_EQ(d.size(), 0) << "1 at 110 and 3 at 115";
}
TEST(exits, an_exit_of_a_reversed_position_is_gone) {
  desk d;
  d.flat_bar(100).buy("L").flat_bar(100).exit("X", "L", {.stop = 95}).sell("S").flat_bar(100).bar(100, 101, 90, 92).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 100 (S) = 0");
  EXPECT_EQ(d.size(), -1);
}

// Closing
TEST(closing, fifo_takes_the_oldest_trade_whatever_the_id) {
  auto r = plain_rules();
  r.pyramiding = 2;
  desk d(r);
  d.flat_bar(100).buy("A", {.qty = 2}).flat_bar(100).buy("B").flat_bar(104).close("B").flat_bar(110).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 110 (Close entry(s) order B) = 10");
  EXPECT_EQ(d.size(), 2);
}
TEST(closing, any_takes_the_trades_of_the_id) {
  auto r = plain_rules();
  r.pyramiding = 2;
  r.closing = close_rule::any;
  desk d(r);
  d.flat_bar(100).buy("A", {.qty = 2}).flat_bar(100).buy("B").flat_bar(104).close("B").flat_bar(110).done();
  EXPECT_EQ(d.trades(), "long 1 @ 104 -> 110 (Close entry(s) order B) = 6");
}
TEST(closing, parts_by_quantity_and_percent_and_then_all) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).close("L", 3).flat_bar(101);
  EXPECT_EQ(d.size(), 7);
  d.close("L", no_value, 50).flat_bar(101);
  EXPECT_EQ(d.size(), 4) << "half of 7 is 3 lots";
  d.close_all().flat_bar(102).done();
  EXPECT_EQ(d.size(), 0);
}
TEST(closing, two_statements_on_one_bar_both_fill) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 10}).flat_bar(100).close("L", 3).close("L", 2).flat_bar(101);
  EXPECT_EQ(d.size(), 5);
}
TEST(closing, a_close_without_position_does_nothing) {
  desk d;
  d.flat_bar(100).close("L").close_all().flat_bar(100).buy("L").flat_bar(100);
  EXPECT_EQ(d.size(), 1);
}
TEST(closing, a_close_and_an_entry_of_one_bar_fill_in_their_order) {
  desk d;
  d.flat_bar(100).buy("L").flat_bar(100).close_all().buy("L2").flat_bar(105);
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 105 (Close position order) = 5");
  EXPECT_EQ(d.size(), 1);
}

// Sizes
TEST(sizes, percent_of_equity_is_taken_at_the_close_that_placed_the_order) {
  auto r = plain_rules();
  r.qty_kind = sizing::percent_of_equity;
  r.qty_value = 50;
  desk d(r);
  d.bar(90, 110, 90, 99).buy("L").flat_bar(120); // 500 / 99 = 5.05
  EXPECT_EQ(d.size(), 5);
}
TEST(sizes, percent_of_equity_pays_its_fee) {
  auto r = plain_rules();
  r.qty_kind = sizing::percent_of_equity;
  r.qty_value = 100;
  r.fee_value = 10;
  desk d(r);
  d.flat_bar(100).buy("L").flat_bar(100); // 1000 / 110 = 9.09
  EXPECT_EQ(d.size(), 9);
  EXPECT_EQ(d.money().gross_loss(), 90);
}
TEST(sizes, cash_buys_whole_lots) {
  auto r = plain_rules();
  r.grid.lot = 0.1;
  r.qty_kind = sizing::cash;
  r.qty_value = 333;
  desk d(r);
  d.flat_bar(100).buy("L").flat_bar(100);
  EXPECT_NEAR(d.size(), 3.3, 1e-12);
}
TEST(sizes, a_resting_order_is_sized_by_its_level_and_the_money_of_its_bar) {
  auto r = plain_rules();
  r.qty_kind = sizing::percent_of_equity;
  r.qty_value = 100;
  desk d(r);
  d.flat_bar(100).sell("S", {.limit = 120}).bar(110, 112, 100, 111).bar(125, 130, 120, 121); // gapped: fills at 125
  EXPECT_EQ(d.size(), -8);
  EXPECT_EQ(d.money().average_price(), 125);
}

// Fees
TEST(fees, percent_on_both_fills) {
  auto r = plain_rules();
  r.fee_value = 1;
  desk d(r);
  d.flat_bar(100).buy("L", {.qty = 2}).flat_bar(100);
  EXPECT_EQ(d.money().net_profit(), -2) << "the entry's fee is a loss already";
  d.close_all().flat_bar(110).done();
  EXPECT_DOUBLE_EQ(d.money().net_profit(), 20 - 2 - 2.2);
  EXPECT_DOUBLE_EQ(d.money().closed_trades()[0].percent(d.money().closed_trades()[0].profit), 15.8 / 202 * 100);
}
TEST(fees, cash_per_contract) {
  auto r = plain_rules();
  r.fee = fee_kind::cash_per_contract;
  r.fee_value = 0.5;
  desk d(r);
  d.flat_bar(100).buy("L", {.qty = 4}).flat_bar(100).close_all().flat_bar(110).done();
  EXPECT_DOUBLE_EQ(d.money().net_profit(), 40 - 2 - 2);
}
TEST(fees, a_reversal_pays_its_order_once) {
  auto r = plain_rules();
  r.fee = fee_kind::cash_per_order;
  r.fee_value = 10;
  desk d(r);
  d.flat_bar(100).buy("L").flat_bar(100).sell("S").flat_bar(100).buy("L").flat_bar(100).close_all().flat_bar(100).done();
  ASSERT_EQ(d.money().closed_trades().size(), 3u);
  EXPECT_EQ(d.money().closed_trades()[0].fee(), 15);
  EXPECT_EQ(d.money().closed_trades()[1].fee(), 10);
  EXPECT_EQ(d.money().closed_trades()[2].fee(), 15);
  EXPECT_EQ(d.money().net_profit(), -40);
}
TEST(fees, the_point_value_counts) {
  auto r = plain_rules();
  r.grid.pointvalue = 50;
  r.fee_value = 1;
  desk d(r);
  d.flat_bar(100).buy("L").flat_bar(100).close_all().flat_bar(101).done();
  EXPECT_DOUBLE_EQ(d.money().net_profit(), 50 - 50 - 50.5);
}
TEST(fees, amounts_are_converted_at_the_rate_of_their_day) {
  auto r = plain_rules();
  r.fee_value = 1;
  desk d(r);
  d.b.set_rate(2);
  d.flat_bar(100).buy("L").flat_bar(100).close_all();
  d.b.set_rate(3);
  d.flat_bar(110).done();
  EXPECT_DOUBLE_EQ(d.money().net_profit(), 10 * 3 - 1 * 2 - 1.1 * 3);
}

// Runs of the account
TEST(account, drawdown_and_runup_of_trade_and_account) {
  desk d;
  d.flat_bar(100).buy("L").bar(100, 108, 95, 104).close_all().flat_bar(106).done();
  const auto& t = d.money().closed_trades()[0];
  EXPECT_EQ(t.max_runup, 8);
  EXPECT_EQ(t.max_drawdown, 5);
  EXPECT_EQ(d.money().stats().max_drawdown, 5);
  EXPECT_EQ(d.money().stats().max_runup, 8);
  EXPECT_EQ(d.money().stats().max_drawdown_percent, 0.5);
}
TEST(account, equity_is_capital_and_profits) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 3}).flat_bar(100).bar(101, 103, 99, 102);
  EXPECT_EQ(d.money().equity(), 1006);
  EXPECT_EQ(d.money().open_profit(), 6);
}

} // namespace
} // namespace tt::pine::tester::testing
