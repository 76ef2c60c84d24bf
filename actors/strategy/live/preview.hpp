#pragma once

// A source over bars, for the editor: plots, markers of fills, simulated trades. Pure.

#include "actors/model/instrument.hpp"
#include "actors/model/market_data.hpp"
#include "actors/pine/program.hpp"
#include "actors/strategy/live/run_types.hpp"

#include <atomic>
#include <memory>
#include <span>

namespace tt::strategy {

namespace limits {
inline constexpr std::size_t preview_bars = 20'000;
inline constexpr std::size_t replayed_bars = 200'000; ///< of a live run that is gone over again
/// Longest time of a preview, nanoseconds; what has been computed until then is shown. Others wait for the answer.
inline constexpr std::int64_t preview_run_ns = 20'000'000'000;
inline constexpr std::size_t preview_markers = 20'000; ///< newest kept
} // namespace limits

struct preview_request {
  std::shared_ptr<const pine::program> code;
  instrument what;
  timeframe frame;
  session_hours hours = session_hours::regular;
  std::map<std::string, std::string> inputs;
  std::int64_t trade_from_ms = INT64_MIN; ///< bars that open earlier make no orders
  // A live run over again: its bars from here on were seen one by one, and it began with those trades.
  std::int64_t live_from_ms = INT64_MAX;
  std::vector<held_trade> held = {};
  std::size_t most_bars = limits::preview_bars;
};

/// A fill of the emulator, as a mark on the chart.
struct preview_marker {
  std::int64_t time_ms = 0;
  std::string id, comment;
  double size = 0, price = 0, position = 0; ///< size signed; position after it
};

struct preview_outcome {
  std::vector<plot_row> rows; ///< of columns_of(code)
  std::string drawings_json = "[]";
  bool is_strategy = false;
  std::vector<preview_marker> markers;
  std::vector<closed_trade> trades; ///< closed ones
  double net_profit = 0, open_profit = 0, position = 0;
  std::vector<raised_alert> alerts;
  std::vector<std::string> logs;
  std::optional<std::string> failure; ///< the script stopped there; what came before is in the rest
};

/// Errors: invalid_argument "inputs"; out_of_range "bars".
result<preview_outcome> run_preview(const preview_request& what, std::span<const bar> bars);

} // namespace tt::strategy
