// The life of orders, step by step against a scripted venue.

#include "tests/execution/faulty_venue.hpp"

#include "actors/execution/wire_id.hpp"

namespace tt::execution::test {
namespace {

submit_answer accepted(const order& what, venue_status status = venue_status::working) {
  submit_answer a;
  a.order = {what.wire_id, venue_order_id{"v" + std::to_string(raw(what.number))}, "s1"};
  a.outcome = submit_outcome::accepted;
  a.status = status;
  return a;
}
execution_report executed(const order& what, const std::string& id, std::int64_t qty, std::int64_t px) {
  execution_report e;
  e.order = {what.wire_id, what.venue_order, "s1"};
  e.id = execution_id{id};
  e.symbol = what.symbol;
  e.way = what.way();
  e.qty = q(qty);
  e.px = p(px);
  e.at = at(1);
  return e;
}

/// A core whose venue is the test itself.
struct scripted {
  explicit scripted(core_settings with = settings()) : core(opened_book(), std::move(with), gate) {}
  open_gate gate;
  account_core core;
  utc_time now = at(0);
  std::vector<effect> effects;
  std::vector<journal_record> records;

  outcome done(outcome out) {
    effects.insert(effects.end(), out.effects.begin(), out.effects.end());
    records.insert(records.end(), out.records.begin(), out.records.end());
    return out;
  }
  order_number place(const new_order& what) {
    const auto out = done(core.place(what, now));
    EXPECT_FALSE(out.refused) << to_string(*out.refused);
    return out.order;
  }
  outcome report(const venue_report& r) { return done(core.on_report(r, now)); }
  const order& get(order_number n) { return *core.book().find(n); }
  template <class Effect>
  std::vector<Effect> take() {
    std::vector<Effect> out;
    std::vector<effect> rest;
    for (auto& e : effects) {
      if (auto* x = std::get_if<Effect>(&e)) out.push_back(*x);
      else rest.push_back(e);
    }
    effects = std::move(rest);
    return out;
  }
  std::vector<submit_request> sends() {
    std::vector<submit_request> out;
    for (const auto& s : take<std::shared_ptr<const send_command>>()) out.push_back(s->request());
    return out;
  }
  bool alarmed(std::string_view code) {
    return std::any_of(effects.begin(), effects.end(), [&](const effect& e) {
      const auto* a = std::get_if<alert_effect>(&e);
      return a && a->code == code;
    });
  }
  /// Folds the records anew: the same state, byte for byte.
  void check_replay() {
    auto book = opened_book();
    for (const auto& r : records) {
      const auto applied = book.apply(r);
      ASSERT_TRUE(applied) << to_string(applied.error());
    }
    EXPECT_EQ(book.to_bytes(), core.book().to_bytes());
    const auto back = account_book::from_bytes(book.to_bytes());
    ASSERT_TRUE(back) << to_string(back.error());
    EXPECT_EQ(back->to_bytes(), book.to_bytes());
    EXPECT_EQ(back->open_orders(), book.open_orders());
  }
};

TEST(account_core, an_order_from_intent_to_fill) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  // intent, decision and send record stand in the journal before the send is an effect
  ASSERT_EQ(s.records.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<order_intent>(s.records[0].fact));
  EXPECT_TRUE(std::holds_alternative<order_decided>(s.records[1].fact));
  EXPECT_EQ(std::get<order_moved>(s.records[2].fact).event, order_event::send);
  EXPECT_EQ(s.records[2].cause, s.records[0].offset);
  EXPECT_EQ(s.get(n).state, order_state::submitting);
  const auto sent = s.sends();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].wire_id, wire_id_of(paper(), *intent_key::manual("tester", "k"), 0));
  EXPECT_EQ(sent[0].terms.qty, q(10));
  s.report(accepted(s.get(n)));
  EXPECT_EQ(s.get(n).state, order_state::working);
  s.report(executed(s.get(n), "e1", 4, 100));
  EXPECT_EQ(s.get(n).state, order_state::partially_filled);
  s.report(executed(s.get(n), "e1", 4, 100)); // by another stream
  EXPECT_EQ(s.get(n).filled, q(4));
  s.report(executed(s.get(n), "e2", 6, 105));
  EXPECT_EQ(s.get(n).state, order_state::filled);
  EXPECT_EQ(s.get(n).average_price(), p(103)); // (4·100 + 6·105) / 10
  EXPECT_EQ(s.core.book().held("AAPL"), q(10));
  EXPECT_EQ(s.core.book().cash(), money{100'000 - 1'030});
  EXPECT_EQ(s.gate.fills, 2);
  s.check_replay();
}

