// The sockets of the data plane by themselves: what a poll has begun to read when a publisher is left.
#include "bus/link/topic_sockets.hpp"

#include "bus/link/server_socket.hpp"

#include <gtest/gtest.h>
#include <zmq.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace bus::link;

namespace {

struct reader final : transport_client {
  void peer_up(size_t, const identity&, uint64_t, std::shared_ptr<outbox>) override {}
  void peer_down(size_t, down_reason) override {}
  bool messages(size_t, std::string_view, uint32_t) override { return true; }
  void topic_message(std::string_view topic, std::string_view payload) override { seen.emplace_back(topic, payload); }
  void topic_wanted(std::string_view, bool, std::string_view) override { ++subscribers; }
  void snapshot_wanted(std::string_view) override {}
  void work(time_point) override {}

  std::vector<std::pair<std::string, std::string>> seen;
  int subscribers = 0;
};

class topic_sockets_test : public ::testing::Test {
public:
  topic_sockets_test() {
    settings.security = bus::security::plain;
    publisher.open("tcp://127.0.0.1:*");
    subscriber.open("tcp://127.0.0.1:*");
    subscriber.follow(publisher.endpoint(), {}, {}, [](const std::string& at) { return std::vector{at}; });
    subscriber.command(topic_command::subscribe, "q");
    while (desk.subscribers == 0) {
      wait_for(publisher.publisher());
      publisher.read(desk);
    }
  }

  ~topic_sockets_test() override {
    publisher.close();
    subscriber.close();
  }

  /// Polls as the loop of the bus does: libzmq then holds the first part of a message.
  static void wait_for(zmq::socket_t& s) {
    zmq_pollitem_t item{s.handle(), 0, ZMQ_POLLIN, 0};
    ASSERT_EQ(zmq_poll(&item, 1, 10'000), 1) << "nothing came in ten seconds";
  }

  void publish(const std::string& payload) {
    ASSERT_TRUE(publisher.publish("q", payload));
    publisher.send();
  }

  zmq::context_t context;
  transport_settings settings;
  wake_signal signal;
  topic_sockets publisher{context, settings, signal, [](const char*) { return std::string{}; }};
  topic_sockets subscriber{context, settings, signal, [](const char*) { return std::string{}; }};
  reader desk;
};

TEST_F(topic_sockets_test, leaving_a_publisher_keeps_the_message_that_a_poll_has_begun) {
  publish("first");
  wait_for(subscriber.subscriber());
  subscriber.leave(publisher.endpoint());
  EXPECT_TRUE(subscriber.holds_messages());
  subscriber.read(desk); // the process would abort here
  ASSERT_EQ(desk.seen.size(), 1u);
  EXPECT_EQ(desk.seen[0], std::pair(std::string{"q"}, std::string{"first"}));
  EXPECT_FALSE(subscriber.holds_messages());
}

TEST_F(topic_sockets_test, leaving_a_publisher_that_says_nothing_holds_nothing) {
  subscriber.leave(publisher.endpoint());
  EXPECT_FALSE(subscriber.holds_messages());
  subscriber.read(desk);
  EXPECT_TRUE(desk.seen.empty());
}

TEST_F(topic_sockets_test, moving_to_another_address_keeps_it_too) {
  publish("first");
  wait_for(subscriber.subscriber());
  subscriber.addresses_changed([](const std::string&) { return std::vector<std::string>{"tcp://127.0.0.1:9"}; });
  EXPECT_TRUE(subscriber.holds_messages());
  subscriber.read(desk);
  ASSERT_EQ(desk.seen.size(), 1u);
  EXPECT_EQ(desk.seen[0].second, "first");
}

/// Connects, wanting a security that the publisher does not have.
int knock(const std::string& endpoint) {
  const int s = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  const timeval patience{20, 0};
  ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_EQ(::connect(s, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  std::string greeting(64, '\0'); // ZMTP 3.0: signature, version, mechanism
  greeting[0] = '\xff', greeting[9] = '\x7f', greeting[10] = 3;
  greeting.replace(12, 5, "CURVE");
  static_cast<void>(::send(s, greeting.data(), greeting.size(), MSG_NOSIGNAL));
  return s;
}

/// Waits until it is thrown out for that; false if nobody does.
bool is_thrown_out(int s) {
  char in[256];
  ssize_t got = 1;
  while (got > 0) got = ::recv(s, in, sizeof in, 0);
  const bool waited_in_vain = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  ::close(s);
  return !waited_in_vain;
}

// Events that nobody reads must not stop libzmq's own thread: it would hold the lock that ending the monitor waits for.
TEST_F(topic_sockets_test, a_crowd_of_strangers_does_not_keep_a_publisher_from_closing) {
  constexpr int rounds = 20, at_once = 75;
  for (int round = 0; round < rounds; ++round) {
    std::vector<int> crowd;
    for (int i = 0; i < at_once; ++i) crowd.push_back(knock(publisher.endpoint()));
    for (const int s : crowd) ASSERT_TRUE(is_thrown_out(s)) << "nobody throws strangers out any more, round " << round;
  }
  publisher.close();
}

TEST_F(topic_sockets_test, binds_where_only_ipv6_is) {
  topic_sockets six{context, settings, signal, [](const char*) { return std::string{}; }};
  try {
    six.open("tcp://[::1]:*");
  } catch (const zmq::error_t& e) {
    if (e.num() == EADDRNOTAVAIL || e.num() == EAFNOSUPPORT) GTEST_SKIP() << "this machine has no IPv6: " << e.what();
    FAIL() << e.what();
  }
  EXPECT_TRUE(six.endpoint().starts_with("tcp://[::1]:")) << six.endpoint();
  six.close();
}

} // namespace
