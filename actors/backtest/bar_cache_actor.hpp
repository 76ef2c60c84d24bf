#pragma once

// The bars of a node: each series travels to it once, whatever the number of its workers and jobs, is kept as a file
// under its hash, and shared read-only by all of its workers. One per node; the one of the coordinator's node is where the
// others get them.

#include "actors/backtest/bar_file.hpp"
#include "actors/backtest/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tt::backtest {

/// Longest wait for one chunk.
inline constexpr std::chrono::seconds chunk_deadline{20};

struct bar_cache_state {
  static inline const char* name = "bar_cache";

  struct fetching {
    std::unique_ptr<bar_download> file;
    caf::actor origin;
    std::uint64_t asked = 0; ///< bytes
    std::vector<caf::response_promise> waiting;
  };

  std::unique_ptr<bar_folder> folder;
  std::map<std::string, std::weak_ptr<const bar_set>> open; ///< somebody uses them
  std::map<std::string, fetching> fetches;
  std::uint64_t fetched_series = 0, fetched_bytes = 0;
};

/// Answers bars_wanted and chunk_request, and figures_atom with (series, bytes) fetched from elsewhere.
/// Errors: not_found, io_error; corrupt_data when what came is not what the hash says; not_available (origin is gone).
caf::behavior bar_cache_actor(caf::stateful_actor<bar_cache_state>* self, std::string folder);

} // namespace tt::backtest
