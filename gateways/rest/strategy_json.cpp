#include "gateways/rest/strategy_json.hpp"

#include "actors/strategy/live/plot_columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tt::gateway {

using namespace strategy;
using tt::to_string;

namespace {

utc_time moment(std::int64_t ms) { return from_unix_ms(ms); }

void write_color(json_writer& out, double v) {
  if (!(v >= 0 && v <= 0xFFFFFFFF)) {
    out.null();
    return;
  }
  char text[16];
  std::snprintf(text, sizeof text, "#%08X", static_cast<unsigned>(v));
  out.value(std::string_view{text});
}

/// JSON again, names and numbers as they were sent.
void append(std::string& out, const json_value& v) {
  switch (v.type()) {
  case json_value::kind::null: out += "null"; return;
  case json_value::kind::boolean:
  case json_value::kind::number: out += v.text(); return;
  case json_value::kind::string: append_json_string(out, v.text()); return;
  case json_value::kind::array: {
    out += '[';
    bool is_first = true;
    for (const auto& item : v.items()) {
      if (!std::exchange(is_first, false)) out += ',';
      append(out, item);
    }
    out += ']';
    return;
  }
  case json_value::kind::object: {
    out += '{';
    bool is_first = true;
    for (const auto& m : v.members()) {
      if (!std::exchange(is_first, false)) out += ',';
      append_json_string(out, m.name);
      out += ':';
      append(out, m.value);
    }
    out += '}';
  }
  }
}

std::string_view side_of(const closed_trade& t) { return t.side == closed_trade::side_t::long_side ? "long" : "short"; }

void write_trade_fields(json_writer& out, const closed_trade& t) {
  out.field("side", side_of(t)).field("entry_date", moment(t.entry_ms)).field("exit_date", moment(t.exit_ms));
  out.key("entry_price").statistic(t.entry_price).key("exit_price").statistic(t.exit_price).key("quantity").statistic(t.qty);
  out.key("pnl").statistic(t.profit).key("fees").statistic(t.fees).field("entry_reason", t.entry_id).field("exit_reason", t.exit_id);
}

void write_alert(json_writer& out, const raised_alert& a) {
  const std::string_view source = a.source == raised_alert::source_t::call ? "alert" : a.source == raised_alert::source_t::condition ? "alertcondition" : "order";
  out.field("timestamp", moment(a.at_ms)).field("source", source).field("title", a.title).field("message", a.message);
}

} // namespace

std::optional<std::string> object_text(const json_value& what) {
  if (what.type() != json_value::kind::object) return std::nullopt;
  std::string out;
  append(out, what);
  return out;
}

result<std::map<std::string, std::string>> read_inputs(const json_value& what) {
  if (what.type() != json_value::kind::object) return error{errc::invalid_argument, "must be an object", "inputs"};
  std::map<std::string, std::string> out;
  for (const auto& m : what.members()) {
    const auto kind = m.value.type();
    if (kind == json_value::kind::array || kind == json_value::kind::object || kind == json_value::kind::null)
      return error{errc::invalid_argument, in_quotes(m.name) + " must be a number, a text or a boolean", "inputs"};
    out[m.name] = m.value.text();
  }
  return out;
}

void write(json_writer& out, const strategy_record& r) {
  out.begin_object().field("strategy_id", r.id.str()).field("name", r.name).field("kind", to_string(r.state.kind));
  out.field("account_id", r.state.account.str()).field("mode", to_string(r.state.mode)).field("enabled", r.state.is_enabled());
  out.key("sizing");
  if (r.state.sizing.empty()) out.null();
  else out.raw(r.state.sizing);
  out.key("limits").raw(r.limits_json.empty() ? std::string("{}") : r.limits_json);
  out.field("min_win_rate", r.min_win_rate).field("evaluation_period", r.evaluation_period);
  out.key("symbols").begin_array();
  for (const auto& s : r.symbols) out.value(s);
  out.end_array().field("timeframe", r.frame.to_string()).field("session", to_string(r.hours)).key("inputs").begin_object();
  for (const auto& [name, value] : r.inputs) out.raw_key(name).value(value);
  out.end_object().field("version", r.version).key("problem");
  if (r.problem.empty()) out.null();
  else out.value(r.problem);
  out.field("created_at", r.created_at).field("updated_at", r.updated_at).end_object();
}

void write(json_writer& out, const run_row& r) {
  out.begin_object().field("run_id", r.run).field("status", r.ended_at ? "ended" : "running").field("symbol", r.symbol).field("timeframe", r.frame.to_string()).field("version", r.version);
  out.field("account_id", r.account.str()).field("mode", to_string(r.mode)).field("started_at", r.started_at).field("ended_at", r.ended_at);
  out.field("trades_from", moment(r.trade_from_ms)).field("message", r.end_reason).end_object();
}

