// What is shown of an account can be believed: a journal that is damaged, ids that never come again, clocks of persons, states of orders
// as they were.

#include "tests/accounts/desk_bench.hpp"

#include <filesystem>
#include <map>

namespace tt::gateway::test {
namespace {

TEST_F(desk_bench, of_a_damaged_journal_nothing_is_shown_and_nothing_is_done) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto known = place(order_side::buy, "5");
  ASSERT_TRUE(known);
  disk = disk_state::damaged;
  start();
  const auto is_refused = [](const auto& answer) {
    return !answer && answer.error().code == errc::not_available && answer.error().field == "journal";
  };
  const order_name id{order_name::kind::server, known->order.what.id.str(), {}};
  EXPECT_TRUE(is_refused(got<std::vector<order_snapshot>>([&](auto done) { port->orders(ann, {}, done); })));
  EXPECT_TRUE(is_refused(got<order_snapshot>([&](auto done) { port->order_of(ann, id, done); })));
  EXPECT_TRUE(is_refused(got<std::vector<position_snapshot>>([&](auto done) { port->positions(ann, {}, done); })));
  EXPECT_TRUE(is_refused(got<std::vector<execution_snapshot>>([&](auto done) { port->executions(ann, {}, done); })));
  EXPECT_TRUE(is_refused(got<account_performance>([&](auto done) { port->performance(ann, {}, 10, done); })));
  EXPECT_TRUE(is_refused(got<risk_snapshot>([&](auto done) { port->risk_state(ann, {}, done); })));
  EXPECT_TRUE(is_refused(got<std::vector<order_id>>([&](auto done) { port->cancel_all(ann, {}, done); })));
  EXPECT_TRUE(is_refused(got<cancelled_order>([&](auto done) { port->cancel(ann, id, done); })));
  EXPECT_TRUE(is_refused(got<order_snapshot>([&](auto done) { port->change(ann, id, {}, done); })));
  EXPECT_TRUE(is_refused(got<closed_positions>([&](auto done) { port->close(ann, {}, done); })));
  EXPECT_TRUE(is_refused(place(order_side::buy, "1")));
  const auto all = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->front().profile.id, account_id{"paper"});
  ASSERT_TRUE(all->front().trouble);
  EXPECT_EQ(all->front().trouble->field, "journal");
  const auto told = got<std::vector<account_history>>([&](auto done) { port->history(done); });
  ASSERT_TRUE(told) << "it must not keep the news of others back";
  EXPECT_TRUE(told->empty());
  std::optional<trading_health> health;
  port->ask_health([&](const trading_health& now) { health = now; });
  pass(50ms);
  ASSERT_TRUE(health);
  EXPECT_EQ(health->journal, "read_only");
  EXPECT_NE(health->reason.find("paper"), std::string::npos);
  EXPECT_NE(health->reason.find("checksum"), std::string::npos) << health->reason;
  EXPECT_FALSE(health->is_ready);
  // the stop of emergency is thrown all the same
  stop_request halt;
  halt.reason = "test";
  EXPECT_TRUE(got<stopped>([&](auto done) { port->stop(ann, halt, done); }));
}

TEST_F(desk_bench, ids_never_come_again_when_the_account_is_started_over) {
  std::map<std::string, std::string> seen;
  const auto one_life = [&] {
    start();
    quote("AAPL", "99.99", "100.01");
    std::vector<std::string> ids;
    const auto keep = [&](const order_id& id) { ids.push_back(id.str()); };
    place_order named;
    named.request.account = account_id{"paper"};
    named.request.symbol = "AAPL";
    named.request.size = size_quantity{qty("3")};
    named.request.client_id = client_order_id{"mine"};
    const auto mine = got<placed_order>([&](auto done) { port->place(ann, named, done); });
    EXPECT_TRUE(mine && mine->how == placed_order::outcome::placed);
    if (mine) keep(mine->order.what.id);
    pass(50ms);
    const auto again = got<placed_order>([&](auto done) { port->place(ann, named, done); });
    EXPECT_TRUE(again && again->how == placed_order::outcome::repeated) << "the key is one order in this life, too";
    if (const auto nameless = place(order_side::buy, "1")) keep(nameless->order.what.id);
    const auto first = signal("cause", order_side::buy, "2"), second = signal("cause", order_side::buy, "2");
    EXPECT_TRUE(first && second && second->how == signal_outcome::kind::repeated);
    if (first) keep(first->what.id);
    EXPECT_TRUE(flatten());
    pass(1s);
    EXPECT_TRUE(positions().empty());
    for (const auto& closing : orders())
      if (closing.what.origin == order_origin::flatten) keep(closing.what.id);
    EXPECT_EQ(ids.size(), 4U);
    for (const auto& id : ids) {
      EXPECT_FALSE(seen.contains(id)) << id << " of generation " << generation << " was one of " << seen[id];
      seen[id] = std::to_string(generation);
    }
  };
  one_life();
  generation = 1;
  one_life();
  generation = 2;
  one_life();
}

TEST_F(desk_bench, an_order_of_a_journal_that_knew_no_generations_keeps_its_key) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto first = signal("cause", order_side::buy, "2");
  ASSERT_TRUE(first);
  // the same journal, by a program that knows how often the account was started over
  stop();
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    if (const auto name = entry.path().filename().string(); name.starts_with("journal")) files[entry.path().string()] = folder.path("journal1" + name.substr(7));
  for (const auto& [from, to] : files) std::filesystem::copy(from, to);
  generation = 1;
  start();
  quote("AAPL", "99.99", "100.01");
  const auto again = signal("cause", order_side::buy, "2");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->how, signal_outcome::kind::repeated);
  EXPECT_EQ(again->what.id, first->what.id);
}

