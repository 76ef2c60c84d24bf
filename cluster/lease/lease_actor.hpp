#pragma once

// The lease store as an actor: one owner of the store, asked from any node. Spawn
// it detached, for databases block.

#include "cluster/lease/lease_store.hpp"

#include <caf/actor_clock.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace tt::cluster {

/// A failure that took so long was a wait for a database that is silent; for the pause after it the database is left alone.
inline constexpr std::chrono::milliseconds slow_failure{500}, silent_pause{250};

struct lease_actor_state {
  static inline const char* name = "leases";
  std::shared_ptr<lease_store> store;
  std::optional<error> trouble; ///< of the last slow failure
  caf::actor_clock::time_point silent_until{};
};

/// Opens the store in the actor's own thread; called again after it failed.
using lease_store_opener = std::function<result<std::unique_ptr<lease_store>>()>;

/// Messages: see cluster/messages.hpp. While the store can't be opened every
/// question is answered with the reason.
caf::behavior lease_actor(caf::stateful_actor<lease_actor_state>* self, lease_store_opener open);

} // namespace tt::cluster
