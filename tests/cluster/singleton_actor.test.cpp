// One in the cluster: leases under partitions, in virtual time, against a real
// store. Links between nodes and the store break both ways and one way; holders
// are deaf, mute or do not know that their time is up. What counts is what the
// store has written down: no act of two holders at once.

#include "actors/market/caf_error.hpp"
#include "cluster/actor_config.hpp"
#include "cluster/lease/lease_actor.hpp"
#include "cluster/lease/singleton_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>

namespace tt::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What of the way to the store works.
enum class way { open, closed, requests_only, late };

constexpr milliseconds ttl{3000}, acts_every{100}, step{25};
constexpr milliseconds safe_part = ttl * 7 / 8; ///< of the time to live; the rest is for the thing to end in

struct simulated_node {
  std::string name;
  way link = way::open;
  milliseconds delay{0};      ///< of an answer that is late
  milliseconds ends_after{0}; ///< its worker needs to end
  std::optional<caf::actor_clock::time_point> asked, told_to_end; ///< asked: when it was, by the last request that was answered
  std::function<utc_time()> clock; ///< of its machine
  bool ignores_exit = false; ///< its worker does not hear that it should stop: a process that was frozen
  caf::actor gate, singleton;
  std::set<caf::actor_id> running; ///< workers that believe they hold the lease
  std::uint64_t begun = 0;
  bool cannot_start = false; ///< it has nothing to run
  int vain_starts = 0;
  std::vector<std::string> troubles;           ///< told of the lease
  std::deque<std::function<void()>> under_way; ///< late answers
};

struct lease_config : actor_config {
  lease_config() : actor_config(1) { set("scheduler.policy", caf::atom("testing")); }
};

/// Lets requests and answers through as the node's link allows.
caf::behavior gate_actor(caf::event_based_actor* self, simulated_node* node, caf::actor leases) {
  return {
    [=](const lease_request& what) -> caf::result<lease_grant> {
      auto promise = self->make_response_promise<lease_grant>();
      const auto now = self->clock().now();
      if (node->link == way::open) {
        self->request(leases, caf::infinite, what)
          .then([=](const lease_grant& g) mutable {
            node->asked = now;
            promise.deliver(g);
          },
                [promise](const caf::error& e) mutable { promise.deliver(e); });
      } else if (node->link == way::late) {
        // the store has answered at once; what it said is long under way
        self->request(leases, caf::infinite, what)
          .then(
            [=](const lease_grant& g) {
              node->under_way.push_back([=]() mutable {
                node->asked = now;
                promise.deliver(g);
              });
              self->delayed_send(self, node->delay, tick_atom::value);
            },
                [promise](const caf::error& e) mutable { promise.deliver(e); });
      } else if (node->link == way::requests_only) {
        caf::anon_send(leases, what);
      }
      return promise;
    },
    [=](const lease_act& what) -> caf::result<std::uint64_t> {
      auto promise = self->make_response_promise<std::uint64_t>();
      if (node->link == way::open) {
        self->request(leases, caf::infinite, what)
          .then([promise](std::uint64_t n) mutable { promise.deliver(n); }, [promise](const caf::error& e) mutable { promise.deliver(e); });
      } else if (node->link == way::requests_only) {
        caf::anon_send(leases, what);
      }
      return promise;
    },
    [=](tick_atom) {
      node->under_way.front()();
      node->under_way.pop_front();
    },
  };
}

/// What runs under the lease: acts now and then, and stops when it is refused.
caf::behavior worker(caf::event_based_actor* self, simulated_node* node, std::uint64_t epoch) {
  const auto id = self->id();
  node->running.insert(id);
  ++node->begun;
  self->set_exit_handler([=](const caf::exit_msg& exit) {
    if (node->ignores_exit) return; // frozen: acts on when it wakes
    node->told_to_end = self->clock().now();
    if (node->ends_after.count() > 0) return self->delayed_send(self, node->ends_after, report_atom::value);
    node->running.erase(id);
    self->quit(exit.reason);
  });
  self->delayed_send(self, acts_every, tick_atom::value);
  return {
    [=](tick_atom) {
      self->request(node->gate, seconds{1}, lease_act{"one", epoch, node->name})
        .then([](std::uint64_t) {},
              [=](const caf::error& e) {
                if (from_caf_error(e).code != errc::conflict) return;
                node->running.erase(id);
                self->quit();
              });
      self->delayed_send(self, acts_every, tick_atom::value);
    },
    [=](report_atom) {
      node->running.erase(id);
      self->quit();
    },
  };
}

