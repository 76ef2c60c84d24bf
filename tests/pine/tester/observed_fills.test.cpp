#include "tests/pine/tester/desk.hpp"

/// Rules of sizes, fills and margin that the manual does not tell: each observed on the platform, with figures by hand.

namespace tt::pine::tester::testing {
namespace {

broker_rules cash(double money) {
  auto r = plain_rules();
  r.grid.lot = 0.1;
  r.qty_kind = sizing::cash;
  r.qty_value = money;
  return r;
}
broker_rules with_margin(double percent, double lot = 1) {
  auto r = plain_rules();
  r.margin_long = r.margin_short = percent;
  r.grid.lot = lot;
  return r;
}

// Default sizes of stops that the open gaps through
TEST(gapped_stop, is_sized_at_what_it_would_have_filled_at_when_it_was_placed) {
  auto r = cash(1000);
  r.slippage_ticks = 1;
  for (bool plain : {false, true})
    for (auto [stop, size] : {std::pair{105.0, 9.4}, std::pair{99.0, 9.9}}) { // 1000 / (105 + 1); passed at 100: 1000 / (100 + 1)
      desk d(r);
      d.flat_bar(100);
      if (plain) d.plain("A", trade_side::long_, {.stop = stop});
      else d.buy("A", {.stop = stop});
      d.flat_bar(125);
      EXPECT_DOUBLE_EQ(d.size(), size);
      EXPECT_EQ(d.money().average_price(), 126);
    }
}
TEST(gapped_stop, within_the_bar_it_is_sized_at_its_fill) {
  auto r = cash(1000);
  r.slippage_ticks = 1;
  desk d(r);
  d.flat_bar(100).buy("A", {.stop = 105}).bar(100, 110, 99, 108);
  EXPECT_DOUBLE_EQ(d.size(), 9.4);
}

TEST(gapped_exits, come_by_their_lowest_level) {
  desk d;
  d.flat_bar(100).sell("S", {.qty = 3}).flat_bar(100);
  d.exit("A", "S", {.qty = 1, .limit = 90, .stop = 105}).exit("B", "S", {.qty = 2, .limit = 80, .stop = 105}).flat_bar(106).done();
  EXPECT_EQ(d.trades(), "short 2 @ 100 -> 106 (B) = -12; short 1 @ 100 -> 106 (A) = -6");
}

TEST(observed, targets_that_the_entry_is_beyond_fill_the_nearest_first) {
  desk d;
  d.flat_bar(100).buy("L", {.qty = 2}).exit("B", "L", {.qty = 1, .limit = 90}).exit("A", "L", {.qty = 1, .limit = 99}).flat_bar(101).done();
  EXPECT_EQ(d.trades(), "long 1 @ 101 -> 101 (A) = 0; long 1 @ 101 -> 101 (B) = 0");
}

// Stop-limit orders
TEST(stop_limit, is_sized_at_the_price_of_its_placement_wherever_it_fills) {
  desk d(cash(1000));
  d.flat_bar(100).buy("A", {.limit = 105, .stop = 101}).flat_bar(103);
  EXPECT_DOUBLE_EQ(d.size(), 9.9) << "1000 / min(max(101, 100), 105)";
  EXPECT_EQ(d.money().average_price(), 103);
}
TEST(stop_limit, fills_on_the_way_back_to_the_open) {
  desk d;
  d.flat_bar(100).buy("A", {.limit = 102, .stop = 110}).bar(100, 112, 80, 90); // the high comes first
  EXPECT_EQ(d.money().average_price(), 102);
}
TEST(stop_limit, placed_again_unchanged_it_stays_triggered) {
  for (auto [limit, size] : {std::pair{102.0, 1.0}, std::pair{103.0, 0.0}}) {
    desk d;
    d.flat_bar(105).buy("A", {.limit = 102, .stop = 110}).bar(105, 112, 104, 108);
    d.buy("A", {.limit = limit, .stop = 110}).bar(108, 109, 101, 103);
    EXPECT_EQ(d.size(), size) << "a new limit makes a new order, which waits for its stop";
  }
}

// strategy.order() and the margin
TEST(plain_order, beyond_the_margin_is_refused_whole) {
  desk d(with_margin(100));
  d.flat_bar(100).plain("A", trade_side::long_, {.qty = 20}).flat_bar(100);
  EXPECT_EQ(d.size(), 0);
  d.plain("B", trade_side::long_, {.qty = 5}).flat_bar(100).plain("C", trade_side::long_, {.qty = 6}).flat_bar(100);
  EXPECT_EQ(d.size(), 5) << "11 would cost 1,100";
  d.plain("D", trade_side::short_, {.qty = 30}).flat_bar(100);
  EXPECT_EQ(d.size(), 5) << "nor does it close what it can't turn round";
  d.plain("E", trade_side::short_, {.qty = 3}).flat_bar(100);
  EXPECT_EQ(d.size(), 2);
}
TEST(plain_order, that_fits_what_was_there_when_the_bar_began_fills) {
  // 9 long leave at 97, equity 973. Then 16 short at 95: 1,520 is too much, but 16 - 9 = 7 were not when the bar began.
  // Margin at the low: 973 + 16 x 5 - 16 x 90 = -387; 387 / 90 = 4.3, four times four is all of it.
  auto run = [](double qty) {
    desk d(with_margin(100));
    d.flat_bar(100).buy("L", {.qty = 9}).flat_bar(100).exit("X", "L", {.stop = 97});
    d.plain("S", trade_side::short_, {.qty = qty, .stop = 95}).bar(100, 100, 90, 95).done();
    return d.trades();
  };
  EXPECT_EQ(run(16), "long 9 @ 100 -> 97 (X) = -27; short 16 @ 95 -> 90 (Margin call) = 80");
  EXPECT_EQ(run(25), "long 9 @ 100 -> 97 (X) = -27") << "16 x 95 were too much before, too";
}

// Margin calls
TEST(margin_call, a_position_that_fits_at_the_extreme_is_judged_at_the_fill_that_led_there) {
  // 11 short at 95 on 973: 72 are missing, 72 / 95 = 0.75, 7 lots, four times that. At 80 nothing is missing any more.
  desk d(with_margin(100, 0.1));
  d.flat_bar(100).buy("L", {.qty = 9}).flat_bar(100).exit("X", "L", {.stop = 97});
  d.plain("S", trade_side::short_, {.qty = 11, .stop = 95}).bar(100, 100, 80, 82).done();
  EXPECT_EQ(d.trades(), "long 9 @ 100 -> 97 (X) = -27; short 2.8 @ 95 -> 80 (Margin call) = 42");
}
TEST(margin_call, the_close_counts_lots_too) {
  // 10.2 short at 95 fit 973. At the close: 962.8 - 979.2 = -16.4; 16.4 / 96 = 0.17, one lot, four times that
  desk d(with_margin(100, 0.1));
  d.flat_bar(100).buy("L", {.qty = 9}).flat_bar(100).exit("X", "L", {.stop = 97});
  d.plain("S", trade_side::short_, {.qty = 10.2, .stop = 95}).bar(100, 100, 80, 96).done();
  ASSERT_EQ(d.money().closed_trades().size(), 2u);
  EXPECT_DOUBLE_EQ(d.money().closed_trades()[1].size, -0.4);
  EXPECT_EQ(d.money().closed_trades()[1].exit_price, 96);
}
TEST(margin_call, the_next_look_credits_what_the_first_has_missed_with_the_oldest_trades) {
  auto r = plain_rules();
  r.grid = {0.5, 1, 2, 1, 1};
  r.margin_long = r.margin_short = 100;
  r.pyramiding = 2;
  desk d(r);
  // 100 short at 10 on 1000: at 10.5 equity 950, margin 1050, 100 are missing: 9 x 4. At 9 nothing is missing, but of those
  // 100 the cost of the oldest trade pays 20 only: 80 / 10.5 = 7 -> 7 x 4.
  d.flat_bar(10).sell("A", {.qty = 2}).flat_bar(10).sell("B", {.qty = 98}).bar(10, 10.5, 9, 9.5).done();
  EXPECT_EQ(d.trades(), "short 2 @ 10 -> 10.5 (Margin call) = -1; short 34 @ 10 -> 10.5 (Margin call) = -17; short 28 @ 10 -> 9 (Margin call) = 28");
}

TEST(margin_call, a_fraction_of_a_lot_never_rounds_up) {
  // short 10 at 100 on 1,000 with 50 %: at p = 1,000 + 10 (100 - p) - 5 p -> 15 p - 2,000 missing; p = 139.99999:
  // 99.99985 / 0.5 / 139.99999 = 1.4285..; the lots of 1e-5 are cut, whatever follows the point
  auto r = with_margin(50, 1e-5);
  r.grid.mintick = 1e-5, r.grid.pricescale = 1e5;
  desk d(r);
  const double missing = 99.99985 / 0.5 / 139.99999;
  d.flat_bar(100).sell("S", {.qty = 10}).flat_bar(100).bar(100, 139.99999, 100, 101).done();
  ASSERT_EQ(d.money().closed_trades().size(), 1u);
  EXPECT_NEAR(-d.money().closed_trades()[0].size, std::floor(missing * 1e5) * 4e-5, 1e-9);
}
TEST(margin_call, with_any_it_cuts_every_trade_and_later_ones_until_flat) {
  // 18 long at 100 with 50 %: at 80, 640 - 720 = -80; 80 / 0.5 / 80 = 2, four times that of each trade
  auto r = with_margin(50);
  r.pyramiding = 5;
  r.closing = close_rule::any;
  desk d(r);
  d.flat_bar(100).buy("A", {.qty = 10}).buy("B", {.qty = 8}).flat_bar(100).bar(100, 100, 80, 80).buy("C", {.qty = 3}).flat_bar(80);
  EXPECT_EQ(d.trades(), "long 8 @ 100 -> 80 (Margin call) = -160; long 8 @ 100 -> 80 (Margin call) = -160; long 3 @ 80 -> 80 (Margin call) = 0");
  EXPECT_EQ(d.size(), 2);
  d.close_all().flat_bar(80).buy("D", {.qty = 3}).flat_bar(80).done();
  EXPECT_EQ(d.size(), 3) << "flat in between: the call is over";
}

// Reversals that are refused at their fill
TEST(refused_reversal, withdraws_the_exits_until_they_are_placed_again) {
  desk d(with_margin(100));
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 105, .stop = 95}).flat_bar(100).sell("S", {.qty = 9});
  d.flat_bar(120); // 9 x 120 > 1,000; the open is beyond the limit as well
  EXPECT_EQ(d.size(), 1);
  d.bar(120, 121, 94, 96);
  EXPECT_EQ(d.size(), 1);
  d.exit("X", "L", {.limit = 105, .stop = 95}).bar(96, 97, 94, 95).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 95 (X) = -5");
}
TEST(refused_reversal, a_margin_call_brings_the_exits_back) {
  // 9 short at 100: the 9 long to follow cost 1,008 at 112. Margin there: 892 - 1,008 = -116; 116 / 112 = 1.03, four lots.
  // The stop at 110 is behind that price.
  desk d(with_margin(100));
  d.flat_bar(100).sell("S", {.qty = 9}).exit("X", "S", {.stop = 110}).flat_bar(100).buy("B", {.qty = 9}).flat_bar(112).done();
  EXPECT_EQ(d.trades(), "short 4 @ 100 -> 112 (Margin call) = -48; short 5 @ 100 -> 112 (X) = -60");
}
TEST(refused_entry, its_exit_without_from_entry_gives_way_to_one_that_names_the_next_entry) {
  for (auto [from, size] : {std::pair{"L2", 5.0}, std::pair{"", 0.0}}) {
    desk d(with_margin(100));
    d.flat_bar(100).buy("L", {.qty = 10}).exit("X", "", {.stop = 95}).flat_bar(101); // 1,010
    EXPECT_EQ(d.size(), 0);
    d.buy("L2", {.qty = 5}).exit("N", from, {.limit = 200}).bar(101, 101, 94, 96);
    EXPECT_EQ(d.size(), size);
  }
}