TEST(account_core, a_rejected_order_never_leaves) {
  scripted s;
  s.gate.refuse_with = "POSITION_LIMIT";
  const auto n = s.place(wanted("k", order_side::buy, 10));
  EXPECT_EQ(s.get(n).state, order_state::risk_rejected);
  EXPECT_EQ(s.get(n).reject_code, "POSITION_LIMIT");
  EXPECT_TRUE(s.sends().empty());
  s.check_replay();
}

TEST(account_core, what_goes_out_is_what_was_approved) {
  scripted s;
  s.gate.cut_to = q(4);
  const auto n = s.place(wanted("k", order_side::buy, 10));
  EXPECT_EQ(s.sends().at(0).terms.qty, q(4));
  EXPECT_EQ(s.get(n).original, q(10));
  EXPECT_EQ(s.get(n).terms.qty, q(4));
  s.check_replay();
}

TEST(account_core, an_approval_serves_once_and_for_its_order_only) {
  auto book = opened_book();
  order what;
  what.symbol = "AAPL";
  what.key = *intent_key::manual("tester", "k");
  what.wire_id = wire_id_of(paper(), what.key, 0);
  what.terms.qty = q(1);
  auto proof = risk::gate::pass(paper(), what, what.terms);
  const venue_capabilities can;
  EXPECT_TRUE(send_command::make(std::move(proof), what, paper(), lease_epoch{1}, can));
  const auto again = send_command::make(std::move(proof), what, paper(), lease_epoch{1}, can); // NOLINT: that it is spent is the point
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, errc::refused);
  auto other = what;
  other.key = *intent_key::manual("tester", "other");
  EXPECT_FALSE(send_command::make(risk::gate::pass(paper(), what, what.terms), other, paper(), lease_epoch{1}, can));
  EXPECT_FALSE(send_command::make(risk::gate::pass(account_id{"x"}, what, what.terms), what, paper(), lease_epoch{1}, can));
}

TEST(account_core, the_same_intent_twice_is_one_order) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  const auto again = s.done(s.core.place(wanted("k", order_side::buy, 10), s.now));
  EXPECT_EQ(again.answer, reply::repeated);
  EXPECT_EQ(again.order, n);
  EXPECT_TRUE(again.records.empty());
  const auto other = s.done(s.core.place(wanted("k", order_side::buy, 11), s.now));
  ASSERT_TRUE(other.refused);
  EXPECT_EQ(other.refused->code, errc::conflict);
  EXPECT_EQ(s.sends().size(), 1u);
}

TEST(account_core, a_venue_that_can_not_do_a_type_is_told_nothing) {
  scripted s;
  auto what = wanted("k", order_side::buy, 10);
  what.request.tif = time_in_force::fok;
  const auto out = s.done(s.core.place(what, s.now));
  ASSERT_TRUE(out.refused);
  EXPECT_EQ(out.refused->code, errc::unsupported);
  EXPECT_EQ(out.refused->field, "time_in_force");
  EXPECT_TRUE(s.records.empty());
}

