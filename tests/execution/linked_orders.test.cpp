// Brackets and one-cancels-other pairs held by us.

#include "tests/execution/faulty_venue.hpp"

namespace tt::execution::test {
namespace {

new_order bracket(const std::string& key, std::int64_t qty) {
  auto what = wanted(key, order_side::buy, qty, order_type::bracket);
  what.request.profit = take_profit{p(110)};
  what.request.loss = stop_loss{p(90), std::nullopt};
  return what;
}

struct linked : bench {
  explicit linked(std::uint32_t seed = 1, fault_rates rates = fault_rates::none(), core_settings s = settings()) : bench(seed, rates, std::move(s)) {}

  /// The legs of an order by name, newest last.
  std::vector<const order*> legs(order_number head, const std::string& name) const {
    std::vector<const order*> out;
    for (const auto n : get(head).linked)
      if (get(n).leg == name) out.push_back(&get(n));
    return out;
  }
  const order* out(order_number head, const std::string& name) const {
    for (const auto* leg : legs(head, name))
      if (may_trade(leg->state)) return leg;
    return nullptr;
  }
  faulty_venue::held_order& at_venue(order_number n) { return *venue.find(get(n).wire_id); }
  void fill(order_number n, std::int64_t qty, std::int64_t px) {
    venue.fill(at_venue(n), q(qty), now, p(px));
    deliver();
  }
  void price_seen(std::int64_t px) {
    done(core.on_price("AAPL", p(px), now));
    deliver();
  }
  std::size_t legs_at_venue() {
    return static_cast<std::size_t>(std::count_if(venue.orders().begin(), venue.orders().end(), [&](const auto& o) {
      const auto* ours = core.book().find(o.handle.wire_id);
      return ours && !ours->leg.empty() && venue.is_open(o);
    }));
  }
};

TEST(brackets, the_stop_follows_each_partial_fill_and_rests_at_the_venue) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  EXPECT_EQ(b.at_venue(n).request.terms.type, order_type::market); // the venue has no brackets
  EXPECT_TRUE(b.get(n).linked.empty());
  b.fill(n, 4, 100);
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.out(n, "stop")->state, order_state::working);
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(4));
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.type, order_type::stop);
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.effect, position_effect::reduce_only);
  ASSERT_EQ(b.legs(n, "target").size(), 1u); // waits here, for all to see
  EXPECT_EQ(b.legs(n, "target")[0]->state, order_state::created);
  b.fill(n, 6, 101);
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(10)); // resized
  EXPECT_EQ(b.legs(n, "stop").size(), 1u);
}

TEST(brackets, the_target_goes_out_only_when_the_stop_is_confirmed_back) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
  const auto stop = b.out(n, "stop")->number;
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000; // the confirmation does not come
  b.price_seen(110);
  EXPECT_EQ(b.get(stop).state, order_state::pending_cancel);
  EXPECT_FALSE(b.out(n, "target"));
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  b.pass(seconds{6});
  EXPECT_EQ(b.get(stop).state, order_state::cancelled);
  const auto* target = b.out(n, "target");
  ASSERT_TRUE(target);
  EXPECT_EQ(b.venue.find(target->wire_id)->request.terms.limit_price, p(110));
  const auto number = target->number;
  b.fill(number, 10, 110);
  EXPECT_EQ(b.core.book().held("AAPL"), q(0));
  EXPECT_EQ(b.legs_at_venue(), 0u);
  for (const auto leg : b.get(n).linked) EXPECT_TRUE(is_final(b.get(leg).state)) << to_string(b.get(leg).state);
}

