#pragma once

// Looks after what nobody announces: how far the feeds have come, wherever they
// run, and whether the allow list has changed.

#include "cluster/membership/file_print.hpp"
#include "cluster/membership/market_time_board.hpp"
#include "gateways/bridge/actor_market_port.hpp"

#include <caf/actor_clock.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace tt::cluster {

/// Time between two looks.
inline constexpr std::chrono::milliseconds watch_interval{500};
/// A feed of whose state nothing has been heard for so long is asked: the news may have been lost, or there are none.
inline constexpr std::chrono::milliseconds feed_silence{2'000};

/// So often the allow list is read even if the file system says that nothing has happened to it.
inline constexpr std::chrono::seconds allow_digest_interval{5};
/// Looks in vain for the allow list after which that is logged, again and again.
inline constexpr unsigned allow_missed_looks = 20;

struct watch_options {
  gateway::feed_list feeds;
  /// From now on the published feed_status of that feed arrive at `reader`, the newest only, and some may be missing.
  std::function<void(const std::string& feed, const caf::actor& reader)> join;
  std::function<utc_time()> clock;
  std::shared_ptr<market_time_board> market_time;
  std::string allow_file; ///< may be empty
  std::optional<std::uint64_t> allow_digest; ///< of the list that is in use; taken before it was read
  std::function<void()> on_allow_change;
};

struct watch_state {
  static inline const char* name = "watch";
  std::shared_ptr<watch_options> options;
  std::optional<file_outline> allow_outline;
  std::optional<std::uint64_t> allow_seen; ///< digest of a changed list, as the last look found it
  unsigned allow_missed = 0; ///< looks in a row that did not find it
  caf::actor_clock::time_point allow_read{}; ///< when its content was last looked at
  std::map<std::string, caf::actor_clock::time_point> heard; ///< of the feeds that are followed
};

caf::behavior watch_actor(caf::stateful_actor<watch_state>* self, std::shared_ptr<watch_options> options);

} // namespace tt::cluster