TEST(account_core, not_sent_is_tried_again_under_the_same_id_until_the_deadline) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  const auto first = s.sends().at(0);
  submit_answer answer;
  answer.order.wire_id = s.get(n).wire_id;
  answer.outcome = submit_outcome::not_sent;
  answer.retry_after = milliseconds{700};
  int tries = 0;
  for (; s.get(n).state == order_state::submitting && tries < 100; ++tries) {
    s.report(answer);
    EXPECT_TRUE(s.sends().empty());
    s.now += milliseconds{700};
    s.done(s.core.tick(s.now));
    for (const auto& again : s.sends()) EXPECT_EQ(again, first);
  }
  EXPECT_EQ(s.get(n).state, order_state::rejected); // 5 s for a market order
  EXPECT_EQ(s.get(n).reject_code, "not_sent");
  EXPECT_EQ(tries, 8);
  s.check_replay();
}

TEST(account_core, the_acceptance_arrives_while_the_retry_timer_is_due) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  s.sends();
  submit_answer answer;
  answer.order.wire_id = s.get(n).wire_id;
  answer.outcome = submit_outcome::not_sent;
  answer.retry_after = milliseconds{100};
  s.report(answer);
  s.now += milliseconds{100};
  s.report(accepted(s.get(n))); // the venue has it after all
  s.done(s.core.tick(s.now));
  s.now += seconds{100};
  s.done(s.core.tick(s.now));
  EXPECT_TRUE(s.sends().empty()); // the timer died with its state
  EXPECT_EQ(s.get(n).state, order_state::working);
}

TEST(account_core, silence_of_the_adapter_is_doubt_not_failure) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  s.sends();
  for (int i = 0; i < 30 && s.get(n).state == order_state::submitting; ++i) {
    s.now += seconds{1};
    s.done(s.core.tick(s.now));
  }
  EXPECT_EQ(s.get(n).state, order_state::unknown);
  EXPECT_TRUE(s.sends().empty());
  EXPECT_FALSE(s.take<lookup_request>().empty());
  // and it stays so, with an alarm after a minute, until somebody knows
  for (int i = 0; i < 120; ++i) {
    s.now += seconds{1};
    s.done(s.core.tick(s.now));
  }
  EXPECT_EQ(s.get(n).state, order_state::unknown);
  EXPECT_TRUE(s.alarmed("UNKNOWN_ORDER"));
  EXPECT_TRUE(s.core.book().frozen().contains("AAPL")); // only closing orders meanwhile
  EXPECT_TRUE(s.sends().empty());
  lookup_answer found;
  found.order.wire_id = s.get(n).wire_id;
  found.outcome = lookup_outcome::found;
  found.report = order_report{};
  found.report->order = {s.get(n).wire_id, venue_order_id{"9"}, "s1"};
  s.report(found);
  EXPECT_EQ(s.get(n).state, order_state::working);
  EXPECT_EQ(s.get(n).venue_order.str(), "9");
  EXPECT_TRUE(s.core.book().frozen().empty());
  s.check_replay();
}

TEST(account_core, a_restart_puts_what_was_going_out_in_doubt_and_sends_nothing) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  auto book = opened_book();
  for (const auto& r : s.records) ASSERT_TRUE(book.apply(r));
  account_core again{std::move(book), settings(), s.gate};
  const auto out = again.start(at(5));
  EXPECT_EQ(again.book().find(n)->state, order_state::unknown);
  EXPECT_TRUE(again.book().frozen().contains("AAPL"));
  for (const auto& e : out.effects) EXPECT_FALSE(std::holds_alternative<std::shared_ptr<const send_command>>(e));
  EXPECT_TRUE(std::any_of(out.effects.begin(), out.effects.end(), [](const effect& e) { return std::holds_alternative<lookup_request>(e); }));
}