TEST(brackets, a_price_that_leaves_the_target_brings_the_stop_back) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
  b.price_seen(110);
  const auto target = b.out(n, "target")->number;
  b.fill(target, 4, 110);
  b.price_seen(108);
  EXPECT_TRUE(b.out(n, "target")); // for two seconds it may still fill
  b.pass(seconds{3});
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_FALSE(b.out(n, "target"));
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(6));
  b.fill(b.out(n, "stop")->number, 6, 90);
  EXPECT_EQ(b.core.book().held("AAPL"), q(0));
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(brackets, a_cancelled_entry_keeps_the_protection_of_what_it_filled) {
  linked b;
  auto what = bracket("k", 10);
  what.request.limit_price = p(99);
  const auto n = b.place(what);
  b.deliver();
  b.fill(n, 3, 99);
  b.done(b.core.cancel(n, "", b.now));
  b.deliver();
  EXPECT_EQ(b.get(n).state, order_state::cancelled);
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(3));
}

TEST(brackets, an_exit_waits_until_the_own_protection_is_back) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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

TEST(brackets, a_target_that_is_taken_away_leaves_the_stop) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
  b.done(b.core.cancel(b.legs(n, "target").at(0)->number, "", b.now));
  b.deliver();
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.out(n, "stop")->state, order_state::working);
  b.price_seen(115);
  b.pass(seconds{3});
  EXPECT_TRUE(b.out(n, "stop")) << "there is no target any more";
  EXPECT_EQ(b.legs(n, "target").size(), 1u);
  EXPECT_FALSE(b.alarmed("UNPROTECTED"));
  b.done(b.core.cancel(b.out(n, "stop")->number, "", b.now));
  b.deliver();
  EXPECT_TRUE(b.alarmed("UNPROTECTED")) << "a position stands there without";
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(brackets, a_part_exit_leaves_the_rest_protected) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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
  const auto cover = b.place(bracket("cover", 5));
  b.deliver();
  b.fill(cover, 5, 100);
  ASSERT_EQ(b.core.book().held("AAPL"), q(0));
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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

TEST(brackets, a_resize_that_the_gate_refuses_is_asked_again_later_and_later_and_then_a_person_is) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 4, 100);
  ASSERT_TRUE(b.out(n, "stop"));
  const auto stop = b.out(n, "stop")->number;
  b.gate.refuse_with = "ORDER_RATE";
  const auto asked = b.gate.changes;
  b.fill(n, 6, 100);
  EXPECT_EQ(b.gate.changes, asked + 1);
  EXPECT_TRUE(b.alarmed("UNPROTECTED"));
  EXPECT_EQ(b.get(stop).state, order_state::working) << "what rests there protects 4 of them, and stays";
  for (int i = 0; i < 50; ++i) b.price_seen(100); // the market asks for nothing
  EXPECT_EQ(b.gate.changes, asked + 1);
  b.pass(seconds{2});
  EXPECT_EQ(b.gate.changes, asked + 2);
  b.pass(seconds{3});
  EXPECT_EQ(b.gate.changes, asked + 2) << "the next pause is twice as long";
  b.gate.refuse_with.reset();
  b.pass(seconds{2});
  EXPECT_EQ(b.get(stop).terms.qty, q(10)) << "by itself, once it may";
  EXPECT_EQ(b.venue.find(b.get(stop).wire_id)->request.terms.qty, q(10));
  EXPECT_FALSE(b.core.next_due()) << "and its timer is gone";
}

TEST(brackets, a_resize_that_stays_refused_has_an_end) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 4, 100);
  b.gate.refuse_with = "ORDER_RATE";
  const auto asked = b.gate.changes;
  b.fill(n, 6, 100);
  for (int i = 0; i < 600; ++i) b.pass(seconds{1});
  EXPECT_EQ(b.gate.changes, asked + static_cast<int>(account_core::max_resizes));
  EXPECT_FALSE(b.core.next_due());
  EXPECT_EQ(std::count_if(b.alerts.begin(), b.alerts.end(), [](const auto& a) { return a.code == "UNPROTECTED"; }), 2) << "at the first and at the last";
  // another quantity is another question
  b.gate.refuse_with.reset();
  const auto exit = b.place(wanted("exit", order_side::sell, 3));
  b.deliver();
  b.fill(exit, 3, 100);
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.out(n, "stop")->terms.qty, q(7));
}

