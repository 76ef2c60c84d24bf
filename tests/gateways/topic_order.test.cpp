#include "gateways/bridge/topic_order.hpp"

#include <gtest/gtest.h>

namespace tt::gateway {
namespace {

market::trade_update trade(std::uint64_t seq) {
  market::trade_update out;
  out.symbol = "X";
  out.seq = seq;
  return out;
}

market::quote_snapshot quote(std::uint64_t seq) {
  market::quote_snapshot out;
  out.symbol = "X";
  out.seq = seq;
  return out;
}

TEST(topic_order, prints_come_one_after_the_other) {
  topic_order order;
  EXPECT_EQ(order.judge(trade(17)), arrival::next); // the first one ever
  EXPECT_EQ(order.judge(trade(18)), arrival::next);
  EXPECT_EQ(order.judge(trade(18)), arrival::old);
  EXPECT_EQ(order.judge(trade(3)), arrival::old);
  EXPECT_EQ(order.judge(trade(20)), arrival::gap);
  EXPECT_EQ(order.last(), 18u); // a gap is not taken
  order.skip_to(19);
  EXPECT_EQ(order.judge(trade(20)), arrival::next);
  order.restart();
  EXPECT_EQ(order.judge(trade(1)), arrival::next);
}

TEST(topic_order, of_quotes_the_newest_counts) {
  topic_order order;
  EXPECT_EQ(order.judge(quote(5)), arrival::next);
  EXPECT_EQ(order.judge(quote(9)), arrival::next); // conflated on the way
  EXPECT_EQ(order.judge(quote(9)), arrival::next); // only its freshness has changed
  EXPECT_EQ(order.judge(quote(8)), arrival::old);
}

} // namespace
} // namespace tt::gateway
