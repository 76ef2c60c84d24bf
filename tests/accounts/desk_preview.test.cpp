// What a preview says, against what the account shows once the order has filled.

#include "tests/accounts/desk_bench.hpp"

namespace tt::gateway::test {
namespace {

/// An account whose broker takes every kind of fee.
class desk_preview : public desk_bench {
protected:
  desk_preview() {
    fees.commission_per_order = money{1};
    fees.commission_per_unit = money{dec("0.01")};
    fees.commission_ratio = dec("0.0001");
    fees.exchange_per_unit = money{dec("0.003")};
    fees.regulatory_sell_ratio = dec("0.001");
  }
  void open(account_type of) {
    type = of;
    start();
    quote("AAPL", "99.99", "100.01");
    quote("MNQ1!", "20000.00", "20000.50");
  }
  result<order_preview> preview(order_side side, const char* size, const std::string& symbol = "AAPL") {
    order_request asked;
    asked.account = account_id{"paper"};
    asked.symbol = symbol;
    asked.side = side;
    asked.size = size_quantity{qty(size)};
    return got<order_preview>([&](auto done) { port->preview(ann, asked, done); });
  }
  std::optional<money> shown() {
    const auto all = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
    EXPECT_TRUE(all && all->size() == 1);
    return all ? all->front().balances.buying_power : std::nullopt;
  }
  money fees_paid() { return orders().front().what.fees; }
};

TEST_F(desk_preview, only_sales_pay_what_only_sales_pay) {
  open(account_type::margin);
  const auto buy = preview(order_side::buy, "20");
  ASSERT_TRUE(buy) << to_string(buy.error());
  EXPECT_EQ(buy->fees, money{dec("1.46002")}); // 1 + 20 x 0.013 + a ten-thousandth of 2,000.20
  ASSERT_TRUE(place(order_side::buy, "20"));
  EXPECT_EQ(fees_paid(), buy->fees);
  const auto sell = preview(order_side::sell, "20");
  ASSERT_TRUE(sell) << to_string(sell.error());
  EXPECT_EQ(sell->fees, money{dec("3.45978")}); // and a thousandth of 1,999.80 besides
  ASSERT_TRUE(place(order_side::sell, "20"));
  EXPECT_EQ(fees_paid(), sell->fees);
}

/// Each step is what the preview said: opening, more, a part closed, through zero, and closed.
class desk_preview_types : public desk_preview, public ::testing::WithParamInterface<account_type> {
protected:
  void step(order_side side, const char* size, const std::string& symbol) {
    const auto said = preview(side, size, symbol);
    ASSERT_TRUE(said) << to_string(said.error());
    ASSERT_EQ(said->decision.result, verdict::approved) << said->decision.code << " " << said->decision.message;
    const auto placed = place(side, size, symbol);
    ASSERT_TRUE(placed) << to_string(placed.error());
    quote("AAPL", "99.99", "100.01");
    quote("MNQ1!", "20000.00", "20000.50");
    pass(1s);
    ASSERT_EQ(orders().front().what.state, order_state::filled);
    EXPECT_EQ(said->fees, fees_paid()) << symbol << " " << to_string(side) << " " << size;
    EXPECT_EQ(said->buying_power_after, shown()) << symbol << " " << to_string(side) << " " << size;
  }
};

TEST_P(desk_preview_types, shares) {
  if (GetParam() == account_type::futures) GTEST_SKIP() << "an account for contracts";
  open(GetParam());
  step(order_side::buy, "20", "AAPL");
  step(order_side::buy, "10", "AAPL");
  step(order_side::sell, "5", "AAPL");
  step(order_side::sell, "25", "AAPL");
  if (GetParam() == account_type::cash || GetParam() == account_type::crypto) return;
  step(order_side::sell_short, "20", "AAPL");
  step(order_side::buy, "50", "AAPL"); // 20 close, 30 open
  step(order_side::sell, "40", "AAPL");
  step(order_side::buy_to_cover, "10", "AAPL");
}

TEST_P(desk_preview_types, contracts) {
  if (GetParam() != account_type::futures && GetParam() != account_type::margin) GTEST_SKIP() << "no contracts";
  open(GetParam());
  step(order_side::buy, "1", "MNQ1!");
  step(order_side::sell, "2", "MNQ1!");
  step(order_side::buy, "1", "MNQ1!");
}

INSTANTIATE_TEST_SUITE_P(all, desk_preview_types,
                         ::testing::Values(account_type::cash, account_type::margin, account_type::pdt, account_type::crypto, account_type::futures));

TEST_F(desk_preview, orders_that_rest_are_not_in_what_the_account_shows) {
  open(account_type::margin);
  ASSERT_TRUE(place(order_side::buy, "20", "AAPL", "95"));
  const auto said = preview(order_side::buy, "10");
  ASSERT_TRUE(said) << to_string(said.error());
  ASSERT_TRUE(place(order_side::buy, "10"));
  quote("AAPL", "99.99", "100.01");
  pass(1s);
  EXPECT_EQ(said->buying_power_after, shown());
  EXPECT_EQ(said->buying_power_after, money{dec("198997.33998")}) << "less 1,000, and twice ten ticks of 0.01 and 1.23001 of fees";
}

} // namespace
} // namespace tt::gateway::test
