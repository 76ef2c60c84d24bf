// The gateway's port of jobs on one node and a coordinator on another, over a data
// plane that loses every tenth message: what watchers hear ends with the truth all
// the same, and nothing travels that nobody follows.

#include "actors/backtest/coordinator_actor.hpp"
#include "actors/market/caf_error.hpp"
#include "gateways/bridge/actor_jobs_port.hpp"
#include "tests/cluster/bare_node.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>

namespace tt::cluster::test {
namespace {

using namespace std::chrono_literals;
using namespace backtest;

constexpr auto patience = 60s;

/// Passes on nine of ten news.
caf::behavior forgetful_relay(caf::event_based_actor* self, caf::actor reader, std::shared_ptr<std::atomic<int>> lost) {
  self->set_default_handler(caf::drop);
  auto draw = std::make_shared<std::mt19937>(11);
  return {[=](const job_news& news) {
    if ((*draw)() % 10 == 0) ++*lost;
    else self->send(reader, news);
  }};
}

struct coordinator_script {
  std::map<std::string, job_status> jobs;
  std::uint64_t seq = 0;
};

/// What the product's does with its news, and jobs that the test moves by job_status.
caf::behavior scripted_coordinator(caf::event_based_actor* self, bus::node* node) {
  auto script = std::make_shared<coordinator_script>();
  self->set_default_handler(caf::drop);
  return {
    [=](const job_status& status) {
      script->jobs[status.id] = status;
      node->topic(jobs_topic).publish(caf::make_message(job_news{++script->seq, status}));
      return true;
    },
    [=](board_atom) {
      job_board out{script->seq, {}};
      for (const auto& [id, status] : script->jobs)
        if (!is_final(status.state)) out.open.push_back(status);
      return out;
    },
    [=](status_atom, const job_name& what) -> caf::result<job_status> {
      const auto at = script->jobs.find(what.id);
      if (at == script->jobs.end()) return to_caf_error({errc::not_found, "no such job"});
      return at->second;
    },
    [](figures_atom) { return job_figures{}; },
  };
}

class remote_jobs : public ::testing::Test {
protected:
  remote_jobs() : home("home", {}), away("away", {{"home", home.bus->control_endpoint()}}) { start_coordinator(); }

  ~remote_jobs() override {
    port.reset();
    caf::anon_send_exit(relay, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(coordinator, caf::exit_reason::user_shutdown);
    relay = coordinator = nullptr;
    away.bus->stop();
    home.bus->stop();
  }

  void start_coordinator() {
    coordinator = home.system->spawn(scripted_coordinator, home.bus);
    home.bus->withdraw(std::string(coordinator_name));
    ASSERT_FALSE(home.bus->publish(std::string(coordinator_name), coordinator));
  }

  void open_port() {
    const auto join = [this](const caf::actor& reader) {
      relay = away.system->spawn(forgetful_relay, reader, lost);
      away.bus->subscribe(jobs_topic, relay, bus::delivery::every);
    };
    port = std::make_unique<gateway::actor_jobs_port>(*away.system, [node = away.bus] { return node->find(std::string(coordinator_name)); }, join);
    port->watch([this](const job_status& status) {
      const std::lock_guard lock(mutex);
      heard[status.id] = status;
      changed.notify_all();
    });
  }

  void move(const std::string& id, job_state state, double progress) {
    job_status status;
    status.id = id;
    status.state = state;
    status.progress = progress;
    caf::scoped_actor self{*home.system};
    self->request(coordinator, patience, status).receive([](bool) {}, [](const caf::error&) { FAIL(); });
  }

  bool wait_for(const std::function<bool()>& enough) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, enough);
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, job_status> heard; ///< outlives the actors that tell it
  std::shared_ptr<std::atomic<int>> lost = std::make_shared<std::atomic<int>>(0);
  bare_node home, away;
  caf::actor coordinator, relay;
  std::unique_ptr<gateway::actor_jobs_port> port;
};

TEST_F(remote_jobs, progress_and_ends_are_heard_though_messages_are_lost) {
  constexpr int jobs = 20, steps = 100;
  for (int job = 0; job < jobs; ++job) move("bt-" + std::to_string(job), job_state::queued, 0);
  open_port();
  ASSERT_TRUE(wait_for([&] { return heard.size() == jobs; })) << "the board tells of those that are open";
  for (int step = 1; step <= steps; ++step)
    for (int job = 0; job < jobs; ++job) {
      const bool last = step == steps - job; // each ends at another moment
      if (step <= steps - job) move("bt-" + std::to_string(job), last ? job_state::completed : job_state::running, step);
    }
  EXPECT_TRUE(wait_for([&] {
    return std::ranges::all_of(heard, [](const auto& one) { return one.second.state == job_state::completed; });
  })) << "an end was not heard";
  EXPECT_GT(*lost, 50);
  const std::lock_guard lock(mutex);
  for (int job = 0; job < jobs; ++job) EXPECT_EQ(heard["bt-" + std::to_string(job)].progress, steps - job);
}

TEST_F(remote_jobs, nothing_travels_that_nobody_follows) {
  move("bt-1", job_state::running, 1);
  move("bt-1", job_state::running, 2);
  EXPECT_EQ(home.bus->info().topics_published, 2u);
  EXPECT_EQ(home.bus->info().topics_sent, 0u);
  open_port();
  ASSERT_TRUE(wait_for([&] { return heard.contains("bt-1"); }));
  // the subscription travels by itself: news go over the plane as soon as it is there
  for (int i = 3; home.bus->info().topics_sent == 0 && i < 100'000; ++i) move("bt-1", job_state::running, i);
  EXPECT_GT(home.bus->info().topics_sent, 0u);
}

TEST_F(remote_jobs, another_coordinator_is_followed) {
  open_port();
  move("bt-1", job_state::running, 1);
  ASSERT_TRUE(wait_for([&] { return heard.contains("bt-1"); }));
  caf::anon_send_exit(coordinator, caf::exit_reason::kill);
  start_coordinator();
  move("bt-1", job_state::running, 50); // taken up from its store; its numbers begin anew
  move("bt-1", job_state::completed, 100);
  EXPECT_TRUE(wait_for([&] { return heard["bt-1"].state == job_state::completed; }));
}

} // namespace
} // namespace tt::cluster::test
