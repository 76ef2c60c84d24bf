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
  void start(milliseconds gathering) {
    subject = system.spawn(placement_actor, &bus::node::of(system), scheduler.clock().now() + gathering);
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

TEST_F(placement, of_a_node_that_runs_for_long_places_at_once) {
  start(milliseconds{0});
  link("a");
  ask("NEW");
  EXPECT_TRUE(answers["NEW"]);
}

} // namespace
} // namespace tt::cluster
