#include "tests/pine/tester/desk.hpp"

/// When and where orders fill. Every expected price is worked out by hand from the rule in the test's name.

namespace tt::pine::tester::testing {
namespace {

TEST(fills, a_market_order_fills_at_the_next_open) {
  desk d;
  d.bar(100, 110, 90, 105).buy("L").bar(103, 120, 101, 119).close("L").bar(117, 118, 100, 101).done();
  EXPECT_EQ(d.trades(), "long 1 @ 103 -> 117 (Close entry(s) order L) = 14");
  EXPECT_EQ(d.money().closed_trades()[0].entry_bar, 1);
  EXPECT_EQ(d.money().closed_trades()[0].exit_bar, 2);
}

TEST(fills, process_orders_on_close_fills_on_the_close_that_placed_it) {
  auto r = plain_rules();
  r.fills = fill_time::on_close;
  desk d(r);
  d.bar(100, 110, 90, 105).buy("L").bar(103, 120, 101, 119).close("L").bar(117, 118, 100, 101).done();
  EXPECT_EQ(d.trades(), "long 1 @ 105 -> 119 (Close entry(s) order L) = 14");
  EXPECT_EQ(d.money().closed_trades()[0].entry_bar, 0);
}

TEST(fills, immediate_closes_fill_on_the_close_that_placed_them) {
  desk d;
  d.bar(100, 100, 100, 100).buy("L").bar(103, 120, 101, 119).close("L", no_value, no_value, close_time::immediately).bar(90, 90, 90, 90).done();
  EXPECT_EQ(d.trades(), "long 1 @ 103 -> 119 (Close entry(s) order L) = 16");
}

// The path: the nearer extreme first, the low at equal distances.
TEST(fills, with_the_high_nearer_the_limit_of_a_long_comes_before_its_stop) {
  desk d;
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 104, .stop = 92}).bar(100, 105, 90, 95).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 104 (X) = 4");
}
TEST(fills, with_the_low_nearer_the_stop_of_a_long_comes_before_its_limit) {
  desk d;
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 109, .stop = 96}).bar(100, 110, 95, 105).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 96 (X) = -4");
}
TEST(fills, at_equal_distances_the_low_comes_first) {
  desk d;
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 105, .stop = 95}).bar(100, 105, 95, 100).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 95 (X) = -5");
}
TEST(fills, the_same_for_a_short_is_mirrored) {
  desk d;
  d.flat_bar(100).sell("S").exit("X", "S", {.limit = 92, .stop = 104}).bar(100, 105, 90, 95).done();
  EXPECT_EQ(d.trades(), "short 1 @ 100 -> 104 (X) = -4");
}

// Gaps
TEST(fills, a_stop_that_the_open_gaps_through_fills_at_the_open) {
  desk d;
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 120, .stop = 95}).flat_bar(100).bar(90, 99, 85, 98).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 90 (X) = -10");
}
TEST(fills, a_limit_that_the_open_gaps_through_fills_at_the_better_open) {
  desk d;
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 110, .stop = 95}).flat_bar(100).bar(115, 118, 111, 112).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 115 (X) = 15");
}
TEST(fills, an_entry_and_the_exit_it_brings_can_both_fill_at_one_gapped_open) {
  desk d;
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 104}).bar(106, 107, 103, 104).done();
  EXPECT_EQ(d.trades(), "long 1 @ 106 -> 106 (X) = 0");
}

