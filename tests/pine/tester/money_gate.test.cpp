#include "tests/pine/tester/desk.hpp"

#include "actors/pine/tester/money_gate.hpp"

/// Sums of ten million and more, on grids of ticks. Prices of 0.01, lots of 0.00001.

namespace tt::pine::tester::testing {
namespace {

constexpr symbol_grid btc{0.01, 1, 100, 1, 1e-5};

TEST(money_gate, money_in_ticks_is_exact) {
  EXPECT_EQ(money_ticks(150435449.7, btc), 15043544970.0) << "the doubles divide to one tick less";
  EXPECT_EQ(money_ticks(12345678.901, btc), 1234567890.0) << "ten digits: 12345678.90";
  EXPECT_EQ(money_ticks(0.125, btc), 12.5);
}
TEST(money_gate, the_cost_is_rounded_up_to_half_ticks) {
  // 200 contracts at 64,000.0025 cost 1,280,000,050 ticks, on the grid already. 64,000 is a float: nothing is inflated.
  const double price = 64000, lots = 20'000'000;
  EXPECT_EQ(granted_lots(1'280'000'050, lots, 64000.0025, price, btc), lots);
  // one step less money: the 2,560,000,100th half tick is an even one, so the order is refused
  EXPECT_EQ(granted_lots(1'280'000'049.5, lots, 64000.0025, price, btc), std::nullopt);
  // cost 1,280,000,050.4 -> 2,560,000,101 half ticks, an odd one: one lot less
  EXPECT_EQ(granted_lots(1'280'000'050, lots, 64000.00252, price, btc), lots - 1);
}
/// 1e18 ticks lie further apart as doubles than the grid, where no next multiple can be counted to.
TEST(money_gate, sums_beyond_the_grid_come_to_an_end) {
  symbol_grid g;
  g.mintick = 0.01;
  EXPECT_FALSE(granted_lots(1e9, 1e14, 1e4, 100, g).has_value());
  EXPECT_FALSE(fits_equity(1e18, 1e9, g));
  EXPECT_TRUE(missing_margin(1e300, 1e9, g).has_value());
  g.mintick = 1e-8;
  EXPECT_TRUE(fits_equity(1e11, 1e12, g));
}

TEST(money_gate, from_ten_billion_ticks_the_step_is_five_ticks) {
  // 2,000 contracts at 64,000.00001: 12,800,000,002 ticks, rounded up to ...005, the 2,560,000,001st step: odd
  EXPECT_EQ(granted_lots(12'800'000'004, 200'000'000, 64000.00001, 64000, btc), 199'999'999.0);
  EXPECT_EQ(granted_lots(12'800'000'005, 200'000'000, 64000.00001, 64000, btc), 200'000'000.0);
}
TEST(money_gate, just_above_a_float_a_price_costs_more) {
  // Floats near 70,000 are 1/128 apart. 70,000 + 1/3200 lies one twenty-fifth of that above a float: 5e-6 more a contract,
  // so 200 contracts cost 0.1 ticks more. 1,400,000,000.0 ticks -> 1,400,000,000.5, an odd step, which stays.
  const double price = 70000 + 1.0 / 3200, lots = 20'000'000;
  EXPECT_EQ(granted_lots(1'400'000'000, lots, 70000, 70000, btc), lots);
  EXPECT_EQ(granted_lots(1'400'000'000, lots, 70000, price, btc), std::nullopt);
  EXPECT_EQ(granted_lots(1'400'000'000.5, lots, 70000, price, btc), lots);
}
TEST(money_gate, money_close_to_the_next_lot_is_judged_at_it) {
  // 20,000,000 lots at 64,000 a contract cost 12,800,000; one more 0.64. 12,800,000.64 buys it.
  EXPECT_EQ(judged_lots(20'000'000, 12'800'000.64, 64000, 64000, judged::otherwise, btc), 20'000'001);
  EXPECT_EQ(judged_lots(20'000'000, 12'800'000.30, 64000, 64000, judged::otherwise, btc), 20'000'000);
  // at 64,000.0002225 the next lot costs 1,280,000,068.45 ticks, rounded up to ...068.5. 068 are within a step of that, do
  // not reach it, and the step is an odd one: so what was bought stays
  EXPECT_EQ(judged_lots(20'000'000, 12'800'000.68, 64000.0002225, 64000, judged::otherwise, btc), 20'000'000);
  // at 64,000.000245 it costs ...068.9, rounded up to 069: 068 are no longer within a step
  EXPECT_EQ(judged_lots(20'000'000, 12'800'000.68, 64000.000245, 64000, judged::otherwise, btc), 20'000'000);
  // money that does not cover what it has bought is judged, too: 1,280,000,000 against ...000.05 -> 000.5, odd
  EXPECT_EQ(judged_lots(20'000'000, 12'800'000, 64000.0000025, 64000, judged::otherwise, btc), 19'999'999);
}
TEST(money_gate, below_ten_million_a_market_entry_may_lose_a_lot) {
  // 100 lots at 70,702.57 (odd ticks) cost 70.70257
  const double cost = 100 / 1e5 * 70702.57;
  EXPECT_EQ(judged_lots(100, cost, 70702.57, 70702.57, judged::market_entry, btc), 99);
  EXPECT_EQ(judged_lots(100, cost, 70702.57, 70702.57, judged::otherwise, btc), 100);
  EXPECT_EQ(judged_lots(100, cost * (1 + 2e-10), 70702.57, 70702.57, judged::market_entry, btc), 100) << "2^-33 is 1.16e-10";
  EXPECT_EQ(judged_lots(100, 100 / 1e5 * 63960.0, 63960.0, 63960.0, judged::market_entry, btc), 100) << "even ticks";
  EXPECT_EQ(judged_lots(100, 100 / 1e5 * 9.67, 9.67, 9.67, judged::market_entry, btc), 100) << "too few ticks";
}
TEST(money_gate, at_the_fill_less_than_a_tick_may_be_missing) {
  EXPECT_TRUE(fits_equity(20'000'000.0076, 20'000'000, btc));
  EXPECT_FALSE(fits_equity(20'000'000.0101, 20'000'000, btc));
  EXPECT_FALSE(fits_equity(2'000'000.0076, 2'000'000, btc)) << "below ten million nothing may";
}
TEST(money_gate, an_open_position_is_called_for_a_tick_begun) {
  EXPECT_FALSE(missing_margin(20'000'000, 20'000'000, btc));
  auto surplus = missing_margin(20'000'000.006, 20'000'000.009, btc); // 2,000,000,000 ticks against 2,000,000,001
  ASSERT_TRUE(surplus);
  EXPECT_NEAR(*surplus, -0.003, 1e-8) << "called although nothing is missing";
  EXPECT_FALSE(missing_margin(2'000'000.006, 2'000'000.009, btc));
  auto tens = missing_margin(200'000'000.06, 200'000'000.09, btc); // to the nearest ten ticks: ...010 against ...009
  ASSERT_TRUE(tens);
  EXPECT_NEAR(*tens, 0.01, 1e-9);
}
TEST(money_gate, a_call_without_a_lot_missing_closes_one_contract) {
  broker_rules r = plain_rules();
  r.grid = btc;
  r.initial_capital = 20'000'000;
  r.margin_long = 100;
  desk d(r);
  d.flat_bar(50000).buy("L", {.qty = 400}).flat_bar(50000); // the whole account, to the cent: filled and not called
  EXPECT_EQ(d.size(), 400);
  d.close("L", 1).flat_bar(50000).bar(50000, 50010, 49990, 50000).done();
  EXPECT_EQ(d.size(), 399);
}

} // namespace
} // namespace tt::pine::tester::testing