TEST(brackets, a_resize_that_the_venue_refuses_is_not_asked_in_a_loop) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 4, 100);
  const auto stop = b.out(n, "stop")->number;
  int replaces = 0;
  const auto carry_out = [&](const outcome& out) {
    for (const auto& e : out.effects)
      if (const auto* change = std::get_if<std::shared_ptr<const change_command>>(&e)) {
        ++replaces;
        replace_answer no;
        no.order.wire_id = (*change)->request().wire_id;
        no.outcome = change_outcome::refused;
        no.terms_version = (*change)->request().terms_version;
        no.text = "not now";
        b.venue.outbox.emplace_back(no);
      }
  };
  execution_report rest;
  rest.order = b.at_venue(n).handle;
  rest.id = execution_id{"rest"};
  rest.symbol = "AAPL";
  rest.qty = q(6);
  rest.px = p(100);
  const auto run = [&](outcome out) { // the venue takes nothing: the test answers for it
    carry_out(out);
    while (!b.venue.outbox.empty()) {
      const auto report = b.venue.outbox.front();
      b.venue.outbox.pop_front();
      carry_out(b.core.on_report(report, b.now));
    }
  };
  run(b.core.on_report(rest, b.now));
  EXPECT_EQ(replaces, 1) << "the refusal asks for no other";
  for (int i = 0; i < 600; ++i) {
    b.now += seconds{1};
    run(b.core.tick(b.now));
  }
  EXPECT_EQ(replaces, static_cast<int>(account_core::max_resizes));
  EXPECT_EQ(b.get(stop).terms.qty, q(4));
  EXPECT_EQ(b.get(stop).state, order_state::working);
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

TEST(brackets, a_stop_that_is_refused_is_tried_again_and_then_alarmed) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.venue.rates().refused = 1000;
  b.fill(n, 10, 100);
  EXPECT_TRUE(b.alarmed("UNPROTECTED"));
  EXPECT_EQ(b.legs(n, "stop").size(), 1u) << "not at once again: what is missing may come";
  for (int i = 0; i < 30; ++i) b.pass(seconds{1});
  EXPECT_EQ(b.legs(n, "stop").size(), 5u) << "after 2, 4, 8 and 16 s";
  for (int i = 0; i < 100; ++i) b.pass(seconds{1});
  EXPECT_EQ(b.legs(n, "stop").size(), account_core::max_leg_failures);
  EXPECT_EQ(std::ranges::count(b.alerts, "UNPROTECTED", &alert_effect::code), 2) << "when it begins, and when it is given up";
}

TEST(brackets, a_stop_that_is_refused_for_a_while_goes_out_then) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.venue.rates().refused = 1000;
  b.fill(n, 10, 100);
  b.pass(seconds{3});
  b.venue.rates().refused = 0;
  b.pass(seconds{6});
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.at_venue(b.out(n, "stop")->number).request.terms.qty, q(10));
}