// Entries with levels
TEST(fills, limit_entry) {
  desk d;
  d.flat_bar(100).buy("L", {.limit = 95}).bar(100, 101, 96, 97);
  EXPECT_EQ(d.size(), 0);
  d.bar(97, 98, 94, 96).close("L").flat_bar(99).done();
  EXPECT_EQ(d.trades(), "long 1 @ 95 -> 99 (Close entry(s) order L) = 4");
}
TEST(fills, stop_entry_then_its_bracket_on_the_rest_of_the_bar) {
  // path 100 -> 96 -> 112 -> 111: bought at 105 on the way up, sold at 110 further on
  desk d;
  d.flat_bar(100).buy("L", {.stop = 105}).exit("X", "L", {.limit = 110, .stop = 97}).bar(100, 112, 96, 111).done();
  EXPECT_EQ(d.trades(), "long 1 @ 105 -> 110 (X) = 5");
}
TEST(fills, levels_passed_before_the_entry_do_not_count) {
  // path 100 -> 112 -> 96 -> 98: sold at 97 on the way down; the high was before
  desk d;
  d.flat_bar(100).sell("S", {.stop = 97}).exit("X", "S", {.stop = 104}).bar(100, 104, 94, 98).done();
  EXPECT_EQ(d.trades(), "");
  EXPECT_EQ(d.size(), -1);
}
TEST(fills, a_bracket_already_behind_the_entry_price_fills_there) {
  // bought at 105 on the way up with a stop of 107: stopped at the entry's own price
  desk d;
  d.flat_bar(100).buy("L", {.stop = 105}).exit("X", "L", {.stop = 107}).bar(100, 112, 99, 111).done();
  EXPECT_EQ(d.trades(), "long 1 @ 105 -> 105 (X) = 0");
}
TEST(fills, stop_limit_waits_for_the_limit_after_the_stop) {
  desk d;
  // stop 105 met on the way up to 108; the limit 103 on the way down
  d.flat_bar(100).buy("L", {.limit = 103, .stop = 105}).bar(104, 108, 104, 106);
  EXPECT_EQ(d.size(), 0);
  d.bar(106, 107, 102, 104);
  EXPECT_EQ(d.size(), 1);
  EXPECT_EQ(d.money().average_price(), 103);
}
TEST(fills, stop_limit_with_a_better_limit_fills_at_the_stop) {
  desk d;
  d.flat_bar(100).buy("L", {.limit = 107, .stop = 105}).bar(101, 108, 99, 106);
  EXPECT_EQ(d.money().average_price(), 105);
}
TEST(fills, levels_between_ticks_move_away_from_the_market) {
  auto r = plain_rules();
  r.grid = {0.25, 25, 100, 1, 1};
  desk d(r);
  d.flat_bar(100).buy("L", {.stop = 101.05}).bar(100, 103, 99, 102);
  EXPECT_EQ(d.money().average_price(), 101.25);
  d.exit("X", "L", {.limit = 103.1, .stop = 98.9}).bar(102, 102.25, 98.5, 99).done();
  EXPECT_EQ(d.trades(), "long 1 @ 101.25 -> 98.75 (X) = -2.5");
}
TEST(fills, limits_can_be_asked_to_be_passed_by_some_ticks) {
  auto r = plain_rules();
  r.limit_ticks = 2;
  desk d(r);
  d.flat_bar(100).buy("L", {.limit = 95}).bar(100, 101, 94, 97);
  EXPECT_EQ(d.size(), 0);
  d.bar(97, 98, 93, 96);
  EXPECT_EQ(d.money().average_price(), 95);
}

// Slippage
TEST(fills, slippage_is_against_the_order_and_never_on_limits) {
  auto r = plain_rules();
  r.slippage_ticks = 2;
  desk d(r);
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 110}).flat_bar(100).bar(100, 112, 99, 111).sell("S").bar(111, 111, 111, 111);
  d.exit("Y", "S", {.stop = 115}).bar(111, 116, 110, 112).done();
  EXPECT_EQ(d.trades(), "long 1 @ 102 -> 110 (X) = 8; short 1 @ 109 -> 117 (Y) = -8");
}
TEST(fills, a_gapped_limit_takes_the_open_without_slippage_a_gapped_stop_with_it) {
  auto r = plain_rules();
  r.slippage_ticks = 2;
  desk d(r);
  d.flat_bar(100).buy("L").flat_bar(100).exit("X", "L", {.limit = 110}).flat_bar(115).buy("M").flat_bar(100);
  d.exit("Y", "M", {.stop = 95}).flat_bar(90).done();
  EXPECT_EQ(d.trades(), "long 1 @ 102 -> 115 (X) = 13; long 1 @ 102 -> 88 (Y) = -14");
}