class singletons : public ::testing::Test {
protected:
  singletons() : system(config), scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    begin = scheduler.clock().now();
    auto clock = [this] { return from_unix_seconds(1'000'000) + std::chrono::duration_cast<nanoseconds>(scheduler.clock().now() - begin); };
    auto opened = open_sqlite_lease_store(":memory:", clock);
    store = std::shared_ptr<lease_store>(std::move(*opened));
    leases = system.spawn(lease_actor, lease_store_opener{[this]() -> result<std::unique_ptr<lease_store>> {
                            return {std::make_unique<borrowed>(store)};
                          }});
  }

  ~singletons() override {
    for (auto& [name, node] : nodes) {
      node.ignores_exit = false;
      caf::anon_send_exit(node.singleton, caf::exit_reason::user_shutdown);
    }
    scheduler.run();
    for (auto& [name, node] : nodes) caf::anon_send_exit(node.gate, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(leases, caf::exit_reason::user_shutdown);
    for (const auto& z : workers) caf::anon_send_exit(z, caf::exit_reason::kill);
    scheduler.run();
  }

  void add(const std::string& name) {
    auto& node = nodes[name];
    node.name = name;
    node.gate = system.spawn(gate_actor, &node, leases);
    auto options = std::make_shared<singleton_options>();
    options->lease = "one";
    options->holder = name;
    options->ttl = ttl;
    options->clock = node.clock;
    options->leases = [&node] { return node.gate; };
    options->start = [this, &node](std::uint64_t epoch) -> caf::actor {
      if (node.cannot_start) return ++node.vain_starts, nullptr;
      EXPECT_TRUE(epochs.insert(epoch).second) << "run twice under epoch " << epoch;
      workers.push_back(system.spawn(worker, &node, epoch));
      return workers.back();
    };
    options->is_known = [this] { return std::ranges::any_of(nodes, [](const auto& n) { return !n.second.running.empty(); }); };
    options->on_trouble = [&node](const std::string& why) { node.troubles.push_back(why); };
    node.singleton = system.spawn(singleton_actor, options);
  }

  /// A machine that is suspended now and then: to its clock that is time, to its timers it is not.
  void add_with_sleep(const std::string& name, nanoseconds* slept) {
    nodes[name].clock = [this, slept] { return utc_time{std::chrono::duration_cast<nanoseconds>(scheduler.clock().now() - begin)} + *slept; };
    add(name);
  }

  void remove(const std::string& name) {
    auto& node = nodes.at(name);
    caf::anon_send_exit(node.singleton, caf::exit_reason::user_shutdown);
    pass(seconds{1});
    caf::anon_send_exit(node.gate, caf::exit_reason::user_shutdown);
    node.gate = node.singleton = nullptr;
    scheduler.run();
    nodes.erase(name);
  }

  void pass(milliseconds time, milliseconds look_every = step) {
    for (milliseconds done{0}; done < time; done += look_every) {
      scheduler.advance_time(look_every);
      scheduler.run();
      std::size_t honest = 0;
      for (const auto& [name, node] : nodes) honest += node.ignores_exit ? 0 : node.running.size();
      most_at_once = std::max(most_at_once, honest);
    }
  }

  [[nodiscard]] std::string holder() const {
    std::string out;
    for (const auto& [name, node] : nodes)
      if (!node.running.empty()) out += name;
    return out;
  }

  /// What the store has written down: epochs never go back, one holder each.
  std::size_t expect_one_at_a_time() {
    const auto acts = *store->acts("one", 1'000'000);
    std::map<std::uint64_t, std::string> holders;
    for (std::size_t i = 0; i < acts.size(); ++i) {
      EXPECT_GE(acts[i].epoch, acts[i == 0 ? 0 : i - 1].epoch) << "act " << i;
      EXPECT_EQ(holders.try_emplace(acts[i].epoch, acts[i].what).first->second, acts[i].what) << "two holders under one epoch";
    }
    return acts.size();
  }

  /// A store that the test looks into while the lease actor owns it.
  struct borrowed final : lease_store {
    explicit borrowed(std::shared_ptr<lease_store> s) : real(std::move(s)) {}
    result<lease_grant> acquire(const std::string& n, const std::string& h, milliseconds t) override { return real->acquire(n, h, t); }
    result<lease_grant> seize(const std::string& n, const std::string& h, milliseconds t) override { return real->seize(n, h, t); }
    result<lease_grant> renew(const std::string& n, std::uint64_t e, milliseconds t) override { return real->renew(n, e, t); }
    result<void> release(const std::string& n, std::uint64_t e) override { return real->release(n, e); }
    result<void> guarded(const std::string& n, std::uint64_t e, const guarded_work& w) override { return real->guarded(n, e, w); }
    result<std::uint64_t> act(const lease_act& a) override { return real->act(a); }
    result<std::vector<lease_act>> acts(const std::string& n, std::size_t l) override { return real->acts(n, l); }
    std::shared_ptr<lease_store> real;
  };

  lease_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::actor_clock::time_point begin;
  std::shared_ptr<lease_store> store;
  caf::actor leases;
  std::map<std::string, simulated_node> nodes;
  std::vector<caf::actor> workers;
  std::set<std::uint64_t> epochs; ///< under which something was started
  std::size_t most_at_once = 0;
};

