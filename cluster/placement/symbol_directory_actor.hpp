#pragma once

// Finds the actor of a symbol anywhere in the cluster. Every node has one; feeds
// and the gateway's bridge ask it as they ask the directory of a node that stands
// alone, and are told when a symbol moves.

#include "actors/market/messages.hpp"
#include "actors/model/instrument.hpp"
#include "bus/node.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace tt::cluster {

/// Longest wait for the placement, less than whoever asks is ready to wait.
inline constexpr std::chrono::milliseconds placement_deadline{1'500};

struct symbol_directory_state {
  static inline const char* name = "cluster_directory";

  bus::node* node = nullptr;
  std::shared_ptr<const instrument_master> master;
  caf::actor placement;             ///< to which we have subscribed
  std::vector<caf::actor> askers; ///< are told of moves
  std::uint64_t epoch = 0;        ///< the latest of a placement that told of a move
};

/// Answers symbol_atom as directory_actor does. Errors: unknown_symbol;
/// not_available while nobody places symbols or no node hosts them.
caf::behavior symbol_directory_actor(caf::stateful_actor<symbol_directory_state>* self, bus::node* node,
                                     std::shared_ptr<const instrument_master> master);

} // namespace tt::cluster
