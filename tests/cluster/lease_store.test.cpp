// Leases against both databases: the same tests, virtual time, real stores.

#include "cluster/lease/lease_store.hpp"
#include "tests/cluster/node_fixture.hpp"
#include "tests/cluster/postgres_server.hpp"

#include <gtest/gtest.h>

#include <sqlite3.h>

#include <random>
#include <thread>

namespace tt::cluster::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

enum class backend { sqlite, postgres };

/// Two connections to one database, as two nodes have them, and one clock.
class lease_store_test : public ::testing::TestWithParam<backend> {
protected:
  void SetUp() override {
    if (GetParam() == backend::postgres && !postgres_server::instance().problem().empty())
      GTEST_SKIP() << postgres_server::instance().problem();
    a = open();
    b = open();
    ASSERT_TRUE(a && b);
  }

  std::unique_ptr<lease_store> open() {
    const auto clock = [this] { return now; };
    auto opened = GetParam() == backend::sqlite ? open_sqlite_lease_store(folder.path("leases.sqlite"), clock)
                                                : open_postgres_lease_store(postgres_server::instance().url(), clock);
    EXPECT_TRUE(opened) << to_string(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }

  /// A name of its own for each test: the server is shared.
  static std::string lease() { return std::string("feed/") + ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  /// Code of an error, success otherwise.
  template <class T>
  static errc code(const result<T>& r) {
    return r ? errc::success : r.error().code;
  }

  temporary_folder folder;
  utc_time now = from_unix_seconds(1'000'000);
  std::unique_ptr<lease_store> a, b;
};

TEST_P(lease_store_test, is_granted_to_one_until_it_runs_out) {
  const auto first = a->acquire(lease(), "alpha", seconds{3});
  ASSERT_TRUE(first) << to_string(first.error());
  EXPECT_EQ(first->epoch, 1u);
  EXPECT_EQ(first->expires, now + seconds{3});
  const auto second = b->acquire(lease(), "beta", seconds{3});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::conflict);
  EXPECT_EQ(second.error().message.find("alpha holds feed/is_granted_to_one"), 0u) << second.error().message;
  now += seconds{3} - milliseconds{1};
  EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict);
  now += milliseconds{1};
  const auto third = b->acquire(lease(), "beta", seconds{3});
  ASSERT_TRUE(third);
  EXPECT_EQ(third->epoch, 2u);
  EXPECT_EQ(third->holder, "beta");
}

TEST_P(lease_store_test, lives_as_long_as_it_is_renewed) {
  const auto mine = *a->acquire(lease(), "alpha", seconds{3});
  for (int i = 0; i < 10; ++i) {
    now += seconds{2};
    const auto renewed = a->renew(lease(), mine.epoch, seconds{3});
    ASSERT_TRUE(renewed);
    EXPECT_EQ(renewed->epoch, mine.epoch);
    EXPECT_EQ(renewed->holder, "alpha");
    EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict);
  }
  now += seconds{60}; // ran out, but nobody wanted it
  EXPECT_TRUE(a->renew(lease(), mine.epoch, seconds{3}));
}

TEST_P(lease_store_test, a_clock_that_is_set_back_keeps_a_lease_for_its_time_to_live_at_most) {
  const auto mine = *a->acquire(lease(), "alpha", seconds{3});
  now -= std::chrono::hours{1};
  EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{5})), errc::conflict);
  now += seconds{3} - milliseconds{1};
  EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{5})), errc::conflict);
  now += milliseconds{1};
  EXPECT_EQ(b->acquire(lease(), "beta", seconds{5})->epoch, mine.epoch + 1);
}

TEST_P(lease_store_test, is_seized_from_whoever_holds_it) {
  const auto theirs = *a->acquire(lease(), "alpha", seconds{3});
  const auto mine = b->seize(lease(), "beta", seconds{3});
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->epoch, theirs.epoch + 1);
  EXPECT_EQ(mine->holder, "beta");
  EXPECT_EQ(code(a->renew(lease(), theirs.epoch, seconds{3})), errc::conflict);
}

