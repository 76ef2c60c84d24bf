// Workers that the coordinator's node has spawned on another one, by name, over
// the bus: they work for it, one crew per node, again after an end, and their
// node's death is noticed.

#include "cluster/backtest/crew_host.hpp"
#include "cluster/backtest/recruiter_actor.hpp"
#include "tests/cluster/bare_node.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace tt::cluster::test {
namespace {

using namespace std::chrono_literals;
using namespace backtest;

constexpr auto patience = 60s;

/// A trial that says where it was run.
class local_runner final : public shard_runner {
public:
  result<std::string> run(std::string_view text, std::span<const std::shared_ptr<const bar_set>>, const extra_bars&, run_control&) const override {
    return "done: " + std::string(text);
  }
};

class crew_by_name : public ::testing::Test {
protected:
  crew_by_name() : home("home", {}) {
    auto options = std::make_shared<recruiter_options>();
    options->agent = [node = home.bus](const std::string& name) { return node->agent(name); };
    recruiter = home.system->spawn(recruiter_actor, std::shared_ptr<const recruiter_options>(options));
    caf::anon_send(recruiter, coordinator_change{coordinator()});
    start_away();
  }

  ~crew_by_name() override {
    caf::anon_send_exit(recruiter, caf::exit_reason::user_shutdown);
    recruiter = nullptr;
    stop_away();
    self.reset();
    home.bus->stop();
  }

  caf::actor coordinator() const { return caf::actor_cast<caf::actor>((*self).ptr()); }

  void start_away() {
    away = std::make_unique<bare_node>("away", std::vector<bus::peer_address>{{"home", home.bus->control_endpoint()}},
                                       [this](caf::actor_system_config& config) { host = crew_host::attach(config); });
    crew_options options;
    options.node = "away";
    options.workers = 2;
    options.make_runner = [](job_kind, const std::string&) -> result<std::shared_ptr<const shard_runner>> {
      return std::shared_ptr<const shard_runner>(std::make_shared<local_runner>());
    };
    host->open(*away->system, options);
    // as membership would
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!home.bus->agent("away") && std::chrono::steady_clock::now() < until) {}
    caf::anon_send(recruiter, recruit_change{"away", recruiting::hosts_workers});
  }

  void stop_away() {
    if (!away) return;
    host->close();
    away->bus->stop();
    away.reset();
  }

  /// The next crew that offers itself.
  caf::actor next_crew() {
    caf::actor out;
    (*self)->receive([&](const crew_hello& hello) { out = hello.crew; }, caf::after(patience) >> [] { ADD_FAILURE() << "no crew offers itself"; });
    return out;
  }

  void await_down(const caf::actor& whom) {
    (*self)->receive([&](const caf::down_msg& down) { EXPECT_EQ(down.source, whom.address()); },
                     caf::after(patience) >> [] { ADD_FAILURE() << "its end is not told"; });
  }

  bare_node home;
  std::optional<caf::scoped_actor> self{std::in_place, *home.system}; ///< stands in for the coordinator
  std::unique_ptr<bare_node> away;
  std::shared_ptr<crew_host> host;
  caf::actor recruiter;
};

TEST_F(crew_by_name, does_a_trial_on_the_node_that_hosts_it) {
  const auto crew = next_crew();
  ASSERT_TRUE(crew);
  EXPECT_NE(crew->node(), home.system->node());
  EXPECT_EQ(crew->node(), away->system->node());
  (*self)->send(crew, job_intro{7, job_kind::study, "{}"});
  (*self)->request(crew, patience, shard_order{7, 3, 1, "42", {}, {}}).receive([](bool taken) { EXPECT_TRUE(taken); }, [](const caf::error&) { FAIL(); });
  bool reported = false;
  (*self)->receive(
    [&](const shard_report& report) {
      reported = true;
      EXPECT_EQ(report.end, shard_end::computed);
      EXPECT_EQ(report.bytes, "done: 42");
      return true;
    },
    caf::after(patience) >> [] {});
  EXPECT_TRUE(reported);
}

TEST_F(crew_by_name, that_ends_is_spawned_again) {
  const auto first = next_crew();
  (*self)->monitor(first);
  (*self)->send_exit(first, caf::exit_reason::kill);
  await_down(first);
  const auto second = next_crew();
  EXPECT_NE(first, second);
  EXPECT_EQ(second->node(), away->system->node());
}

TEST_F(crew_by_name, dies_with_its_node_and_comes_back_with_it) {
  const auto first = next_crew();
  (*self)->monitor(first);
  caf::anon_send(recruiter, recruit_change{"away", recruiting::gone});
  stop_away();
  await_down(first);
  start_away();
  EXPECT_NE(next_crew(), first);
}

TEST_F(crew_by_name, there_is_one_on_a_node_however_often_it_is_asked_for) {
  const auto first = next_crew();
  (*self)->monitor(first);
  caf::actor second;
  (*self)->request(home.bus->agent("away"), patience, bus::spawn_request{crew_type, caf::make_message(coordinator())})
    .receive([&](const caf::actor& spawned) { second = spawned; }, [](const caf::error& e) { FAIL() << bus::text_of(e); });
  await_down(first);
  EXPECT_NE(first, second);
}

TEST_F(crew_by_name, ends_with_the_coordinator_that_it_was_spawned_for) {
  const auto first = next_crew();
  caf::scoped_actor other{*home.system};
  other->monitor(first);
  // another coordinator; the old one ends
  caf::scoped_actor later{*home.system};
  caf::anon_send(recruiter, coordinator_change{caf::actor_cast<caf::actor>(later.ptr())});
  caf::actor second;
  later->receive([&](const crew_hello& hello) { second = hello.crew; }, caf::after(patience) >> [] {});
  ASSERT_TRUE(second);
  EXPECT_NE(second, first);
  bool ended = false;
  other->receive([&](const caf::down_msg&) { ended = true; }, caf::after(patience) >> [] {});
  EXPECT_TRUE(ended);
}

TEST_F(crew_by_name, is_not_spawned_on_a_node_that_hosts_no_workers) {
  next_crew();
  host->close();
  const auto refused = [&](caf::message arguments) {
    std::string why;
    (*self)->request(home.bus->agent("away"), patience, bus::spawn_request{crew_type, std::move(arguments)})
      .receive([](const caf::actor&) { ADD_FAILURE() << "it was spawned"; }, [&](const caf::error& e) { why = bus::text_of(e); });
    return why;
  };
  EXPECT_NE(refused(caf::make_message(coordinator())).find("backtest_crew"), std::string::npos);
  EXPECT_FALSE(refused(caf::make_message(std::string("no coordinator"))).empty());
}

} // namespace
} // namespace tt::cluster::test
