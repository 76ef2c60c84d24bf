#pragma once

// Says which of the configured seeds this node has no link to: a wrong address or key is otherwise only quiet.

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tt::cluster {

/// A seed that runs is linked long before.
inline constexpr std::chrono::seconds seed_patience{5};
/// Time between two looks after that.
inline constexpr std::chrono::seconds seed_reminder{60};

struct seed_watch_options {
  std::vector<std::string> seeds; ///< names, without this node
  std::function<bool(const std::string& seed)> is_linked;
  std::function<void(const std::string& seed)> on_missing;
};

struct seed_watch_state {
  static inline const char* name = "seed_watch";
  std::shared_ptr<seed_watch_options> options;
};

caf::behavior seed_watch_actor(caf::stateful_actor<seed_watch_state>* self, std::shared_ptr<seed_watch_options> options);

} // namespace tt::cluster
