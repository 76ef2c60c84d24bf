// Closed trades from executions: average cost, parts, turns, fees.

#include "actors/strategy/live/fill_trades.hpp"

#include <gtest/gtest.h>

namespace tt::strategy::test {
namespace {

class fill_list {
public:
  fill_list& add(std::uint64_t order, direction way, std::int64_t qty, std::int64_t px, const char* fee = "0", const char* reason = "", const char* symbol = "AAPL") {
    strategy_fill one;
    one.fill.order = order_number{order};
    one.fill.symbol = symbol;
    one.fill.way = way, one.fill.qty = quantity{qty}, one.fill.px = price{decimal{px}};
    one.fill.fees.commission = money{*decimal::parse(fee)};
    one.fill.at = from_unix_ms(++clock_ * 1'000);
    one.contract.multiplier = multiplier;
    one.contract.style = style;
    one.reason = reason;
    all_.push_back(std::move(one));
    return *this;
  }
  [[nodiscard]] std::vector<closed_trade> trades() const {
    auto out = trades_of_fills(all_);
    EXPECT_TRUE(out);
    return out ? *out : std::vector<closed_trade>{};
  }

  decimal multiplier{1};
  settlement style = settlement::spot;

private:
  std::vector<strategy_fill> all_;
  std::int64_t clock_ = 0;
};

TEST(fill_trades, a_closing_order_is_one_trade_at_the_average_price_with_its_part_of_the_entry_fees) {
  fill_list fills;
  fills.add(1, direction::buy, 6, 100, "3", "breakout").add(2, direction::buy, 4, 110, "1", "more");
  fills.add(3, direction::sell, 2, 120, "0.5", "target").add(3, direction::sell, 3, 121, "0.5", "target").add(4, direction::sell, 5, 90, "1", "stop");
  const auto trades = fills.trades();
  ASSERT_EQ(trades.size(), 2u);
  const auto& first = trades[0];
  EXPECT_EQ(first.entry_id, "breakout");
  EXPECT_EQ(first.exit_id, "target");
  EXPECT_DOUBLE_EQ(first.qty, 5);
  EXPECT_DOUBLE_EQ(first.entry_price, 104);
  EXPECT_DOUBLE_EQ(first.exit_price, (2 * 120 + 3 * 121) / 5.0);
  EXPECT_DOUBLE_EQ(first.fees, 1 + 2);
  EXPECT_DOUBLE_EQ(first.profit, 2 * 16 + 3 * 17 - 3);
  EXPECT_EQ(first.entry_ms, 1'000);
  EXPECT_EQ(first.exit_ms, 4'000);
  EXPECT_DOUBLE_EQ(trades[1].profit, 5 * (90 - 104) - 1 - 2);
  double all = 0;
  for (const auto& t : trades) all += t.profit;
  EXPECT_DOUBLE_EQ(all, -(600 + 440) + 240 + 363 + 450 - 6) << "all money that moved";
}

TEST(fill_trades, an_order_through_zero_closes_one_side_and_opens_the_other) {
  fill_list fills;
  fills.multiplier = decimal{50}, fills.style = settlement::margined;
  fills.add(1, direction::sell, 2, 5'000, "2", "short").add(2, direction::buy, 3, 4'990, "3", "turn").add(3, direction::sell, 1, 4'995, "1", "out");
  const auto trades = fills.trades();
  ASSERT_EQ(trades.size(), 2u);
  EXPECT_EQ(trades[0].side, closed_trade::side_t::short_side);
  EXPECT_DOUBLE_EQ(trades[0].profit, 2 * 10 * 50 - 2 - 2);
  EXPECT_EQ(trades[1].side, closed_trade::side_t::long_side);
  EXPECT_EQ(trades[1].entry_id, "turn");
  EXPECT_DOUBLE_EQ(trades[1].fees, 1 + 1);
  EXPECT_DOUBLE_EQ(trades[1].profit, 5 * 50 - 2);
}

TEST(fill_trades, symbols_stand_for_themselves_and_what_is_open_is_no_trade) {
  fill_list fills;
  fills.add(1, direction::buy, 1, 10).add(2, direction::buy, 1, 20, "0", "", "MSFT").add(3, direction::sell, 1, 25, "0", "", "MSFT");
  const auto trades = fills.trades();
  ASSERT_EQ(trades.size(), 1u);
  EXPECT_EQ(trades[0].symbol, "MSFT");
  EXPECT_DOUBLE_EQ(trades[0].profit, 5);
}

} // namespace
} // namespace tt::strategy::test
