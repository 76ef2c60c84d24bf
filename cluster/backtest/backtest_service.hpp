#pragma once

// The backtest actors of one node: bar cache, crew, coordinator. Which of them a
// node has is said by its roles; a node that stands alone has all.

#include "actors/backtest/coordinator_actor.hpp"
#include "actors/model/instrument.hpp"
#include "cluster/node_config.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>

namespace bus {
class node;
}

namespace tt::cluster {

class backtest_service {
public:
  /// `directory` finds symbols. The actors are started by the calls below.
  backtest_service(caf::actor_system& system, const node_config& config, std::function<utc_time()> clock,
                   std::shared_ptr<const instrument_master> master, caf::actor directory);
  ~backtest_service();
  backtest_service(const backtest_service&) = delete;
  backtest_service& operator=(const backtest_service&) = delete;

  /// Workers that take orders from the coordinator that `follow` tells of.
  void start_crew();
  /// The crew works for the coordinator of the bus, whichever node has it.
  void follow(bus::node& node);
  /// Makes the coordinator; the caller says who may know it.
  [[nodiscard]] caf::actor make_coordinator();
  /// The coordinator of a node that stands alone: made here, known to the crew.
  void start_alone();
  [[nodiscard]] const caf::actor& coordinator() const { return coordinator_; }
  /// Ends the actors; runs under way are cancelled.
  void stop();

private:
  const caf::actor& bars();
  [[nodiscard]] std::string folder() const;

  caf::actor_system& system_;
  const node_config& config_;
  std::function<utc_time()> clock_;
  std::shared_ptr<const instrument_master> master_;
  caf::actor directory_, bars_, crew_, watcher_, supplier_, coordinator_;
};

/// Threads that compute, of a node with that configuration.
std::uint32_t worker_count(const node_config& config);

} // namespace tt::cluster
