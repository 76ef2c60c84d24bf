// Nodes that die, freeze, get stuck, restart; and keys that should not open.
#include "bus/link/frame.hpp"
#include "bus/link/monitor.hpp"
#include "tests/bus/system_fixture.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <zmq.hpp>

using namespace bus_test;
using bus::errc;

namespace {

using steady = std::chrono::steady_clock;

void check_time(steady::duration took, std::chrono::milliseconds limit);

class node_failure : public system_test {
public:
  void meet(std::vector<std::string> more = {}) {
    beta = start_child("beta", std::move(more));
    worker = wait_for_name("beta/worker");
    ASSERT_TRUE(worker);
  }

  void TearDown() override {
    worker = nullptr;
    system_test::TearDown();
    beta.reset();
  }

  /// Monitors the worker, leaves a hundred requests in flight, does the deed; checks that everybody is told.
  template <class F>
  void everybody_is_told_after(F deed, std::chrono::milliseconds limit = 2000ms,
                               const std::string& dead = "peer_down") {
    (*self)->monitor(worker);
    auto asker = system->spawn([w = worker, dead](caf::event_based_actor* a) -> caf::behavior {
      auto bounced = std::make_shared<int32_t>(0);
      auto waiting = std::make_shared<caf::response_promise>();
      for (int i = 0; i < 100; ++i)
        a->request(w, caf::infinite, hold_atom::value)
            .then([](int32_t) {},
                  [=](const caf::error& e) {
                    if (!tells_of_loss(e, dead)) return;
                    if (++*bounced == 100 && waiting->pending()) waiting->deliver(*bounced);
                  });
      return {[=](count_atom) -> caf::result<int32_t> {
        if (*bounced == 100) return *bounced;
        *waiting = a->make_response_promise();
        return caf::delegated<int32_t>{};
      }};
    });
    // all hundred have reached the worker
    EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"x"}), "x");
    const auto start = steady::now();
    deed();
    bool down = false;
    (*self)->receive([&](caf::down_msg& x) { down = x.source == worker.address(); },
                     caf::after(patience) >> [] {});
    const auto took = steady::now() - start;
    EXPECT_TRUE(down);
    check_time(took, limit);
    EXPECT_EQ(ask<int32_t>(asker, count_atom::value), 100);
    const auto said = ask_error(worker, echo_atom::value, std::string{"x"});
    EXPECT_TRUE(said == dead || said == "peer_down") << said;
    EXPECT_FALSE(node->find("beta/worker"));
    caf::anon_send_exit(asker, caf::exit_reason::kill);
  }

  /// Of a node that leaves, the actor's end or the node's may be heard of first.
  static bool tells_of_loss(const caf::error& e, const std::string& dead) {
    return e == make_error(errc::peer_down) || describe(e) == dead;
  }

  std::unique_ptr<child> beta;
  caf::actor worker;
};

/// A loaded test machine is late through no fault of the bus: the deadline is asserted in virtual time by
/// session.test.cpp, here only where TT_TIMED_TESTS is set.
void check_time(steady::duration took, std::chrono::milliseconds limit) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  ::testing::Test::RecordProperty("milliseconds", std::to_string(ms));
  if (std::getenv("TT_TIMED_TESTS")) {
    EXPECT_LE(ms, limit.count());
  }
}

} // namespace

TEST_F(node_failure, killed) {
  meet();
  everybody_is_told_after([&] { beta->kill(); });
  EXPECT_EQ(node->info().proxies, 0u);
}

TEST_F(node_failure, leaving_is_told_at_once) {
  meet();
  // its actors end before its node does
  everybody_is_told_after([&] { beta->leave(); }, 1000ms, "system_error(request_receiver_down)");
}

TEST_F(node_failure, frozen_and_thawed) {
  meet();
  const auto old = worker;
  everybody_is_told_after([&] { beta->stop(); });
  beta->go_on();
  EXPECT_EQ(wait_for_peer("beta", true), "");
  worker = wait_for_name("beta/worker");
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"again"}), "again");
  // the handle from before is dead although it compares equal
  EXPECT_EQ(old, worker);
  EXPECT_EQ(ask_error(old, echo_atom::value, std::string{"x"}), "peer_down");
}

TEST_F(node_failure, stuck_actors_take_their_node_off_the_bus) {
  meet();
  everybody_is_told_after([&] { beta->tell("block"); }, 3000ms);
  EXPECT_EQ(wait_for_peer("beta", false), "stalled");
  EXPECT_EQ(wait_for_peer("beta", true), "");
}

