#include "desk.hpp"

namespace tt::risk::test {
namespace {

using enum order_side;
constexpr const char* token = "0123456789abcdef";

void engage(kill_switch& stop, kill_scope scope, kill_mode mode) {
  auto event = stop.engage(scope, mode, "ann", "wrong prices", session_time());
  ASSERT_TRUE(event) << to_string(event.error());
  ASSERT_TRUE(stop.apply(*event));
}

TEST(kill_switch, regression_34_reports_its_own_code) {
  desk d;
  d.hold("AAPL", "10");
  engage(d.stop, {}, kill_mode::halt);
  const auto answer = d.send(d.order("AAPL", buy, "1"));
  EXPECT_EQ(said(answer), "KILL_SWITCH");
  EXPECT_EQ(answer.verdict.legacy(), legacy_code::rejected_other);
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "10"))), "KILL_SWITCH") << "HALT: nothing but cancels";
}

TEST(kill_switch, reduce_lets_closing_orders_through) {
  desk d;
  d.hold("AAPL", "10");
  engage(d.stop, {kill_scope::kind::account, "acct"}, kill_mode::reduce);
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "KILL_SWITCH");
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "11"))), "KILL_SWITCH");
  auto t = d.order("AAPL", sell, "11");
  t.asked.closing = close_part::send_alone;
  EXPECT_EQ(said(d.send(t)), "KILL_SWITCH 10");
}

TEST(kill_switch, flatten_lets_only_the_flattening_close) {
  desk d;
  d.hold("AAPL", "10");
  engage(d.stop, {}, kill_mode::flatten);
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "10"))), "KILL_SWITCH");
  auto t = d.order("AAPL", sell, "10");
  t.view.origin = order_origin::flatten;
  EXPECT_EQ(said(d.send(t)), "APPROVED");
  const auto done = d.stop.flattened({}, d.now);
  ASSERT_TRUE(done);
  ASSERT_TRUE(d.stop.apply(*done));
  EXPECT_EQ(d.stop.mode_for("acct", "", "AAPL"), kill_mode::halt);
}

TEST(kill_switch, the_most_severe_scope_counts_and_others_are_free) {
  desk d;
  d.strategy("s");
  engage(d.stop, {kill_scope::kind::strategy, "s"}, kill_mode::halt);
  engage(d.stop, {kill_scope::kind::symbol, "MSFT"}, kill_mode::reduce);
  auto t = d.order("AAPL", buy, "1");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(d.send(t)), "KILL_SWITCH");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1"))), "KILL_SWITCH");
  EXPECT_EQ(d.stop.mode_for("acct", "s", "MSFT"), kill_mode::halt);
}

TEST(kill_switch, regression_25_resume_takes_an_admin_and_two_steps) {
  kill_switch stop;
  const auto now = session_time();
  EXPECT_FALSE(stop.ask_resume("ann", access::admin, "why", token, now)) << "nothing is stopped";
  engage(stop, {}, kill_mode::halt);
  EXPECT_FALSE(stop.confirm_resume(token, "ann", access::admin, now, {})) << "step 2 without step 1";
  EXPECT_FALSE(stop.ask_resume("bob", access::trader, "why", token, now));
  EXPECT_FALSE(stop.ask_resume("ann", access::admin, "why", "short", now));
  ASSERT_TRUE(stop.ask_resume("ann", access::admin, "prices are right", token, now));
  EXPECT_EQ(stop.mode_for("a", "", "X"), kill_mode::halt) << "asking lifts nothing";
  EXPECT_FALSE(stop.confirm_resume("0123456789abcdeg", "ann", access::admin, now, {}));
  const std::vector<std::string> blocking{"DAILY_LOSS"};
  const auto blocked = stop.confirm_resume(token, "ann", access::admin, now, blocking);
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, errc::conflict);
  EXPECT_FALSE(stop.confirm_resume(token, "ann", access::admin, now + std::chrono::seconds{60}, {})) << "expired";
  const auto event = stop.confirm_resume(token, "ann", access::admin, now + std::chrono::seconds{59}, {});
  ASSERT_TRUE(event);
  ASSERT_TRUE(stop.apply(*event));
  EXPECT_FALSE(stop.is_active());
  EXPECT_FALSE(stop.confirm_resume(token, "ann", access::admin, now, {})) << "a token is good once";
}

