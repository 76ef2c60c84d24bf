// Two nodes in network namespaces, and a network between them that is cut: both
// ways, one way, the cable. Whoever was cut off knows it within two seconds, is
// linked again within three of the healing, and what was cut for less than the
// down limit has lost nothing.
#include "tests/bus/system_fixture.hpp"
#include "tests/chaos/chaos.hpp"
#include "tests/chaos/namespaces.hpp"

#include <cmath>
#include <optional>
#include <random>

using namespace bus_test;
using chaos::cut;
using chaos::steady;

namespace {

constexpr auto surely_healed = 1000ms; // a cut of at most this is never noticed
constexpr auto surely_down = 2100ms;   // a cut of at least this always is

class partition : public system_test {
public:
  void adjust(bus::config& c) override {
    c.listen = c.listen_topics = std::string{"tcp://"} + chaos::two_hosts::first_host + ":0";
    c.pulse_limit = std::chrono::milliseconds{0}; // this test is about the network
  }

  void SetUp() override {
    if (const auto why = chaos::two_hosts::obstacle(); !why.empty()) GTEST_SKIP() << why;
    hosts.emplace();
    ASSERT_TRUE(hosts->enter_first());
    system_test::SetUp();
    beta = std::make_unique<child>(
        "beta", mode(), keys.dir,
        std::vector<std::string>{"--events", "--host", chaos::two_hosts::second_host, own_endpoint()},
        hosts->second());
    ASSERT_FALSE(beta->control.empty()) << beta->first_line;
    wait_until_both_up();
    worker = wait_for_name("beta/worker");
    ASSERT_TRUE(worker);
  }

  void TearDown() override {
    if (!hosts) return;
    worker = nullptr;
    system_test::TearDown();
    beta.reset();
    hosts.reset();
  }

  /// Collects events of both sides for a while; numbers go out meanwhile.
  void live_for(steady::duration how_long) {
    const auto end = steady::now() + how_long;
    while (steady::now() < end) {
      for (int i = 0; i < 5 && worker; ++i) (*self)->send(worker, next++);
      (*watcher)->receive(
          [&](const bus::peer_event& e) {
            mine.push_back({e.up, e.peer, steady::now()});
          },
          [](const bus::name_event&) {}, caf::after(5ms) >> [] {});
    }
  }

  static std::optional<steady::time_point> last(const std::vector<child::event>& events, bool up) {
    for (auto i = events.rbegin(); i != events.rend(); ++i)
      if (i->up == up) return i->at;
    return {};
  }

  static bool is_up(const std::vector<child::event>& events) { return !events.empty() && events.back().up; }

  void wait_until_both_up() {
    const auto give_up = steady::now() + patience;
    while (steady::now() < give_up) {
      beta->tell("sync");
      if (is_up(mine) && is_up(beta->events)) return;
      live_for(20ms);
    }
    ADD_FAILURE() << "not linked after the healing: here " << is_up(mine) << ", there "
                  << is_up(beta->events);
  }

  /// Forgets the past; numbers start again.
  void start_counting() {
    worker = wait_for_name("beta/worker");
    ASSERT_TRUE(worker);
    const bool up = is_up(mine);
    beta->tell("sync");
    mine.assign(1, {up, "beta", steady::now()});
    beta->events.assign(1, {is_up(beta->events), "alpha", steady::now()});
    next = 0;
    (*self)->send(worker, count_atom::value, uint64_t{0});
  }