TEST(brackets, protect_what_the_account_holds_whoever_closed_what_was_there_before) {
  linked b;
  const auto bought = [&](const std::string& key, order_side side, std::int64_t qty, const char* strategy) {
    auto what = wanted(key, side, qty);
    what.request.strategy = strategy_id{strategy};
    const auto n = b.place(what);
    b.deliver();
    b.fill(n, qty, 100);
  };
  bought("a", order_side::buy, 10, "s1");
  bought("b", order_side::sell, 10, ""); // by hand
  EXPECT_EQ(b.core.book().held_by(strategy_id{"s1"}, "AAPL"), q(0));
  EXPECT_EQ(b.core.book().held_by(strategy_id{}, "AAPL"), q(0));
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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
  const auto other = [&](const std::string& key, order_side side, const char* strategy) {
    auto what = wanted(key, side, 10);
    what.request.strategy = strategy_id{strategy};
    const auto made = b.place(what);
    b.deliver();
    b.fill(made, 10, 100);
    b.pass(seconds{1});
  };
  other("out", order_side::sell, "exits");
  EXPECT_EQ(b.legs_at_venue(), 0u);
  EXPECT_TRUE(b.alarmed("PROTECTION_ENDED"));
  other("plain", order_side::buy, "entries");
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(account_core, reduce_only_orders_that_rest_go_with_the_position) {
  linked b;
  const auto filled = [&](const std::string& key, order_side side, std::int64_t qty) {
    const auto n = b.place(wanted(key, side, qty));
    b.deliver();
    b.fill(n, qty, 100);
    return n;
  };
  filled("a", order_side::buy, 10);
  auto stop = wanted("s", order_side::sell, 10, order_type::stop);
  stop.request.stop_price = p(90);
  stop.request.effect = position_effect::reduce_only;
  const auto n = b.place(stop);
  b.deliver();
  filled("b", order_side::sell, 4);
  b.deliver();
  EXPECT_EQ(b.at_venue(n).request.terms.qty, q(6)) << "cut to what is there";
  filled("c", order_side::sell, 6);
  b.deliver();
  EXPECT_EQ(b.get(n).state, order_state::cancelled);
  EXPECT_EQ(b.get(n).reject_code, "REDUCE_ONLY_EXCESS");
}

TEST(brackets, an_exit_that_would_be_refused_leaves_the_protection_where_it_is) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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

TEST(brackets, a_target_that_would_be_refused_leaves_the_stop_and_goes_out_when_it_passes) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
  const auto stop = b.out(n, "stop")->number;
  b.gate.refuse_with = "KILL_SWITCH";
  for (int i = 0; i < 50; ++i) {
    b.price_seen(110 + i % 2);
    b.pass(milliseconds{100});
  }
  EXPECT_EQ(b.get(stop).state, order_state::working);
  EXPECT_EQ(std::ranges::count(b.alerts, "LEG_WAITS", &alert_effect::code), 1) << "said once";
  EXPECT_LE(b.gate.foreseen, 4) << "asked every two seconds, not with every price";
  b.gate.refuse_with.reset();
  b.pass(settings().timings.leg_again);
  EXPECT_EQ(b.get(stop).state, order_state::cancelled);
  ASSERT_TRUE(b.out(n, "target"));
}

TEST(brackets, a_stop_that_the_gate_would_refuse_goes_out_when_it_passes) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.gate.refuse_with = "KILL_SWITCH";
  b.fill(n, 10, 100);
  b.pass(settings().timings.leg_again); // a venue that was not compared yet is asked once more before
  EXPECT_TRUE(b.alarmed("UNPROTECTED"));
  for (int i = 0; i < 100; ++i) b.pass(seconds{1});
  EXPECT_FALSE(b.out(n, "stop"));
  EXPECT_EQ(std::ranges::count(b.alerts, "UNPROTECTED", &alert_effect::code), 1) << "said once";
  EXPECT_EQ(b.legs(n, "stop").size(), 1u) << "nothing is written down for each try";
  b.gate.refuse_with.reset();
  b.pass(settings().timings.leg_again);
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(10));
}

TEST(brackets, a_stop_that_was_moved_comes_back_where_it_was_moved_to) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
  terms_change to;
  to.stop_price = p(99);
  b.done(b.core.replace(b.out(n, "stop")->number, to, b.now));
  b.deliver();
  ASSERT_EQ(b.out(n, "stop")->terms.stop_price, p(99));
  const auto exit = b.place(wanted("part", order_side::sell, 4)); // takes the stop back, and leaves six
  b.deliver();
  b.fill(exit, 4, 100);
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.out(n, "stop")->terms.stop_price, p(99));
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(6));
}

