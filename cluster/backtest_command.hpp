#pragma once

// `tt backtest` and `tt optimize`: in this process on the data of a node's folder, on a CSV, or by a running node.

#include "cluster/backtest_bars.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tt::cluster {

/// Where results go besides the report on standard output. "-" is standard output, in place of the report.
struct backtest_outputs {
  std::string csv;  ///< trades; of a study the trials
  std::string json; ///< the results document of the API
  std::string html; ///< the report as one page
  std::string folder; ///< all of them, and the equity curve
};

/// What both commands are asked.
struct backtest_options {
  std::string script, libraries;
  std::vector<std::string> symbols, timeframes;
  std::string from, to;
  /// Fields of the API's request as given, by their names there ("initial_capital", "commission_type").
  std::map<std::string, std::string> fields;
  std::vector<std::string> inputs; ///< a JSON file or name=value each
  bar_place place;
  std::string node;                ///< URL of a gateway: it does the work
  std::size_t threads = 0;         ///< 0: one per core
  backtest_outputs out;
  enum class progress : std::uint8_t { automatic, shown, quiet } show = progress::automatic;
};

struct optimize_options {
  backtest_options base;
  std::vector<std::string> parameters;  ///< "fast=5:50:5" each
  std::vector<std::string> constraints;
  std::map<std::string, std::string> fields; ///< method, objective, direction, max_trials, rng_key
  bool sample = false;
  std::map<std::string, std::string> genetic, walk_forward;
};

/// 0 done; 1 script or settings are wrong, or nothing came of it; 2 a file or the node can't be reached; 130 cancelled.
int run_backtest(const backtest_options& options);
int run_optimize(const optimize_options& options);

/// Adds the two commands to the command line.
struct backtest_commands {
  CLI::App* backtest = nullptr;
  CLI::App* optimize = nullptr;
};
backtest_commands add_backtest_commands(CLI::App& app, backtest_options& backtest, optimize_options& optimize);

} // namespace tt::cluster
