// The topic hub by itself: numbers, gaps, conflation, late subscribers, and what is
// worth encoding. The transport is never started; payloads are written by hand.
#include "bus/topics/hub.hpp"

#include "bus/limits.hpp"
#include "bus/messages.hpp"
#include "bus/topics/subscription.hpp"
#include "tests/bus/messages.hpp"

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <thread>

using namespace bus_test;
using bus::delivery;
using bus::topics::hub;

namespace {

/// Hears nothing: the transport has no sockets.
struct deaf_client final : bus::link::transport_client {
  void peer_up(size_t, const bus::link::identity&, uint64_t, std::shared_ptr<bus::link::outbox>) override {}
  void peer_down(size_t, bus::link::down_reason) override {}
  bool messages(size_t, std::string_view, uint32_t) override { return true; }
  void topic_message(std::string_view, std::string_view) override {}
  void topic_wanted(std::string_view, bool, std::string_view) override {}
  void snapshot_wanted(std::string_view) override {}
  void work(bus::link::time_point) override {}
};

class topic_hub : public ::testing::Test {
public:
  topic_hub() {
    add_types(types);
    topics = std::make_shared<hub>("alpha", 77, bus::codec::encoder_context{&types, nullptr},
                                   bus::codec::decoder_context{&types, nullptr});
    topics->attach(&transport);
  }

  caf::actor me() { return caf::actor{self}; }

  /// As if a peer had published it.
  void arrives(uint64_t epoch, uint64_t seq) {
    bus::codec::bytes payload;
    EXPECT_FALSE(bus::topics::write_payload(payload, {"beta", epoch, seq},
                                            caf::make_message(sample_quote(seq)), {&types, nullptr}));
    topics->on_message("q", payload);
  }

  /// A remote subscriber comes or goes, and the bus has had the time to act on it.
  void wanted(const std::string& prefix, bool comes, const std::string& client = {}) {
    topics->on_wanted(prefix, comes, client);
    settle();
  }

  void settle() {
    now += bus::topics::settle_pause;
    topics->settle_wanted(now);
  }

  /// Everything in the mailbox: quotes as their number, gaps as "expected-got".
  std::vector<std::string> mailbox() {
    std::vector<std::string> result;
    bool more = true;
    while (more)
      self->receive([&](const quote& x) { result.push_back(std::to_string(x.seq)); },
                    [&](const bus::topic_gap& x) {
                      result.push_back(std::to_string(x.expected) + "-" + std::to_string(x.got));
                    },
                    caf::after(std::chrono::milliseconds{0}) >> [&] { more = false; });
    return result;
  }

  using list = std::vector<std::string>;

  bus::codec::type_table types;
  deaf_client client;
  bus::link::transport transport{{}, client};
  std::shared_ptr<hub> topics;
  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
  caf::scoped_actor self{system, true};
  bus::link::time_point now{std::chrono::hours{1}};
};

} // namespace

TEST_F(topic_hub, tells_of_every_gap_and_where_it_is) {
  ASSERT_TRUE(topics->subscribe("q", me(), delivery::every));
  for (uint64_t seq : {7u, 8u, 11u, 12u, 13u, 20u}) arrives(1, seq);
  EXPECT_EQ(mailbox(), (list{"7", "8", "9-11", "11", "12", "13", "14-20", "20"}));
  EXPECT_EQ(topics->report().gaps, 2u);
}

TEST_F(topic_hub, drops_snapshots_of_what_is_known) {
  ASSERT_TRUE(topics->subscribe("q", me(), delivery::every));
  for (uint64_t seq : {1u, 2u, 2u, 1u, 3u}) arrives(1, seq);
  EXPECT_EQ(mailbox(), (list{"1", "2", "3"}));
  EXPECT_EQ(topics->report().gaps, 0u);
}

// The last message before a silence is lost: nobody knows until a snapshot is asked for.
TEST_F(topic_hub, heals_a_lost_end_by_a_snapshot) {
  ASSERT_TRUE(topics->subscribe("q", me(), delivery::every));
  arrives(1, 1);
  arrives(1, 4); // the answer to request_snapshot
  EXPECT_EQ(mailbox(), (list{"1", "2-4", "4"}));
}