TEST(account_core, fills_while_a_cancel_is_open_count) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  s.report(accepted(s.get(n)));
  s.done(s.core.cancel(n, "", s.now));
  EXPECT_EQ(s.get(n).state, order_state::pending_cancel);
  EXPECT_EQ(s.take<cancel_request>().size(), 1u);
  s.report(executed(s.get(n), "e1", 3, 100));
  EXPECT_EQ(s.get(n).state, order_state::pending_cancel);
  cancel_answer confirmed;
  confirmed.order.wire_id = s.get(n).wire_id;
  confirmed.outcome = change_outcome::confirmed;
  s.report(confirmed);
  EXPECT_EQ(s.get(n).state, order_state::cancelled);
  EXPECT_EQ(s.get(n).filled, q(3));
  // an execution that comes later is booked once, with an alarm
  s.report(executed(s.get(n), "e2", 2, 100));
  s.report(executed(s.get(n), "e2", 2, 100));
  EXPECT_EQ(s.get(n).state, order_state::cancelled);
  EXPECT_EQ(s.core.book().held("AAPL"), q(5));
  EXPECT_TRUE(s.alarmed("LATE_EXECUTION"));
  s.report(executed(s.get(n), "e3", 5, 100));
  EXPECT_EQ(s.get(n).state, order_state::filled);
  s.check_replay();
}

TEST(account_core, the_cancel_of_a_dead_order_ends_in_its_true_state) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  s.report(accepted(s.get(n)));
  s.done(s.core.cancel(n, "", s.now));
  cancel_answer gone;
  gone.order.wire_id = s.get(n).wire_id;
  gone.outcome = change_outcome::not_open;
  s.report(gone);
  EXPECT_EQ(s.get(n).state, order_state::pending_cancel);
  ASSERT_EQ(s.take<lookup_request>().size(), 1u); // asked, not asked for ever
  lookup_answer found;
  found.order.wire_id = s.get(n).wire_id;
  found.outcome = lookup_outcome::found;
  found.report = order_report{};
  found.report->order.wire_id = s.get(n).wire_id;
  found.report->status = venue_status::expired;
  s.report(found);
  EXPECT_EQ(s.get(n).state, order_state::expired);
  s.now += seconds{1000};
  s.done(s.core.tick(s.now));
  EXPECT_TRUE(s.take<lookup_request>().empty());
  EXPECT_TRUE(s.take<cancel_request>().size() <= 1u);
  const auto again = s.done(s.core.cancel(n, "", s.now));
  EXPECT_EQ(again.answer, reply::unchanged);
}

TEST(account_core, a_cancel_of_an_order_of_unknown_fate_is_carried_out_when_it_is_found) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  submit_answer lost;
  lost.order.wire_id = s.get(n).wire_id;
  s.report(lost);
  s.done(s.core.cancel(n, "", s.now));
  EXPECT_EQ(s.get(n).state, order_state::unknown);
  s.take<cancel_request>();
  s.report(accepted(s.get(n)));
  EXPECT_EQ(s.get(n).state, order_state::pending_cancel);
  EXPECT_EQ(s.take<cancel_request>().size(), 1u);
  s.check_replay();
}

TEST(account_core, replaces_with_the_gate_asked_again) {
  scripted s;
  auto what = wanted("k", order_side::buy, 10, order_type::limit);
  what.request.limit_price = p(99);
  const auto n = s.place(what);
  terms_change change;
  change.limit_price = p(98);
  EXPECT_EQ(s.core.replace(n, change, s.now).refused->code, errc::conflict); // not working yet
  s.report(accepted(s.get(n)));
  change.if_version = s.get(n).version + 1;
  EXPECT_EQ(s.core.replace(n, change, s.now).refused->code, errc::conflict);
  change.if_version = s.get(n).version;
  EXPECT_FALSE(s.done(s.core.replace(n, change, s.now)).refused);
  EXPECT_EQ(s.get(n).state, order_state::pending_replace);
  EXPECT_EQ(s.get(n).terms.limit_price, p(99)); // until it is confirmed
  EXPECT_EQ(s.gate.changes, 1);
  const auto sent = s.take<std::shared_ptr<const change_command>>();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0]->request().terms.limit_price, p(98));
  replace_answer confirmed;
  confirmed.order = {s.get(n).wire_id, venue_order_id{"v2"}, "s1"}; // this venue gives a new id
  confirmed.outcome = change_outcome::confirmed;
  confirmed.terms_version = sent[0]->request().terms_version;
  s.report(confirmed);
  s.report(confirmed);
  EXPECT_EQ(s.get(n).state, order_state::working);
  EXPECT_EQ(s.get(n).terms.limit_price, p(98));
  EXPECT_EQ(s.get(n).terms_version, 2u);
  EXPECT_EQ(s.get(n).venue_order.str(), "v2");
  s.gate.refuse_with = "BUYING_POWER";
  change = {};
  change.qty = q(1000);
  const auto refused = s.done(s.core.replace(n, change, s.now));
  EXPECT_EQ(refused.refused->code, errc::refused);
  ASSERT_EQ(refused.records.size(), 1u) << "the decision is journalled";
  EXPECT_EQ(std::get<change_decided>(refused.records[0].fact).decision.code, "BUYING_POWER");
  EXPECT_EQ(s.get(n).state, order_state::working);
  EXPECT_EQ(s.get(n).decision.code, "APPROVED") << "the order stands as it was approved";
  s.gate.refuse_with.reset();
  s.gate.cut_to = q(12);
  EXPECT_FALSE(s.done(s.core.replace(n, change, s.now)).refused);
  EXPECT_EQ(s.get(n).pending_terms->qty, q(12));
  EXPECT_EQ(s.get(n).decision.result, verdict::approved_reduced) << "nobody is cut in silence";
  s.check_replay();
}

