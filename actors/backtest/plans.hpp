#pragma once
/// The two plans of job_plan.hpp as they really are: a backtest is cut into its pairs, a study into portions of tasks;
/// and what runs on the workers' side, and what writes their documents.

#include "actors/backtest/job_plan.hpp"
#include "actors/backtest/study_plan.hpp"

#include <string>

namespace tt::backtest {

namespace limits {
/// Bars that one portion of a study's tasks should go over: long enough to hide a round trip, short enough to be lost.
inline constexpr std::uint64_t portion_bars = 1'000'000;
inline constexpr std::size_t portion_tasks = 64;
/// Portions that each worker should get of the tasks at hand, so that few tasks keep all cores busy and a lost worker
/// takes little along.
inline constexpr std::uint64_t portions_per_worker = 4;
/// Records of jobs that a document writer keeps at hand.
inline constexpr std::size_t open_records = 2;
} // namespace limits

/// Makes the plan of a canonical request (request.hpp). A script that does not compile gives a plan_failure with
/// `compile_diagnostics`.
made_plan make_plan(job_kind kind, const std::string& request, const bar_opener& open);

/// A study cut into portions of tasks, over these series. What a task runs is the runner's business.
std::unique_ptr<job_plan> make_study_plan(study_request r, std::vector<series_need> series, bar_opener open);

/// Watches a run for whoever holds the control.
run_watch watch_of(run_control& control);

/// Makes the runner of a job on a worker's node. Errors: as make_plan.
result<std::shared_ptr<const shard_runner>> make_runner(job_kind kind, const std::string& request);

/// `engine_version` goes into `assumptions`.
std::unique_ptr<document_writer> make_document_writer(std::string engine_version);

/// Puts the results of an earlier run into a study, in whatever order they come: what is early is tried again when
/// something it may depend on is there. Errors: corrupt_data (of another study).
result<void> restore_tasks(study_ledger& into, std::vector<task_result> results);

/// Results of several tasks as one text of bytes, and back. Errors: corrupt_data.
std::string pack_texts(const std::vector<std::string>& texts);
result<std::vector<std::string>> unpack_texts(std::string_view bytes);

} // namespace tt::backtest
