#pragma once

// The actor system's settings: threads and scheduling. No message is made known to CAF: all travel by the
// bus and its codec table.

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

#include <cstddef>

namespace tt::cluster {

class actor_config : public caf::actor_system_config {
public:
  /// `threads` = 0 takes one per core.
  explicit actor_config(std::size_t threads) {
    // Work sharing waits on a condition variable; work stealing polls, which costs
    // latency and CPU on a node that mostly waits for the network.
    set("scheduler.policy", caf::atom("sharing"));
    if (threads > 0) set("scheduler.max-threads", threads);
  }
};

} // namespace tt::cluster
