// The data plane: local and remote subscribers, late ones, slow ones, gaps, and
// a client in another language.
#include "bus/limits.hpp"
#include "tests/bus/system_fixture.hpp"

#include <caf/all.hpp>
#include <zmq.hpp>

#include <set>

using namespace bus_test;

namespace {

/// Collects what a subscriber sees.
struct seen {
  std::mutex mutex;
  std::vector<uint64_t> quotes;
  std::vector<bus::topic_gap> gaps;
};

caf::behavior collector(caf::event_based_actor*, std::shared_ptr<seen> out) {
  return {[out](const quote& x) {
            const std::lock_guard guard{out->mutex};
            out->quotes.push_back(x.seq);
          },
          [out](const bus::topic_gap& x) {
            const std::lock_guard guard{out->mutex};
            out->gaps.push_back(x);
          },
          [](block_atom, int32_t ms) {
            ::usleep(static_cast<useconds_t>(ms) * 1000); // det-ok: a subscriber that is slow on purpose
          },
          [out](count_atom) {
            const std::lock_guard guard{out->mutex};
            return static_cast<uint64_t>(out->quotes.size());
          },
          [out](quit_atom) {
            const std::lock_guard guard{out->mutex};
            return out->quotes.empty() ? uint64_t{0} : out->quotes.back();
          }};
}

class data_plane : public system_test {
public:
  void adjust(bus::config& c) override { be_patient(c); }

  void TearDown() override {
    worker = nullptr;
    system_test::TearDown();
    beta.reset();
  }

  void meet() {
    beta = start_child("beta", {"--patient"});
    worker = wait_for_name("beta/worker");
    ASSERT_TRUE(worker);
  }

  std::pair<caf::actor, std::shared_ptr<seen>> subscriber(const std::string& topic, bus::delivery how) {
    auto out = std::make_shared<seen>();
    auto a = local(system->spawn(collector, out));
    EXPECT_TRUE(node->subscribe(topic, a, how));
    return {a, out};
  }

  /// Publishes on the other node until the first message gets here, so that the subscription is in place.
  uint64_t warm_up(const std::string& topic, const caf::actor& whom) {
    uint64_t next = 1;
    while (ask<uint64_t>(whom, count_atom::value) == 0)
      ask<uint64_t>(worker, publish_atom::value, topic, next++, uint64_t{1});
    return next;
  }

  /// Waits until the subscriber has seen a message of that number.
  void wait_for(const caf::actor& whom, uint64_t seq) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (ask<uint64_t>(whom, quit_atom::value) != seq && std::chrono::steady_clock::now() < give_up) {
    }
    EXPECT_EQ(ask<uint64_t>(whom, quit_atom::value), seq);
  }

  std::unique_ptr<child> beta;
  caf::actor worker;
};

} // namespace

TEST_F(data_plane, local_subscribers_get_the_very_message) {
  const auto topic = node->topic("t");
  auto mine = std::make_shared<std::atomic<const void*>>(nullptr);
  const auto a = local(system->spawn([mine](caf::event_based_actor* x) -> caf::behavior {
    x->set_default_handler([mine](caf::scheduled_actor*, caf::message_view& m) -> caf::result<caf::message> {
      *mine = m.content().get(0);
      return caf::sec::unexpected_message;
    });
    return {[](count_atom) { return uint64_t{0}; }};
  }));
  ASSERT_TRUE(node->subscribe("t", a, bus::delivery::every));
  const auto m = caf::make_message(sample_quote());
  topic.publish(m);
  ask<uint64_t>(a, count_atom::value);
  EXPECT_EQ(mine->load(), m.at(0));
  EXPECT_EQ(node->info().topics_sent, 0u); // nobody remote wants it, so nothing was encoded
}

TEST_F(data_plane, every_message_arrives_in_order) {
  meet();
  const auto [a, out] = subscriber("q", bus::delivery::every);
  const auto first = warm_up("q", a);
  ask<uint64_t>(worker, publish_atom::value, std::string{"q"}, first, uint64_t{5000});
  wait_for(a, first + 4999);
  const std::lock_guard guard{out->mutex};
  EXPECT_TRUE(out->gaps.empty());
  for (size_t i = 1; i < out->quotes.size(); ++i) ASSERT_EQ(out->quotes[i], out->quotes[i - 1] + 1);
}

