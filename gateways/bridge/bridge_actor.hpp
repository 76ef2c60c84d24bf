#pragma once

// The actor behind actor_market_port. Runs the port's tasks in its own context
// and fans the symbols' updates out to the handlers.

#include "actors/market/messages.hpp"
#include "gateways/market_port.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <vector>

namespace tt::gateway {

/// One handler of a topic. `cancelled` stops calls at once, whatever is still queued.
struct subscriber {
  subscription_id id = 0;
  update_handler on_update;
  std::atomic<bool> cancelled{false};
};

/// What the bridge knows of one topic with at least one subscriber.
struct bridged_topic {
  std::vector<std::shared_ptr<subscriber>> subscribers;
  std::shared_ptr<const market::market_update> newest;
};

struct bridge_state {
  static inline const char* name = "market_bridge";

  caf::actor directory;
  std::map<std::string, caf::actor, std::less<>> symbols; ///< resolved so far
  std::map<market::topic, bridged_topic> topics;
};

using bridge_pointer = caf::stateful_actor<bridge_state>*;

/// A piece of work for the bridge. Never leaves the process.
struct bridge_task {
  std::shared_ptr<const std::function<void(bridge_pointer)>> run;
};

caf::behavior bridge_actor(bridge_pointer self, caf::actor directory);

/// Calls `done` with the actor of the symbol, asking the directory the first time.
void with_symbol(bridge_pointer self, const std::string& symbol, std::function<void(result<caf::actor>)> done);
void add_subscriber(bridge_pointer self, const market::topic& what, std::shared_ptr<subscriber> who);
void remove_subscriber(bridge_pointer self, const market::topic& what, subscription_id id);

} // namespace tt::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::gateway::bridge_task)
