#pragma once

// Looks after what nobody announces: how far the feeds have come, wherever they
// run, and whether the allow list has changed.

#include "cluster/membership/market_time_board.hpp"
#include "gateways/bridge/actor_market_port.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace tt::cluster {

/// Time between two looks.
inline constexpr std::chrono::milliseconds watch_interval{500};

struct watch_options {
  gateway::feed_list feeds;
  std::function<utc_time()> clock;
  std::shared_ptr<market_time_board> market_time;
  std::string allow_file; ///< may be empty
  std::function<void()> on_allow_change;
};

struct watch_state {
  static inline const char* name = "watch";
  std::shared_ptr<watch_options> options;
  std::optional<std::filesystem::file_time_type> allow_time;
};

caf::behavior watch_actor(caf::stateful_actor<watch_state>* self, std::shared_ptr<watch_options> options);

} // namespace tt::cluster