TEST(account_core, good_till_lies_ahead_and_belongs_to_gtd) {
  auto with = settings();
  with.can.tifs.insert(time_in_force::gtd);
  scripted s{with};
  auto what = wanted("k", order_side::buy, 10, order_type::limit);
  what.request.limit_price = p(99);
  what.request.tif = time_in_force::gtd;
  EXPECT_EQ(s.core.place(what, s.now).refused->field, "good_till") << "it needs one";
  what.request.good_till = s.now;
  const auto late = s.core.place(what, s.now);
  ASSERT_TRUE(late.refused);
  EXPECT_EQ(late.refused->field, "good_till");
  EXPECT_TRUE(late.records.empty());
  what.request.good_till = s.now + seconds{60};
  const auto n = s.place(what);
  s.report(accepted(s.get(n)));
  s.now += seconds{120};
  EXPECT_EQ(s.done(s.core.place(what, s.now)).answer, reply::repeated) << "told again it is the same order, whatever the time";
  terms_change change;
  change.tif = time_in_force::day;
  ASSERT_FALSE(s.done(s.core.replace(n, change, s.now)).refused);
  EXPECT_FALSE(s.get(n).pending_terms->good_till) << "of an order of the day there is none";
  auto other = wanted("o", order_side::buy, 10, order_type::limit);
  other.request.limit_price = p(99);
  const auto m = s.place(other);
  s.report(accepted(s.get(m)));
  change.tif = time_in_force::gtd;
  const auto out = s.core.replace(m, change, s.now);
  ASSERT_TRUE(out.refused);
  EXPECT_EQ(out.refused->field, "time_in_force");
}

TEST(account_core, a_report_that_fits_nowhere_is_kept_and_alarmed_and_moves_nothing) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  s.report(accepted(s.get(n)));
  s.report(executed(s.get(n), "e1", 10, 100));
  order_report odd;
  odd.order = {s.get(n).wire_id, venue_order_id{"v1"}, "s1"};
  odd.status = venue_status::working;
  s.report(odd);
  EXPECT_EQ(s.get(n).state, order_state::filled);
  EXPECT_TRUE(s.alarmed("UNMATCHED_REPORT"));
  EXPECT_EQ(s.core.book().unmatched(), 1u);
  EXPECT_EQ(s.take<lookup_request>().size(), 1u);
  s.check_replay();
}

