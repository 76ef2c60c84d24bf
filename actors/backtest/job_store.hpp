#pragma once
/// What jobs leave behind: one SQLite file (WAL, synchronous = FULL), DATA_DIR/backtest/jobs.sqlite. A job that was
/// acknowledged is there after a power cut, and so is every finished piece of it.

#include "actors/backtest/job.hpp"
#include "actors/backtest/job_plan.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace tt::backtest {

/// A job as it is kept. What grows while it runs (progress) is not.
struct stored_job {
  std::uint64_t number = 0; ///< order of submission; given by add()
  std::string id;
  job_kind kind = job_kind::backtest;
  job_state state = job_state::queued;
  std::string owner;
  std::string request;      ///< canonical
  std::vector<std::string> symbols;
  std::uint32_t symbols_total = 0;
  utc_time created{};
  std::optional<utc_time> started, finished;
  std::string error_message;
  std::string diagnostics;  ///< JSON array of the compiler; empty when the script is not to blame
  std::uint64_t trials_done = 0, trials_total = 0;
  std::string best;
  double progress = 0;      ///< at the end, or when it was paused
};

/// Not thread-safe: each thread opens its own. Every member may answer io_error (the database refused).
class job_store {
public:
  /// `folder` is made if need be; "" keeps everything in memory. Errors: io_error, corrupt_data (not ours, or newer).
  static result<std::unique_ptr<job_store>> open(const std::string& folder);
  ~job_store();
  job_store(const job_store&) = delete;
  job_store& operator=(const job_store&) = delete;

  /// Gives the job's number. On disk when it returns. Errors: conflict (the id stands already).
  result<std::uint64_t> add(const stored_job& job);
  /// Writes what can change of a job: state, times, error, diagnostics, figures. Errors: not_found.
  result<void> update(const stored_job& job);
  /// Errors: not_found.
  result<stored_job> load(job_kind kind, std::string_view id);
  /// All that are not final, in the order of submission.
  result<std::vector<stored_job>> unfinished();
  /// Newest first, without request; those with number < `before` (0: all).
  result<std::vector<stored_job>> list(job_kind kind, std::optional<job_state> state, std::uint64_t before, std::size_t limit);
  /// Jobs by kind and state.
  result<std::map<std::pair<job_kind, job_state>, std::uint64_t>> counts();

  /// The bars that a job runs over, once they are known; replaces what was there.
  result<void> keep_series(std::uint64_t number, const std::vector<series_ref>& refs);
  result<std::vector<series_ref>> series(std::uint64_t number);

  /// Bars that scripts of the job have asked for besides; nothing when that was never asked. An empty hash: there are none.
  result<std::optional<series_ref>> extra(std::uint64_t number, const std::string& symbol, const std::string& frame);
  /// The first answer stays.
  result<void> keep_extra(std::uint64_t number, const std::string& symbol, const std::string& frame, const series_ref& what);

  /// How far a job is, in percent; what is kept of it never falls.
  result<void> keep_progress(std::uint64_t number, double progress);
  /// Adds finished parts; those whose key is there already change nothing. `progress` is how far the job is with them;
  /// what is kept of it never falls.
  result<void> keep_parts(std::uint64_t number, const std::vector<kept_part>& parts, double progress = 0);
  /// In the order of their keys, beginning with key >= `from`, at most `limit`.
  result<std::vector<kept_part>> parts(std::uint64_t number, std::uint64_t from = 0, std::size_t limit = SIZE_MAX);
  /// Bytes of all parts.
  result<std::uint64_t> parts_bytes(std::uint64_t number);

  /// Deletes the oldest finished jobs beyond `keep`, with their parts. Gives how many.
  result<std::uint64_t> prune(std::size_t keep = limits::kept_jobs);

private:
  class statement;
  explicit job_store(sqlite3* db) : db_(db) {}
  result<void> execute(const char* sql);
  result<void> transaction(const std::function<result<void>()>& work);
  result<void> create_schema();
  stored_job read_job(statement& row) const;
  error failure(std::string_view doing) const;

  sqlite3* db_;
};

} // namespace tt::backtest
