#pragma once

// The actor system's settings: known messages, threads, scheduling.

#include "actors/backtest/messages.hpp"
#include "actors/market/messages.hpp"
#include "cluster/messages.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

#include <cstddef>

namespace tt::cluster {

class actor_config : public caf::actor_system_config {
public:
  /// `threads` = 0 takes one per core.
  explicit actor_config(std::size_t threads) {
    market::register_messages(*this);
    backtest::register_messages(*this);
    cluster::register_messages(*this);
    // Work sharing waits on a condition variable; work stealing polls, which costs
    // latency and CPU on a node that mostly waits for the network.
    set("scheduler.policy", caf::atom("sharing"));
    if (threads > 0) set("scheduler.max-threads", threads);
  }
};

} // namespace tt::cluster