  void check_nothing_was_lost() {
    (*self)
        ->request(worker, patience, count_atom::value)
        .receive(
            [&](uint64_t seen, uint64_t wrong) {
              EXPECT_EQ(seen, next);
              EXPECT_EQ(wrong, 0u);
            },
            [](caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
  }

  /// Gives whether anybody noticed.
  bool one_round(cut how, std::chrono::milliseconds length, chaos::stopwatch& detection,
                 chaos::stopwatch& healing) {
    SCOPED_TRACE("cut " + std::to_string(static_cast<int>(how)) + " for " + std::to_string(length.count()) +
                 " ms");
    start_counting();
    live_for(50ms);
    hosts->part(how);
    const auto parted = steady::now();
    live_for(length);
    hosts->heal(how);
    const auto healed = steady::now();
    if (length < surely_down) live_for(surely_down - length); // were it noticed, it would be by now
    wait_until_both_up();
    for (const auto* side : {&mine, &beta->events}) {
      const auto& events = *side;
      const auto down = last(events, false);
      if (length <= surely_healed) {
        EXPECT_FALSE(down) << events.back().peer << " is the peer";
      } else if (length >= surely_down) {
        EXPECT_TRUE(down) << events.back().peer << " is the peer";
      }
      if (!down) continue;
      detection.add(*down - parted);
      healing.add(std::max(steady::duration{0}, *last(events, true) - healed));
    }
    if (!last(mine, false) && !last(beta->events, false)) check_nothing_was_lost();
    EXPECT_LE(node->info().proxies, 2u);
    return last(mine, false) || last(beta->events, false);
  }

  std::optional<chaos::two_hosts> hosts;
  std::unique_ptr<child> beta;
  caf::actor worker;
  uint64_t next = 0;
  std::vector<child::event> mine;
};

} // namespace

TEST_F(partition, is_noticed_and_heals) {
  chaos::stopwatch detection{"detection", 2000ms};
  chaos::stopwatch healing{"healing", 3000ms};
  if (!chaos::is_full()) {
    one_round(cut::both_ways, 2500ms, detection, healing);
    one_round(cut::from_first, 500ms, detection, healing);
    one_round(cut::from_second, 2500ms, detection, healing);
    one_round(cut::cable, 100ms, detection, healing);
    return;
  }
  std::mt19937 random{2026};
  for (int round = 0; round < 100; ++round) {
    // 10 ms to 60 s; as many from each power of ten
    const auto exponent = std::uniform_real_distribution<>{std::log(10.0), std::log(60'000.0)}(random);
    const std::chrono::milliseconds length{static_cast<int64_t>(std::exp(exponent))};
    one_round(static_cast<cut>(random() % 4), length, detection, healing);
  }
}

/// The down limit is 1.7 s since the last word, so that of a cut which ends before it the heal has to be used quickly.
TEST_F(partition, that_ends_before_the_limit_is_used_at_once) {
  chaos::stopwatch detection{"detection", 2000ms};
  chaos::stopwatch healing{"healing", 3000ms};
  for (const auto how : {cut::cable, cut::both_ways}) {
    for (const auto length : {1000ms, 1300ms, 1500ms, 1700ms}) {
      const int rounds = chaos::sized(1, 20);
      int noticed = 0;
      for (int round = 0; round < rounds; ++round) noticed += one_round(how, length, detection, healing) ? 1 : 0;
      std::printf("  %s for %lld ms: noticed %d of %d times\n", how == cut::cable ? "the cable out" : "nothing passes",
                  static_cast<long long>(length.count()), noticed, rounds);
      std::fflush(stdout);
    }
  }
}

/// A message of 12 MiB, there and back. What is heard of a peer is whole frames, so it goes in parts; there is a speed all the
/// same below which signs of life come too late behind them.
TEST_F(partition, is_not_what_a_long_message_on_a_slow_network_looks_like) {
  constexpr size_t size = size_t{12} << 20;
  for (const int megabits : {100, 40, 20, 10, 5, 3}) {
    if (!chaos::is_full() && megabits < 100) return;
    if (!hosts->slow(megabits)) GTEST_SKIP() << "no token bucket here (tc, sch_tbf)";
    start_counting();
    const auto begin = steady::now();
    std::string said;
    (*self)
        ->request(worker, 180s, echo_atom::value, std::string(size, 'x'))
        .receive([&](const std::string& x) { said = x.size() == size ? "whole" : "not whole"; },
                 [&](caf::error& e) { said = describe(e); });
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begin);
    hosts->fast();
    live_for(surely_down);
    wait_until_both_up();
    const bool noticed = last(mine, false) || last(beta->events, false);
    std::printf("  12 MiB there and back at %d Mbit/s: %s after %.1f s, %s\n", megabits, said.c_str(), static_cast<double>(took.count()) / 1000,
                noticed ? "the link went down" : "the link stayed up");
    std::fflush(stdout);
    if (megabits < 100) continue; // told, not asserted: a network that slows down finds much in flight already
    EXPECT_EQ(said, "whole") << megabits;
    EXPECT_FALSE(noticed) << megabits;
  }
}
