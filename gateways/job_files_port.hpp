#pragma once

// The only way to the YAML jobs of a node. The node plugs in its scheduler.

#include "actors/model/order_ids.hpp"
#include "actors/strategy/live/preview.hpp"
#include "gateways/market_port.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt::gateway {

/// Who has switched a job last, and why; it outlasts restarts and edits of the file.
struct job_switch_view {
  std::string reason, author;
  utc_time at{};
};

/// One job file as lists show it.
struct job_file_view {
  std::string strategy_id, name, file, account;
  std::string type;          ///< strategy, portfolio_management
  std::string state;         ///< enabled, disabled, invalid
  enum class home : std::uint8_t { file, registry };
  home origin = home::file;  ///< registry: its source is that of a registered strategy, `file` is empty
  std::vector<std::string> symbols;
  std::optional<utc_time> next, running;
  std::uint64_t runs = 0, failed = 0, skipped = 0;
  std::optional<job_switch_view> switched; ///< nothing: its file alone decides
  std::vector<std::string> findings; ///< of the file's newest version
};

struct job_run_call {
  std::string strategy_id;
  std::optional<utc_time> slot; ///< nothing: the slot that contains the market's time
  std::string account_id;       ///< empty: the file's
  enum class session : std::uint8_t { respect, ignore };
  session hours = session::respect;
  std::string content_hash = {}; ///< not empty: the version of the file that is meant; another one does not run
};

struct job_run_view {
  std::string run_id, state, content_hash;
  utc_time slot{}, started{};
  std::optional<utc_time> finished;
  std::string report; ///< JSON; may be empty
};

/// A source tried out: what it would do now, and what it would have done.
struct job_preview_call {
  std::string source;
  std::map<std::string, std::string> inputs; ///< values of parameters
  account_id account;           ///< empty: the source's
  std::string symbol;           ///< whose simulated trades are shown; empty: the job's first
  std::uint32_t bars = 2'000;   ///< newest ones that the simulation trades over
  std::optional<utc_time> to;   ///< where they end; nothing: the market's time
};

struct job_preview_view {
  utc_time slot{};      ///< the firing that was run dry: the last one until `to`
  std::string report;   ///< JSON, as of a run; signals with what the risk gate would say of their orders
  std::string symbol;
  timeframe frame;      ///< of the bars that the job is walked over
  std::size_t bars = 0; ///< of the symbol, that were traded over
  strategy::preview_outcome simulated; ///< of the symbol: markers, trades, profits, and why it stopped; no plots
};

enum class job_switch : std::uint8_t { enable, disable };
struct job_switch_call {
  std::string strategy_id;
  job_switch to = job_switch::disable;
  std::string reason, author;
};

/// All members may be called from any thread; `done` is called once, on any thread.
class job_files_port {
public:
  virtual ~job_files_port() = default;
  virtual std::vector<job_file_view> jobs() = 0;
  /// Runs a slot now and gives the report as JSON. Errors: not_found (no such job, or field content_hash: another version); conflict (no slot contains the time, or it has run);
  /// limit_exceeded (too many runs); not_available (the node stops).
  virtual void run(job_run_call call, reply<std::string> done) = 0;
  /// Runs the job dry on the market and the account as they are, and over bars of the past; nothing is sent and nothing
  /// remembered. Errors: invalid_argument (the source does not pass, symbol);
  /// limit_exceeded (too many at once); not_available (the node stops); those of the market.
  virtual void preview(job_preview_call call, reply<job_preview_view> done) = 0;
  /// Newest first. Errors: not_found, io_error.
  virtual void runs(std::string strategy_id, std::size_t limit, reply<std::vector<job_run_view>> done) = 0;
  /// Durable when it returns; an edit of the file does not switch on again. Errors: not_found, io_error.
  virtual result<void> switch_job(job_switch_call call) = 0;
};

} // namespace tt::gateway
