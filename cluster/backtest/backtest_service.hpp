#pragma once

// The backtest actors of one node: bar cache, crew, coordinator. Which of them a
// node has is said by its roles; a node that stands alone has all.

#include "actors/backtest/coordinator_actor.hpp"
#include "actors/model/instrument.hpp"
#include "cluster/backtest/crew_host.hpp"
#include "cluster/node_config.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>

namespace tt::cluster {

class backtest_service {
public:
  /// `directory` finds symbols. The actors are started by the calls below.
  backtest_service(caf::actor_system& system, const node_config& config, std::function<utc_time()> clock,
                   std::shared_ptr<const instrument_master> master, caf::actor directory);
  ~backtest_service();
  backtest_service(const backtest_service&) = delete;
  backtest_service& operator=(const backtest_service&) = delete;

  /// From here on the coordinator of the cluster may have a crew spawned here.
  void host_crews(std::shared_ptr<crew_host> host);
  /// Makes the coordinator, and another one should it break off; `on_start` is told of each, in an actor's context.
  /// `publish` brings news of jobs to other nodes.
  void keep_coordinator(std::function<void(const caf::actor&)> on_start, std::function<void(const backtest::job_news&)> publish);
  /// Has crews spawned for the coordinator that is kept here; the actor that is given takes recruit_change. `agent` as in
  /// recruiter_options. After keep_coordinator.
  caf::actor recruit(std::function<caf::actor(const std::string& node)> agent);
  /// The coordinator of a node that stands alone: made here, known to the crew.
  void start_alone();
  [[nodiscard]] const caf::actor& coordinator() const { return coordinator_; }
  /// Ends the actors; runs under way are cancelled.
  void stop();

private:
  [[nodiscard]] backtest::crew_options crew_settings();
  std::shared_ptr<backtest::coordinator_options> coordinator_settings();
  const caf::actor& bars();
  [[nodiscard]] std::string folder() const;

  caf::actor_system& system_;
  const node_config& config_;
  std::function<utc_time()> clock_;
  std::shared_ptr<const instrument_master> master_;
  caf::actor directory_, bars_, crew_, recruiter_, supplier_, coordinator_, keeper_;
  std::shared_ptr<crew_host> host_;
};

/// Threads that compute, of a node with that configuration.
std::uint32_t worker_count(const node_config& config);

} // namespace tt::cluster
