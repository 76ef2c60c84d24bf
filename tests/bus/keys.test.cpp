// Key files, allow lists, configuration, and the log of refused peers.
#include "bus/keys/keys.hpp"

#include "bus/config.hpp"
#include "bus/link/doorman.hpp"

#include "bus/limits.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace bus;

namespace {

class key_files : public ::testing::Test {
public:
  void SetUp() override {
    char name[] = "/tmp/tt-keys-XXXXXX";
    dir = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(dir); }
  std::filesystem::path dir;
};

} // namespace

TEST_F(key_files, are_private_and_read_back) {
  const auto key = *keys::make("alpha");
  const auto file = dir / "alpha.key";
  ASSERT_TRUE(keys::save(file, key).ok());
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto back = keys::load(file);
  ASSERT_TRUE(back.ok()) << back.error().text;
  EXPECT_EQ(back->name, "alpha");
  EXPECT_EQ(back->public_key, key.public_key);
  EXPECT_EQ(back->secret_key, key.secret_key);
}

TEST_F(key_files, are_not_overwritten) {
  const auto file = dir / "a.key";
  ASSERT_TRUE(keys::save(file, *keys::make("a")).ok());
  const auto again = keys::save(file, *keys::make("a"));
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().text.find("exists"), std::string::npos);
}

TEST_F(key_files, that_others_can_read_are_refused) {
  const auto file = dir / "a.key";
  ASSERT_TRUE(keys::save(file, *keys::make("a")).ok());
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  const auto key = keys::load(file);
  ASSERT_FALSE(key.ok());
  EXPECT_NE(key.error().text.find("chmod 600"), std::string::npos);
}

TEST_F(key_files, with_halves_that_do_not_match_are_refused) {
  auto key = *keys::make("a");
  key.public_key = keys::make("b")->public_key;
  ASSERT_TRUE(keys::save(dir / "a.key", key).ok());
  const auto back = keys::load(dir / "a.key");
  ASSERT_FALSE(back.ok());
  EXPECT_NE(back.error().text.find("public: does not belong"), std::string::npos);
}

TEST_F(key_files, that_are_links_or_missing_are_refused) {
  ASSERT_TRUE(keys::save(dir / "a.key", *keys::make("a")).ok());
  std::filesystem::create_symlink(dir / "a.key", dir / "b.key");
  EXPECT_FALSE(keys::load(dir / "b.key").ok());
  EXPECT_FALSE(keys::load(dir / "none").ok());
}

TEST(allow_list, reads_kinds_names_and_keys) {
  const auto a = *keys::make("a");
  const auto b = *keys::make("b");
  const auto list = keys::allow_list::parse("# the cluster\n\nnode a " + a.public_key + "\n  client\tb  " +
                                            b.public_key + "\n");
  ASSERT_TRUE(list.ok()) << list.error().text;
  EXPECT_EQ(list->size(), 2u);
  ASSERT_NE(list->find_key(a.public_key), nullptr);
  EXPECT_EQ(list->find_key(a.public_key)->name, "a");
  EXPECT_EQ(list->find_name("b")->what, keys::kind::client);
  EXPECT_EQ(list->find_name("c"), nullptr);
  std::string text;
  for (const auto& [key, entry] : list->entries()) text += keys::allow_list::line(entry);
  EXPECT_EQ(keys::allow_list::parse(text)->size(), 2u);
}

TEST(allow_list, names_the_line_that_is_wrong) {
  const auto a = *keys::make("a");
  const auto line = "node a " + a.public_key + "\n";
  const auto error = [](const std::string& text) {
    const auto list = keys::allow_list::parse(text);
    return list.ok() ? std::string{} : list.error().text;
  };
  EXPECT_EQ(error(line + "nodes b x\n"), "line 2: want node or client, got \"nodes\"");
  EXPECT_EQ(error("node a\n"), "line 1: want a kind, a name and a key");
  EXPECT_EQ(error("node a b c\n"), "line 1: want a kind, a name and a key");
  EXPECT_NE(error("node a short\n").find("40 characters"), std::string::npos);
  EXPECT_NE(error("node a/b " + a.public_key).find("not a name"), std::string::npos);
  EXPECT_NE(error(line + line).find("listed twice"), std::string::npos);
  EXPECT_NE(error(line + "node a " + keys::make("x")->public_key).find("a is listed twice"),
            std::string::npos);
}

TEST(config, names_the_field_that_is_wrong) {
  config good;
  good.name = "alpha";
  good.key_file = good.allow_file = "x";
  EXPECT_TRUE(check(good).ok());
  const auto error = [&](auto change) {
    auto c = good;
    change(c);
    const auto r = check(c);
    return r.ok() ? std::string{} : r.error().text.substr(0, r.error().text.find(':'));
  };
  EXPECT_EQ(error([](auto& c) { c.name = "a b"; }), "name");
  EXPECT_EQ(error([](auto& c) { c.listen = "udp://x:1"; }), "listen");
  EXPECT_EQ(error([](auto& c) { c.listen_topics = "x"; }), "listen_topics");
  EXPECT_EQ(error([](auto& c) { c.peers = {{"x", ""}}; }), "peers");
  EXPECT_EQ(error([](auto& c) { c.key_file = ""; }), "key_file");
  EXPECT_EQ(error([](auto& c) { c.allow_file = ""; }), "allow_file");
  EXPECT_EQ(error([](auto& c) { c.down_after = std::chrono::milliseconds{900}; }), "down_after");
  EXPECT_EQ(error([](auto& c) { c.actor_credit = 10; }), "actor_credit");
  EXPECT_EQ(error([](auto& c) {
              c.security = security::plain;
              c.listen = "tcp://0.0.0.0:1";
            }),
            "security");
  EXPECT_EQ(error([](auto& c) { c.security = security::plain; }), "");
  EXPECT_EQ(error([](auto& c) {
              c.security = security::plain;
              c.listen_topics = "tcp://*:1";
            }),
            "security");
  EXPECT_EQ(error([](auto& c) {
              c.security = security::plain;
              c.peers = {{"beta", "tcp://127.0.0.1:1"}, {"gamma", "tcp://10.0.0.2:1"}};
            }),
            "security");
  EXPECT_EQ(error([](auto& c) { c.repair = channel::retransmission::off; }), "repair");
}

