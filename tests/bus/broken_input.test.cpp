// libzmq 4.3.4 ends the process when a connection breaks of which more waits to be read than a limit lets through, and a
// heartbeat's timer of its own comes before that has been read (its issues 4364, 3937). A busy machine and a peer that is
// killed suffice. These tests make it happen, as often as the sockets allow it.
#include "bus/link/frame.hpp"
#include "bus/link/server_socket.hpp"
#include "tests/bus/system_fixture.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <zmq.hpp>

#include <condition_variable>

using namespace bus_test;

namespace {

class broken_input : public system_test {
public:
  std::string mode() const override { return "plain"; }

  void adjust(bus::config& c) override {
    c.pulse_limit = 0ms;
    c.log = [this, log = c.log](bus::log_level level, std::string_view text) {
      log(level, text);
      if (text.find("does not connect to itself") == std::string_view::npos) return;
      std::unique_lock lock{mutex};
      held = true;
      changed.notify_all();
      changed.wait(lock, [&] { return !held; });
    };
  }

  /// Runs `deed` while the bus thread stands still, as on a machine that has no time for it.
  template <class F>
  void meanwhile(F deed) {
    node->connect("alpha", "tcp://127.0.0.1:1", bus::origin::learned); // refused in the bus thread, with a line
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return held; });
    lock.unlock();
    deed();
    lock.lock();
    held = false;
    changed.notify_all();
  }

  void pass(std::chrono::milliseconds time) {
    (*watcher)->receive([](int) {}, caf::after(time) >> [] {});
  }

  /// Has the connections of this process to an endpoint end as those of a killed one do: by a reset.
  static int reset_connections(const std::string& endpoint) {
    const auto port = static_cast<uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
    int found = 0;
    for (int fd = 3; fd < 1024; ++fd) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET || ntohs(peer.sin_port) != port) continue;
      const linger at_once{1, 0};
      EXPECT_EQ(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
      ++found;
    }
    return found;
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool held = false;
};

} // namespace

TEST_F(broken_input, of_a_connection_with_much_unread_costs_no_more_than_the_connection) {
  zmq::context_t context;
  zmq::socket_t dealer{context, zmq::socket_type::dealer};
  zmq::socket_t sub{context, zmq::socket_type::xsub};
  for (auto* s : {&dealer, &sub}) {
    s->set(zmq::sockopt::linger, 0);
    s->set(zmq::sockopt::sndhwm, 0);
    s->set(zmq::sockopt::reconnect_ivl, -1);
  }
  dealer.connect(node->control_endpoint());
  sub.connect(node->topics_endpoint());
  // both are connected, and their timers run
  dealer.send(zmq::str_buffer("x"), zmq::send_flags::none);
  until([&] { return log->count("malformed or other protocol version") > 0; });
  sub.send(zmq::str_buffer("\x01topic"), zmq::send_flags::none);
  zmq::message_t m;
  const auto topic = node->topic("topic");
  sub.set(zmq::sockopt::rcvtimeo, 20);
  until([&] {
    topic.publish(caf::make_message(sample_quote()));
    return sub.recv(m).has_value();
  });
  meanwhile([&] {
    for (int i = 0; i < 20'000; ++i) {
      dealer.send(zmq::str_buffer("x"), zmq::send_flags::none);
      sub.send(zmq::buffer("\x01" + std::to_string(i)), zmq::send_flags::none);
    }
    pass(200ms); // until it has got as far as it gets
    EXPECT_EQ(reset_connections(node->control_endpoint()), 1);
    EXPECT_EQ(reset_connections(node->topics_endpoint()), 1);
    dealer.close();
    sub.close();
    pass(std::chrono::milliseconds{bus::link::server_beat_ms + 300});
  });
  // it is still there
  auto beta = start_child("beta");
  EXPECT_TRUE(wait_for_name("beta/worker"));
}

TEST_F(broken_input, that_a_peer_pushes_back_is_not_kept) {
  zmq::context_t context;
  zmq::socket_t router{context, zmq::socket_type::router};
  router.set(zmq::sockopt::linger, 0);
  router.bind("tcp://127.0.0.1:*");
  node->connect("beta", router.get(zmq::sockopt::last_endpoint), bus::origin::configured);
  until([&] {
    zmq::message_t id, hello;
    // each hello is answered: one of them may have come over a connection that is not there any more
    if (router.recv(id, zmq::recv_flags::dontwait) && router.recv(hello, zmq::recv_flags::dontwait)) {
      router.send(id, zmq::send_flags::sndmore);
      router.send(zmq::str_buffer("something"), zmq::send_flags::none);
    }
    return log->count("beta sends where it may only listen") >= 1;
  });
}