TEST_F(topic_hub, takes_a_restarted_publisher_for_a_gap) {
  ASSERT_TRUE(topics->subscribe("q", me(), delivery::every));
  arrives(1, 5);
  arrives(2, 1);
  arrives(2, 2);
  EXPECT_EQ(mailbox(), (list{"5", "0-0", "1", "2"}));
}

TEST_F(topic_hub, conflates_for_those_who_want_the_latest) {
  ASSERT_TRUE(topics->subscribe("q", me(), delivery::latest));
  for (uint64_t seq = 1; seq <= 1000; ++seq) arrives(1, seq);
  EXPECT_EQ(mailbox(), list{"1000"});
  arrives(1, 1002);
  EXPECT_EQ(mailbox(), list{"1002"}); // no word of a gap: it has the newest
}

TEST_F(topic_hub, bounds_what_waits_for_a_slow_subscriber) {
  ASSERT_TRUE(topics->subscribe("q", me(), delivery::every));
  const uint64_t n = bus::limits::topic_backlog;
  for (uint64_t seq = 1; seq <= n + 100; ++seq) arrives(1, seq);
  EXPECT_EQ(mailbox().size(), n);
  arrives(1, n + 101);
  EXPECT_EQ(mailbox(), (list{"0-0", std::to_string(n + 101)}));
}

TEST_F(topic_hub, bounds_the_bytes_that_wait_for_a_slow_subscriber) {
  EXPECT_TRUE(topics->subscribe("q", me(), delivery::every));
  const std::string large(size_t{1} << 20, 'x');
  constexpr uint64_t n = 2 * bus::limits::topic_backlog_bytes >> 20;
  const auto arrives_large = [&](uint64_t seq) {
    bus::codec::bytes payload;
    EXPECT_FALSE(bus::topics::write_payload(payload, {"beta", 1, seq}, caf::make_message(large), {&types, nullptr}));
    topics->on_message("q", payload);
  };
  for (uint64_t i = 1; i <= n; ++i) arrives_large(i);
  uint64_t got = 0, gaps = 0;
  const auto read = [&] {
    for (bool more = true; more;)
      self->receive([&](const std::string&) { ++got; }, [&](const bus::topic_gap&) { ++gaps; },
                    caf::after(std::chrono::milliseconds{0}) >> [&] { more = false; });
  };
  read();
  EXPECT_EQ(got, n / 2 - 1); // each is a little larger than its string
  arrives_large(n + 1);
  read();
  EXPECT_EQ(gaps, 1u); // is told that it missed some
  EXPECT_EQ(got, n / 2);
}

TEST_F(topic_hub, gives_late_subscribers_the_last_message) {
  ASSERT_TRUE(topics->subscribe("q", me(), delivery::every));
  arrives(1, 9);
  mailbox();
  caf::scoped_actor late{system, true};
  ASSERT_TRUE(topics->subscribe("q", caf::actor{late}, delivery::latest));
  uint64_t got = 0;
  late->receive([&](const quote& x) { got = x.seq; }, caf::after(std::chrono::milliseconds{0}) >> [] {});
  EXPECT_EQ(got, 9u);
}

TEST_F(topic_hub, encodes_only_what_somebody_elsewhere_wants) {
  const auto aapl = topics->topic("md.sim.AAPL.quote");
  const auto msft = topics->topic("md.sim.MSFT.quote");
  const auto publish_both = [&] {
    for (const auto& t : {aapl, msft}) topics->publish(*t, caf::make_message(sample_quote()));
    return topics->report().sent;
  };
  EXPECT_EQ(publish_both(), 0u);
  wanted("md.sim.AAPL.", true); // the last value goes out as a snapshot
  EXPECT_EQ(topics->report().sent, 1u);
  EXPECT_EQ(publish_both(), 2u);
  topics->on_snapshot_wanted("md.sim.MSFT.quote");
  settle();
  EXPECT_EQ(topics->report().sent, 3u);
  wanted("md.sim.AAPL.", false);
  EXPECT_EQ(publish_both(), 3u);
  wanted("", true);
  EXPECT_EQ(publish_both(), 7u);
  EXPECT_EQ(topics->report().published, 8u);
}

TEST_F(topic_hub, a_message_that_no_subscriber_could_take_stays_here) {
  const auto topic = topics->topic("q");
  wanted("q", true);
  auto large = sample_quote();
  large.symbol.assign(bus::limits::message_bytes, 'x');
  topics->publish(*topic, caf::make_message(large));
  EXPECT_EQ(topics->report().sent, 0u) << "it would end the data plane of whoever follows";
  EXPECT_EQ(topics->report().refused, 1u);
}

