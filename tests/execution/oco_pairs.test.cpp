// One-cancels-other pairs held by us.

#include "tests/execution/linked_orders.hpp"

namespace tt::execution::test {
namespace {

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

} // namespace
} // namespace tt::execution::test
