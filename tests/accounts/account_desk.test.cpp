// The desk of an account on virtual time: the door for signals, the emergency stop that
// flattens, breakers and the day roll, what it tells, and all of it again after a restart.

#include "tests/accounts/desk_bench.hpp"

namespace tt::gateway::test {
namespace {

TEST_F(desk_bench, a_key_makes_one_order_for_ever) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto first = signal("sig", order_side::buy, "3");
  ASSERT_TRUE(first) << to_string(first.error());
  EXPECT_EQ(first->how, signal_outcome::kind::taken);
  EXPECT_EQ(first->what.key.str(), "signal|3:sig");
  const auto other = signal("sig", order_side::sell, "9");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->how, signal_outcome::kind::repeated) << "whatever is asked now";
  EXPECT_EQ(other->what.id, first->what.id);
  start();
  quote("AAPL", "99.99", "100.01");
  const auto later = signal("sig", order_side::buy, "3");
  ASSERT_TRUE(later) << to_string(later.error());
  EXPECT_EQ(later->how, signal_outcome::kind::repeated);
  EXPECT_EQ(later->what.id, first->what.id);
  EXPECT_EQ(later->what.state, order_state::filled);
  EXPECT_EQ(orders().size(), 1U);
  const auto key = *intent_key::webhook("tv", "bar-1", 0);
  EXPECT_EQ(signal(key.str(), order_side::buy, "1")->what.key, key) << "a cause that is named stays itself";
  EXPECT_EQ(signal("", order_side::buy, "1").error().field, "key");
  EXPECT_EQ(signal(std::string(201, 'k'), order_side::buy, "1").error().field, "key");
  EXPECT_EQ(signal("u", order_side::buy, "1", "trend", "NOPE").error().code, errc::not_found);
  EXPECT_EQ(signal("big", order_side::buy, "1000")->how, signal_outcome::kind::refused);
}

TEST_F(desk_bench, no_key_that_a_caller_may_write_is_that_of_an_order_without_one) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto named = [&](const std::string& key) {
    place_order what;
    what.request.account = account_id{"paper"};
    what.request.symbol = "AAPL";
    what.request.size = size_quantity{qty("1")};
    what.idempotency_key = key;
    auto out = got<placed_order>([&](auto done) { port->place(ann, what, done); });
    pass(50ms);
    return out;
  };
  // the numbers that the next orders will have, in every form that a header may have
  for (const auto* key : {"#9", "#10", "#11", "#12", "unnamed|3:ann|2:9", "#preview"}) ASSERT_EQ(named(key)->how, placed_order::outcome::placed) << key;
  for (int i = 0; i < 6; ++i) {
    const auto nameless = place(i % 2 == 0 ? order_side::buy : order_side::sell, "2");
    ASSERT_TRUE(nameless) << i << ": " << to_string(nameless.error());
    EXPECT_EQ(nameless->how, placed_order::outcome::placed) << i;
    EXPECT_EQ(nameless->order.what.terms.qty, qty("2")) << i;
  }
  close_request all;
  all.reason = "test";
  ASSERT_EQ(positions().size(), 1U);
  const auto closed = got<closed_positions>([&](auto done) { port->close(ann, all, done); });
  ASSERT_TRUE(closed) << to_string(closed.error());
  EXPECT_EQ(closed->orders.size(), 1U);
  pass(50ms);
  EXPECT_TRUE(positions().empty());
}

TEST_F(desk_bench, of_webhooks_without_an_id_a_look_alike_is_refused) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto alert = [&](const char* id, signal_order::identity named) {
    signal_order what;
    what.key = intent_key::webhook("tv", id, 0)->str();
    what.named = named;
    what.request.account = account_id{"paper"};
    what.request.symbol = "AAPL";
    what.request.size = size_quantity{qty("1")};
    auto out = got<signal_outcome>([&](auto done) { orders_of_signals->place(what, done); });
    pass(50ms);
    return out;
  };
  using identity = signal_order::identity;
  EXPECT_EQ(alert("a", identity::given)->how, signal_outcome::kind::taken);
  EXPECT_EQ(alert("b", identity::given)->how, signal_outcome::kind::taken) << "another id is another order";
  const auto refused = alert("c", identity::derived);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->how, signal_outcome::kind::refused);
  EXPECT_EQ(refused->what.reject_code, "SIMILAR_ORDER");
  pass(1100ms);
  EXPECT_EQ(alert("d", identity::derived)->how, signal_outcome::kind::taken) << "after the window";
}