// Trailing stops
TEST(fills, a_trailing_stop_arms_and_follows_the_path_within_the_bar) {
  // long at 100; armed at 104, high 110, offset 3: 107 on the way down. Path 100 -> 99 -> 110 -> 106
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.trail_points = 4, .trail_offset = 3}).bar(100, 110, 99, 106).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 107 (T) = 7");
}
TEST(fills, a_trailing_stop_carries_its_mark_to_the_next_bar) {
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.trail_points = 4, .trail_offset = 5}).bar(100, 110, 99, 108).bar(109, 110, 104, 105).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 105 (T) = 5");
}
TEST(fills, a_trailing_stop_that_gaps_fills_at_the_open) {
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.trail_points = 4, .trail_offset = 5}).bar(100, 110, 99, 108).bar(102, 103, 101, 103).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 102 (T) = 2");
}
TEST(fills, a_trailing_stop_without_offset_fills_where_it_arms) {
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.trail_price = 106}).bar(100, 110, 99, 108).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 106 (T) = 6");
}
TEST(fills, a_trailing_stop_of_a_short) {
  // short at 100, armed at 95, low 90, offset 4: 94 on the way up. Path 100 -> 101 -> 90 -> 96
  desk d;
  d.flat_bar(100).sell("S").exit("T", "S", {.trail_points = 5, .trail_offset = 4}).bar(100, 101, 90, 96).done();
  EXPECT_EQ(d.trades(), "short 1 @ 100 -> 94 (T) = 6");
}
TEST(fills, the_limit_of_a_trailing_exit_wins_when_the_path_meets_it_first) {
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.limit = 109, .trail_points = 4, .trail_offset = 3}).bar(100, 110, 99, 105).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 109 (T) = 9");
}
TEST(fills, the_hard_stop_of_a_trailing_exit_works_until_it_arms) {
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.stop = 97, .trail_points = 4, .trail_offset = 3}).bar(100, 103, 96, 98).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 97 (T) = -3");
}
TEST(fills, a_trail_placed_beyond_its_activation_starts_from_that_close) {
  // placed on the close 108, beyond 104: mark 108, stop 105; the next open 106 leaves it, the low takes it
  desk d;
  d.flat_bar(100).buy("L").bar(100, 112, 99, 108).exit("T", "L", {.trail_points = 4, .trail_offset = 3}).bar(106, 107, 103, 104).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 105 (T) = 5");
}

TEST(fills, a_trail_that_is_placed_again_with_another_offset_keeps_its_best_price) {
  for (const auto& [offset, out] : {std::pair{3, "107"}, std::pair{8, "102"}}) {
    desk d;
    d.flat_bar(100).buy("L").exit("T", "L", {.trail_points = 4, .trail_offset = 5}).bar(100, 110, 99, 108);
    d.exit("T", "L", {.trail_points = 4, .trail_offset = static_cast<double>(offset)}).bar(108, 109, 100, 101).done();
    EXPECT_EQ(d.trades(), "long 1 @ 100 -> " + std::string(out) + " (T) = " + std::to_string(std::stoi(out) - 100));
  }
}
TEST(fills, a_trail_that_is_placed_again_with_another_activation_begins_anew) {
  // armed at 104, best 110; then to be armed at 120
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.trail_points = 4, .trail_offset = 5}).bar(100, 110, 99, 108);
  d.exit("T", "L", {.trail_points = 20, .trail_offset = 5}).bar(108, 109, 100, 101).done();
  EXPECT_EQ(d.size(), 1);
}
TEST(fills, the_activation_of_a_trail_lies_on_the_tick_that_the_profit_lies_on) {
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.trail_price = 104.4, .trail_offset = 1}).bar(100, 104, 99, 102).done();
  EXPECT_EQ(d.size(), 1) << "105";
  desk s;
  s.flat_bar(100).sell("S").exit("T", "S", {.trail_price = 95.6, .trail_offset = 1}).bar(100, 101, 96, 99).done();
  EXPECT_EQ(s.size(), -1) << "95";
}
TEST(fills, a_trail_follows_the_quotes_and_not_their_ticks) {
  // the high of 110.6 is the tick 111 to every other order; 110.6 - 3 = 107.6, a tick down: 107
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.trail_points = 4, .trail_offset = 3}).quoted(100, 110.6, 99, 106).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 107 (T) = 7");
  desk s;
  s.flat_bar(100).sell("S").exit("T", "S", {.trail_points = 4, .trail_offset = 3}).quoted(100, 101, 89.4, 96).done();
  EXPECT_EQ(s.trades(), "short 1 @ 100 -> 93 (T) = 7");
}
TEST(fills, a_trail_is_not_behind_an_activation_that_only_its_tick_has_reached) {
  // 104.6 is the tick 105 that arms it: 105 - 3
  desk d;
  d.flat_bar(100).buy("L").exit("T", "L", {.trail_points = 5, .trail_offset = 3}).quoted(100, 104.6, 99, 103.9).bar(103, 103, 101, 101).done();
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 102 (T) = 2");
}
TEST(fills, the_quotes_say_which_extreme_came_first) {
  // ticks 10, 11, 9, 10 are a tie, which goes down first; the quotes are nearer to the high
  desk d;
  d.flat_bar(10).buy("L").exit("X", "L", {.limit = 11, .stop = 9}).quoted(10.4, 11.3, 9.45, 10).done();
  EXPECT_EQ(d.trades(), "long 1 @ 10 -> 11 (X) = 1");
}

