#pragma once

// Files of `tt pine`: bars and symbol facts in, tables out. Formats are described
// in cluster/README.md.

#include "actors/model/result.hpp"
#include "actors/pine/engine.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tt::cluster {

/// A whole file; errc::io_error names it.
result<std::string> read_text(const std::string& path);
result<void> write_text(const std::string& path, std::string_view text);

/// Bars of a CSV with the columns time (Unix seconds, UTC), open, high, low, close and perhaps volume, in any order,
/// oldest first. An empty cell is na. A file that holds nothing but a path stands for the file at that path, as links do
/// after a copy. A bad row is an error that names line and column.
result<std::vector<pine::bar>> read_bar_table(const std::string& path);

/// A symbol, and what else a `--syminfo` file may say.
struct symbol_file {
  pine::symbol_info symbol;
  std::string timeframe; ///< "" when it says nothing
  std::map<std::string, std::string> inputs;
  struct other {
    pine::symbol_info symbol;
    std::string timeframe, path;
  };
  std::vector<other> others; ///< further symbols with their bars
  std::string lower_bars;    ///< bars inside of the chart's bars, for the bar magnifier; "" when there are none
};
result<symbol_file> read_symbol(const std::string& path);

/// The inputs of a JSON object by title or variable: texts as they are, numbers and bools as Pine writes them.
result<std::map<std::string, std::string>> read_inputs(const std::string& path);

/// Values for request.currency_rate() and its like from a CSV with the columns kind,key,time,value (time in Unix seconds).
result<void> read_values(const std::string& path, pine::memory_source& into);

/// "PREFIX:TICKER" in its two parts.
void set_ticker(pine::symbol_info& symbol, std::string_view id);

/// A CSV cell, quoted where needed.
std::string csv_cell(const std::string& text);
/// Shortest digits that read back as the same double; empty for na.
void append_number(std::string& out, double value);

} // namespace tt::cluster