TEST_F(topic_hub, tells_what_is_wanted_elsewhere) {
  caf::scoped_actor watcher{system};
  const auto notes = [&] {
    int n = 0;
    bool more = true;
    while (more)
      watcher->receive([&](bus::wanted_atom) { ++n; }, caf::after(std::chrono::milliseconds{0}) >> [&] { more = false; });
    return n;
  };
  wanted("md.a", true);
  topics->watch_wanted(caf::actor{watcher});
  EXPECT_EQ(notes(), 1);
  EXPECT_EQ(topics->wanted(caf::actor{watcher}), list{"md.a"});
  wanted("md.b", true);
  EXPECT_EQ(notes(), 1);
  wanted("md.d", true); // it has not asked yet: nothing more is told
  EXPECT_EQ(notes(), 0);
  EXPECT_EQ(topics->wanted(caf::actor{watcher}), (list{"md.a", "md.b", "md.d"}));
  wanted("md.b", true);  // another subscriber
  wanted("md.c", false); // never wanted
  EXPECT_EQ(notes(), 0);
  wanted("md.a", false);
  EXPECT_EQ(notes(), 1);
  EXPECT_EQ(topics->wanted(caf::actor{watcher}), (list{"md.b", "md.d"}));
  topics->on_nothing_wanted();
  settle();
  EXPECT_EQ(notes(), 1);
  EXPECT_TRUE(topics->wanted(caf::actor{watcher}).empty());
}

// Whoever comes and goes a million times costs what he would cost once in 50 ms.
TEST_F(topic_hub, a_flood_of_wishes_sends_and_tells_now_and_then_only) {
  caf::scoped_actor watcher{system};
  const auto t = topics->topic("md.a");
  topics->publish(*t, caf::make_message(sample_quote()));
  topics->watch_wanted(caf::actor{watcher});
  constexpr int floods = 200'000, settlings = 20;
  for (int i = 0; i < floods; ++i) {
    topics->on_wanted("md.a", true, "dashboard");
    topics->on_wanted("md.", i % 2 == 0, "dashboard");
    topics->on_snapshot_wanted("md.a");
    topics->on_wanted("md.a", false);
    if (i % (floods / settlings) == 0) now += bus::topics::settle_pause;
    topics->settle_wanted(now);
  }
  EXPECT_LE(topics->report().sent, static_cast<uint64_t>(settlings) + 1);
  EXPECT_GE(topics->report().sent, static_cast<uint64_t>(settlings) / 2);
  int notes = 0;
  bool more = true;
  while (more) watcher->receive([&](bus::wanted_atom) { ++notes; }, caf::after(std::chrono::milliseconds{0}) >> [&] { more = false; });
  EXPECT_EQ(notes, 1);
  settle();
  EXPECT_EQ(topics->deadline(), bus::link::time_point::max());
}

TEST_F(topic_hub, remembers_a_bounded_number_of_wishes) {
  for (size_t i = 0; i < bus::limits::wanted_prefixes; ++i) topics->on_wanted("x" + std::to_string(i), true);
  wanted("q", true);
  topics->publish(*topics->topic("q1"), caf::make_message(sample_quote()));
  EXPECT_EQ(topics->report().sent, 1u); // what found no room is served nevertheless
  topics->on_nothing_wanted();
  settle();
  topics->publish(*topics->topic("q1"), caf::make_message(sample_quote()));
  EXPECT_EQ(topics->report().sent, 1u);
}

TEST_F(topic_hub, ignores_what_a_program_outside_wants_beyond_its_limit) {
  list told;
  topics->on_refusal([&](const std::string& what) { told.push_back(what); });
  settle();
  const auto publish = [&] {
    for (const auto* name : {"q1", "r1"}) topics->publish(*topics->topic(name), caf::make_message(sample_quote()));
    return topics->report().sent;
  };
  for (size_t i = 0; i < bus::limits::wanted_prefixes_per_client; ++i) topics->on_wanted("x" + std::to_string(i), true, "dashboard");
  EXPECT_TRUE(told.empty());
  for (int i = 0; i < 1000; ++i) topics->on_wanted("q" + std::to_string(i), true, "dashboard");
  settle();
  EXPECT_EQ(told, list{"dashboard wants more topics than a program outside may: new ones are ignored"});
  EXPECT_EQ(publish(), 0u);
  wanted("r", true, "other"); // others have their own
  EXPECT_EQ(publish(), 2u);   // the snapshot and the message
  wanted("q1", true);         // and nodes are served
  EXPECT_EQ(publish(), 5u);
  wanted("q1", false);
  wanted("x7", false); // room again
  wanted("q1", true, "dashboard");
  EXPECT_EQ(publish(), 8u);
}

