#pragma once
/// A study as tasks: which trials run over which stretch of time, handed out in any portions and taken back in any order,
/// with walk-forward's windows (an inner search each, then a run of the winner on what follows) and the runs that fill in
/// the best trials at the end. Pure: no threads, no clock. The actor around it, or a local pool, does the work with
/// run_task().
///
///   auto ledger = study_ledger::make(request, axis);
///   while (!ledger->finished())
///     for (auto& task : ledger->take(8)) ledger->put(run_task(context, task));   // anywhere, any order, more than once

#include "actors/backtest/pair_run.hpp"
#include "actors/backtest/results.hpp"
#include "actors/backtest/study_columns.hpp"
#include "actors/backtest/study.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t best_kept = 10;          ///< rows of best[], each with its full figures
inline constexpr std::size_t best_curve_points = 500; ///< of the equity curves in them
inline constexpr std::size_t shard_tasks = 10'000;    ///< of one shard's bytes
} // namespace limits

/// Times [from_ms, to_ms) of bars' openings.
struct time_range {
  std::int64_t from_ms = 0, to_ms = 0;
  bool operator==(const time_range&) const = default;
};

/// trial: figures only. test: the winner of a window on the bars behind it. detail: one of the best trials once more, in full.
enum class task_kind : std::uint8_t { trial, test, detail };

/// One thing to run: all pairs of the base request with these inputs over these ranges.
struct study_task {
  std::uint64_t id = 0; ///< the same for the same study, always
  task_kind kind = task_kind::trial;
  std::uint32_t window = 0; ///< of a walk-forward, else 0
  std::map<std::string, std::string> inputs;
  std::vector<time_range> ranges; ///< empty: the whole request. Several: money of one goes on into the next
  bool operator==(const study_task&) const = default;
};

struct task_result {
  std::uint64_t id = 0;
  std::string failure;         ///< why, when it failed; then there are no figures
  std::vector<double> figures; ///< in the order of figure_set::names(), NaN where undefined
  std::vector<pair_outcome> outcomes; ///< of test and detail: every pair, ranges joined
};

/// Tasks and results as bytes, for the wire and the log of a study. Errors: corrupt_data, unsupported.
std::string to_bytes(const std::vector<study_task>& shard);
result<std::vector<study_task>> shard_from_bytes(std::string_view bytes);
std::string to_bytes(const task_result& r);
result<task_result> task_result_from_bytes(std::string_view bytes);

/// What all tasks of a study share on one node.
struct study_context {
  backtest_request base;
  std::shared_ptr<const prepared_program> program;
  std::vector<std::shared_ptr<const bar_set>> bars; ///< of every pair, in the order of pairs_of()
  source_maker data = {};
  std::shared_ptr<study_columns> columns = {}; ///< of the program; null: trials share nothing
};
/// Runs a task: all its pairs, one after the other. What goes wrong with script or inputs is in the result's `failure`.
/// Errors: only the one that is_cancelled(), and internal.
result<task_result> run_task(const study_context& context, const study_task& task, const run_watch& watch = {});

/// Joins what came of the next range of a task to what came of those before it: its curve goes on where the other has ended.
/// Positions that were open at the end of a range stay at what they were worth then.
void append(pair_outcome& to, pair_outcome next);

/// The opening times that walk-forward windows are cut from: of all symbols on the shortest timeframe, rising.
std::vector<std::int64_t> time_axis(const std::vector<std::shared_ptr<const bar_set>>& bars);

/// A parameter that no input of the script has, by title or by variable. The error's field is `parameters.NAME`.
std::optional<error> unknown_parameter(const study_request& r, const pine::program& code);

/// `results` of a study of which nothing came: no best, no trials, what the compiler found.
document study_without_run(const study_request& r, const result_facts& facts);

class study_ledger {
public:
  /// `axis`: time_axis() of the bars; only a walk-forward looks at it. Errors: those of search, goal and windows.
  static result<study_ledger> make(study_request request, const std::vector<std::int64_t>& axis = {});
  study_ledger(study_ledger&&) noexcept;
  study_ledger& operator=(study_ledger&&) noexcept;
  ~study_ledger();

  /// Up to `most` tasks that nobody has yet. May be empty while others are still out (a generation, a window's test).
  std::vector<study_task> take(std::size_t most);
  /// How many take() could give at most.
  std::uint64_t free_tasks() const;
  /// Whoever had them is gone.
  void give_back(const std::vector<std::uint64_t>& ids);
  /// fresh: it counts now; write it to the log. known: it was there already. early: what it depends on is not there yet
  /// (a log out of order). foreign: no task of this study.
  enum class taken : std::uint8_t { fresh, known, early, foreign };
  taken put(task_result r);

  bool finished() const;
  /// Once finished: the first trial's failure, when every trial failed.
  std::optional<error> failure() const;
  /// Trials and tests done and in all; details are not counted.
  std::uint64_t trials_done() const;
  std::uint64_t trials_total() const;
  /// Everything, details too, for progress. `all` may shrink at the end when there are few trials worth a detail.
  struct count {
    std::uint64_t done = 0, all = 0;
  };
  count tasks() const;

  /// The best so far: params and objective; null when there is none. For progress messages.
  document best_so_far() const;
  /// The object under `results`; complete once finished(). `facts` as for backtests.
  document results(const result_facts& facts) const;
  /// Rows of trials. `sort`: "trial" (default), "objective", or a figure; a leading "-" turns it around; undefined last.
  /// Errors: invalid_argument "sort", "cursor".
  result<result_page> trials(std::string_view sort, std::size_t limit, std::string_view cursor = {}) const;
  std::string trials_csv() const;

private:
  struct impl;
  explicit study_ledger(std::unique_ptr<impl> p);
  std::unique_ptr<impl> impl_;
};

} // namespace tt::backtest
