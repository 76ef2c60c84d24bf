#pragma once

// The only way to the YAML jobs of a node. The node plugs in its scheduler.

#include "gateways/market_port.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tt::gateway {

/// One job file as lists show it.
struct job_file_view {
  std::string strategy_id, name, file, account;
  std::string type;          ///< strategy, portfolio_management
  std::string state;         ///< enabled, disabled, invalid
  std::optional<utc_time> next, running;
  std::uint64_t runs = 0, failed = 0, skipped = 0;
  std::vector<std::string> findings; ///< of the file's newest version
};

struct job_run_call {
  std::string strategy_id;
  std::optional<utc_time> slot; ///< nothing: the slot that contains the market's time
  std::string account_id;       ///< empty: the file's
  enum class session : std::uint8_t { respect, ignore };
  session hours = session::respect;
};

struct job_run_view {
  std::string run_id, state, content_hash;
  utc_time slot{}, started{};
  std::optional<utc_time> finished;
  std::string report; ///< JSON; may be empty
};

enum class job_switch : std::uint8_t { enable, disable };

/// All members may be called from any thread; `done` is called once, on any thread.
class job_files_port {
public:
  virtual ~job_files_port() = default;
  virtual std::vector<job_file_view> jobs() = 0;
  /// Runs a slot now and gives the report as JSON. Errors: not_found; conflict (no slot contains the time, or it has run);
  /// limit_exceeded (too many runs); not_available (the node stops).
  virtual void run(job_run_call call, reply<std::string> done) = 0;
  /// Newest first. Errors: not_found, io_error.
  virtual void runs(std::string strategy_id, std::size_t limit, reply<std::vector<job_run_view>> done) = 0;
  /// Until the file changes. Errors: not_found.
  virtual result<void> switch_job(const std::string& strategy_id, job_switch to) = 0;
};

} // namespace tt::gateway