TEST_F(singletons, one_runs_and_stays) {
  for (const auto* name : {"a", "b", "c"}) add(name);
  pass(seconds{20});
  EXPECT_EQ(holder().size(), 1u);
  std::uint64_t begun = 0;
  for (const auto& [name, node] : nodes) begun += node.begun;
  EXPECT_EQ(begun, 1u);
  EXPECT_EQ(most_at_once, 1u);
  EXPECT_GT(expect_one_at_a_time(), 150u);
}

TEST_F(singletons, a_lease_that_nobody_answers_for_is_told_of_now_and_then) {
  add("a");
  auto& a = nodes.at("a");
  pass(seconds{20});
  a.link = way::closed;
  pass(ttl / 2);
  EXPECT_TRUE(a.troubles.empty()); // a hiccup
  pass(seconds{60});
  EXPECT_GE(a.troubles.size(), 5u);
  EXPECT_LE(a.troubles.size(), 6u); // once in ten seconds
  a.link = way::open;
  a.troubles.clear();
  pass(seconds{60});
  EXPECT_TRUE(a.troubles.empty());
  EXPECT_EQ(holder(), "a");
}

TEST_F(singletons, a_node_that_has_nothing_to_run_rests_longer_and_longer) {
  add("a");
  auto& a = nodes.at("a");
  a.cannot_start = true;
  pass(seconds{120});
  EXPECT_GE(a.vain_starts, 5);
  EXPECT_LE(a.vain_starts, 9); // without a rest: a hundred and sixty
  add("b");
  pass(seconds{2});
  EXPECT_EQ(holder(), "b");
  // it is not out for good
  remove("b");
  a.cannot_start = false;
  pass(longest_rest);
  EXPECT_EQ(holder(), "a");
}

TEST_F(singletons, a_holder_that_stops_hands_over_at_once) {
  add("a");
  pass(seconds{2});
  add("b");
  pass(seconds{2});
  EXPECT_EQ(holder(), "a");
  caf::anon_send_exit(nodes["a"].singleton, caf::exit_reason::user_shutdown);
  pass(seconds{1});
  EXPECT_EQ(holder(), "b");
}

TEST_F(singletons, a_holder_that_is_cut_off_stops_before_another_begins) {
  add("a");
  pass(seconds{2});
  add("b");
  pass(seconds{2});
  nodes["a"].link = way::closed;
  pass(ttl + ttl / 2);
  EXPECT_EQ(holder(), "b");
  EXPECT_EQ(most_at_once, 1u);
  nodes["a"].link = way::open;
  pass(seconds{5});
  EXPECT_EQ(holder(), "b");
}