TEST(kill_switch, a_stop_after_the_question_needs_a_new_question) {
  kill_switch stop;
  engage(stop, {}, kill_mode::reduce);
  ASSERT_TRUE(stop.ask_resume("ann", access::admin, "why", token, session_time()));
  engage(stop, {}, kill_mode::halt);
  EXPECT_FALSE(stop.confirm_resume(token, "ann", access::admin, session_time(), {}));
  EXPECT_FALSE(stop.engage({}, kill_mode::reduce, "ann", "milder", session_time())) << "milder is a resume by the back door";
}

TEST(kill_switch, survives_a_restart_as_its_events) {
  kill_switch stop;
  std::vector<kill_event> journal;
  const auto put = [&](result<kill_event> event) {
    ASSERT_TRUE(event);
    journal.push_back(*event);
    ASSERT_TRUE(stop.apply(*event));
  };
  put(stop.engage({kill_scope::kind::account, "a"}, kill_mode::flatten, "ann", "x", session_time()));
  put(stop.flattened({kill_scope::kind::account, "a"}, session_time()));
  put(stop.engage({kill_scope::kind::symbol, "X"}, kill_mode::reduce, "ann", "x", session_time()));
  kill_switch again;
  for (const auto& event : journal) {
    ASSERT_TRUE(again.apply(event));
    ASSERT_TRUE(again.apply(event));
  }
  EXPECT_EQ(again.modes(), stop.modes());
  EXPECT_EQ(again.epoch(), 3u);
  kill_switch gap;
  EXPECT_FALSE(gap.apply(journal[2]));
}

TEST(kill_switch, what_is_on_its_way_stops_at_once_and_lifts_when_it_is_written) {
  kill_switch stop;
  engage(stop, {}, kill_mode::halt);
  ASSERT_TRUE(stop.ask_resume("ann", access::admin, "prices are right", token, session_time()));
  const auto lifted = stop.confirm_resume(token, "ann", access::admin, session_time(), {});
  ASSERT_TRUE(lifted);
  stop.note(*lifted);
  EXPECT_EQ(stop.mode_for("a", "", "X"), kill_mode::halt);
  const auto behind = stop.engage({kill_scope::kind::symbol, "X"}, kill_mode::reduce, "bob", "why", session_time());
  ASSERT_TRUE(behind);
  EXPECT_EQ(behind->epoch, lifted->epoch + 1);
  stop.note(*behind);
  ASSERT_TRUE(stop.apply(*lifted));
  EXPECT_EQ(stop.mode_for("a", "", "X"), kill_mode::reduce);
  EXPECT_EQ(stop.mode_for("a", "", "Y"), kill_mode::none);
  EXPECT_FALSE(stop.is_settled(behind->scope, kill_mode::reduce));
  ASSERT_TRUE(stop.apply(*behind));
  EXPECT_TRUE(stop.is_settled(behind->scope, kill_mode::reduce));
}

TEST(kill_switch, a_stop_that_is_not_written_holds_and_leaves_no_gap) {
  kill_switch stop;
  const auto lost = stop.engage({}, kill_mode::halt, "ann", "why", session_time());
  ASSERT_TRUE(lost);
  stop.note(*lost);
  stop.lose(lost->epoch);
  EXPECT_EQ(stop.mode_for("a", "", "X"), kill_mode::halt);
  const auto next = stop.engage({kill_scope::kind::symbol, "X"}, kill_mode::halt, "ann", "why", session_time());
  ASSERT_TRUE(next);
  EXPECT_EQ(next->epoch, 1U);
  ASSERT_TRUE(stop.apply(*next));
  ASSERT_TRUE(stop.ask_resume("ann", access::admin, "prices are right", token, session_time()));
  const auto lifted = stop.confirm_resume(token, "ann", access::admin, session_time(), {});
  ASSERT_TRUE(lifted && stop.apply(*lifted));
  EXPECT_FALSE(stop.is_active());
}

// ---------------------------------------------------------------- breakers

