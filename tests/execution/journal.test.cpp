// The journal over both databases: the same tests, real stores.

#include "actors/execution/journal.hpp"
#include "tests/cluster/postgres_server.hpp"
#include "tests/execution/support.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/mount.h>
#include <thread>

namespace tt::execution::test {
namespace {

using cluster::test::postgres_server;

enum class backend { sqlite, postgres };

std::vector<journal_record> notes(int from, int count, std::size_t size = 20) {
  std::vector<journal_record> out;
  for (int i = from; i < from + count; ++i) {
    journal_record r;
    r.at = at(i);
    r.fact = risk_noted{"note", std::to_string(i), "tester", "", std::string(size, static_cast<char>('a' + i % 26))};
    out.push_back(std::move(r));
  }
  return out;
}

std::vector<std::string> scopes(journal& of, journal_offset after = journal_offset::none, chain_hash chain = {}) {
  std::vector<std::string> out;
  const auto done = of.replay(after, chain, [&](journal_record&& r) -> result<void> {
    out.push_back(std::get<risk_noted>(r.fact).scope);
    return {};
  });
  EXPECT_TRUE(done) << to_string(done.error());
  return out;
}

class journal_test : public ::testing::TestWithParam<backend> {
protected:
  void SetUp() override {
    if (GetParam() == backend::postgres && !postgres_server::instance().problem().empty()) GTEST_SKIP() << postgres_server::instance().problem();
  }
  std::shared_ptr<journal_store> store() {
    auto opened = GetParam() == backend::sqlite ? open_sqlite_journal(folder.path("journal.sqlite")) : open_postgres_journal(postgres_server::instance().url());
    EXPECT_TRUE(opened) << to_string(opened.error());
    return opened ? std::shared_ptr<journal_store>(std::move(*opened)) : nullptr;
  }
  /// An account of its own for each test: the server is shared.
  static account_id account() { return account_id{std::string("a-") + ::testing::UnitTest::GetInstance()->current_test_info()->name()}; }
  journal open(std::uint64_t epoch) {
    auto opened = journal::open(store(), account(), lease_epoch{epoch});
    EXPECT_TRUE(opened) << to_string(opened.error());
    return std::move(*opened);
  }
  static errc code(const result<void>& r) { return r ? errc::success : r.error().code; }
  temporary_folder folder;
};

TEST_P(journal_test, gives_back_what_was_appended_also_after_it_was_opened_anew) {
  {
    auto j = open(1);
    for (int i = 0; i < 50; i += 5) {
      auto batch = notes(i, 5);
      ASSERT_TRUE(j.append(batch, {at(i), 7}));
      EXPECT_EQ(raw(batch[4].offset), static_cast<std::uint64_t>(i + 5));
    }
    EXPECT_EQ(scopes(j).size(), 50u);
  }
  auto j = open(1);
  const auto all = scopes(j);
  ASSERT_EQ(all.size(), 50u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], std::to_string(i));
  auto more = notes(50, 1);
  ASSERT_TRUE(j.append(more, {at(50), 7}));
  EXPECT_EQ(raw(j.head().next), 52u);
}

TEST_P(journal_test, an_old_epoch_can_not_write) {
  auto old = open(1);
  auto batch = notes(0, 3);
  ASSERT_TRUE(old.append(batch, {}));
  auto fresh = open(2);
  auto late = notes(100, 1), right = notes(3, 1);
  EXPECT_EQ(code(old.append(late, {})), errc::conflict);
  EXPECT_EQ(old.health(), journal_health::fenced);
  EXPECT_EQ(code(old.append(late, {})), errc::conflict);
  EXPECT_FALSE(old.recover());
  ASSERT_TRUE(fresh.append(right, {}));
  EXPECT_EQ(scopes(fresh).size(), 4u);
  EXPECT_FALSE(journal::open(store(), account(), lease_epoch{1})); // nor claim it back
  EXPECT_EQ(code(old.put_snapshot({journal_offset{3}, {}, "state"})), errc::conflict);
}

TEST_P(journal_test, of_two_writers_of_one_epoch_the_second_is_refused) {
  auto a = open(1), b = open(1); // a mistake of configuration: two holders of one lease
  auto first = notes(0, 1), second = notes(1, 1);
  ASSERT_TRUE(a.append(first, {}));
  EXPECT_EQ(code(b.append(second, {})), errc::conflict);
  EXPECT_EQ(scopes(a).size(), 1u);
}

TEST_P(journal_test, replays_from_a_snapshot) {
  auto j = open(1);
  auto first = notes(0, 10);
  ASSERT_TRUE(j.append(first, {}));
  const journal_snapshot snapshot{journal_offset{10}, j.head().chain, std::string("state\0of ten", 12)};
  ASSERT_TRUE(j.put_snapshot(snapshot));
  auto second = notes(10, 5);
  ASSERT_TRUE(j.append(second, {}));
  auto again = open(2);
  const auto newest = again.newest_snapshot();
  ASSERT_TRUE(newest && *newest);
  EXPECT_EQ(**newest, snapshot);
  const auto tail = scopes(again, (*newest)->last, (*newest)->chain);
  ASSERT_EQ(tail.size(), 5u);
  EXPECT_EQ(tail.front(), "10");
  // a snapshot of another journal does not fit
  const auto wrong = again.replay((*newest)->last, chain_hash{}, [](journal_record&&) -> result<void> { return {}; });
  EXPECT_EQ(code(wrong), errc::corrupt_data);
  EXPECT_EQ(again.health(), journal_health::damaged);
  auto refused = notes(15, 1);
  EXPECT_EQ(code(again.append(refused, {})), errc::not_available);
}

TEST_P(journal_test, keeps_accounts_apart) {
  auto shared = store();
  auto a = *journal::open(shared, account(), lease_epoch{1});
  auto b = *journal::open(shared, account_id{account().str() + "-other"}, lease_epoch{5});
  auto of_a = notes(0, 3), of_b = notes(100, 2), more = notes(3, 1);
  ASSERT_TRUE(a.append(of_a, {}));
  ASSERT_TRUE(b.append(of_b, {}));
  ASSERT_TRUE(a.append(more, {}));
  EXPECT_EQ(scopes(a).size(), 4u);
  EXPECT_EQ(scopes(b), (std::vector<std::string>{"100", "101"}));
}

TEST_P(journal_test, takes_large_records_and_full_batches) {
  auto j = open(1);
  auto large = notes(0, 2, 900'000);
  ASSERT_TRUE(j.append(large, {}));
  auto full = notes(2, static_cast<int>(max_batch_records));
  ASSERT_TRUE(j.append(full, {}));
  auto over = notes(0, static_cast<int>(max_batch_records) + 1);
  EXPECT_EQ(code(j.append(over, {})), errc::limit_exceeded);
  EXPECT_EQ(j.health(), journal_health::writable); // nothing was tried
  EXPECT_EQ(scopes(j).size(), 2 + max_batch_records);
}

TEST(postgres_journal, is_put_aside_and_the_account_begins_anew) {
  if (!postgres_server::instance().problem().empty()) GTEST_SKIP() << postgres_server::instance().problem();
  const auto url = postgres_server::instance().url();
  const auto store = [&] { return std::shared_ptr<journal_store>(std::move(*open_postgres_journal(url))); };
  const account_id mine{"aside"}, kept{"aside@1.7"};
  auto j = *journal::open(store(), mine, lease_epoch{7});
  auto batch = notes(0, 3);
  ASSERT_TRUE(j.append(batch, {at(1), 7}));
  EXPECT_EQ(set_postgres_journal_aside(url, mine, lease_epoch{6}, kept).error().code, errc::conflict) << "whoever has lost the account puts nothing aside";
  ASSERT_TRUE(set_postgres_journal_aside(url, mine, lease_epoch{7}, kept));
  auto fresh = *journal::open(store(), mine, lease_epoch{7});
  EXPECT_TRUE(scopes(fresh).empty());
  auto old = *journal::open(store(), kept, lease_epoch{7});
  EXPECT_EQ(scopes(old).size(), 3u);
  auto more = notes(3, 1);
  EXPECT_FALSE(j.append(more, {at(2), 7})) << "a writer of before writes to neither";
  ASSERT_TRUE(set_postgres_journal_aside(url, account_id{"never"}, lease_epoch{1}, account_id{"never@0.1"}));
}

INSTANTIATE_TEST_SUITE_P(both, journal_test, ::testing::Values(backend::sqlite, backend::postgres),
                         [](const auto& of) { return of.param == backend::sqlite ? "sqlite" : "postgres"; });

TEST(postgres_journal, a_commit_whose_answer_is_lost_is_found_out) {
  auto& server = postgres_server::instance();
  if (!server.problem().empty()) GTEST_SKIP() << server.problem();
  auto opened = open_postgres_journal(server.url());
  ASSERT_TRUE(opened);
  auto j = *journal::open(std::shared_ptr<journal_store>(std::move(*opened)), account_id{"lost-answer"}, lease_epoch{1});
  auto first = notes(0, 1), second = notes(1, 1), third = notes(1, 1);
  ASSERT_TRUE(j.append(first, {}));
  ASSERT_TRUE(server.stop());
  EXPECT_FALSE(j.append(second, {}));
  EXPECT_EQ(j.health(), journal_health::failed);
  EXPECT_FALSE(j.append(second, {}));
  EXPECT_FALSE(j.recover()); // still down
  ASSERT_TRUE(server.start());
  const auto fate = j.recover();
  ASSERT_TRUE(fate) << to_string(fate.error());
  EXPECT_EQ(*fate, journal::fate::absent);
  ASSERT_TRUE(j.append(third, {}));
  EXPECT_EQ(scopes(j).size(), 2u);
}

/// A store that does what it is told and then says that it failed, or does not even try.
class faulty_store final : public store_around {
public:
  using store_around::store_around;
  enum class fault { none, lost_answer, refused } next = fault::none;

  result<void> append(const account_id& a, const journal_batch& b) override {
    const auto now = std::exchange(next, fault::none);
    if (now == fault::refused) return error{errc::io_error, "no"};
    auto done = store_around::append(a, b);
    return now == fault::lost_answer ? result<void>(error{errc::io_error, "answer lost"}) : done;
  }
};

TEST(sqlite_journal, a_failed_commit_is_either_in_or_not_and_recover_says_which) {
  temporary_folder folder;
  auto store = std::make_shared<faulty_store>(*open_sqlite_journal(folder.path("j")));
  auto j = *journal::open(store, paper(), lease_epoch{1});
  std::mt19937 random{3};
  std::vector<std::string> acknowledged;
  for (int i = 0; i < 200; ++i) {
    const auto what = random() % 3;
    store->next = what == 0 ? faulty_store::fault::lost_answer : what == 1 ? faulty_store::fault::refused : faulty_store::fault::none;
    auto batch = notes(i, 1);
    const auto done = j.append(batch, {});
    EXPECT_EQ(done.has_value(), what == 2);
    bool in = done.has_value();
    if (!done) {
      auto blocked = notes(i, 1);
      EXPECT_EQ(j.append(blocked, {}).error().code, errc::not_available);
      const auto fate = j.recover();
      ASSERT_TRUE(fate) << to_string(fate.error());
      in = *fate == journal::fate::durable;
      EXPECT_EQ(in, what == 0);
    }
    if (in) acknowledged.push_back(std::to_string(i));
  }
  EXPECT_EQ(scopes(j), acknowledged);
}

// ---------------------------------------------------------------- damage

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A journal's files as they lie on disk while a node runs: nothing was closed.
struct files {
  std::string database, log, end;
};
constexpr const char* db_name = "j.sqlite";

struct running_journal {
  temporary_folder folder;
  std::shared_ptr<journal_store> store = *open_sqlite_journal(folder.path(db_name));
  journal j = *journal::open(store, paper(), lease_epoch{1});

  std::string end_name() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      if (entry.path().string().ends_with(".end")) return entry.path().filename().string();
    return "";
  }
  files copy() const {
    return {read_file(folder.path(db_name)), read_file(folder.path(std::string(db_name) + "-wal")), read_file(folder.path(end_name()))};
  }
};

struct reopened {
  std::optional<error> failed;
  std::vector<std::string> scopes;
};

/// What a node finds that starts on these files.
reopened open_copy(const files& of, const std::string& end_name) {
  temporary_folder folder;
  write_file(folder.path(db_name), of.database);
  if (!of.log.empty()) write_file(folder.path(std::string(db_name) + "-wal"), of.log);
  if (!of.end.empty()) write_file(folder.path(end_name), of.end);
  reopened out;
  auto store = open_sqlite_journal(folder.path(db_name));
  if (!store) return out.failed = store.error(), out;
  auto j = journal::open(std::shared_ptr<journal_store>(std::move(*store)), paper(), lease_epoch{1});
  if (!j) return out.failed = j.error(), out;
  auto done = j->replay(journal_offset::none, {}, [&](journal_record&& r) -> result<void> {
    out.scopes.push_back(std::get<risk_noted>(r.fact).scope);
    return {};
  });
  if (!done) out.failed = done.error();
  return out;
}

TEST(sqlite_journal, a_power_cut_at_every_byte_of_the_last_append_leaves_all_before_it) {
  running_journal run;
  for (int i = 0; i < 6; ++i) {
    auto batch = notes(i, 1);
    ASSERT_TRUE(run.j.append(batch, {}));
  }
  const auto before = run.copy();
  auto last = notes(6, 1);
  ASSERT_TRUE(run.j.append(last, {}));
  const auto after = run.copy();
  ASSERT_EQ(before.database, after.database) << "the log was copied back: choose fewer records";
  ASSERT_GT(after.log.size(), before.log.size());
  // the append was not acknowledged yet, so the file with the end has not heard of it
  std::size_t with = 0, without = 0;
  // every byte with TT_EVERY_BYTE=1 (minutes); else each byte of the first and last 64, and one of 53 between
  const bool all = std::getenv("TT_EVERY_BYTE") != nullptr;
  std::size_t cuts = 0;
  for (std::size_t n = before.log.size(); n <= after.log.size(); ++n) {
    if (!all && n > before.log.size() + 64 && n + 64 < after.log.size() && n % 53 != 0) continue;
    ++cuts;
    const auto found = open_copy({before.database, after.log.substr(0, n), before.end}, run.end_name());
    ASSERT_FALSE(found.failed) << "cut at " << n << ": " << to_string(*found.failed);
    ASSERT_GE(found.scopes.size(), 6u) << "an acknowledged record is lost, cut at " << n;
    ++(found.scopes.size() == 7 ? with : without);
  }
  EXPECT_EQ(with, 1u); // whole only at its last byte
  EXPECT_EQ(without, cuts - 1);
  // bytes that came in another order: the tail is there, something before it is not
  std::mt19937 random{11};
  for (int i = 0; i < 100; ++i) {
    auto torn = after.log;
    const auto from = before.log.size() + random() % (torn.size() - before.log.size());
    const auto to = from + 1 + random() % (torn.size() - from);
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(from), torn.begin() + static_cast<std::ptrdiff_t>(to), '\0');
    const auto found = open_copy({before.database, torn, before.end}, run.end_name());
    ASSERT_FALSE(found.failed) << to_string(*found.failed);
    ASSERT_GE(found.scopes.size(), 6u);
  }
}