void write(json_writer& out, const signal_row& s) {
  out.begin_object().field("timestamp", moment(s.at_ms)).field("symbol", s.symbol).field("side", s.action).field("action", s.action).field("order_id", s.order_id);
  out.field("quantity", s.qty).field("type", s.type).key("price");
  if (s.price.empty()) out.null();
  else out.value(decimal::parse(s.price).value_or(decimal{}));
  out.field("decision", s.outcome).field("reason", s.reason).field("key", s.key).end_object();
}

void write(json_writer& out, const transition_row& t) {
  out.begin_object().field("timestamp", t.at).field("kind", t.kind).field("from", t.from).field("to", t.to).field("author", t.author);
  out.field("reason", t.reason).field("automatic", t.author.ends_with(" rule")).end_object();
}

void write(json_writer& out, const trade_row& r) {
  out.begin_object().field("run", r.trade.run).field("symbol", r.trade.symbol).field("mode", to_string(r.mode));
  write_trade_fields(out, r.trade);
  out.end_object();
}

void write_trade(json_writer& out, const closed_trade& t) {
  out.begin_object();
  write_trade_fields(out, t);
  out.end_object();
}

void write(json_writer& out, const trade_set& s, decimal min_win_rate) {
  out.begin_object().field("set", s.number).field("mode", to_string(s.mode)).field("trades", s.trades).field("wins", s.wins);
  out.field("win_rate", s.win_rate()).key("pnl").statistic(s.profit).field("complete", s.is_complete);
  out.field("good", s.is_complete && s.win_rate() >= min_win_rate).field("started_at", moment(s.first_ms));
  out.field("completed_at", s.is_complete ? std::optional{moment(s.last_ms)} : std::nullopt).end_object();
}

void write(json_writer& out, const alert_row& a) {
  out.begin_object().field("id", a.number).field("strategy_id", a.strategy.str()).field("symbol", a.symbol);
  write_alert(out, a.what);
  out.end_object();
}

void write(json_writer& out, const run_state& s) {
  out.begin_object().field("strategy_id", s.strategy.str()).field("symbol", s.symbol).field("run", s.run).field("version", s.version);
  out.field("state", to_string(s.phase)).key("problem");
  if (s.problem.empty()) out.null();
  else out.value(s.problem);
  out.field("last_bar", s.last_bar_ms ? std::optional{moment(*s.last_bar_ms)} : std::nullopt);
  const auto& p = s.position;
  out.key("position").begin_object().key("size").statistic(p.size).key("average_price");
  if (p.average_price) out.statistic(*p.average_price);
  else out.null();
  out.key("equity").statistic(p.equity).key("net_profit").statistic(p.net_profit).key("open_profit").statistic(p.open_profit);
  out.field("closed_trades", p.closed_trades).field("open_orders", p.open_orders).end_object().end_object();
}

void write_plots(json_writer& out, const pine::program& code, std::span<const plot_row> rows, std::size_t limit) {
  const auto shown = rows.last(std::min(limit, rows.size()));
  const auto& d = code.decl;
  out.field("kind", d.kind == pine::declaration::kind_t::strategy ? "strategy" : "indicator").field("title", d.title).field("overlay", d.overlay);
  if (!d.format.empty()) out.field("format", d.format);
  out.field("first_bar_index", shown.empty() ? std::int64_t{0} : shown.front().bar_index).key("times").begin_array();
  for (const auto& r : shown) out.value(r.time_ms / 1000);
  out.end_array().key("plots").begin_array();
  const auto columns = columns_of(code);
  for (std::size_t i = 0; i < columns.size();) {
    const auto& plot = code.plots[columns[i].plot];
    out.begin_object().field("title", title_of(plot)).field("kind", kind_of(plot.kind)).key("options").begin_object();
    for (const auto& [name, value] : plot.options) out.raw_key(name).value(value);
    out.end_object().key("series").begin_object();
    for (const auto at = columns[i].plot; i < columns.size() && columns[i].plot == at; ++i) {
      out.raw_key(columns[i].name).begin_array();
      for (const auto& r : shown) {
        const double v = i < r.values.size() ? r.values[i] : NAN;
        if (columns[i].is_color()) write_color(out, v);
        else out.statistic(v);
      }
      out.end_array();
    }
    out.end_object().end_object();
  }
  out.end_array();
}

