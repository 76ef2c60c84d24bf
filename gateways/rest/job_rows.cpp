#include "gateways/rest/job_rows.hpp"

#include "gateways/rest/strategy_calls.hpp"
#include "gateways/rest/trading_call.hpp"
#include "gateways/trading/strategy_trades.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace tt::gateway {

using namespace strategy;
using tt::to_string;

namespace {

constexpr std::size_t default_rows = 100;
/// Runs whose records are looked through for signals.
constexpr std::size_t runs_looked_at = 1'000;

/// Folds the job's executions; `then` is called with its closed trades, in the order of closing.
void with_trades(services& parts, const context_ptr& call, const responder& answer, const job_rows_subject& of, std::function<void(const std::vector<trade_row>&)> then) {
  if (parts.trading == nullptr) return answer(no_accounts_for("strategies"));
  parts.trading->executions(caller_of(*call), executions_of(of.id, of.account), [call, answer, of, then = std::move(then)](const result<std::vector<execution_snapshot>>& got) {
    if (!got) return answer(to_api_error(got.error(), "path"));
    if (got->size() >= most_folded_fills)
      return answer(make_error(422, "strategy.fills", "the job has more than " + std::to_string(most_folded_fills) + " executions: too many to fold"));
    trade_fold all;
    for (const auto& one : std::views::reverse(*got))
      if (auto added = all.add(fill_of(one)); !added) return answer(added.error());
    then(with_modes(all.trades(), of.changes, of.mode));
  });
}

// ---------------------------------------------------------------- signals

const json_value* member(const json_value& of, std::string_view name) {
  if (of.type() != json_value::kind::object) return nullptr;
  for (const auto& m : of.members())
    if (m.name == name) return &m.value;
  return nullptr;
}
std::string text_in(const json_value& of, std::string_view name) {
  const auto* at = member(of, name);
  return at != nullptr && at->type() == json_value::kind::string ? at->text() : std::string{};
}
void write_number(json_writer& out, std::string_view key, const json_value& of, std::string_view name) {
  out.key(key);
  const auto* at = member(of, name);
  const auto number = at != nullptr ? decimal::parse(at->text()) : result<decimal>{error{}};
  if (number) out.value(*number);
  else out.null();
}

/// What became of a signal, in the words of every strategy; empty: it was not to be sent.
std::string_view decision_of(const std::string& state) {
  if (state.empty()) return "recorded";
  for (const auto* word : {"not sent", "risk_rejected", "rejected"})
    if (state == word) return "refused";
  if (state == "filled") return "filled";
  if (state == "cancelled" || state == "expired") return state == "expired" ? "expired" : "cancelled";
  return "sent";
}

void write_signal(json_writer& out, const json_value& s, const job_run_view& run) {
  const auto signal = text_in(s, "signal"), state = text_in(s, "order_state"), limit = text_in(s, "limit_price"), refused = text_in(s, "order_error");
  const bool buys = signal == "buy" || signal == "entry_long" || signal == "exit_short";
  out.begin_object().field("timestamp", run.started).field("symbol", text_in(s, "symbol")).field("side", buys ? "buy" : "sell").field("action", signal);
  out.field("order_id", text_in(s, "order_id"));
  write_number(out, "quantity", s, "quantity");
  out.field("type", limit.empty() ? "market" : "limit");
  write_number(out, "price", s, limit.empty() ? "price" : "limit_price");
  write_number(out, "stop_price", s, "stop_price");
  write_number(out, "target_price", s, "target_price");
  write_number(out, "ordered_quantity", s, "ordered_quantity");
  out.field("decision", decision_of(state)).field("reason", refused.empty() ? text_in(s, "reason") : refused).field("key", text_in(s, "key"));
  out.field("run_id", run.run_id).field("slot", run.slot).field("order_state", state).end_object();
}

} // namespace

void show_job_performance(services& parts, const context_ptr& call, const responder& answer, job_rows_subject of) {
  with_trades(parts, call, answer, of, [call, answer, of](const std::vector<trade_row>& trades) {
    json_writer out{call->style};
    out.begin_object().field("strategy_id", of.id.str()).field("mode", to_string(of.mode));
    write_performance(out, trades);
    out.key("recent_trades").begin_array();
    for (auto i = trades.size(); i > (trades.size() > default_rows ? trades.size() - default_rows : 0); --i) write(out, trades[i - 1]);
    answer(json_response(out.end_array().end_object().take()));
  });
}

void show_job_sets(services& parts, const context_ptr& call, const responder& answer, job_rows_subject of) {
  with_trades(parts, call, answer, of, [call, answer, of](const std::vector<trade_row>& trades) {
    std::vector<scored_trade> scored;
    for (const auto& t : trades) scored.push_back({t.trade.exit_ms, t.trade.profit, t.mode, t.epoch});
    json_writer out{call->style};
    out.begin_object().field("strategy_id", of.id.str()).key("sets").begin_array();
    for (const auto& one : sets_of(scored, of.evaluation_period)) write(out, one, of.min_win_rate);
    answer(json_response(out.end_array().end_object().take()));
  });
}

void show_job_signals(services& parts, const context_ptr& call, const responder& answer, const strategy_id& of) {
  query_reader query{call->request.query};
  const auto limit = static_cast<std::size_t>(query.integer({"limit"}, query_reader::need::optional, 1, static_cast<std::int64_t>(most_strategy_rows)).value_or(default_rows));
  if (!query.ok()) return answer(query.failure());
  parts.job_files->runs(of.str(), runs_looked_at, [call, answer, of, limit](const result<std::vector<job_run_view>>& runs) {
    if (!runs) return answer(to_api_error(runs.error(), "path"));
    json_writer out{call->style};
    out.begin_object().field("strategy_id", of.str()).key("signals").begin_array();
    std::size_t left = limit;
    for (const auto& run : *runs) {
      const auto report = parse_json(run.report.empty() ? std::string_view{"{}"} : std::string_view{run.report});
      const auto* signals = report ? member(*report, "signals") : nullptr;
      if (signals == nullptr) continue;
      const auto all = signals->items();
      for (auto i = all.size(); i > 0 && left > 0; --i, --left) write_signal(out, all[i - 1], run); // newest first
    }
    answer(json_response(out.end_array().end_object().take()));
  });
}

} // namespace tt::gateway
