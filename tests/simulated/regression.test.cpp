// The lines of the numbered regression list that speak of an account and its venue together: each goes through the writer,
// core and journal that a node runs. The others are beside what they test; tests/house/check_regressions.py finds all of them.

#include "tests/simulated/account_line.hpp"

namespace tt::execution::test {
namespace {

using namespace std::chrono_literals;

execution_report executed(const order& what, const std::string& id, std::int64_t size, std::int64_t cents) {
  execution_report e;
  e.order = {what.wire_id, what.venue_order, what.venue_session};
  e.id = execution_id{id};
  e.symbol = what.symbol;
  e.way = what.way();
  e.qty = q(size);
  e.px = account_line::at_cents(cents);
  return e;
}
submit_answer accepted(const order& what, const std::string& id = "v1", venue_status status = venue_status::working) {
  return {{what.wire_id, venue_order_id{id}, "epoch-1"}, submit_outcome::accepted, status, "", 0ms, {}};
}

// ---------------------------------------------------------------- 14

struct rare_status {
  venue_status told;
  order_state then;
};

/// How a status reaches us.
enum class told_by { stream, look_up, listing };

void tell(account_line& a, order_number number, venue_status status, told_by how) {
  const auto& what = a.get(number);
  order_report r;
  r.order = {what.wire_id, venue_order_id{"v1"}, "epoch-1"};
  r.status = status;
  r.symbol = what.symbol;
  r.terms = what.terms;
  r.cumulative = what.filled;
  r.text = "the venue's words";
  if (how == told_by::stream) return a.say(r);
  if (how == told_by::look_up) return a.say(lookup_answer{r.order, lookup_outcome::found, r, "", a.now});
  venue_snapshot all;
  all.session = "epoch-1";
  all.asked_at = all.received_at = a.book().last();
  all.taken_at = a.now;
  all.orders = {r};
  all.orders_are = all.executions_are = completeness::complete;
  a.say(all);
}

TEST(regressions, regression_14_rare_statuses_end_or_move_the_order_and_nothing_is_polled_for_ever) {
  static constexpr rare_status endings[] = {{venue_status::expired, order_state::expired},
                                            {venue_status::cancelled, order_state::cancelled},
                                            {venue_status::rejected, order_state::rejected},
                                            {venue_status::failed, order_state::rejected}};
  static constexpr rare_status moves[] = {{venue_status::accepted, order_state::accepted}, {venue_status::suspended, order_state::suspended}};
  for (const auto how : {told_by::stream, told_by::look_up, told_by::listing}) {
    SCOPED_TRACE(static_cast<int>(how));
    for (const std::int64_t filled : {0, 3})
      for (const auto& one : endings) {
        SCOPED_TRACE(to_string(one.told));
        account_line a;
        a.to = account_line::outlet::nowhere;
        const auto n = a.limit("k", order_side::buy, 10, 9'900);
        a.say(accepted(a.get(n)));
        if (filled > 0) a.say(executed(a.get(n), "e1", filled, 9'900));
        tell(a, n, one.told, how);
        EXPECT_EQ(a.get(n).state, one.then);
        EXPECT_EQ(a.get(n).reason, "the venue's words");
        EXPECT_EQ(a.get(n).filled, q(filled)) << "what it had filled stays";
        a.pass(5s);
        const auto asked = a.requests;
        a.pass(600s, 1s);
        EXPECT_EQ(a.requests, asked) << "nothing more is asked about an order that has ended";
        EXPECT_FALSE(a.core().next_due());
      }
    for (const auto& one : moves) {
      SCOPED_TRACE(to_string(one.told));
      account_line a;
      a.to = account_line::outlet::nowhere;
      const auto n = a.limit("k", order_side::buy, 10, 9'900);
      a.say(submit_answer{{a.get(n).wire_id, {}, ""}, submit_outcome::ambiguous, {}, "502", 0ms, {}});
      tell(a, n, one.told, how);
      ASSERT_EQ(a.get(n).state, one.then);
      a.pass(5s);
      const auto asked = a.requests;
      a.pass(600s, 1s);
      EXPECT_EQ(a.requests, asked) << "held at the venue is a place to be, not a question";
      tell(a, n, venue_status::working, how);
      EXPECT_EQ(a.get(n).state, order_state::working);
    }
  }
}

// ---------------------------------------------------------------- 15

TEST(regressions, regression_15_partial_fills_are_booked_as_they_come_at_real_prices) {
  account_line a;
  a.to = account_line::outlet::nowhere;
  const auto n = a.market("k", order_side::buy, 10);
  a.say(accepted(a.get(n)));
  a.say(executed(a.get(n), "e1", 3, 10'000));
  EXPECT_EQ(a.get(n).state, order_state::partially_filled);
  EXPECT_EQ(a.book().held("AAPL"), q(3));
  order_report odd; // the venue's cumulative fields are a check, no source: an average of 0 changes nothing
  odd.order = {a.get(n).wire_id, venue_order_id{"v1"}, "epoch-1"};
  odd.cumulative = q(5);
  odd.average = price{};
  a.say(odd);
  EXPECT_EQ(a.get(n).filled, q(3));
  a.say(executed(a.get(n), "e0", 2, 0)); // a fill without a price is none
  EXPECT_EQ(a.get(n).filled, q(3));
  EXPECT_TRUE(a.alarmed("UNMATCHED_REPORT"));
  venue_snapshot all;
  all.asked_at = all.received_at = a.book().last();
  all.taken_at = a.now;
  all.executions = {executed(a.get(n), "e0", 2, 0)};
  a.say(all); // nor by a listing
  EXPECT_EQ(a.get(n).filled, q(3));
  EXPECT_TRUE(a.alarmed("EXECUTION_UNUSABLE"));
  a.say(executed(a.get(n), "e2", 2, 10'150));
  EXPECT_EQ(a.get(n).average_price(), price{d("100.6")}); // (3·100 + 2·101.50) / 5
  a.say(executed(a.get(n), "e3", 5, 9'900));
  EXPECT_EQ(a.get(n).state, order_state::filled);
  EXPECT_EQ(a.get(n).average_price(), price{d("99.8")}); // (503 + 495) / 10
  EXPECT_EQ(a.book().held("AAPL"), q(10));
  EXPECT_EQ(a.book().cash(), money{100'000 - 998});
}

TEST(regressions, regression_15_without_execution_ids_the_difference_has_the_price_that_the_averages_give) {
  auto s = settings();
  s.can.executions = execution_ids::none;
  open_gate gate;
  account_core core{opened_book(), s, gate};
  const auto n = core.place(wanted("k", order_side::buy, 10), at(0)).order;
  const auto tell = [&](std::int64_t cumulative, std::optional<price> average) {
    order_report r;
    r.order = {core.book().find(n)->wire_id, venue_order_id{"v1"}, "s1"};
    r.cumulative = q(cumulative);
    r.average = average;
    static_cast<void>(core.on_report(r, at(1)));
    return core.book().find(n)->filled;
  };
  EXPECT_EQ(tell(4, std::nullopt), q(0)) << "no price, no fill";
  EXPECT_EQ(tell(4, price{}), q(0)) << "a price of 0 is none";
  EXPECT_EQ(tell(4, p(100)), q(4));
  EXPECT_EQ(tell(4, p(100)), q(4)) << "told twice";
  EXPECT_EQ(tell(10, p(103)), q(10));
  EXPECT_EQ(core.book().find(n)->average_price(), p(103)); // 4·100 + 6·105
  EXPECT_EQ(core.book().cash(), money{100'000 - 1'030});
}

// ---------------------------------------------------------------- 16

TEST(regressions, regression_16_one_execution_by_stream_poll_and_replay_is_booked_once) {
  account_line a({.stream_doubled = 1000});
  const auto n = a.market("k", order_side::buy, 10);
  a.pass(2s);
  ASSERT_EQ(a.get(n).state, order_state::filled);
  const auto cash = a.book().cash();
  const auto once = [&](const char* by) {
    EXPECT_EQ(a.get(n).filled, q(10)) << by;
    EXPECT_EQ(a.book().held("AAPL"), q(10)) << by;
    EXPECT_EQ(a.book().cash(), cash) << by;
    EXPECT_EQ(a.book().unmatched(), 0u) << by;
    EXPECT_FALSE(a.alarmed("OVERFILL")) << by;
  };
  once("twice by the stream");
  a.look();
  a.pass(2s);
  once("by a listing");
  a.venue.lookup({paper(), a.get(n).wire_id, a.get(n).venue_order}, a.now);
  a.pass(2s);
  once("by a look-up");
  a.venue.restart(a.now);
  a.pass(2s);
  once("by a venue that began anew");
  a.die_and_start();
  a.pass(2s);
  once("after a restart, from the journal and a listing");
  a.die_and_start();
  a.look();
  a.pass(2s);
  once("once more");
}

// ---------------------------------------------------------------- 17, 18

TEST(regressions, regression_17_an_ambiguous_submit_is_never_two_orders_nor_failed_while_the_venue_has_it) {
  struct scene {
    request_fault fault;
    order_state end;
    int at_venue;
  };
  static constexpr scene scenes[] = {{request_fault::lost, order_state::rejected, 0},
                                     {request_fault::answer_lost, order_state::working, 1},
                                     {request_fault::error_page, order_state::working, 1},
                                     {request_fault::not_sent, order_state::working, 1}};
  for (const auto& one : scenes)
    for (const auto protects : {duplicate_protection::none, duplicate_protection::by_wire_id}) {
      SCOPED_TRACE(static_cast<int>(one.fault));
      account_line a({.stream_dropped = 1000}, 1, protects); // no news tells: only asking does
      a.venue.script(0, request_fault::none);                // the listing at the start is request 0
      a.pass(1s);
      a.venue.script(0, one.fault);
      const auto n = a.limit("k", order_side::buy, 10, 9'900);
      const auto wire = a.get(n).wire_id;
      for (int i = 0; i < 300; ++i) {
        a.pass(200ms);
        ASSERT_LE(a.venue.orders_of(wire), 1);
        if (a.venue.orders_of(wire) == 1) { ASSERT_NE(a.get(n).state, order_state::rejected) << i; }
      }
      EXPECT_EQ(a.get(n).state, one.end);
      EXPECT_EQ(a.venue.orders_of(wire), one.at_venue);
      EXPECT_EQ(a.sent[wire.str()], one.fault == request_fault::not_sent ? 2 : 1) << "only what certainly did not go out goes out again";
      if (one.end == order_state::rejected) { EXPECT_EQ(a.get(n).reject_code, "never_reached_venue"); }
      EXPECT_EQ(a.faults(), std::vector<std::string>{});
    }
}

TEST(regressions, regression_18_an_acceptance_while_the_retry_is_due_makes_no_second_order) {
  for (const auto retry_first : {0, 1}) { // who is quicker within the one moment
    account_line a;
    a.to = account_line::outlet::nowhere;
    const auto n = a.market("k", order_side::buy, 10);
    const auto wire = a.get(n).wire_id.str();
    a.say(submit_answer{{a.get(n).wire_id, {}, ""}, submit_outcome::not_sent, {}, "no line", 100ms, {}});
    a.now += 100ms; // the retry is due now …
    if (retry_first) a.hear();
    a.say(accepted(a.get(n))); // … and the venue has it after all
    EXPECT_EQ(a.get(n).state, order_state::working);
    a.pass(120s, 1s);
    EXPECT_EQ(a.sent[wire], 1 + retry_first) << "the timer died with its state; a retry before it carries the same wire id";
    EXPECT_EQ(a.sent.size(), 1u);
  }
}

// ---------------------------------------------------------------- 20

TEST(regressions, regression_20_a_stale_snapshot_does_nothing_and_a_warm_restart_invents_no_fill) {
  account_line a;
  a.pass(1s);
  venue_snapshot before; // asked before the fill, arrives after it: knows of no order and no position
  before.session = "epoch-1";
  before.asked_at = a.book().last();
  before.orders_are = before.executions_are = before.positions_are = completeness::complete;
  const auto n = a.market("k", order_side::buy, 10);
  a.pass(2s);
  ASSERT_EQ(a.get(n).state, order_state::filled);
  before.received_at = a.book().last();
  before.taken_at = a.now;
  const auto written = a.book().last();
  a.say(before);
  EXPECT_EQ(a.book().last(), written) << "not one record";
  EXPECT_TRUE(a.book().frozen().empty());
  // a new process, and a venue that at first shows nothing at all
  a.to = account_line::outlet::nowhere;
  a.die_and_start();
  auto empty = before;
  empty.asked_at = empty.received_at = a.book().last();
  for (int i = 0; i < 5; ++i) {
    a.now += 30s;
    empty.taken_at = a.now;
    empty.asked_at = empty.received_at = a.book().last();
    a.say(empty);
    EXPECT_EQ(a.book().held("AAPL"), q(10));
  }
  EXPECT_EQ(a.book().orders().size(), 1u) << "no order, no fill against what is held";
  EXPECT_TRUE(a.book().frozen().contains("AAPL")) << "only closing until both agree";
  EXPECT_TRUE(a.alarmed("POSITION_DIFFERS"));
  EXPECT_EQ(a.sent.size(), 1u);
  a.to = account_line::outlet::venue;
  a.look();
  a.pass(2s);
  EXPECT_TRUE(a.book().frozen().empty()) << "the venue shows it again";
  EXPECT_EQ(a.faults(), std::vector<std::string>{});
}

// ---------------------------------------------------------------- 21

TEST(regressions, regression_21_a_trade_by_hand_is_adopted_and_the_process_lives_on) {
  account_line a;
  a.pass(1s);
  a.venue.trade_by_hand("AAPL", direction::buy, q(5), a.now);
  a.pass(5s);
  a.look();
  a.pass(2s);
  EXPECT_EQ(a.book().held("AAPL"), q(5));
  ASSERT_EQ(a.book().orders().size(), 1u);
  const auto& adopted = a.book().orders().front();
  EXPECT_EQ(adopted.owner, ownership::external);
  EXPECT_EQ(adopted.state, order_state::filled);
  const auto n = a.market("k", order_side::buy, 10);
  a.pass(2s);
  EXPECT_EQ(a.get(n).state, order_state::filled);
  EXPECT_EQ(a.book().held("AAPL"), q(15));
  a.die_and_start();
  a.pass(2s);
  EXPECT_EQ(a.book().held("AAPL"), q(15));
  EXPECT_EQ(a.book().orders().size(), 2u) << "adopted once";
  EXPECT_EQ(a.faults(), std::vector<std::string>{});
}

// ---------------------------------------------------------------- 22

TEST(regressions, regression_22_venue_ids_that_come_again_are_not_attributed_to_the_order_that_had_them) {
  account_line a({}, 3);
  const auto first = a.limit("a", order_side::buy, 10, 9'000), second = a.limit("b", order_side::buy, 20, 9'100);
  a.pass(2s);
  const auto old_first = a.get(first).venue_order, old_second = a.get(second).venue_order;
  ASSERT_EQ(old_first.str(), "1");
  ASSERT_EQ(old_second.str(), "2");
  a.venue.restart(a.now);
  a.venue.restart(a.now);
  // the venue counts anew: a fill under a number that was ours in the session before, without a wire id
  a.to = account_line::outlet::nowhere;
  auto other = executed(a.get(first), "x1", 4, 9'000);
  other.order = {wire_order_id{}, venue_order_id{"1"}, "epoch-9"};
  a.say(other);
  EXPECT_TRUE(a.get(first).filled.is_zero());
  EXPECT_TRUE(a.get(second).filled.is_zero());
  EXPECT_EQ(a.book().held("AAPL"), q(0)) << "it is adopted by a listing, or not ours at all";
  // nor is a wire id of somebody else overruled by a number that we know
  other.order = {wire_order_id{"TSOMEBODYELSE"}, old_first, a.get(first).venue_session};
  a.say(other);
  EXPECT_TRUE(a.get(first).filled.is_zero());
  // with the wire id it is ours, whatever the number says now
  a.to = account_line::outlet::venue;
  a.look();
  a.pass(2s);
  a.quote(9'050);
  a.pass(2s);
  EXPECT_EQ(a.get(second).filled, q(20));
  EXPECT_TRUE(a.get(first).filled.is_zero());
  EXPECT_EQ(a.get(first).venue_session, a.venue.session());
  EXPECT_EQ(a.faults(), std::vector<std::string>{});
}

// ---------------------------------------------------------------- 23

TEST(regressions, regression_23_the_cancel_of_a_dead_order_ends_in_its_true_state_without_a_loop) {
  account_line a({.stream_dropped = 1000}); // the fill is told to nobody
  a.pass(1s);
  const auto n = a.market("k", order_side::buy, 10);
  a.pass(1s);
  ASSERT_EQ(a.get(n).state, order_state::working) << "as far as we know";
  ASSERT_EQ(a.held_there(), q(10));
  a.cancel(n);
  EXPECT_EQ(a.get(n).state, order_state::pending_cancel);
  a.pass(3s);
  EXPECT_EQ(a.get(n).state, order_state::filled) << "its true state, not cancelled";
  EXPECT_EQ(a.book().held("AAPL"), q(10));
  const auto asked = a.requests;
  a.cancel(n);
  a.pass(600s, 1s);
  EXPECT_EQ(a.requests, asked) << "no loop, and no cancel of what has ended";
  EXPECT_FALSE(a.core().next_due());
}

// ---------------------------------------------------------------- 26

TEST(regressions, regression_26_a_paused_leader_that_wakes_after_failover_is_refused_by_epoch) {
  account_line a;
  a.pass(1s);
  // decided, and not yet written, when the process is paused
  auto sleeping = wanted("asleep", order_side::buy, 10);
  const auto& old = a.writer();
  EXPECT_FALSE(old.blocked());
  a.take(a.core().place(sleeping, a.now));
  // meanwhile another node takes the account over
  writer_settings s;
  s.profile = opening().profile;
  s.core = settings();
  s.core.can = paper::paper_capabilities();
  s.core.epoch = lease_epoch{2};
  open_gate gate;
  auto heir = account_writer::open(a.store, std::move(s), gate, a.write());
  ASSERT_TRUE(heir) << to_string(heir.error());
  (*heir)->take((*heir)->core().place(wanted("heir", order_side::buy, 1), a.now), 0);
  std::vector<submit_request> sent;
  for (const auto& done : (*heir)->commit(a.write())) {
    ASSERT_FALSE(done.failed);
    for (const auto& e : done.what.effects)
      if (const auto* send = std::get_if<std::shared_ptr<const send_command>>(&e)) sent.push_back((*send)->request());
  }
  ASSERT_EQ(sent.size(), 1u);
  a.venue.submit(sent[0], a.now);
  // it wakes: what it had decided is not written, and so nothing of it goes out
  for (const auto& done : a.writer().commit(a.write())) {
    ASSERT_TRUE(done.failed);
    EXPECT_EQ(done.failed->code, errc::conflict);
  }
  ASSERT_TRUE(a.writer().blocked());
  EXPECT_EQ(a.writer().blocked()->code, errc::conflict);
  EXPECT_FALSE(a.writer().try_again(a.write())) << "for good";
  EXPECT_TRUE(a.sent.empty());
  // and even a request that was on its way is refused at the venue's door: by its epoch
  auto late = sent[0];
  late.epoch = lease_epoch{1};
  late.wire_id = wire_order_id{"TLATE"};
  a.venue.submit(late, a.now);
  bool refused = false;
  for (const auto& report : a.venue.take(a.now + 1s))
    if (const auto* answer = std::get_if<submit_answer>(&report); answer && answer->order.wire_id == late.wire_id)
      refused = answer->outcome == submit_outcome::refused;
  EXPECT_TRUE(refused);
  EXPECT_EQ(a.held_there(), q(1)) << "the heir's order alone";
}

} // namespace
} // namespace tt::execution::test
