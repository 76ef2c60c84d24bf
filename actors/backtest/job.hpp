#pragma once
/// A backtest or study as everybody sees it who does not compute it: identity, state, progress. Plain values.

#include "actors/model/market_data.hpp"
#include "actors/model/result.hpp"
#include "actors/model/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

enum class job_kind : std::uint8_t { backtest, study };
inline constexpr std::array job_kinds{job_kind::backtest, job_kind::study};

/// `paused` occurs for studies only: nothing is handed out, what is under way still counts.
enum class job_state : std::uint8_t { queued, running, paused, completed, failed, cancelled };
inline constexpr std::array job_states{job_state::queued, job_state::running,   job_state::paused,
                                       job_state::completed, job_state::failed, job_state::cancelled};

/// "backtest", "study".
std::string_view to_string(job_kind kind) noexcept;
/// "queued", "running", …
std::string_view to_string(job_state state) noexcept;
std::optional<job_state> parse_job_state(std::string_view text) noexcept;
/// Whether nothing will change any more.
constexpr bool is_final(job_state s) { return s == job_state::completed || s == job_state::failed || s == job_state::cancelled; }

/// Limits of the service, each with what happens at it.
namespace limits {
/// Jobs that wait; one more submission is refused (limit_exceeded).
inline constexpr std::size_t queued_jobs = 1'000;
/// Running jobs of one principal; his further ones wait in the queue.
inline constexpr std::size_t running_per_principal = 5;
/// Finished jobs that are kept; the oldest are deleted with everything that they left.
inline constexpr std::size_t kept_jobs = 1'000;
/// How often a piece of work may come back undone (a worker could not get its bars) before its job fails.
inline constexpr std::uint32_t returned_shards = 5;
/// How often a piece of work may be lost with its worker before its job fails: it may be what kills them.
inline constexpr std::uint32_t lost_shards = 50;
/// Canonical request in bytes.
inline constexpr std::size_t request_bytes = 2 * 1024 * 1024;
/// Largest result of one piece of work; a larger one fails its job. Less than the bus takes.
inline constexpr std::size_t outcome_bytes = 12 * 1024 * 1024;
/// All results of one job together; beyond it the job fails.
inline constexpr std::size_t job_bytes = 512 * 1024 * 1024;
/// Text of one answer about a job (results, one page); a longer one is refused and must be paged.
inline constexpr std::size_t document_bytes = 12 * 1024 * 1024;
/// Bytes of the bars of one symbol and timeframe.
inline constexpr std::uint64_t series_bytes = std::uint64_t{2} << 30;
/// Bytes of one message with bars, and how many of them a node asks for at once.
inline constexpr std::size_t chunk_bytes = 1024 * 1024;
inline constexpr std::size_t chunks_at_once = 4;
/// Bytes of bars that a node keeps on disk; what was used longest ago is deleted at the start.
inline constexpr std::uint64_t bar_folder_bytes = std::uint64_t{4} << 30;
/// Jobs of one page of a list.
inline constexpr std::size_t listed_jobs = 200;
} // namespace limits

/// What the status routes and the progress sockets say.
struct job_status {
  std::string id;
  job_kind kind = job_kind::backtest;
  job_state state = job_state::queued;
  double progress = 0;      ///< 0..100, never falls
  std::string stage;        ///< "queued", "loading bars", "running", "completed", …
  std::string symbol;       ///< whose result came last; empty at first
  std::uint32_t symbols_done = 0, symbols_total = 0;
  std::vector<std::string> symbols;
  std::string owner;        ///< principal
  utc_time created{};
  std::optional<utc_time> started, finished;
  std::string error_message;
  std::uint64_t trials_done = 0, trials_total = 0; ///< studies
  std::string best;         ///< studies: JSON of the best trial so far; empty without one
  std::uint64_t number = 0; ///< order of submission

  bool operator==(const job_status&) const = default;
};

/// Bars of one symbol and timeframe that are there, by content.
struct series_ref {
  std::string hash;        ///< xxh128 of the bar_set's bytes, 32 hex digits; empty: there are none (and the pair has failed)
  std::uint64_t bytes = 0;
  std::uint64_t bars = 0;  ///< without warm-up

  bool operator==(const series_ref&) const = default;
};

/// What can be asked of a job that has ended; `logs` and `trials` also while it runs.
enum class document_kind : std::uint8_t { results, trades, equity, logs, trials };
enum class document_form : std::uint8_t { json, csv };

/// A page of it.
struct document_query {
  document_kind kind = document_kind::results;
  document_form form = document_form::json;
  std::string cursor;           ///< empty: from the beginning
  std::uint32_t limit = 0;      ///< 0: as much as the kind gives by default
  std::uint32_t max_points = 0; ///< equity: down-sample to so many; 0: all
  std::string sort;             ///< trials: figure to sort by, "-" in front: largest first
};

struct document_text {
  std::string text;       ///< a JSON value, or CSV with a header
  std::string next;       ///< cursor of the next page; empty: there is none
};

/// A job under its kind: a study's id names no backtest.
struct job_name {
  job_kind kind = job_kind::backtest;
  std::string id;
};

struct job_submission {
  job_kind kind = job_kind::backtest;
  std::string owner;   ///< principal
  std::string request; ///< canonical
  std::vector<std::string> symbols;
};

enum class job_op : std::uint8_t { cancel, pause, resume };

struct job_command {
  job_name what;
  job_op op = job_op::cancel;
};

struct list_request {
  job_kind kind = job_kind::backtest;
  std::string state;         ///< empty: all
  std::uint64_t before = 0;  ///< job numbers below it; 0: from the newest
  std::uint32_t limit = 20;
};

struct job_list {
  std::vector<job_status> jobs;
  std::uint64_t next = 0; ///< `before` of the next page; 0: there is none
};

/// `query` of a job.
struct document_request {
  job_name what;
  document_query query;
};

struct job_document {
  job_status status;
  std::string text;       ///< JSON value, or CSV with a header
  std::string request;    ///< with results: the canonical request
  std::string diagnostics; ///< with results of a job that failed: JSON array of the compiler; may be empty
  std::string next;        ///< cursor of the next page; empty: there is none
};

/// Figures for /metrics.
struct job_count {
  job_kind kind = job_kind::backtest;
  job_state state = job_state::queued;
  std::uint64_t jobs = 0;
};

struct job_figures {
  std::vector<job_count> counts;
  double bars_per_second = 0; ///< over the last ten seconds
  std::uint64_t workers = 0;
  std::uint64_t nodes = 0;
};

} // namespace tt::backtest
