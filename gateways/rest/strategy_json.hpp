#pragma once

// JSON of strategies (http-api section 8).

#include "actors/pine/compiler.hpp"
#include "actors/strategy/live/preview.hpp"
#include "gateways/http/handler.hpp"
#include "gateways/json/json_reader.hpp"
#include "gateways/strategies_port.hpp"

#include <deque>
#include <span>

namespace tt::gateway {

void write(json_writer& out, const strategy::strategy_record& what);
void write(json_writer& out, const strategy::run_row& what);
void write(json_writer& out, const strategy::signal_row& what);
void write(json_writer& out, const strategy::transition_row& what);
void write(json_writer& out, const strategy::trade_row& what);
/// A trade as a backtest shows it.
void write_trade(json_writer& out, const strategy::closed_trade& what);
void write(json_writer& out, const strategy::trade_set& what, decimal min_win_rate);
void write(json_writer& out, const strategy::alert_row& what);
/// Without its plots.
void write(json_writer& out, const strategy::run_state& what);
/// The fields kind, title, overlay, format, times and plots of the newest `limit` bars: times in epoch seconds, each plot
/// with its constant options and one list per series, null where there is no value, colors as "#RRGGBBAA".
void write_plots(json_writer& out, const pine::program& code, std::span<const strategy::plot_row> rows, std::size_t limit);
void write_performance(json_writer& out, std::span<const strategy::trade_row> trades);
/// The fields valid and diagnostics.
void write_diagnostics(json_writer& out, const pine::compile_result& compiled);
/// The fields plots, markers, trades and so on of a preview.
void write_preview(json_writer& out, const pine::program& code, const strategy::preview_outcome& what);
/// Those after the plots: drawings, markers, trades, profits, alerts, logs.
void write_simulation(json_writer& out, const strategy::preview_outcome& what);
void write_news(json_writer& out, const strategy_news& what);

/// JSON text of an object as sent, for what the registry keeps as it is. Nothing when it is no object.
std::optional<std::string> object_text(const json_value& what);
/// Inputs: an object of scalars, as texts. Errors: invalid_argument "inputs".
result<std::map<std::string, std::string>> read_inputs(const json_value& what);

} // namespace tt::gateway
