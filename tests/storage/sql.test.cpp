// One SQL on both back ends; on the server also the fence, lost connections, and stores of the house on top.

#include "actors/alerts/price/alert_store.hpp"
#include "actors/alerts/webhook/event_journal.hpp"
#include "actors/storage/sql.hpp"
#include "actors/storage/sql_text.hpp"
#include "actors/strategy/jobs/run_log.hpp"
#include "actors/strategy/live/registry.hpp"
#include "tests/cluster/postgres_server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace tt::test {
namespace {

using cluster::test::postgres_server;

enum class backend { sqlite, postgres };

class sql_test : public ::testing::TestWithParam<backend> {
protected:
  void SetUp() override {
    if (GetParam() == backend::postgres && !postgres_server::instance().problem().empty()) GTEST_SKIP() << postgres_server::instance().problem();
  }
  /// A name of its own for each test: the server is shared.
  static std::string name() {
    std::string out = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    out.resize(out.find('/'));
    return out;
  }
  [[nodiscard]] sql_place place(std::uint64_t epoch = 0) const {
    if (GetParam() == backend::sqlite) return {.name = name(), .file = folder_.path("it.sqlite")};
    return {.name = name(), .file = "", .server = sql_server{postgres_server::instance().url(), {name(), epoch}}};
  }
  static std::unique_ptr<sql_database> open(const sql_place& where) {
    auto out = sql_database::open(where);
    EXPECT_TRUE(out) << to_string(out.error());
    return out ? std::move(*out) : nullptr;
  }
  temporary_folder folder_;
};

std::vector<std::string> lines(sql_database& db) {
  std::vector<std::string> out;
  sql_statement all(db, "SELECT number, line FROM lines ORDER BY number");
  while (all.row()) out.push_back(std::to_string(all.number_at(0)) + " " + all.text_at(1));
  EXPECT_TRUE(all.ended());
  return out;
}

constexpr const char* tables = "CREATE TABLE IF NOT EXISTS lines(number INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL DEFAULT 'x;y');\n"
                               "CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, share REAL, data BLOB) WITHOUT ROWID;";

TEST_P(sql_test, keeps_what_was_written_with_every_type_and_any_byte) {
  const std::string bytes("\0\xff'?;\n", 6);
  {
    auto db = open(place());
    ASSERT_TRUE(db->script(tables));
    ASSERT_TRUE(db->script(tables)) << "a second start makes them no second time";
    ASSERT_TRUE(sql_statement(*db, "INSERT INTO lines(line) VALUES(?)").text(bytes).run());
    ASSERT_TRUE(sql_statement(*db, "INSERT INTO lines(line) VALUES(?)").text("").run());
    ASSERT_TRUE(sql_statement(*db, "INSERT INTO facts(name, share, data) VALUES(?, ?, ?)").text("a").real(-0.1).bytes(bytes).run());
  }
  auto db = open(place());
  EXPECT_EQ(lines(*db), (std::vector<std::string>{"1 " + bytes, "2 "}));
  sql_statement one(*db, "SELECT share, data FROM facts WHERE name = 'a'");
  ASSERT_TRUE(one.row());
  EXPECT_EQ(one.real_at(0), -0.1);
  EXPECT_EQ(one.bytes_at(1), bytes);
  EXPECT_FALSE(one.row());
  EXPECT_TRUE(one.ended());
}

TEST_P(sql_test, replaces_ignores_counts_and_repeats_a_value) {
  auto db = open(place());
  ASSERT_TRUE(db->script(tables));
  for (const auto* line : {"a", "b", "c", "d"}) ASSERT_TRUE(sql_statement(*db, "INSERT INTO lines(line) VALUES(?)").text(line).run());
  sql_statement again(*db, "INSERT INTO lines(number, line) VALUES(?, ?) ON CONFLICT(number) DO NOTHING");
  ASSERT_TRUE(again.number(1).text("z").run());
  EXPECT_EQ(again.changes(), 0);
  sql_statement over(*db, "INSERT INTO lines(number, line) VALUES(?, ?) ON CONFLICT(number) DO UPDATE SET line = excluded.line");
  ASSERT_TRUE(over.number(2).text("B").run());
  EXPECT_EQ(over.changes(), 1);
  sql_statement cut(*db, "DELETE FROM lines WHERE number > ?1 AND number <= (SELECT number FROM lines WHERE number > ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)");
  ASSERT_TRUE(cut.number(2).number(1).run());
  EXPECT_EQ(cut.changes(), 1);
  EXPECT_EQ(lines(*db), (std::vector<std::string>{"1 a", "2 B", "4 d"}));
  sql_statement count(*db, "SELECT COUNT(*), COALESCE(MAX(number), 0) - ? FROM lines WHERE line = ?");
  ASSERT_TRUE(count.number(-3).text("B").row());
  EXPECT_EQ(count.number_at(0), 1);
  EXPECT_EQ(count.number_at(1), 5);
}

TEST_P(sql_test, writes_together_or_not_at_all) {
  auto db = open(place());
  ASSERT_TRUE(db->script(tables));
  const auto add = [&](const char* line) { return sql_statement(*db, "INSERT INTO lines(line) VALUES(?)").text(line).run(); };
  const auto failed = db->together([&]() -> result<void> {
    if (auto done = add("lost"); !done) return done;
    return error{errc::invalid_argument, "no"};
  });
  EXPECT_EQ(failed.error().code, errc::invalid_argument);
  EXPECT_FALSE(db->together([&]() -> result<void> {
    if (auto done = add("lost too"); !done) return done;
    return sql_statement(*db, "INSERT INTO nowhere(x) VALUES(1)").run();
  }));
  EXPECT_FALSE(db->script("CREATE TABLE half(x INTEGER); CREATE TABLE lines(y INTEGER)"));
  EXPECT_FALSE(sql_statement(*db, "SELECT x FROM half").run()) << "a script is all or nothing";
  ASSERT_TRUE(db->together([&] { return add("kept"); }));
  ASSERT_EQ(lines(*db).size(), 1U);
  EXPECT_TRUE(lines(*db).front().ends_with(" kept"));
}

INSTANTIATE_TEST_SUITE_P(each, sql_test, ::testing::Values(backend::sqlite, backend::postgres),
                         [](const auto& which) { return which.param == backend::sqlite ? "sqlite" : "postgres"; });

class server_test : public ::testing::Test {
protected:
  void SetUp() override {
    if (!server().problem().empty()) GTEST_SKIP() << server().problem();
  }
  static postgres_server& server() { return postgres_server::instance(); }
  static sql_place place(const std::string& store, std::uint64_t epoch) {
    return {.name = store, .file = "", .server = sql_server{server().url(), {std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()), epoch}}};
  }
};

