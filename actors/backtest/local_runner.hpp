#pragma once
/// Backtests and studies inside one process, on as many threads as asked: for the command line and for nodes that stand
/// alone. Results are the same bytes for any number of threads.

#include "actors/backtest/results.hpp"
#include "actors/backtest/study_plan.hpp"

#include <atomic>
#include <functional>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t runner_threads = 256;
} // namespace limits

/// How far a job is. Never falls.
struct job_progress {
  double percent = 0;      ///< 0..100, bars done over bars in all (a study: tasks)
  std::string stage;       ///< "loading", "running", "collecting"
  std::string symbol;      ///< that moved last, "" when it doesn't apply
  std::uint64_t done = 0, total = 0; ///< pairs, or tasks of a study
};

struct runner_options {
  std::size_t threads = 1; ///< 1..limits::runner_threads
  /// Called from the threads that work, one at a time.
  std::function<void(const job_progress&)> progress = {};
  const std::atomic<bool>* cancel = nullptr;
  std::string engine_version;
  source_maker data = {};
  column_sharing columns = column_sharing::on; ///< among the trials of a study
};

/// Loads bars and runs every pair. A pair that fails is in the results; the whole is an error only when the script does
/// not compile into a strategy (invalid_argument "pine_script"), on is_cancelled(), and on internal faults.
result<job_results> run_backtest(const backtest_request& r, const compiled_script& script, bar_provider& bars, const runner_options& options);

/// Loads bars and runs every task to the end. Errors: as above; the first pair without bars; unknown_parameter(); those of study_ledger::make.
result<study_ledger> run_study(const study_request& r, const compiled_script& script, bar_provider& bars, const runner_options& options);

} // namespace tt::backtest