TEST_F(node_failure, short_freeze_heals_without_loss) {
  meet();
  constexpr uint64_t n = 10'000;
  (*self)->monitor(worker);
  for (uint64_t i = 0; i < n / 2; ++i) (*self)->send(worker, i);
  beta->stop();
  for (uint64_t i = n / 2; i < n; ++i) (*self)->send(worker, i);
  (*watcher)->receive([](int) {}, caf::after(700ms) >> [] {}); // the freeze itself
  beta->go_on();
  (*self)
      ->request(worker, patience, count_atom::value)
      .receive(
          [&](uint64_t seen, uint64_t wrong) {
            EXPECT_EQ(seen, n);
            EXPECT_EQ(wrong, 0u);
          },
          [](caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
  bool down = false;
  (*self)->receive([&](caf::down_msg&) { down = true; }, caf::after(0ms) >> [] {});
  EXPECT_FALSE(down);
  EXPECT_EQ(node->links().at(0).times_up, 1u);
}

TEST_F(node_failure, restarted_is_somebody_else) {
  meet();
  const auto old = worker;
  (*self)->monitor(old);
  beta->kill();
  beta = start_child("beta");
  caf::down_msg down;
  (*self)->receive([&](caf::down_msg& x) { down = x; }, caf::after(patience) >> [] {});
  EXPECT_EQ(down.source, old.address());
  worker = wait_for_name("beta/worker");
  EXPECT_NE(worker, old);
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"new"}), "new");
  EXPECT_EQ(ask_error(old, echo_atom::value, std::string{"x"}), "peer_down");
}

TEST_F(node_failure, restarted_under_another_address) {
  meet();
  node->connect("beta", beta->control, bus::origin::learned); // as a third node would tell of it
  const auto before = beta->control;
  beta->kill();
  EXPECT_NE(wait_for_peer("beta", false), "");
  beta = start_child("beta");
  ASSERT_NE(beta->control, before);
  EXPECT_EQ(wait_for_peer("beta", true), "");
  worker = wait_for_name("beta/worker");
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"here"}), "here");
}

// -- keys ---------------------------------------------------------------------

namespace {

class key_failure : public node_failure {
public:
  /// Tries to send frames and topics with the given keys until it is clear that nothing gets through.
  void knock(const std::string& server_key, const bus::keys::key_pair* key) {
    zmq::context_t context;
    zmq::socket_t dealer{context, zmq::socket_type::dealer};
    zmq::socket_t sub{context, zmq::socket_type::sub};
    for (auto* s : {&dealer, &sub}) {
      s->set(zmq::sockopt::linger, 0);
      if (!key) continue;
      s->set(zmq::sockopt::curve_serverkey, server_key);
      s->set(zmq::sockopt::curve_publickey, key->public_key);
      s->set(zmq::sockopt::curve_secretkey, key->secret_key);
    }
    sub.set(zmq::sockopt::subscribe, "");
    sub.set(zmq::sockopt::rcvtimeo, 100);
    dealer.connect(node->control_endpoint());
    sub.connect(node->topics_endpoint());
    bus::link::hello hello;
    hello.from.name = "beta";
    hello.from.node = std::string(24, 'x');
    std::string frame;
    bus::link::write(frame, hello);
    const auto topic = node->topic("secret");
    for (int i = 0; i < 10; ++i) {
      dealer.send(zmq::buffer(frame), zmq::send_flags::dontwait);
      topic.publish(caf::make_message(sample_quote()));
      zmq::message_t m;
      EXPECT_FALSE(sub.recv(m)) << "a topic message got through";
    }
    EXPECT_EQ(node->info().topics_sent, 0u);
    EXPECT_TRUE(node->links().empty());
  }

  std::string server_key() const { return keys.entries.at(0).public_key; }
};

} // namespace

TEST_F(key_failure, an_unknown_key_gets_nothing_and_is_logged) {
  const auto stranger = *bus::keys::make("stranger");
  knock(server_key(), &stranger);
  EXPECT_GE(log->count("key " + stranger.public_key + " is not on the allow list"), 1u);
  EXPECT_LE(log->count("refused"), 2u); // rate-limited, per peer and cause
}

