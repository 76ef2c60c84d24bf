#include "actors/strategy/live/preview.hpp"

#include "actors/backtest/bars.hpp"
#include "actors/pine/tester/strategy_run.hpp"
#include "actors/strategy/live/bar_clock.hpp"
#include "actors/strategy/live/plot_columns.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tt::strategy {

namespace tester = pine::tester;

namespace {

void add_row(preview_outcome& out, const std::vector<plot_column>& places, const pine::script& script, std::int64_t time_ms) {
  plot_row row{time_ms, {}, static_cast<std::int64_t>(out.rows.size())};
  row.values.reserve(places.size());
  for (const auto& at : places) row.values.push_back(script.plot_value(at.plot, at.part));
  out.rows.push_back(std::move(row));
}

void finish(preview_outcome& out, const pine::script& script) {
  out.drawings_json = script.drawings_json();
  for (const auto& a : script.alerts()) out.alerts.push_back({a.time_ms, raised_alert::source_t::call, {}, a.message});
  for (const auto& l : script.logs()) out.logs.push_back(l.text);
}

void add_trades(preview_outcome& out, const tester::strategy_run& run) {
  const auto& texts = run.engine().texts();
  const auto& account = run.account().account();
  for (const auto& t : account.closed_trades())
    out.trades.push_back({0, {}, t.size > 0 ? closed_trade::side_t::long_side : closed_trade::side_t::short_side, texts.text(t.entry_id),
                          texts.text(t.exit_id), t.entry_time_ms, t.exit_time_ms, t.entry_price, t.exit_price, std::fabs(t.size), t.profit, t.fee()});
  const auto& fills = run.account().fills();
  const auto first = fills.size() > limits::preview_markers ? fills.size() - limits::preview_markers : 0;
  for (auto i = first; i < fills.size(); ++i)
    out.markers.push_back({fills[i].time_ms, texts.text(fills[i].id), texts.text(fills[i].comment), fills[i].size, fills[i].price, fills[i].position});
  out.net_profit = account.net_profit(), out.open_profit = account.open_profit(), out.position = account.size();
}

tester::trade open_trade(const held_trade& h, pine::text_pool& texts) {
  tester::trade out;
  out.size = h.size.to_double();
  out.entry_price = h.at.to_double();
  out.entry_fee = h.fee.to_double();
  out.entry_time_ms = h.time_ms;
  out.entry_id = texts.id(h.entry_id);
  return out;
}

std::string words_of(const pine::runtime_failure& f) {
  return "line " + std::to_string(f.line) + ", bar " + std::to_string(f.bar_index) + ": " + f.message;
}

/// Runs a script or a strategy over all bars; `before` is told of each. Those from `live_from_ms` on are seen as a live run sees them.
template <class Run, class Before>
void walk(preview_outcome& out, Run& run, const pine::script& script, const std::vector<pine::bar>& bars, const std::vector<plot_column>& places,
          std::int64_t live_from_ms, Before before) {
  for (std::size_t i = 0; i < bars.size() && !out.failure; ++i) {
    pine::bar_flags flags;
    flags.last = flags.last_history = i + 1 == bars.size();
    if (bars[i].time_ms >= live_from_ms) { // each was the newest when a live run saw it
      flags.last = flags.realtime = true;
      flags.last_history = false;
    } else if (i + 1 < bars.size() && bars[i + 1].time_ms >= live_from_ms) flags.last = true;
    before(bars[i]);
    if (!flags.last) flags.next_time_ms = bars[i + 1].time_ms;
    if (const auto failed = run.on_bar(bars[i], flags)) out.failure = words_of(*failed);
    else add_row(out, places, script, bars[i].time_ms);
  }
}

} // namespace

result<preview_outcome> run_preview(const preview_request& what, std::span<const bar> bars) {
  if (bars.empty()) return error{errc::out_of_range, "there are no bars to run on", "bars"};
  if (bars.size() > what.most_bars) return error{errc::out_of_range, "more than " + std::to_string(what.most_bars), "bars"};
  const auto list = backtest::to_pine(bars, what.what, what.frame, what.hours);
  pine::run_settings settings;
  const auto info = std::make_shared<const pine::symbol_info>(backtest::symbol_facts(what.what, what.hours));
  settings.symbol = info;
  if (const auto tf = pine::timeframe::parse(what.frame.to_udf())) settings.chart_timeframe = *tf;
  pine::memory_source data; // the chart's own symbol, and longer bars made of it
  data.add(info, settings.chart_timeframe, list);
  settings.data = &data;
  settings.inputs = what.inputs;
  settings.limit.clock_ns = steady_clock_ns;
  settings.limit.run_ns = limits::preview_run_ns;
  settings.last_bar_index = static_cast<std::int64_t>(list.size()) - 1;
  if (what.live_from_ms != INT64_MAX) // as its warm-up was
    settings.last_bar_index = std::ranges::count_if(list, [&](const pine::bar& b) { return b.time_ms < what.live_from_ms; }) - 1;
  settings.last_bar_time_ms = list.back().time_ms;
  preview_outcome out;
  const auto places = columns_of(*what.code);
  out.is_strategy = what.code->decl.kind == pine::declaration::kind_t::strategy;
  if (!out.is_strategy) {
    pine::script script(what.code, settings);
    if (script.problem()) return error{errc::invalid_argument, *script.problem(), "inputs"};
    walk(out, script, script, list, places, INT64_MAX, [](const pine::bar&) {});
    finish(out, script);
    return out;
  }
  tester::tester_options options;
  options.curve = tester::keep_curve::no;
  options.fills = tester::log_fills::on;
  options.trade_from_ms = what.trade_from_ms;
  tester::strategy_run run(what.code, settings, options);
  if (run.problem()) return error{errc::invalid_argument, *run.problem(), "inputs"};
  bool adopted = what.held.empty();
  walk(out, run, run.engine(), list, places, what.live_from_ms, [&](const pine::bar& b) {
    if (b.time_ms < what.live_from_ms || std::exchange(adopted, true)) return;
    for (const auto& h : what.held) run.adopt(open_trade(h, run.engine().texts()));
  });
  finish(out, run.engine());
  add_trades(out, run);
  return out;
}

} // namespace tt::strategy
