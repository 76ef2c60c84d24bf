#include "actors/backtest/results.hpp"

#include "actors/backtest/report.hpp"
#include "actors/backtest/wire.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace tt::backtest {

namespace {

/// Twelve significant digits: what is left of sums of doubles once their noise is cut off. Null where undefined.
document number(double v) {
  if (!std::isfinite(v)) return nullptr;
  if (v == 0) return 0.0;
  char buffer[40];
  constexpr int digits_behind_the_first = 11;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::scientific, digits_behind_the_first).ptr;
  double out = v;
  std::from_chars(buffer, end, out);
  return out;
}
document number(const std::optional<double>& v) { return v ? number(*v) : document(nullptr); }

document whole(const std::optional<double>& v) { return v ? document(static_cast<std::int64_t>(*v)) : document(nullptr); }

void append(std::string& out, const document& d) {
  switch (d.type()) {
  case document::value_t::object: {
    char before = '{';
    for (const auto& [name, v] : d.items()) {
      out += before;
      out += document(name).dump(-1, ' ', false, document::error_handler_t::replace);
      out += ':';
      append(out, v);
      before = ',';
    }
    if (before == '{') out += '{';
    out += '}';
    return;
  }
  case document::value_t::array: {
    out += '[';
    bool first = true;
    for (const auto& v : d) {
      if (!first) out += ',';
      append(out, v);
      first = false;
    }
    out += ']';
    return;
  }
  case document::value_t::number_float: {
    const auto v = d.get<double>();
    if (!std::isfinite(v)) {
      out += "null";
      return;
    }
    char buffer[400];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::fixed).ptr);
    return;
  }
  default: out += d.dump(-1, ' ', false, document::error_handler_t::replace);
  }
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}
std::string csv_cell(const document& d) {
  if (d.is_null()) return {};
  return d.is_string() ? csv_cell(d.get<std::string>()) : to_text(d);
}

std::string csv_header(std::initializer_list<const char*> names) {
  std::string out;
  for (const auto* name : names) out += (out.empty() ? "" : ",") + std::string(name);
  return out + '\n';
}
void csv_row(std::string& out, const document& row) {
  bool first = true;
  for (const auto& [name, v] : row.items()) {
    if (!first) out += ',';
    out += csv_cell(v);
    first = false;
  }
  out += '\n';
}

std::string_view side_name(trade_record::side_t s) { return s == trade_record::side_t::long_side ? "long" : "short"; }

document trade_document(const pair_key& key, const trade_record& t) {
  return {{"symbol", key.symbol},
          {"timeframe", key.frame.to_string()},
          {"side", side_name(t.side)},
          {"entry_date", date_text(t.entry_ms, curve_step::bar)},
          {"exit_date", date_text(t.exit_ms, curve_step::bar)},
          {"entry_price", number(t.entry_price)},
          {"exit_price", number(t.exit_price)},
          {"quantity", number(t.quantity)},
          {"pnl", number(t.pnl)},
          {"pnl_percent", number(t.pnl_percent)},
          {"fees", number(t.fees)},
          {"bars_held", t.bars_held},
          {"mae", number(t.mae)},
          {"mfe", number(t.mfe)},
          {"entry_reason", t.entry_reason},
          {"exit_reason", t.exit_reason}};
}

std::string_view level_name(pine::log_level l) {
  return l == pine::log_level::info ? "info" : l == pine::log_level::warning ? "warning" : "error";
}

/// Row number of a cursor. They are plain numbers: outcomes never change once they are there.
result<std::size_t> row_of(std::string_view cursor) {
  std::size_t at = 0;
  if (cursor.empty()) return at;
  const auto end = cursor.data() + cursor.size();
  const auto r = std::from_chars(cursor.data(), end, at);
  if (r.ec != std::errc{} || r.ptr != end) return error{errc::invalid_argument, "isn't a cursor of this list", "cursor"};
  return at;
}

document points_of(const std::vector<shown_point>& curve, curve_step step) {
  auto out = document::array();
  for (const auto& p : curve) out.push_back({{"date", date_text(p.at, step)}, {"equity", number(p.equity)}});
  return out;
}

document error_document(const error& e) { return {{"error_code", std::string(tt::to_string(e.code))}, {"message", to_string(e)}}; }

std::string dropped_text(const pair_outcome& o) { return std::to_string(o.logs_dropped) + " more log lines were not kept"; }