TEST(brackets, a_target_that_waits_can_be_moved_and_shows_the_size_it_would_go_out_with) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 4, 100);
  const auto target = b.legs(n, "target").at(0)->number;
  EXPECT_EQ(b.get(target).terms.qty, q(4));
  b.fill(n, 6, 100);
  EXPECT_EQ(b.get(target).terms.qty, q(10));
  terms_change to;
  to.limit_price = p(115);
  to.if_version = b.get(target).version;
  b.done(b.core.replace(target, to, b.now));
  EXPECT_EQ(b.get(target).terms.limit_price, p(115));
  EXPECT_EQ(b.get(target).state, order_state::created);
  EXPECT_TRUE(b.core.replace(target, to, b.now).refused) << "of a version that is past";
  b.price_seen(112);
  EXPECT_FALSE(b.out(n, "target")) << "110 does not count any more";
  const auto again = account_book::from_bytes(b.core.book().to_bytes());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->find(target)->terms.limit_price, p(115));
  b.price_seen(115);
  ASSERT_TRUE(b.out(n, "target"));
  EXPECT_EQ(b.at_venue(target).request.terms.limit_price, p(115));
  EXPECT_EQ(b.at_venue(target).request.terms.qty, q(10));
}

TEST(brackets, what_the_gate_would_refuse_a_leg_that_waits_is_not_changed_to) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
  const auto target = b.legs(n, "target").at(0)->number;
  b.gate.refuse_with = "PRICE_COLLAR";
  terms_change to;
  to.limit_price = p(500);
  const auto refused = b.core.replace(target, to, b.now).refused;
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->field, "PRICE_COLLAR");
  EXPECT_EQ(b.get(target).terms.limit_price, p(110));
  to = {};
  to.tif = time_in_force::gtc;
  EXPECT_EQ(b.core.replace(target, to, b.now).refused->field, "time_in_force");
}

TEST(brackets, an_exit_that_is_tried_again_waits_for_the_own_protection_too) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
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

TEST(brackets, a_price_that_plays_about_the_target_does_not_wear_the_protection_out) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
  for (int i = 0; i < 600; ++i) {
    b.price_seen(i % 2 ? 100 : 110);
    b.pass(settings().timings.target_patience + milliseconds{1});
  }
  EXPECT_FALSE(b.alarmed("UNPROTECTED"));
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(10));
  EXPECT_LE(b.legs(n, "stop").size() + b.legs(n, "target").size(), account_core::max_swaps + 2);
}

TEST(brackets, a_closing_order_of_more_than_is_held_is_cut_for_that_and_not_for_its_protection) {
  linked b;
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 10, 100);
  auto more = wanted("more", order_side::sell, 25);
  more.request.effect = position_effect::reduce_only;
  const auto exit = b.place(more);
  b.deliver();
  EXPECT_EQ(b.get(exit).terms.qty, q(10));
  EXPECT_EQ(b.get(exit).decision.code, "REDUCE_ONLY_EXCESS");
}

TEST(brackets, with_a_venue_that_can_not_replace_the_stop_comes_back_larger) {
  auto s = settings();
  s.can.replace = replace_support::none;
  linked b{1, fault_rates::none(), s};
  const auto n = b.place(bracket("k", 10));
  b.deliver();
  b.fill(n, 4, 100);
  b.fill(n, 6, 100);
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(10));
  EXPECT_EQ(b.legs_at_venue(), 1u);
}

TEST(oco, one_leg_rests_and_the_other_takes_its_place) {
  linked b;
  auto what = wanted("k", order_side::buy, 10, order_type::oco);
  what.request.legs = {{order_type::limit, p(95), std::nullopt}, {order_type::stop, std::nullopt, p(105)}};
  const auto n = b.place(what);
  b.deliver();
  ASSERT_EQ(b.get(n).linked.size(), 1u);
  const auto stop = b.get(n).linked[0];
  EXPECT_EQ(b.get(n).state, order_state::created);
  EXPECT_EQ(b.get(stop).state, order_state::working);
  b.price_seen(95);
  EXPECT_EQ(b.get(stop).state, order_state::cancelled);
  EXPECT_EQ(b.get(n).state, order_state::working);
  b.fill(n, 10, 95);
  EXPECT_EQ(b.core.book().held("AAPL"), q(10));
  EXPECT_EQ(b.legs_at_venue(), 0u);
  b.pass(seconds{10});
  EXPECT_TRUE(b.core.book().open_orders().empty());
}

