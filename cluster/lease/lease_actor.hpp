#pragma once

// The lease store as an actor: one owner of the store, asked from any node. Spawn
// it detached, for databases block.

#include "cluster/lease/lease_store.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <memory>

namespace tt::cluster {

struct lease_actor_state {
  static inline const char* name = "leases";
  std::shared_ptr<lease_store> store;
};

/// Opens the store in the actor's own thread; called again after it failed.
using lease_store_opener = std::function<result<std::unique_ptr<lease_store>>()>;

/// Messages: see cluster/messages.hpp. While the store can't be opened every
/// question is answered with the reason.
caf::behavior lease_actor(caf::stateful_actor<lease_actor_state>* self, lease_store_opener open);

} // namespace tt::cluster
