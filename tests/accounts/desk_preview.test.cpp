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

} // namespace
} // namespace tt::gateway::test
