#pragma once

// One worker: computes one piece of work at a time, in a thread of its own. It reads no messages meanwhile; whoever gave
// it the work (the node's crew) holds the flag that stops it and the counter that it moves.

#include "actors/backtest/job_plan.hpp"
#include "actors/backtest/messages.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tt::backtest {

/// What the workers of a node share of one job. The first one that needs the runner makes it (it compiles the script).
class job_context {
public:
  job_context(job_kind kind, std::string request, runner_maker make) : kind_(kind), request_(std::move(request)), make_(std::move(make)) {}
  /// Errors: those of the maker, the same each time.
  result<std::shared_ptr<const shard_runner>> runner();
  /// Bars that a script has asked for on this node before; an error is an answer, too.
  std::optional<result<std::shared_ptr<const bar_set>>> extra(const pair_key& key);
  void keep_extra(const pair_key& key, const result<std::shared_ptr<const bar_set>>& bars);

private:
  const job_kind kind_;
  const std::string request_;
  const runner_maker make_;
  std::mutex mutex_;
  std::optional<result<std::shared_ptr<const shard_runner>>> made_;
  std::map<pair_key, result<std::shared_ptr<const bar_set>>> extras_;
};

/// Longest wait of a script for bars of another symbol, which may be loaded after those of other jobs, and the time between two looks at its cancel flag meanwhile.
inline constexpr std::chrono::seconds extra_deadline{900};
inline constexpr std::chrono::milliseconds extra_look{200};

/// One order, on its way through the crew and a worker.
struct work_item {
  std::uint64_t job = 0, shard = 0, attempt = 0;
  std::string text;
  std::vector<series_ref> series;
  std::vector<std::shared_ptr<const bar_set>> bars; ///< as series
  std::shared_ptr<job_context> context;
  run_control control;
  caf::actor coordinator, bars_of_node, origin; ///< whom to ask for further bars
  std::uint64_t told = 0; ///< bars_done as the coordinator knows it; the crew's
};

using work_ptr = std::shared_ptr<work_item>;

/// Do this. Never leaves the process.
struct work_order {
  work_ptr item;
};

/// It is done, by worker number `worker`. Never leaves the process.
struct work_done {
  std::size_t worker = 0;
  work_ptr item;
  /// Nothing: it broke off in a way that says nothing about the job (out of memory).
  std::shared_ptr<const result<std::string>> outcome;
  std::string trouble;
};

/// Answers each work_order with work_done to `crew`. Spawn it detached.
caf::behavior worker_actor(caf::event_based_actor* self, std::size_t number, caf::actor crew);

} // namespace tt::backtest

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::work_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::work_done)
