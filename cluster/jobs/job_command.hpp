#pragma once

// `tt job`: checks, shows, backtests and runs job files, in this process on the data of a node's folder.

#include "cluster/backtest_bars.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tt::cluster {

/// Exit codes of `tt job` (strategies-yaml, command line). other_job is ours: the node that was asked has no job of this id,
/// or another version of the file.
struct job_exit {
  static constexpr int done = 0, failed = 1, invalid = 2, closed_or_done = 3, no_data = 4, refused = 5, timed_out = 6, unreachable = 7, other_job = 8;
};

enum class job_output : std::uint8_t { text, json };
enum class job_orders_mode : std::uint8_t { send, dry_run };
enum class job_session_mode : std::uint8_t { respect, ignore };

struct job_options {
  std::vector<std::string> files; ///< validate; else the first one
  bar_place place;
  job_output form = job_output::text;
  int count = 10;                 ///< of `next`
  std::string from, to;           ///< of `backtest`
  std::map<std::string, std::string> fields; ///< of `backtest`, by the names of the API
  std::vector<std::string> parameters;       ///< of `backtest`: name=value
  std::string csv;                ///< of `backtest`: trades; "-" standard output
  std::string at;                 ///< of `run`: the time whose slot is meant; now when empty
  std::string account;            ///< of `run`: instead of the file's
  std::string url = "http://127.0.0.1:8080"; ///< of `run`: the node that sends orders
  std::string equity = "100000";  ///< of `run --dry-run`: the account that is assumed
  job_orders_mode orders = job_orders_mode::send;
  job_session_mode session = job_session_mode::respect;
};

struct job_commands {
  CLI::App *validate = nullptr, *list = nullptr, *next = nullptr, *backtest = nullptr, *run = nullptr, *scheduler = nullptr;
};
job_commands add_job_commands(CLI::App& app, job_options& options);

/// Runs whichever of the commands was given; nothing when none was.
std::optional<int> run_job_command(const job_commands& commands, const job_options& options);

int run_job_validate(const job_options& o);
int run_job_list(const job_options& o);
int run_job_next(const job_options& o);
int run_job_backtest(const job_options& o);
int run_job_once(const job_options& o);
/// `tt scheduler`; until SIGINT or SIGTERM.
int run_job_scheduler(const job_options& o);

} // namespace tt::cluster