TEST_F(desk_bench, holdings_are_by_the_strategys_own_fills_and_what_rests_is_working) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(signal("t1", order_side::buy, "5"));
  ASSERT_TRUE(signal("r1", order_side::buy, "2", "revert"));
  EXPECT_EQ(holding("trend").qty, qty("5"));
  EXPECT_EQ(holding("trend").average_price, px("100.01"));
  EXPECT_EQ(holding("revert").qty, qty("2"));
  EXPECT_TRUE(holding("nobody").qty.is_zero());
  signal_order resting;
  resting.key = "t2";
  resting.request.account = account_id{"paper"};
  resting.request.symbol = "AAPL";
  resting.request.size = size_quantity{qty("4")};
  resting.request.type = order_type::limit;
  resting.request.limit_price = px("98");
  resting.request.strategy = strategy_id{"trend"};
  ASSERT_TRUE(got<signal_outcome>([&](auto done) { orders_of_signals->place(resting, done); }));
  pass(50ms);
  EXPECT_EQ(holding("trend").working_buys, qty("4"));
  EXPECT_TRUE(holding("revert").working_buys.is_zero());
  const auto cancelled = got<std::vector<order_id>>([&](auto done) { orders_of_signals->cancel({account_id{"paper"}, strategy_id{"trend"}, {}}, done); });
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->size(), 1U);
  pass(50ms);
  EXPECT_TRUE(holding("trend").working_buys.is_zero());
  const auto figures = got<account_figures>([&](auto done) { orders_of_signals->figures(account_id{"paper"}, done); });
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->cash, money{dec("99299.93")}) << "7 × 100.01";
  start();
  quote("AAPL", "99.99", "100.01");
  EXPECT_EQ(holding("trend").qty, qty("5")) << "also after a restart";
}

TEST_F(desk_bench, a_shared_position_that_a_person_closes_is_no_strategys_any_more) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(signal("t1", order_side::buy, "5"));
  ASSERT_TRUE(signal("r1", order_side::buy, "2", "revert"));
  close_request what;
  what.symbol = "AAPL";
  what.qty = qty("4");
  ASSERT_TRUE(got<closed_positions>([&](auto done) { port->close(ann, what, done); }));
  pass(50ms);
  EXPECT_EQ(holding("trend").qty, qty("3")) << "no more than the account has";
  EXPECT_EQ(holding("revert").qty, qty("2"));
  what.qty.reset();
  ASSERT_TRUE(got<closed_positions>([&](auto done) { port->close(ann, what, done); }));
  pass(50ms);
  ASSERT_TRUE(positions().empty());
  EXPECT_TRUE(holding("trend").qty.is_zero());
  EXPECT_FALSE(holding("trend").average_price);
  EXPECT_TRUE(holding("revert").qty.is_zero());
}

TEST_F(desk_bench, a_day_rolls_while_only_strategies_hold_the_symbol_and_the_account_starts_again) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(signal("a", order_side::buy, "5", "trend"));
  ASSERT_TRUE(place(order_side::sell, "5")); // by a person: the account is flat, the strategy's own fills are not
  day += 24h;
  quote("AAPL", "101.99", "102.01");
  quote("AAPL", "101.99", "102.01");
  start();
  quote("AAPL", "101.99", "102.01");
  const auto placed = place(order_side::buy, "1");
  ASSERT_TRUE(placed) << to_string(placed.error());
  EXPECT_EQ(placed->order.what.decision.result, verdict::approved);
}

TEST_F(desk_bench, strategies_on_both_sides_of_a_symbol_hold_what_they_traded) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(signal("t1", order_side::buy, "5"));
  ASSERT_TRUE(signal("r1", order_side::sell, "5", "revert"));
  ASSERT_TRUE(positions().empty()) << "for the account they make nothing";
  EXPECT_EQ(holding("trend").qty, qty("5"));
  EXPECT_EQ(holding("revert").qty, qty("-5"));
}

