// Core and journal together: nothing is promised or done before it is durable.

#include "actors/execution/account_writer.hpp"
#include "tests/execution/faulty_venue.hpp"

#include <fstream>
#include <sys/mount.h>

namespace tt::execution::test {
namespace {

writer_settings writing() {
  writer_settings out;
  out.profile = opening().profile;
  out.opening_cash = opening().cash;
  out.core = settings();
  return out;
}

/// Fails appends when told to, before or after they were carried out.
class fragile_store final : public store_around {
public:
  using store_around::store_around;
  enum class fault { none, before, after } fails = fault::none;
  result<void> append(const account_id& a, const journal_batch& b) override {
    if (fails == fault::before) return error{errc::io_error, "disk full"};
    auto done = store_around::append(a, b);
    return fails == fault::after ? result<void>(error{errc::io_error, "no answer"}) : done;
  }
};

struct desk {
  temporary_folder folder;
  open_gate gate;
  std::shared_ptr<fragile_store> store = std::make_shared<fragile_store>(*open_sqlite_journal(folder.path("j")));
  std::unique_ptr<account_writer> writer;
  std::uint64_t epoch = 0;
  write_time now{at(0), 0};

  desk() { open(writing()); }
  void open(writer_settings s) {
    s.core.epoch = lease_epoch{++epoch};
    auto opened = account_writer::open(store, std::move(s), gate, now);
    ASSERT_TRUE(opened) << to_string(opened.error());
    writer = std::move(*opened);
  }
  committed place(const std::string& key) {
    writer->take(writer->core().place(wanted(key, order_side::buy, 1), now.wall), now.monotonic_ns);
    return writer->commit(now).at(0);
  }
  static std::size_t sends(const std::vector<effect>& effects) {
    return static_cast<std::size_t>(std::count_if(effects.begin(), effects.end(),
                                                  [](const effect& e) { return std::holds_alternative<std::shared_ptr<const send_command>>(e); }));
  }
};

TEST(account_writer, several_outcomes_share_one_commit_and_come_out_in_order) {
  desk d;
  const auto before = raw(d.writer->book().last());
  std::vector<std::uint64_t> tickets;
  for (int i = 0; i < 5; ++i)
    tickets.push_back(d.writer->take(d.writer->core().place(wanted("k" + std::to_string(i), order_side::buy, 1), d.now.wall), 0));
  EXPECT_FALSE(d.writer->is_due(1'999'999));
  EXPECT_TRUE(d.writer->is_due(2'000'000));
  const auto done = d.writer->commit(d.now);
  ASSERT_EQ(done.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(done[i].ticket, tickets[i]);
    EXPECT_FALSE(done[i].failed);
    EXPECT_EQ(desk::sends(done[i].what.effects), 1u);
  }
  EXPECT_EQ(raw(d.writer->book().last()), before + 15);
  EXPECT_FALSE(d.writer->is_due(9'000'000'000));
}

TEST(account_writer, the_state_after_a_restart_is_the_state_before) {
  desk d;
  for (int i = 0; i < 20; ++i) d.place("k" + std::to_string(i));
  const auto orders = d.writer->book().orders().size();
  auto s = writing();
  s.snapshot_every = 10; // from here on also with snapshots
  d.open(s);
  EXPECT_EQ(d.writer->book().orders().size(), orders);
  for (const auto& what : d.writer->book().orders()) EXPECT_EQ(what.state, order_state::unknown); // nobody answered
  for (int i = 20; i < 40; ++i) d.place("k" + std::to_string(i));
  const auto bytes = d.writer->book().to_bytes();
  auto again = *journal::open(d.store, paper(), lease_epoch{d.epoch});
  account_book whole, tail;
  ASSERT_TRUE(again.replay(journal_offset::none, {}, [&](journal_record&& r) { return whole.apply(r); }));
  EXPECT_EQ(whole.to_bytes(), bytes);
  const auto snapshot = again.newest_snapshot();
  ASSERT_TRUE(snapshot && *snapshot);
  tail = *account_book::from_bytes((*snapshot)->state);
  ASSERT_TRUE(again.replay((*snapshot)->last, (*snapshot)->chain, [&](journal_record&& r) { return tail.apply(r); }));
  EXPECT_EQ(tail.to_bytes(), bytes);
}

/// A paper account that starts over has a journal without a past: the first snapshot follows its opening.
TEST(account_writer, a_snapshot_of_the_first_records_is_a_start) {
  desk d;
  for (int round = 0; round < 3; ++round) {
    d.writer.reset();
    d.store = std::make_shared<fragile_store>(*open_sqlite_journal(d.folder.path("after reset " + std::to_string(round))));
    d.epoch = 0;
    auto s = writing();
    s.snapshot_every = 1;
    d.open(s);
    ASSERT_TRUE(d.writer->book().is_open());
    for (int i = 0; i < round; ++i) ASSERT_FALSE(d.place("k" + std::to_string(i)).failed); // round 0: nothing but the opening
    const auto bytes = d.writer->book().to_bytes();
    const auto kept = journal::open(d.store, paper(), lease_epoch{d.epoch})->newest_snapshot();
    ASSERT_TRUE(kept && *kept);
    EXPECT_EQ((*kept)->state, bytes);
    s.core.epoch = lease_epoch{++d.epoch};
    d.open(s);
    EXPECT_TRUE(d.writer->book().is_open());
    EXPECT_EQ(d.writer->book().orders().size(), static_cast<std::size_t>(round));
    ASSERT_FALSE(d.place("after the restart").failed);
    d.open(s);
    EXPECT_EQ(d.writer->book().orders().size(), static_cast<std::size_t>(round) + 1);
  }
}

/// Counts the records it hears; its state is that number.
class counting_follower final : public record_follower {
public:
  void begin() override {
    count = heard = 0;
    ++begun;
  }
  result<void> on_record(const journal_record&) override {
    ++count;
    ++heard;
    return {};
  }
  [[nodiscard]] std::string to_bytes() const override { return keeps ? std::to_string(count) : std::string{}; }
  result<void> begin_from(std::string_view bytes) override {
    if (refuses) return error{errc::unsupported, "another version", "snapshot"};
    count = std::stoull(std::string(bytes));
    heard = 0;
    return {};
  }
  std::uint64_t count = 0, heard = 0, begun = 0; ///< records in all, and since the last begin
  bool keeps = true, refuses = false;
};

writer_settings quiet_with(counting_follower& follower, std::uint64_t snapshot_every) {
  auto out = writing();
  out.follower = &follower;
  out.snapshots = snapshot_time::quiet;
  out.snapshot_every = snapshot_every;
  return out;
}

/// What follows the journal begins with its own part of the snapshot, and hears the rest.
TEST(account_writer, a_follower_begins_with_its_part_of_the_snapshot) {
  desk d;
  counting_follower follower;
  const auto s = quiet_with(follower, 20);
  d.open(s);
  for (int i = 0; i < 20; ++i) d.place("k" + std::to_string(i));
  d.open(s); // replayed many: a snapshot is kept
  EXPECT_EQ(follower.begun, 2u);
  const auto before = follower.count;
  EXPECT_EQ(before, raw(d.writer->book().last()));
  for (int i = 20; i < 25; ++i) d.place("k" + std::to_string(i));
  const auto bytes = d.writer->book().to_bytes();
  const auto all = follower.count;
  d.open(s);
  EXPECT_EQ(follower.begun, 2u) << "it did not begin anew";
  EXPECT_LT(follower.heard, before) << "only what came after the snapshot";
  EXPECT_GE(follower.count, all);
  EXPECT_EQ(follower.count, raw(d.writer->book().last()));
  EXPECT_EQ(d.writer->book().orders().size(), 25u);
  follower.refuses = true; // written by another version
  d.open(s);
  EXPECT_EQ(follower.begun, 3u);
  EXPECT_EQ(follower.heard, raw(d.writer->book().last()));
}

/// At quiet times only: no order waits for the snapshot; the day roll takes one.
TEST(account_writer, quiet_snapshots_are_taken_at_the_day_roll) {
  desk d;
  counting_follower follower;
  const auto s = quiet_with(follower, 10);
  d.open(s);
  const auto newest = [&] { return *journal::open(d.store, paper(), lease_epoch{d.epoch})->newest_snapshot(); };
  for (int i = 0; i < 20; ++i) d.place("k" + std::to_string(i));
  EXPECT_FALSE(newest());
  d.writer->take(d.writer->core().note(account_marked{mark_kind::point, d.now.wall, {}}, d.now.wall), 0);
  d.writer->commit(d.now);
  EXPECT_FALSE(newest());
  d.writer->take(d.writer->core().note(account_marked{mark_kind::day_roll, d.now.wall, {}}, d.now.wall), 0);
  d.writer->commit(d.now);
  ASSERT_TRUE(newest());
  EXPECT_EQ(newest()->last, d.writer->book().last());
}

/// A snapshot of a program whose followers kept none holds the book alone: the journal is read from its beginning.
TEST(account_writer, a_snapshot_without_the_followers_part_is_left_out) {
  desk d;
  auto s = writing();
  s.snapshot_every = 10;
  d.open(s);
  for (int i = 0; i < 20; ++i) d.place("k" + std::to_string(i));
  counting_follower follower;
  follower.keeps = false; // and where it keeps none, none is written
  s.follower = &follower;
  d.open(s);
  EXPECT_EQ(follower.begun, 1u);
  EXPECT_EQ(follower.heard, raw(d.writer->book().last()));
  for (int i = 20; i < 40; ++i) d.place("k" + std::to_string(i));
  d.open(s);
  EXPECT_EQ(follower.begun, 2u);
  EXPECT_EQ(follower.heard, raw(d.writer->book().last()));
}

class failing_commit : public ::testing::TestWithParam<bool> {};

TEST_P(failing_commit, promises_nothing_refuses_new_orders_and_goes_on_afterwards) {
  desk d;
  ASSERT_FALSE(d.place("first").failed);
  const auto first = d.writer->core().book().find(*intent_key::manual("tester", "first"))->number;
  d.store->fails = GetParam() ? fragile_store::fault::after : fragile_store::fault::before;
  const auto lost = d.place("second");
  ASSERT_TRUE(lost.failed);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(d.writer->blocked());
  EXPECT_EQ(d.writer->blocked()->code, errc::not_available);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{100});
  // cancels still go out
  const auto cancel = d.writer->cancel_without_journal(first);
  ASSERT_TRUE(cancel);
  EXPECT_EQ(cancel->wire_id, d.writer->book().find(first)->wire_id);
  for (int i = 0; i < 5; ++i) {
    if (GetParam()) d.store->fails = fragile_store::fault::before;
    EXPECT_FALSE(d.writer->try_again(d.now));
    EXPECT_TRUE(d.writer->blocked());
  }
  d.store->fails = fragile_store::fault::none;
  const auto effects = d.writer->try_again(d.now);
  ASSERT_TRUE(effects) << to_string(effects.error());
  EXPECT_FALSE(d.writer->blocked());
  EXPECT_EQ(desk::sends(*effects), 0u); // an order that nobody was promised is not sent behind his back
  // whether the second is in the journal or not is for the journal to say; if it is, it is in doubt and never went out
  const auto* second = d.writer->book().find(*intent_key::manual("tester", "second"));
  EXPECT_EQ(second != nullptr, GetParam());
  if (second) {
    EXPECT_EQ(second->state, order_state::unknown);
  }
  const auto third = d.place("third");
  EXPECT_FALSE(third.failed);
  EXPECT_EQ(desk::sends(third.what.effects), 1u);
}
INSTANTIATE_TEST_SUITE_P(both, failing_commit, ::testing::Bool(), [](const auto& of) { return of.param ? "answer_lost" : "not_written"; });

TEST(account_writer, of_two_leaders_the_older_one_is_fenced) {
  desk d;
  ASSERT_FALSE(d.place("first").failed);
  open_gate other_gate;
  auto s = writing();
  s.core.epoch = lease_epoch{d.epoch + 1};
  auto fresh = account_writer::open(d.store, s, other_gate, d.now);
  ASSERT_TRUE(fresh);
  const auto late = d.place("late"); // it was paused and wakes
  ASSERT_TRUE(late.failed);
  EXPECT_EQ(late.failed->code, errc::conflict);
  EXPECT_EQ(d.writer->blocked()->code, errc::conflict);
  EXPECT_FALSE(d.writer->try_again(d.now));
  EXPECT_EQ((*fresh)->book().find(*intent_key::manual("tester", "late")), nullptr);
}

TEST(account_writer, on_a_small_full_disk_over_and_over) {
  temporary_folder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=2m") != 0) GTEST_SKIP() << "a tmpfs can't be mounted here";
  {
    open_gate gate;
    auto s = writing();
    s.core.epoch = lease_epoch{1};
    auto writer = *account_writer::open(std::shared_ptr<journal_store>(*open_sqlite_journal(folder.path("j"))), s, gate, {at(0), 0});
    std::set<std::string> promised;
    int n = 0, failures = 0;
    for (int round = 0; round < 30; ++round) {
      std::ofstream ballast(folder.path("ballast"), std::ios::binary);
      const std::string block(4096, 'x');
      while (ballast.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {}
      ballast.close();
      // a little room, which is soon used up
      std::filesystem::resize_file(folder.path("ballast"), std::filesystem::file_size(folder.path("ballast")) - 48 * 1024);
      for (int i = 0; i < 60; ++i) {
        const auto key = "k" + std::to_string(n++);
        if (writer->blocked()) {
          ++failures;
          static_cast<void>(writer->try_again({at(n), 0}));
          continue;
        }
        writer->take(writer->core().place(wanted(key, order_side::buy, 1), at(n)), 0);
        if (!writer->commit({at(n), 0}).at(0).failed) promised.insert(key);
      }
      std::filesystem::remove(folder.path("ballast"));
      if (writer->blocked()) {
        const auto again = writer->try_again({at(n), 0});
        ASSERT_TRUE(again) << to_string(again.error());
      }
      ASSERT_FALSE(writer->blocked()); // there is room again
      if (std::filesystem::file_size(folder.path("j")) > 1'200'000) break;
    }
    EXPECT_GT(failures, 0);
    EXPECT_GT(promised.size(), 50u);
    for (const auto& key : promised) EXPECT_TRUE(writer->book().find(*intent_key::manual("tester", key))) << key;
    std::cout << promised.size() << " orders promised, " << failures << " refused while the disk was full" << std::endl;
  }
  ::umount2(folder.path().c_str(), MNT_DETACH);
}

} // namespace
} // namespace tt::execution::test