breaker_inputs quiet() {
  breaker_inputs in;
  in.account.equity = in.account.start_of_day_equity = in.account.peak_equity = usd("100000");
  return in;
}

struct board : breaker_board {
  std::vector<std::string> step(const breaker_inputs& in, utc_time now, const limit_book& limits = limit_book{}) {
    std::vector<std::string> out;
    for (const auto& event : evaluate(in, limits.resolve("a", "", ""), now)) {
      EXPECT_TRUE(apply(event));
      out.push_back(std::string(to_string(event.what)) + " " + std::string(to_string(event.which)) + (event.scope.name.empty() ? "" : " " + event.scope.name));
    }
    return out;
  }
};

using strings = std::vector<std::string>;

TEST(breakers, an_account_that_did_nothing_trips_nothing) {
  board b;
  EXPECT_EQ(b.step(quiet(), session_time()), strings{});
  limit_book zero;
  limit_change change;
  change.values = {{limit_id::daily_loss, limit_setting::of(decimal{0})}, {limit_id::drawdown, limit_setting::of(decimal{0})}};
  change.author = change.reason = "x";
  change.by = limit_change::role::admin;
  ASSERT_TRUE(zero.apply(*zero.propose(change, session_time())));
  EXPECT_EQ(b.step(quiet(), session_time(), zero), strings{}) << "not even with limits of 0";
}

TEST(breakers, daily_loss_holds_until_the_day_rolls) {
  board b;
  auto in = quiet();
  in.account.equity = usd("98000");
  EXPECT_EQ(b.step(in, session_time()), strings{"tripped DAILY_LOSS"});
  EXPECT_EQ(b.step(in, session_time()), strings{}) << "once";
  in.account.equity = usd("99999");
  EXPECT_EQ(b.step(in, session_time()), strings{}) << "and not reset by a better price";
  for (const auto& event : b.day_roll(session_time())) ASSERT_TRUE(b.apply(event));
  EXPECT_TRUE(b.is_clear());
}

TEST(breakers, a_tripped_one_blocks_what_opens_in_its_scope) {
  desk d;
  d.hold("AAPL", "10");
  const auto trip = d.breakers.trip(breaker_kind::daily_loss, {}, dec("0.03"), dec("0.02"), d.now);
  ASSERT_TRUE(trip);
  ASSERT_TRUE(d.breakers.apply(*trip));
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "DAILY_LOSS");
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "10"))), "APPROVED");
  desk e;
  e.strategy("s");
  ASSERT_TRUE(e.breakers.apply(*e.breakers.trip(breaker_kind::slippage, {breaker_scope::kind::strategy, "s"}, dec("4"), dec("3"), e.now)));
  EXPECT_EQ(said(e.send(e.order("AAPL", buy, "1"))), "APPROVED");
  auto t = e.order("AAPL", buy, "1");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(e.send(t)), "SLIPPAGE");
}

TEST(breakers, drawdown_needs_a_person_and_a_better_figure) {
  board b;
  auto in = quiet();
  in.account.peak_equity = usd("200000");
  const limit_book limits;
  EXPECT_EQ(b.step(in, session_time()), strings{"tripped DRAWDOWN"});
  EXPECT_TRUE(b.day_roll(session_time()).empty());
  const auto& now = limits.resolve("a", "", "");
  EXPECT_EQ(b.rearm(breaker_kind::drawdown, {}, "ann", "why", in, now, session_time()).error().code, errc::conflict);
  EXPECT_EQ(b.would_trip(in, now), strings{"DRAWDOWN"});
  in.account.peak_equity = usd("100000");
  EXPECT_EQ(b.step(in, session_time()), strings{}) << "not by itself";
  const auto event = b.rearm(breaker_kind::drawdown, {}, "ann", "new peak agreed", in, now, session_time());
  ASSERT_TRUE(event);
  ASSERT_TRUE(b.apply(*event));
  EXPECT_TRUE(b.is_clear());
  EXPECT_EQ(b.rearm(breaker_kind::drawdown, {}, "ann", "why", in, now, session_time()).error().code, errc::not_found);
}