TEST_F(desk_bench, a_resume_token_and_the_age_of_data_are_of_a_clock_that_no_replay_moves) {
  steady = 1h;
  start();
  quote("AAPL", "99.99", "100.01");
  stop_request halt;
  halt.reason = "test";
  const auto ask = [&] { return got<resume_question>([&](auto done) { port->ask_resume(root, "looked", done); }); };
  const auto confirm = [&](const std::string& token) { return got<std::uint64_t>([&](auto done) { port->resume(root, token, done); }); };
  const auto age = [&] {
    const auto all = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
    return all && !all->empty() ? all->front().data_age.value_or(-1ms) : -2ms;
  };
  EXPECT_EQ(age(), 0ms);
  ASSERT_TRUE(got<stopped>([&](auto done) { port->stop(ann, halt, done); }));
  auto question = ask();
  ASSERT_TRUE(question) << to_string(question.error());
  day += 5h; // a fast replay: for the person a moment
  *steady += 59s;
  EXPECT_EQ(age(), 59s);
  EXPECT_TRUE(confirm(question->token));
  ASSERT_TRUE(got<stopped>([&](auto done) { port->stop(ann, halt, done); }));
  question = ask();
  ASSERT_TRUE(question);
  *steady += 60s; // the market stands still
  EXPECT_EQ(confirm(question->token).error().code, errc::refused);
}

TEST_F(desk_bench, each_change_of_an_order_is_told_once_in_order_and_with_its_own_state) {
  start();
  quote("AAPL", "99.99", "100.01");
  news.clear();
  const auto bought = place(order_side::buy, "5");
  ASSERT_TRUE(bought);
  std::vector<std::string> states;
  std::uint32_t version = 0;
  for (const auto& one : news) {
    EXPECT_GT(one.what.version, version) << "no version twice";
    version = one.what.version;
    states.emplace_back(to_string(one.what.state));
  }
  EXPECT_EQ(states, (std::vector<std::string>{"created", "submitting", "working", "filled"}));
  EXPECT_TRUE(news.at(2).what.filled.is_zero()) << "it worked before it was filled";
  // a life with everything: what was told last of each order is how it stands
  const auto resting = place(order_side::buy, "4", "AAPL", "98");
  ASSERT_TRUE(resting);
  const order_name id{order_name::kind::server, resting->order.what.id.str(), {}};
  order_change cheaper;
  cheaper.limit_price = px("97");
  ASSERT_TRUE(got<order_snapshot>([&](auto done) { port->change(ann, id, cheaper, done); }));
  pass(50ms);
  ASSERT_TRUE(got<cancelled_order>([&](auto done) { port->cancel(ann, id, done); }));
  pass(50ms);
  place_order guarded;
  guarded.request.account = account_id{"paper"};
  guarded.request.symbol = "AAPL";
  guarded.request.size = size_quantity{qty("3")};
  guarded.request.type = order_type::bracket;
  guarded.request.profit = take_profit{px("110")};
  guarded.request.loss = stop_loss{px("95"), {}};
  ASSERT_TRUE(got<placed_order>([&](auto done) { port->place(ann, guarded, done); }));
  quote("AAPL", "110.20", "110.22");
  pass(200ms);
  ASSERT_EQ(place(order_side::buy, "100000")->how, placed_order::outcome::refused);
  std::map<order_number, order> last;
  for (const auto& one : news) last.insert_or_assign(one.what.number, one.what);
  const auto now = orders();
  ASSERT_EQ(now.size(), last.size());
  ASSERT_GE(now.size(), 5U);
  for (const auto& one : now) EXPECT_EQ(last.at(one.what.number), one.what) << raw(one.what.number) << " " << to_string(one.what.state);
  start(); // and what is told again over a restart is what was told
  const auto before = news.size();
  const auto history = got<std::vector<account_history>>([&](auto done) { port->history(done); });
  ASSERT_TRUE(history);
  const auto& again = history->front().order_news;
  ASSERT_GE(again.size(), before);
  for (std::size_t i = 0; i < again.size(); ++i) {
    if (again[i].sequence < news.front().sequence || again[i].sequence > news.back().sequence) continue;
    const auto& told = news.at(static_cast<std::size_t>(again[i].sequence - news.front().sequence));
    EXPECT_EQ(told.sequence, again[i].sequence);
    EXPECT_EQ(told.what, again[i].what) << again[i].sequence;
  }
}

TEST_F(desk_bench, an_account_without_a_word_of_its_venue_is_as_old_as_its_journal) {
  start();
  const auto all = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
  ASSERT_TRUE(all);
  ASSERT_TRUE(all->front().updated_at);
  EXPECT_GT(*all->front().updated_at, at("2026-01-01T00:00:00Z"));
}

TEST_F(desk_bench, a_change_touches_what_the_order_has) {
  start();
  quote("AAPL", "99.99", "100.01");
  const auto resting = place(order_side::buy, "2", "AAPL", "98");
  ASSERT_TRUE(resting);
  const auto change = [&](order_change what) {
    return got<order_snapshot>([&](auto done) { port->change(ann, {order_name::kind::server, resting->order.what.id.str(), {}}, what, done); });
  };
  order_change stop, trail, limit;
  stop.stop_price = px("97");
  trail.trail_offset = px("1");
  limit.limit_price = px("97.5");
  EXPECT_EQ(change(stop).error().field, "stop_price");
  EXPECT_EQ(change(trail).error().field, "trail_offset");
  EXPECT_EQ(change(stop).error().code, errc::invalid_argument);
  EXPECT_TRUE(change(limit));
}

} // namespace
} // namespace tt::gateway::test
