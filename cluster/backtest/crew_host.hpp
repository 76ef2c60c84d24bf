#pragma once

// Where the coordinator of backtests has workers of this node spawned, by name:
// it asks the bus's agent here for a "backtest_crew" and gives itself along.

#include "actors/backtest/crew_actor.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace tt::cluster {

/// The name by which a crew is spawned; its one argument is the coordinator (caf::actor).
inline const std::string crew_type = "backtest_crew";

/// Makes the crew of a node when it is asked for. There is one at most: whoever asks last gets it, the one before ends, so
/// that no mistake and no repetition of a coordinator makes more workers than the node was given. Thread-safe.
class crew_host {
public:
  /// Makes the type known to an actor system that is not made yet. Until `open` nothing is spawned.
  static std::shared_ptr<crew_host> attach(caf::actor_system_config& system);

  /// From here on crews with these options are made. They end with their coordinator.
  void open(caf::actor_system& system, const backtest::crew_options& options);
  /// Ends the crew; no other one is made.
  void close();

private:
  caf::strong_actor_ptr make(const caf::message& arguments);

  std::mutex mutex_;
  caf::actor_system* system_ = nullptr;
  std::shared_ptr<const backtest::crew_options> options_;
  caf::actor crew_;
};

} // namespace tt::cluster
