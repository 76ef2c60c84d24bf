#pragma once

// The crew of a node: its workers, and the one companion of theirs that speaks with the coordinator while they run. It
// pulls work (as much as its workers need and a little more), has the bars fetched before a worker gets the order, tells
// progress, and stops what was cancelled: a running worker reads no messages, but looks at the flag that the crew sets.

#include "actors/backtest/messages.hpp"
#include "actors/backtest/worker_actor.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tt::backtest {

/// Time between two words about progress.
inline constexpr std::chrono::milliseconds progress_interval{200};
/// Orders that wait at a crew, besides one for each worker.
inline constexpr std::uint32_t prefetch_per_worker = 1;
/// Longest wait for the bars of an order.
inline constexpr std::chrono::seconds bars_deadline{120};

/// A report that was not heard is sent again after a pause, so often.
inline constexpr std::chrono::seconds report_deadline{30};
inline constexpr std::chrono::milliseconds report_pause{500};
inline constexpr std::uint32_t report_tries = 20;

/// What a crew does when its coordinator is gone.
enum class orphaned_crew : std::uint8_t {
  waits, ///< for the next coordinator_change
  ends,  ///< whoever comes next has another one spawned
};

struct crew_options {
  std::string node;
  std::uint32_t workers = 1;
  caf::actor bars; ///< the node's bar cache
  runner_maker make_runner;
  orphaned_crew without_coordinator = orphaned_crew::waits;
};

struct crew_state {
  static inline const char* name = "backtest_crew";

  std::shared_ptr<const crew_options> options;
  caf::actor coordinator;
  std::vector<caf::actor> workers;
  std::vector<work_ptr> running;  ///< by worker; null: idle
  std::deque<work_ptr> ready;     ///< has its bars
  std::map<std::uint64_t, std::shared_ptr<job_context>> jobs;
  bool ticking = false;
};

/// A word of the crew to itself. Never leaves the process.
struct report_again {
  std::shared_ptr<const shard_report> what;
  std::uint32_t tries = 0;
};

/// Messages: see messages.hpp. Learns of the coordinator by coordinator_change. Spawn it in the pool, never detached:
/// workers are spawned detached by it.
caf::behavior crew_actor(caf::stateful_actor<crew_state>* self, std::shared_ptr<const crew_options> options);

} // namespace tt::backtest

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::report_again)
