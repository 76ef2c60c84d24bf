// Orders that close what own legs protect, and whose share of a position the legs have.

#include "tests/execution/linked_orders.hpp"

namespace tt::execution::test {
namespace {

TEST(brackets, an_exit_waits_until_the_own_protection_is_back) {
  linked b;
  const auto n = b.protect("k", 10);
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
  const auto exit = b.place(wanted("exit", order_side::sell, 10));
  b.deliver();
  EXPECT_EQ(b.get(exit).state, order_state::created); // stop and exit can never both fill
  b.pass(seconds{2});
  EXPECT_TRUE(b.alarmed("EXIT_WAITS"));
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  // meanwhile the stop was cancelled there; the next question finds it out
  b.pass(seconds{6});
  EXPECT_EQ(b.legs_at_venue(), 0u);
  ASSERT_EQ(b.get(exit).state, order_state::working);
  b.fill(exit, 10, 104);
  EXPECT_EQ(b.core.book().held("AAPL"), q(0));
  b.pass(seconds{10});
  EXPECT_EQ(b.legs_at_venue(), 0u);
  for (const auto leg : b.get(n).linked) EXPECT_TRUE(is_final(b.get(leg).state));
}

TEST(brackets, a_limit_that_the_market_meets_waits_for_the_own_protection_like_an_exit_at_market) {
  linked b;
  const auto n = b.protect("k", 10);
  b.price_seen(100);
  auto rests = wanted("rests", order_side::sell, 1, order_type::limit);
  rests.request.limit_price = p(105);
  EXPECT_EQ(b.get(b.place(rests)).state, order_state::submitting) << "nothing fills it now: the gate fits it in";
  b.deliver();
  EXPECT_TRUE(b.out(n, "stop"));
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
  auto exit = wanted("exit", order_side::sell, 10, order_type::limit);
  exit.request.limit_price = p(99);
  const auto number = b.place(exit);
  b.deliver();
  EXPECT_EQ(b.get(number).state, order_state::created);
  b.price_seen(95); // waits on, also while the market would not meet it
  EXPECT_EQ(b.get(number).state, order_state::created);
  b.price_seen(100);
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  b.pass(seconds{6});
  EXPECT_EQ(b.legs_at_venue(), 0u);
  ASSERT_EQ(b.get(number).state, order_state::working);
  b.fill(number, 10, 99);
  EXPECT_EQ(b.core.book().held("AAPL"), q(0));
  for (const auto leg : b.get(n).linked) EXPECT_TRUE(is_final(b.get(leg).state));
}

TEST(brackets, a_reversal_that_brings_its_own_protection_waits_for_that_of_the_old_side) {
  linked b;
  const auto n = b.protect("k", 10);
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
  auto turn = bracket("turn", 15);
  turn.request.side = order_side::sell;
  turn.request.profit = take_profit{p(90)};
  turn.request.loss = stop_loss{p(110), std::nullopt};
  const auto number = b.place(turn);
  b.deliver();
  EXPECT_EQ(b.get(number).state, order_state::created);
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  b.pass(seconds{6});
  ASSERT_EQ(b.get(number).state, order_state::working);
  EXPECT_EQ(b.legs_at_venue(), 0u);
  b.fill(number, 15, 100);
  EXPECT_EQ(b.core.book().held("AAPL"), q(-5));
  ASSERT_TRUE(b.out(number, "stop"));
  EXPECT_EQ(b.at_venue(b.out(number, "stop")->number).request.terms.qty, q(5)) << "what it opened, no more";
  for (const auto leg : b.get(n).linked) EXPECT_TRUE(is_final(b.get(leg).state));
}

TEST(brackets, a_strategys_exit_ends_its_own_protection_and_not_that_of_another) {
  linked b;
  auto first = bracket("one", 10), second = bracket("two", 7);
  first.request.strategy = strategy_id{"S1"};
  second.request.strategy = strategy_id{"S2"};
  const auto a = b.place(first), c = b.place(second);
  b.deliver();
  b.fill(a, 10, 100);
  b.fill(c, 7, 100);
  auto out = wanted("exit", order_side::sell, 7);
  out.request.strategy = strategy_id{"S2"};
  const auto exit = b.place(out);
  b.deliver();
  b.fill(exit, 7, 101);
  b.pass(seconds{1});
  EXPECT_FALSE(b.out(c, "stop"));
  for (const auto leg : b.get(c).linked) EXPECT_TRUE(is_final(b.get(leg).state));
  ASSERT_TRUE(b.out(a, "stop"));
  EXPECT_EQ(b.at_venue(b.out(a, "stop")->number).request.terms.qty, q(10));
  const auto again = account_book::from_bytes(b.core.book().to_bytes());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->held_by(strategy_id{"S1"}, "AAPL"), q(10));
  EXPECT_EQ(again->held_by(strategy_id{"S2"}, "AAPL"), q(0));
  EXPECT_EQ(again->held_by(strategy_id{}, "AAPL"), q(0));
}

TEST(brackets, a_bracket_whose_legs_would_find_no_room_is_refused) {
  linked b;
  auto resting = wanted("rests", order_side::sell, 20, order_type::limit);
  resting.request.limit_price = p(120);
  const auto limit = b.place(resting);
  b.deliver();
  const auto n = b.place(bracket("k", 20));
  EXPECT_EQ(b.get(n).state, order_state::risk_rejected);
  EXPECT_EQ(b.get(n).reject_code, "REDUCE_ONLY_EXCESS");
  ASSERT_FALSE(b.get(n).decision.checks.empty());
  EXPECT_EQ(b.get(n).decision.checks.back().measured, decimal{20});
  EXPECT_EQ(b.get(n).decision.checks.back().limit, decimal{0});
  b.done(b.core.cancel(limit, "", b.now));
  b.deliver();
  EXPECT_EQ(b.get(b.place(bracket("k2", 20))).state, order_state::submitting);
}

TEST(brackets, a_part_exit_leaves_the_rest_protected) {
  linked b;
  const auto n = b.protect("k", 10);
  const auto exit = b.place(wanted("exit", order_side::sell, 4));
  b.deliver();
  ASSERT_EQ(b.get(exit).state, order_state::working);
  EXPECT_FALSE(b.out(n, "stop"));
  b.fill(exit, 4, 104);
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(6));
}

