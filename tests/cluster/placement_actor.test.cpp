// The placement in virtual time: hosts are actors of the test, their names come when the test says so.

#include "actors/market/caf_error.hpp"
#include "actors/market/directory_actor.hpp"
#include "actors/model/calendar.hpp"
#include "bus/messages.hpp"
#include "bus/node.hpp"
#include "cluster/actor_config.hpp"
#include "cluster/codec_types.hpp"
#include "cluster/placement/placement_actor.hpp"
#include "cluster/placement/symbol_directory_actor.hpp"

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
    [=](const market::host_look&) {
      market::hosted_list out;
      for (const auto& [name, actor] : what->symbols) out.symbols.push_back({name, actor});
      return out;
    },
    [=](const market::host_order& order) {
      what->asked.push_back(order.symbol);
      auto& actor = what->symbols[order.symbol];
      if (!actor) actor = self->spawn(symbol);
      return actor;
    },
    [=](const market::host_end& end) {
      what->ended.push_back(end.symbol);
      what->symbols.erase(end.symbol);
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
    subject = system.spawn(placement_actor, &bus::node::of(system), 1, scheduler.clock().now() + gathering, std::move(is_linked));
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
    return {[self](const market::host_look&) { return self->make_response_promise<market::hosted_list>(); }}; // never
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

/// Real hosts, and two placements of which the first one has lost its lease without noticing.
class two_placements : public placement {
protected:
  two_placements() {
    for (const auto* name : {"a", "b"}) {
      caf::anon_send_exit(directories[name], caf::exit_reason::kill);
      directories[name] = system.spawn(market::hosting_directory_actor, master, [this](const instrument& what) {
        market::symbol_options options;
        options.what = std::make_shared<const instrument>(what);
        options.clock = [] { return utc_time{}; };
        return options;
      }, [this, name](const std::string& symbol, const caf::actor& actor) { begun.push_back({name, symbol, actor}); });
    }
    old = begin(1);
  }

  ~two_placements() override { caf::anon_send_exit(old, caf::exit_reason::kill); }

  static std::shared_ptr<const instrument_master> coins() {
    std::vector<instrument> list;
    for (int i = 0; i < 20; ++i) {
      instrument what;
      what.symbol = "C" + std::to_string(i);
      what.exchange = "X";
      what.kind = asset_class::crypto;
      what.calendar_id = "24X7";
      what.calendar = *find_calendar("24X7");
      list.push_back(what);
    }
    return std::make_shared<const instrument_master>(*instrument_master::make(list));
  }

  caf::actor begin(std::uint64_t epoch) {
    auto out = system.spawn(placement_actor, &bus::node::of(system), epoch, caf::actor_clock::time_point{}, std::function<bool()>{});
    scheduler.run();
    return out;
  }

  void link_to(const caf::actor& which, const std::string& host) {
    caf::anon_send(which, bus::name_event{std::string(host_prefix) + host, directories[host]});
    scheduler.run();
  }

  /// What a placement answers; null for an error.
  std::optional<caf::actor> answer_of(const caf::actor& which, const std::string& symbol) {
    std::optional<caf::actor> out;
    system.spawn([&](caf::event_based_actor* self) {
      self->request(which, caf::infinite, market::symbol_atom::value, symbol)
        .then([&](const caf::actor& found) { out = found; }, [&](const caf::error&) { out = caf::actor{}; });
    });
    scheduler.run();
    return out;
  }

  bool lives(const caf::actor& what) {
    return !caf::actor_cast<caf::strong_actor_ptr>(what)->get()->getf(caf::abstract_actor::is_terminated_flag);
  }

  struct start_of {
    std::string host, symbol;
    caf::actor actor;
  };

  std::shared_ptr<const instrument_master> master = coins();
  std::vector<start_of> begun;
  caf::actor old;
};

TEST_F(two_placements, an_order_of_the_one_that_lost_its_lease_is_refused_and_it_ends) {
  link_to(old, "a");
  const auto before = answer_of(old, "C0");
  ASSERT_TRUE(before && *before);
  subject = begin(2);
  link_to(subject, "a");
  const auto started = begun.size();
  EXPECT_EQ(answer_of(subject, "C0"), before); // adopted
  EXPECT_EQ(answer_of(old, "C1"), caf::actor{});
  EXPECT_EQ(begun.size(), started) << "a symbol was started for a placement without a lease";
  EXPECT_FALSE(lives(old));
  EXPECT_TRUE(*answer_of(subject, "C1"));
}

TEST_F(two_placements, not_even_what_lives_is_answered_for_by_the_one_that_lost_its_lease) {
  link_to(old, "a");
  ASSERT_TRUE(*answer_of(old, "C0"));
  subject = begin(2);
  link_to(subject, "a");
  EXPECT_EQ(answer_of(old, "C0"), caf::actor{});
}

TEST_F(two_placements, the_one_that_lost_its_lease_ends_no_symbol_of_a_host_that_the_next_one_knows) {
  link_to(old, "a");
  const auto first = answer_of(old, "C0");
  // while it sleeps, C0 is placed elsewhere: its node was cut off from a
  subject = begin(2);
  link_to(subject, "b");
  const auto second = answer_of(subject, "C0");
  ASSERT_TRUE(second && *second);
  ASSERT_NE(first, second);
  // it wakes, finds b, and would have C0 end there, for it lives on a by what it knows
  link_to(old, "b");
  pass(reconcile_interval);
  EXPECT_TRUE(lives(*second));
  EXPECT_FALSE(lives(old));
  // the new one comes to a and has the older life end
  link_to(subject, "a");
  EXPECT_FALSE(lives(*first));
  EXPECT_EQ(answer_of(subject, "C0"), second);
}

TEST_F(two_placements, whoever_waits_for_the_one_that_lost_its_lease_is_told) {
  subject = begin(2);
  link_to(subject, "a");
  std::optional<caf::error> told;
  directories["stuck"] = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](const market::host_look&) { return self->make_response_promise<market::hosted_list>(); }};
  });
  link_to(old, "stuck");
  system.spawn([&](caf::event_based_actor* self) {
    self->request(old, caf::infinite, market::symbol_atom::value, "C0").then([](const caf::actor&) {}, [&](const caf::error& e) { told = e; });
  });
  scheduler.run();
  EXPECT_FALSE(told);
  link_to(old, "a");
  ASSERT_TRUE(told);
  EXPECT_EQ(from_caf_error(*told).code, errc::not_available);
}

