// Requests, fills and the arithmetic of positions.

#include "actors/model/fill.hpp"

#include <gtest/gtest.h>

namespace tt {
namespace {

decimal d(const char* text) { return *decimal::parse(text); }

order_request request(order_type type = order_type::market) {
  order_request r;
  r.symbol = "AAPL";
  r.size = size_quantity{quantity{10}};
  r.type = type;
  return r;
}
std::string field_of(const order_request& r) {
  const auto checked = check_request(r);
  return checked ? "" : checked.error().field;
}

TEST(order_request, each_type_has_the_prices_it_needs_and_no_others) {
  EXPECT_EQ(field_of(request()), "");
  auto r = request();
  r.limit_price = price{1};
  EXPECT_EQ(field_of(r), "price");
  r = request(order_type::limit);
  EXPECT_EQ(field_of(r), "price");
  r.limit_price = price{1};
  EXPECT_EQ(field_of(r), "");
  r.stop_price = price{1};
  EXPECT_EQ(field_of(r), "stop_price");
  r = request(order_type::stop);
  EXPECT_EQ(field_of(r), "stop_price");
  r = request(order_type::stop_limit);
  r.limit_price = price{1};
  EXPECT_EQ(field_of(r), "stop_price");
  r = request(order_type::trailing_stop);
  EXPECT_EQ(field_of(r), "trail_offset");
  r.trail_offset = price{1};
  EXPECT_EQ(field_of(r), "");
  r.trail_percent = decimal{1};
  EXPECT_EQ(field_of(r), "trail_offset"); // exactly one
  r.trail_offset.reset();
  r.trail_percent = decimal{0};
  EXPECT_EQ(field_of(r), "trail_percent");
}

TEST(order_request, brackets_and_pairs) {
  auto r = request(order_type::bracket);
  EXPECT_EQ(field_of(r), "take_profit");
  r.profit = take_profit{price{110}};
  EXPECT_EQ(field_of(r), "");
  r.loss = stop_loss{price{120}, std::nullopt};
  EXPECT_EQ(field_of(r), "stop_loss.stop_price");
  r.loss = stop_loss{price{90}, std::nullopt};
  EXPECT_EQ(field_of(r), "");
  r.side = order_side::sell_short;
  EXPECT_EQ(field_of(r), "stop_loss.stop_price");
  r = request();
  r.profit = take_profit{price{110}};
  EXPECT_EQ(field_of(r), "take_profit");
  r = request(order_type::oco);
  EXPECT_EQ(field_of(r), "legs");
  r.legs = {{order_type::limit, price{90}, std::nullopt}, {order_type::stop, std::nullopt, std::nullopt}};
  EXPECT_EQ(field_of(r), "legs[1].stop_price");
  r.legs[1].stop_price = price{110};
  EXPECT_EQ(field_of(r), "");
}

TEST(order_request, sizes_times_and_ids) {
  auto r = request();
  r.size = size_quantity{quantity{0}};
  EXPECT_EQ(field_of(r), "quantity");
  r.size = size_notional{money{-1}};
  EXPECT_EQ(field_of(r), "notional");
  r.size = size_weight{d("1.01")};
  EXPECT_EQ(field_of(r), "weight");
  r.size = size_weight{d("0.05")};
  EXPECT_EQ(field_of(r), "");
  r.tif = time_in_force::gtd;
  EXPECT_EQ(field_of(r), "good_till");
  r = request();
  r.good_till = from_unix_ms(1);
  EXPECT_EQ(field_of(r), "good_till");
  r = request();
  r.client_id = client_order_id{"a b"};
  EXPECT_EQ(field_of(r), "client_order_id");
  r.client_id = client_order_id{"A.b_c:d-1"};
  EXPECT_EQ(field_of(r), "");
  r.symbol.clear();
  EXPECT_EQ(field_of(r), "symbol");
}

TEST(order_request, names_read_back_and_unknown_ones_are_refused) {
  for (std::size_t i = 0; i < enum_count<order_side>; ++i) {
    const auto side = static_cast<order_side>(i);
    const auto back = parse_name<order_side>(to_string(side), "side");
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, side);
  }
  for (const auto* text : {"", "BUY", "long", "buy "}) {
    const auto bad = parse_name<order_side>(text, "side");
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().field, "side");
  }
  EXPECT_EQ(direction_of(order_side::buy_to_cover), direction::buy);
  EXPECT_EQ(direction_of(order_side::sell_to_open), direction::sell);
}

