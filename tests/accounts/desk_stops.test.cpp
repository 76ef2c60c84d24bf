// The emergency stop of an account that has a thousand orders open.

#include "tests/accounts/desk_bench.hpp"

#include <cstdio>

namespace tt::gateway::test {
namespace {

TEST_F(desk_bench, a_halt_cancels_a_thousand_open_orders_in_one_step) {
  using id = risk::limit_id;
  for (const auto which : {id::order_rate_account_second, id::order_rate_node_second, id::runaway_orders, id::open_orders_symbol})
    limits[static_cast<std::size_t>(which)] = risk::limit_setting::of(dec("1000"));
  for (const auto which : {id::order_rate_account_minute, id::order_rate_node_minute, id::open_orders_account})
    limits[static_cast<std::size_t>(which)] = risk::limit_setting::of(dec("10000"));
  start();
  constexpr std::size_t count = 1'000;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 50 == 0) quote("AAPL", "1.00", "1.01");
    const auto placed = place(order_side::buy, "1", "AAPL", "0.98");
    ASSERT_TRUE(placed) << to_string(placed.error());
    ASSERT_NE(placed->how, placed_order::outcome::refused) << i << " " << placed->order.what.reject_code;
  }
  const auto open = [&] {
    order_filter all;
    all.limit = 2 * count;
    const auto found = got<std::vector<order_snapshot>>([&](auto done) { port->orders(ann, all, done); }).value_or(std::vector<order_snapshot>{});
    EXPECT_EQ(found.size(), count);
    return static_cast<std::size_t>(std::ranges::count_if(found, [](const order_snapshot& one) { return !is_final(one.what.state); }));
  };
  ASSERT_EQ(open(), count);
  stop_request halt;
  halt.reason = "test";
  const auto began = std::chrono::steady_clock::now();
  const auto virtually = now();
  const auto stopped_at = got<stopped>([&](auto done) { port->stop(ann, halt, done); });
  ASSERT_TRUE(stopped_at) << to_string(stopped_at.error());
  EXPECT_EQ(stopped_at->cancel_requested.size(), count);
  const auto answered = std::chrono::steady_clock::now();
  for (int i = 0; i < 100 && open() > 0; ++i) pass(10ms);
  EXPECT_EQ(open(), 0U);
  const auto ms = [](auto span) { return static_cast<long long>(span / 1ms); };
  std::printf("1,000 open orders: stop answered, cancels out after %lld ms, all final after %lld ms (of the market: %lld ms)\n", ms(answered - began),
              ms(std::chrono::steady_clock::now() - began), ms(now() - virtually));
}

} // namespace
} // namespace tt::gateway::test
