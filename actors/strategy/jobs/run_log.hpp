#pragma once
/// The durable log of runs: a slot is claimed here before anything happens, so that it runs at most once whoever wants
/// to run it and however often the program is started again.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"
#include "actors/storage/sql.hpp"
#include "actors/strategy/jobs/job_run.hpp"
#include "actors/strategy/jobs/scheduler.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr std::chrono::hours kept_runs{24 * 30}; ///< older runs are deleted by prune()
inline constexpr std::size_t run_report_bytes = 256 * 1024; ///< a longer report is replaced by a word about it
} // namespace limits

enum class job_run_state : std::uint8_t { running, done, failed, skipped, timed_out, interrupted };
std::string_view to_string(job_run_state state);

struct run_record {
  std::string run_id, strategy_id, content_hash;
  utc_time slot{}, started{};
  std::optional<utc_time> finished;
  job_run_state state = job_run_state::running;
  std::string report; ///< JSON: inputs hash, lists, signals, orders, notices
};

/// Used by one thread.
class run_log {
public:
  /// Errors: io_error. Runs that the last process left unfinished become `interrupted`: they are not run again.
  static result<std::unique_ptr<run_log>> open(const std::string& path);
  /// As above, on a server too. Errors besides: conflict (another node has taken over), also of every change.
  static result<std::unique_ptr<run_log>> open(const sql_place& place);

  /// Takes the slot. False: somebody has it already. Durable when it returns. Errors: io_error.
  result<bool> claim(const run_record& run);
  /// Errors: io_error.
  result<void> finish(const std::string& run_id, job_run_state state, utc_time at, const std::string& report);
  /// Newest first. Errors: io_error.
  result<std::vector<run_record>> runs(const std::string& strategy_id, std::size_t limit);
  /// What a run leaves for the next of its job. Errors: io_error.
  result<run_memory> memory(const std::string& strategy_id);
  result<void> keep_memory(const std::string& strategy_id, const run_memory& memory);
  /// Switches of jobs, each job's newest. Durable when it returns. Errors: io_error.
  result<void> keep_switch(const job_switch_row& row);
  result<std::vector<job_switch_row>> switches();
  /// Deletes runs that are older than limits::kept_runs. Errors: io_error.
  result<void> prune(utc_time now);

private:
  explicit run_log(std::unique_ptr<sql_database> db) : db_(std::move(db)) {}
  std::unique_ptr<sql_database> db_;
};

} // namespace tt::strategy
