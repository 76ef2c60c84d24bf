// The watch over the allow list, in virtual time: edits that the file's time does not show.

#include "cluster/actor_config.hpp"
#include "cluster/membership/watch_actor.hpp"
#include "tests/support/temporary_folder.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

namespace tt::cluster {
namespace {

struct watch_config : actor_config {
  watch_config() : actor_config(1) { set("scheduler.policy", caf::atom("testing")); }
};

class allow_list_watch : public ::testing::Test {
protected:
  allow_list_watch() : system(config), scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) { write("node a"); }

  ~allow_list_watch() override {
    caf::anon_send_exit(subject, caf::exit_reason::kill);
    scheduler.run();
  }

  /// Watches a list that was read when its content had this digest.
  void start(std::optional<std::uint64_t> digest) {
    auto options = std::make_shared<watch_options>();
    options->feeds = [] { return std::vector<gateway::feed_handle>{}; };
    options->allow_file = file;
    options->allow_digest = digest;
    options->on_allow_change = [this] { ++changes; };
    subject = system.spawn(watch_actor, options);
    scheduler.run();
  }

  void write(const std::string& text) const { std::ofstream(file, std::ios::trunc) << text; }

  void pass(std::chrono::milliseconds time) {
    for (std::chrono::milliseconds done{0}; done < time; done += watch_interval) {
      scheduler.advance_time(watch_interval);
      scheduler.run();
    }
  }

  const tt::test::temporary_folder folder;
  const std::string file = folder.path("allow");
  watch_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::actor subject;
  int changes = 0;
};

TEST_F(allow_list_watch, sees_an_edit_that_leaves_time_and_size_as_they_were) {
  start(digest_of(file));
  const auto time = std::filesystem::last_write_time(file);
  write("node b");
  std::filesystem::last_write_time(file, time);
  pass(allow_digest_interval);
  EXPECT_EQ(changes, 1);
  pass(2 * allow_digest_interval);
  EXPECT_EQ(changes, 1);
}

TEST_F(allow_list_watch, sees_a_file_that_was_put_in_its_place_with_its_time) {
  start(digest_of(file));
  const auto beside = folder.path("beside");
  std::ofstream(beside) << "node c";
  std::filesystem::last_write_time(beside, std::filesystem::last_write_time(file));
  std::filesystem::rename(beside, file);
  pass(watch_interval); // another file: seen at once
  EXPECT_EQ(changes, 0) << "and taken when it stays as it is";
  pass(watch_interval);
  EXPECT_EQ(changes, 1);
}

TEST_F(allow_list_watch, sees_what_was_written_between_the_reading_and_the_first_look) {
  const auto read = digest_of(file);
  write("node d");
  start(read);
  pass(watch_interval);
  EXPECT_EQ(changes, 1);
}

TEST_F(allow_list_watch, does_not_take_a_touch_for_an_edit) {
  start(digest_of(file));
  std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + std::chrono::seconds{5});
  pass(2 * allow_digest_interval);
  EXPECT_EQ(changes, 0);
}

TEST_F(allow_list_watch, waits_for_a_file_that_is_gone_for_a_moment) {
  start(digest_of(file));
  std::filesystem::remove(file);
  pass(2 * allow_digest_interval);
  EXPECT_EQ(changes, 0); // the list in use stays
  write("node e");
  pass(2 * watch_interval);
  EXPECT_EQ(changes, 1);
}

TEST_F(allow_list_watch, takes_no_list_while_it_is_being_written) {
  start(digest_of(file));
  for (const auto* part : {"", "node", "node f", "node f\nnode"}) {
    write(part);
    pass(watch_interval);
    EXPECT_EQ(changes, 0) << part;
  }
  write("node f\nnode g");
  pass(2 * watch_interval);
  EXPECT_EQ(changes, 1);
}

} // namespace
} // namespace tt::cluster