TEST_F(key_failure, two_unknown_keys_of_one_address_are_both_named) {
  const auto first = *bus::keys::make("stranger");
  const auto second = *bus::keys::make("stranger");
  knock(server_key(), &first);
  knock(server_key(), &second);
  for (const auto& key : {first, second}) EXPECT_EQ(log->count("key " + key.public_key + " is not on the allow list"), 1u);
}

TEST_F(key_failure, a_wrong_server_key_gets_nothing_and_is_logged) {
  const auto stranger = *bus::keys::make("stranger");
  const auto beta_key = *bus::keys::load(keys.dir / "beta.key");
  knock(stranger.public_key, &beta_key);
  EXPECT_GE(log->count("wrong server key"), 1u);
}

TEST_F(key_failure, a_revoked_key_gets_nothing_and_is_logged) {
  const auto beta_key = *bus::keys::load(keys.dir / "beta.key");
  keys.revoke("beta");
  ASSERT_FALSE(node->reload_allowed());
  knock(server_key(), &beta_key);
  EXPECT_GE(log->count("key " + beta_key.public_key + " is not on the allow list any more, it was that of beta"), 1u);
}

TEST_F(key_failure, plaintext_gets_nothing_and_is_logged) {
  knock({}, nullptr);
  EXPECT_GE(log->count("plaintext"), 1u);
}

TEST_F(key_failure, a_client_key_may_not_link) {
  const auto dashboard = keys.add("dashboard", bus::keys::kind::client);
  keys.write();
  ASSERT_FALSE(node->reload_allowed());
  zmq::context_t context;
  zmq::socket_t dealer{context, zmq::socket_type::dealer};
  dealer.set(zmq::sockopt::linger, 0);
  dealer.set(zmq::sockopt::curve_serverkey, server_key());
  dealer.set(zmq::sockopt::curve_publickey, dashboard.public_key);
  dealer.set(zmq::sockopt::curve_secretkey, dashboard.secret_key);
  dealer.connect(node->control_endpoint());
  for (int i = 0; i < 200 && log->count("dashboard may not enter") == 0; ++i)
    (*watcher)->receive([](int) {}, caf::after(20ms) >> [] {});
  EXPECT_EQ(log->count("dashboard may not enter tt-control"), 1u);
}

TEST_F(key_failure, a_right_key_with_a_wrong_name_is_refused) {
  // gamma's process uses gamma's key but calls itself beta
  std::filesystem::remove(keys.dir / "beta.key");
  auto key = *bus::keys::load(keys.dir / "gamma.key");
  key.name = "beta";
  ASSERT_TRUE(bus::keys::save(keys.dir / "beta.key", key).ok());
  auto impostor = start_child("beta");
  for (int i = 0; i < 200 && log->count("says it is beta") == 0; ++i)
    (*watcher)->receive([](const bus::name_event&) {}, caf::after(20ms) >> [] {});
  EXPECT_GE(log->count("refused gamma: says it is beta"), 1u);
  EXPECT_FALSE(node->find("beta/worker"));
}

TEST_F(key_failure, a_revoked_peer_is_cut_off_and_others_stay) {
  meet();
  auto gamma = start_child("gamma");
  const auto other = wait_for_name("gamma/worker");
  (*self)->monitor(worker);
  (*self)->monitor(other);
  keys.revoke("beta");
  const auto start = steady::now();
  ASSERT_FALSE(node->reload_allowed());
  (*self)->receive([&](caf::down_msg& x) { EXPECT_EQ(x.source, worker.address()); },
                   caf::after(patience) >> [] { ADD_FAILURE() << "not cut off"; });
  check_time(steady::now() - start, 1000ms);
  // it keeps trying, and gets nothing
  for (int i = 0; i < 500 && log->count("is not on the allow list") == 0; ++i)
    (*watcher)->receive([](const bus::name_event&) {}, caf::after(20ms) >> [] {});
  EXPECT_GE(log->count("is not on the allow list"), 1u);
  EXPECT_FALSE(node->find("beta/worker"));
  // the link to gamma survived the closing of all connections
  EXPECT_EQ(ask<std::string>(other, echo_atom::value, std::string{"still here"}), "still here");
  bool down = false;
  (*self)->receive([&](caf::down_msg&) { down = true; }, caf::after(0ms) >> [] {});
  EXPECT_FALSE(down);
  for (const auto& l : node->links()) {
    if (l.peer == "gamma") {
      EXPECT_EQ(l.times_up, 1u);
    }
  }
}

