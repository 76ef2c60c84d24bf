// The sockets of the data plane by themselves: what a poll has begun to read when a publisher is left.
#include "bus/link/topic_sockets.hpp"

#include "bus/link/doorman.hpp"
#include "bus/link/server_socket.hpp"

#include <gtest/gtest.h>
#include <zmq.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <optional>
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
  void topic_wanted(std::string_view, bool wanted, std::string_view) override { subscribers += wanted ? 1 : 0; }
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
    follow("beta");
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

  void follow(const std::string& name) {
    subscriber.follow(name, publisher.endpoint(), {}, {}, [](const std::string& at) { return std::vector{at}; });
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
  subscriber.leave("beta");
  EXPECT_TRUE(subscriber.holds_messages());
  subscriber.read(desk); // the process would abort here
  ASSERT_EQ(desk.seen.size(), 1u);
  EXPECT_EQ(desk.seen[0], std::pair(std::string{"q"}, std::string{"first"}));
  EXPECT_FALSE(subscriber.holds_messages());
}

TEST_F(topic_sockets_test, leaving_a_publisher_that_says_nothing_holds_nothing) {
  subscriber.leave("beta");
  EXPECT_FALSE(subscriber.holds_messages());
  subscriber.read(desk);
  EXPECT_TRUE(desk.seen.empty());
}

// A node comes up where another one was that is not known to be lost yet.
TEST_F(topic_sockets_test, a_second_node_at_an_endpoint_is_read_on_when_the_first_one_is_left) {
  follow("delta");
  subscriber.leave("beta");
  publish("first");
  wait_for(subscriber.subscriber());
  subscriber.read(desk);
  ASSERT_EQ(desk.seen.size(), 1u); // over one connection, though two read there
  EXPECT_EQ(desk.seen[0].second, "first");
  subscriber.leave("delta");
  const auto before = desk.subscribers;
  follow("beta");
  while (desk.subscribers == before) {
    wait_for(publisher.publisher());
    publisher.read(desk);
  }
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

/// With keys: the publisher has one, and asks the doorman for each connection.
class keyed_topic_sockets : public ::testing::Test {
public:
  keyed_topic_sockets() {
    settings.key = *bus::keys::make("delta");
    bus::keys::allow_list allowed = *bus::keys::allow_list::parse(bus::keys::allow_list::line({bus::keys::kind::node, "delta", settings.key.public_key}));
    door.emplace(context, refusals, allowed);
    publisher.open("tcp://127.0.0.1:*");
    subscriber.open("tcp://127.0.0.1:*");
    subscriber.command(topic_command::subscribe, "q");
  }
  ~keyed_topic_sockets() override {
    publisher.close();
    subscriber.close();
    door.reset();
  }

  void follow(const std::string& name, const std::string& key) {
    subscriber.follow(name, publisher.endpoint(), key, {}, [](const std::string& at) { return std::vector{at}; });
  }

  /// Serves the door until somebody new subscribes.
  void await_subscriber() {
    const auto before = desk.subscribers;
    while (desk.subscribers == before) {
      zmq_pollitem_t items[] = {{door->socket().handle(), 0, ZMQ_POLLIN, 0}, {publisher.publisher().handle(), 0, ZMQ_POLLIN, 0}};
      ASSERT_GT(zmq_poll(items, 2, 10'000), 0) << "nobody came in ten seconds";
      door->serve(time_point{});
      publisher.read(desk);
    }
  }

  zmq::context_t context;
  transport_settings settings;
  refusal_log refusals{bus::log_function{}};
  std::optional<doorman> door;
  wake_signal signal;
  topic_sockets publisher{context, settings, signal, [](const char*) { return std::string{}; }};
  topic_sockets subscriber{context, settings, signal, [](const char*) { return std::string{}; }};
  reader desk;
};

TEST_F(keyed_topic_sockets, a_node_at_the_endpoint_of_another_is_read_with_its_own_key) {
  follow("beta", bus::keys::make("beta")->public_key); // was there before, and is not
  follow("delta", settings.key.public_key);
  await_subscriber();
  subscriber.leave("beta"); // ends both connections; that to delta is made anew
  await_subscriber();
  ASSERT_TRUE(publisher.publish("q", "x"));
  publisher.send();
  zmq_pollitem_t item{subscriber.subscriber().handle(), 0, ZMQ_POLLIN, 0};
  ASSERT_EQ(zmq_poll(&item, 1, 10'000), 1);
  subscriber.read(desk);
  ASSERT_EQ(desk.seen.size(), 1u);
  EXPECT_EQ(desk.seen[0].second, "x");
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
