// Peers that are named by host name: the look-up of one must hold up nobody, and its address may change.
#include "tests/bus/system_fixture.hpp"

#include <atomic>
#include <condition_variable>

using namespace bus_test;

namespace {

class linked_by_name : public system_test {
public:
  void adjust(bus::config& b) override {
    b.lookup = [n = names](const std::string& host) { return n->look_up(host); };
    for (int i = 0; i < 3; ++i)
      b.peers.push_back({"absent" + std::to_string(i), "tcp://silent" + std::to_string(i) + ".test:7701"});
  }

  void TearDown() override {
    system_test::TearDown(); // does not wait for the look-ups, which are let go only now
    const std::lock_guard guard{names->mutex};
    names->over = true;
    names->changed.notify_all();
  }

  /// Says nothing about `silent*`, and about others what it was told; of "moving" the address changes.
  struct name_server {
    std::mutex mutex;
    std::condition_variable changed;
    bool over = false;
    std::atomic<int> moving{0};

    bus::outcome<std::vector<std::string>> look_up(const std::string& host) {
      std::unique_lock lock{mutex};
      if (host.starts_with("silent")) changed.wait(lock, [&] { return over; });
      if (host == "beta.test") return std::vector<std::string>{"127.0.0.1"};
      if (host == "moving.test") return std::vector<std::string>{++moving < 2 ? "127.0.0.99" : "127.0.0.1"};
      return bus::problem{bus::errc::socket_failed, "unknown"};
    }
  };

  /// The endpoint of a child, by another host.
  static std::string at_host(const std::string& host, const child& c) {
    return "tcp://" + host + c.control.substr(c.control.rfind(':'));
  }

  void expect_talk(const std::string& peer) {
    const auto worker = wait_for_name(peer + "/worker");
    EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"hello"}), "hello");
  }

  const std::shared_ptr<name_server> names = std::make_shared<name_server>();
};

} // namespace

TEST_F(linked_by_name, a_silent_name_server_holds_up_no_other_link) {
  auto beta = start_child("beta");
  node->connect("beta", at_host("beta.test", *beta), bus::origin::configured); // not overruled by its hello
  expect_talk("beta");
  auto gamma = start_child("gamma"); // by its number
  expect_talk("gamma");
}

TEST_F(linked_by_name, a_peer_is_found_at_its_new_address) {
  auto beta = start_child("beta");
  node->connect("beta", at_host("moving.test", *beta), bus::origin::configured);
  expect_talk("beta");
  EXPECT_GE(names->moving, 2);
}