// A batch of orders at one price with close_entries_rule = "ANY"
TEST(batch, of_any_a_leg_with_nothing_left_to_close_comes_last_and_opens) {
  auto r = plain_rules();
  r.pyramiding = 2;
  r.closing = close_rule::any;
  desk d(r);
  d.flat_bar(100).sell("A", {.qty = 5}).flat_bar(100).sell("B", {.qty = 2}).flat_bar(100);
  d.plain("O", trade_side::long_, {.qty = 6, .stop = 101}).exit("X", "", {.stop = 101}).bar(100, 102, 99, 101).done();
  // O closes A and 1 of B; the leg of B closes the other and opens 1; the leg of A opens 5
  EXPECT_EQ(d.trades(), "short 5 @ 100 -> 101 (O) = -5; short 1 @ 100 -> 101 (O) = -1; short 1 @ 100 -> 101 (X) = -1");
  ASSERT_EQ(d.money().open_trades().size(), 2u);
  EXPECT_EQ(d.money().open_trades()[0].size, 1);
  EXPECT_EQ(d.money().open_trades()[1].size, 5);
}

// The mark of an open position
TEST(open_profit, is_marked_at_the_price_as_a_fill_would_book_it) {
  auto r = plain_rules();
  r.grid = {0.01, 1, 100, 1, 1e-5};
  desk d(r);
  d.flat_bar(94000).buy("L").flat_bar(94000).bar(94000, 94300, 94000, 94208.43);
  EXPECT_EQ(d.money().open_profit(), 94208.43000000001 - 94000) << "9,420,843 ticks times 0.01";
}