TEST_P(lease_store_test, a_paused_holder_that_wakes_can_do_nothing) {
  const auto old = *a->acquire(lease(), "alpha", seconds{3});
  ASSERT_TRUE(a->act({lease(), old.epoch, "alpha acts"}));
  now += seconds{30}; // alpha is frozen
  const auto taken = *b->acquire(lease(), "beta", seconds{3});
  EXPECT_GT(taken.epoch, old.epoch);
  ASSERT_TRUE(b->act({lease(), taken.epoch, "beta acts"}));
  // alpha wakes and knows nothing of this
  EXPECT_EQ(code(a->renew(lease(), old.epoch, seconds{3})), errc::conflict);
  EXPECT_EQ(code(a->act({lease(), old.epoch, "alpha acts again"})), errc::conflict);
  EXPECT_EQ(code(a->release(lease(), old.epoch)), errc::conflict);
  bool called = false;
  EXPECT_EQ(code(a->guarded(lease(), old.epoch, [&](lease_transaction&) -> result<void> {
              called = true;
              return {};
            })),
            errc::conflict);
  EXPECT_FALSE(called);
  ASSERT_TRUE(b->act({lease(), taken.epoch, "beta acts on"}));
  const auto acts = *a->acts(lease(), 100);
  ASSERT_EQ(acts.size(), 3u);
  EXPECT_EQ(acts[1].what, "beta acts");
  EXPECT_EQ(acts[2].epoch, taken.epoch);
}

TEST_P(lease_store_test, epochs_never_come_back) {
  std::uint64_t last = 0;
  for (int i = 0; i < 20; ++i) {
    auto& store = i % 2 ? a : b;
    const auto mine = store->acquire(lease(), i % 2 ? "alpha" : "beta", seconds{3});
    ASSERT_TRUE(mine);
    EXPECT_GT(mine->epoch, last);
    last = mine->epoch;
    if (i % 3 == 0) {
      ASSERT_TRUE(store->release(lease(), mine->epoch));
      EXPECT_EQ(code(store->act({lease(), mine->epoch, "after the release"})), errc::conflict);
      EXPECT_EQ(code(store->renew(lease(), mine->epoch, seconds{3})), errc::conflict);
    } else {
      now += seconds{4};
    }
  }
}

TEST_P(lease_store_test, a_holder_that_asks_again_gets_a_new_epoch) {
  const auto first = *a->acquire(lease(), "alpha", seconds{3});
  const auto again = a->acquire(lease(), "alpha", seconds{3});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->epoch, first.epoch + 1);
  EXPECT_EQ(code(a->act({lease(), first.epoch, "x"})), errc::conflict);
}

TEST_P(lease_store_test, a_guarded_write_is_all_or_nothing) {
  const auto mine = *a->acquire(lease(), "alpha", seconds{3});
  const auto write = [&](lease_transaction& tx, const std::string& what) {
    return tx.execute("INSERT INTO tt_acts(lease, epoch, what) VALUES($1, CAST($2 AS BIGINT), $3)", {lease(), std::to_string(mine.epoch), what});
  };
  ASSERT_TRUE(a->guarded(lease(), mine.epoch, [&](lease_transaction& tx) -> result<void> {
    EXPECT_EQ(*write(tx, "one"), 1u);
    EXPECT_EQ(*write(tx, "two"), 1u);
    return {};
  }));
  EXPECT_EQ(code(a->guarded(lease(), mine.epoch, [&](lease_transaction& tx) -> result<void> {
              EXPECT_TRUE(write(tx, "three"));
              return error{errc::refused, "changed its mind"};
            })),
            errc::refused);
  EXPECT_EQ(code(a->guarded(lease(), mine.epoch, [&](lease_transaction& tx) -> result<void> {
              EXPECT_TRUE(write(tx, "four"));
              auto failed = tx.execute("INSERT INTO no_such_table VALUES(1)", {});
              EXPECT_FALSE(failed);
              return failed.error();
            })),
            errc::io_error);
  EXPECT_EQ(b->acts(lease(), 100)->size(), 2u);
  EXPECT_TRUE(a->renew(lease(), mine.epoch, seconds{3})) << "the connection is of use after a failure";
}

