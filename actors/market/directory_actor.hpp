#pragma once

// Finds the actor of a symbol, and starts it on first use. A symbol's actor that
// ends is started anew at the next question.

#include "actors/market/messages.hpp"
#include "actors/market/symbol_actor.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace tt::market {

struct directory_state {
  static inline const char* name = "symbol_directory";

  std::shared_ptr<const instrument_master> master;
  /// What the symbol's actor is made of.
  std::function<symbol_options(const instrument&)> make_options;
  std::map<std::string, caf::actor> symbols;
  std::function<void(const std::string&, const caf::actor&)> on_start;
  std::uint64_t epoch = 0; ///< the latest of a placement that was heard of
};

/// Messages: see messages.hpp. Unknown names are answered with unknown_symbol.
caf::behavior directory_actor(caf::stateful_actor<directory_state>* self, std::shared_ptr<const instrument_master> master,
                              std::function<symbol_options(const instrument&)> make_options);

/// The same for a host of a cluster; `on_start` is told of every actor that it starts.
caf::behavior hosting_directory_actor(caf::stateful_actor<directory_state>* self, std::shared_ptr<const instrument_master> master,
                                      std::function<symbol_options(const instrument&)> make_options,
                                      std::function<void(const std::string&, const caf::actor&)> on_start);

} // namespace tt::market
