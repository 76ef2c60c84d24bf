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

using telling = account_desk::telling;
using open_orders = stop_request::open_orders;

/// Stops and resumes that come from other nodes.
class stops_from_elsewhere : public desk_bench {
protected:
  static stop_request everything(risk::kill_mode mode, open_orders open = open_orders::keep) {
    stop_request out;
    out.mode = mode;
    out.open = open;
    out.reason = "wrong prices";
    return out;
  }
  result<stopped> take(const stop_request& what, telling how = telling::first) {
    return got<stopped>([&](auto done) { port->take_stop("bob", what, how, done); });
  }
  /// Both are in the account's mailbox before it does anything.
  void lift_and_take(const stop_request& what, telling how) {
    std::optional<result<void>> lifted;
    std::optional<result<stopped>> taken;
    port->lift_stops("ann", {risk::kill_scope{}}, "prices are right", [&](result<void> one) { lifted.emplace(std::move(one)); });
    port->take_stop("bob", what, how, [&](result<stopped> one) { taken.emplace(std::move(one)); });
    for (int i = 0; i < 500 && !(lifted && taken); ++i) pass(10ms);
    ASSERT_TRUE(lifted && *lifted) << (lifted ? to_string(lifted->error()) : "no answer");
    ASSERT_TRUE(taken && *taken) << (taken ? to_string(taken->error()) : "no answer");
  }
  std::string code_of_order(order_side side = order_side::buy) {
    quote("AAPL", "99.99", "100.01");
    const auto placed = place(side, "1");
    return placed ? placed->order.what.reject_code : to_string(placed.error());
  }
  void expect_stopped_over_a_restart() {
    EXPECT_EQ(code_of_order(), "KILL_SWITCH");
    start();
    EXPECT_EQ(code_of_order(), "KILL_SWITCH") << "after a restart";
  }
};

TEST_F(stops_from_elsewhere, a_stop_behind_a_resume_that_is_not_written_yet_stands) {
  const auto halt = everything(risk::kill_mode::halt);
  for (const auto how : {telling::first, telling::again}) {
    start();
    ASSERT_TRUE(take(halt));
    lift_and_take(halt, how);
    expect_stopped_over_a_restart();
  }
  // and what is milder than the stop that is being lifted is not refused
  lift_and_take(everything(risk::kill_mode::reduce), telling::first);
  expect_stopped_over_a_restart();
  const auto lifted = got<void>([&](auto done) { port->lift_stops("ann", {risk::kill_scope{}}, "prices are right", done); });
  ASSERT_TRUE(lifted) << to_string(lifted.error());
  EXPECT_EQ(code_of_order(), "");
  start();
  EXPECT_EQ(code_of_order(), "") << "after a restart";
}

TEST_F(stops_from_elsewhere, stops_and_resumes_that_wait_for_the_journal_keep_their_order) {
  start();
  const auto halt = everything(risk::kill_mode::halt);
  ASSERT_TRUE(take(halt));
  disk = disk_state::away;
  start();
  std::optional<result<void>> lifted;
  std::optional<result<stopped>> taken;
  port->lift_stops("ann", {risk::kill_scope{}}, "prices are right", [&](result<void> one) { lifted.emplace(std::move(one)); });
  pass(20ms); // their looks would fall apart
  port->take_stop("bob", halt, telling::first, [&](result<stopped> one) { taken.emplace(std::move(one)); });
  pass(200ms);
  EXPECT_FALSE(lifted || taken);
  disk = disk_state::there;
  for (int i = 0; i < 1'000 && !(lifted && taken); ++i) pass(10ms);
  ASSERT_TRUE(lifted && *lifted && taken && *taken);
  expect_stopped_over_a_restart();
}

TEST_F(stops_from_elsewhere, one_that_came_while_the_disk_was_full_outlives_a_restart_all_the_same) {
  start();
  EXPECT_EQ(code_of_order(), "");
  disk = disk_state::full;
  const auto taken = got<stopped>([&](auto done) { port->stop(ann, everything(risk::kill_mode::halt), done); });
  ASSERT_TRUE(taken) << to_string(taken.error());
  pass(1s);
  disk = disk_state::there;
  pass(2s); // the journal takes records again
  EXPECT_EQ(code_of_order(), "KILL_SWITCH");
  start();
  EXPECT_EQ(code_of_order(), "KILL_SWITCH") << "no restart lifts it";
}

TEST_F(stops_from_elsewhere, cancels_open_orders_where_the_stop_before_did_not) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(place(order_side::buy, "10"));
  const auto resting = place(order_side::buy, "1", "AAPL", "90");
  ASSERT_TRUE(resting);
  const auto kept = take(everything(risk::kill_mode::reduce));
  ASSERT_TRUE(kept && kept->cancel_requested.empty());
  const auto harder = everything(risk::kill_mode::reduce, open_orders::cancel);
  const auto cancelled = take(harder);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->cancel_requested, std::vector{resting->order.what.id});
  pass(100ms);
  // what closes may be ordered since; the same stop once more leaves it alone, over a restart too
  quote("AAPL", "99.99", "100.01");
  const auto closing = place(order_side::sell, "10", "AAPL", "110");
  ASSERT_TRUE(closing && closing->order.what.reject_code.empty());
  EXPECT_TRUE(take(harder, telling::again)->cancel_requested.empty());
  start();
  EXPECT_TRUE(take(harder, telling::again)->cancel_requested.empty());
  EXPECT_EQ(take(harder)->cancel_requested, std::vector{closing->order.what.id}) << "a new stop is a new stop";
}

} // namespace
} // namespace tt::gateway::test
