#pragma once

// The only way to backtests and studies. The node plugs in the bridge to the
// coordinator, wherever that runs; tests plug in what they like.

#include "actors/backtest/job.hpp"
#include "gateways/market_port.hpp"

#include <cstdint>
#include <functional>

namespace tt::gateway {

/// Called after every change of any job, on any thread; must only pass on.
using job_handler = std::function<void(const backtest::job_status&)>;

/// Asynchronous access to jobs. All members may be called from any thread and
/// return at once. Errors besides those named: not_available (no coordinator is
/// reachable), timed_out.
class jobs_port {
public:
  virtual ~jobs_port() = default;

  /// Errors: limit_exceeded (too many wait).
  virtual void submit(backtest::job_submission job, reply<backtest::job_status> done) = 0;
  /// Errors: not_found.
  virtual void status(backtest::job_name what, reply<backtest::job_status> done) = 0;
  /// Errors: not_found, conflict (its state does not allow it).
  virtual void command(backtest::job_command what, reply<backtest::job_status> done) = 0;
  virtual void list(backtest::list_request what, reply<backtest::job_list> done) = 0;
  /// Errors: not_found, conflict (not finished), invalid_argument (cursor, sort), unsupported, limit_exceeded.
  virtual void document(backtest::document_request what, reply<backtest::job_document> done) = 0;
  /// The newest figures that are known; asks for newer ones.
  [[nodiscard]] virtual backtest::job_figures figures() = 0;

  /// Begins to tell of changes. The status of a job that was not told lately must be asked for.
  virtual subscription_id watch(job_handler on_change) = 0;
  /// A call that already runs on another thread may still finish.
  virtual void unwatch(subscription_id id) = 0;
};

} // namespace tt::gateway