TEST_F(key_failure, a_rotated_key_cuts_off_whoever_has_the_old_one) {
  meet();
  keys.rotate("beta");
  ASSERT_FALSE(node->reload_allowed());
  EXPECT_EQ(wait_for_peer("beta", false), "broken"); // at once, not by silence
  beta->kill();
  beta = start_child("beta");
  EXPECT_EQ(wait_for_peer("beta", true), "");
  worker = wait_for_name("beta/worker");
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"new key"}), "new key");
}

/// A listener at the address of an endpoint, "tcp://127.0.0.1:PORT"; -1 while somebody else listens there.
int occupy(const std::string& endpoint) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0 && ::listen(fd, 1) == 0) return fd;
  ::close(fd);
  return -1;
}

// Another program takes the port in the moment in which the node lets go of it.
TEST_F(key_failure, a_node_whose_port_is_taken_listens_again_when_it_is_free) {
  meet();
  const auto listed = keys.entries;
  int taken = -1;
  for (int round = 0; round < 50 && taken < 0; ++round) {
    keys.revoke("gamma");
    ASSERT_FALSE(node->reload_allowed());
    for (int i = 0; i < 2'000 && taken < 0; ++i) taken = occupy(node->control_endpoint());
    if (taken >= 0) break;
    keys.entries = listed;
    keys.write();
    ASSERT_FALSE(node->reload_allowed());
  }
  ASSERT_GE(taken, 0);
  for (int i = 0; i < 500 && log->count("cannot listen again at " + node->control_endpoint()) == 0; ++i)
    (*watcher)->receive([](const bus::name_event&) {}, caf::after(20ms) >> [] {});
  EXPECT_EQ(log->count("cannot listen again"), 1u);
  // meanwhile the node is no worse off in its own links: they are answered and reported
  EXPECT_FALSE(node->links().empty());
  ::close(taken);
  keys.entries = listed;
  keys.write();
  for (int i = 0; i < 500 && log->count("listens again at") == 0; ++i)
    (*watcher)->receive([](const bus::name_event&) {}, caf::after(20ms) >> [] {});
  EXPECT_EQ(log->count("listens again at"), 1u);
  ASSERT_FALSE(node->reload_allowed());
  auto gamma = start_child("gamma");
  EXPECT_TRUE(wait_for_name("gamma/worker"));
}

TEST_F(key_failure, a_configured_peer_off_the_list_is_not_dialled_until_it_is_back) {
  meet();
  node->connect("beta", beta->control, bus::origin::configured);
  const auto listed = keys.entries;
  keys.revoke("beta");
  ASSERT_FALSE(node->reload_allowed());
  EXPECT_EQ(wait_for_peer("beta", false), "broken");
  const auto redials = [&] { return node->links().at(0).redials; };
  const auto before = redials();
  while (redials() < before + 2)
    (*watcher)->receive([](const bus::name_event&) {}, caf::after(20ms) >> [] {});
  EXPECT_EQ(log->count("cannot connect to beta"), 0u);
  EXPECT_EQ(log->count("beta is not on the allow list any more"), 1u);
  keys.entries = listed;
  keys.write();
  ASSERT_FALSE(node->reload_allowed());
  EXPECT_EQ(wait_for_peer("beta", true), "");
}

TEST_F(key_failure, a_learned_peer_off_the_list_is_forgotten_and_may_come_back) {
  meet();
  const auto listed = keys.entries;
  for (int round = 0; round < 3; ++round) {
    keys.revoke("beta");
    ASSERT_FALSE(node->reload_allowed());
    EXPECT_TRUE(node->links().empty());
    EXPECT_EQ(wait_for_peer("beta", false), "broken");
    keys.entries = listed;
    keys.write();
    ASSERT_FALSE(node->reload_allowed());
    EXPECT_EQ(wait_for_peer("beta", true), ""); // our session numbers are new to it, so it links again
  }
}

namespace {

class crowded : public node_failure {
public:
  std::string mode() const override { return "plain"; }
};

} // namespace

TEST_F(crowded, a_node_without_keys_warns_and_goes_nowhere_else) {
  until([&] { return log->count("links are not encrypted") == 1; });
  node->connect("beta", "tcp://10.255.255.1:7701", bus::origin::learned);
  until([&] { return log->count("links without keys stay on this machine") == 1; });
}

TEST_F(crowded, a_node_without_keys_binds_nothing_that_others_reach) {
  for (const auto* endpoint : {"tcp://0.0.0.0:0", "tcp://*:0"}) {
    bus::config b;
    b.name = "beta";
    b.security = bus::security::plain;
    b.listen = endpoint;
    caf::actor_system_config other;
    bus::node::attach(other, b, types);
    caf::actor_system there{other};
    EXPECT_EQ(bus::node::of(there).start(), make_error(errc::bad_config)) << endpoint;
  }
}

TEST_F(crowded, those_who_are_away_make_room_for_newcomers) {
  zmq::context_t context;
  zmq::socket_t dealer{context, zmq::socket_type::dealer};
  dealer.set(zmq::sockopt::linger, 0);
  dealer.connect(node->control_endpoint());
  for (size_t i = 0; i < bus::limits::peers + 50; ++i) {
    bus::link::hello hello;
    hello.from.name = "n" + std::to_string(i);
    hello.from.node = std::string(24, 'x');
    std::string frame;
    bus::link::write(frame, hello);
    dealer.send(zmq::buffer(frame), zmq::send_flags::none);
  }
  const auto last = "n" + std::to_string(bus::limits::peers + 49);
  const auto knows = [&] {
    const auto links = node->links();
    return std::any_of(links.begin(), links.end(), [&](const auto& l) { return l.peer == last; });
  };
  const auto give_up = steady::now() + patience;
  while (!knows() && steady::now() < give_up) {
  }
  EXPECT_TRUE(knows());
  EXPECT_EQ(node->links().size(), bus::limits::peers);
  meet();
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"room"}), "room");
}