TEST(account_core, where_a_stop_stands_is_journalled_when_it_moved) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::sell_short, 10));
  s.report(accepted(s.get(n)));
  order_report moved;
  moved.order = {s.get(n).wire_id, venue_order_id{"v1"}, "s1"};
  moved.progress = stop_progress{price{decimal{99}}, false};
  const auto before = s.get(n).version;
  s.report(moved);
  EXPECT_EQ(s.get(n).progress, *moved.progress);
  EXPECT_EQ(s.get(n).version, before) << "who changes the order has not missed anything";
  const auto last = s.core.book().last();
  s.report(moved);
  EXPECT_EQ(s.core.book().last(), last) << "nothing new";
  s.check_replay();
  const auto again = account_book::from_bytes(s.core.book().to_bytes());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->find(n)->progress, *moved.progress);
  s.report(executed(s.get(n), "e1", 10, 100));
  moved.progress->is_triggered = true;
  s.report(moved);
  EXPECT_FALSE(s.get(n).progress.is_triggered) << "it is over";
}

TEST(account_core, venue_ids_used_again_are_not_taken_for_ours) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  s.report(accepted(s.get(n))); // v1 in session s1
  execution_report other = executed(s.get(n), "e1", 10, 100);
  other.order = {wire_order_id{}, venue_order_id{"v1"}, "s2"}; // the venue was restarted and counts anew
  s.report(other);
  EXPECT_TRUE(s.get(n).filled.is_zero());
  other.order.wire_id = wire_order_id{"TSOMEBODYELSE"};
  other.order.venue_session = "s1";
  s.report(other);
  EXPECT_TRUE(s.get(n).filled.is_zero());
}

