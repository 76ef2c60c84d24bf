#pragma once

// Follows, on behalf of programs outside the cluster, the symbols that live on this node: their subscriptions reach
// the bus and nobody else, and a symbol publishes only what somebody follows.

#include "actors/market/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <set>
#include <string>

namespace bus {
class node;
}

namespace tt::cluster {

/// The topics of a symbol that match one of the prefixes. Quotes and trades by any prefix; series of bars, of which
/// there is no end, by their full name only.
std::set<market::topic> topics_wanted(const std::set<std::string, std::less<>>& prefixes, const std::string& symbol, const std::string& venue);

struct topic_demand_state {
  static inline const char* name = "topic_demand";

  struct hosted {
    caf::actor actor;
    std::string venue;
    std::set<market::topic> followed;
  };
  std::set<std::string, std::less<>> prefixes;
  std::map<std::string, hosted> symbols;
};

/// Messages: bus::wanted_atom; symbol_atom with symbol, venue and its actor, whenever one is started.
caf::behavior topic_demand_actor(caf::stateful_actor<topic_demand_state>* self, bus::node* node);

} // namespace tt::cluster
