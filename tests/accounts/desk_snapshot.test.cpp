// A desk that begins with a snapshot is the desk that heard every record.

#include "tests/accounts/desk_bench.hpp"

namespace tt::gateway::test {
namespace {

class desk_snapshot : public desk_bench {
protected:
  /// Orders of a person and of strategies, a bracket, refusals, losses in a row, a stop and a resume, limits, a new day, a restart.
  void live() {
    start();
    ASSERT_TRUE(set_limit(risk::limit_id::consecutive_losses, "2"));
    lose();
    ASSERT_TRUE(signal("s1", order_side::buy, "3"));
    ASSERT_TRUE(signal("s2", order_side::buy, "2", "other", "AAPL"));
    lose_more();
    ASSERT_TRUE(is_tripped(risk::breaker_kind::consecutive_losses));
    static_cast<void>(place(order_side::buy, "1")); // refused
    start();
    day += 24h;
    quote("AAPL", "99.99", "100.01");
    quote("AAPL", "99.99", "100.01");
    ASSERT_TRUE(bracket("5", "95", "104"));
    pass(200ms);
    ASSERT_TRUE(place(order_side::buy, "1", "AAPL", "90"));
    ASSERT_TRUE(signal("s3", order_side::sell, "1"));
    stop_request what;
    what.mode = risk::kill_mode::reduce;
    what.reason = "test";
    ASSERT_TRUE(got<stopped>([&](auto done) { port->stop(ann, what, done); }));
    static_cast<void>(place(order_side::buy, "1")); // refused
    const auto question = got<resume_question>([&](auto done) { port->ask_resume(root, "seen", done); });
    ASSERT_TRUE(question) << to_string(question.error());
    ASSERT_TRUE(got<std::uint64_t>([&](auto done) { port->resume(root, question->token, done); }));
    start();
    quote("AAPL", "99.99", "100.01");
    const auto last = signal("s4", order_side::sell, "2");
    ASSERT_TRUE(last) << to_string(last.error());
    ASSERT_TRUE(flatten());
    pass(500ms);
    quote("AAPL", "99.99", "100.01");
    stop();
  }
  void lose_more() {
    quote("AAPL", "98.99", "99.01");
    ASSERT_TRUE(place(order_side::sell, "5"));
    ASSERT_TRUE(positions().empty());
    lose();
  }
  std::vector<journal_record> records() {
    std::vector<journal_record> out;
    auto store = open_sqlite_journal(folder.path("journal"));
    EXPECT_TRUE(store);
    auto j = journal::open(std::shared_ptr<journal_store>(std::move(*store)), account_id{"paper"}, lease_epoch{epoch + 1});
    EXPECT_TRUE(j->replay(journal_offset::none, {}, [&](journal_record&& r) { return out.push_back(std::move(r)), result<void>{}; }));
    return out;
  }
  [[nodiscard]] account_desk fresh() const {
    desk_settings settings;
    settings.profile.id = account_id{"paper"};
    settings.limits = limits;
    settings.can = paper::paper_capabilities();
    settings.master = master;
    return account_desk(std::move(settings));
  }
  /// What is not in its bytes: folds of limits, stops and breakers.
  static std::string rules_of(account_desk& desk) {
    std::string out;
    const auto rules = desk.rules(account_desk::rules_of::own_too);
    for (const auto& change : rules.limits) {
      out += change.where.name + ' ' + change.author + ' ' + change.reason + ':';
      for (const auto& [which, setting] : change.values) out += ' ' + std::to_string(static_cast<int>(which));
      out += '\n';
    }
    for (const auto& one : rules.stops) out += std::string(to_string(one.mode)) + ' ' + one.scope.name + ' ' + one.reason + '\n';
    for (const auto& one : desk.stops()) out += risk::to_text(one) + '\n';
    for (const auto& one : desk.lasting_trips()) out += one + '\n';
    return out;
  }
};

TEST_F(desk_snapshot, from_after_any_record_it_goes_on_as_if_it_had_heard_all) {
  live();
  const auto all = records();
  ASSERT_GT(all.size(), 80u);
  auto whole = fresh();
  whole.begin();
  std::vector<std::string> after{whole.to_bytes()};
  for (const auto& record : all) {
    const auto heard = whole.on_record(record);
    ASSERT_TRUE(heard) << to_string(heard.error());
    after.push_back(whole.to_bytes());
  }
  for (std::size_t cut = 1; cut <= all.size(); ++cut) {
    auto part = fresh();
    const auto begun = part.begin_from(after[cut]);
    ASSERT_TRUE(begun) << "after record " << cut << ": " << to_string(begun.error());
    ASSERT_EQ(part.to_bytes(), after[cut]) << "after record " << cut;
    for (std::size_t i = cut; i < all.size(); ++i) {
      ASSERT_TRUE(part.on_record(all[i]));
      ASSERT_EQ(part.to_bytes(), after[i + 1]) << "from record " << cut << ", after record " << i + 1;
    }
    ASSERT_EQ(rules_of(part), rules_of(whole)) << "from record " << cut;
  }
}

TEST_F(desk_snapshot, bytes_that_are_none_are_refused) {
  live();
  auto whole = fresh();
  whole.begin();
  for (const auto& record : records()) ASSERT_TRUE(whole.on_record(record));
  const auto bytes = whole.to_bytes();
  auto other = fresh();
  EXPECT_EQ(other.begin_from("").error().code, errc::unsupported);
  EXPECT_EQ(other.begin_from(static_cast<char>(bytes.front() + 1) + bytes.substr(1)).error().code, errc::unsupported);
  for (std::size_t n = 1; n < bytes.size(); n += 97) EXPECT_FALSE(other.begin_from(bytes.substr(0, n))) << n;
  EXPECT_FALSE(other.begin_from(bytes + 'x'));
  ASSERT_TRUE(other.begin_from(bytes));
  EXPECT_EQ(other.to_bytes(), bytes);
}

} // namespace
} // namespace tt::gateway::test