TEST_F(data_plane, a_slow_subscriber_gets_the_newest_and_never_falls_behind) {
  meet();
  const auto [a, out] = subscriber("q", bus::delivery::latest);
  const auto first = warm_up("q", a);
  (*self)->send(a, block_atom::value, 300);
  ask<uint64_t>(worker, publish_atom::value, std::string{"q"}, first, uint64_t{20'000});
  wait_for(a, first + 19'999);
  const std::lock_guard guard{out->mutex};
  EXPECT_LT(out->quotes.size(),
            first + 10'000); // most were replaced by newer ones before they were looked at
  EXPECT_TRUE(std::is_sorted(out->quotes.begin(), out->quotes.end()));
}

TEST_F(data_plane, a_late_subscriber_gets_the_last_message_at_once) {
  meet();
  ask<uint64_t>(worker, publish_atom::value, std::string{"state"}, uint64_t{1}, uint64_t{7});
  const auto [a, out_a] = subscriber("state", bus::delivery::latest);
  wait_for(a, 7);
  const auto [b, out_b] = subscriber("state", bus::delivery::every); // now it is known here
  wait_for(b, 7);
  // of this node's own topics too
  node->topic("own").publish(caf::make_message(sample_quote(3)));
  const auto [c, out_c] = subscriber("own", bus::delivery::every);
  wait_for(c, 3);
}

TEST_F(data_plane, asks_the_publisher_for_the_last_message_again) {
  meet();
  const auto [a, out] = subscriber("q", bus::delivery::every);
  const auto next = warm_up("q", a);
  const auto sent_so_far = [&] {
    return ask<uint64_t>(worker, publish_atom::value, std::string{"q"}, next, uint64_t{0});
  };
  const auto before = sent_so_far();
  node->request_snapshot("q");
  for (int i = 0; i < 1000 && sent_so_far() == before; ++i)
    (*watcher)->receive([](const bus::name_event&) {}, caf::after(5ms) >> [] {});
  EXPECT_EQ(sent_so_far(), before + 1);
  // it was not lost, so nobody is told twice
  ask<uint64_t>(worker, publish_atom::value, std::string{"q"}, next, uint64_t{1});
  wait_for(a, next);
  const std::lock_guard guard{out->mutex};
  EXPECT_TRUE(out->gaps.empty());
  for (size_t i = 1; i < out->quotes.size(); ++i) EXPECT_EQ(out->quotes[i], out->quotes[i - 1] + 1);
}

// libzmq drops the subscriptions that find no room when a connection is made.
TEST_F(data_plane, thousands_of_topics_followed_before_the_link_is_up_all_arrive) {
  constexpr uint64_t topics = 3'000;
  auto out = std::make_shared<seen>();
  const auto a = local(system->spawn(collector, out));
  for (uint64_t i = 1; i <= topics; ++i) ASSERT_TRUE(node->subscribe("t" + std::to_string(i), a, bus::delivery::every));
  meet();
  for (uint64_t i = 1; i <= topics; ++i) ask<uint64_t>(worker, publish_atom::value, "t" + std::to_string(i), i, uint64_t{1});
  const auto numbers = [&] {
    ask<uint64_t>(a, quit_atom::value);
    const std::lock_guard guard{out->mutex};
    return std::set<uint64_t>{out->quotes.begin(), out->quotes.end()}.size();
  };
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (numbers() < topics && std::chrono::steady_clock::now() < give_up) {
  }
  EXPECT_EQ(numbers(), topics);
}

TEST_F(data_plane, topics_match_exactly) {
  meet();
  const auto [a, out] = subscriber("md.A", bus::delivery::every);
  const auto next = warm_up("md.A", a);
  ask<uint64_t>(worker, publish_atom::value, std::string{"md.AA"}, uint64_t{500'000}, uint64_t{10});
  ask<uint64_t>(worker, publish_atom::value, std::string{"md.A"}, next, uint64_t{1});
  wait_for(a, next);
  const std::lock_guard guard{out->mutex};
  for (auto x : out->quotes) EXPECT_LT(x, 500'000u);
}

TEST_F(data_plane, a_restarted_publisher_is_a_gap) {
  meet();
  const auto [a, out] = subscriber("q", bus::delivery::every);
  warm_up("q", a);
  beta->kill();
  worker = nullptr;
  beta.reset();
  while (node->find("beta/worker"))
    (*watcher)->receive([](const bus::name_event&) {}, [](const bus::peer_event&) {});
  meet();
  const auto before = ask<uint64_t>(a, count_atom::value);
  for (uint64_t i = 1; ask<uint64_t>(a, count_atom::value) == before; ++i)
    ask<uint64_t>(worker, publish_atom::value, std::string{"q"}, i, uint64_t{1});
  const std::lock_guard guard{out->mutex};
  ASSERT_EQ(out->gaps.size(), 1u);
  EXPECT_EQ(out->gaps[0].got, 0u);
}

TEST_F(data_plane, ends_with_the_subscriber) {
  meet();
  const auto [a, out] = subscriber("q", bus::delivery::every);
  const auto next = warm_up("q", a);
  (*self)->monitor(a);
  (*self)->send_exit(a, caf::exit_reason::kill);
  (*self)->receive([](caf::down_msg&) {});
  uint64_t sent = 1;
  uint64_t i = next;
  // the unsubscription takes a moment to get there; then nothing is encoded any more
  for (uint64_t last = 0; sent != last; ++i) {
    last = sent;
    sent = ask<uint64_t>(worker, publish_atom::value, std::string{"q"}, i, uint64_t{1});
    (*watcher)->receive([](const bus::name_event&) {}, caf::after(50ms) >> [] {});
  }
  EXPECT_EQ(ask<uint64_t>(worker, publish_atom::value, std::string{"q"}, i, uint64_t{100}), sent);
}

TEST_F(data_plane, names_and_actors_are_checked) {
  EXPECT_FALSE(node->topic(""));
  EXPECT_FALSE(node->topic(std::string(256, 'x')));
  EXPECT_FALSE(node->subscribe("", caf::actor{*self}, bus::delivery::every));
  EXPECT_FALSE(node->subscribe("x", caf::actor{}, bus::delivery::every));
}

// The name of a client comes with its key.
TEST_F(data_plane, a_client_that_wants_too_much_is_named_in_the_log) {
  const auto key = keys.add("dashboard", bus::keys::kind::client);
  keys.write();
  ASSERT_FALSE(node->reload_allowed());
  zmq::context_t context;
  zmq::socket_t client{context, zmq::socket_type::sub};
  client.set(zmq::sockopt::linger, 0);
  client.set(zmq::sockopt::sndhwm, 0); // libzmq drops subscriptions beyond it when it connects
  client.set(zmq::sockopt::curve_publickey, key.public_key);
  client.set(zmq::sockopt::curve_secretkey, key.secret_key);
  client.set(zmq::sockopt::curve_serverkey, bus::keys::load(keys.dir / "alpha.key")->public_key);
  client.connect(node->topics_endpoint());
  for (size_t i = 0; i <= bus::limits::wanted_prefixes_per_client; ++i) client.set(zmq::sockopt::subscribe, "x" + std::to_string(i));
  for (int i = 0; i < 500 && log->count("dashboard wants more topics") == 0; ++i)
    (*watcher)->receive([](const bus::name_event&) {}, caf::after(20ms) >> [] {});
  EXPECT_EQ(log->count("dashboard wants more topics"), 1u);
}

// libzmq keeps every subscription. A client that goes on and on gets a new socket to fill, and then none for a while; another
// one goes on reading.
TEST_F(data_plane, a_client_that_fills_the_socket_with_subscriptions_is_shut_out) {
  const auto server = bus::keys::load(keys.dir / "alpha.key")->public_key;
  zmq::context_t context;
  const auto client = [&](const char* name) {
    const auto key = keys.add(name, bus::keys::kind::client);
    zmq::socket_t s{context, zmq::socket_type::sub};
    s.set(zmq::sockopt::linger, 0);
    s.set(zmq::sockopt::sndhwm, 0);
    s.set(zmq::sockopt::rcvtimeo, 20);
    s.set(zmq::sockopt::reconnect_ivl, 10);
    s.set(zmq::sockopt::curve_publickey, key.public_key);
    s.set(zmq::sockopt::curve_secretkey, key.secret_key);
    s.set(zmq::sockopt::curve_serverkey, server);
    return s;
  };
  auto greedy = client("greedy");
  auto modest = client("modest");
  keys.write();
  ASSERT_FALSE(node->reload_allowed());
  const auto topic = node->topic("t");
  modest.connect(node->topics_endpoint());
  modest.set(zmq::sockopt::subscribe, "t");
  greedy.connect(node->topics_endpoint());
  const auto hears = [&](zmq::socket_t& who) {
    for (int i = 0; i < 500; ++i) {
      topic.publish(caf::make_message(sample_quote()));
      for (zmq::message_t m; who.recv(m);)
        if (m.to_string_view() == "t") return true;
    }
    return false;
  };
  const auto asks_for_too_much = [&](const char* what) {
    const std::string filler(200, 'f');
    // its own thousand count apart, whatever their length
    const auto n = bus::limits::wanted_prefixes_per_client + bus::limits::stray_bytes_per_client / 200 + 100;
    for (size_t i = 0; i < n; ++i) greedy.set(zmq::sockopt::subscribe, filler + what + std::to_string(i));
  };
  ASSERT_TRUE(hears(modest));
  const auto refused = node->info().refused_peers;
  asks_for_too_much("a");
  until([&] { return log->count("refused greedy: wants too many topics") >= 1; });
  // it comes back with all of it; libzmq subscribes anew when the socket is used
  until([&] {
    zmq::message_t m;
    (void)greedy.recv(m, zmq::recv_flags::dontwait);
    return log->count("greedy wanted too many topics and has to wait") >= 1;
  });
  EXPECT_EQ(log->count("refused greedy: wants too many topics, again: not let in for a while"), 1u);
  EXPECT_GT(node->info().refused_peers, refused);
  EXPECT_TRUE(hears(modest));
  EXPECT_TRUE(hears(modest));
}

// The loss of the one before is noticed later than its successor is linked.
TEST_F(data_plane, a_node_that_comes_up_where_another_was_lost_is_followed) {
  meet();
  const auto before = subscriber("t", bus::delivery::every);
  ask<uint64_t>(worker, publish_atom::value, std::string{"t"}, uint64_t{1}, uint64_t{1});
  keys.add("delta", bus::keys::kind::node);
  keys.write();
  ASSERT_FALSE(node->reload_allowed());
  worker = nullptr;
  beta->kill();
  beta = start_child("delta", {"--patient", "--at", beta->control, beta->topics});
  worker = wait_for_name("delta/worker");
  ASSERT_TRUE(worker);
  EXPECT_EQ(wait_for_peer("beta", false), "silent");
  uint64_t next = 1;
  until([&] {
    ask<uint64_t>(worker, publish_atom::value, std::string{"t"}, next, uint64_t{1});
    ++next;
    return ask<uint64_t>(before.first, quit_atom::value) > 1;
  });
}

// Written from wire.md: what stands there suffices for a request and its answer.
TEST_F(data_plane, a_python_program_asks_an_actor) {
  if (std::system("/usr/bin/python3 -c 'import zmq, msgpack' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3-zmq and python3-msgpack are not installed";
  keys.add("script", bus::keys::kind::node);
  keys.write();
  ASSERT_FALSE(node->reload_allowed());
  ASSERT_FALSE(node->publish("alpha/worker", local(system->spawn(bus_test::worker))));
  const auto answer_to = [&](const std::string& content) {
    const auto command = "timeout 60 /usr/bin/python3 " TT_SOURCE_DIR "/bus/examples/ask.py --patience 50 --key " + (keys.dir / "script.key").string() +
                         " --allow " + (keys.dir / "allow").string() + " --node alpha " + node->control_endpoint() + " alpha/worker '" + content + "'";
    auto* out = ::popen(command.c_str(), "r");
    std::string text;
    char line[600];
    while (out && std::fgets(line, sizeof line, out)) text += line;
    const auto status = out ? ::pclose(out) : -1;
    return std::to_string(WEXITSTATUS(status)) + " " + text;
  };
  EXPECT_EQ(answer_to(R"(["@atom", "echo", "@str", "hello"])"), "0 @str hello\n");
  EXPECT_EQ(answer_to(R"(["@atom", "echo", "@u64", 18446744073709551615])"), "0 @u64 18446744073709551615\n");
  EXPECT_EQ(answer_to(R"(["@str", "nobody knows this"])").substr(0, 9), "1 @error ");
}

TEST_F(data_plane, a_python_client_subscribes_with_its_key) {
  if (std::system("/usr/bin/python3 -c 'import zmq, msgpack' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3-zmq and python3-msgpack are not installed";
  keys.add("dashboard", bus::keys::kind::client);
  keys.write();
  ASSERT_FALSE(node->reload_allowed());
  const auto topic = node->topic("md.sim.ESZ6.quote");
  topic.publish(caf::make_message(sample_quote(1)));
  const auto command = "timeout 60 /usr/bin/python3 " TT_SOURCE_DIR "/bus/examples/subscribe.py --key " +
                       (keys.dir / "dashboard.key").string() + " --allow " + (keys.dir / "allow").string() +
                       " --node alpha --count 3 " + node->topics_endpoint() + " md.sim.";
  auto* out = ::popen(command.c_str(), "r");
  ASSERT_NE(out, nullptr);
  std::vector<std::string> lines;
  char line[600];
  // the first is the snapshot; the others come once it is there
  while (lines.size() < 3 && std::fgets(line, sizeof line, out)) {
    lines.emplace_back(line);
    topic.publish(caf::make_message(sample_quote(lines.size() + 1)));
  }
  EXPECT_EQ(::pclose(out), 0);
  ASSERT_EQ(lines.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const auto n = std::to_string(i + 1);
    EXPECT_EQ(lines[i], "md.sim.ESZ6.quote " + n + " quote ['ESZ6', 500025, 500050, 12, 7, " + n +
                            ", 1700000000000000000, 3]\n");
  }
}