// The grid of quantities
TEST(quantities, are_whole_hundred_millionths) {
  const symbol_grid fine{0.01, 1, 100, 1, 1e-5}, tenth{1e-5, 1, 1e5, 1, 0.1}, whole{0.01, 1, 100, 1, 1};
  EXPECT_EQ(on_lots(3, fine), 3);
  EXPECT_EQ(add_lots(2, 1, fine), 3);
  EXPECT_EQ(given_on_lots(0.00104, fine), 0.0010400000000000001) << "104,000 units of 1e-8";
  EXPECT_EQ(on_lots(5294.9, tenth), 5294.900000000001);
  EXPECT_EQ(add_lots(-5294.9, 5294.8, tenth), -0.1);
  EXPECT_EQ(on_lots(-7.5, whole), -7);
}
TEST(quantities, that_money_buys_lose_the_lot_they_miss_by_a_hair) {
  const symbol_grid g{1e-8, 1, 1e8, 1, 1e-3};
  double just_below = std::nextafter(803783.0, 0.0);
  EXPECT_NEAR(bought_on_lots(just_below, g), 803782.999, 1e-6);
  EXPECT_EQ(bought_on_lots(803783.0, g), 803783.0);
}

TEST(observed, money_buys_the_lots_that_its_decimal_shows) {
  symbol_grid tenth_of_thousandth, cent;
  tenth_of_thousandth.lot = 0.0001;
  cent.lot = 0.01;
  EXPECT_EQ(bought_on_lots(17.557, tenth_of_thousandth), 17.557);
  EXPECT_EQ(bought_on_lots(4.7185, tenth_of_thousandth), 4.7185);
  EXPECT_EQ(bought_on_lots(6.279, tenth_of_thousandth), 6.279);
  EXPECT_EQ(bought_on_lots(25.268199999999997, tenth_of_thousandth), 25.2681);
  EXPECT_EQ(bought_on_lots(918062.29999999992, cent), 918062.29);
  EXPECT_EQ(bought_on_lots(8595.81, cent), 8595.81);
}
TEST(observed, any_quotient_of_lots_buys_them_and_the_double_below_it_buys_one_less) {
  for (int places = 0; places <= 5; ++places) {
    symbol_grid g;
    const double n = std::pow(10.0, places);
    g.lot = 1 / n;
    for (std::int64_t lots = 1; lots < 4'000'000'000; lots = lots * 3 / 2 + 7) {
      const double exact = static_cast<double>(lots) / n;
      EXPECT_EQ(bought_on_lots(exact, g), of_lots(static_cast<double>(lots), g)) << lots << " / " << n;
      EXPECT_EQ(bought_on_lots(std::nextafter(exact, 0), g), of_lots(static_cast<double>(lots - 1), g)) << lots << " / " << n;
    }
  }
}

