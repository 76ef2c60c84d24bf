// The placement in virtual time: hosts are actors of the test, their names come when the test says so.

#include "actors/market/caf_error.hpp"
#include "bus/messages.hpp"
#include "bus/node.hpp"
#include "cluster/actor_config.hpp"
#include "cluster/codec_types.hpp"
#include "cluster/placement/placement_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>

namespace tt::cluster {
namespace {

using std::chrono::milliseconds;

struct fake_host {
  std::map<std::string, caf::actor> symbols;
  std::vector<std::string> ended, asked;
};

caf::behavior symbol(caf::event_based_actor*) {
  return {[](tick_atom) {}};
}

/// A directory as hosts have it.
caf::behavior host(caf::event_based_actor* self, fake_host* what) {
  return {
    [=](market::hosted_atom) {
      market::hosted_list out;
      for (const auto& [name, actor] : what->symbols) out.symbols.push_back({name, actor});
      return out;
    },
    [=](market::symbol_atom, const std::string& name) {
      what->asked.push_back(name);
      auto& actor = what->symbols[name];
      if (!actor) actor = self->spawn(symbol);
      return actor;
    },
    [=](market::end_atom, const std::string& name) {
      what->ended.push_back(name);
      what->symbols.erase(name);
    },
  };
}

struct placement_config : actor_config {
  placement_config() : actor_config(1) {
    set("scheduler.policy", caf::atom("testing"));
    bus::config settings; // never started: it only has names for whoever watches
    settings.name = "seed";
    settings.security = bus::security::plain;
    bus::node::attach(*this, settings, project_types());
  }
};

class placement : public ::testing::Test {
protected:
  placement() : system(config), scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    for (const auto* name : {"a", "b", "c"}) directories[name] = system.spawn(host, &hosts[name]);
  }

  ~placement() override {
    for (auto& [name, directory] : directories) caf::anon_send_exit(directory, caf::exit_reason::kill);
    for (auto& [name, one] : hosts)
      for (auto& [symbol, actor] : one.symbols) caf::anon_send_exit(actor, caf::exit_reason::kill);
    caf::anon_send_exit(subject, caf::exit_reason::kill);
    scheduler.run();
  }

  /// The placement of a node that was started just now.
  void start(milliseconds gathering, std::function<bool()> is_linked = {}) {
    subject = system.spawn(placement_actor, &bus::node::of(system), scheduler.clock().now() + gathering, std::move(is_linked));
    scheduler.run();
  }

  void link(const std::string& name) {
    caf::anon_send(subject, bus::name_event{std::string(host_prefix) + name, directories[name]});
    scheduler.run();
  }

  void pass(milliseconds time) {
    for (milliseconds done{0}; done < time; done += milliseconds{50}) {
      scheduler.advance_time(milliseconds{50});
      scheduler.run();
    }
  }

  /// Asks for a symbol; the answer comes to `answers`.
  void ask(const std::string& name) {
    system.spawn([this, name](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, market::symbol_atom::value, name)
        .then([this, name](const caf::actor& found) { answers[name] = found; }, [this, name](const caf::error&) { answers[name] = nullptr; });
    });
    scheduler.run();
  }

  placement_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  std::map<std::string, fake_host> hosts;
  std::map<std::string, caf::actor> directories, answers;
  caf::actor subject;
};

TEST_F(placement, of_a_node_that_was_started_anew_moves_nothing_away_from_hosts_that_link_one_by_one) {
  std::map<std::string, caf::actor> before;
  for (int i = 0; i < 60; ++i) {
    const auto name = "S" + std::to_string(i);
    auto& where = hosts[std::string(1, static_cast<char>('a' + i % 3))];
    before[name] = where.symbols[name] = system.spawn(symbol);
  }
  start(gathering_time);
  for (const auto* name : {"b", "c", "a"}) {
    pass(milliseconds{700});
    for (const auto& [symbol, actor] : before) ask(symbol);
    link(name);
  }
  // what was found is answered for at once
  EXPECT_EQ(answers, before);
  pass(gathering_time + reconcile_interval);
  for (const auto& [symbol, actor] : before) ask(symbol);
  EXPECT_EQ(answers, before);
  for (const auto& [name, one] : hosts) EXPECT_TRUE(one.ended.empty()) << name << " lost " << one.ended.size();
}