// The bar magnifier
TEST(fills, lower_bars_show_which_level_came_first) {
  // the whole bar 100/110/92/105 alone would stop first (the low is nearer); its lower bars go up first
  desk d;
  d.flat_bar(100).buy("L").exit("X", "L", {.limit = 109, .stop = 93}).done();
  const quoted_bar inner[] = {bar_prices{100, 110, 99, 108}, bar_prices{108, 108, 92, 105}};
  d.b.bar({60'000, 1, 0}, bar_prices{100, 110, 92, 105}, inner, 2);
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 109 (X) = 9");
}
TEST(fills, a_gap_between_lower_bars_fills_at_the_lower_open) {
  desk d;
  d.flat_bar(100).buy("L").exit("X", "L", {.stop = 97}).done();
  const quoted_bar inner[] = {bar_prices{100, 101, 99, 99}, bar_prices{95, 98, 94, 98}};
  d.b.bar({60'000, 1, 0}, bar_prices{100, 101, 94, 98}, inner, 2);
  EXPECT_EQ(d.trades(), "long 1 @ 100 -> 95 (X) = -5");
}

// Money on its grids
TEST(grids, money_is_booked_to_ten_digits_halves_up) {
  EXPECT_EQ(ten_digits(1499.7749132048700), 1499.774913);
  EXPECT_EQ(ten_digits(0.7491118042952888), 0.7491118043);
  EXPECT_EQ(ten_digits(12345.678905), 12345.67891); // the decimal says half: up
  EXPECT_EQ(ten_digits(-12345.678905), -12345.67891);
  EXPECT_EQ(ten_digits(99999999995.0), 100000000000.0);
  EXPECT_EQ(ten_digits(0), 0);
}
TEST(grids, given_quantities_are_cut_by_their_decimal) {
  symbol_grid g{0.01, 1, 100, 1, 1e-5};
  EXPECT_NEAR(given_on_lots(0.0010899999999999998, g), 0.00108, 1e-12);
  EXPECT_NEAR(given_on_lots(0.0011600000000000002, g), 0.00116, 1e-12);
  EXPECT_NEAR(given_on_lots(0.00121, g), 0.00121, 1e-12);
  symbol_grid whole{0.01, 1, 100, 1, 1};
  EXPECT_EQ(given_on_lots(150.9, whole), 150);
  EXPECT_EQ(given_on_lots(0.9, whole), 0);
}
TEST(grids, bars_go_to_ticks_by_their_quotient) {
  symbol_grid cents{0.01, 1, 100, 1, 1}, quarters{0.25, 25, 100, 1, 1};
  EXPECT_EQ(on_ticks(27.455, cents), 27.45) << "27.455 / 0.01 is 2745.4999999999995";
  EXPECT_EQ(on_ticks(27.465, cents), 27.47);
  EXPECT_EQ(on_ticks(4321.375, quarters), 4321.5);
  EXPECT_EQ(on_ticks(4321.37, quarters), 4321.25);
}
TEST(grids, levels_within_a_ten_thousandth_of_a_tick_are_on_it) {
  symbol_grid g{0.01, 1, 100, 1, 1};
  EXPECT_DOUBLE_EQ(level_on_ticks(100.0000009, rounding::up, g), 100.0);
  EXPECT_DOUBLE_EQ(level_on_ticks(100.000002, rounding::up, g), 100.01);
  EXPECT_DOUBLE_EQ(level_on_ticks(99.9999991, rounding::down, g), 100.0);
  EXPECT_DOUBLE_EQ(level_on_ticks(99.99999, rounding::down, g), 99.99);
}

} // namespace
} // namespace tt::pine::tester::testing