new_order pair(std::int64_t qty) {
  auto what = wanted("k", order_side::buy, qty, order_type::oco);
  what.request.legs = {{order_type::limit, p(95), std::nullopt}, {order_type::stop, std::nullopt, p(105)}};
  return what;
}

/// It must not wait for the end of what refuses it.
TEST(oco, a_pair_that_the_gate_refuses_is_refused_when_it_is_placed) {
  linked b;
  b.gate.refuse_with = "KILL_SWITCH";
  const auto n = b.place(pair(10));
  EXPECT_EQ(b.get(n).state, order_state::risk_rejected);
  EXPECT_EQ(b.get(n).decision.code, "KILL_SWITCH");
  EXPECT_TRUE(b.core.book().open_orders().empty());
  b.gate.refuse_with.reset();
  b.pass(seconds{30});
  b.price_seen(105);
  EXPECT_TRUE(b.core.book().open_orders().empty());
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(oco, a_pair_that_the_gate_cuts_stays_cut) {
  linked b;
  b.gate.cut_to = q(4);
  const auto n = b.place(pair(10));
  b.deliver();
  b.pass(seconds{60});
  const auto* out = b.out(n, "b");
  ASSERT_TRUE(out);
  EXPECT_EQ(b.venue.find(out->wire_id)->request.terms.qty, q(4));
  EXPECT_EQ(b.gate.changes, 0) << "nobody asks for more";
  EXPECT_FALSE(b.alarmed("UNPROTECTED"));
}

TEST(oco, the_same_id_with_other_words_is_refused) {
  linked b;
  auto what = wanted("k", order_side::buy, 10, order_type::oco);
  what.request.legs = {{order_type::limit, p(95), std::nullopt}, {order_type::stop, std::nullopt, p(105)}};
  const auto n = b.place(what);
  const auto said = [&](auto change) {
    auto again = what;
    change(again.request);
    const auto out = b.core.place(again, b.now);
    return out.refused ? out.refused->code == errc::conflict ? "refused" : to_string(*out.refused) : out.order == n ? "the same" : "another";
  };
  EXPECT_EQ(said([](order_request&) {}), "the same");
  EXPECT_EQ(said([](order_request& r) { r.legs[1].stop_price = p(106); }), "refused");
  EXPECT_EQ(said([](order_request& r) { r.legs[0].limit_price = p(94); }), "refused");
  EXPECT_EQ(said([](order_request& r) { r.type = order_type::limit, r.limit_price = p(95), r.legs.clear(); }), "refused");
  EXPECT_EQ(said([](order_request& r) { r.type = order_type::market, r.legs.clear(); }), "refused");
  EXPECT_EQ(said([](order_request& r) { r.comment = "another"; }), "refused");
  EXPECT_EQ(said([](order_request& r) { r.closing = close_part::send_alone; }), "refused");
  b.deliver();
  b.price_seen(95); // both legs have had their turn
  EXPECT_EQ(said([](order_request&) {}), "the same");
}

TEST(oco, a_pair_that_the_gate_cut_stays_cut_when_its_price_is_changed) {
  linked b;
  auto pair = wanted("k", order_side::buy, 60, order_type::oco);
  pair.request.legs = {{order_type::limit, p(90), std::nullopt}, {order_type::stop, std::nullopt, p(110)}};
  b.gate.cut_to = q(11);
  const auto head = b.place(pair);
  b.deliver();
  b.gate.cut_to.reset();
  const auto out = b.get(head).state == order_state::working ? head : b.get(head).linked.at(0);
  ASSERT_EQ(b.get(out).state, order_state::working);
  ASSERT_EQ(b.get(out).terms.qty, q(11));
  terms_change to;
  if (b.get(out).terms.stop_price) to.stop_price = p(112);
  else to.limit_price = p(91);
  EXPECT_FALSE(b.done(b.core.replace(out, to, b.now)).refused);
  b.deliver();
  b.pass(seconds{5});
  EXPECT_EQ(b.get(out).terms.qty, q(11));
  EXPECT_EQ(b.at_venue(out).request.terms.qty, q(11));
}

TEST(oco, a_cancelled_leg_ends_the_pair) {
  linked b;
  auto what = wanted("k", order_side::buy, 10, order_type::oco);
  what.request.legs = {{order_type::limit, p(95), std::nullopt}, {order_type::stop, std::nullopt, p(105)}};
  const auto n = b.place(what);
  b.deliver();
  b.done(b.core.cancel(b.get(n).linked[0], "", b.now));
  b.deliver();
  EXPECT_TRUE(b.core.book().open_orders().empty());
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

// whatever the venue loses, repeats or delays: never two legs out, never more closed than was opened, and in the end the rest is protected
TEST(brackets, random_lives_keep_one_leg_out_and_end_protected) {
  for (std::uint32_t seed = 1; seed <= 80; ++seed) {
    auto s = settings();
    if (seed % 3 == 0) s.can.replace = replace_support::none;
    fault_rates rates;
    rates.refused = 0;
    linked b{seed, rates, s};
    std::int64_t price_now = 100;
    std::vector<order_number> heads;
    for (int step = 0; step < 120; ++step) {
      switch (b.random() % 8) {
      case 0:
        if (heads.size() < 3) heads.push_back(b.place(bracket("k" + std::to_string(step), 1 + b.random() % 12)));
        break;
      case 1:
      case 2: b.venue.trade(b.now); break;
      case 3:
      case 4:
        price_now += static_cast<std::int64_t>(b.random() % 9) - 4;
        b.done(b.core.on_price("AAPL", p(price_now), b.now));
        break;
      case 5:
        if (b.random() % 4 == 0) b.place(wanted("exit" + std::to_string(step), order_side::sell, 1 + b.random() % 6));
        break;
      default: b.pass(milliseconds{b.random() % 3000}); break;
      }
      if (b.random() % 3) b.deliver();
      for (const auto head : heads) {
        std::size_t out = 0;
        quantity done;
        for (const auto leg : b.get(head).linked) {
          const auto* there = b.venue.find(b.get(leg).wire_id);
          if (there && b.venue.is_open(*there)) ++out;
          if (there) done += there->filled;
        }
        ASSERT_LE(out, 1u) << "two legs out, seed " << seed << " step " << step;
        const auto* entry = b.venue.find(b.get(head).wire_id);
        ASSERT_LE(done, entry ? entry->filled : quantity{}) << "closed more than was opened, seed " << seed;
      }
    }
    b.venue.heal();
    b.done(b.core.on_price("AAPL", p(100), b.now));
    for (int i = 0; i < 90; ++i) {
      b.pass(seconds{1});
      if (i % 10 == 9) b.ask_for_everything();
    }
    EXPECT_EQ(b.core.book().held("AAPL"), b.venue.position("AAPL")) << "seed " << seed;
    EXPECT_EQ(b.venue.resent, 0u);
    EXPECT_FALSE(b.alarmed("OVERFILL")) << "seed " << seed;
    quantity protected_quantity;
    for (const auto head : heads)
      for (const auto leg : b.get(head).linked)
        if (is_live(b.get(leg).state)) protected_quantity += b.get(leg).remaining();
    bool exits = false;
    for (const auto n : b.core.book().open_orders()) exits = exits || (b.get(n).leg.empty() && b.get(n).way() == direction::sell);
    const auto held = b.core.book().held("AAPL");
    if (held.value().is_positive() && !exits && !b.alarmed("UNPROTECTED")) {
      EXPECT_EQ(protected_quantity, held) << "seed " << seed;
    }
  }
}

} // namespace
} // namespace tt::execution::test
