// The control link over a simulated network: exactly once and in order through
// loss, duplication, reordering and cuts; node down, restart, partitions.
#include "tests/bus/sim_network.hpp"

#include <gtest/gtest.h>

#include <cstring>

using namespace bus_test;
using bus::link::down_reason;

namespace {

bus::link::body_ptr numbered(uint64_t first, uint32_t count) {
  std::string body;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t x = first + i;
    body.append(reinterpret_cast<const char*>(&x), sizeof x);
  }
  return std::make_shared<const std::string>(std::move(body));
}

/// Feeds numbered messages into node 0 and checks what comes out of node 1.
struct numbered_stream {
  explicit numbered_stream(sim_network& network) : net(network) {
    net.nodes[1].on_deliver = [this](std::string_view body, uint32_t messages) {
      ASSERT_EQ(body.size(), messages * sizeof(uint64_t));
      for (; !body.empty(); body.remove_prefix(sizeof(uint64_t))) {
        uint64_t x = 0;
        std::memcpy(&x, body.data(), sizeof x);
        if (x != arrived) ++wrong;
        arrived = x + 1;
      }
    };
  }

  void feed(uint64_t total, uint32_t per_frame) {
    auto& s = *net.nodes[0].session;
    while (sent < total && s.has_room()) {
      const auto n = static_cast<uint32_t>(std::min<uint64_t>(per_frame, total - sent));
      s.push(numbered(sent, n), n, net.now);
      sent += n;
      max_in_flight = std::max(max_in_flight, s.frames_in_flight());
    }
  }

  sim_network& net;
  uint64_t sent = 0;
  uint64_t arrived = 0;
  uint64_t wrong = 0;
  size_t max_in_flight = 0;
};

constexpr faults hostile{0.10, 0.05, 0.10, 200us};

/// Cuts the connection every two to four seconds for up to 900 ms.
struct cutter {
  cutter(sim_network& network, uint64_t seed) : net(network), random(seed), next(network.now + 1s) {}

  void operator()() {
    if (net.now < next) return;
    if (open) {
      net.cut_both();
      ++cuts;
      next = net.now + std::chrono::milliseconds{std::uniform_int_distribution<>{10, 900}(random)};
    } else {
      net.heal();
      next = net.now + std::chrono::milliseconds{std::uniform_int_distribution<>{2000, 4000}(random)};
    }
    open = !open;
  }

  sim_network& net;
  std::mt19937_64 random;
  time_point next;
  bool open = true;
  int cuts = 0;
};

} // namespace