TEST(brackets, a_reversal_waits_for_the_own_protection_and_then_goes_out_whole) {
  linked b;
  b.protect("k", 10);
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
  const auto turn = b.place(wanted("turn", order_side::sell, 25));
  b.deliver();
  EXPECT_EQ(b.get(turn).state, order_state::created);
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  b.pass(seconds{6});
  ASSERT_EQ(b.get(turn).state, order_state::working);
  EXPECT_EQ(b.get(turn).terms.qty, q(25)) << "nothing of it is cut silently";
  EXPECT_EQ(b.get(turn).decision.result, verdict::approved);
  b.fill(turn, 25, 104);
  EXPECT_EQ(b.core.book().held("AAPL"), q(-15));
  b.pass(seconds{10});
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(brackets, what_the_protection_closed_meanwhile_a_reversal_closes_no_more_and_its_sender_is_told) {
  linked b;
  const auto n = b.protect("k", 10);
  const auto stop = b.out(n, "stop")->number;
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
  b.venue.fill(b.at_venue(stop), q(6), b.now, p(90)); // at the venue, and the cancel comes behind it
  const auto turn = b.place(wanted("turn", order_side::sell, 25));
  b.deliver();
  ASSERT_EQ(b.core.book().held("AAPL"), q(4));
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  b.pass(seconds{6});
  ASSERT_EQ(b.get(turn).state, order_state::working);
  EXPECT_EQ(b.get(turn).terms.qty, q(19)) << "4 to close and 15 to open";
  EXPECT_EQ(b.get(turn).decision.result, verdict::approved_reduced);
  EXPECT_EQ(b.get(turn).decision.code, "PROTECTION_FILLED");
  EXPECT_EQ(b.get(turn).decision.original, q(25));
  EXPECT_EQ(b.get(turn).decision.adjustments, (std::vector<size_adjustment>{{"PROTECTION_FILLED", q(19)}}));
  b.fill(turn, 19, 90);
  EXPECT_EQ(b.core.book().held("AAPL"), q(-15)) << "where it was to end";
}

TEST(brackets, a_restart_leaves_of_a_waiting_reversal_what_closes) {
  linked b;
  const auto n = b.protect("k", 10);
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
  const auto turn = b.place(wanted("turn", order_side::sell, 25));
  b.deliver();
  auto book = opened_book();
  for (const auto& r : b.journal) ASSERT_TRUE(book.apply(r));
  open_gate gate;
  account_core again{std::move(book), settings(), gate};
  static_cast<void>(again.start(b.now));
  cancel_answer gone;
  gone.order.wire_id = again.book().find(b.get(n).linked[0])->wire_id;
  gone.outcome = change_outcome::confirmed;
  static_cast<void>(again.on_report(gone, b.now));
  const auto& now = *again.book().find(turn);
  EXPECT_EQ(now.state, order_state::submitting);
  EXPECT_EQ(now.terms.qty, q(10)) << "what it was to open is an old wish by now";
  EXPECT_EQ(now.decision.code, "REDUCE_ONLY_EXCESS");
  EXPECT_EQ(now.decision.original, q(25));
}

/// What a bracket opened is closed by then, or it only closed what others had opened: what is held later is no business of its legs.
TEST(brackets, a_restart_does_not_bring_legs_back_whose_position_is_gone) {
  linked b;
  const auto sold = b.place(wanted("short", order_side::sell_short, 5)); // closed by the bracket below, which opens nothing
  b.deliver();
  b.fill(sold, 5, 100);
  b.protect("cover", 5);
  ASSERT_EQ(b.core.book().held("AAPL"), q(0));
  b.protect("k", 10);
  const auto exit = b.place(wanted("exit", order_side::sell, 10));
  b.deliver();
  b.fill(exit, 10, 100);
  const auto other = b.place(wanted("other", order_side::buy, 7));
  b.deliver();
  b.fill(other, 7, 100);
  ASSERT_EQ(b.core.book().held("AAPL"), q(7));
  const auto orders = b.core.book().orders().size();
  open_gate gate;
  account_core again{b.core.book(), settings(), gate};
  const auto started = again.start(b.now);
  EXPECT_EQ(again.book().orders().size(), orders);
  static_cast<void>(again.on_price("AAPL", p(110), b.now));
  EXPECT_EQ(again.book().orders().size(), orders);
  EXPECT_TRUE(again.book().open_orders().empty());
}

TEST(brackets, groups_of_one_symbol_share_its_position) {
  linked b;
  const auto first = b.place(bracket("one", 10)), second = b.place(bracket("two", 6));
  b.deliver();
  b.fill(first, 10, 100);
  b.fill(second, 6, 100);
  const auto exit = b.place(wanted("exit", order_side::sell, 12));
  b.deliver();
  b.fill(exit, 12, 104);
  ASSERT_EQ(b.core.book().held("AAPL"), q(4));
  // what was opened first was closed first; never two stops of four each
  EXPECT_FALSE(b.out(first, "stop"));
  ASSERT_TRUE(b.out(second, "stop"));
  EXPECT_EQ(b.venue.find(b.out(second, "stop")->wire_id)->request.terms.qty, q(4));
}

TEST(brackets, protect_what_the_account_holds_whoever_closed_what_was_there_before) {
  linked b;
  b.trade("a", order_side::buy, 10, "s1");
  b.trade("b", order_side::sell, 10, ""); // by hand
  EXPECT_EQ(b.core.book().held_by(strategy_id{"s1"}, "AAPL"), q(0));
  EXPECT_EQ(b.core.book().held_by(strategy_id{}, "AAPL"), q(0));
  const auto n = b.protect("k", 10);
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.at_venue(b.out(n, "stop")->number).request.terms.qty, q(10));
}