TEST_F(desk_bench, executions_are_paged_by_their_own_numbers) {
  start();
  quote("AAPL", "99.99", "100.01");
  order_id second;
  for (const auto* size : {"1", "2", "3"}) { // equal ones at once would be refused
    const auto placed = place(order_side::buy, size);
    ASSERT_TRUE(placed) << to_string(placed.error());
    if (size == std::string_view{"2"}) second = placed->order.what.id;
  }
  const auto ask = [&](const order_filter& filter) {
    return got<std::vector<execution_snapshot>>([&](auto done) { port->executions(ann, filter, done); }).value_or(std::vector<execution_snapshot>{});
  };
  order_filter filter;
  filter.limit = 2;
  const auto page = ask(filter);
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].sequence, 3U);
  EXPECT_EQ(page[1].sequence, 2U);
  filter.before = page[1].sequence;
  const auto rest = ask(filter);
  ASSERT_EQ(rest.size(), 1U) << "none twice and none left out";
  EXPECT_EQ(rest[0].sequence, 1U);
  order_filter of_one;
  of_one.order = second;
  const auto found = ask(of_one);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].order, second);
  order_filter early;
  early.until = page[1].fill.at;
  const auto first = ask(early);
  ASSERT_EQ(first.size(), 1U) << "until is not part of it";
  EXPECT_EQ(first[0].sequence, 1U);
}

TEST_F(desk_bench, a_flatten_cancels_closes_and_ends_in_a_halt_that_stays) {
  start();
  quote("AAPL", "99.99", "100.01");
  quote("MSFT", "49.99", "50.01");
  ASSERT_TRUE(signal("a", order_side::buy, "10"));
  ASSERT_TRUE(place(order_side::buy, "20", "MSFT"));
  const auto resting = place(order_side::buy, "5", "AAPL", "98");
  ASSERT_TRUE(resting);
  const auto done = flatten();
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ(done->cancel_requested, std::vector{resting->order.what.id});
  pass(2s);
  EXPECT_TRUE(positions().empty());
  EXPECT_EQ(risk_now().mode, risk::kill_mode::halt);
  const auto all = orders();
  ASSERT_EQ(all.size(), 5U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(all[i].what.origin, order_origin::flatten);
    EXPECT_EQ(all[i].what.terms.effect, position_effect::reduce_only);
    EXPECT_EQ(all[i].what.decision.result, verdict::approved) << "through the gate";
  }
  EXPECT_TRUE(holding("trend").qty.is_zero()) << "the closing order was the strategy's, for it held it all";
  EXPECT_EQ(place(order_side::buy, "1")->order.what.reject_code, "KILL_SWITCH");
  start();
  EXPECT_EQ(risk_now().mode, risk::kill_mode::halt);
  ASSERT_FALSE(risk_told.empty());
  EXPECT_EQ(risk_told.back().what, "kill_switch");
  EXPECT_EQ(risk_told.back().mode, risk::kill_mode::halt);
}

TEST_F(desk_bench, a_flatten_waits_for_the_session_and_goes_on_after_a_restart) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(place(order_side::buy, "10"));
  day += 11h; // 21:00 in New York
  start();
  ASSERT_TRUE(flatten());
  pass(2s);
  EXPECT_EQ(risk_now().mode, risk::kill_mode::flatten);
  EXPECT_EQ(orders().size(), 1U) << "nothing is sent that can't trade";
  day += 13h;
  start();
  quote("AAPL", "99.99", "100.01");
  pass(2s);
  EXPECT_TRUE(positions().empty());
  EXPECT_EQ(risk_now().mode, risk::kill_mode::halt);
}

TEST_F(desk_bench, a_flatten_of_one_strategy_leaves_the_others_alone) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(signal("t", order_side::buy, "5"));
  ASSERT_TRUE(signal("r", order_side::buy, "3", "revert"));
  ASSERT_TRUE(flatten({risk::kill_scope::kind::strategy, "trend"}));
  pass(2s);
  EXPECT_TRUE(holding("trend").qty.is_zero());
  EXPECT_EQ(holding("revert").qty, qty("3"));
  EXPECT_EQ(signal("t2", order_side::buy, "1")->what.reject_code, "KILL_SWITCH");
  EXPECT_EQ(signal("r2", order_side::buy, "1", "revert")->how, signal_outcome::kind::taken);
}

