#pragma once

// The actor behind actor_market_port. Runs the port's tasks in its own context
// and fans the symbols' updates out to the handlers.

#include "actors/market/messages.hpp"
#include "gateways/bridge/topic_order.hpp"
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

/// The way to what symbols of other nodes publish. Calls come from the bridge only.
struct topic_plane {
  /// From now on the published updates of a topic arrive at `reader` as update_batch.
  std::function<void(const market::topic& what, const caf::actor& reader)> join;
  std::function<void(const market::topic& what, const caf::actor& reader)> leave;
};

/// Pause before a symbol that could not be found is asked for again.
inline constexpr std::chrono::milliseconds resubscribe_interval{250};

/// What the bridge knows of one topic with at least one subscriber.
struct bridged_topic {
  std::vector<std::shared_ptr<subscriber>> subscribers;
  std::shared_ptr<const market::market_update> newest;
  bool followed = false; ///< its symbol lives on another node
  topic_order order;     ///< of a followed topic
  bool healing = false;  ///< missing updates are being fetched
  bool retrying = false; ///< its symbol is asked for again soon
  std::vector<market::market_update> held; ///< came in meanwhile
};

struct bridge_state {
  static inline const char* name = "market_bridge";

  caf::actor directory;
  std::map<std::string, caf::actor, std::less<>> symbols; ///< resolved so far
  std::map<market::topic, bridged_topic> topics;
  topic_plane plane;
  std::uint64_t healed = 0; ///< gaps that were seen and filled
};

using bridge_pointer = caf::stateful_actor<bridge_state>*;

/// A piece of work for the bridge. Never leaves the process.
struct bridge_task {
  std::shared_ptr<const std::function<void(bridge_pointer)>> run;
};

caf::behavior bridge_actor(bridge_pointer self, caf::actor directory, topic_plane plane);

/// Calls `done` with the actor of the symbol, asking the directory the first time.
void with_symbol(bridge_pointer self, const std::string& symbol, std::function<void(result<caf::actor>)> done);
void add_subscriber(bridge_pointer self, const market::topic& what, std::shared_ptr<subscriber> who);
/// Hands one update to all subscribers of a topic.
void deliver_update(bridged_topic& entry, market::topic_kind kind, market::market_update&& update);
/// Asks for the topic's symbol again after a pause.
void subscribe_later(bridge_pointer self, const market::topic& what);
void remove_subscriber(bridge_pointer self, const market::topic& what, subscription_id id);

} // namespace tt::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::gateway::bridge_task)