TEST_F(topic_hub, tells_of_a_program_outside_whose_subscriptions_are_too_many_to_keep) {
  using namespace bus::limits;
  list told;
  topics->on_overdrawn([&](const std::string& client) { told.push_back(client); });
  const auto name = [](size_t i) { return "x" + std::to_string(i); };
  // nodes may want what they like, and a client its own, again and again
  for (size_t i = 0; i < stray_prefixes_per_client * 2; ++i) topics->on_wanted(name(i), true);
  for (int round = 0; round < 20; ++round)
    for (size_t i = 0; i < wanted_prefixes_per_client; ++i) topics->on_wanted("own" + std::to_string(i), true, "dashboard");
  EXPECT_EQ(told, list{});
  // what it shares with others, and what it is refused, is kept in the socket all the same
  for (size_t i = 0; i < stray_prefixes_per_client / 2; ++i) topics->on_wanted(name(i), true, "dashboard");
  for (size_t i = 0; i < stray_prefixes_per_client / 2; ++i) topics->on_wanted("more" + std::to_string(i), true, "dashboard");
  EXPECT_EQ(told, list{});
  topics->on_wanted("one more", true, "dashboard");
  EXPECT_EQ(told, list{"dashboard"});
  // by their bytes: longer than any topic
  for (size_t bytes = 0; bytes <= stray_bytes_per_client; bytes += 1'000) {
    EXPECT_EQ(told.size(), 1u);
    topics->on_wanted(std::string(1'000, 'y'), true, "other");
  }
  EXPECT_EQ(told, (list{"dashboard", "other"}));
}

TEST_F(topic_hub, forgets_with_the_socket_what_was_too_much_in_it) {
  using namespace bus::limits;
  list told;
  topics->on_overdrawn([&](const std::string& client) { told.push_back(client); });
  for (size_t i = 0; i < 900; ++i) topics->on_wanted(std::string(topic_bytes + 1, 'z'), true, "c");
  topics->on_nothing_wanted();
  for (size_t i = 0; i < 900; ++i) topics->on_wanted(std::string(topic_bytes + 1, 'z'), true, "c");
  EXPECT_EQ(told, list{});
  for (size_t i = 0; i < 900; ++i) topics->on_wanted(std::string(topic_bytes + 1, 'z'), true, "c"); // the same without
  EXPECT_EQ(told, list{"c"});
}

TEST_F(topic_hub, refuses_payloads_that_are_not_well_formed) {
  ASSERT_TRUE(topics->subscribe("q", me(), delivery::every));
  topics->on_message("q", "");
  topics->on_message("q", "\x91\x01");
  topics->on_message("q", std::string_view{"\x94\xa1x\x01\x02\xc1", 6}); // a header, then rubbish
  EXPECT_TRUE(mailbox().empty());
  EXPECT_EQ(topics->report().malformed, 2u);
}

// A subscriber that comes while messages are published sees a run without holes and without doubles.
TEST_F(topic_hub, loses_nothing_between_the_last_message_and_the_next) {
  const auto t = topics->topic("own");
  for (int round = 0; round < 200; ++round) {
    caf::scoped_actor late{system, true};
    std::thread publisher{[&] {
      for (int i = 0; i < 50; ++i) topics->publish(*t, caf::make_message(sample_quote(t->seq + 1)));
    }};
    ASSERT_TRUE(topics->subscribe("own", caf::actor{late}, delivery::every));
    publisher.join();
    uint64_t last = 0;
    bool more = true;
    while (more)
      late->receive(
          [&](const quote& x) {
            if (last != 0) {
              EXPECT_EQ(x.seq, last + 1) << round;
            }
            last = x.seq;
          },
          caf::after(std::chrono::milliseconds{0}) >> [&] { more = false; });
    EXPECT_EQ(last, t->seq);
    topics->unsubscribe("own", caf::actor{late});
  }
}