TEST(config, loopback_is_what_no_other_machine_can_reach) {
  for (const auto* here : {"tcp://127.0.0.1:0", "tcp://127.255.1.9:7701", "tcp://localhost:1", "tcp://[::1]:7701", "ipc:///tmp/x"})
    EXPECT_TRUE(is_loopback(here)) << here;
  for (const auto* elsewhere : {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://10.0.0.1:1", "tcp://128.0.0.1:1", "tcp://127.0.0.1.example.com:1", "tcp://127.evil:1",
                                "tcp://[::]:1", "tcp://[::ffff:10.0.0.1]:1", "tcp://localhost.example.com:1", "tcp://eth0:1", "tcp://:1", "udp://127.0.0.1:1", "127.0.0.1:1", ""})
    EXPECT_FALSE(is_loopback(elsewhere)) << elsewhere;
}

TEST(refusal_log, is_rate_limited_and_counts) {
  std::vector<std::string> lines;
  link::refusal_log log{[&](log_level, std::string_view x) { lines.emplace_back(x); }};
  auto now = link::refusal_log::time_point{} + std::chrono::hours{1};
  for (int i = 0; i < 1000; ++i) log.refused("10.0.0.9", "no key", now + std::chrono::milliseconds{i});
  log.refused("10.0.0.8", "no key", now);
  EXPECT_EQ(lines, (std::vector<std::string>{"refused 10.0.0.9: no key", "refused 10.0.0.8: no key"}));
  log.refused("10.0.0.9", "no key", now + std::chrono::seconds{11});
  EXPECT_EQ(lines.back(), "refused 10.0.0.9: no key (and 999 times since the last line)");
  EXPECT_EQ(log.count(), 1002u);
}

TEST(refusal_log, names_each_key_of_one_address) {
  std::vector<std::string> lines;
  link::refusal_log log{[&](log_level, std::string_view x) { lines.emplace_back(x); }};
  const auto now = link::refusal_log::time_point{} + std::chrono::hours{1};
  for (int i = 0; i < 100; ++i)
    for (const auto* key : {"A", "B"}) log.refused("10.0.0.7", std::string{"key "} + key, now);
  EXPECT_EQ(lines, (std::vector<std::string>{"refused 10.0.0.7: key A", "refused 10.0.0.7: key B"}));
  log.refused("10.0.0.7", "key B", now + link::refusal_log::log_pause);
  EXPECT_EQ(lines.back(), "refused 10.0.0.7: key B (and 99 times since the last line)");
}

TEST(refusal_log, one_with_many_keys_or_addresses_fills_neither_log_nor_memory) {
  std::vector<std::string> lines;
  link::refusal_log log{[&](log_level, std::string_view x) { lines.emplace_back(x); }};
  const auto now = link::refusal_log::time_point{} + std::chrono::hours{1};
  for (int i = 0; i < 300; ++i) log.refused("10.0.0.7", "key " + std::to_string(i), now);
  for (int i = 0; i < 5000; ++i) log.refused(std::to_string(i), "x", now);
  EXPECT_EQ(lines.size(), link::refusal_log::lines_per_pause);
  EXPECT_EQ(log.count(), 5300u);
  lines.clear();
  log.refused("10.0.0.6", "plaintext", now + link::refusal_log::log_pause);
  EXPECT_EQ(lines, (std::vector<std::string>{"refused " + std::to_string(5300 - link::refusal_log::lines_per_pause) + " times more than can be named",
                                             "refused 10.0.0.6: plaintext"}));
}

// -- those who come to the door ---------------------------------------------------

TEST(newcomers, of_one_host_are_so_many_at_once_and_others_still_come_in) {
  link::newcomers door;
  const link::newcomers::time_point start{std::chrono::hours{1}};
  for (size_t i = 0; i < limits::fresh_per_host; ++i) EXPECT_NE(door.admit("stranger", start), 0u);
  EXPECT_EQ(door.admit("stranger", start), 0u);
  EXPECT_NE(door.admit("friend", start), 0u);
  // those that are through with their handshake, or have been thrown out, count no longer
  EXPECT_NE(door.admit("stranger", start + std::chrono::milliseconds{limits::fresh_ms}), 0u);
}

TEST(newcomers, of_all_hosts_are_so_many_at_once) {
  link::newcomers door;
  const link::newcomers::time_point start{std::chrono::hours{1}};
  for (size_t i = 0; i < limits::fresh_connections; ++i) EXPECT_NE(door.admit(std::to_string(i), start), 0u);
  EXPECT_EQ(door.admit("friend", start), 0u);
}

TEST(newcomers, that_go_again_make_room) {
  link::newcomers door;
  const link::newcomers::time_point start{std::chrono::hours{1}};
  for (size_t i = 0; i < 10 * limits::fresh_connections; ++i) {
    const auto number = door.admit("friend", start);
    ASSERT_NE(number, 0u);
    door.gone(number);
  }
  door.gone(0);
  door.gone(7);
  EXPECT_NE(door.admit("friend", start), 0u);
}