TEST_F(singletons, a_lease_that_was_long_under_way_is_renewed_at_once) {
  nodes["a"].link = way::late;
  nodes["a"].delay = milliseconds{2'300};
  add("a");
  pass(milliseconds{2'290});
  auto& a = nodes.at("a");
  EXPECT_EQ(holder(), "");
  a.link = way::open; // it was a busy moment
  pass(seconds{10});
  EXPECT_EQ(holder(), "a");
  EXPECT_EQ(a.begun, 1u) << "began, ended and began again";
}

TEST_F(singletons, a_holder_that_wakes_from_a_suspension_ends_before_it_asks_anybody) {
  nanoseconds slept{0};
  add_with_sleep("a", &slept);
  for (const auto woken_after : {1, 120, 333, 700}) {
    pass(seconds{4} + milliseconds{woken_after}, milliseconds{1});
    auto& a = nodes.at("a");
    ASSERT_EQ(holder(), "a");
    a.told_to_end.reset();
    a.link = way::closed; // nobody tells it
    const auto woken = scheduler.clock().now();
    slept += ttl;
    pass(suspension_check, milliseconds{1});
    ASSERT_TRUE(a.told_to_end) << "acts under a lease that ran out in its sleep";
    EXPECT_LE(*a.told_to_end - woken, suspension_check);
    EXPECT_EQ(holder(), "");
    a.link = way::open;
    pass(2 * ttl);
    EXPECT_EQ(holder(), "a"); // under a new epoch, see `epochs`
  }
}

TEST_F(singletons, a_short_suspension_costs_nothing) {
  nanoseconds slept{0};
  add_with_sleep("a", &slept);
  pass(seconds{4});
  slept += ttl / 2; // less than is left, and the next renewal is soon
  pass(seconds{10});
  EXPECT_EQ(holder(), "a");
  EXPECT_EQ(nodes.at("a").begun, 1u);
}

TEST_F(singletons, an_answer_that_lay_there_during_a_suspension_prolongs_nothing) {
  nanoseconds slept{0};
  add_with_sleep("a", &slept);
  pass(seconds{4});
  auto& a = nodes.at("a");
  a.link = way::late;
  a.delay = milliseconds{1};
  while (a.under_way.empty()) pass(milliseconds{1}, milliseconds{1}); // a renewal is granted, and its answer is under way
  ASSERT_EQ(holder(), "a");
  slept += ttl;
  pass(a.delay, milliseconds{1}); // it is the first thing that it hears when it wakes
  EXPECT_TRUE(a.under_way.empty());
  EXPECT_EQ(holder(), "");
  pass(seconds{1}); // what else was under way
}

TEST(boot_time, runs_at_the_pace_of_the_steady_clock_while_the_machine_is_awake) {
  const auto steady = [] { return std::chrono::steady_clock::now(); }; // det-ok: what is tested is a clock
  const auto before = steady();
  const auto first = boot_time();
  while (boot_time() - first < milliseconds{20}) {
  }
  EXPECT_GE(steady() - before, milliseconds{19});
}

TEST_F(singletons, a_holder_is_told_to_end_while_an_eighth_of_its_time_is_left) {
  for (const auto cut_after : {1, 200, 333, 749, 750, 1'111}) {
    add("a");
    auto& a = nodes.at("a");
    pass(seconds{4} + milliseconds{cut_after}, milliseconds{1});
    ASSERT_EQ(holder(), "a");
    a.told_to_end.reset();
    a.link = way::closed;
    pass(ttl, milliseconds{1});
    ASSERT_TRUE(a.asked && a.told_to_end);
    EXPECT_EQ(*a.told_to_end - *a.asked, safe_part) << "cut off after " << cut_after;
    a.link = way::open;
    pass(ttl);
    remove("a");
  }
}

TEST_F(singletons, a_lease_that_is_held_by_nobody_who_runs_it_is_told_of_now_and_then) {
  ASSERT_TRUE(store->acquire("one", "ghost", seconds{40}));
  add("a");
  pass(quiet_ttls * ttl - step);
  EXPECT_TRUE(nodes["a"].troubles.empty());
  pass(seconds{25});
  ASSERT_GE(nodes["a"].troubles.size(), 2u);
  EXPECT_LE(nodes["a"].troubles.size(), 3u);
  EXPECT_EQ(nodes["a"].troubles[0], "ghost holds one, and nobody is known to run it");
  pass(seconds{10});
  EXPECT_EQ(holder(), "a");
  nodes["a"].troubles.clear();
  add("b");
  pass(seconds{60});
  EXPECT_TRUE(nodes["a"].troubles.empty() && nodes["b"].troubles.empty()); // it runs, all know
}

// The end comes while a renewal is on its way: it is granted, but what it was for has been told to end.
TEST_F(singletons, what_was_stopped_is_not_started_again_under_its_epoch) {
  add("a");
  auto& a = nodes.at("a");
  pass(seconds{4}, milliseconds{1});
  a.link = way::closed;
  a.told_to_end.reset();
  a.delay = milliseconds{700};
  while (scheduler.clock().now() - *a.asked < safe_part - milliseconds{600}) pass(milliseconds{1}, milliseconds{1});
  a.link = way::late;
  pass(ttl, milliseconds{1});
  EXPECT_TRUE(a.told_to_end);
  a.link = way::open;
  pass(ttl, milliseconds{1});
  EXPECT_EQ(holder(), "a");
  EXPECT_GE(epochs.size(), 2u);
  EXPECT_EQ(most_at_once, 1u);
}

// The thing needs half of the margin to end. Answers of the store are late, later than they may be, or never come.
TEST_F(singletons, what_takes_its_time_to_end_has_ended_when_another_begins) {
  for (const auto* name : {"a", "b", "c"}) {
    add(name);
    nodes[name].ends_after = ttl / 16;
  }
  pass(seconds{5}, milliseconds{1});
  std::mt19937 draw{7};
  std::uint64_t begun = 0;
  for (int round = 0; round < 60; ++round) {
    for (auto& [name, node] : nodes) {
      const bool has_it = holder() == name;
      // of a link one delay only: answers keep their order
      node.link = has_it || draw() % 3 == 0 ? (draw() % 2 ? way::closed : way::late) : way::open;
      if (node.under_way.empty()) node.delay = milliseconds{100 + draw() % 1'600};
    }
    pass(milliseconds{2'000 + draw() % 4'000}, milliseconds{1});
    ASSERT_LE(most_at_once, 1u) << "round " << round;
  }
  for (const auto& [name, node] : nodes) begun += node.begun;
  EXPECT_GT(begun, 20u);
  expect_one_at_a_time();
}

TEST_F(singletons, what_ends_by_itself_is_started_again) {
  add("a");
  pass(seconds{2});
  caf::anon_send_exit(workers.back(), caf::exit_reason::kill);
  scheduler.run();
  nodes["a"].running.clear(); // killed: it could not say so
  pass(seconds{2});
  EXPECT_EQ(nodes["a"].begun, 2u);
  EXPECT_EQ(holder(), "a");
}

TEST_F(singletons, a_frozen_holder_is_refused_when_it_wakes) {
  add("a");
  pass(seconds{2});
  add("b");
  nodes["a"].ignores_exit = true; // it will not notice that its time is up
  nodes["a"].link = way::closed;
  pass(seconds{10});
  EXPECT_EQ(holder(), "ab"); // both believe
  nodes["a"].link = way::open;
  pass(seconds{2});
  EXPECT_EQ(holder(), "b");
  const auto acts = *store->acts("one", 10'000);
  bool b_began = false;
  for (const auto& act : acts) {
    b_began |= act.what == "b";
    EXPECT_FALSE(b_began && act.what == "a");
  }
  EXPECT_TRUE(b_began);
  expect_one_at_a_time();
}

TEST_F(singletons, five_hundred_partitions_and_never_two) {
  for (const auto* name : {"a", "b", "c"}) add(name);
  std::mt19937 draw{20260115};
  const way ways[] = {way::open, way::closed, way::requests_only};
  std::set<std::string> holders;
  for (int round = 0; round < 500; ++round) {
    for (auto& [name, node] : nodes) {
      node.link = draw() % 3 ? node.link : ways[draw() % 3];
      node.ignores_exit = draw() % 8 == 0 && node.running.empty() ? true : node.running.empty() ? false : node.ignores_exit;
    }
    // 10 ms to 10 s, short ones more often
    pass(milliseconds{10 + (draw() % 100) * (draw() % 100)});
    if (round % 10 == 9) {
      for (auto& [name, node] : nodes) node.link = way::open;
      pass(2 * ttl);
      EXPECT_EQ(holder().size(), 1u) << "not healed after round " << round;
      holders.insert(holder());
    }
  }
  EXPECT_LE(most_at_once, 1u);
  EXPECT_EQ(holders.size(), 3u);
  EXPECT_GT(expect_one_at_a_time(), 1'000u);
}

} // namespace
} // namespace tt::cluster
