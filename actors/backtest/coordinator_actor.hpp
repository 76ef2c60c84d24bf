#pragma once

// The coordinator of backtests and studies: one in the cluster, named `backtest/coordinator`. Maps messages to calls of
// coordinator_core, asks the supplier for bars, and has documents written by a second thread, so that a large one holds
// up no worker. Messages and answers: messages.hpp.

#include "actors/backtest/bar_file.hpp"
#include "actors/backtest/coordinator_core.hpp"
#include "actors/backtest/messages.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tt::backtest {

/// The coordinator's name in the directory of the cluster.
inline constexpr std::string_view coordinator_name = "backtest/coordinator";
/// Bars whose symbol can't be reached are asked for again after a pause, so often.
inline constexpr std::chrono::seconds supply_pause{2};
inline constexpr std::uint32_t supply_tries = 10;
/// Longest wait for a crew to take an order.
inline constexpr std::chrono::seconds order_deadline{30};
inline constexpr std::chrono::milliseconds refusal_pause{500};
/// Time between two ticks of the core, while it wants them.
inline constexpr std::chrono::milliseconds core_tick{100};

struct coordinator_options {
  std::string folder;      ///< jobs.sqlite and bars/ are in it; "" keeps jobs in memory (tests) and bars in `bars_folder`
  std::string bars_folder; ///< as the node's bar cache has it
  caf::actor bars;         ///< bar cache of this node
  caf::actor supplier;     ///< answers series_wanted with series_loaded, always: it has the deadlines; takes series_unwanted
  std::function<utc_time()> clock;
  std::function<std::string(job_kind)> make_id;
  plan_maker make_plan;
  document_writer_maker make_writer;
  coordinator_limits limits;
  std::function<void(const std::string&)> warn = {};
  /// Brings every change to other nodes, over a plane that may lose some; may be empty.
  std::function<void(const job_news&)> publish = {};
};

/// A word of the coordinator to itself: an order did not arrive, or was not taken. Never leaves the process.
struct order_refused {
  crew_id by = 0;
  std::uint64_t job = 0, piece = 0, attempt = 0;
  error why;
};

/// Bars that are to be loaded. Never leaves the process.
struct load_order {
  std::uint64_t job = 0;
  std::size_t place = 0;
  series_need what;
  std::uint32_t tries = supply_tries;
};

struct coordinator_state {
  static inline const char* name = "backtest_coordinator";

  ~coordinator_state();

  std::shared_ptr<const coordinator_options> options;
  std::unique_ptr<job_store> store;
  std::unique_ptr<coordinator_effects> effects;
  std::unique_ptr<coordinator_core> core;
  std::unique_ptr<bar_folder> bars;
  caf::actor documents, keeper;
  std::vector<caf::actor> readers; ///< are told of every change
  std::uint64_t news = 0;          ///< changes so far
  std::map<crew_id, caf::actor> crews;
  crew_id last_crew = 0;
  bool ticking = false;
};

/// Spawn it detached: it waits for the disk.
caf::behavior coordinator_actor(caf::stateful_actor<coordinator_state>* self, std::shared_ptr<const coordinator_options> options);

/// Writes documents from what the store has. Spawned by the coordinator.
struct documents_state {
  static inline const char* name = "backtest_documents";
  std::unique_ptr<job_store> store;
  std::unique_ptr<document_writer> writer;
};
caf::behavior documents_actor(caf::stateful_actor<documents_state>* self, std::shared_ptr<const coordinator_options> options);

/// Writes sets of bars as files of this node. Spawned by the coordinator, which a large set must not hold up.
caf::behavior bar_keeper_actor(caf::event_based_actor* self, std::shared_ptr<const coordinator_options> options);

} // namespace tt::backtest

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::load_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::order_refused)
