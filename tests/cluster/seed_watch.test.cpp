// Seeds that do not answer are named, in virtual time.

#include "cluster/actor_config.hpp"
#include "cluster/membership/seed_watch_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <set>

namespace tt::cluster {
namespace {

struct virtual_time : actor_config {
  virtual_time() : actor_config(1) { set("scheduler.policy", caf::atom("testing")); }
};

TEST(seed_watch, names_the_seeds_that_are_not_linked) {
  virtual_time config;
  caf::actor_system system{config};
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  std::set<std::string> linked{"beta"};
  std::vector<std::string> missing;
  auto options = std::make_shared<seed_watch_options>();
  options->seeds = {"alpha", "beta"};
  options->is_linked = [&](const std::string& seed) { return linked.contains(seed); };
  options->on_missing = [&](const std::string& seed) { missing.push_back(seed); };
  const auto watch = system.spawn(seed_watch_actor, options);
  scheduler.run();
  const auto pass = [&](caf::timespan time) {
    scheduler.advance_time(time);
    scheduler.run();
  };
  pass(std::chrono::seconds{4});
  EXPECT_TRUE(missing.empty()); // they may still be starting
  pass(std::chrono::seconds{1});
  EXPECT_EQ(missing, std::vector<std::string>{"alpha"});
  pass(std::chrono::seconds{59});
  EXPECT_EQ(missing.size(), 1u);
  linked = {"alpha"};
  pass(std::chrono::seconds{1});
  EXPECT_EQ(missing, (std::vector<std::string>{"alpha", "beta"}));
  caf::anon_send_exit(watch, caf::exit_reason::user_shutdown);
  scheduler.run();
}

} // namespace
} // namespace tt::cluster