TEST_P(lease_store_test, strange_names_and_texts_are_just_names_and_texts) {
  const std::string name = lease() + "'; DROP TABLE tt_leases; -- \xc3\xa4";
  const auto mine = a->acquire(name, "o'brien", seconds{1});
  ASSERT_TRUE(mine) << to_string(mine.error());
  ASSERT_TRUE(a->act({name, mine->epoch, "it's \"quoted\" \n and long"}));
  EXPECT_EQ((*b->acts(name, 1))[0].what, "it's \"quoted\" \n and long");
  EXPECT_EQ(code(a->acquire("", "x", seconds{1})), errc::invalid_argument);
  EXPECT_EQ(code(a->acquire(std::string(256, 'x'), "x", seconds{1})), errc::invalid_argument);
  EXPECT_EQ(code(a->acquire("x", std::string("a\0b", 3), seconds{1})), errc::invalid_argument);
  EXPECT_EQ(code(a->acquire("x", "x", seconds{0})), errc::invalid_argument);
  EXPECT_EQ(code(a->act({name, mine->epoch, std::string(max_act_bytes + 1, 'x')})), errc::invalid_argument);
}

TEST_P(lease_store_test, of_many_that_try_at_once_one_gets_it) {
  constexpr int rivals = 4, rounds = 25;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::thread> threads;
    std::atomic<int> granted{0};
    for (int i = 0; i < rivals; ++i)
      threads.emplace_back([&, i] {
        const auto store = open();
        if (store && store->acquire(lease() + std::to_string(round), "rival-" + std::to_string(i), seconds{3})) ++granted;
      });
    for (auto& t : threads) t.join();
    EXPECT_EQ(granted, 1) << round;
  }
}

/// What two holders that change at random write down: every act under the newest
/// epoch of its moment, whoever believes what.
TEST_P(lease_store_test, the_written_acts_never_go_back_in_epoch) {
  constexpr int steps = 400;
  std::mt19937 draw{7};
  struct node {
    lease_store* store;
    std::string name;
    std::uint64_t epoch = 0; ///< what it believes
  } nodes[] = {{a.get(), "alpha"}, {b.get(), "beta"}};
  int written = 0, refused = 0;
  for (int i = 0; i < steps; ++i) {
    auto& who = nodes[draw() % 2];
    switch (draw() % 4) {
    case 0:
      if (const auto got = who.store->acquire(lease(), who.name, milliseconds{500})) who.epoch = got->epoch;
      break;
    case 1: now += milliseconds{draw() % 400}; break;
    default:
      if (who.epoch == 0) break;
      who.store->act({lease(), who.epoch, who.name}) ? ++written : ++refused;
    }
  }
  EXPECT_GT(written, 30);
  EXPECT_GT(refused, 10);
  const auto acts = *a->acts(lease(), steps);
  ASSERT_EQ(acts.size(), static_cast<std::size_t>(written));
  std::map<std::uint64_t, std::string> holder_of;
  for (std::size_t i = 0; i < acts.size(); ++i) {
    EXPECT_GE(acts[i].epoch, acts[i == 0 ? 0 : i - 1].epoch);
    const auto [at, fresh] = holder_of.try_emplace(acts[i].epoch, acts[i].what);
    EXPECT_EQ(at->second, acts[i].what) << "two holders under one epoch";
  }
}

