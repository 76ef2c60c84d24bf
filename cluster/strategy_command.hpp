#pragma once

// `tt strategy`: strategies of a running node over the HTTP API.

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tt::cluster {

/// What `tt strategy` is asked to do.
struct strategy_options {
  enum class action_t : std::uint8_t { none, add, list, enable, disable, mode, remove, show, source, signals, performance, validate, diverge } action = action_t::none;
  std::string url = "http://127.0.0.1:8080";
  std::string token;                ///< bearer; else TT_TOKEN of the environment
  std::string id, file, name, account, mode, reason, timeframe, session, day;
  std::vector<std::string> symbols;
  std::vector<std::string> inputs;  ///< "name=value"
  std::optional<std::string> min_win_rate, evaluation_period;
  bool is_enabled = false;          ///< --enable of add
  bool as_json = false;
};

/// Adds the command and its own commands; they fill `to`.
CLI::App* add_strategy_command(CLI::App& app, strategy_options& to);

/// Runs what was asked. 0 done, 1 refused or not reachable (the reason is on stderr), 2 wrong command line.
int run_strategy(const strategy_options& options);

} // namespace tt::cluster
