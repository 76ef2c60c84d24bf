// `tt keys new` on allow lists as people leave them.

#include "bus/keys/keys.hpp"
#include "cluster/commands.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace tt::cluster {
namespace {

TEST(keys_new, admits_into_a_list_whose_last_line_has_no_end) {
  const tt::test::temporary_folder folder;
  const auto list = folder.path("allow");
  const auto first = *bus::keys::make("alpha");
  auto line = bus::keys::allow_list::line({bus::keys::kind::node, "alpha", first.public_key});
  line.pop_back();
  std::ofstream(list) << "# mine\n" << line;
  std::filesystem::permissions(list, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(run_keys_new({.name = "beta", .folder = folder.path("")}), 0);
  const auto read = bus::keys::allow_list::load(list);
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(read->size(), 2u);
  EXPECT_EQ(read->find_name("alpha")->public_key, first.public_key);
  EXPECT_EQ(read->find_name("beta")->public_key, bus::keys::load(folder.path("beta.key"))->public_key);
  std::string comment;
  std::getline(std::ifstream(list) >> std::ws, comment);
  EXPECT_EQ(comment, "# mine");
  EXPECT_EQ(std::filesystem::status(list).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(std::filesystem::exists(folder.path("allow.new")));
}

TEST(keys_new, makes_a_list_and_leaves_a_broken_one_alone) {
  const tt::test::temporary_folder folder;
  EXPECT_EQ(run_keys_new({.name = "alpha", .folder = folder.path("new")}), 0);
  EXPECT_EQ(bus::keys::allow_list::load(folder.path("new/allow"))->size(), 1u);
  EXPECT_EQ(run_keys_new({.name = "alpha", .folder = folder.path("new")}), 1); // twice
  std::ofstream(folder.path("new/allow"), std::ios::app) << "nonsense";
  EXPECT_EQ(run_keys_new({.name = "beta", .folder = folder.path("new")}), 1);
  EXPECT_FALSE(std::filesystem::exists(folder.path("new/beta.key")));
}

TEST(keys_new, for_many_nodes_at_once_admits_all_of_them) {
  const tt::test::temporary_folder folder;
  constexpr int nodes = 16;
  std::vector<std::thread> at_once;
  std::atomic<int> failures{0};
  std::latch go{nodes};
  for (int i = 0; i < nodes; ++i)
    at_once.emplace_back([&, name = "n" + std::to_string(i)] {
      go.arrive_and_wait();
      failures += run_keys_new({.name = name, .folder = folder.path("keys")});
    });
  for (auto& t : at_once) t.join();
  EXPECT_EQ(failures, 0);
  const auto list = bus::keys::allow_list::load(folder.path("keys/allow"));
  ASSERT_TRUE(list.ok()) << list.error().text;
  EXPECT_EQ(list->size(), static_cast<std::size_t>(nodes));
  for (int i = 0; i < nodes; ++i) {
    const auto key = bus::keys::load(folder.path("keys/n" + std::to_string(i) + ".key"));
    ASSERT_TRUE(key.ok());
    EXPECT_NE(list->find_key(key->public_key), nullptr);
  }
}

} // namespace
} // namespace tt::cluster
