// What accounts are told of a symbol's market.

#include "cluster/trading/market_view.hpp"
#include "tests/support/values.hpp"

#include <gtest/gtest.h>

namespace tt::cluster {
namespace {

using tt::test::at;
using tt::test::px;
using tt::test::qty;

market::trade_update print(const char* when, const char* price_, std::uint64_t seq) { return {"AAPL", {at(when), px(price_), qty("1")}, seq}; }

market::quote_snapshot quote(const char* when, const char* bid, const char* ask) {
  market::quote_snapshot out;
  out.symbol = "AAPL";
  out.state = market::freshness::fresh;
  out.ts = at(when);
  out.bid = px(bid);
  out.ask = px(ask);
  return out;
}

TEST(market_picture, what_is_older_than_the_newest_is_no_news) {
  market_picture picture;
  EXPECT_TRUE(picture.take(print("2026-01-15T15:00:10Z", "100", 1)));
  EXPECT_TRUE(picture.take(quote("2026-01-15T15:00:10Z", "99.9", "100.1")));
  // a feed that begins anew tells its past once more, under whatever numbers
  EXPECT_FALSE(picture.take(print("2026-01-15T15:00:09Z", "90", 2)));
  EXPECT_FALSE(picture.take(quote("2026-01-15T15:00:09Z", "89.9", "90.1")));
  EXPECT_EQ(picture.view().last, px("100"));
  EXPECT_EQ(picture.view().bid, px("99.9"));
  EXPECT_TRUE(picture.take(print("2026-01-15T15:00:10Z", "101", 3))) << "of the same moment";
  EXPECT_TRUE(picture.take(quote("2026-01-15T15:00:11Z", "100.9", "101.1")));
}

} // namespace
} // namespace tt::cluster