TEST(observed, on_the_closing_tick_a_contract_with_its_fee_costs_ten_digits) {
  // 85253.53 with 0.05 % is 85296.15676499999; the money lies between 1.13834 times that and 1.13834 times 85296.15676
  auto r = plain_rules();
  r.grid = {0.01, 1, 100, 1, 0.00001};
  r.initial_capital = 97096.02709;
  r.qty_kind = sizing::percent_of_equity, r.qty_value = 100;
  r.fee = fee_kind::percent, r.fee_value = 0.05;
  r.fills = fill_time::on_close;
  desk d(r);
  d.flat_bar(85253.53).buy("L").done();
  EXPECT_DOUBLE_EQ(d.size(), 1.13834);
}
TEST(quantities, half_an_order_pays_half_its_fee) {
  auto r = plain_rules();
  r.grid.lot = 1e-5;
  r.fee = fee_kind::cash_per_order;
  r.fee_value = 0.02705829675;
  desk d(r);
  d.flat_bar(100).buy("L", {.qty = 0.00014}).flat_bar(100).sell("S", {.qty = 0.00014}).flat_bar(100).done();
  ASSERT_EQ(d.money().closed_trades().size(), 1u);
  EXPECT_EQ(d.money().closed_trades()[0].exit_fee, 0.01352914838) << "0.013529148375, the tie goes up";
}

} // namespace
} // namespace tt::pine::tester::testing