TEST_F(desk_bench, losses_in_a_row_trip_a_breaker_until_the_day_rolls) {
  start();
  ASSERT_TRUE(set_limit(risk::limit_id::consecutive_losses, "2"));
  lose();
  EXPECT_FALSE(is_tripped(risk::breaker_kind::consecutive_losses));
  lose();
  EXPECT_TRUE(is_tripped(risk::breaker_kind::consecutive_losses));
  EXPECT_EQ(place(order_side::buy, "1")->order.what.reject_code, "CONSECUTIVE_LOSSES");
  start();
  EXPECT_TRUE(is_tripped(risk::breaker_kind::consecutive_losses)) << "also after a restart";
  const auto before = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
  ASSERT_TRUE(before);
  day += 24h;
  quote("AAPL", "99.99", "100.01");
  quote("AAPL", "99.99", "100.01");
  EXPECT_FALSE(is_tripped(risk::breaker_kind::consecutive_losses)) << "a new day";
  const auto after = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
  ASSERT_TRUE(after);
  EXPECT_EQ(after->front().figures.start_of_day_equity, before->front().figures.equity);
  EXPECT_EQ(after->front().figures.day_pnl, money{});
  EXPECT_EQ(place(order_side::buy, "10")->order.what.decision.result, verdict::approved) << "the losses of yesterday don't count";
  quote("AAPL", "98.99", "99.01");
  ASSERT_TRUE(place(order_side::sell, "10"));
  EXPECT_FALSE(is_tripped(risk::breaker_kind::consecutive_losses)) << "the first of the day";
}

/// Legs that wait have not passed the gate: their own keys must not look like orders sent twice.
TEST_F(desk_bench, a_target_that_waits_goes_out_after_a_restart) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(bracket("5", "95", "104", time_in_force::gtc));
  pass(200ms);
  start();
  quote("AAPL", "104.50", "104.52");
  pass(3s);
  quote("AAPL", "104.50", "104.52");
  pass(1s);
  EXPECT_TRUE(positions().empty()) << "the target was reached";
}

/// What was accepted is sent, though its sender is not known to the new process.
TEST_F(desk_bench, an_exit_that_waits_for_its_protection_goes_out_after_a_restart) {
  latency = 400ms;
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(bracket("5", "95", nullptr, time_in_force::gtc));
  pass(2s);
  quote("AAPL", "99.99", "100.01");
  pass(2s);
  ASSERT_EQ(positions().size(), 1u);
  place_order exit;
  exit.request.account = account_id{"paper"};
  exit.request.symbol = "AAPL";
  exit.request.side = order_side::sell;
  exit.request.size = size_quantity{qty("5")};
  exit.wait = 0ms;
  const auto placed = got<placed_order>([&](auto done) { port->place(ann, exit, done); });
  ASSERT_TRUE(placed) << to_string(placed.error());
  ASSERT_EQ(placed->order.what.state, order_state::created);
  start();
  for (int i = 0; i < 6; ++i) {
    quote("AAPL", "99.99", "100.01");
    pass(1s);
  }
  EXPECT_TRUE(positions().empty());
  const auto all = orders();
  const auto one = std::ranges::find_if(all, [&](const order_snapshot& o) { return o.what.id == placed->order.what.id; });
  ASSERT_NE(one, all.end());
  EXPECT_EQ(one->what.state, order_state::filled) << one->what.reject_code;
}

TEST_F(desk_bench, a_pattern_day_trader_below_the_floor_has_three_day_trades) {
  type = account_type::pdt;
  cash = money{20'000};
  start();
  quote("AAPL", "99.99", "100.01");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(place(order_side::buy, "2")->order.what.decision.code.empty() || positions().size() == 1u) << i;
    ASSERT_TRUE(place(order_side::sell, "2"));
    ASSERT_TRUE(positions().empty());
  }
  EXPECT_EQ(place(order_side::buy, "2")->order.what.reject_code, "PDT");
  start();
  quote("AAPL", "99.99", "100.01");
  EXPECT_EQ(place(order_side::buy, "2")->order.what.reject_code, "PDT") << "also after a restart";
  day += 8 * 24h; // a holiday is no session
  quote("AAPL", "99.99", "100.01");
  quote("AAPL", "99.99", "100.01");
  EXPECT_EQ(place(order_side::buy, "2")->order.what.reject_code, "") << "five sessions later they are free again";
}