TEST_P(lease_store_test, an_acquisition_waits_for_a_guarded_write_under_way) {
  const auto mine = *a->acquire(lease(), "alpha", seconds{1});
  now += seconds{2};
  std::thread rival;
  std::atomic<bool> taken{false};
  ASSERT_TRUE(a->guarded(lease(), mine.epoch, [&](lease_transaction& tx) -> result<void> {
    rival = std::thread([&] {
      const auto got = b->acquire(lease(), "beta", seconds{1});
      EXPECT_TRUE(got) << to_string(got.error());
      taken = true;
    });
    // a hundred statements: more than enough for an acquisition that would not wait
    for (int i = 0; i < 100; ++i) {
      auto done = tx.execute("INSERT INTO tt_acts(lease, epoch, what) VALUES($1, 1, 'x')", {lease()});
      if (!done) return done.error();
    }
    EXPECT_FALSE(taken);
    return {};
  }));
  rival.join();
  EXPECT_TRUE(taken);
}

INSTANTIATE_TEST_SUITE_P(both, lease_store_test, ::testing::Values(backend::sqlite, backend::postgres),
                         [](const auto& of) { return of.param == backend::sqlite ? "sqlite" : "postgres"; });

// The clock of one process says nothing to the next: it may count from the machine's start.
TEST(sqlite_lease_store, leases_in_the_file_are_held_for_their_time_to_live_from_the_opening_on) {
  using std::chrono::hours;
  for (const auto jump : {hours{1}, hours{-1}, hours{24 * 365 * 50}, hours{-24 * 365}}) {
    temporary_folder folder;
    auto now = from_unix_seconds(1'000'000'000);
    const auto open = [&] { return std::move(*open_sqlite_lease_store(folder.path("leases.sqlite"), [&] { return now; })); };
    auto store = open();
    const auto mine = *store->acquire("feed/sim", "alpha", seconds{3});
    const auto given_back = *store->acquire("feed/other", "alpha", seconds{3});
    ASSERT_TRUE(store->release("feed/other", given_back.epoch));
    store.reset();
    now += jump;
    store = open();
    EXPECT_TRUE(store->acquire("feed/other", "beta", seconds{3}));
    EXPECT_FALSE(store->acquire("feed/sim", "beta", seconds{9}));
    now += seconds{2};
    EXPECT_TRUE(store->renew("feed/sim", mine.epoch, seconds{3})); // alpha lived through it
    now += seconds{3} - milliseconds{1};
    EXPECT_FALSE(store->acquire("feed/sim", "beta", seconds{9}));
    now += milliseconds{1};
    EXPECT_TRUE(store->acquire("feed/sim", "beta", seconds{9}));
  }
}

TEST(sqlite_lease_store, takes_files_that_were_made_without_times_to_live) {
  temporary_folder folder;
  const auto path = folder.path("leases.sqlite");
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db,
                         "CREATE TABLE tt_leases(name TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch BIGINT NOT NULL, expires_ns BIGINT NOT NULL)"
                         " WITHOUT ROWID; INSERT INTO tt_leases VALUES('feed/sim', 'alpha', 7, 1768000000000000000)",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  auto now = from_unix_seconds(5'000);
  const auto store = open_sqlite_lease_store(path, [&] { return now; });
  ASSERT_TRUE(store) << to_string(store.error());
  EXPECT_FALSE((*store)->acquire("feed/sim", "beta", seconds{3}));
  now += seconds{3};
  EXPECT_EQ((*store)->acquire("feed/sim", "beta", seconds{3})->epoch, 8u);
}

/// Two nodes at a database whose clock can be set, each with a clock of its own that can't.
class stepped_clock : public lease_store_test {
protected:
  void SetUp() override {
    lease_store_test::SetUp();
    if (IsSkipped()) return;
    a = open_watching();
    b = open_watching();
    ASSERT_TRUE(a && b);
    pass(seconds{10}); // both have been open for a while
  }

  std::unique_ptr<lease_store> open_watching() {
    const auto clock = [this] { return now; };
    const auto steady = [this] { return own; };
    auto opened = GetParam() == backend::sqlite ? open_sqlite_lease_store(folder.path("leases.sqlite"), clock, steady)
                                                : open_postgres_lease_store(postgres_server::instance().url(), clock, steady);
    EXPECT_TRUE(opened) << to_string(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }

  void pass(milliseconds time) {
    now += time;
    own += time;
  }

  utc_time own = from_unix_seconds(50);
};

TEST_P(stepped_clock, that_is_set_forward_gives_no_lease_to_a_second_holder) {
  const auto mine = *a->acquire(lease(), "alpha", seconds{3});
  ASSERT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict);
  pass(milliseconds{700});
  now += std::chrono::hours{1};
  EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict); // alpha still acts
  pass(milliseconds{700});
  EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict);
  ASSERT_TRUE(a->renew(lease(), mine.epoch, seconds{3}));
  for (int i = 0; i < 20; ++i) {
    pass(milliseconds{700});
    EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict);
    ASSERT_TRUE(a->renew(lease(), mine.epoch, seconds{3}));
  }
}