// Entries and exits may come under two names: what one closed for the other is closed, and old legs are not brought back.
TEST(brackets, that_others_have_closed_end_and_say_so) {
  linked b;
  auto first = bracket("a", 10);
  first.request.strategy = strategy_id{"entries"};
  const auto n = b.place(first);
  b.deliver();
  b.fill(n, 10, 100);
  b.trade("out", order_side::sell, 10, "exits");
  b.pass(seconds{1});
  EXPECT_EQ(b.legs_at_venue(), 0u);
  EXPECT_TRUE(b.alarmed("PROTECTION_ENDED"));
  b.trade("plain", order_side::buy, 10, "entries");
  b.pass(seconds{1});
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(account_core, reduce_only_orders_that_rest_go_with_the_position) {
  linked b;
  b.trade("a", order_side::buy, 10);
  auto stop = wanted("s", order_side::sell, 10, order_type::stop);
  stop.request.stop_price = p(90);
  stop.request.effect = position_effect::reduce_only;
  const auto n = b.place(stop);
  b.deliver();
  b.trade("b", order_side::sell, 4);
  b.deliver();
  EXPECT_EQ(b.at_venue(n).request.terms.qty, q(6)) << "cut to what is there";
  b.trade("c", order_side::sell, 6);
  b.deliver();
  EXPECT_EQ(b.get(n).state, order_state::cancelled);
  EXPECT_EQ(b.get(n).reject_code, "REDUCE_ONLY_EXCESS");
}

TEST(brackets, an_exit_that_would_be_refused_leaves_the_protection_where_it_is) {
  linked b;
  const auto n = b.protect("k", 10);
  const auto stop = b.out(n, "stop")->number;
  b.gate.refuse_with = "KILL_SWITCH";
  for (int i = 0; i < 300; ++i) {
    const auto exit = b.place(wanted("exit " + std::to_string(i), order_side::sell, 10));
    b.deliver();
    ASSERT_EQ(b.get(exit).state, order_state::risk_rejected);
    ASSERT_EQ(b.get(exit).reject_code, "KILL_SWITCH");
    ASSERT_EQ(b.get(stop).state, order_state::working) << "attempt " << i;
  }
  EXPECT_EQ(b.legs(n, "stop").size(), 1u);
  EXPECT_FALSE(b.alarmed("UNPROTECTED"));
  b.gate.refuse_with.reset();
  const auto exit = b.place(wanted("now", order_side::sell, 10));
  b.deliver();
  EXPECT_EQ(b.get(stop).state, order_state::cancelled);
  EXPECT_EQ(b.get(exit).state, order_state::working);
}

TEST(brackets, an_exit_that_is_tried_again_waits_for_the_own_protection_too) {
  linked b;
  b.protect("k", 10);
  b.gate.refuse_with = "KILL_SWITCH";
  const auto exit = b.place(wanted("exit", order_side::sell, 10));
  ASSERT_EQ(b.get(exit).state, order_state::risk_rejected);
  b.gate.refuse_with.reset();
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000; // the confirmation does not come
  const auto again = b.done(b.core.retry(exit, b.now));
  ASSERT_FALSE(again.refused) << to_string(*again.refused);
  b.deliver();
  EXPECT_EQ(b.get(again.order).state, order_state::created) << "stop and exit can never both fill";
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  b.pass(seconds{6});
  EXPECT_EQ(b.get(again.order).state, order_state::working);
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(brackets, a_closing_order_of_more_than_is_held_is_cut_for_that_and_not_for_its_protection) {
  linked b;
  b.protect("k", 10);
  auto more = wanted("more", order_side::sell, 25);
  more.request.effect = position_effect::reduce_only;
  const auto exit = b.place(more);
  b.deliver();
  EXPECT_EQ(b.get(exit).terms.qty, q(10));
  EXPECT_EQ(b.get(exit).decision.code, "REDUCE_ONLY_EXCESS");
}

} // namespace
} // namespace tt::execution::test