// Another node has taken the address of one that is gone: it is not asked twenty times a second for ever.
TEST_F(key_failure, an_address_where_somebody_else_answers_is_dialled_less_and_less) {
  const auto gamma_key = *bus::keys::load(keys.dir / "gamma.key");
  zmq::context_t context;
  zmq::socket_t router{context, zmq::socket_type::router};
  router.set(zmq::sockopt::linger, 0);
  router.set(zmq::sockopt::curve_server, 1);
  router.set(zmq::sockopt::curve_secretkey, gamma_key.secret_key);
  bus::link::monitor arrivals{context, router, ZMQ_EVENT_ACCEPTED};
  router.bind("tcp://127.0.0.1:*");
  node->connect("beta", router.get(zmq::sockopt::last_endpoint), bus::origin::configured);
  std::vector<steady::time_point> times;
  while (times.size() < 5) {
    zmq_pollitem_t item{arrivals.socket().handle(), 0, ZMQ_POLLIN, 0};
    ASSERT_EQ(zmq_poll(&item, 1, std::chrono::milliseconds{patience}.count()), 1) << "not dialled any more";
    for (bus::link::monitor_event e; arrivals.next(e);) times.push_back(steady::now());
  }
  EXPECT_GE(times[4] - times[0], 1s);
  EXPECT_GE(log->count("connection to beta at"), 1u);
  arrivals.stop(router);
}

TEST_F(key_failure, a_node_does_not_dial_itself_under_the_name_of_another) {
  node->connect("beta", node->control_endpoint(), bus::origin::configured);
  until([&] { return log->count("beta is said to be at " + node->control_endpoint() + ", where this node itself is") == 1; });
  EXPECT_EQ(log->count("refused"), 0u);
  EXPECT_EQ(log->count("connection to beta"), 0u);
}

// Connections that show no key must not use up the descriptors that the rest of the process needs.
TEST_F(key_failure, a_crowd_that_says_nothing_is_thrown_out_at_once) {
  sockaddr_in to{};
  const auto endpoint = node->control_endpoint();
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> crowd;
  for (size_t i = 0; i < bus::limits::fresh_per_host + 100; ++i) {
    crowd.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(crowd.back(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  until([&] { return log->count("refused 127.0.0.1: control: too many new connections at once") >= 1; });
  for (const int fd : crowd) ::close(fd);
  meet();
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"room"}), "room");
}

TEST_F(key_failure, a_broken_allow_list_changes_nothing) {
  meet();
  {
    std::ofstream out{keys.dir / "allow", std::ios::app};
    out << "nonsense\n";
  }
  EXPECT_EQ(node->reload_allowed(), make_error(errc::bad_key_file));
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"x"}), "x");
}