TEST_F(two_placements, an_end_that_was_under_way_when_the_lease_was_lost_comes_too_late) {
  subject = begin(2);
  link_to(subject, "a");
  const auto found = answer_of(subject, "C0");
  caf::anon_send(directories["a"], market::host_end{"C0", 1});
  scheduler.run();
  EXPECT_TRUE(lives(*found));
  caf::anon_send(directories["a"], market::host_end{"C0", 2});
  scheduler.run();
  EXPECT_FALSE(lives(*found));
}

TEST_F(two_placements, nobody_but_a_placement_has_a_symbol_started_where_one_is_known) {
  EXPECT_TRUE(*answer_of(directories["b"], "C0")); // a host that has heard of none
  subject = begin(2);
  link_to(subject, "a");
  EXPECT_EQ(answer_of(directories["a"], "C0"), caf::actor{});
}

TEST_F(two_placements, of_moves_only_those_told_by_the_later_one_are_believed) {
  const auto directory = system.spawn(symbol_directory_actor, &bus::node::of(system), master);
  std::vector<std::string> told;
  const auto asker = system.spawn([&, directory](caf::event_based_actor* self) -> caf::behavior {
    self->request(directory, caf::infinite, market::symbol_atom::value, "C0").then([](const caf::actor&) {}, [](const caf::error&) {});
    return {[&](const market::symbol_moved& moved) { told.push_back(moved.symbol); }};
  });
  scheduler.run();
  for (const auto& [symbol, epoch] : {std::pair{"C0", 1}, {"C1", 2}, {"C2", 1}, {"C3", 2}})
    caf::anon_send(directory, market::symbol_moved{symbol, asker, static_cast<std::uint64_t>(epoch)});
  scheduler.run();
  EXPECT_EQ(told, (std::vector<std::string>{"C0", "C1", "C3"}));
  for (const auto& one : {directory, asker}) caf::anon_send_exit(one, caf::exit_reason::kill);
  scheduler.run();
}

} // namespace
} // namespace tt::cluster
