// The life of alerts: commands, what is on disk when, restarts at bad moments.

#include "tests/alerts/price/support.hpp"
#include "tests/support/temporary_folder.hpp"

namespace tt::alerts::test {
namespace {

class book_life : public book_test {
protected:
  alert_book& core() { return *book; }
  alert_draft buying(const char* repeat = "once") {
    auto out = draft("price_above", "100");
    out.auto_execute = true;
    out.order_side = "buy";
    out.order_quantity = dec("0.5");
    out.account_id = "paper_simulator";
    out.repeat = repeat;
    return out;
  }
  [[nodiscard]] errc refusal(const result<alert>& what) const { return what ? errc::success : what.error().code; }
};

TEST_F(book_life, ids_are_made_here_and_never_twice) {
  const auto first = make("price_above", "100"), second = make("price_above", "100");
  EXPECT_NE(first.id, second.id);
  ASSERT_TRUE(core().remove(second.id));
  restart();
  const auto third = make("price_above", "100");
  EXPECT_NE(third.id, second.id) << "the id of a removed alert is not used again";
  EXPECT_GT(third.number, second.number);
}

TEST_F(book_life, a_clients_id_that_exists_is_a_conflict) {
  auto wanted = draft("price_above", "100");
  wanted.client_id = "mine";
  const auto first = make(wanted);
  EXPECT_EQ(first.client_id, "mine");
  const auto again = core().create(wanted, "tester", now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, errc::conflict);
  EXPECT_EQ(again.error().field, "alert_id");
  wanted.client_id = first.id;
  EXPECT_EQ(refusal(core().create(wanted, "tester", now)), errc::conflict) << "the server's ids count too";
  restart();
  wanted.client_id = "mine";
  EXPECT_EQ(refusal(core().create(wanted, "tester", now)), errc::conflict);
  ASSERT_TRUE(core().remove(first.id));
  EXPECT_TRUE(core().create(wanted, "tester", now));
}

TEST_F(book_life, a_trigger_is_on_disk_with_its_actions_before_anything_is_handed_out) {
  auto wanted = buying();
  wanted.notice_url = "https://hooks.example.org/x";
  const auto one = make(wanted);
  store->commits.clear();
  EXPECT_EQ(tick("101"), 1U);
  ASSERT_EQ(store->commits.size(), 1U);
  EXPECT_EQ(store->commits[0].written.size(), 1U);
  ASSERT_EQ(store->commits[0].made.size(), 2U);
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(actions[0].key, (action_key{one.number, 1, action_kind::order}));
  EXPECT_EQ(actions[1].key, (action_key{one.number, 1, action_kind::notice}));
  EXPECT_EQ(actions[0].what.rule.order->qty, qty("0.5"));
}

TEST_F(book_life, an_alert_does_not_go_off_before_it_was_made) {
  const auto one = make("price_above", "100");
  now -= std::chrono::seconds{2}; // the last tick of a quiet symbol
  EXPECT_EQ(tick("101"), 1U);
  const auto after = state_of(one);
  ASSERT_TRUE(after.last_triggered_at);
  EXPECT_GE(*after.last_triggered_at, after.created_at);
  EXPECT_GE(after.updated_at, *after.last_triggered_at);
}

TEST_F(book_life, while_the_store_fails_nothing_is_done_and_nothing_is_lost) {
  make(buying());
  store->fails = true;
  EXPECT_EQ(tick("101"), 0U);
  EXPECT_TRUE(actions.empty());
  EXPECT_TRUE(core().has_changes());
  EXPECT_EQ(refusal(core().create(draft("price_above", "5"), "tester", now)), errc::io_error);
  store->fails = false;
  EXPECT_EQ(settle(), 1U);
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_EQ(settle(), 0U);
  EXPECT_EQ(actions.size(), 1U);
}

TEST_F(book_life, a_crash_before_the_commit_leaves_the_alert_as_it_was) {
  const auto one = make(buying());
  store->fails = true;
  tick("101");
  restart();
  EXPECT_EQ(state_of(one).status, alert_status::active);
  EXPECT_TRUE(core().take_open_actions().empty());
  EXPECT_EQ(tick("101"), 1U) << "nothing was done, so it goes off now";
  EXPECT_EQ(actions.size(), 1U);
}

TEST_F(book_life, a_crash_between_commit_and_action_does_the_action_after_the_start) {
  const auto one = make(buying("always"));
  EXPECT_EQ(tick("101"), 1U);
  ASSERT_EQ(actions.size(), 1U);
  restart();
  const auto open = core().take_open_actions();
  ASSERT_EQ(open.size(), 1U);
  auto expected = actions[0];
  expected.what.memory = {}; // of the alert, not of what is to be done
  EXPECT_EQ(open[0], expected);
  EXPECT_TRUE(core().take_open_actions().empty());
  EXPECT_EQ(tick("101"), 0U) << "no second trigger for the same rise";
  core().finish(open[0].key, [](alert_result& to) { to.order_state = "placed"; to.order_id = "o-1"; }, now);
  settle();
  EXPECT_EQ(state_of(one).last_result.order_id, "o-1");
  EXPECT_EQ(events.back().kind, alert_event_kind::acted);
  restart();
  EXPECT_TRUE(core().take_open_actions().empty());
  EXPECT_EQ(state_of(one).last_result.order_state, "placed");
}

TEST_F(book_life, the_result_of_an_older_trigger_does_not_cover_the_newer) {
  const auto one = make(buying("always"));
  tick("101");
  tick("99");
  tick("101");
  ASSERT_EQ(actions.size(), 2U);
  core().finish(actions[0].key, [](alert_result& to) { to.order_state = "failed"; }, now);
  settle();
  EXPECT_EQ(state_of(one).last_result.trigger, 2U);
  EXPECT_EQ(state_of(one).last_result.order_state, "");
}

TEST_F(book_life, a_removed_alert_still_has_its_open_order_done) {
  const auto one = make(buying());
  tick("101");
  ASSERT_TRUE(core().remove(one.id));
  restart();
  EXPECT_EQ(core().take_open_actions().size(), 1U);
}

TEST_F(book_life, sides_of_levels_outlive_a_restart) {
  make("price_cross_above", "100", "always");
  tick("99");
  ASSERT_TRUE(core().flush_all());
  restart();
  EXPECT_EQ(tick("104"), 1U) << "it crossed while the node was down";
  restart();
  EXPECT_EQ(tick("104"), 0U);
}

TEST_F(book_life, an_alert_that_held_before_the_restart_does_not_go_off_again) {
  make("price_above", "100", "always");
  auto wanted = draft("price_above", "100");
  wanted.repeat = "once_per_bar";
  make(wanted);
  EXPECT_EQ(tick("101", "2026-01-15T15:00:10Z"), 2U);
  restart();
  EXPECT_EQ(tick("102", "2026-01-15T15:00:20Z"), 0U);
  EXPECT_EQ(tick("102", "2026-01-15T15:01:00Z"), 1U);
}

TEST_F(book_life, what_expired_while_the_node_was_down_is_expired) {
  auto wanted = draft("price_above", "100");
  wanted.expires_at = now + std::chrono::hours{1};
  const auto one = make(wanted);
  now += std::chrono::hours{1};
  restart();
  EXPECT_EQ(state_of(one).status, alert_status::expired);
  EXPECT_EQ(tick("101"), 0U);
}

TEST_F(book_life, pause_and_resume) {
  const auto one = make("price_above", "100");
  const auto paused = core().turn(one.id, alert_switch::pause, now);
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->status, alert_status::paused);
  EXPECT_TRUE(core().topics().empty()) << "nobody reads for a paused alert";
  EXPECT_EQ(tick("101"), 0U);
  EXPECT_TRUE(core().turn(one.id, alert_switch::pause, now)) << "twice is the same";
  restart();
  EXPECT_EQ(tick("101"), 0U);
  ASSERT_TRUE(core().turn(one.id, alert_switch::resume, now));
  EXPECT_EQ(tick("101"), 1U);
  ASSERT_TRUE(core().turn(one.id, alert_switch::resume, now)) << "a triggered alert is made active again";
  EXPECT_EQ(tick("99"), 0U);
  EXPECT_EQ(tick("101"), 1U);
  EXPECT_EQ(state_of(one).trigger_count, 2U);
  EXPECT_EQ(refusal(core().turn(one.id, alert_switch::pause, now)), errc::conflict);
  EXPECT_EQ(refusal(core().turn("al-none-1", alert_switch::pause, now)), errc::not_found);
}

TEST_F(book_life, an_expired_alert_needs_a_later_end) {
  auto wanted = draft("price_above", "100");
  wanted.expires_at = now + std::chrono::hours{1};
  const auto one = make(wanted);
  now += std::chrono::hours{2};
  core().expire(now);
  EXPECT_EQ(refusal(core().turn(one.id, alert_switch::resume, now)), errc::conflict);
  alert_draft later;
  later.expires_at = now + std::chrono::hours{1};
  ASSERT_TRUE(core().change(one.id, later, now));
  EXPECT_EQ(state_of(one).status, alert_status::active);
  EXPECT_EQ(tick("101"), 1U);
}

TEST_F(book_life, a_change_of_the_level_is_judged_anew) {
  const auto one = make("price_cross_above", "100", "always");
  tick("101");
  alert_draft change;
  change.value = dec("105");
  ASSERT_TRUE(core().change(one.id, change, now));
  EXPECT_EQ(tick("104"), 0U);
  EXPECT_EQ(tick("106"), 1U);
  change = {};
  change.message = "other words";
  ASSERT_TRUE(core().change(one.id, change, now));
  EXPECT_EQ(tick("106"), 0U) << "words change nothing about the side";
  tick("104");
  EXPECT_EQ(tick("106"), 1U);
}

TEST_F(book_life, cancelled_is_final) {
  const auto one = make("price_above", "100");
  alert_draft cancel;
  cancel.status = alert_status::cancelled;
  ASSERT_TRUE(core().change(one.id, cancel, now));
  EXPECT_EQ(tick("101"), 0U);
  EXPECT_EQ(refusal(core().turn(one.id, alert_switch::resume, now)), errc::conflict);
  alert_draft back;
  back.status = alert_status::active;
  EXPECT_EQ(refusal(core().change(one.id, back, now)), errc::conflict);
  back.status = alert_status::triggered;
  EXPECT_EQ(refusal(core().change(make("price_above", "100").id, back, now)), errc::invalid_argument);
}

TEST_F(book_life, removed_is_gone) {
  const auto one = make("price_above", "100");
  ASSERT_TRUE(core().remove(one.id));
  EXPECT_FALSE(core().find(one.id));
  EXPECT_EQ(refusal(core().remove(one.id)), errc::not_found);
  EXPECT_EQ(tick("101"), 0U);
  restart();
  EXPECT_FALSE(core().find(one.id));
}

TEST_F(book_life, lists_are_newest_first_and_filtered) {
  const auto first = make("price_above", "100");
  auto other = draft("price_below", "5000", "ES1!");
  other.status = alert_status::paused;
  const auto second = make(other);
  ASSERT_TRUE(core().create_notice({"job_error", "momentum", "no data", {}, {}}, "node", now));
  EXPECT_EQ(core().list({}).size(), 3U);
  EXPECT_EQ(core().list({})[0].notice_type, "job_error");
  EXPECT_EQ(core().list({.status = alert_status::active}).front().id, first.id);
  EXPECT_EQ(core().list({.symbol = "ES1!"}).front().id, second.id);
  EXPECT_EQ(core().list({.strategy = "momentum"}).size(), 1U);
  EXPECT_EQ(core().list({.limit = 2}).size(), 2U);
  EXPECT_EQ(core().list({.before = second.number}).front().id, first.id);
}

TEST_F(book_life, a_notice_is_kept_and_triggers_nothing) {
  const auto kept = core().create_notice({"job_error", "momentum", std::string(max_message + 10, 'x'), "aapl", {}}, "node", now);
  ASSERT_TRUE(kept);
  settle();
  EXPECT_EQ(events.back().kind, alert_event_kind::notice);
  EXPECT_EQ(kept->rule.message.size(), max_message);
  EXPECT_EQ(kept->rule.symbol, "AAPL");
  EXPECT_TRUE(actions.empty());
  EXPECT_TRUE(core().topics().empty());
  restart();
  EXPECT_EQ(state_of(*kept), *kept);
  EXPECT_EQ(refusal(core().turn(kept->id, alert_switch::resume, now)), errc::conflict);
  EXPECT_EQ(refusal(core().change(kept->id, {}, now)), errc::conflict);
  EXPECT_EQ(refusal(core().create_notice({"", "", "text", {}, {}}, "node", now)), errc::invalid_argument);
}

TEST_F(book_life, topics_are_those_of_active_alerts) {
  const auto version = core().topics_version();
  make("price_above", "100");
  make("price_below", "50");
  auto rsi = draft("rsi_oversold", nullptr, "AAPL");
  rsi.frame = "5m";
  const auto bars = make(rsi);
  EXPECT_NE(core().topics_version(), version);
  const std::set<market::topic> expected{{market::topic_kind::quotes, "BTCUSD", {}, {}}, {market::topic_kind::bars, "AAPL", timeframe::minutes(5), {}}};
  EXPECT_EQ(core().topics(), expected);
  ASSERT_TRUE(core().remove(bars.id));
  EXPECT_EQ(core().topics().size(), 1U);
}

TEST_F(book_life, custom_conditions_are_refused_where_nobody_can_judge_them) {
  auto wanted = draft("custom", nullptr);
  wanted.expression = "close > 100";
  const auto made = core().create(wanted, "tester", now);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::not_available);
}

TEST(store, a_file_of_another_program_is_not_touched) {
  const tt::test::temporary_folder folder;
  {
    auto opened = open_alert_store(folder.path(), "first");
    ASSERT_TRUE(opened);
    store_changes changes;
    alert one;
    one.number = 3;
    one.id = "al-x-3";
    one.rule.symbol = "AAPL";
    changes.written.push_back(one);
    changes.last_number = 5;
    ASSERT_TRUE((*opened)->commit(changes));
  }
  auto again = open_alert_store(folder.path(), "second");
  ASSERT_TRUE(again);
  const auto stored = (*again)->load();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->alerts.size(), 1U);
  EXPECT_EQ(stored->tag, "first") << "a store keeps the tag it was made with";
  EXPECT_EQ(stored->last_number, 5U) << "numbers of removed alerts are not used again";
  std::FILE* file = std::fopen(folder.path("alerts.sqlite").c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  again = error{};
  std::fwrite("no database at all", 1, 18, file);
  std::fclose(file);
  EXPECT_FALSE(open_alert_store(folder.path(), "third"));
}

} // namespace
} // namespace tt::alerts::test