TEST_F(placement, gives_new_symbols_a_home_when_the_hosts_have_had_the_time_to_link) {
  start(gathering_time);
  link("a");
  ask("NEW");
  pass(gathering_time - milliseconds{50});
  EXPECT_TRUE(answers.empty());
  pass(milliseconds{50});
  ASSERT_TRUE(answers["NEW"]);
  EXPECT_EQ(hosts["a"].symbols["NEW"], answers["NEW"]);
  ask("NEXT");
  EXPECT_TRUE(answers["NEXT"]); // at once from now on
}

TEST_F(placement, waits_for_a_host_that_is_known_and_takes_its_time_to_link) {
  const auto old = hosts["b"].symbols["OLD"] = system.spawn(symbol);
  bool all_linked = false;
  start(gathering_time, [&] { return all_linked; });
  link("a");
  pass(gathering_time + milliseconds{2'000});
  ask("OLD");
  EXPECT_TRUE(answers.empty()); // b may have it
  all_linked = true;
  link("b");
  EXPECT_EQ(answers["OLD"], old);
  pass(reconcile_interval);
  EXPECT_TRUE(hosts["b"].ended.empty());
  EXPECT_TRUE(hosts["a"].asked.empty());
}

TEST_F(placement, does_not_wait_for_ever_for_a_node_that_is_gone) {
  start(gathering_time, [] { return false; });
  link("a");
  ask("NEW");
  pass(gathering_limit - milliseconds{50});
  EXPECT_TRUE(answers.empty());
  pass(gathering_pause + milliseconds{50});
  EXPECT_TRUE(answers["NEW"]);
}

TEST_F(placement, uses_a_host_that_comes_late_and_moves_nothing_to_it) {
  start(gathering_time);
  link("a");
  pass(gathering_time);
  for (int i = 0; i < 20; ++i) ask("S" + std::to_string(i));
  const auto before = answers;
  // it comes with something of its own, which lives nowhere else, and with one that has been placed meanwhile
  const auto own = hosts["b"].symbols["OWN"] = system.spawn(symbol);
  hosts["b"].symbols["S0"] = system.spawn(symbol);
  pass(milliseconds{5'000});
  link("b");
  pass(reconcile_interval);
  ask("OWN");
  EXPECT_EQ(answers["OWN"], own);
  EXPECT_EQ(hosts["b"].ended, std::vector<std::string>{"S0"});
  for (const auto& [name, actor] : before) {
    ask(name);
    EXPECT_EQ(answers[name], actor) << name;
  }
  EXPECT_TRUE(hosts["a"].ended.empty());
  // what is new is shared out between both
  for (int i = 0; i < 40; ++i) ask("N" + std::to_string(i));
  EXPECT_GT(hosts["b"].asked.size(), 10u);
  EXPECT_GT(hosts["a"].asked.size(), 30u);
}

TEST_F(placement, that_found_no_host_places_as_soon_as_one_comes) {
  start(gathering_time);
  pass(gathering_time);
  ask("NEW");
  ASSERT_EQ(answers.count("NEW"), 1u);
  EXPECT_FALSE(answers["NEW"]); // not_available: whoever needs it asks again
  pass(milliseconds{20'000});
  link("c");
  ask("NEW");
  EXPECT_TRUE(answers["NEW"]);
}

TEST_F(placement, of_a_symbol_that_lives_is_not_delayed_by_a_host_that_is_stuck) {
  start(gathering_time);
  link("a");
  pass(gathering_time);
  ask("S");
  const auto known = answers["S"];
  answers.clear();
  directories["stuck"] = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](market::hosted_atom) { return self->make_response_promise<market::hosted_list>(); }}; // never
  });
  link("stuck");
  ask("S");
  EXPECT_EQ(answers["S"], known);
  ask("T");
  EXPECT_EQ(answers.count("T"), 0u); // the stuck one may have it
  pass(host_deadline);
  EXPECT_TRUE(answers["T"]);
}

TEST_F(placement, of_a_node_that_runs_for_long_places_at_once) {
  start(milliseconds{0});
  link("a");
  ask("NEW");
  EXPECT_TRUE(answers["NEW"]);
}

} // namespace
} // namespace tt::cluster