TEST_F(server_test, a_higher_epoch_shuts_out_every_store_of_the_one_before) {
  auto before = *sql_database::open(place("fenced_one", 4));
  auto other = *sql_database::open(place("fenced_two", 4));
  for (auto* db : {before.get(), other.get()}) ASSERT_TRUE(db->script(tables));
  const auto add = [](sql_database& db) { return sql_statement(db, "INSERT INTO lines(line) VALUES(?)").text("a").run(); };
  ASSERT_TRUE(add(*before));
  auto after = *sql_database::open(place("fenced_one", 5));
  for (auto* db : {before.get(), other.get()}) {
    const auto refused = add(*db);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::conflict);
    EXPECT_EQ(db->together([&] { return add(*db); }).error().code, errc::conflict);
  }
  ASSERT_TRUE(add(*after));
  EXPECT_EQ(lines(*after).size(), 2U);
  EXPECT_EQ(lines(*before).size(), 2U) << "reading is nobody's harm";
  EXPECT_EQ(sql_database::open(place("fenced_one", 4)).error().code, errc::conflict);
  EXPECT_TRUE(sql_database::open(place("fenced_one", 5))) << "stores of one node share an epoch";
}

TEST_F(server_test, a_claim_waits_for_what_is_being_written) {
  auto before = *sql_database::open(place("claimed", 1));
  ASSERT_TRUE(before->script(tables));
  ASSERT_TRUE(before->together([&]() -> result<void> {
    // two seconds of lock_timeout end it: whoever takes over tries again
    EXPECT_FALSE(sql_database::open(place("claimed", 2)));
    return sql_statement(*before, "INSERT INTO lines(line) VALUES('a')").run();
  })) << "what began under the epoch ends under it";
  auto after = sql_database::open(place("claimed", 2));
  ASSERT_TRUE(after);
  EXPECT_EQ(lines(**after).size(), 1U);
}

TEST_F(server_test, a_server_that_was_away_is_found_again) {
  auto db = *sql_database::open(place("again", 1));
  ASSERT_TRUE(db->script(tables));
  ASSERT_TRUE(sql_statement(*db, "INSERT INTO lines(line) VALUES('a')").run());
  ASSERT_TRUE(server().stop());
  EXPECT_EQ(sql_statement(*db, "INSERT INTO lines(line) VALUES('b')").run().error().code, errc::io_error);
  EXPECT_EQ(db->together([] { return result<void>{}; }).error().code, errc::io_error);
  ASSERT_TRUE(server().start());
  ASSERT_TRUE(sql_statement(*db, "INSERT INTO lines(line) VALUES('c')").run());
  EXPECT_EQ(lines(*db).size(), 2U);
}