TEST_P(stepped_clock, delays_the_successor_of_a_holder_that_is_gone_by_its_time_to_live) {
  ASSERT_TRUE(a->acquire(lease(), "alpha", seconds{3}));
  ASSERT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict);
  now += std::chrono::hours{1};
  for (int i = 0; i < 4; ++i, pass(milliseconds{750})) EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict);
  EXPECT_TRUE(b->acquire(lease(), "beta", seconds{3}));
}

TEST_P(stepped_clock, that_is_not_set_delays_nobody) {
  ASSERT_TRUE(a->acquire(lease(), "alpha", seconds{3}));
  for (int i = 0; i < 4; ++i, pass(milliseconds{750})) EXPECT_EQ(code(b->acquire(lease(), "beta", seconds{3})), errc::conflict);
  EXPECT_TRUE(b->acquire(lease(), "beta", seconds{3})); // the moment it has run out
  ASSERT_TRUE(b->release(lease(), 2));
  now += std::chrono::hours{1};
  EXPECT_TRUE(a->acquire(lease(), "alpha", seconds{3})); // given back: there is nobody to wait for
}

TEST_P(stepped_clock, of_a_node_that_has_just_come_is_not_trusted_yet) {
  ASSERT_TRUE(a->acquire(lease(), "alpha", seconds{3}));
  now += std::chrono::hours{1};
  const auto late = open_watching();
  EXPECT_EQ(code(late->acquire(lease(), "gamma", seconds{3})), errc::conflict);
  pass(seconds{3});
  EXPECT_TRUE(late->acquire(lease(), "gamma", seconds{3}));
}

INSTANTIATE_TEST_SUITE_P(both, stepped_clock, ::testing::Values(backend::sqlite, backend::postgres),
                         [](const auto& of) { return of.param == backend::sqlite ? "sqlite" : "postgres"; });

TEST(postgres_lease_store, uses_the_databases_clock_and_survives_its_restart) {
  auto& server = postgres_server::instance();
  if (!server.problem().empty()) GTEST_SKIP() << server.problem();
  auto store = open_postgres_lease_store(server.url());
  ASSERT_TRUE(store) << to_string(store.error());
  const auto mine = (*store)->acquire("feed/restart", "alpha", seconds{60});
  ASSERT_TRUE(mine);
  const auto ahead = mine->expires - wall();
  EXPECT_GT(ahead, seconds{30});
  EXPECT_LT(ahead, seconds{90});
  ASSERT_TRUE(server.stop());
  EXPECT_FALSE((*store)->renew("feed/restart", mine->epoch, seconds{60}));
  ASSERT_TRUE(server.start());
  const auto renewed = (*store)->renew("feed/restart", mine->epoch, seconds{60});
  EXPECT_TRUE(renewed) << to_string(renewed.error());
  const auto nowhere = open_postgres_lease_store("postgresql:///postgres?host=/nonexistent");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, errc::io_error);
}

} // namespace
} // namespace tt::cluster::test
