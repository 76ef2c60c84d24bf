#pragma once

// Decides where symbols live: one in the cluster, under the lease `placement`.
// Hosts are the directories that nodes with the role `symbols` publish as
// `symbols/NODE`. What lives already when it begins is adopted, and nothing else is
// placed until all hosts have had the time to link; a symbol that lives twice (a
// node was cut off meanwhile) keeps its first home. Its orders carry the epoch of
// the lease: one that lost it in its sleep is refused by every host that the next
// one has looked at.

#include "actors/market/messages.hpp"
#include "bus/node.hpp"
#include "cluster/messages.hpp"
#include "cluster/placement/placement_table.hpp"

#include <caf/actor_clock.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tt::cluster {

/// Prefix of the names of hosts, and the placement's own name.
inline constexpr std::string_view host_prefix = "symbols/";
inline constexpr std::string_view placement_name = "placement";
/// Longest wait for a host.
inline constexpr std::chrono::milliseconds host_deadline{1'000};
/// Time between two looks at what the hosts really have.
inline constexpr std::chrono::seconds reconcile_interval{5};
/// A node that was started just now is not linked to everybody yet: until so long after its start the placement on it gives
/// no symbol a new home, for a host that is not linked yet may have it. Links of a node that starts anew are up within two.
inline constexpr std::chrono::seconds gathering_time{3};
/// While nodes are known that have never been linked it waits longer, so much at most: a host that takes its time keeps what
/// it has, and one that is gone for good does not keep the others from being used.
inline constexpr std::chrono::seconds gathering_limit{10};
/// Between two looks whether they are.
inline constexpr std::chrono::milliseconds gathering_pause{250};
/// Questions that wait while the hosts are asked what they have, or are still being linked.
inline constexpr std::size_t max_waiting_questions = 10'000;

struct placement_state {
  static inline const char* name = "placement";

  struct question {
    std::string symbol;
    caf::response_promise promise;
  };

  bus::node* node = nullptr;
  std::uint64_t epoch = 0; ///< of its lease, shown with every order
  placement_table table;
  std::map<std::string, caf::actor> hosts;          ///< by node, those that have answered
  std::map<std::string, caf::actor> newcomers;      ///< asked what they have
  std::map<std::string, caf::actor> silent;         ///< did not answer; asked again at the next look
  std::map<std::string, caf::actor> symbols;        ///< as they were told to others
  std::vector<caf::actor> readers;                  ///< are told of moves
  std::vector<question> waiting;
  bool gathering = false; ///< hosts may be unknown yet
  std::function<bool()> is_linked;
};

/// Messages: see cluster/messages.hpp. Errors: not_available when no host is
/// linked or the chosen one does not answer; unknown_symbol. Until `places_from`, and
/// as long as `is_linked` (may be empty) denies that all known nodes have been linked, it only
/// finds what lives already; other questions wait. Shows `epoch` to the hosts and ends when one of them has heard of a later one.
caf::behavior placement_actor(caf::stateful_actor<placement_state>* self, bus::node* node, std::uint64_t epoch,
                              caf::actor_clock::time_point places_from, std::function<bool()> is_linked = {});

} // namespace tt::cluster