TEST(account_core, a_correction_is_a_record_of_its_own) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  s.report(accepted(s.get(n)));
  s.report(executed(s.get(n), "e1", 10, 100));
  correction_report busted;
  busted.id = execution_id{"e1"};
  busted.qty = q(10);
  busted.px = p(90);
  s.report(busted);
  EXPECT_EQ(s.core.book().held("AAPL"), q(10));
  EXPECT_EQ(s.core.book().cash(), money{100'000 - 900});
  EXPECT_EQ(s.get(n).average_price(), p(90));
  s.check_replay();
}

TEST(account_core, a_person_may_close_an_order_of_unknown_fate_with_a_reason) {
  scripted s;
  const auto n = s.place(wanted("k", order_side::buy, 10));
  EXPECT_EQ(s.core.close_unknown(n, "admin", "seen on the venue's screen", s.now).refused->code, errc::conflict);
  submit_answer lost;
  lost.order.wire_id = s.get(n).wire_id;
  s.report(lost);
  EXPECT_TRUE(s.core.close_unknown(n, "admin", "", s.now).refused);
  EXPECT_FALSE(s.done(s.core.close_unknown(n, "admin", "not there", s.now)).refused);
  EXPECT_EQ(s.get(n).state, order_state::rejected);
  EXPECT_EQ(s.get(n).reason, "admin: not there");
  // its origin may try again: another wire id, the same cause
  const auto second = s.done(s.core.retry(n, s.now));
  ASSERT_FALSE(second.refused);
  EXPECT_EQ(s.get(second.order).attempt, 1);
  EXPECT_EQ(s.get(second.order).wire_id.str().substr(25), "01");
  EXPECT_EQ(s.core.retry(n, s.now).refused->code, errc::conflict); // only the newest attempt
  s.check_replay();
}

// ---------------------------------------------------------------- ambiguity in bulk

TEST(account_core, ten_thousand_ambiguous_submits_end_in_one_venue_order_each) {
  constexpr int orders = 10'000, at_once = 50;
  bench b{2026};
  b.venue.rates().lost_cancel = 0; // this is about submits
  std::vector<order_number> placed;
  const auto resolve = [&] { // at most a minute of virtual time per group
    for (int i = 0; i < 60; ++i) {
      const bool open = std::any_of(placed.end() - at_once, placed.end(), [&](order_number n) {
        return b.get(n).state == order_state::unknown || b.get(n).state == order_state::submitting;
      });
      if (!open) return;
      b.pass(seconds{1});
    }
  };
  for (int i = 0; i < orders; i += at_once) {
    // old orders are done with, so that the venue's lists stay short
    for (auto& o : b.venue.orders())
      if (b.venue.is_open(o)) o.status = venue_status::cancelled;
    for (int j = 0; j < at_once; ++j) {
      auto what = wanted("k" + std::to_string(i + j), order_side::buy, 1, order_type::limit);
      what.request.limit_price = p(99);
      placed.push_back(b.place(what));
      b.deliver();
      b.now += milliseconds{10};
      const auto& now = b.get(placed.back());
      if (now.state == order_state::rejected) { EXPECT_EQ(b.venue.count(now.wire_id), 0u) << "rejected while the venue holds it"; }
    }
    resolve();
    for (auto n = placed.end() - at_once; n != placed.end(); ++n) {
      const auto& what = b.get(*n);
      const auto there = b.venue.count(what.wire_id);
      ASSERT_NE(what.state, order_state::unknown) << raw(*n);
      ASSERT_NE(what.state, order_state::submitting);
      if (what.state == order_state::rejected) {
        ASSERT_EQ(there, 0u) << what.reason;
      } else {
        ASSERT_EQ(there, 1u) << to_string(what.state);
        ASSERT_EQ(what.state, order_state::working);
      }
      ASSERT_FALSE(b.venue.resent);
    }
    // forget them, as a new session would: the book of 10,000 is the point, not the venue's
    for (auto n = placed.end() - at_once; n != placed.end(); ++n)
      if (b.get(*n).state == order_state::working) b.done(b.core.cancel(*n, "", b.now));
    b.deliver();
    for (auto n = placed.end() - at_once; n != placed.end(); ++n) EXPECT_TRUE(is_final(b.get(*n).state)) << to_string(b.get(*n).state);
    while (!b.venue.orders().empty() && i + at_once < orders) b.venue.orders().pop_front();
  }
  EXPECT_EQ(placed.size(), static_cast<std::size_t>(orders));
}

TEST(account_core, random_lives_agree_with_the_venue_when_the_line_is_well_again) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    bench b{seed};
    std::vector<order_number> placed;
    for (int step = 0; step < 150; ++step) {
      switch (b.random() % 6) {
      case 0:
      case 1: {
        auto what = wanted("k" + std::to_string(step), b.random() % 2 ? order_side::buy : order_side::sell, 1 + b.random() % 20, order_type::limit);
        what.request.limit_price = p(95 + static_cast<std::int64_t>(b.random() % 10));
        placed.push_back(b.place(what));
        break;
      }
      case 2: b.venue.trade(b.now); break;
      case 3:
        if (!placed.empty()) b.done(b.core.cancel(placed[b.random() % placed.size()], "", b.now));
        break;
      case 4:
        if (!placed.empty()) {
          terms_change change;
          change.qty = q(1 + static_cast<std::int64_t>(b.random() % 30));
          b.done(b.core.replace(placed[b.random() % placed.size()], change, b.now));
        }
        break;
      default: b.pass(milliseconds{b.random() % 3000}); break;
      }
      if (b.random() % 3) b.deliver();
    }
    b.venue.heal();
    for (int i = 0; i < 60; ++i) {
      b.pass(seconds{1});
      if (i % 10 == 9) b.ask_for_everything();
    }
    EXPECT_EQ(b.core.book().held("AAPL"), b.venue.position("AAPL")) << "seed " << seed;
    EXPECT_EQ(b.venue.resent, 0u);
    for (const auto n : placed) {
      const auto& what = b.get(n);
      ASSERT_LE(b.venue.count(what.wire_id), 1u);
      const auto* there = b.venue.find(what.wire_id);
      EXPECT_EQ(there && b.venue.is_open(*there), is_live(what.state)) << "seed " << seed << " order " << raw(n) << ' ' << to_string(what.state);
      if (there) { EXPECT_EQ(there->filled, what.filled) << "seed " << seed; }
    }
    auto book = opened_book();
    for (const auto& r : b.journal) ASSERT_TRUE(book.apply(r));
    EXPECT_EQ(book.to_bytes(), b.core.book().to_bytes());
  }
}

} // namespace
} // namespace tt::execution::test
