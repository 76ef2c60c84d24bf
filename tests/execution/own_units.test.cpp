// Whose units the legs of a bracket may close: what its entry opened and its owner still holds.

#include "tests/execution/linked_orders.hpp"

namespace tt::execution::test {
namespace {

new_order bracket_of(const char* strategy, const std::string& key, std::int64_t qty, order_side side = order_side::buy) {
  auto what = bracket(key, qty);
  what.request.strategy = strategy_id{strategy};
  what.request.side = side;
  if (side == order_side::buy) return what;
  what.request.profit = take_profit{p(90)};
  what.request.loss = stop_loss{p(110), std::nullopt};
  return what;
}

struct owners : linked {
  using linked::linked;
  order_number protect(const char* strategy, const std::string& key, std::int64_t qty, order_side side = order_side::buy) {
    const auto n = place(bracket_of(strategy, key, qty, side));
    deliver();
    fill(n, qty, 100);
    return n;
  }
  /// A pair of limit and stop that only closes.
  order_number pair(const char* strategy, const std::string& key, std::int64_t qty) {
    auto what = wanted(key, order_side::sell, qty, order_type::oco);
    what.request.strategy = strategy_id{strategy};
    what.request.effect = position_effect::reduce_only;
    what.request.legs = {{order_type::limit, p(110), std::nullopt}, {order_type::stop, std::nullopt, p(90)}};
    const auto n = place(what);
    deliver();
    return n;
  }
  void step() { pass(seconds{1}); }
  /// Of the stop that is out; 0: none is.
  quantity stop_of(order_number head) {
    const auto* leg = out(head, "stop");
    return leg ? at_venue(leg->number).request.terms.qty - leg->filled : quantity{};
  }
  quantity held() const { return core.book().held("AAPL"); }
};

TEST(own_units, of_a_strategy_that_is_out_no_leg_closes_anothers_units) {
  owners b;
  b.trade("plain", order_side::buy, 30, "s2");
  const auto n = b.protect("s1", "k", 40);
  b.trade("out", order_side::sell, 40, "s1");
  b.step();
  EXPECT_EQ(b.held(), q(30));
  EXPECT_EQ(b.legs_at_venue(), 0u);
  for (const auto leg : b.get(n).linked) EXPECT_TRUE(is_final(b.get(leg).state)) << b.get(leg).leg;
  b.price_seen(110);
  b.price_seen(89);
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(own_units, the_same_short) {
  owners b;
  b.trade("plain", order_side::sell, 30, "s2");
  const auto n = b.protect("s1", "k", 40, order_side::sell);
  EXPECT_EQ(b.stop_of(n), q(40));
  b.trade("out", order_side::buy, 40, "s1");
  b.step();
  EXPECT_EQ(b.held(), q(-30));
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(own_units, of_a_bracket_by_hand_that_was_closed_by_hand_no_leg_is_left) {
  owners b;
  b.trade("plain", order_side::buy, 30, "s2");
  b.protect("", "k", 40);
  b.trade("out", order_side::sell, 40);
  b.step();
  EXPECT_EQ(b.held(), q(30));
  EXPECT_EQ(b.legs_at_venue(), 0u);
}

TEST(own_units, what_was_closed_does_not_grow_back_with_what_others_buy) {
  for (const char* buyer : {"s2", ""}) {
    owners b;
    const auto n = b.protect("s1", "k", 60);
    b.trade("hand", order_side::sell, 50);
    b.step();
    ASSERT_EQ(b.stop_of(n), q(10));
    b.trade("more", order_side::buy, 30, buyer);
    b.step();
    EXPECT_EQ(b.stop_of(n), q(10)) << "bought by '" << buyer << "'";
  }
}

TEST(own_units, nor_with_what_its_owner_buys_without_a_stop) {
  owners b;
  const auto n = b.protect("", "k", 60);
  b.trade("out", order_side::sell, 50);
  b.trade("in", order_side::buy, 50);
  b.step();
  EXPECT_EQ(b.stop_of(n), q(10));
}

TEST(own_units, of_a_reversal_only_what_it_opened_is_protected) {
  owners b;
  b.trade("long", order_side::buy, 60, "s1");
  const auto n = b.protect("s1", "turn", 100, order_side::sell);
  ASSERT_EQ(b.held(), q(-40));
  EXPECT_EQ(b.stop_of(n), q(40));
  b.trade("hand", order_side::sell, 30);
  b.step();
  EXPECT_EQ(b.held(), q(-70));
  EXPECT_EQ(b.stop_of(n), q(40));
}

TEST(own_units, a_stop_that_a_person_takes_away_makes_no_other_larger) {
  owners b;
  const auto first = b.protect("", "one", 45), second = b.protect("", "two", 5);
  b.trade("out", order_side::sell, 5); // of what was opened first
  b.step();
  ASSERT_EQ(b.stop_of(first), q(40));
  ASSERT_EQ(b.stop_of(second), q(5));
  b.done(b.core.cancel(b.out(second, "stop")->number, "", b.now));
  b.deliver();
  b.step();
  EXPECT_EQ(b.stop_of(first), q(40));
  EXPECT_TRUE(b.alarmed("UNPROTECTED"));
  b.trade("out again", order_side::sell, 5); // what nothing protects goes first
  b.step();
  EXPECT_EQ(b.stop_of(first), q(40));
}

TEST(own_units, are_the_same_after_a_restart_and_from_a_snapshot) {
  owners b;
  const auto n = b.protect("s1", "k", 60);
  b.trade("hand", order_side::sell, 50);
  b.trade("more", order_side::buy, 30);
  b.step();
  auto replayed = opened_book();
  for (const auto& r : b.journal) ASSERT_TRUE(replayed.apply(r));
  EXPECT_EQ(replayed.claim_of(*replayed.find(n)).left, q(10));
  EXPECT_EQ(replayed.to_bytes(), b.core.book().to_bytes());
  const auto loaded = account_book::from_bytes(replayed.to_bytes());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->claim_of(*loaded->find(n)), replayed.claim_of(*replayed.find(n)));
  EXPECT_EQ(loaded->to_bytes(), replayed.to_bytes());
}

TEST(own_units, a_fill_of_a_leg_that_is_taken_back_is_protected_again) {
  owners b;
  const auto n = b.protect("s1", "k", 10);
  const auto stop = b.out(n, "stop")->number;
  b.fill(stop, 4, 90);
  ASSERT_EQ(b.core.book().claim_of(b.get(n)).left, q(6));
  const auto id = b.at_venue(stop).executions.at(0).id;
  correction_report bust;
  bust.id = id;
  bust.px = p(90);
  bust.at = b.now;
  b.done(b.core.on_report(bust, b.now));
  EXPECT_EQ(b.held(), q(10));
  EXPECT_EQ(b.core.book().claim_of(b.get(n)).left, q(10));
}

// ---- two strategies against each other

TEST(own_units, that_only_closed_anothers_are_protected_once_they_are_a_position) {
  owners b;
  b.trade("long", order_side::buy, 60, "s1");
  const auto n = b.protect("s2", "short", 60, order_side::sell);
  EXPECT_EQ(b.held(), q(0));
  EXPECT_EQ(b.legs_at_venue(), 0u);
  b.trade("part", order_side::sell, 20, "s1");
  b.step();
  EXPECT_EQ(b.held(), q(-20));
  EXPECT_EQ(b.stop_of(n), q(20));
  b.trade("rest", order_side::sell, 40, "s1");
  b.step();
  EXPECT_EQ(b.stop_of(n), q(60));
  EXPECT_FALSE(b.alarmed("UNPROTECTED"));
}

TEST(own_units, that_anothers_sale_netted_are_protected_again_when_it_is_bought_back) {
  owners b;
  const auto n = b.protect("s1", "long", 60);
  b.trade("against", order_side::sell, 60, "s2");
  b.step();
  ASSERT_EQ(b.held(), q(0));
  EXPECT_EQ(b.legs_at_venue(), 0u);
  EXPECT_TRUE(b.alarmed("PROTECTION_ENDED"));
  b.trade("back", order_side::buy, 60, "s2");
  b.step();
  EXPECT_EQ(b.stop_of(n), q(60));
}

TEST(own_units, that_slept_over_a_restart_wake_all_the_same) {
  owners b;
  const auto n = b.protect("s1", "long", 60);
  b.trade("against", order_side::sell, 60, "s2");
  b.step();
  open_gate gate;
  account_core again{b.core.book(), settings(), gate};
  static_cast<void>(again.start(b.now));
  ASSERT_TRUE(again.book().open_orders().empty());
  auto back = wanted("back", order_side::buy, 60);
  back.request.strategy = strategy_id{"s2"};
  const auto placed = again.place(back, b.now);
  execution_report fill;
  fill.order.wire_id = again.book().find(placed.order)->wire_id;
  fill.id = execution_id{"back"};
  fill.symbol = "AAPL";
  fill.qty = q(60);
  fill.px = p(100);
  fill.at = b.now;
  static_cast<void>(again.on_report(fill, b.now));
  const auto legs = again.book().find(n)->linked;
  const auto is_stop_out = [&](order_number leg) {
    const auto& one = *again.book().find(leg);
    return one.leg == "stop" && may_trade(one.state) && one.terms.qty == q(60);
  };
  EXPECT_EQ(std::ranges::count_if(legs, is_stop_out), 1);
}

TEST(own_units, of_a_pair_that_anothers_sale_netted_are_protected_again) {
  owners b;
  b.trade("long", order_side::buy, 60, "s1");
  const auto n = b.pair("s1", "pair", 60);
  ASSERT_EQ(b.legs_at_venue(), 1u);
  b.trade("against", order_side::sell, 60, "s2");
  b.step();
  EXPECT_EQ(b.legs_at_venue(), 0u);
  b.trade("back", order_side::buy, 60, "s2");
  b.step();
  ASSERT_TRUE(b.out(n, "b"));
  EXPECT_EQ(b.at_venue(b.out(n, "b")->number).request.terms.qty, q(60));
}

TEST(own_units, of_groups_that_sleep_the_oldest_end_when_there_are_too_many) {
  owners b;
  for (std::size_t i = 0; i <= account_core::max_sleeping; ++i) {
    const auto key = std::to_string(i);
    b.protect("in", "in" + key, 1);
    b.trade("out" + key, order_side::sell, 1, "out");
    b.step();
  }
  EXPECT_EQ(std::ranges::count(b.alerts, severity::warning, &alert_effect::level), 1);
  EXPECT_EQ(b.held(), q(0));
  b.trade("all", order_side::buy, 40, "out");
  b.step();
  EXPECT_EQ(b.legs_at_venue(), account_core::max_sleeping);
}

// ---- a pair as protection

TEST(own_units, a_pair_that_ends_while_a_position_is_left_is_told) {
  for (const char* taken : {"a", "b"}) {
    owners b;
    b.trade("long", order_side::buy, 10);
    const auto n = b.pair("", "pair", 10);
    ASSERT_TRUE(b.out(n, "b"));
    const auto leg = *taken == 'a' ? n : b.out(n, "b")->number;
    b.done(b.core.cancel(leg, "", b.now));
    b.deliver();
    b.step();
    EXPECT_EQ(b.legs_at_venue(), 0u);
    EXPECT_TRUE(b.alarmed("UNPROTECTED")) << taken;
  }
  owners b;
  b.trade("long", order_side::buy, 10);
  const auto n = b.pair("", "pair", 10);
  b.venue.expire(b.at_venue(b.out(n, "b")->number), b.now);
  b.deliver();
  EXPECT_TRUE(b.alarmed("UNPROTECTED")) << "it expired";
}

TEST(own_units, of_another_strategy_no_pair_closes) {
  owners b;
  b.trade("theirs", order_side::buy, 40, "s2");
  b.trade("own", order_side::buy, 60, "s1");
  const auto n = b.pair("s1", "pair", 100);
  ASSERT_TRUE(b.out(n, "b"));
  EXPECT_EQ(b.at_venue(b.out(n, "b")->number).request.terms.qty, q(60));
  b.trade("out", order_side::sell, 60, "s1");
  b.step();
  EXPECT_EQ(b.legs_at_venue(), 0u);
  EXPECT_EQ(b.held(), q(40));
}

TEST(own_units, a_pair_by_hand_closes_whatever_there_is) {
  owners b;
  b.trade("theirs", order_side::buy, 40, "s2");
  b.trade("own", order_side::buy, 20);
  const auto n = b.pair("", "pair", 60);
  ASSERT_TRUE(b.out(n, "b"));
  EXPECT_EQ(b.at_venue(b.out(n, "b")->number).request.terms.qty, q(60));
  b.trade("out", order_side::sell, 50, "s2");
  b.trade("in", order_side::buy, 50, "s2");
  b.step();
  EXPECT_EQ(b.at_venue(b.out(n, "b")->number).request.terms.qty, q(10)) << "taken off for good";
}

TEST(own_units, a_pair_of_entries_that_ends_is_no_alarm) {
  owners b;
  auto what = wanted("k", order_side::buy, 10, order_type::oco);
  what.request.legs = {{order_type::limit, p(95), std::nullopt}, {order_type::stop, std::nullopt, p(105)}};
  const auto n = b.place(what);
  b.deliver();
  b.done(b.core.cancel(n, "", b.now));
  b.deliver();
  EXPECT_FALSE(b.alarmed("UNPROTECTED"));
}

// ---- exits of one strategy beside the stops of another

TEST(own_units, an_exit_of_one_strategy_leaves_the_stop_of_another_at_the_venue) {
  owners b;
  const auto other = b.protect("s2", "other", 30), own = b.protect("s1", "own", 60);
  const auto stop = b.out(other, "stop")->number;
  auto limit = wanted("exit", order_side::sell, 60, order_type::limit);
  limit.request.strategy = strategy_id{"s1"};
  limit.request.limit_price = p(99);
  b.price_seen(100);
  const auto exit = b.place(limit);
  b.deliver();
  ASSERT_EQ(b.get(exit).state, order_state::working);
  EXPECT_FALSE(b.out(own, "stop"));
  EXPECT_EQ(b.get(stop).state, order_state::working);
  EXPECT_EQ(b.stop_of(other), q(30));
  b.fill(exit, 20, 99);
  EXPECT_EQ(b.stop_of(other), q(30));
  b.fill(exit, 40, 99);
  EXPECT_EQ(b.get(stop).state, order_state::working);
  EXPECT_EQ(b.held(), q(30));
}

TEST(own_units, an_exit_that_takes_of_anothers_units_waits_until_its_stop_is_smaller) {
  owners b;
  b.trade("plain", order_side::buy, 10, "s1");
  const auto other = b.protect("s2", "other", 60);
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
  auto more = wanted("exit", order_side::sell, 25);
  more.request.strategy = strategy_id{"s1"};
  const auto exit = b.place(more);
  b.deliver();
  EXPECT_EQ(b.get(exit).state, order_state::created) << "25 and a stop of 60 are more than 70";
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  b.pass(seconds{6});
  ASSERT_EQ(b.get(exit).state, order_state::working);
  EXPECT_EQ(b.stop_of(other), q(45));
  b.fill(exit, 25, 100);
  b.step();
  EXPECT_EQ(b.held(), q(45));
  EXPECT_EQ(b.stop_of(other), q(45));
}

// ---- what the stop closed while the exit waited

TEST(own_units, what_the_stop_closed_meanwhile_the_exit_does_not_close_of_anothers) {
  for (const std::int64_t filled : {60, 25}) {
    owners b;
    b.trade("plain", order_side::buy, 40, "s2");
    const auto n = b.protect("s1", "k", 60);
    const auto stop = b.out(n, "stop")->number;
    b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
    b.venue.rates().lost_stream = 0;
    auto out = wanted("exit", order_side::sell, 60);
    out.request.strategy = strategy_id{"s1"};
    b.venue.fill(b.at_venue(stop), q(filled), b.now, p(90)); // there, and not yet heard of
    const auto exit = b.place(out);
    b.deliver();
    b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
    b.pass(seconds{6});
    if (filled == 60) {
      EXPECT_EQ(b.get(exit).state, order_state::cancelled);
      EXPECT_EQ(b.get(exit).reject_code, "NOTHING_TO_CLOSE");
      EXPECT_EQ(b.held(), q(40));
      continue;
    }
    ASSERT_EQ(b.get(exit).state, order_state::working);
    EXPECT_EQ(b.get(exit).terms.qty, q(35));
    EXPECT_EQ(b.get(exit).decision.code, "PROTECTION_FILLED");
    b.fill(exit, 35, 100);
    EXPECT_EQ(b.held(), q(40));
  }
}

TEST(own_units, nor_does_a_closing_order_or_one_that_waited_over_a_restart) {
  owners b;
  b.trade("plain", order_side::buy, 40, "s2");
  const auto n = b.protect("s1", "k", 60);
  const auto stop = b.out(n, "stop")->number;
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 1000;
  auto out = wanted("exit", order_side::sell, 60);
  out.request.strategy = strategy_id{"s1"};
  out.request.effect = position_effect::reduce_only;
  b.now += seconds{1};
  b.venue.fill(b.at_venue(stop), q(25), b.now, p(90));
  const auto exit = b.place(out);
  b.deliver();
  ASSERT_EQ(b.get(exit).state, order_state::created);
  open_gate gate;
  account_core again{b.core.book(), settings(), gate};
  static_cast<void>(again.start(b.now));
  cancel_answer gone;
  gone.order.wire_id = b.get(stop).wire_id;
  gone.outcome = change_outcome::confirmed;
  static_cast<void>(again.on_report(gone, b.now));
  EXPECT_EQ(again.book().find(exit)->terms.qty, q(35));
  b.venue.rates().lost_cancel = b.venue.rates().lost_lookup = 0;
  b.pass(seconds{6});
  EXPECT_EQ(b.get(exit).terms.qty, q(35));
}

// ---- legs outside their session

struct closed_session : owners {
  static core_settings with(bool* open) {
    auto s = settings();
    s.is_open = [open](const std::string&, const order_terms&, utc_time) { return *open; };
    return s;
  }
  explicit closed_session() : owners(1, fault_rates::none(), with(&open)) {}
  bool open = true;

  void say(order_number n, venue_status status) {
    order_report r;
    r.order = at_venue(n).handle;
    r.status = status;
    r.at = now;
    done(core.on_report(r, now));
    deliver();
  }
};

/// A stop that the venue has put by until its session.
order_number put_by(closed_session& b, order_number head) {
  const auto exit = b.place(wanted("a part", order_side::sell, 1)); // the leg comes anew
  b.deliver();
  b.done(b.core.on_report([&] {
    execution_report e;
    e.order = b.at_venue(exit).handle;
    e.id = execution_id{"part"};
    e.symbol = "AAPL";
    e.way = direction::sell;
    e.qty = q(1);
    e.px = p(100);
    e.at = b.now;
    return e;
  }(), b.now));
  const auto* leg = b.out(head, "stop");
  TT_ASSERT(leg && leg->state == order_state::submitting);
  const auto number = leg->number;
  b.venue.outbox.clear();
  submit_answer yes;
  yes.order = b.at_venue(number).handle;
  yes.outcome = submit_outcome::accepted;
  yes.status = venue_status::accepted;
  b.done(b.core.on_report(yes, b.now));
  return number;
}

TEST(own_units, a_stop_that_waits_for_its_session_is_made_smaller_with_the_position) {
  closed_session b;
  const auto n = b.protect("", "k", 10);
  const auto stop = put_by(b, n);
  ASSERT_EQ(b.get(stop).state, order_state::accepted);
  ASSERT_EQ(b.get(stop).terms.qty, q(9));
  b.trade("two names", order_side::sell, 4, "s2");
  b.deliver();
  b.step();
  EXPECT_EQ(b.stop_of(n), q(5));
}

TEST(own_units, and_where_the_venue_does_not_change_it_a_smaller_one_takes_its_place) {
  closed_session b;
  const auto n = b.protect("", "k", 10);
  const auto stop = put_by(b, n);
  execution_report fill;
  fill.order = b.at_venue(stop).handle; // a part of it, so that it is too large by nobody's exit
  const auto other = b.place([] { auto w = wanted("x", order_side::sell, 4, order_type::limit); w.request.strategy = strategy_id{"s2"}; w.request.limit_price = p(120); return w; }());
  b.deliver();
  fill.order = b.at_venue(other).handle;
  fill.id = execution_id{"x"};
  fill.symbol = "AAPL";
  fill.way = direction::sell;
  fill.qty = q(4);
  fill.px = p(120);
  fill.at = b.now;
  const auto asked = b.core.on_report(fill, b.now);
  ASSERT_EQ(b.get(stop).state, order_state::pending_replace);
  replace_answer no;
  no.order.wire_id = b.get(stop).wire_id;
  no.outcome = change_outcome::refused;
  no.terms_version = 2;
  no.text = "not before the open";
  b.done(b.core.on_report(no, b.now));
  b.deliver();
  b.step();
  EXPECT_EQ(b.get(stop).state, order_state::cancelled);
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.stop_of(n), q(5));
}

TEST(own_units, a_leg_that_waits_for_its_session_can_be_moved) {
  closed_session b;
  const auto n = b.protect("", "k", 10);
  const auto stop = put_by(b, n);
  terms_change to;
  to.stop_price = p(95);
  EXPECT_FALSE(b.done(b.core.replace(stop, to, b.now)).refused);
  b.deliver();
  EXPECT_EQ(b.get(stop).terms.stop_price, p(95));
  EXPECT_EQ(b.get(stop).state, order_state::accepted);
  b.say(stop, venue_status::working);
  EXPECT_EQ(b.get(stop).state, order_state::working);
}

TEST(own_units, a_target_that_can_not_trade_now_does_not_take_the_place_of_the_stop) {
  closed_session b;
  const auto n = b.protect("", "k", 10);
  const auto stop = b.out(n, "stop")->number;
  b.open = false;
  b.price_seen(111);
  b.step();
  EXPECT_EQ(b.get(stop).state, order_state::working);
  b.open = true;
  b.price_seen(111);
  EXPECT_TRUE(b.out(n, "target"));
  b.open = false; // and a target that is left over makes room again
  b.price_seen(111);
  b.step();
  EXPECT_EQ(b.stop_of(n), q(10));
}

} // namespace
} // namespace tt::execution::test