/// What an outcome of a YAML job does not say of the rules that it was computed by: they are the request's.
void describe_job(const backtest_request& r, pair_outcome& o) {
  const auto rules = rules_for(r, pine::declaration{});
  if (o.slippage.empty()) o.slippage = slippage_text(rules);
  if (o.commission.empty()) o.commission = commission_text(rules);
  if (rules.fills == pine::tester::fill_time::on_close) o.fill_rule = "orders of a run fill on the close of its bar";
}

void move_into(document& to, document from) {
  for (auto& [name, v] : from.items()) to[name] = std::move(v);
}

} // namespace

document figure_document(std::optional<double> v) { return number(v); }

std::string to_text(const document& d) {
  std::string out;
  append(out, d);
  return out;
}

std::string date_text(std::int64_t at, curve_step step) {
  if (step == curve_step::day) return civil_date::from_days(static_cast<std::int32_t>(at)).to_string();
  return to_iso8601(from_unix_ms(at));
}

std::vector<shown_point> downsample(const std::vector<shown_point>& curve, std::size_t max_points) {
  const auto n = curve.size();
  max_points = max_points == 0 ? n : std::max(max_points, limits::least_points);
  if (n <= max_points) return curve;
  const auto lower = [&](std::size_t a, std::size_t b) { return curve[a].equity < curve[b].equity; };
  const auto extremes = [&](std::size_t from, std::size_t to, std::set<std::size_t>& keep) {
    std::size_t low = from, high = from;
    for (auto i = from; i < to; ++i) {
      if (lower(i, low)) low = i;
      if (lower(high, i)) high = i;
    }
    keep.insert(low), keep.insert(high);
  };
  std::set<std::size_t> keep{0, n - 1};
  extremes(0, n, keep);
  const auto stretches = (max_points - keep.size()) / 2;
  for (std::size_t k = 0; k < stretches; ++k) extremes(n * k / stretches, n * (k + 1) / stretches, keep);
  std::vector<shown_point> out;
  for (auto i : keep) out.push_back(curve[i]);
  return out;
}

document to_document(const std::vector<script_finding>& findings) {
  auto out = document::array();
  for (const auto& f : findings)
    out.push_back({{"severity", f.level == script_finding::level_t::error ? "error" : "warning"}, {"code", f.code}, {"message", f.message},
                   {"line", f.line}, {"column", f.column}, {"length", f.length}, {"hint", f.hint}});
  return out;
}

document to_document(const figure_set& f) {
  const auto get = [&](const char* name) { return f.get(name); };
  document out;
  for (const char* name : {"total_return", "max_drawdown", "sharpe_ratio", "win_rate"}) out[name] = number(get(name));
  out["total_trades"] = whole(get("total_trades"));
  for (const char* name : {"profit_factor", "avg_win", "avg_loss", "largest_win", "largest_loss"}) out[name] = number(get(name));
  auto& m = out["metrics"] = document::object();
  for (const char* name : {"cagr", "sortino", "calmar", "volatility", "exposure", "expectancy"}) m[name] = number(get(name));
  m["max_drawdown_days"] = whole(get("max_drawdown_days"));
  for (const char* name : {"buy_hold_return", "var_95", "cvar_95", "beta", "alpha", "net_profit", "gross_profit", "gross_loss", "fees", "avg_trade",
                           "avg_bars", "recovery", "sharpe_daily"})
    m[name] = number(get(name));
  m["open_pnl"] = number(get("open_profit"));
  return out;
}

document results_without_run(const std::vector<script_finding>& findings) {
  auto out = to_document(figure_set::from({}));
  out["equity_curve"] = document::array();
  out["report"] = report_document({});
  out["trades"] = document::array();
  out["runs"] = document::array();
  out["compile_diagnostics"] = to_document(findings);
  return out;
}

// ---------------------------------------------------------------- putting together