TEST_F(desk_bench, a_breaker_is_armed_again_in_two_steps_by_an_admin) {
  start();
  ASSERT_TRUE(set_limit(risk::limit_id::consecutive_losses, "1"));
  lose();
  ASSERT_TRUE(is_tripped(risk::breaker_kind::consecutive_losses));
  EXPECT_FALSE(got<resume_question>([&](auto done) { port->ask_resume(ann, "again", done); }));
  const auto question = got<resume_question>([&](auto done) { port->ask_resume(root, "seen", done); });
  ASSERT_TRUE(question) << to_string(question.error());
  EXPECT_TRUE(is_tripped(risk::breaker_kind::consecutive_losses)) << "one step is none";
  ASSERT_TRUE(got<std::uint64_t>([&](auto done) { port->resume(root, question->token, done); }));
  EXPECT_FALSE(is_tripped(risk::breaker_kind::consecutive_losses));
  EXPECT_EQ(place(order_side::buy, "1")->order.what.decision.result, verdict::approved);
  start();
  EXPECT_FALSE(is_tripped(risk::breaker_kind::consecutive_losses));
}

TEST_F(desk_bench, a_preview_says_what_an_order_would_cost) {
  start();
  quote("AAPL", "99.99", "100.01");
  order_request asked;
  asked.account = account_id{"paper"};
  asked.symbol = "AAPL";
  asked.size = size_quantity{qty("10")};
  const auto seen = got<order_preview>([&](auto done) { port->preview(ann, asked, done); });
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_EQ(seen->decision.result, verdict::approved) << seen->decision.code << " " << seen->decision.message;
  EXPECT_EQ(seen->price_used, px("100.01"));
  EXPECT_EQ(seen->notional, money{dec("1000.1")});
  EXPECT_EQ(seen->buying_power_after, money{dec("198999.8")}) << "1,000 are paid for, and a tick each is lost at once, twice over";
  asked.size = size_quantity{qty("100000")};
  const auto large = got<order_preview>([&](auto done) { port->preview(ann, asked, done); });
  ASSERT_TRUE(large);
  EXPECT_EQ(large->decision.result, verdict::rejected);
  EXPECT_EQ(large->buying_power_after, money{200'000}) << "nothing would be taken";
  EXPECT_TRUE(orders().empty());
}

place_order sale_that_closes(const char* size) {
  place_order out;
  out.request.account = account_id{"paper"};
  out.request.symbol = "AAPL";
  out.request.side = order_side::sell;
  out.request.size = size_quantity{qty(size)};
  out.request.effect = position_effect::reduce_only;
  return out;
}

TEST_F(desk_bench, a_preview_says_of_exits_and_pairs_what_the_order_will_hear) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(bracket("10", "95", "110"));
  pass(100ms);
  const auto exit = sale_that_closes("10");
  const auto seen = got<order_preview>([&](auto done) { port->preview(ann, exit.request, done); });
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->decision.code, "APPROVED") << seen->decision.message << ": its own protection makes room";
  EXPECT_EQ(seen->decision.approved, qty("10"));
  const auto placed = got<placed_order>([&](auto done) { port->place(ann, exit, done); });
  ASSERT_TRUE(placed);
  EXPECT_TRUE(placed->order.what.decision.may_send() || placed->order.what.state == order_state::created);
  pass(200ms);
  EXPECT_TRUE(positions().empty());
  // beside a sale that rests a bracket's stop would have no room
  ASSERT_TRUE(place(order_side::sell, "20", "AAPL", "105"));
  order_request entry;
  entry.account = account_id{"paper"};
  entry.symbol = "AAPL";
  entry.size = size_quantity{qty("20")};
  entry.type = order_type::bracket;
  entry.loss = stop_loss{px("95"), {}};
  const auto none = got<order_preview>([&](auto done) { port->preview(ann, entry, done); });
  ASSERT_TRUE(none);
  EXPECT_EQ(none->decision.code, "REDUCE_ONLY_EXCESS");
  EXPECT_EQ(bracket("20", "95", nullptr)->order.what.reject_code, "REDUCE_ONLY_EXCESS");
}

