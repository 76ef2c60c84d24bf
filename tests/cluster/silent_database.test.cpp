// A database server that is frozen holds up nobody for longer than the limit of a
// call, and a node that stops meanwhile is gone within two seconds.

#include "cluster/lease/lease_actor.hpp"
#include "cluster/lease/lease_store.hpp"
#include "tests/cluster/cluster_fixture.hpp"
#include "tests/cluster/silent_server.hpp"

#include "actors/market/caf_error.hpp"
#include "cluster/actor_config.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

namespace tt::cluster::test {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

/// What a busy machine may add.
constexpr auto slack = 500ms;

class silent_database : public cluster_test, public ::testing::WithParamInterface<silent_server::falls_silent> {};

TEST_P(silent_database, ends_a_call_at_its_limit) {
  silent_server server(GetParam());
  const auto began = steady::now();
  const auto store = open_postgres_lease_store(server.url());
  const auto took = steady::now() - began;
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, errc::io_error);
  EXPECT_NE(store.error().message.find("has not answered within 1000 ms"), std::string::npos) << store.error().message;
  EXPECT_GE(took, lease_call_limit - 100ms) << "it gave up before its time";
  EXPECT_LE(took, lease_call_limit + slack);
}

TEST_P(silent_database, makes_no_queue_of_those_that_ask) {
  silent_server server(GetParam());
  actor_config config(2);
  caf::actor_system system(config);
  const auto leases = system.spawn<caf::detached>(lease_actor, lease_store_opener{[url = server.url()] { return open_postgres_lease_store(url); }});
  caf::scoped_actor self{system};
  constexpr int questions = 20;
  const auto began = steady::now();
  for (int i = 0; i < questions; ++i) self->send(leases, lease_request{lease_op::acquire, "feed/" + std::to_string(i), "alpha", 0, 1000});
  self->request(leases, 60s, lease_request{lease_op::release, "feed/0", "alpha", 1, 1})
    .receive([](const lease_grant&) { ADD_FAILURE(); },
             [](const caf::error& e) { EXPECT_EQ(from_caf_error(e).code, errc::not_available) << to_string(from_caf_error(e)); });
  EXPECT_LE(steady::now() - began, lease_call_limit + slack);
  self->send_exit(leases, caf::exit_reason::user_shutdown);
}

TEST_P(silent_database, lets_a_node_stop_within_two_seconds) {
  silent_server server(GetParam());
  database_url = server.url();
  feed_config feed;
  feed.name = "sim";
  feed.kind = feed_kind::sim;
  feed.symbols = {"AAPL"};
  feeds = {feed};
  start("alpha", {role::feed, role::symbols, role::gateway});
  // it is asking, and has nothing to go on
  ASSERT_TRUE(server.wait_for_guests(2));
  const auto began = steady::now();
  nodes.clear();
  EXPECT_LE(steady::now() - began, 2s);
}

INSTANTIATE_TEST_SUITE_P(both, silent_database,
                         ::testing::Values(silent_server::falls_silent::at_once, silent_server::falls_silent::after_the_greeting),
                         [](const auto& of) { return of.param == silent_server::falls_silent::at_once ? "at_once" : "after_the_greeting"; });

} // namespace
} // namespace tt::cluster::test
