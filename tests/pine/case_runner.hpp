#pragma once
/// Runs a script over bars from a CSV and writes what it plots or logs: the engine's side of the conformance kit.

#include "actors/pine/engine.hpp"

#include <map>
#include <string>
#include <vector>

namespace tt::pine::testing {

struct case_options {
  std::string script, bars, syminfo, timeframe, library_folder;
  std::map<std::string, std::string> inputs;
  /// "SYM:TF" to CSV file, for requests.
  std::map<std::string, std::string> other_bars;
};

struct case_result {
  std::string error; ///< diagnostics or a runtime failure; "" when all went well
  std::vector<std::string> titles;
  std::vector<std::vector<double>> columns; ///< by title, one value per bar
  std::vector<bar> bars;
  std::vector<log_message> logs;
  std::vector<alert_event> alerts;
  std::string drawings;
  std::string trades; ///< of a strategy, as CSV
};

/// Runs the script; errors come back in the result.
case_result run_case(const case_options& options);
/// The same over bars and a source text given directly.
case_result run_source(const std::string& source, const std::vector<bar>& bars, const std::string& timeframe = "60",
                       run_settings settings = {});
std::string plots_csv(const case_result& r);
std::string log_csv(const case_result& r);

/// Bars of a CSV with the columns time (Unix seconds), open, high, low, close, volume. A file that holds only a
/// path stands for the file at that path.
std::vector<bar> read_bars(const std::string& file);
std::string read_file(const std::string& file);
/// The folder ../shared beside the checkout, or $TT_SHARED; "" when there is none.
std::string shared_folder();

} // namespace tt::pine::testing