TEST_F(desk_bench, closing_everything_leaves_the_protection_of_what_the_gate_will_not_close) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(bracket("10", "95", nullptr));
  ASSERT_TRUE(place(order_side::buy, "5", "AAPL", "98"));
  stop_request halt;
  halt.reason = "test";
  halt.open = stop_request::open_orders::keep;
  ASSERT_TRUE(got<stopped>([&](auto done) { port->stop(ann, halt, done); }));
  close_request all;
  all.account = account_id{"paper"};
  const auto refused = got<closed_positions>([&](auto done) { port->close(ann, all, done); });
  ASSERT_TRUE(refused) << to_string(refused.error());
  ASSERT_EQ(refused->orders.size(), 1U);
  EXPECT_EQ(refused->orders[0].what.reject_code, "KILL_SWITCH");
  EXPECT_EQ(refused->cancelled.size(), 1U) << "the purchase that rested";
  const auto stops = std::ranges::count_if(orders(), [](const order_snapshot& one) { return one.what.leg == "stop" && one.what.state == order_state::working; });
  EXPECT_EQ(stops, 1) << "the position is still protected";
}

TEST_F(desk_bench, closing_a_position_takes_back_what_rests_only_to_close_it) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(place(order_side::buy, "10"));
  auto stop = sale_that_closes("10");
  stop.request.type = order_type::stop;
  stop.request.stop_price = px("95");
  const auto resting = got<placed_order>([&](auto done) { port->place(ann, stop, done); });
  ASSERT_TRUE(resting);
  close_request what;
  what.account = account_id{"paper"};
  what.symbol = "AAPL";
  const auto closed = got<closed_positions>([&](auto done) { port->close(ann, what, done); });
  ASSERT_TRUE(closed) << to_string(closed.error());
  EXPECT_EQ(closed->cancelled, std::vector{resting->order.what.id});
  pass(200ms);
  EXPECT_TRUE(positions().empty());
}

TEST_F(desk_bench, closing_a_part_cuts_what_rests_only_to_close_it) {
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(place(order_side::buy, "60"));
  auto older = sale_that_closes("20");
  older.request.type = order_type::limit;
  older.request.limit_price = px("105");
  auto stop = sale_that_closes("40");
  stop.request.type = order_type::trailing_stop;
  stop.request.trail_percent = dec("5");
  ASSERT_TRUE(got<placed_order>([&](auto done) { port->place(ann, older, done); }));
  ASSERT_TRUE(got<placed_order>([&](auto done) { port->place(ann, stop, done); }));
  pass(100ms);
  const auto close = [&](const char* size) {
    close_request what;
    what.account = account_id{"paper"};
    what.symbol = "AAPL";
    what.qty = qty(size);
    const auto out = got<closed_positions>([&](auto done) { port->close(ann, what, done); });
    EXPECT_TRUE(out) << to_string(out.error());
    pass(200ms);
    EXPECT_TRUE(out && out->orders.size() == 1 && out->orders[0].what.reject_code.empty()) << (out && !out->orders.empty() ? out->orders[0].what.reject_code : "");
    return out.value_or(closed_positions{});
  };
  const auto rests = [&] {
    std::map<order_type, quantity> out;
    for (const auto& one : orders())
      if (!is_final(one.what.state)) out[one.what.terms.type] = one.what.remaining();
    return out;
  };
  EXPECT_TRUE(close("30").cancelled.empty()) << "the stop goes on with what is left";
  ASSERT_EQ(positions().size(), 1U);
  EXPECT_EQ(positions()[0].held.qty, qty("30"));
  EXPECT_EQ(rests(), (std::map<order_type, quantity>{{order_type::limit, qty("20")}, {order_type::trailing_stop, qty("10")}}));
  EXPECT_EQ(close("15").cancelled.size(), 1U) << "nothing is left for the newer one";
  ASSERT_EQ(positions().size(), 1U);
  EXPECT_EQ(positions()[0].held.qty, qty("15"));
  EXPECT_EQ(rests(), (std::map<order_type, quantity>{{order_type::limit, qty("15")}}));
}

