// Host names of endpoints: what is looked up, when again, and what is said about it. Virtual time; the look-ups
// are answered from a table.
#include "bus/link/address_book.hpp"

#include "bus/limits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

using namespace bus::link;
using namespace std::chrono_literals;

namespace {

/// A name server that answers from a table, or not at all until it is let go.
struct name_server {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::vector<std::string>> known;
  std::map<std::string, int> asked;
  bool silent = false;
  int answers = 0;

  bus::outcome<std::vector<std::string>> look_up(const std::string& host) {
    std::unique_lock lock{mutex};
    ++asked[host];
    changed.notify_all();
    changed.wait(lock, [&] { return !silent; });
    const auto i = known.find(host);
    if (i == known.end()) return bus::problem{bus::errc::socket_failed, "Name or service not known"};
    return i->second;
  }
  void answered() {
    const std::lock_guard guard{mutex};
    ++answers;
    changed.notify_all();
  }
  template <class F>
  void wait_until(F done) {
    std::unique_lock lock{mutex};
    ASSERT_TRUE(changed.wait_for(lock, 20s, done));
  }
};

class host_names : public ::testing::Test {
public:
  host_names() { names->known["beta"] = {"10.0.0.2"}; }
  ~host_names() override { speak(); }

  void speak() {
    const std::lock_guard guard{names->mutex};
    names->silent = false;
    names->changed.notify_all();
  }
  auto find(const std::string& endpoint) { return book.find(endpoint, now); }
  /// Lets the look-ups that have begun come to their end.
  bool settle() {
    taken += static_cast<int>(book.looking_up());
    names->wait_until([&] { return names->answers >= taken; });
    return book.settle(now);
  }
  void addresses(std::vector<std::string> x) {
    const std::lock_guard guard{names->mutex};
    names->known["beta"] = std::move(x);
  }
  int asked(const std::string& host) {
    const std::lock_guard guard{names->mutex};
    return names->asked[host];
  }

  using list = std::vector<std::string>;
  std::shared_ptr<name_server> names = std::make_shared<name_server>(); // threads that hang outlive the book
  std::vector<std::string> lines;
  int taken = 0; // answers
  address_book::time_point now = address_book::time_point{} + 1h;
  address_book book{[n = names](const std::string& host) { return n->look_up(host); }, [n = names] { n->answered(); },
                    [this](bus::log_level, std::string_view x) { lines.emplace_back(x); }};
};

} // namespace

TEST_F(host_names, are_told_from_numbers) {
  EXPECT_EQ(find("tcp://10.0.0.2:7701"), list{"tcp://10.0.0.2:7701"});
  EXPECT_EQ(find("tcp://[::1]:7701"), list{"tcp://[::1]:7701"});
  EXPECT_EQ(find("ipc:///tmp/x"), list{"ipc:///tmp/x"});
  EXPECT_TRUE(names->asked.empty());
  for (const auto* bad : {"tcp://beta", "tcp://:1", "tcp://beta:", "tcp://beta:x1", "tcp://alpha:0;beta:1", "udp://beta:1", "tcp://[beta]:1"}) {
    EXPECT_FALSE(parts_of(bad).ok) << bad;
    EXPECT_TRUE(find(bad).empty()) << bad;
  }
  EXPECT_EQ(book.size(), 0u);
}

TEST_F(host_names, are_looked_up_elsewhere_and_become_numeric_endpoints) {
  addresses({"10.0.0.2", "fd00::2"});
  EXPECT_TRUE(find("tcp://beta:7701").empty());
  EXPECT_TRUE(settle());
  EXPECT_EQ(find("tcp://beta:7701"), (list{"tcp://10.0.0.2:7701", "tcp://[fd00::2]:7701"}));
  EXPECT_EQ(find("tcp://beta:7702"), (list{"tcp://10.0.0.2:7702", "tcp://[fd00::2]:7702"}));
  EXPECT_EQ(asked("beta"), 1);
}

TEST_F(host_names, are_looked_up_again_less_and_less_often_while_nothing_changes) {
  std::vector<int> seconds;
  for (int s = 0; s < 100; ++s, now += 1s) {
    find("tcp://beta:1");
    if (book.looking_up() > 0) seconds.push_back(s);
    settle();
  }
  EXPECT_EQ(seconds, (std::vector<int>{0, 1, 3, 7, 15, 31, 61, 91}));
  // after a time without questions (the link was up) the next one is asked at once
  now += 31s;
  find("tcp://beta:1");
  EXPECT_EQ(book.looking_up(), 1u);
  settle();
}

TEST_F(host_names, a_new_address_is_told_and_another_order_is_not) {
  addresses({"10.0.0.2", "10.0.0.3"});
  find("tcp://beta:1");
  EXPECT_TRUE(settle());
  addresses({"10.0.0.3", "10.0.0.2"});
  now += 1s;
  find("tcp://beta:1");
  EXPECT_FALSE(settle());
  addresses({"10.0.0.9"});
  now += 2s;
  find("tcp://beta:1");
  EXPECT_TRUE(settle());
  EXPECT_EQ(find("tcp://beta:1"), list{"tcp://10.0.0.9:1"});
}

TEST_F(host_names, that_cannot_be_found_are_named_in_the_log_now_and_then) {
  for (int s = 0; s < 60; ++s, now += 1s) {
    find("tcp://nobody:1");
    settle();
  }
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front(), "cannot find the host nobody: Name or service not known");
  EXPECT_LE(lines.size(), 6u);
}

TEST_F(host_names, that_cannot_be_found_any_more_keep_their_address) {
  find("tcp://beta:1");
  EXPECT_TRUE(settle());
  {
    const std::lock_guard guard{names->mutex};
    names->known.clear();
  }
  now += 1s;
  find("tcp://beta:1");
  EXPECT_FALSE(settle());
  EXPECT_EQ(find("tcp://beta:1"), list{"tcp://10.0.0.2:1"});
}

TEST_F(host_names, a_silent_server_holds_up_nobody_and_is_asked_once_per_name) {
  names->silent = true;
  for (int s = 0; s < 20; ++s, now += 1s) {
    EXPECT_TRUE(find("tcp://beta:1").empty());
    EXPECT_FALSE(book.settle(now));
  }
  names->wait_until([&] { return names->asked["beta"] == 1; });
  EXPECT_EQ(asked("beta"), 1);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front(), "cannot find the host beta: no answer yet");
  EXPECT_LE(lines.size(), 2u);
  speak();
  EXPECT_TRUE(settle());
}

TEST_F(host_names, the_waiting_and_the_remembered_are_bounded) {
  names->silent = true;
  for (size_t i = 0; i < 2 * bus::limits::known_hosts; ++i) find("tcp://h" + std::to_string(i) + ":1");
  EXPECT_LE(book.size(), bus::limits::known_hosts);
  names->wait_until([&] { return names->asked.size() >= bus::limits::lookup_threads; });
  EXPECT_EQ(names->asked.size(), bus::limits::lookup_threads); // that many threads, all of them in a look-up
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(),
                          [](const auto& l) { return l.find("too many names wait") != std::string::npos; }));
}

TEST(system_lookup, knows_this_machine_and_says_why_it_does_not_know_others) {
  const auto here = system_lookup("localhost");
  ASSERT_TRUE(here.ok()) << here.error().text;
  EXPECT_NE(std::find(here->begin(), here->end(), "127.0.0.1"), here->end());
  EXPECT_FALSE(system_lookup("host name with blanks").ok());
}
