// What only a person decides, and what a person is shown for it: alarms, disagreements, orders of unknown fate, cancels that a
// stop waits for.

#include "tests/accounts/desk_bench.hpp"

namespace tt::gateway::test {
namespace {

class desk_persons : public desk_bench {
protected:
  result<order_snapshot> close_unknown(const trading_caller& who, const order_id& id, const std::string& reason) {
    return got<order_snapshot>([&](auto done) { port->close_unknown(who, {order_name::kind::server, id.str(), {}}, reason, done); });
  }
  result<placed_order> retry(const order_id& id) {
    return got<placed_order>([&](auto done) { port->retry(ann, {order_name::kind::server, id.str(), {}}, 250ms, done); });
  }
  result<accepted_position> accept(const trading_caller& who, const std::string& symbol, const char* average, const std::string& reason) {
    accept_position what;
    what.symbol = symbol;
    if (average) what.average = px(average);
    what.reason = reason;
    return got<accepted_position>([&](auto done) { port->accept(who, what, done); });
  }
  order_snapshot one(const order_id& id) {
    const auto all = orders();
    const auto at = std::ranges::find_if(all, [&](const auto& o) { return o.what.id == id; });
    return at == all.end() ? order_snapshot{} : *at;
  }
  bool has_alarm(std::string_view code) {
    const auto now = risk_now();
    return std::ranges::any_of(now.alarms, [&](const auto& a) { return a.code == code; });
  }
};

TEST_F(desk_persons, an_order_of_unknown_fate_is_alarmed_and_an_admin_may_end_it) {
  start();
  quote("AAPL", "99.99", "100.01");
  lose_broker();
  const auto sent = place(order_side::buy, "5", "AAPL", "90");
  ASSERT_TRUE(sent) << to_string(sent.error());
  EXPECT_EQ(sent->how, placed_order::outcome::pending);
  const auto id = sent->order.what.id;
  EXPECT_EQ(close_unknown(root, id, "looked there").error().code, errc::conflict) << "its fate is not in doubt yet";
  pass(11s);
  ASSERT_EQ(one(id).what.state, order_state::unknown);
  pass(61s);
  const auto risk = risk_now();
  const auto alarm = std::ranges::find_if(risk.alarms, [](const auto& a) { return a.code == "UNKNOWN_ORDER"; });
  ASSERT_NE(alarm, risk.alarms.end());
  EXPECT_EQ(alarm->order, id);
  EXPECT_EQ(alarm->symbol, "AAPL");
  EXPECT_EQ(alarm->level, severity::alarm);
  ASSERT_EQ(risk.frozen.size(), 1u);
  EXPECT_EQ(risk.frozen[0].symbol, "AAPL");
  const auto told = std::ranges::find_if(risk_told, [](const auto& n) { return n.what == "alarm" && n.code == "UNKNOWN_ORDER"; });
  ASSERT_NE(told, risk_told.end());
  EXPECT_EQ(told->order, id);
  EXPECT_FALSE(told->reason.empty());
  EXPECT_EQ(close_unknown(ann, id, "looked there").error().code, errc::refused) << "an admin's word";
  EXPECT_EQ(close_unknown(root, id, "").error().field, "reason");
  const auto closed = close_unknown(root, id, "not on the venue's screen");
  ASSERT_TRUE(closed) << to_string(closed.error());
  EXPECT_EQ(closed->what.state, order_state::rejected);
  EXPECT_EQ(closed->what.reason, "root: not on the venue's screen");
  EXPECT_TRUE(risk_now().frozen.empty());
  // its sender may try again: another wire id, the same cause
  quote("AAPL", "99.99", "100.01");
  const auto again = retry(id);
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_NE(again->order.what.id, id);
  EXPECT_EQ(again->order.what.attempt, 1);
  EXPECT_EQ(again->order.what.key, one(id).what.key);
  EXPECT_EQ(retry(id).error().code, errc::conflict) << "only the newest attempt";
}

TEST_F(desk_persons, a_position_that_only_the_venue_has_is_frozen_until_an_admin_accepts_it) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(place(order_side::buy, "1", "AAPL", "90")); // the account is not new any more
  venue_snapshot all;
  all.venue = venue_id{"paper"};
  all.asked_at = journal_offset{1};
  all.taken_at = now();
  all.positions = {{"AAPL", qty("7"), px("101")}};
  all.positions_are = completeness::complete;
  say(all);
  auto risk = risk_now();
  ASSERT_EQ(risk.frozen.size(), 1u);
  EXPECT_EQ(risk.frozen[0].ours, qty("0"));
  EXPECT_EQ(risk.frozen[0].theirs, qty("7"));
  EXPECT_TRUE(has_alarm("POSITION_DIFFERS"));
  EXPECT_EQ(place(order_side::buy, "1")->how, placed_order::outcome::refused);
  EXPECT_EQ(accept(ann, "AAPL", "101", "checked").error().code, errc::refused);
  EXPECT_EQ(accept(root, "MSFT", "101", "checked").error().code, errc::not_found);
  EXPECT_EQ(accept(root, "AAPL", nullptr, "checked").error().field, "average_price") << "no figure is made up";
  EXPECT_EQ(accept(root, "AAPL", "101", "").error().field, "reason");
  const auto taken = accept(root, "AAPL", "101", "bought by telephone");
  ASSERT_TRUE(taken) << to_string(taken.error());
  EXPECT_EQ(taken->before, qty("0"));
  EXPECT_EQ(taken->now, qty("7"));
  EXPECT_TRUE(risk_now().frozen.empty());
  ASSERT_EQ(positions().size(), 1u);
  EXPECT_EQ(positions()[0].held.qty, qty("7"));
  EXPECT_EQ(positions()[0].held.average_price(), px("101"));
  // and the gate reckons with it
  const auto out = place(order_side::sell, "7", "AAPL", "120");
  ASSERT_TRUE(out);
  EXPECT_EQ(out->order.what.decision.result, verdict::approved);
  EXPECT_EQ(accept(root, "AAPL", "101", "again").error().code, errc::not_found);
}

TEST_F(desk_persons, a_stop_asks_for_its_cancels_until_every_order_has_ended) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto kept = place(order_side::buy, "5", "AAPL", "90");
  ASSERT_TRUE(kept);
  const auto id = kept->order.what.id;
  lose_broker();
  stop_request halt;
  halt.reason = "test";
  const auto stopped_now = got<stopped>([&](auto done) { port->stop(ann, halt, done); });
  ASSERT_TRUE(stopped_now);
  EXPECT_EQ(stopped_now->cancel_requested, std::vector{id});
  EXPECT_EQ(one(id).what.state, order_state::pending_cancel);
  EXPECT_EQ(risk_now().unconfirmed, std::vector{id});
  ASSERT_EQ(risk_now().stops.size(), 1u);
  EXPECT_EQ(risk_now().stops[0].mode, risk::kill_mode::halt);
  cancel_answer no;
  no.order.wire_id = one(id).what.wire_id;
  no.outcome = change_outcome::refused;
  no.text = "not now";
  for (int i = 0; i < 3; ++i) { // as often as it says no
    say(no);
    EXPECT_EQ(one(id).what.state, order_state::working);
    EXPECT_EQ(risk_now().unconfirmed, std::vector{id});
    pass(2s);
    EXPECT_EQ(one(id).what.state, order_state::pending_cancel);
  }
  no.outcome = change_outcome::confirmed;
  say(no);
  EXPECT_EQ(one(id).what.state, order_state::cancelled);
  EXPECT_TRUE(risk_now().unconfirmed.empty());
}