TEST_F(desk_bench, closing_everything_at_a_slow_venue_is_answered_and_goes_on) {
  latency = 2'500ms;
  start();
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(place(order_side::buy, "10"));
  pass(3s);
  ASSERT_TRUE(place(order_side::buy, "5", "AAPL", "98"));
  pass(3s);
  close_request all;
  all.account = account_id{"paper"};
  const auto answered = got<closed_positions>([&](auto done) { port->close(ann, all, done); });
  ASSERT_TRUE(answered) << to_string(answered.error());
  EXPECT_TRUE(answered->orders.empty());
  EXPECT_EQ(answered->cancelled.size(), 1U);
  for (int i = 0; i < 10; ++i) {
    quote("AAPL", "99.99", "100.01");
    pass(1s);
  }
  EXPECT_TRUE(positions().empty());
}

TEST_F(desk_bench, news_are_numbered_without_gaps_and_go_on_after_a_restart) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto bought = place(order_side::buy, "10");
  ASSERT_TRUE(bought);
  ASSERT_FALSE(news.empty());
  for (std::size_t i = 0; i < news.size(); ++i) EXPECT_EQ(news[i].sequence, i + 1);
  EXPECT_EQ(news.back().what.state, order_state::filled);
  const auto one = got<order_snapshot>([&](auto done) { port->order_of(ann, {order_name::kind::server, bought->order.what.id.str(), {}}, done); });
  ASSERT_TRUE(one);
  ASSERT_GE(one->events.size(), 4U);
  EXPECT_EQ(one->events[0].what, "created");
  EXPECT_EQ(one->events[1].what, "approved");
  EXPECT_EQ(one->events[2].what, "send");
  EXPECT_EQ(one->events.back().what, "execution");
  ASSERT_FALSE(positions_told.empty());
  EXPECT_EQ(positions_told.back().held.qty, qty("10"));
  const auto told = news.size();
  start();
  EXPECT_EQ(news.size(), told) << "a replay is no news";
  const auto history = got<std::vector<account_history>>([&](auto done) { port->history(done); });
  ASSERT_TRUE(history);
  EXPECT_EQ(history->front().orders, told);
  EXPECT_EQ(history->front().executions, 1U);
  ASSERT_EQ(history->front().order_news.size(), told);
  EXPECT_EQ(history->front().order_news.back().sequence, told);
  EXPECT_EQ(history->front().execution_news.size(), 1U);
  quote("AAPL", "99.99", "100.01");
  ASSERT_TRUE(place(order_side::sell, "10"));
  EXPECT_EQ(news[told].sequence, told + 1);
  EXPECT_TRUE(positions_told.back().held.qty.is_zero()) << "a closed position is told as one of nothing";
}

TEST_F(desk_bench, a_future_ties_up_its_margin) {
  start();
  quote("MNQ1!", "19999.75", "20000.25");
  const auto bought = place(order_side::buy, "2", "MNQ1!");
  ASSERT_TRUE(bought);
  EXPECT_EQ(bought->order.what.decision.result, verdict::approved) << bought->order.what.reject_code << " " << bought->order.what.reason;
  quote("MNQ1!", "20010.25", "20010.75");
  ASSERT_EQ(positions().size(), 1U);
  EXPECT_EQ(positions().front().unrealized, money{40}) << "2 contracts × 10 points × 2, marked at the last price";
  const auto now_ = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
  ASSERT_TRUE(now_);
  EXPECT_EQ(now_->front().balances.initial_margin, money{6'800});
  EXPECT_EQ(now_->front().balances.maintenance_margin, money{6'200});
}

TEST_F(desk_bench, trading_is_switched_off_for_the_account_alone) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto hosted = *hosts->find(account_id{"paper"});
  post(hosted, [desk = hosted.desk](account_access& in) { desk->set_trading(in, risk::on_off::off); });
  EXPECT_EQ(place(order_side::buy, "1")->order.what.reject_code, "ACCOUNT_DISABLED");
  post(hosted, [desk = hosted.desk](account_access& in) { desk->set_trading(in, risk::on_off::on); });
  EXPECT_EQ(place(order_side::buy, "2")->order.what.decision.result, verdict::approved);
}

} // namespace
} // namespace tt::gateway::test