order_fill fill(direction way, const char* qty, const char* px) {
  order_fill f;
  f.symbol = "X";
  f.way = way;
  f.qty = quantity{d(qty)};
  f.px = price{d(px)};
  return f;
}

TEST(apply_fill, average_cost_of_thirds_leaves_nothing_behind) {
  position held;
  held.symbol = "X";
  ASSERT_TRUE(apply_fill(held, fill(direction::buy, "3", "10")));
  ASSERT_TRUE(apply_fill(held, fill(direction::buy, "4", "11"))); // 74 / 7 does not end
  money earned;
  for (int i = 0; i < 7; ++i) earned += apply_fill(held, fill(direction::sell, "1", "12"))->realized;
  EXPECT_TRUE(held.qty.is_zero());
  EXPECT_TRUE(held.cost.is_zero());
  EXPECT_TRUE(held.cost_basis.is_zero());
  EXPECT_LT((earned - money{10}).value().abs(), d("0.0000000001")); // 84 − 74
}

TEST(apply_fill, a_part_that_is_closed_leaves_the_average_where_it_was) {
  position held;
  held.symbol = "X";
  ASSERT_TRUE(apply_fill(held, fill(direction::buy, "30", "288.03")));
  const auto effect = apply_fill(held, fill(direction::sell, "13", "288.02"));
  ASSERT_TRUE(effect);
  EXPECT_EQ(effect->realized, money{d("-0.13")});
  EXPECT_EQ(held.average_price(), price{d("288.03")});
}

TEST(apply_fill, what_does_not_fit_changes_nothing) {
  position held;
  held.symbol = "X";
  ASSERT_TRUE(apply_fill(held, fill(direction::buy, "1000000000000000000", "1")));
  const auto before = held;
  const auto far = apply_fill(held, fill(direction::buy, "1000000000000000000", "1000000000000000000"));
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().code, errc::out_of_range);
  EXPECT_EQ(held, before);
  EXPECT_FALSE(apply_fill(held, fill(direction::buy, "0", "1")));
  EXPECT_FALSE(apply_fill(held, fill(direction::buy, "-1", "1")));
  auto other = fill(direction::buy, "1", "1");
  other.symbol = "Y";
  EXPECT_FALSE(apply_fill(held, other));
  other.symbol = "X";
  other.fx = decimal{};
  EXPECT_FALSE(apply_fill(held, other));
  EXPECT_EQ(held, before);
}

TEST(take_over, the_venue_says_what_is_held) {
  position held;
  held.symbol = "X";
  contract_terms contract;
  contract.multiplier = d("2");
  ASSERT_TRUE(take_over(held, quantity{d("-3")}, price{d("10.5")}, contract, d("1.1")));
  EXPECT_EQ(held.qty, quantity{d("-3")});
  EXPECT_EQ(held.cost, d("-31.5"));
  EXPECT_EQ(held.cost_basis, money{d("-69.3")}); // 31.5 x 2 x 1.1
  EXPECT_EQ(held.owner, ownership::external);
  const auto before = held;
  EXPECT_FALSE(take_over(held, quantity{d("1000000000000000000")}, price{d("1000000000000000000")}, contract, d("1")));
  EXPECT_EQ(held, before);
}

TEST(correction_of, undoes_the_old_execution_and_books_the_new_one) {
  position held;
  held.symbol = "X";
  auto wrong = fill(direction::buy, "5", "10");
  ASSERT_TRUE(apply_fill(held, wrong));
  const booked_execution old{wrong.order, "X", wrong.way, wrong.qty, wrong.px, wrong.fx};
  money cash;
  for (const auto& one : correction_of(old, quantity{d("4")}, price{d("11")}, {})) {
    const auto effect = apply_fill(held, one);
    ASSERT_TRUE(effect);
    cash += effect->cash_change;
  }
  EXPECT_EQ(held.qty, quantity{d("4")});
  EXPECT_EQ(held.cost, d("44"));
  EXPECT_EQ(cash, money{d("6")}); // 50 came back, 44 went
  EXPECT_EQ(correction_of(old, quantity{}, price{}, {}).size(), 1u); // taken back by the venue
}

TEST(checked_add, says_when_the_sum_leaves_the_range) {
  const auto most = decimal::from_raw(static_cast<int128>((uint128{1} << 127) - 1));
  EXPECT_FALSE(decimal::checked_add(most, decimal::from_raw(1)));
  EXPECT_FALSE(decimal::checked_add(-most, decimal::from_raw(-2)));
  EXPECT_EQ(*decimal::checked_add(d("0.1"), d("0.2")), d("0.3"));
}

} // namespace
} // namespace tt
