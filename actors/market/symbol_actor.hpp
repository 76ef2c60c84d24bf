#pragma once

// One actor per symbol: carries messages to symbol_state and its updates to the
// subscribers.

#include "actors/market/feed_actor.hpp"
#include "actors/market/messages.hpp"
#include "actors/market/symbol_state.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace tt::market {

/// Appends finished minute bars to durable storage. Errors end up in the log of
/// whoever made it; the symbol goes on.
using bar_recorder = std::function<void(const std::string& symbol, std::span<const bar> closed)>;

/// Publishes updates of one topic to other nodes; called only while somebody there follows it.
using topic_publisher = std::function<void(const topic& what, std::vector<market_update> updates)>;

/// Time between two looks at the freshness of a symbol's feed.
inline constexpr std::chrono::milliseconds freshness_interval{500};
/// Subscribers of one symbol; further ones are refused (logged by the subscriber
/// as a time-out of its first update).
inline constexpr std::size_t max_subscribers = 10'000;

/// How a symbol is made.
struct symbol_options {
  std::shared_ptr<const instrument> what;
  /// Bars of the past, the first source that knows the symbol wins.
  std::vector<std::shared_ptr<const history_source>> histories;
  wall_clock clock;
  /// The market's time, where it is not the wall clock's: what a symbol without a feed is judged by. May be empty.
  std::function<utc_time()> market_clock = {};
  bar_recorder record; ///< may be empty
  std::size_t keep_minutes = max_live_bars; ///< as symbol_state
  /// Told once when minutes are dropped that nothing else has; may be empty.
  std::function<void(const std::string& symbol)> forgets = {};
  topic_publisher publish = {}; ///< may be empty: then nobody can follow
  /// Told how far the feed has come, where history depends on it; may be empty.
  std::function<void(utc_time)> reached = {};
};

struct symbol_actor_state {
  static inline const char* name = "symbol";

  std::optional<symbol_state> core;
  wall_clock clock;
  bar_recorder record;
  std::function<void(const std::string& symbol)> forgets; ///< empty once it was told
  topic_publisher publisher;
  std::function<void(utc_time)> reached;
  std::map<topic, std::vector<caf::actor>> subscribers; ///< get update_batch
  std::map<topic, std::vector<caf::actor>> followers;   ///< read what is published
  std::uint64_t feed_epoch = 0; ///< the newest that a feed has spoken with
  bool restoring = false;       ///< what comes in is the past
  bool timer_pending = false;
};

/// Messages: see messages.hpp.
caf::behavior symbol_actor(caf::stateful_actor<symbol_actor_state>* self, std::shared_ptr<symbol_options> options);

} // namespace tt::market
