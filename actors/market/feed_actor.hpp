#pragma once

// One actor per source of market data: asks the pump what is due, sends the
// batches to the symbols, takes their acknowledgements.

#include "actors/market/feed_pump.hpp"
#include "actors/market/feed_restore.hpp"
#include "actors/market/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::market {

/// The seam through which actors learn the time; may be called from any thread.
using wall_clock = std::function<utc_time()>;

/// Time between two looks at a source that follows the clock.
inline constexpr std::chrono::milliseconds poll_interval{5};
/// A symbol that does not take a batch within this time counts as lost.
inline constexpr std::chrono::seconds batch_deadline{10};

/// Pause between two attempts to find the actor of a symbol that is missing.
inline constexpr std::chrono::milliseconds resolve_interval{250};

/// Time between two words about a feed's state, where somebody is told of it.
inline constexpr std::chrono::milliseconds state_interval{500};

/// Events one step may hand out.
inline constexpr std::uint32_t max_step_events = 100'000;

/// How a feed is made.
struct feed_options {
  std::string name;
  std::unique_ptr<feed_source> source;
  pace how;
  wall_clock clock;
  /// Market time at the start; the source's start_time when absent. What lies
  /// before is handed out at once.
  std::optional<utc_time> market_start = {};
  /// The market's time that is told while it waits for its symbols; absent where the market follows the wall clock.
  std::optional<utc_time> time_before_start = {};
  /// Where the feed writes its market time for others to read, if anywhere.
  std::shared_ptr<std::atomic<std::int64_t>> market_time_ns = {};
  /// Opens the source once more, from its beginning; may be empty: then a symbol
  /// that begins anew has no more past than history knows.
  std::function<result<std::unique_ptr<feed_source>>()> reopen = {};
  /// Of the lease under which this feed runs; 0 without one.
  std::uint64_t epoch = 0;
  /// Told the last status when the source has ended; may be empty.
  std::function<void(const feed_status&)> on_end = {};
  /// Brings the status to other nodes whenever it has changed, state_interval apart; may be empty.
  std::function<void(const feed_status&)> publish = {};
};

/// Where the feed is with one of its symbols.
struct feed_symbol {
  caf::actor actor; ///< null while it is missing
  caf::actor_clock::time_point found_at{};
  bool resolving = false;
};

struct feed_state {
  static inline const char* name = "feed";

  std::string feed_name;
  std::optional<feed_pump> pump;
  wall_clock clock;
  std::optional<utc_time> market_start, time_before_start;
  std::shared_ptr<std::atomic<std::int64_t>> market_time_ns;
  std::function<result<std::unique_ptr<feed_source>>()> reopen;
  std::uint64_t epoch = 0;
  std::function<void(const feed_status&)> on_end;
  std::function<void(const feed_status&)> publish;
  std::optional<feed_status> published; ///< last
  caf::actor directory;
  std::vector<feed_symbol> symbols;   ///< by index of the source
  std::vector<std::uint32_t> waiting; ///< to be restored after those in `restore`
  std::optional<feed_restore> restore;
  std::size_t restore_in_flight = 0;
  bool restore_pending = false; ///< a message to go on with it is under way
  bool catching_up = false;     ///< what is handed out lies before market_start: symbols have had it from another node's feed
  bool begun = false;
  utc_time started{};
  std::optional<utc_time> last_event;
  std::string failure;
  std::uint64_t lost_batches = 0;
  bool running = false;
  bool poll_pending = false;
};

/// Messages: see messages.hpp. The feed asks `directory` for the actors of its
/// symbols on start_atom and begins when it has all of them; one that is not
/// available yet is asked for again, one that is unknown makes the feed fail with
/// a status that says why. A symbol whose actor ends (or does not take a batch) is
/// resolved anew and given the feed's past, while the others go on.
caf::behavior feed_actor(caf::stateful_actor<feed_state>* self, std::shared_ptr<feed_options> options, caf::actor directory);

} // namespace tt::market
