// The receiver with its journal: what is answered when, duplicates, crashes, order
// of the hand-over, profiles, missing alerts.

#include "tests/alerts/webhook/support.hpp"

#include <fstream>
#include <iterator>

namespace tt::webhook::test {
namespace {

using namespace std::chrono_literals;

class webhook_receiver : public receiver_fixture {};

TEST_F(webhook_receiver, answers_when_the_alert_is_durable) {
  const auto got = core->receive(post_of("buy AAPL 2"), now);
  EXPECT_FALSE(got.answer) << "nothing is promised before the disk";
  EXPECT_EQ(journal->writes, 0U);
  EXPECT_TRUE(core->lanes().take_questions().empty()) << "and nothing is done";
  const auto answers = core->commit(now);
  ASSERT_EQ(answers.size(), 1U);
  const auto& said = answers[0].second;
  EXPECT_EQ(answers[0].first, got.ticket);
  EXPECT_EQ(said.kind, answer_kind::accepted);
  ASSERT_TRUE(said.event);
  EXPECT_EQ(said.event->id, 1U);
  EXPECT_EQ(said.event->alert.str().substr(0, 3), "wa-");
  EXPECT_EQ(said.event->word.verdict, alert_verdict::queued);
  settle();
  ASSERT_EQ(desk.orders.size(), 1U);
  EXPECT_EQ(desk.orders[0].what.alert, said.event->alert);
  static_cast<void>(core->commit(now));
  EXPECT_EQ(newest().hand_over, hand_over_state::done);
  EXPECT_EQ(newest().orders, std::vector<std::string>{"o-1"});
}

TEST_F(webhook_receiver, refusals_are_journalled_and_answered_200) {
  EXPECT_EQ(run("buy NOSUCH 1").event->word.reason, refusal::unknown_symbol);
  EXPECT_EQ(run("buy AAPL 0.5").event->word.reason, refusal::quantity);
  EXPECT_EQ(run("just a note").event->word.verdict, alert_verdict::recorded);
  EXPECT_EQ(core->events({})->size(), 3U);
  EXPECT_EQ(core->events({.verdict = alert_verdict::refused})->size(), 2U);
  EXPECT_EQ(core->events({.before = 2})->size(), 1U);
  EXPECT_TRUE(desk.orders.empty());
}

TEST_F(webhook_receiver, unauthenticated_posts_leave_no_trace) {
  settings.fallback.rules.body_secret = digest_of("correct horse", "salt");
  start();
  EXPECT_EQ(run("buy AAPL 1").kind, answer_kind::unauthenticated);
  EXPECT_EQ(run(R"({"secret":"wrong","action":"buy","symbol":"AAPL","qty":1})").kind, answer_kind::unauthenticated);
  EXPECT_EQ(run("{broken").kind, answer_kind::unauthenticated) << "who is not known learns nothing about his text";
  EXPECT_EQ(run(post_of("buy AAPL 1", "00000000000000000000000000000000")).kind, answer_kind::unauthenticated);
  EXPECT_TRUE(core->events({})->empty());
  EXPECT_EQ(run(R"({"secret":"correct horse","action":"buy","symbol":"AAPL","qty":1})").kind, answer_kind::accepted);
  EXPECT_EQ(run(R"({"secret":"correct horse","action":"buy","sym)").kind, answer_kind::unauthenticated);
}

TEST_F(webhook_receiver, a_flood_of_failures_is_limited_by_address_and_hurts_nobody_else) {
  settings.fallback.rules.body_secret = digest_of("correct horse", "salt");
  start();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(run("buy AAPL 1").kind, answer_kind::unauthenticated);
  EXPECT_EQ(run("buy AAPL 1").kind, answer_kind::rate_limited);
  EXPECT_EQ(run(R"({"secret":"correct horse","action":"buy","symbol":"AAPL","qty":1})").kind, answer_kind::accepted)
    << "TradingView's addresses are shared by everybody";
  auto other = post_of("buy AAPL 1");
  other.client = "192.0.2.1";
  EXPECT_EQ(run(other).kind, answer_kind::unauthenticated);
}

TEST_F(webhook_receiver, profiles_have_a_limit_of_their_own) {
  settings.posts_per_minute = 60;
  settings.burst = 3;
  start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run("note " + std::to_string(i)).kind, answer_kind::accepted);
  EXPECT_EQ(run("note 4").kind, answer_kind::rate_limited);
  pass(1s);
  EXPECT_EQ(run("note 4").kind, answer_kind::accepted);
  EXPECT_EQ(run("note 5").kind, answer_kind::rate_limited);
}

TEST_F(webhook_receiver, duplicates_by_id) {
  const std::string body = R"({"id":"a-1","action":"buy","symbol":"AAPL","qty":1})";
  const auto first = run(body);
  EXPECT_EQ(first.seen, webhook_answer::repetition::first);
  EXPECT_EQ(first.event->identity, id_origin::sender);
  const auto again = run(R"({"id":"a-1","action":"sell","symbol":"AAPL","qty":9})");
  EXPECT_EQ(again.seen, webhook_answer::repetition::duplicate);
  EXPECT_EQ(again.event->id, first.event->id);
  EXPECT_EQ(desk.orders.size(), 1U);
  pass(23h + 59min);
  EXPECT_EQ(run(body).seen, webhook_answer::repetition::duplicate);
  pass(2min);
  EXPECT_EQ(run(body).seen, webhook_answer::repetition::first);
  EXPECT_EQ(desk.orders.size(), 2U) << "a day later it is another alert, with another key";
}

TEST_F(webhook_receiver, says_which_alerts_have_no_id_of_their_own) {
  run(R"({"action":"buy","symbol":"AAPL","qty":1,"id":"one"})");
  run(R"({"action":"buy","symbol":"AAPL","qty":2})");
  settle();
  ASSERT_FALSE(desk.orders.empty());
  EXPECT_EQ(desk.orders[0].named, signal_order::identity::given);
  while (desk.fill()) settle();
  ASSERT_EQ(desk.orders.size(), 2U);
  EXPECT_EQ(desk.orders[1].named, signal_order::identity::derived);
}
TEST_F(webhook_receiver, duplicates_by_body) {
  EXPECT_EQ(run("buy AAPL 1").seen, webhook_answer::repetition::first);
  pass(20s); // the last of TradingView's resends
  EXPECT_EQ(run("buy AAPL 1").seen, webhook_answer::repetition::duplicate);
  pass(11s);
  EXPECT_EQ(run("buy AAPL 1").seen, webhook_answer::repetition::first) << "the same text means a new alert after 30 s";
  EXPECT_EQ(desk.orders.size(), 2U);
  const auto timed = R"({"action":"buy","symbol":"AAPL","qty":1,"timenow":")" + to_iso8601(now.wall) + R"("})";
  EXPECT_EQ(run(timed).seen, webhook_answer::repetition::first);
  pass(50s);
  EXPECT_EQ(run(timed).seen, webhook_answer::repetition::duplicate) << "a time makes the text unique for a day";
}

TEST_F(webhook_receiver, a_replayed_alert_is_stale_and_makes_no_order) {
  const auto old = R"({"action":"buy","symbol":"AAPL","qty":1,"timenow":")" + to_iso8601(now.wall - 1h) + R"("})";
  const auto said = run(old);
  EXPECT_EQ(said.event->word.reason, refusal::stale);
  EXPECT_TRUE(desk.orders.empty());
  EXPECT_EQ(core->events({})->size(), 1U) << "it is visible";
}

TEST_F(webhook_receiver, a_hundred_copies_at_once_make_one_order) {
  std::vector<std::uint64_t> tickets;
  for (int i = 0; i < 100; ++i) {
    const auto got = core->receive(post_of(R"({"id":"same","action":"buy","symbol":"AAPL","qty":1})"), now);
    ASSERT_FALSE(got.answer) << "no copy is answered before the first is durable";
    tickets.push_back(got.ticket);
  }
  const auto answers = core->commit(now);
  ASSERT_EQ(answers.size(), 100U);
  std::size_t duplicates = 0;
  for (const auto& [ticket, said] : answers) {
    EXPECT_EQ(said.event->id, 1U);
    duplicates += said.seen == webhook_answer::repetition::duplicate ? 1 : 0;
  }
  EXPECT_EQ(duplicates, 99U);
  settle();
  EXPECT_EQ(desk.orders.size(), 1U);
  EXPECT_EQ(journal->writes, 1U);
}

TEST_F(webhook_receiver, what_can_not_be_made_durable_is_503_and_makes_no_order) {
  journal->next_fault = faulty_journal::fault::before;
  const auto said = run(R"({"id":"a","action":"buy","symbol":"AAPL","qty":1})");
  EXPECT_EQ(said.kind, answer_kind::unavailable);
  EXPECT_TRUE(desk.orders.empty());
  const auto again = run(R"({"id":"a","action":"buy","symbol":"AAPL","qty":1})");
  EXPECT_EQ(again.kind, answer_kind::accepted);
  EXPECT_EQ(again.seen, webhook_answer::repetition::first);
  EXPECT_EQ(desk.orders.size(), 1U);
}

TEST_F(webhook_receiver, a_commit_of_unknown_fate_is_found_by_the_resend) {
  journal->next_fault = faulty_journal::fault::after; // written, but the answer said otherwise
  EXPECT_EQ(run(R"({"id":"a","action":"buy","symbol":"AAPL","qty":1})").kind, answer_kind::unavailable);
  EXPECT_TRUE(desk.orders.empty());
  pass(5s);
  const auto again = run(R"({"id":"a","action":"buy","symbol":"AAPL","qty":1})");
  EXPECT_EQ(again.kind, answer_kind::accepted);
  EXPECT_EQ(again.seen, webhook_answer::repetition::duplicate);
  EXPECT_EQ(desk.orders.size(), 1U);
  EXPECT_EQ(run("buy MSFT 1").event->id, 2U) << "places in the journal are not given twice";
}

TEST_F(webhook_receiver, killed_between_journal_and_answer) {
  const auto got = core->receive(post_of(R"({"id":"a","action":"buy","symbol":"AAPL","qty":1})"), now);
  ASSERT_FALSE(got.answer);
  static_cast<void>(core->commit(now)); // durable; the answer and the questions die with the process
  now.wall += 3s;
  start();
  settle();
  EXPECT_EQ(desk.orders.size(), 1U) << "handed over at the restart";
  const auto again = run(R"({"id":"a","action":"buy","symbol":"AAPL","qty":1})");
  EXPECT_EQ(again.seen, webhook_answer::repetition::duplicate);
  EXPECT_EQ(desk.orders.size(), 1U) << "the resend makes no second order";
}

TEST_F(webhook_receiver, killed_between_order_and_note) {
  static_cast<void>(core->receive(post_of("long AAPL 2"), now));
  static_cast<void>(core->commit(now));
  settle(); // the order is at the venue, the note of it not on disk
  ASSERT_EQ(desk.orders.size(), 1U);
  now.wall += 3s;
  start();
  settle();
  static_cast<void>(core->commit(now));
  EXPECT_EQ(desk.orders.size(), 1U);
  EXPECT_EQ(newest().hand_over, hand_over_state::done);
  EXPECT_EQ(newest().orders, std::vector<std::string>{"o-1"});
}

TEST_F(webhook_receiver, what_ended_without_an_order_is_not_repeated_on_the_position_of_later_alerts) {
  static_cast<void>(core->receive(post_of("exit AAPL"), now));
  static_cast<void>(core->receive(post_of("buy AAPL 2"), now));
  static_cast<void>(core->commit(now));
  settle(); // already flat, then the order; the notes of both die with the process
  ASSERT_EQ(held("AAPL"), qty("2"));
  now.wall += 3s;
  start();
  settle();
  static_cast<void>(core->commit(now));
  EXPECT_EQ(desk.orders.size(), 1U);
  EXPECT_EQ(held("AAPL"), qty("2")) << "the exit came before";
  const auto all = core->events({});
  ASSERT_TRUE(all && all->size() == 2);
  EXPECT_EQ((*all)[1].word.reason, refusal::late);
}

TEST_F(webhook_receiver, killed_between_two_legs) {
  run("sell AAPL 3");
  ASSERT_EQ(held("AAPL"), qty("-3"));
  static_cast<void>(core->receive(post_of("long AAPL 2"), now));
  static_cast<void>(core->commit(now));
  // orders, holding, then the closing leg; the process dies before the opening one
  for (int i = 0; i < 3; ++i)
    for (const auto& one : core->lanes().take_questions()) answer(one);
  ASSERT_EQ(desk.orders.size(), 2U);
  ASSERT_EQ(held("AAPL"), qty("0"));
  now.wall += 1s;
  start();
  settle();
  EXPECT_EQ(desk.orders.size(), 3U);
  EXPECT_EQ(held("AAPL"), qty("2"));
}

TEST_F(webhook_receiver, the_second_leg_is_not_opened_late) {
  run("sell AAPL 3");
  static_cast<void>(core->receive(post_of("long AAPL 2"), now));
  static_cast<void>(core->commit(now));
  for (int i = 0; i < 3; ++i) // orders, holding, closing leg
    for (const auto& one : core->lanes().take_questions()) answer(one);
  ASSERT_EQ(desk.orders.size(), 2U);
  now.wall += 2h;
  start();
  settle();
  static_cast<void>(core->commit(now));
  EXPECT_EQ(desk.orders.size(), 2U);
  EXPECT_EQ(held("AAPL"), qty("0"));
  EXPECT_EQ(newest().word.reason, refusal::late);
  EXPECT_EQ(newest().orders, std::vector<std::string>{"o-2"}) << "what was made is shown";
}

TEST_F(webhook_receiver, after_a_long_absence_nothing_is_traded_late) {
  static_cast<void>(core->receive(post_of("buy AAPL 1"), now));
  static_cast<void>(core->commit(now));
  now.wall += 2h;
  start();
  settle();
  static_cast<void>(core->commit(now));
  EXPECT_TRUE(desk.orders.empty());
  EXPECT_EQ(newest().word.reason, refusal::late);
}

TEST_F(webhook_receiver, the_gate_s_word_is_shown) {
  desk.refuse = true;
  EXPECT_EQ(run("buy AAPL 1").event->word.verdict, alert_verdict::queued) << "known at the time of the answer";
  EXPECT_EQ(newest().word.reason, refusal::risk);
  EXPECT_EQ(newest().word.detail, "the daily loss limit");
}

TEST_F(webhook_receiver, asks_again_while_the_account_is_away) {
  desk_failure = error{errc::not_available, "JOURNAL_UNAVAILABLE"};
  run("buy AAPL 1");
  for (int i = 0; i < 5; ++i) {
    pass(1s);
    settle();
  }
  EXPECT_TRUE(desk.orders.empty());
  desk_failure.reset();
  pass(1s);
  settle();
  EXPECT_EQ(desk.orders.size(), 1U);
  desk_failure = error{errc::not_available, "JOURNAL_UNAVAILABLE"};
  run("buy MSFT 1");
  for (int i = 0; i < 70; ++i) {
    pass(1s);
    settle();
  }
  static_cast<void>(core->commit(now));
  EXPECT_EQ(newest().word.reason, refusal::not_available) << "not for ever: the alert is old now";
}

TEST_F(webhook_receiver, waits_for_the_fill_before_it_decides) {
  fill_at_once = false;
  run("buy AAPL 2");
  run("exit AAPL");
  EXPECT_EQ(desk.orders.size(), 1U) << "the position is not known while the first order is open";
  run("buy MSFT 1");
  EXPECT_EQ(desk.orders.size(), 2U) << "other symbols do not wait";
  desk.fill_all();
  pass(100ms);
  settle();
  ASSERT_EQ(desk.orders.size(), 3U);
  EXPECT_EQ(desk.orders[2].what.terms.effect, position_effect::reduce_only);
  EXPECT_EQ(desk.orders[2].what.terms.qty, qty("2"));
}

TEST_F(webhook_receiver, an_open_order_that_never_ends_does_not_block_for_ever) {
  fill_at_once = false;
  run("buy AAPL 2");
  run("long AAPL 1");
  for (int i = 0; i < 15; ++i) {
    pass(1s);
    settle();
  }
  static_cast<void>(core->commit(now));
  EXPECT_EQ(newest().word.reason, refusal::unsettled);
}

TEST_F(webhook_receiver, an_exit_cancels_what_would_not_fill) {
  fill_at_once = false;
  run("buy AAPL 2");
  run("exit AAPL");
  EXPECT_TRUE(desk.cancelled.empty());
  for (int i = 0; i < 15; ++i) {
    pass(1s);
    settle();
  }
  ASSERT_EQ(desk.cancelled.size(), 1U) << "or the entry would fill after the exit";
  EXPECT_EQ(desk.cancelled[0].symbol, "AAPL");
  EXPECT_EQ(core->lanes().size(), 0U);
}

TEST_F(webhook_receiver, an_exit_closes_what_fills_in_spite_of_its_cancel) {
  fill_at_once = false;
  desk.cancels_at_once = false;
  run("buy AAPL 2");
  run("exit AAPL");
  for (int i = 0; i < 15; ++i) {
    pass(1s);
    settle();
  }
  ASSERT_EQ(desk.cancelled.size(), 1U);
  EXPECT_EQ(core->lanes().size(), 1U) << "the position is not known before the cancel is done";
  desk.fill_all();
  pass(1s);
  settle();
  ASSERT_EQ(desk.orders.size(), 2U);
  EXPECT_EQ(desk.orders[1].what.terms.effect, position_effect::reduce_only);
  EXPECT_EQ(desk.orders[1].what.terms.qty, qty("2"));
  EXPECT_EQ(core->lanes().size(), 0U);
}

TEST_F(webhook_receiver, an_exit_whose_cancel_never_ends_is_refused_at_its_deadline) {
  fill_at_once = false;
  desk.cancels_at_once = false;
  run("buy AAPL 2");
  run("exit AAPL");
  for (int i = 0; i < 65; ++i) {
    pass(1s);
    settle();
  }
  static_cast<void>(core->commit(now));
  EXPECT_EQ(desk.cancelled.size(), 1U);
  EXPECT_EQ(core->lanes().size(), 0U);
  EXPECT_EQ(newest().word.reason, refusal::unsettled);
}

/// A report of "long 1" as a limit order, then again as a market order.
class webhook_positions : public webhook_receiver {
protected:
  void SetUp() override {
    webhook_receiver::SetUp();
    settings.fallback.sync = sync_mode::position;
    start();
  }
  static std::string report(const std::string& size, const std::string& rest = {}) {
    return R"({"action":"buy","symbol":"AAPL","market_position":"long","market_position_size":)" + size + rest + "}";
  }
  const std::string limit_ = R"(,"order_type":"limit","price":200)";
};

TEST_F(webhook_positions, an_order_that_rests_is_taken_back_before_the_next_report_is_traded) {
  run(report("1", limit_));
  ASSERT_EQ(desk.orders.size(), 1U);
  ASSERT_EQ(desk.orders[0].what.state, order_state::working);
  run(report("1"));
  for (int i = 0; i < 3; ++i) {
    pass(100ms);
    settle();
  }
  ASSERT_EQ(desk.cancelled.size(), 1U);
  EXPECT_EQ(desk.cancelled[0].order, order_id{"o-1"});
  EXPECT_EQ(desk.orders.size(), 2U);
  desk.fill_resting();
  EXPECT_EQ(held("AAPL"), qty("1")) << "never more than what is reported";
}

TEST_F(webhook_positions, an_order_that_fills_in_spite_of_its_cancel_is_counted) {
  desk.cancels_at_once = false;
  run(report("1", limit_));
  run(report("3"));
  for (int i = 0; i < 5; ++i) {
    pass(1s);
    settle();
  }
  EXPECT_EQ(desk.orders.size(), 1U) << "the position is not known before the cancel is done";
  EXPECT_EQ(desk.cancelled.size(), 1U) << "asked once";
  desk.fill_resting();
  pass(1s);
  settle();
  ASSERT_EQ(desk.orders.size(), 2U);
  EXPECT_EQ(desk.orders[1].what.terms.qty, qty("2"));
  EXPECT_EQ(held("AAPL"), qty("3"));
}

TEST_F(webhook_positions, a_cancel_that_never_ends_is_refused_at_its_deadline) {
  desk.cancels_at_once = false;
  run(report("1", limit_));
  run(report("1"));
  for (int i = 0; i < 65; ++i) {
    pass(1s);
    settle();
  }
  static_cast<void>(core->commit(now));
  EXPECT_EQ(desk.orders.size(), 1U);
  EXPECT_EQ(newest().word.reason, refusal::unsettled);
}

TEST_F(webhook_positions, protection_stays) {
  run(report("3"));
  order_request stop;
  stop.account = account_id{"paper_simulator"};
  stop.symbol = "AAPL";
  stop.side = order_side::sell;
  stop.size = size_quantity{qty("3")};
  stop.type = order_type::stop;
  stop.effect = position_effect::reduce_only;
  stop.strategy = strategy_id{"webhook:default"};
  ASSERT_TRUE(desk.place({stop, "stop"}));
  run(report("4"));
  EXPECT_TRUE(desk.cancelled.empty());
  EXPECT_EQ(held("AAPL"), qty("4"));
}

TEST_F(webhook_receiver, cancel_all_waits_for_what_came_before_and_holds_what_comes_after) {
  desk_failure = error{errc::not_available, "away"};
  run("buy AAPL 1");
  run("cancel_all");
  run("buy MSFT 1");
  EXPECT_TRUE(desk.cancelled.empty());
  desk_failure.reset();
  pass(1s);
  settle();
  EXPECT_EQ(desk.cancelled.size(), 1U);
  ASSERT_EQ(desk.orders.size(), 2U);
  EXPECT_EQ(desk.orders[1].what.symbol, "MSFT");
}

TEST_F(webhook_receiver, a_disabled_strategy_is_refused_at_once) {
  auto on = std::make_shared<bool>(true);
  standing = [on](const strategy_id&) -> std::optional<strategy_standing> {
    return strategy_standing{*on ? strategy_standing::state::enabled : strategy_standing::state::disabled, quantity_kind::shares};
  };
  start();
  run(R"({"action":"buy","symbol":"AAPL","qty":1,"strategy":"s","id":1})");
  *on = false;
  EXPECT_EQ(run(R"({"action":"buy","symbol":"AAPL","qty":1,"strategy":"s","id":2})").event->word.reason, refusal::disabled);
  EXPECT_EQ(desk.orders.size(), 1U);
}

TEST_F(webhook_receiver, a_strategy_switched_off_while_its_alert_waits_opens_nothing) {
  auto on = std::make_shared<bool>(true);
  standing = [on](const strategy_id&) -> std::optional<strategy_standing> {
    return strategy_standing{*on ? strategy_standing::state::enabled : strategy_standing::state::disabled, quantity_kind::shares};
  };
  start();
  fill_at_once = false;
  run("buy AAPL 2");
  run("long AAPL 1"); // waits for the fill
  *on = false;
  desk.fill_all();
  pass(1s);
  settle();
  static_cast<void>(core->commit(now));
  EXPECT_EQ(desk.orders.size(), 1U);
  EXPECT_EQ(newest().word.reason, refusal::disabled);
  *on = true;
  run("sell AAPL 1");
  run("exit AAPL"); // waits for the fill, too
  *on = false;
  desk.fill_all();
  pass(1s);
  settle();
  ASSERT_EQ(desk.orders.size(), 3U) << "but what is held is still closed";
  EXPECT_EQ(desk.orders[2].what.terms.effect, position_effect::reduce_only);
  EXPECT_EQ(desk.orders[2].what.terms.qty, qty("1"));
}

TEST_F(webhook_receiver, paper_route_shares_the_normaliser) {
  const auto got = core->receive_on_paper(R"({"action":"buy","ticker":"AAPL","contracts":"2","account":"second"})", "127.0.0.1", account_id{"second"}, now);
  ASSERT_FALSE(got.answer);
  ASSERT_EQ(core->commit(now).size(), 1U);
  settle();
  ASSERT_EQ(desk.orders.size(), 1U);
  EXPECT_EQ(newest().account.str(), "second");
  EXPECT_EQ(core->receive_on_paper("", "127.0.0.1", account_id{"second"}, now).answer->kind, answer_kind::unreadable);
}

// -- profiles

profile_change named(const char* name) {
  profile_change out;
  out.name = name;
  out.account = account_id{"paper_simulator"};
  return out;
}

TEST_F(webhook_receiver, profiles_are_made_changed_rotated_and_kept) {
  auto change = named("breakout");
  change.body_secret = "long enough";
  change.symbols = {"NASDAQ:AAPL"};
  const auto made = core->create(change, now.wall);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->path_token.size(), 32U) << "128 bits";
  EXPECT_EQ(made->profile.scope.symbols, std::vector<std::string>{"AAPL"});
  const auto body = R"({"secret":"long enough","action":"buy","symbol":"AAPL","qty":1,"id":)";
  EXPECT_EQ(run(post_of(body + std::string("1}"), made->path_token)).kind, answer_kind::accepted);
  const auto rotated = core->rotate(made->profile.id, now.wall);
  ASSERT_TRUE(rotated);
  EXPECT_EQ(run(post_of(body + std::string("2}"), made->path_token)).kind, answer_kind::unauthenticated) << "the old address is void";
  EXPECT_EQ(run(post_of(body + std::string("2}"), rotated->path_token)).kind, answer_kind::accepted);
  start();
  EXPECT_EQ(run(post_of(body + std::string("3}"), rotated->path_token)).kind, answer_kind::accepted) << "after a restart, too";
  profile_change other;
  other.body_secret = "";
  other.freshness = 10s;
  const auto changed = core->change(made->profile.id, other, now.wall);
  ASSERT_TRUE(changed);
  EXPECT_FALSE(changed->rules.body_secret.is_set());
  EXPECT_EQ(changed->scope.symbols, std::vector<std::string>{"AAPL"}) << "what is not named stays";
  EXPECT_TRUE(core->remove(made->profile.id));
  EXPECT_EQ(run(post_of(body + std::string("4}"), rotated->path_token)).kind, answer_kind::unauthenticated);
  EXPECT_EQ(core->profiles().size(), 1U);
}

TEST_F(webhook_receiver, profile_mistakes_name_the_field) {
  const auto field = [&](auto edit) {
    auto change = named("p");
    edit(change);
    const auto made = core->create(change, now.wall);
    return made ? std::string{} : made.error().field;
  };
  EXPECT_EQ(field([](auto& c) { c.symbols = {"NOSUCH"}; }), "scope.symbols");
  EXPECT_EQ(field([](auto& c) { c.body_secret = "short"; }), "rules.body_secret");
  EXPECT_EQ(field([](auto& c) { c.name = "default"; }), "name");
  EXPECT_EQ(core->change("default", {}, now.wall).error().code, errc::conflict);
  EXPECT_EQ(core->remove("default").error().code, errc::conflict);
  EXPECT_EQ(core->remove("wp-none").error().code, errc::not_found);
  EXPECT_EQ(core->rotate("wp-none", now.wall).error().code, errc::not_found);
}

TEST_F(webhook_receiver, a_missing_alert_is_an_alarm_once) {
  auto change = named("every minute");
  change.expect_every = 60s;
  const auto made = core->create(change, now.wall);
  ASSERT_TRUE(made);
  pass(60s);
  EXPECT_TRUE(core->take_news().empty());
  pass(1s);
  const auto alarm = core->take_news();
  ASSERT_EQ(alarm.size(), 1U);
  EXPECT_EQ(alarm[0].what, webhook_news::kind::missing);
  EXPECT_EQ(alarm[0].profile_name, "every minute");
  pass(60s);
  EXPECT_TRUE(core->take_news().empty()) << "once, not every second";
  news.clear();
  run(post_of("a note", made->path_token));
  ASSERT_GE(news.size(), 1U);
  EXPECT_EQ(news[0].what, webhook_news::kind::arrived);
  pass(61s);
  EXPECT_EQ(core->take_news().size(), 1U);
}

TEST_F(webhook_receiver, a_missing_alert_that_is_waited_for_no_more_is_no_alarm_any_more) {
  auto change = named("every minute");
  change.expect_every = 60s;
  const auto made = core->create(change, now.wall);
  ASSERT_TRUE(made);
  const auto told = [&] {
    std::vector<webhook_news::kind> out;
    for (const auto& one : core->take_news()) out.push_back(one.what);
    return out;
  };
  pass(61s);
  EXPECT_EQ(told(), std::vector{webhook_news::kind::missing});
  profile_change other;
  other.freshness = 30s;
  ASSERT_TRUE(core->change(made->profile.id, other, now.wall));
  EXPECT_TRUE(told().empty()) << "it is still missing";
  profile_change longer;
  longer.expect_every = 120s;
  ASSERT_TRUE(core->change(made->profile.id, longer, now.wall));
  EXPECT_EQ(told(), std::vector{webhook_news::kind::withdrawn});
  pass(100s);
  EXPECT_TRUE(told().empty());
  pass(21s);
  EXPECT_EQ(told(), std::vector{webhook_news::kind::missing});
  ASSERT_TRUE(core->remove(made->profile.id));
  EXPECT_EQ(told(), std::vector{webhook_news::kind::withdrawn});
  pass(600s);
  EXPECT_TRUE(told().empty());
}

TEST_F(webhook_receiver, a_change_of_something_else_does_not_put_the_alarm_off) {
  auto change = named("every minute");
  change.expect_every = 60s;
  const auto made = core->create(change, now.wall);
  ASSERT_TRUE(made);
  pass(50s);
  profile_change other;
  other.freshness = 30s;
  ASSERT_TRUE(core->change(made->profile.id, other, now.wall));
  pass(11s);
  EXPECT_EQ(core->take_news().size(), 1U);
}

TEST_F(webhook_receiver, a_secret_that_is_part_of_a_field_is_refused_and_not_traded_under_another_name) {
  auto change = named("careless");
  change.body_secret = "position";
  const auto made = core->create(change, now.wall);
  ASSERT_TRUE(made);
  const auto reason = [&](const std::string& rest) {
    return run(post_of(R"({"secret":"position","action":"buy","symbol":"AAPL","qty":1,)" + rest + "}", made->path_token)).event->word.reason;
  };
  EXPECT_EQ(reason(R"("market_position":"flat")"), refusal::invalid_field) << "or it would open instead of close";
  EXPECT_EQ(reason(R"("strategy":"position-v2")"), refusal::invalid_field);
  EXPECT_TRUE(desk.orders.empty());
  EXPECT_EQ(reason(R"("comment":"a new position")"), refusal::none) << "words for people are blotted out";
  ASSERT_EQ(desk.orders.size(), 1U);
}

TEST_F(webhook_receiver, no_secret_reaches_the_disk) {
  auto change = named("secretive");
  change.body_secret = "swordfish-swordfish";
  const auto made = core->create(change, now.wall);
  run(post_of(R"({"secret":"swordfish-swordfish","action":"buy","symbol":"AAPL","qty":1,"comment":"swordfish-swordfish"})", made->path_token));
  auto by_header = post_of("buy AAPL 1, said swordfish-swordfish", made->path_token);
  by_header.secret = "swordfish-swordfish";
  run(by_header);
  EXPECT_EQ(core->events({})->size(), 2U);
  core.reset();
  journal.reset();
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("swordfish"), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find(made->path_token), std::string::npos) << file.path();
  }
}