TEST(breakers, the_benchmark_must_be_calm_for_half_an_hour) {
  board b;
  auto in = quiet();
  in.benchmark_volatility = dec("0.2");
  in.benchmark_move = dec("0.051");
  auto now = session_time();
  EXPECT_EQ(b.step(in, now), strings{"tripped VOLATILITY"});
  in.benchmark_move = dec("0.01");
  EXPECT_EQ(b.step(in, now), strings{});
  EXPECT_EQ(b.step(in, now += std::chrono::minutes{29}), strings{});
  in.benchmark_move = dec("0.06");
  EXPECT_EQ(b.step(in, now += std::chrono::seconds{59}), strings{});
  in.benchmark_move = dec("0.01");
  EXPECT_EQ(b.step(in, now += std::chrono::seconds{1}), strings{}) << "the calm begins anew";
  EXPECT_EQ(b.step(in, now += std::chrono::minutes{30}), strings{"reset VOLATILITY"});
}

TEST(breakers, unknown_orders_frozen_symbols_clocks_and_feeds_reset_by_themselves) {
  board b;
  auto in = quiet();
  auto now = session_time();
  in.unknown_orders = 4;
  EXPECT_EQ(b.step(in, now), strings{"tripped UNKNOWN_ORDERS"});
  in.unknown_orders = 1;
  in.oldest_unknown = std::chrono::seconds{60};
  EXPECT_EQ(b.step(in, now), strings{"reset UNKNOWN_ORDERS"}) << "3 and 60 s are still allowed";
  in.oldest_unknown = std::chrono::milliseconds{60001};
  EXPECT_EQ(b.step(in, now), strings{"tripped UNKNOWN_ORDERS"});
  in = quiet();
  in.frozen_symbols = {"X"};
  EXPECT_EQ(b.step(in, now), (strings{"tripped RECONCILE_DIFF X", "reset UNKNOWN_ORDERS"}));
  in = quiet();
  in.clock_skew = std::chrono::milliseconds{2001};
  in.feeds = {{"X", std::chrono::seconds{31}, {"s"}}, {"Y", std::chrono::seconds{1}, {"s"}}};
  EXPECT_EQ(b.step(in, now), (strings{"tripped CLOCK", "tripped FEED_STALE s", "reset RECONCILE_DIFF X"}));
  in = quiet();
  EXPECT_EQ(b.step(in, now), strings{"reset CLOCK"});
  EXPECT_EQ(b.step(in, now + std::chrono::seconds{30}), strings{"reset FEED_STALE s"});
}

TEST(breakers, strategies_have_their_own) {
  board b;
  auto in = quiet();
  strategy_figures s{.name = "s", .consecutive_losses = 5, .fills = 19, .average_slippage = dec("0.04"), .modelled_slippage = dec("0.01")};
  in.strategies = {s};
  EXPECT_EQ(b.step(in, session_time()), strings{"tripped CONSECUTIVE_LOSSES s"}) << "19 fills are no average";
  in.strategies[0].fills = 20;
  EXPECT_EQ(b.step(in, session_time()), strings{"tripped SLIPPAGE s"});
  EXPECT_EQ(b.blocking("t", "X"), std::nullopt);
  EXPECT_TRUE(b.blocking("s", "X"));
}

TEST(breakers, flatten_is_asked_for_at_a_multiple_of_the_daily_loss) {
  limit_book limits;
  auto in = quiet();
  in.account.equity = usd("97000");
  EXPECT_FALSE(breaker_board::asks_for_flatten(in.account, limits.resolve("a", "", ""))) << "off as shipped";
  limit_change change;
  change.values = {{limit_id::flatten_at_loss_factor, limit_setting::of(dec("1.5"))}};
  change.author = change.reason = "x";
  change.by = limit_change::role::admin;
  ASSERT_TRUE(limits.apply(*limits.propose(change, session_time())));
  EXPECT_TRUE(breaker_board::asks_for_flatten(in.account, limits.resolve("a", "", "")));
  in.account.equity = usd("97001");
  EXPECT_FALSE(breaker_board::asks_for_flatten(in.account, limits.resolve("a", "", "")));
}

} // namespace
} // namespace tt::risk::test