TEST(session, both_sides_come_up_and_measure_the_round_trip) {
  sim_network net{1};
  net.run_for(1s);
  ASSERT_TRUE(net.both_up());
  EXPECT_EQ(net.nodes[0].session->peer().name, "beta");
  const auto rtt = net.nodes[0].session->statistics().round_trip;
  EXPECT_NEAR(static_cast<double>(rtt.count()), 400'000.0, 1'200'000.0);
  EXPECT_EQ(net.nodes[0].session->statistics().times_up, 1u);
}

TEST(session, a_million_messages_arrive_once_and_in_order_through_a_hostile_network) {
  constexpr uint64_t total = 1'000'000;
  sim_network net{2024, hostile};
  numbered_stream stream{net};
  cutter cut{net, 7};
  int downs = 0;
  for (auto& n : net.nodes) n.on_down = [&](down_reason) { ++downs; };
  const auto give_up = net.now + 600s;
  while (stream.arrived < total && net.now < give_up)
    net.run_for(100ms, [&] {
      cut();
      if (net.nodes[0].session->is_up()) stream.feed(total, 4);
    });
  EXPECT_EQ(stream.arrived, total);
  EXPECT_EQ(stream.wrong, 0u);
  EXPECT_EQ(downs, 0);
  EXPECT_GE(cut.cuts, 3);
  EXPECT_LE(stream.max_in_flight, bus::limits::window_frames);
  EXPECT_GT(net.nodes[0].session->statistics().repeated_frames, 10'000u);
  EXPECT_GT(net.nodes[1].session->statistics().duplicate_frames, 1'000u);
  RecordProperty("cuts", cut.cuts);
}

TEST(session, control_without_retransmission_the_same_network_loses) {
  bus::link::session_settings cfg;
  cfg.channel.mode = bus::channel::retransmission::off;
  sim_network net{2024, hostile, cfg};
  numbered_stream stream{net};
  for (int i = 0; i < 100; ++i)
    net.run_for(100ms, [&] {
      if (net.nodes[0].session->is_up()) stream.feed(1'000'000, 4);
    });
  EXPECT_LT(stream.arrived, 100'000u);
}

TEST(session, window_bounds_what_is_in_flight_to_a_peer_that_says_nothing) {
  sim_network net{3};
  net.run_for(500ms);
  ASSERT_TRUE(net.both_up());
  numbered_stream stream{net};
  net.cut_both();
  net.run_for(500ms, [&] { stream.feed(1'000'000, 1); });
  EXPECT_EQ(net.nodes[0].session->frames_in_flight(), bus::limits::window_frames);
  EXPECT_FALSE(net.nodes[0].session->has_room());
}

namespace {

bus::link::body_ptr long_body(size_t size) {
  std::string body(size, ' ');
  for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + i / 251);
  return std::make_shared<const std::string>(std::move(body));
}

} // namespace

TEST(session, long_bodies_arrive_whole_and_in_their_turn_through_a_hostile_network) {
  sim_network net{3, hostile};
  std::vector<std::pair<std::string, uint32_t>> came;
  net.nodes[1].on_deliver = [&](std::string_view body, uint32_t n) { came.emplace_back(body, n); };
  net.run_for(1s);
  ASSERT_TRUE(net.both_up());
  std::vector<std::pair<bus::link::body_ptr, uint32_t>> sent;
  constexpr size_t sizes[] = {1, 65'536, 65'537, 131'072, 3'000'000, 10, 12u << 20, 16u << 20, 5};
  for (const auto size : sizes) sent.emplace_back(long_body(size), static_cast<uint32_t>(sent.size() + 1));
  size_t next = 0;
  net.run_for(20s, [&] {
    auto& s = *net.nodes[0].session;
    while (next < sent.size() && s.has_room()) {
      s.push(sent[next].first, sent[next].second, net.now);
      ++next;
    }
  });
  ASSERT_EQ(came.size(), sent.size());
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_TRUE(came[i].first == *sent[i].first) << "body " << i;
    EXPECT_EQ(came[i].second, sent[i].second);
  }
  EXPECT_EQ(net.nodes[1].session->statistics().messages_in, 45u);
  EXPECT_EQ(net.nodes[0].session->statistics().times_up, 1u);
}

TEST(session, of_a_long_body_parts_are_heard_on_a_slow_network) {
  for (const bool is_older : {false, true}) {
    faults slow;
    slow.bytes_per_second = 10e6 / 8; // ten seconds for what follows
    slow.is_older = is_older;
    sim_network net{4, slow};
    size_t came = 0;
    int downs = 0;
    for (auto& n : net.nodes) n.on_down = [&](down_reason) { ++downs; };
    net.nodes[1].on_deliver = [&](std::string_view body, uint32_t) { came = body.size(); };
    net.run_for(1s);
    ASSERT_TRUE(net.both_up());
    net.nodes[0].session->push(long_body(12u << 20), 1, net.now);
    net.run_for(11s);
    if (is_older) { // to whom it goes in one: nothing is heard for longer than the limit
      EXPECT_GT(downs, 0);
      continue;
    }
    EXPECT_EQ(came, 12u << 20);
    EXPECT_EQ(downs, 0);
    EXPECT_LT(net.nodes[0].session->statistics().repeated_frames, 20u);
  }
}

TEST(session, a_body_in_parts_that_is_longer_than_any_may_be_ends_the_session) {
  sim_network net{5};
  net.run_for(1s);
  ASSERT_TRUE(net.both_up());
  std::vector<down_reason> downs;
  net.nodes[1].on_down = [&](down_reason why) { downs.push_back(why); };
  size_t delivered = 0;
  net.nodes[1].on_deliver = [&](std::string_view, uint32_t) { ++delivered; };
  // parts without end: a body of no messages is a part of something
  for (size_t sent = 0; sent < bus::limits::wire_frame_bytes + 200'000 && downs.empty(); sent += 60'000) {
    while (!net.nodes[0].session->has_room() && downs.empty()) net.run_for(1ms);
    if (downs.empty()) net.nodes[0].session->push(long_body(60'000), 0, net.now);
    net.run_for(1ms);
  }
  net.run_for(10ms);
  ASSERT_FALSE(downs.empty());
  EXPECT_EQ(downs.front(), down_reason::broken);
  EXPECT_EQ(delivered, 0u);
}

TEST(session, a_killed_peer_is_down_within_two_seconds) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    sim_network net{seed};
    net.run_for(1s + std::chrono::milliseconds{seed});
    ASSERT_TRUE(net.both_up());
    time_point down{};
    net.nodes[0].on_down = [&](down_reason r) {
      EXPECT_EQ(r, down_reason::silent);
      down = net.now;
    };
    const auto killed = net.now;
    net.kill(1);
    net.run_for(3s);
    ASSERT_NE(down, time_point{});
    EXPECT_LE(down - killed, 2s) << seed;
  }
}

TEST(session, a_restarted_peer_is_a_new_one_and_the_old_is_down_at_once) {
  sim_network net{5};
  net.run_for(1s);
  ASSERT_TRUE(net.both_up());
  const auto old = net.nodes[0].session->peer().node;
  std::vector<down_reason> downs;
  net.nodes[0].on_down = [&](down_reason r) { downs.push_back(r); };
  net.kill(1);
  net.run_for(100ms);
  net.start(1);
  net.run_for(300ms);
  EXPECT_EQ(downs, std::vector{down_reason::restarted});
  EXPECT_TRUE(net.both_up());
  EXPECT_NE(net.nodes[0].session->peer().node, old);
  net.run_for(5s);
  EXPECT_EQ(net.nodes[0].rivals, 0);
}

TEST(session, a_second_node_of_the_same_name_is_noticed_and_changes_nothing) {
  sim_network net{5};
  net.run_for(1s);
  ASSERT_TRUE(net.both_up());
  const auto linked = net.nodes[0].session->peer().node;
  const auto greet = [&](bus::link::duration time) {
    for (bus::link::duration done{0}; done < time; done += 100ms) {
      net.nodes[0].session->on_header(bus::link::hello{sim_network::identity_of(1, 77), 9, {}, 0}, {}, net.now);
      net.run_for(100ms);
    }
  };
  greet(1s); // a moment of both is nothing to talk about
  EXPECT_EQ(net.nodes[0].rivals, 0);
  greet(2s);
  EXPECT_GT(net.nodes[0].rivals, 0);
  EXPECT_TRUE(net.both_up());
  EXPECT_EQ(net.nodes[0].session->peer().node, linked);
}

TEST(session, frames_of_an_old_incarnation_change_nothing) {
  sim_network net{6};
  std::vector<std::pair<std::string, bus::link::body_ptr>> recorded;
  net.tap = [&](int to, const std::string& h, const bus::link::body_ptr& b) {
    if (to == 0) recorded.emplace_back(h, b);
  };
  // node 1 sends to node 0 here
  net.run_for(500ms);
  ASSERT_TRUE(net.both_up());
  for (int i = 0; i < 10; ++i) net.nodes[1].session->push(numbered(0, 1), 1, net.now);
  net.run_for(500ms);
  net.kill(1);
  net.run_for(50ms);
  net.start(1);
  net.run_for(500ms);
  ASSERT_TRUE(net.both_up());
  net.tap = nullptr;
  int events = 0;
  net.nodes[0].on_down = [&](down_reason) { ++events; };
  net.nodes[0].on_deliver = [&](std::string_view, uint32_t) { ++events; };
  ASSERT_GT(recorded.size(), 10u);
  for (const auto& [h, b] : recorded) net.inject(0, h, b);
  net.run_for(2s);
  EXPECT_EQ(events, 0);
  EXPECT_TRUE(net.both_up());
}

TEST(session, goodbye_is_heard_at_once) {
  sim_network net{8};
  net.run_for(1s);
  down_reason reason{};
  net.nodes[0].on_down = [&](down_reason r) { reason = r; };
  net.nodes[1].session->suspend(down_reason::stopped, net.now);
  net.run_for(10ms);
  EXPECT_FALSE(net.nodes[0].session->is_up());
  EXPECT_EQ(reason, down_reason::left);
  net.run_for(5s);
  EXPECT_FALSE(net.nodes[0].session->is_up());
  net.nodes[1].session->resume(net.now);
  net.run_for(1s);
  EXPECT_TRUE(net.both_up());
}

TEST(session, short_cuts_heal_and_long_ones_are_down_on_both_sides) {
  std::mt19937_64 random{99};
  for (int round = 0; round < 500; ++round) {
    sim_network net{static_cast<uint64_t>(round)};
    net.run_for(1s);
    ASSERT_TRUE(net.both_up());
    int downs[2] = {0, 0};
    time_point down_at[2] = {};
    for (size_t i : {0u, 1u})
      net.nodes[i].on_down = [&, i](down_reason) {
        ++downs[i];
        down_at[i] = net.now;
      };
    const bool is_short = round % 2 == 0;
    const auto length =
        std::chrono::milliseconds{is_short ? std::uniform_int_distribution<>{10, 1450}(random)
                                           : std::uniform_int_distribution<>{2300, 60'000}(random)};
    const auto start = net.now;
    switch (random() % 3) {
    case 0:
      net.cut_both();
      break;
    case 1:
      net.cut(0);
      break;
    default:
      net.cut(1);
      break;
    }
    net.run_for(length);
    net.heal();
    const auto healed = net.now;
    while (!net.both_up() && net.now < healed + 10s) net.run_for(10ms);
    EXPECT_LE(net.now - healed, 3s) << round;
    net.run_for(1s);
    EXPECT_TRUE(net.both_up());
    EXPECT_EQ(downs[0], downs[1]) << round << " " << length.count();
    EXPECT_EQ(downs[0], is_short ? 0 : 1) << round << " " << length.count();
    if (!is_short) {
      // with a one-way cut, too: the side that is not heard learns it from what the other one says, or does
      // not say any more
      EXPECT_LE(std::max(down_at[0], down_at[1]) - start, 2s) << round;
    }
  }
}

/// When each side first saw the link go down.
class first_downs {
public:
  explicit first_downs(sim_network& net) {
    for (size_t i : {0, 1})
      net.nodes[i].on_down = [this, &net, i](down_reason) {
        if (at_[i] == time_point{}) at_[i] = net.now;
      };
  }
  first_downs(const first_downs&) = delete;
  [[nodiscard]] bool both() const { return at_[0] != time_point{} && at_[1] != time_point{}; }
  [[nodiscard]] time_point last() const { return std::max(at_[0], at_[1]); }

private:
  std::array<time_point, 2> at_{};
};

/// A cable was out for less than the limit, and TCP has not repaired both ways yet when one of them is cut: the beats that come
/// with the repair say what was so when they left. Nodes took them for news, and saw the cut up to a second late.
TEST(session, beats_that_were_held_back_prove_nothing_new) {
  sim_network net{21};
  net.run_for(5s);
  ASSERT_TRUE(net.both_up());
  const first_downs downs{net};
  net.hold(0);
  net.hold(1);
  net.run_for(900ms);
  const auto cut = net.now; // from here on nothing of node 1 arrives for good
  net.run_for(600ms);
  net.release(0); // and what node 0 said since does
  net.run_for(2s);
  ASSERT_TRUE(downs.both());
  EXPECT_LE(downs.last() - cut, 2s);
}

/// A third of a second is enough for TCP to hold back what says too much: so one-way cuts right behind a healed one were seen late.
TEST(session, beats_that_were_held_back_for_a_moment_prove_nothing_new) {
  for (const auto held : {200ms, 260ms, 340ms, 390ms}) {
    sim_network net{25};
    net.run_for(5s);
    ASSERT_TRUE(net.both_up());
    const first_downs downs{net};
    net.hold(0);
    net.run_for(90ms);
    net.cut(1);
    const auto cut = net.now;
    net.run_for(held);
    net.release(0); // what it said before the cut, too
    net.run_for(2ms);
    net.cut(0);
    while (net.now < cut + 3s && !downs.both()) net.run_for(5ms);
    ASSERT_TRUE(downs.both());
    EXPECT_LE(downs.last() - cut, 2s) << held.count() << " ms";
  }
}

/// Behind a cut that ended before the limit the first round trip of beats proves the link.
TEST(session, a_cut_that_ends_before_the_limit_heals) {
  for (const auto length : {1300ms, 1400ms}) {
    sim_network net{23};
    net.run_for(5s);
    ASSERT_TRUE(net.both_up());
    int downs = 0;
    for (auto& n : net.nodes) n.on_down = [&](down_reason) { ++downs; };
    net.cut_both();
    net.run_for(length);
    net.heal();
    net.run_for(3s);
    EXPECT_EQ(downs, 0) << length.count() << " ms";
  }
}

/// A way on which much is queued is slow, not cut: what arrives late without a silence before it counts as it always did.
TEST(session, beats_behind_a_long_queue_are_no_cut) {
  sim_network net{24};
  net.run_for(5s);
  ASSERT_TRUE(net.both_up());
  int downs = 0;
  for (auto& n : net.nodes) n.on_down = [&](down_reason) { ++downs; };
  for (auto delay = 10ms; delay <= 2'500ms; delay += 10ms) { // the queue grows by a tenth of a second each second
    net.set_latency(delay);
    net.run_for(100ms);
  }
  EXPECT_EQ(downs, 0);
}

/// A way that has become longer is no cut: after a while its delay is the usual one.
TEST(session, a_slow_way_is_not_taken_for_a_cut) {
  sim_network net{22};
  net.run_for(5s);
  ASSERT_TRUE(net.both_up());
  int downs = 0;
  for (auto& n : net.nodes) n.on_down = [&](down_reason) { ++downs; };
  for (const auto delay : {200ms, 400ms, 600ms, 800ms}) {
    net.set_latency(delay);
    net.run_for(40s);
  }
  EXPECT_EQ(downs, 0);
}

TEST(session, nothing_of_a_lost_session_is_delivered_in_the_next) {
  sim_network net{11, hostile};
  uint64_t base = 0;
  std::vector<uint64_t> seen;
  net.nodes[1].on_deliver = [&](std::string_view body, uint32_t) {
    uint64_t x = 0;
    std::memcpy(&x, body.data(), sizeof x);
    seen.push_back(x);
  };
  for (int round = 0; round < 20; ++round) {
    net.run_for(3s);
    ASSERT_TRUE(net.both_up());
    base = static_cast<uint64_t>(round) * 1'000'000;
    for (uint64_t i = 0; i < 300; ++i)
      if (net.nodes[0].session->has_room()) net.nodes[0].session->push(numbered(base + i, 1), 1, net.now);
    net.run_for(std::chrono::milliseconds{10 * round});
    net.cut_both();
    net.run_for(3s);
    ASSERT_FALSE(net.nodes[0].session->is_up());
    net.heal();
  }
  // per session a prefix, in order, each once
  uint64_t expected = 0;
  for (auto x : seen) {
    if (x / 1'000'000 != expected / 1'000'000) expected = x / 1'000'000 * 1'000'000;
    ASSERT_EQ(x, expected++);
  }
  EXPECT_GT(seen.size(), 1'000u);
}

TEST(session, a_peer_that_acknowledges_what_was_never_sent_is_cut_off) {
  sim_network net{12};
  net.run_for(1s);
  ASSERT_TRUE(net.both_up());
  bus::link::beat forged;
  net.tap = [&](int to, const std::string& h, const bus::link::body_ptr&) {
    bus::link::header x;
    ASSERT_EQ(bus::link::read(h, x), bus::errc::none);
    if (to == 0)
      if (const auto* b = std::get_if<bus::link::beat>(&x)) forged = *b;
  };
  net.run_for(500ms);
  net.tap = nullptr;
  forged.received.received = 1'000'000;
  std::string h;
  bus::link::write(h, forged);
  down_reason reason{};
  net.nodes[0].on_down = [&](down_reason r) { reason = r; };
  net.inject(0, h, nullptr);
  net.run_for(1ms);
  EXPECT_EQ(reason, down_reason::broken);
}

TEST(frame, headers_round_trip) {
  bus::link::hello a{sim_network::identity_of(0, 3), 7, std::string(24, 'z'), 9};
  a.from.control_endpoint = "tcp://127.0.0.1:1";
  a.from.agent = 77;
  std::string out;
  bus::link::write(out, a);
  bus::link::header h;
  ASSERT_EQ(bus::link::read(out, h), bus::errc::none);
  EXPECT_EQ(std::get<bus::link::hello>(h).from, a.from);
  bus::link::data d{1, 2, 3, 4, {5, {{6, 7}, {9, 9}}}};
  out.clear();
  bus::link::write(out, d);
  ASSERT_EQ(bus::link::read(out, h), bus::errc::none);
  EXPECT_EQ(std::get<bus::link::data>(h).received.missing, d.received.missing);
}

TEST(frame, hostile_headers_are_refused) {
  std::string out;
  bus::link::write(out, bus::link::data{1, 2, 3, 4, {5, {{6, 7}, {9, 9}}}});
  bus::link::header h;
  for (size_t n = 0; n < out.size(); ++n)
    EXPECT_NE(bus::link::read(std::string_view{out}.substr(0, n), h), bus::errc::none);
  std::mt19937 random{1};
  for (int i = 0; i < 50'000; ++i) {
    auto broken = out;
    broken[random() % broken.size()] = static_cast<char>(random());
    (void)bus::link::read(broken, h);
  }
}