result<job_results> job_results::combine(const backtest_request& r, std::vector<pair_outcome> outcomes, result_facts facts) {
  job_results out;
  out.facts_ = std::move(facts);
  out.step_ = step_for(r);
  out.capital_ = r.yaml.empty() ? r.capital : capital_mode::shared; // all symbols of a job trade one account
  out.session_ = r.session;
  std::map<pair_key, pair_outcome> by_key;
  for (auto& o : outcomes) {
    auto key = o.key;
    by_key.try_emplace(std::move(key), std::move(o));
  }
  wire::hasher hash;
  for (const auto& key : pairs_of(r)) {
    auto it = by_key.find(key);
    if (it == by_key.end()) return error{errc::not_found, "there is no outcome of " + to_string(key), "outcomes"};
    auto& o = it->second;
    hash.add(o.data_hash);
    if (!r.yaml.empty()) describe_job(r, o);
    if (!o.failure)
      if (auto broken = broken_identity(o)) return error{errc::internal, *broken};
    out.outcomes_.push_back(std::move(o));
  }
  out.data_hash_ = hash.hex();
  const auto summed = summed_as(r);
  out.curve_ = combined_curve(out.outcomes_, summed);
  out.total_ = combined_figures(out.outcomes_, summed);
  out.initial_ = out.final_ = combined_capital(out.outcomes_, summed);
  std::set<std::string> currencies, told;
  for (std::uint32_t p = 0; p < out.outcomes_.size(); ++p) {
    const auto& o = out.outcomes_[p];
    out.single_.push_back(figures_of(o));
    if (o.failure) {
      out.warnings_.push_back(to_string(o.key) + ": " + tt::to_string(*o.failure));
      continue;
    }
    out.final_ += o.final_equity - o.initial, out.open_pnl_ += o.open_pnl;
    currencies.insert(o.currency);
    if (o.logs_dropped > 0) out.warnings_.push_back(to_string(o.key) + ": " + dropped_text(o));
    for (const auto& w : o.warnings)
      if (told.insert(w).second) out.warnings_.push_back(w);
    for (std::uint32_t i = 0; i < o.trades.size(); ++i) out.order_.push_back({p, i});
  }
  if (currencies.size() > 1) out.warnings_.push_back("the accounts are kept in different currencies; sums over them mix these");
  const auto rank = [&](const trade_place& t) {
    const auto& x = out.outcomes_[t.pair].trades[t.index];
    return std::tuple(x.exit_ms, x.entry_ms, t.pair, t.index);
  };
  std::sort(out.order_.begin(), out.order_.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  if (currencies.empty()) out.failure_ = out.outcomes_.front().failure;
  return out;
}

const trade_record& job_results::trade(std::size_t i) const { return outcomes_[order_[i].pair].trades[order_[i].index]; }

namespace {
/// The sum of several accounts is known at the points of their curves only; one account is followed from bar to bar.
std::string_view drawdown_text(bool on_bars, std::size_t runs, capital_mode mode) {
  if (!on_bars) return "from the points of the curve";
  return runs < 2 || mode == capital_mode::shared ? "from the close of every bar" : "of each run from the close of every bar, of their sum from the points of the curve";
}
} // namespace

document job_results::assumptions() const {
  const pair_outcome none, *first = &none;
  std::size_t good = 0;
  bool on_bars = true;
  for (const auto& o : outcomes_) {
    if (o.failure) continue;
    if (++good == 1) first = &o;
    on_bars = on_bars && o.falls;
  }
  return {{"fill_rule", first->fill_rule},
          {"slippage", first->slippage},
          {"commission", first->commission},
          {"magnifier", first->magnifier},
          {"session", std::string(tt::to_string(session_))},
          {"capital_mode", std::string(to_string(capital_))},
          {"curve", step_ == curve_step::day ? "one point per trading day" : "one point per bar"},
          {"drawdown", drawdown_text(on_bars, good, first->account_falls ? capital_mode::shared : capital_mode::per_run)},
          {"data_hash", data_hash_},
          {"engine_version", facts_.engine_version},
          {"warnings", warnings_}};
}

document job_results::brief(std::size_t max_points) const {
  auto out = to_document(total_);
  out["initial_capital"] = number(initial_);
  out["final_equity"] = number(final_);
  out["equity_curve"] = equity(max_points);
  return out;
}

document job_results::results() const {
  auto out = brief(0);
  auto trades = document::array(), open = document::array(), runs = document::array();
  reported_trades whole{{}, {}, initial_};
  std::vector<reported_trades> single(outcomes_.size());
  for (const auto& [pair, index] : order_) {
    const auto& t = outcomes_[pair].trades[index];
    whole.closed.push_back(t);
    single[pair].closed.push_back(t);
  }
  const auto shown = std::min(order_.size(), limits::result_trades);
  for (std::size_t i = 0; i < shown; ++i) trades.push_back(trade_document(trade_pair(i), trade(i)));
  for (std::size_t p = 0; p < outcomes_.size(); ++p) {
    const auto& o = outcomes_[p];
    document run{{"symbol", o.key.symbol}, {"timeframe", o.key.frame.to_string()}};
    move_into(run, to_document(single_[p]));
    if (o.failure) {
      run["error"] = error_document(*o.failure);
    } else {
      run["initial_capital"] = number(o.initial);
      run["final_equity"] = number(o.final_equity);
      run["currency"] = o.currency;
      run["bars"] = o.bars;
      run["first_bar"] = date_text(o.first_ms, curve_step::bar);
      run["last_bar"] = date_text(o.last_ms, curve_step::bar);
      run["margin_calls"] = o.margin_calls;
      run["open_trades"] = o.open_trades.size();
      for (const auto& t : o.open_trades) {
        open.push_back(trade_document(o.key, t));
        whole.open.push_back(t), single[p].open.push_back(t);
      }
      single[p].initial = o.initial;
      run["report"] = report_document(single[p]);
    }
    run["data_hash"] = o.data_hash;
    runs.push_back(std::move(run));
  }
  out["report"] = report_document(whole);
  out["trades"] = std::move(trades);
  if (shown < order_.size()) out["trades_left_out"] = order_.size() - shown;
  out["open_trades"] = std::move(open);
  out["runs"] = std::move(runs);
  out["compile_diagnostics"] = to_document(facts_.findings);
  out["assumptions"] = assumptions();
  return out;
}

document job_results::equity(std::size_t max_points) const { return points_of(downsample(curve_, max_points), step_); }

result<result_page> job_results::equity_rows(std::size_t max_points, std::size_t limit, std::string_view cursor) const {
  auto from = row_of(cursor);
  if (!from) return from.error();
  const auto all = downsample(curve_, max_points);
  const auto first = std::min(*from, all.size()), to = limit == 0 ? all.size() : std::min(all.size(), first + limit);
  result_page page;
  page.rows = points_of({all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(to)}, step_);
  if (to < all.size()) page.next_cursor = std::to_string(to);
  return page;
}

result<result_page> job_results::trades(std::size_t limit, std::string_view cursor) const {
  auto from = row_of(cursor);
  if (!from) return from.error();
  result_page page;
  const auto to = std::min(order_.size(), *from + std::clamp<std::size_t>(limit, 1, limits::page_rows));
  for (auto i = *from; i < to; ++i) page.rows.push_back(trade_document(trade_pair(i), trade(i)));
  if (to < order_.size()) page.next_cursor = std::to_string(to);
  return page;
}

std::string job_results::trades_csv() const {
  auto out = csv_header({"symbol", "timeframe", "side", "entry_date", "exit_date", "entry_price", "exit_price", "quantity", "pnl", "pnl_percent", "fees",
                         "bars_held", "mae", "mfe", "entry_reason", "exit_reason"});
  for (std::size_t i = 0; i < order_.size(); ++i) csv_row(out, trade_document(trade_pair(i), trade(i)));
  return out;
}

std::string job_results::equity_csv(std::size_t max_points) const {
  auto out = csv_header({"date", "equity"});
  for (const auto& row : equity(max_points)) csv_row(out, row);
  return out;
}

namespace {
document log_document(const pair_key& key, const log_line& l) {
  return {{"symbol", key.symbol}, {"timeframe", key.frame.to_string()}, {"time", date_text(l.time_ms, curve_step::bar)},
          {"bar", l.bar},         {"level", level_name(l.level)},       {"text", l.text}};
}
/// The lines of a pair, and behind them one that says how many are missing.
std::size_t log_rows(const pair_outcome& o) { return o.logs.size() + (o.logs_dropped > 0 ? 1 : 0); }
document log_row(const pair_outcome& o, std::size_t i) {
  if (i < o.logs.size()) return log_document(o.key, o.logs[i]);
  auto last = o.logs.empty() ? log_line{o.last_ms, 0, {}, {}} : o.logs.back();
  last.level = pine::log_level::warning;
  last.text = dropped_text(o);
  return log_document(o.key, last);
}
} // namespace

/// By pair, then in the order in which they were written.
result<result_page> job_results::logs(std::size_t limit, std::string_view cursor) const {
  auto from = row_of(cursor);
  if (!from) return from.error();
  result_page page;
  const auto most = std::clamp<std::size_t>(limit, 1, limits::page_rows);
  std::size_t at = 0;
  for (const auto& o : outcomes_) {
    const auto rows = log_rows(o);
    for (auto i = *from > at ? std::min(*from - at, rows) : 0; i < rows; ++i) {
      if (page.rows.size() == most) {
        page.next_cursor = std::to_string(at + i);
        return page;
      }
      page.rows.push_back(log_row(o, i));
    }
    at += rows;
  }
  return page;
}

std::string job_results::logs_csv() const {
  auto out = csv_header({"symbol", "timeframe", "time", "bar", "level", "text"});
  for (const auto& o : outcomes_)
    for (std::size_t i = 0; i < log_rows(o); ++i) csv_row(out, log_row(o, i));
  return out;
}

} // namespace tt::backtest
