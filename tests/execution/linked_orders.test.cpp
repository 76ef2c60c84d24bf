// Brackets held by us: their legs, from the first fill to the last.

#include "tests/execution/linked_orders.hpp"

namespace tt::execution::test {
namespace {

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
  const auto n = b.protect("k", 10);
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
  const auto n = b.protect("k", 10);
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

TEST(brackets, a_target_that_is_taken_away_leaves_the_stop) {
  linked b;
  const auto n = b.protect("k", 10);
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

TEST(brackets, a_target_that_would_be_refused_leaves_the_stop_and_goes_out_when_it_passes) {
  linked b;
  const auto n = b.protect("k", 10);
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
  const auto n = b.protect("k", 10);
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
  const auto n = b.protect("k", 10);
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

TEST(brackets, a_price_that_plays_about_the_target_does_not_wear_the_protection_out) {
  linked b;
  const auto n = b.protect("k", 10);
  for (int i = 0; i < 600; ++i) {
    b.price_seen(i % 2 ? 100 : 110);
    b.pass(settings().timings.target_patience + milliseconds{1});
  }
  EXPECT_FALSE(b.alarmed("UNPROTECTED"));
  ASSERT_TRUE(b.out(n, "stop"));
  EXPECT_EQ(b.venue.find(b.out(n, "stop")->wire_id)->request.terms.qty, q(10));
  EXPECT_LE(b.legs(n, "stop").size() + b.legs(n, "target").size(), account_core::max_swaps + 2);
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