TEST(sqlite_journal, a_log_that_lost_an_acknowledged_append_is_not_taken_for_whole) {
  running_journal run;
  auto first = notes(0, 1);
  ASSERT_TRUE(run.j.append(first, {}));
  const auto before = run.copy();
  auto last = notes(1, 1);
  ASSERT_TRUE(run.j.append(last, {}));
  const auto after = run.copy();
  // SQLite itself finds nothing wrong with a log that ends earlier
  const auto cut = open_copy({after.database, before.log, after.end}, run.end_name());
  ASSERT_TRUE(cut.failed);
  EXPECT_EQ(cut.failed->code, errc::corrupt_data);
  EXPECT_EQ(cut.failed->field, "record 2");
  // the control: without the file that remembers the end, the loss would go unseen
  const auto control = open_copy({after.database, before.log, ""}, run.end_name());
  EXPECT_FALSE(control.failed);
  EXPECT_EQ(control.scopes.size(), 1u);
}

TEST(sqlite_journal, flipped_bits_are_seen_or_change_nothing) {
  running_journal run;
  std::vector<std::string> all;
  for (int i = 0; i < 60; ++i) {
    auto batch = notes(i, 3, 300);
    for (const auto& r : batch) all.push_back(std::get<risk_noted>(r.fact).scope);
    ASSERT_TRUE(run.j.append(batch, {}));
  }
  auto on_disk = run.copy();
  std::mt19937_64 random{42};
  const int flips = std::getenv("TT_FLIPS") ? std::atoi(std::getenv("TT_FLIPS")) : 300;
  int seen = 0, harmless = 0;
  for (int i = 0; i < flips; ++i) {
    auto damaged = on_disk;
    auto& bytes = random() % 4 == 0 || damaged.log.empty() ? damaged.database : damaged.log;
    const auto bit = random() % (bytes.size() * 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const auto found = open_copy(damaged, run.end_name());
    if (found.failed) ++seen;
    else {
      ASSERT_EQ(found.scopes, all) << "a flipped bit changed the journal without a word, flip " << i;
      ++harmless; // in bytes that hold nothing, or in a page that a later frame replaces
    }
  }
  RecordProperty("seen", seen);
  RecordProperty("harmless", harmless);
  std::cout << flips << " flipped bits: " << seen << " seen, " << harmless << " without any effect, 0 unnoticed changes" << std::endl;
  EXPECT_GT(seen, flips / 4);
}

// ---------------------------------------------------------------- a full disk

TEST(sqlite_journal, a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room) {
  temporary_folder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "a tmpfs can't be mounted here";
  {
    auto j = *journal::open(std::shared_ptr<journal_store>(*open_sqlite_journal(folder.path("j"))), paper(), lease_epoch{1});
    std::vector<std::string> acknowledged;
    int n = 0;
    const auto append = [&] {
      auto batch = notes(n, 1, 20'000);
      const auto done = j.append(batch, {});
      if (done) acknowledged.push_back(std::to_string(n));
      ++n;
      return done;
    };
    write_file(folder.path("ballast"), std::string(300'000, 'x'));
    while (append()) ASSERT_LT(n, 1000);
    EXPECT_EQ(j.health(), journal_health::failed);
    const auto begin = std::chrono::steady_clock::now();
    auto refused = notes(n, 1);
    EXPECT_EQ(j.append(refused, {}).error().code, errc::not_available);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{100});
    for (int round = 0; round < 20; ++round) { // still full: small appends may fit, large ones fail again
      const auto fate = j.recover();
      ASSERT_TRUE(fate) << to_string(fate.error());
      if (*fate == journal::fate::durable) acknowledged.push_back(std::to_string(n - 1));
      if (!append()) continue;
    }
    if (j.health() == journal_health::failed) {
      ASSERT_TRUE(j.recover());
    }
    std::filesystem::remove(folder.path("ballast"));
    EXPECT_TRUE(append()); // there is room again
    EXPECT_TRUE(append());
    EXPECT_EQ(scopes(j), acknowledged);
  }
  ::umount2(folder.path().c_str(), MNT_DETACH);
}

TEST(commit_timer, is_due_after_two_milliseconds_or_256_records) {
  commit_timer t;
  EXPECT_FALSE(t.is_due(0));
  t.add(1, 1'000'000);
  EXPECT_FALSE(t.is_due(2'999'999));
  EXPECT_TRUE(t.is_due(3'000'000));
  t.clear();
  EXPECT_FALSE(t.is_due(9'000'000));
  t.add(255, 0);
  EXPECT_FALSE(t.is_due(0));
  t.add(1, 1);
  EXPECT_TRUE(t.is_due(1));
}

} // namespace
} // namespace tt::execution::test
