#pragma once

// `tt pine`: check a script, or run it over bars of files. No node, no network.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tt::cluster {

struct pine_check_options {
  std::string script, libraries;
  enum class format { text, json } as = format::text;
};

/// What `--out` holds: plot columns, trades or log messages. `automatic`: trades of a strategy; of an indicator its plots,
/// or its log where it plots nothing.
enum class pine_output { automatic, plots, trades, log };

struct pine_run_options {
  std::string script, bars, syminfo, timeframe, libraries, values;
  std::string out, plots, drawings, log, alerts;
  std::vector<std::string> inputs;   ///< a JSON file or name=value each
  std::vector<std::string> bars_for; ///< SYM:TF=FILE each
  pine_output kind = pine_output::automatic;
  enum class progress { quiet, shown } show = progress::quiet;
};

/// Prints the script's diagnostics; 0 without errors, 1 with, 2 when the file can't be read.
int run_pine_check(const pine_check_options& options);
/// Runs the script; 0 done, 1 the script or its settings are wrong (what was computed before is still written),
/// 2 a file can't be read or written.
int run_pine(const pine_run_options& options);

/// Adds `pine check` and `pine run` to the command line. Returns the two subcommands.
struct pine_commands {
  CLI::App* check = nullptr;
  CLI::App* run = nullptr;
};
pine_commands add_pine_commands(CLI::App& app, pine_check_options& check, pine_run_options& run);

} // namespace tt::cluster