TEST_F(desk_persons, a_stop_that_keeps_open_orders_asks_for_none) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto kept = place(order_side::buy, "5", "AAPL", "90");
  ASSERT_TRUE(kept);
  stop_request halt;
  halt.reason = "test";
  halt.open = stop_request::open_orders::keep;
  ASSERT_TRUE(got<stopped>([&](auto done) { port->stop(ann, halt, done); }));
  pass(10s);
  EXPECT_EQ(one(kept->order.what.id).what.state, order_state::working);
  EXPECT_TRUE(risk_now().unconfirmed.empty());
}

TEST_F(desk_persons, stops_of_every_scope_are_shown) {
  start();
  quote("AAPL", "99.99", "100.01");
  for (const auto& scope : {risk::kill_scope{risk::kill_scope::kind::strategy, "trend"}, risk::kill_scope{risk::kill_scope::kind::symbol, "MSFT"}}) {
    stop_request what;
    what.scope = scope;
    what.mode = risk::kill_mode::reduce;
    what.reason = "test";
    ASSERT_TRUE(got<stopped>([&](auto done) { port->stop(ann, what, done); }));
  }
  const auto risk = risk_now();
  EXPECT_EQ(risk.mode, risk::kill_mode::none) << "the account as a whole trades";
  ASSERT_EQ(risk.stops.size(), 2u);
  EXPECT_EQ(risk.stops[0].scope.name, "trend");
  EXPECT_EQ(risk.stops[1].scope.name, "MSFT");
}

TEST_F(desk_persons, legs_and_their_order_name_each_other_as_the_api_does) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto placed = bracket("5", "95", "104");
  ASSERT_TRUE(placed) << to_string(placed.error());
  pass(200ms);
  const auto id = placed->order.what.id;
  const auto head = one(id);
  ASSERT_EQ(head.what.state, order_state::filled);
  ASSERT_EQ(head.linked.size(), 2u);
  for (const auto& leg : head.linked) EXPECT_EQ(one(leg).parent, id);
  EXPECT_FALSE(head.parent);
  const auto told = std::ranges::find_if(news, [&](const auto& n) { return n.what.leg == "stop"; });
  ASSERT_NE(told, news.end());
  EXPECT_EQ(told->parent, id) << "on the stream too";
  start();
  EXPECT_EQ(one(id).linked, head.linked) << "after a restart";
}

TEST_F(desk_persons, a_strategy_that_never_traded_can_be_armed_again) {
  limits[static_cast<std::size_t>(risk::limit_id::max_position_size)] = risk::limit_setting::of(dec("0.00001")); // nothing fits
  start();
  quote("AAPL", "99.99", "100.01");
  const risk::breaker_scope trend{risk::breaker_scope::kind::strategy, "trend"};
  for (int i = 0; i < 3; ++i) {
    const auto out = signal("s" + std::to_string(i), order_side::buy, "1");
    ASSERT_TRUE(out);
    EXPECT_EQ(out->how, signal_outcome::kind::refused);
    pass(2s);
  }
  ASSERT_TRUE(is_tripped(risk::breaker_kind::repeated_reject, trend)) << "three times the same";
  const auto question = got<resume_question>([&](auto done) { port->ask_resume(root, "it is right now", done); });
  ASSERT_TRUE(question) << to_string(question.error());
  EXPECT_TRUE(question->blocking.empty());
  ASSERT_TRUE(got<std::uint64_t>([&](auto done) { port->resume(root, question->token, done); }));
  EXPECT_FALSE(is_tripped(risk::breaker_kind::repeated_reject, trend));
  const auto next = signal("s9", order_side::buy, "1");
  ASSERT_TRUE(next);
  EXPECT_EQ(orders().front().what.reject_code, "POSITION_LIMIT") << "for its own reason, not for those of before";
}

} // namespace
} // namespace tt::gateway::test
