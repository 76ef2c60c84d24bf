// The sockets of the data plane by themselves: what a poll has begun to read when a publisher is left.
#include "bus/link/topic_sockets.hpp"

#include <gtest/gtest.h>
#include <zmq.hpp>

#include <string>
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

} // namespace