void write_performance(json_writer& out, std::span<const trade_row> trades) {
  std::int64_t wins = 0, losses = 0;
  double profit = 0, gross = 0, loss = 0, fees = 0, best = 0, worst = 0, peak = 0, drawdown = 0;
  for (const auto& r : trades) {
    const auto p = r.trade.profit;
    profit += p, fees += r.trade.fees;
    if (p > 0) ++wins, gross += p;
    if (p < 0) ++losses, loss -= p;
    best = std::max(best, p), worst = std::min(worst, p), peak = std::max(peak, profit), drawdown = std::max(drawdown, peak - profit);
  }
  const auto count = static_cast<double>(trades.size());
  const auto over = [](double a, double b) { return b > 0 ? a / b : NAN; }; // undefined stays undefined
  out.field("trades", trades.size()).field("wins", wins).field("losses", losses);
  out.key("win_rate").statistic(over(static_cast<double>(wins) * 100, count)).key("net_profit").statistic(profit);
  out.key("gross_profit").statistic(gross).key("gross_loss").statistic(-loss).key("profit_factor").statistic(over(gross, loss));
  out.key("average_trade").statistic(over(profit, count)).key("fees").statistic(fees);
  out.key("largest_win").statistic(best).key("largest_loss").statistic(worst).key("max_drawdown").statistic(drawdown);
}

void write_diagnostics(json_writer& out, const pine::compile_result& compiled) {
  out.field("valid", !compiled.diags.has_errors()).key("diagnostics").begin_array();
  for (const auto& d : compiled.diags.all()) {
    out.begin_object().field("severity", d.level == pine::severity::error ? "error" : "warning").field("code", d.code).field("message", d.message);
    out.field("line", d.pos.line).field("column", d.pos.column).field("length", d.pos.length);
    if (!d.hint.empty()) out.field("hint", d.hint);
    out.end_object();
  }
  out.end_array();
}

void write_preview(json_writer& out, const pine::program& code, const preview_outcome& p) {
  out.key("error");
  if (p.failure) out.value(*p.failure);
  else out.null();
  write_plots(out, code, p.rows, p.rows.size());
  write_simulation(out, p);
}

void write_simulation(json_writer& out, const preview_outcome& p) {
  out.key("drawings").raw(p.drawings_json).key("markers").begin_array();
  for (const auto& m : p.markers) {
    out.begin_object().field("timestamp", m.time_ms / 1000).field("id", m.id).field("text", m.comment.empty() ? m.id : m.comment).field("side", m.size < 0 ? "sell" : "buy");
    out.key("quantity").statistic(std::fabs(m.size)).key("price").statistic(m.price).key("position").statistic(m.position).end_object();
  }
  out.end_array().key("trades").begin_array();
  for (const auto& t : p.trades) {
    out.begin_object();
    write_trade_fields(out, t);
    out.end_object();
  }
  out.end_array().key("net_profit").statistic(p.net_profit).key("open_profit").statistic(p.open_profit).key("position").statistic(p.position);
  out.key("alerts").begin_array();
  for (const auto& a : p.alerts) {
    out.begin_object();
    write_alert(out, a);
    out.end_object();
  }
  out.end_array().key("logs").begin_array();
  for (const auto& l : p.logs) out.value(l);
  out.end_array();
}

void write_news(json_writer& out, const strategy_news& n) {
  static constexpr std::array<std::string_view, 6> names{"state", "mode_change", "signal", "trade", "alert", "plot"};
  out.begin_object().field("event", names[static_cast<std::size_t>(n.kind)]).field("strategy_id", n.strategy.str());
  if (!n.symbol.empty()) out.field("symbol", n.symbol).field("run", n.run);
  if (n.record) {
    out.key("strategy");
    write(out, *n.record);
  }
  if (n.transition) {
    out.key("transition");
    write(out, *n.transition);
  }
  if (n.signal) {
    out.key("signal");
    write(out, *n.signal);
  }
  if (n.trade) {
    out.key("trade").begin_object();
    write_trade_fields(out, *n.trade);
    out.end_object();
  }
  if (n.alert) {
    out.key("alert").begin_object();
    write_alert(out, *n.alert);
    out.end_object();
  }
  if (n.plot) {
    out.key("plot").begin_object().field("time", n.plot->time_ms / 1000).field("bar_index", n.plot->bar_index).key("values").begin_array();
    for (const double v : n.plot->values) out.statistic(v);
    out.end_array().end_object();
    if (n.drawings) {
      out.key("drawings");
      if (n.drawings->size() <= strategy::limits::streamed_drawings) out.raw(*n.drawings);
      else out.null();
    }
  }
  out.end_object();
}

} // namespace tt::gateway