// -- order

/// The alerts of one second on three symbols, among them such whose effect hangs on those before.
const std::vector<std::string>& same_second() {
  static const std::vector<std::string> all{"buy AAPL 2",  "long MSFT 3", "short AAPL 1", "exit MSFT",  "sell GOOGL 4", "long AAPL 5",
                                            "buy MSFT 1",  "long GOOGL 2", "close_short AAPL", "short MSFT 2", "exit GOOGL",   "buy GOOGL 7"};
  return all;
}

// However answers of the desk, fills, commits and the clock come among each other: the end is that of one after the other.
TEST_F(webhook_receiver, ten_thousand_interleavings_end_in_the_same_position) {
  const char* const asked = std::getenv("TT_WEBHOOK_INTERLEAVINGS");
  const int rounds = asked != nullptr ? std::atoi(asked) : 500;
  fill_at_once = false;
  for (int round = 0; round < rounds; ++round) {
    std::mt19937 dice{static_cast<unsigned>(round)};
    auto opened = open_event_journal(":memory:", "00112233aabbccdd");
    ASSERT_TRUE(opened);
    core.reset();
    journal = std::make_shared<faulty_journal>(std::move(*opened));
    desk = {};
    auto made = receiver::open(*journal, instruments(), {}, settings, now);
    ASSERT_TRUE(made);
    core = std::move(*made);
    std::size_t sent = 0;
    std::vector<desk_question> open;
    for (int step = 0; step < 10'000; ++step) {
      switch (dice() % 5) {
      case 0:
        if (sent < same_second().size()) static_cast<void>(core->receive(post_of(same_second()[sent++]), now));
        break;
      case 1: static_cast<void>(core->commit(now)); break;
      case 2: desk.fill(dice() % 3); break;
      case 3:
        if (!open.empty()) {
          const auto at = open.begin() + static_cast<std::ptrdiff_t>(dice() % open.size());
          const auto question = *at;
          open.erase(at);
          answer(question);
        }
        break;
      case 4: pass(1ms * (dice() % 50)); break;
      }
      core->collect(now);
      for (auto& one : core->lanes().take_questions()) open.push_back(std::move(one));
      if (sent == same_second().size() && core->lanes().size() == 0 && !core->has_waiting()) break;
    }
    desk.fill_all();
    ASSERT_EQ(core->lanes().size(), 0U) << "round " << round;
    ASSERT_EQ(held("AAPL"), qty("5")) << "round " << round;
    ASSERT_EQ(held("MSFT"), qty("-2")) << "round " << round;
    ASSERT_EQ(held("GOOGL"), qty("7")) << "round " << round;
  }
}

// A long queue that ends all at once must not become a deep stack.
TEST_F(webhook_receiver, thousands_of_late_alerts_end_one_after_the_other) {
  settings.posts_per_minute = 0;
  start();
  desk_failure = error{errc::not_available, "away"};
  for (int i = 0; i < 5'000; ++i) {
    static_cast<void>(core->receive(post_of(R"({"action":"buy","symbol":"AAPL","qty":1,"id":)" + std::to_string(i) + "}"), now));
    if (core->is_full()) static_cast<void>(core->commit(now));
  }
  static_cast<void>(core->commit(now));
  settle();
  now.wall += 2h;
  desk_failure.reset();
  pass(1s);
  settle();
  EXPECT_EQ(core->lanes().size(), 0U);
  EXPECT_TRUE(desk.orders.size() <= 1U) << "what was asked before may have arrived, nothing else";
}

} // namespace
} // namespace tt::webhook::test