/// Whatever asks has threads of its node in its hands.
TEST_F(server_test, a_server_that_is_silent_holds_nobody_up) {
  auto db = *sql_database::open(place("silent", 1));
  ASSERT_TRUE(db->script(tables));
  auto other = *sql_database::open(place("silent_too", 1));
  if (!server().freeze()) GTEST_SKIP() << "the processes of the server are not listed here";
  const auto refused = sql_statement(*db, "INSERT INTO lines(line) VALUES('a')").run();
  const auto unreachable = sql_database::open(place("silent", 1));
  ASSERT_TRUE(server().thaw());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::io_error);
  EXPECT_NE(refused.error().message.find("has not answered"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(unreachable);
  ASSERT_TRUE(sql_statement(*db, "INSERT INTO lines(line) VALUES('b')").run()) << "it is asked anew on another connection";
  EXPECT_TRUE(sql_statement(*other, "SELECT 1").run());
}

TEST_F(server_test, strategies_alerts_webhooks_and_job_runs_live_there) {
  using namespace std::chrono_literals;
  const auto at = utc_time{1'700'000'000s};
  {
    auto records = strategy::registry::open(place("house_strategies", 1));
    ASSERT_TRUE(records) << to_string(records.error());
    strategy::strategy_record one;
    one.id = strategy_id{"toggler"};
    ASSERT_TRUE((*records)->add(one, "plot(close)", {"me", at}));
    ASSERT_TRUE((*records)->set_source(one.id, "plot(open)", {"me", at}));
    ASSERT_EQ((*records)->begin_run(one.id, {})->run, 1U);
    ASSERT_EQ((*records)->begin_run(one.id, {})->run, 2U);
    auto log = strategy::run_log::open(place("house_jobs", 1));
    ASSERT_TRUE(log) << to_string(log.error());
    strategy::run_record run{"r1", "j", "h", at, at, {}, strategy::job_run_state::running, ""};
    EXPECT_TRUE(*(*log)->claim(run));
    EXPECT_FALSE(*(*log)->claim(run));
    auto alerts = alerts::open_alert_store(place("house_alerts", 1), "first");
    ASSERT_TRUE(alerts) << to_string(alerts.error());
    auto journal = webhook::open_event_journal(place("house_webhooks", 1), "0011223344556677");
    ASSERT_TRUE(journal) << to_string(journal.error());
    webhook::webhook_event event;
    event.id = *(*journal)->next();
    event.body = std::string("\xff\0{", 3);
    event.duplicate_key = "k";
    event.duplicate_until = at;
    ASSERT_TRUE((*journal)->write({{event}, {}}));
    event.word.detail = "told";
    ASSERT_TRUE((*journal)->write({{}, {event}}));
  }
  auto records = strategy::registry::open(place("house_strategies", 2));
  ASSERT_TRUE(records);
  EXPECT_EQ(*(*records)->source(strategy_id{"toggler"}, 1), "plot(close)");
  EXPECT_EQ(*(*records)->source(strategy_id{"toggler"}), "plot(open)");
  EXPECT_EQ((*records)->runs(strategy_id{"toggler"}, 10).size(), 2U);
  EXPECT_EQ((*records)->transitions(strategy_id{"toggler"}, 10).size(), 2U);
  auto log = strategy::run_log::open(place("house_jobs", 2));
  ASSERT_TRUE(log);
  const auto runs = (*log)->runs("j", 5);
  ASSERT_EQ(runs->size(), 1U);
  EXPECT_EQ(runs->front().state, strategy::job_run_state::interrupted) << "whoever takes over does not run it again";
  auto alerts = alerts::open_alert_store(place("house_alerts", 2), "second");
  ASSERT_TRUE(alerts);
  EXPECT_EQ((*alerts)->load()->tag, "first");
  auto journal = webhook::open_event_journal(place("house_webhooks", 2), "ffffffffffffffff");
  ASSERT_TRUE(journal);
  EXPECT_EQ((*journal)->name(), "0011223344556677");
  EXPECT_EQ(*(*journal)->next(), 2U);
  const auto known = (*journal)->find_duplicate("k", at);
  ASSERT_TRUE(known && *known);
  EXPECT_EQ((*known)->body, std::string("\xff\0{", 3));
  EXPECT_EQ((*known)->word.detail, "told");
}

TEST(sql_text, is_divided_outside_of_quotes) {
  EXPECT_EQ(split_statements("A 'x;y' ;\n B;; "), (std::vector<std::string>{"A 'x;y' ", "\n B"}));
}

TEST(sql_text, becomes_what_the_server_knows) {
  EXPECT_EQ(postgres_types("a INTEGER PRIMARY KEY AUTOINCREMENT, b INTEGER, c TEXT 'TEXT', d REAL, e BLOB, f_TEXT, TEXTS) WITHOUT ROWID"),
            "a BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, b BIGINT, c BYTEA 'TEXT', d DOUBLE PRECISION, e BYTEA, f_TEXT, TEXTS)");
  EXPECT_EQ(postgres_places("? '?' ? '' ?"), "$1 '?' $2 '' $3");
  EXPECT_EQ(postgres_places("?1 ?2 ?1"), "$1 $2 $1");
}

} // namespace
} // namespace tt::test
