#include "actors/model/market_data.hpp"
#include "actors/model/quantities.hpp"

#include <gtest/gtest.h>

#include <functional>

using namespace tt;

namespace {

// What the strong types are for: none of these mixtures compiles.
static_assert(std::is_invocable_v<std::plus<>, price, price>);
static_assert(!std::is_invocable_v<std::plus<>, price, quantity>);
static_assert(!std::is_invocable_v<std::minus<>, money, price>);
static_assert(!std::is_invocable_v<std::plus<>, price, decimal>);
static_assert(!std::is_invocable_v<std::multiplies<>, price, quantity>);
static_assert(!std::is_invocable_v<std::multiplies<>, price, price>);
static_assert(!std::is_invocable_v<std::less<>, price, quantity>);
static_assert(!std::is_invocable_v<std::equal_to<>, money, price>);
static_assert(!std::is_convertible_v<decimal, price>);
static_assert(!std::is_convertible_v<int, quantity>);
static_assert(!std::is_convertible_v<price, decimal>);
static_assert(!std::is_constructible_v<price, quantity>);
static_assert(!std::is_assignable_v<price&, quantity>);
static_assert(!std::is_constructible_v<price, double>);
static_assert(!std::is_constructible_v<money, float>);
static_assert(std::is_constructible_v<price, int>);

static_assert(std::is_invocable_v<decltype(notional), price, quantity, decimal>);
static_assert(!std::is_invocable_v<decltype(notional), quantity, price, decimal>);

TEST(quantities, behave_as_the_decimals_inside) {
  const price a = *price::parse("100.25"), b = *price::parse("0.50");
  EXPECT_EQ((a + b).to_string(), "100.75");
  EXPECT_EQ((a - b).to_string(), "99.75");
  EXPECT_EQ((-b).to_string(), "-0.5");
  EXPECT_LT(b, a);
  EXPECT_TRUE(price{}.is_zero());
  EXPECT_DOUBLE_EQ(a.to_double(), 100.25);
  price sum = a;
  sum += b;
  sum -= a;
  EXPECT_EQ(sum, b);
  EXPECT_EQ(price::parse("abc").error().code, errc::invalid_argument);
}

TEST(quantities, notional_counts_the_multiplier) {
  // one MNQ at 21450.25 is 2 dollars a point
  EXPECT_EQ(notional(*price::parse("21450.25"), quantity{3}, 2), money{decimal::from_scaled(12870150, 2)});
  EXPECT_EQ(notional(*price::parse("-37.63"), quantity{1}, 1000).to_string(), "-37630");
  EXPECT_EQ(notional(*price::parse("61234.57"), *quantity::parse("0.00000001"), 1).to_string(), "0.0006123457");
}

TEST(quantities, a_notional_from_outside_may_be_too_large) {
  const auto huge = *price::parse("1e18");
  EXPECT_EQ(checked_notional(huge, *quantity::parse("1e18"), 1).error().code, errc::out_of_range);
  EXPECT_EQ(checked_notional(*price::parse("1e13"), *quantity::parse("1e13"), 50).error().code, errc::out_of_range);
  EXPECT_EQ(checked_notional(price{5000}, quantity{2}, 50)->to_string(), "500000");
}

TEST(bar, consistency) {
  const bar good{from_unix_seconds(0), price{10}, price{12}, price{9}, price{11}, quantity{5}};
  EXPECT_TRUE(good.is_consistent());
  for (auto field : {&bar::open, &bar::close}) {
    bar bad = good;
    bad.*field = price{13};
    EXPECT_FALSE(bad.is_consistent());
    bad.*field = price{8};
    EXPECT_FALSE(bad.is_consistent());
  }
  bar bad = good;
  bad.volume = quantity{-1};
  EXPECT_FALSE(bad.is_consistent());
}

TEST(market_data, names) {
  for (const auto hours : {session_hours::regular, session_hours::extended}) EXPECT_EQ(*parse_session_hours(to_string(hours)), hours);
  EXPECT_EQ(parse_session_hours("Regular").error().code, errc::invalid_argument);
  EXPECT_EQ(to_string(market_state::closed), "closed");
  EXPECT_EQ(to_string(market_state::pre), "pre");
  EXPECT_EQ(to_string(market_state::regular), "regular");
  EXPECT_EQ(to_string(market_state::post), "post");
  EXPECT_EQ(timestamp_of(tick{quote_tick{from_unix_seconds(7), {}, {}, {}, {}}}), from_unix_seconds(7));
  EXPECT_EQ(timestamp_of(tick{trade_tick{from_unix_seconds(8), {}, {}}}), from_unix_seconds(8));
}

} // namespace
