// Strategies (http-api.md section 8). Checks and previews (strategy_preview.cpp) work on every node; the rest needs the
// node's strategies.

#include "gateways/rest/job_file_routes.hpp"
#include "gateways/rest/job_rows.hpp"
#include "gateways/rest/limits_body.hpp"
#include "gateways/rest/strategy_calls.hpp"
#include "gateways/rest/trading_call.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace strategy;
using tt::to_string;

namespace {

constexpr std::size_t default_rows = 100, reason_bytes = 500;
using need = object_reader::need;

change_author author_of(const request_context& call) { return {call.who.name, call.now}; }

template <class T>
void answer_one(const context_ptr& call, const responder& answer, const result<T>& got, int status = 200) {
  if (!got) return answer(to_api_error(got.error(), "body"));
  json_writer out{call->style};
  write(out, *got);
  answer(json_response(out.take(), status));
}

/// Why a caller who is bound to accounts or strategies may not come near this one; nothing: it may.
std::optional<api_error> strategy_refusal(const principal& who, const strategy_record& r) {
  if (!who.lists_strategy(r.id.str())) return out_of_scope("strategies");
  if (!who.lists_account(r.state.account.str())) return out_of_scope("accounts");
  return std::nullopt;
}

// ---------------------------------------------------------------- register, change

/// Fields that registering and changing have in common.
void read_change(services& parts, object_reader& body, strategy_change& to) {
  to.name = body.string({"name"}, need::optional, 200);
  if (const auto account = body.string({"account_id", "account"}, need::optional, 64)) to.account = account_id{*account};
  for (auto [field, at] : {std::pair{"sizing", &to.sizing}, std::pair{"limits", &to.limits_json}}) {
    const auto* given = body.value({field}, need::optional);
    if (given == nullptr) continue;
    *at = object_text(*given);
    if (!*at) body.problem(field, "must be an object", "type");
    else if (field == std::string_view{"limits"}) (void)read_limits(body, *given);
  }
  if (const auto rate = body.number({"min_win_rate"}, need::optional)) {
    if (rate->is_negative() || *rate > decimal{100}) body.problem("min_win_rate", "must be from 0 to 100", "range");
    to.min_win_rate = *rate;
  }
  if (const auto period = body.number({"evaluation_period"}, need::optional)) {
    const auto count = period->to_scaled(0);
    if (!count || *count < 1 || *count > static_cast<std::int64_t>(strategy::limits::evaluation_period)) body.problem("evaluation_period", "must be from 1 to 10000", "range");
    else to.evaluation_period = static_cast<std::size_t>(*count);
  }
  if (auto names = body.strings({"symbols"}, need::optional, strategy::limits::strategy_symbols)) {
    for (auto& name : *names)
      if (const auto* what = read_symbol(parts, body, name, "symbols")) name = what->symbol;
    to.symbols = std::move(*names);
  }
  if (const auto one = body.string({"symbol"}, need::optional); one && !to.symbols)
    if (const auto* what = read_symbol(parts, body, *one, "symbol")) to.symbols = {what->symbol};
  to.frame = read_frame(body, need::optional);
  if (const auto* given = body.value({"inputs"}, need::optional)) {
    auto read = read_inputs(*given);
    if (read) to.inputs = std::move(*read);
    else body.problem("inputs", read.error().message, "value");
  }
}

/// 422 with what is wrong with a source.
void answer_bad_source(const context_ptr& call, const responder& answer, const pine::compile_result& compiled) {
  json_writer out{call->style};
  out.begin_object().field("error", "Unprocessable").field("error_code", "strategy.source").field("detail", "the source does not compile as a strategy");
  write_diagnostics(out, compiled);
  answer(json_response(out.end_object().take(), 422));
}

/// Whether a Pine source can trade; answers if not.
bool is_good_source(const context_ptr& call, const responder& answer, const std::string& source) {
  const auto compiled = pine::compile(source);
  if (compiled.diags.has_errors() || compiled.code == nullptr) {
    answer_bad_source(call, answer, compiled);
    return false;
  }
  if (compiled.code->decl.kind == pine::declaration::kind_t::strategy) return true;
  answer(make_error(422, "strategy.source", "the script is not a strategy: it has no strategy() call"));
  return false;
}

/// An account that is not there, or takes no paper orders, is told before anything is registered.
void with_account(services& parts, const responder& answer, const account_id& account, std::function<void()> then) {
  if (parts.trading == nullptr) return answer(no_accounts_for("strategies"));
  trading_caller who;
  who.principal = "strategies";
  parts.trading->accounts(who, [answer, account, then](const result<std::vector<account_snapshot>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got)
      if (one.profile.id == account) return then();
    answer(to_api_error({errc::not_found, "no account " + in_quotes(account.str()), "account_id"}, "body"));
  });
}

/// Only alerts leave their size to the strategy; whatever else says its own size. Null: the sizing is in order.
const char* wrong_sizing(strategy_kind kind, const std::optional<std::string>& sizing) {
  if (!sizing || *sizing == "{}" || kind == strategy_kind::webhook) return nullptr;
  return kind == strategy_kind::pine ? "the script says its own (default_qty_type, default_qty_value)" : "the file of the job says its own";
}

/// Puts the strategy's own limits into the risk gate, before anything can trade by it.
void with_limits(services& parts, const context_ptr& call, const responder& answer, const strategy_id& id, limit_values values, std::function<void()> then) {
  if (values.empty()) return then();
  if (parts.trading == nullptr) return answer(no_accounts_for("limits"));
  risk::limit_change change;
  change.where = {risk::limit_scope::strategy, id.str()};
  change.values = std::move(values);
  change.author = call->who.name;
  change.reason = "limits of the strategy";
  change.by = limit_role_of(*call);
  parts.trading->set_limits(caller_of(*call), std::move(change), [answer, then = std::move(then)](const result<std::uint64_t>& got) {
    if (!got) return answer(to_api_error(got.error(), "body"));
    then();
  });
}

void register_strategy(services& parts, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  strategy_record r;
  r.id = strategy_id{body.string({"strategy_id", "id"}, need::required, strategy::limits::strategy_id_bytes).value_or("")};
  const auto kind = read_kind(body).value_or("pine");
  const auto source = body.string({"source"}, need::optional, strategy_source_limit).value_or("");
  strategy_change c;
  read_change(parts, body, c);
  r.hours = read_hours(body);
  const auto mode = body.string({"mode"}, need::optional, 16).value_or("paper");
  if (mode != "paper" && mode != "live") body.problem("mode", "must be paper or live", "value");
  const auto enabled = body.boolean({"enabled"}, need::optional).value_or(false);
  if (kind != "webhook" && source.empty()) body.problem("source", "is missing", "missing");
  if (kind == "pine" && enabled && (!c.symbols || c.symbols->empty())) body.problem("symbols", "an enabled Pine strategy needs at least one", "missing");
  if (const auto read = parse_name<strategy_kind>(kind, "kind"))
    if (const auto* wrong = wrong_sizing(*read, c.sizing)) body.problem("sizing", wrong, "value");
  if (is_bad(parts, body, call, answer)) return;
  if (mode == "live") return answer(make_error(403, "strategy.mode", "a strategy begins on paper; POST /mode makes it live"));
  if (parts.strategies == nullptr) return answer(no_strategies());
  if (const auto read = parse_name<strategy_kind>(kind, "kind")) r.state.kind = *read;
  r.state.power = enabled ? strategy_power::enabled : strategy_power::disabled;
  r.name = c.name.value_or(r.id.str());
  r.state.sizing = c.sizing.value_or("");
  r.limits_json = c.limits_json.value_or("{}");
  r.min_win_rate = c.min_win_rate.value_or(r.min_win_rate);
  r.evaluation_period = c.evaluation_period.value_or(r.evaluation_period);
  r.symbols = c.symbols.value_or(r.symbols);
  r.frame = c.frame.value_or(r.frame);
  r.inputs = c.inputs.value_or(r.inputs);
  if (!c.account && parts.trading != nullptr)
    if (const auto usual = usual_account(*parts.trading, *call)) c.account = *usual;
  r.state.account = c.account.value_or(account_id{});
  if (auto refused = strategy_refusal(call->who, r)) return answer(std::move(*refused));
  with_account(parts, answer, r.state.account, [p = &parts, call, answer, r, source] {
    run_heavy(*p, answer, [p, call, answer, r, source] {
      if (r.state.kind == strategy_kind::pine && !is_good_source(call, answer, source)) return;
      if (r.state.kind == strategy_kind::yaml) {
        if (const auto job = file_job(*p, r.id.str())) return answer(to_api_error({errc::conflict, "the job of the file " + job->file + " has this id", "strategy_id"}, "body"));
        if (auto refused = refuse_job_source(call, source, r.id.str(), p->market.instruments(), p->clock())) return answer(std::move(*refused));
      }
      const auto add = [call, answer, r, source](registry& records) { answer_one(call, answer, records.add(r, source, author_of(*call)), 201); };
      on_records(*p, answer, [p, call, answer, r, add](registry& records) {
        if (records.find(r.id)) return add(records); // says that the name is taken, and leaves the limits of that one alone
        with_limits(*p, call, answer, r.id, limits_between("", r.limits_json), [p, answer, add] { on_records(*p, answer, add); });
      });
    });
  });
}

void change_strategy(services& parts, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  strategy_change c;
  read_change(parts, body, c);
  if (body.value({"session"}, need::optional) != nullptr) c.hours = read_hours(body);
  for (const auto* fixed : {"mode", "enabled", "source"})
    if (body.value({fixed}, need::optional) != nullptr) body.problem(fixed, "has a route of its own", "conflict");
  if (is_bad(parts, body, call, answer)) return;
  const auto go = [p = &parts, call, answer, c] {
    on_records(*p, answer, [p, call, answer, c](registry& records) {
      const auto known = records.find(strategy_of(*call));
      if (!known) return answer(to_api_error(known.error(), "path"));
      if (const auto* wrong = wrong_sizing(known->state.kind, c.sizing)) return answer(to_api_error({errc::invalid_argument, wrong, "sizing"}, "body"));
      const auto values = c.limits_json ? limits_between(known->limits_json, *c.limits_json) : limit_values{};
      with_limits(*p, call, answer, known->id, values, [p, call, answer, c] {
        on_records(*p, answer, [call, answer, c](registry& again) { answer_one(call, answer, again.change(strategy_of(*call), c, author_of(*call))); });
      });
    });
  };
  if (c.account && !call->who.lists_account(c.account->str())) return answer(out_of_scope("accounts"));
  if (c.account) with_account(parts, answer, *c.account, go);
  else go();
}

void put_source(services& parts, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto source = body.string({"source"}, need::required, strategy_source_limit).value_or("");
  if (is_bad(parts, body, call, answer)) return;
  on_records(parts, answer, [p = &parts, call, answer, source](registry& records) {
    const auto known = records.find(strategy_of(*call));
    if (!known) return answer(to_api_error(known.error(), "path"));
    run_heavy(*p, answer, [p, call, answer, source, kind = known->state.kind] {
      if (kind == strategy_kind::pine && !is_good_source(call, answer, source)) return;
      if (kind == strategy_kind::yaml)
        if (auto refused = refuse_job_source(call, source, strategy_of(*call).str(), p->market.instruments(), p->clock())) return answer(std::move(*refused));
      on_records(*p, answer, [call, answer, source](registry& again) { answer_one(call, answer, again.set_source(strategy_of(*call), source, author_of(*call))); });
    });
  });
}

void remove_strategy(services& parts, const context_ptr& call, const responder& answer) {
  on_records(parts, answer, [call, answer](registry& records) {
    const auto gone = records.remove(strategy_of(*call), author_of(*call));
    if (!gone) return answer(to_api_error(gone.error(), "path"));
    json_writer out{call->style};
    answer(json_response(out.begin_object().field("strategy_id", strategy_of(*call).str()).field("message", "strategy removed").end_object().take()));
  });
}

void set_power(services& parts, const context_ptr& call, const responder& answer, strategy_power to) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto reason = body.string({"reason"}, need::optional, reason_bytes).value_or("");
  if (is_bad(parts, body, call, answer)) return;
  on_records(parts, answer, [call, answer, to, reason](registry& records) {
    const auto known = records.find(strategy_of(*call));
    if (!known) return answer(to_api_error(known.error(), "path"));
    if (to == strategy_power::enabled && known->state.kind == strategy_kind::pine && known->symbols.empty())
      return answer(to_api_error({errc::conflict, "has no symbols to run on: give it some first", "symbols"}, "body"));
    answer_one(call, answer, records.set_power(strategy_of(*call), to, reason, author_of(*call)));
  });
}

void set_mode(services& parts, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto text = body.string({"new_mode", "mode"}, need::required, 16).value_or("");
  const auto reason = body.string({"reason"}, need::required, reason_bytes).value_or("");
  const auto mode = parse_name<strategy_mode>(text, "new_mode");
  if (!text.empty() && !mode) body.problem("new_mode", mode.error().message, "value");
  if (is_bad(parts, body, call, answer)) return;
  if (parts.strategies == nullptr) return answer(no_strategies());
  if (*mode == strategy_mode::live) {
    if (call->who.rank != role::admin) return answer(make_error(403, "auth.role", "only an admin makes a strategy live"));
    if (parts.strategies->real() == strategies_port::real_trading::off)
      return answer(make_error(403, "feature.disabled", "real trading is switched off on this node (ENABLE_REAL_TRADING)"));
  }
  on_records(parts, answer, [call, answer, mode = *mode, reason](registry& records) {
    answer_one(call, answer, records.set_mode(strategy_of(*call), mode, reason, author_of(*call)));
  });
}

void run_now(services& parts, const context_ptr& call, const responder& answer) {
  on_records(parts, answer, [p = &parts, call, answer](registry& records) {
    const auto known = records.find(strategy_of(*call));
    if (!known) return answer(to_api_error(known.error(), "path"));
    if (known->state.kind == strategy_kind::yaml && p->job_files != nullptr) return run_job(*p, call, answer);
    if (known->state.kind == strategy_kind::pine)
      return answer(to_api_error({errc::conflict, "a Pine strategy runs on its bars; there is no moment of its own to run at", "strategy_id"}, "path"));
    answer(not_available("strategies: strategies of kind " + std::string(to_string(known->state.kind)) + " are not run from here"));
  });
}

// ---------------------------------------------------------------- look

void list_strategies(services& parts, const context_ptr& call, const responder& answer) {
  on_records(parts, answer, [p = &parts, call, answer](registry& records) {
    json_writer out{call->style};
    out.begin_object().key("strategies").begin_array();
    for (const auto& one : records.list())
      if (!strategy_refusal(call->who, one)) write(out, one);
    if (p->job_files != nullptr)
      for (const auto& job : p->job_files->jobs())
        if (job.origin == job_file_view::home::file && !job.strategy_id.empty() && call->who.lists_strategy(job.strategy_id) && call->who.lists_account(job.account))
          write_as_strategy(out, job);
    answer(json_response(out.end_array().end_object().take()));
  });
}

void show_strategy(services& parts, const context_ptr& call, const responder& answer) {
  on_records(parts, answer, [call, answer](registry& records) {
    const auto known = records.find(strategy_of(*call));
    if (!known) return answer(to_api_error(known.error(), "path"));
    auto source = records.source(strategy_of(*call));
    json_writer one{call->style};
    write(one, *known);
    auto text = one.take();
    text.pop_back(); // the source joins the same object
    std::string quoted_source;
    append_json_string(quoted_source, source.value_or(""));
    answer(json_response(text + ",\"source\":" + (source ? quoted_source : "null") + "}"));
  });
}

/// The rows of one strategy under a name.
template <class Rows>
void answer_rows(services& parts, const context_ptr& call, const responder& answer, std::string_view name, Rows rows) {
  query_reader query{call->request.query};
  const auto limit = static_cast<std::size_t>(query.integer({"limit"}, query_reader::need::optional, 1, static_cast<std::int64_t>(most_strategy_rows)).value_or(default_rows));
  if (!query.ok()) return answer(query.failure());
  on_records(parts, answer, [call, answer, name, limit, rows](registry& records) {
    const auto known = records.find(strategy_of(*call));
    if (!known) return answer(to_api_error(known.error(), "path"));
    json_writer out{call->style};
    out.begin_object().field("strategy_id", known->id.str()).key(name).begin_array();
    rows(out, records, *known, limit);
    answer(json_response(out.end_array().end_object().take()));
  });
}

/// A strategy whose trades are folded from executions; nothing: it has runs of its own that write them down.
std::optional<job_rows_subject> without_runs(registry& records, const strategy_record& known) {
  if (known.state.kind == strategy_kind::pine) return std::nullopt;
  return job_rows_subject{known.id, known.state.account, known.state.mode, known.min_win_rate, known.evaluation_period, records.transitions(known.id, most_strategy_rows)};
}

void show_performance(services& parts, const context_ptr& call, const responder& answer) {
  on_records(parts, answer, [p = &parts, call, answer](registry& records) {
    const auto known = records.find(strategy_of(*call));
    if (!known) return answer(to_api_error(known.error(), "path"));
    if (auto folded = without_runs(records, *known)) return show_job_performance(*p, call, answer, std::move(*folded));
    const auto trades = records.trades(known->id);
    json_writer out{call->style};
    out.begin_object().field("strategy_id", known->id.str()).field("mode", to_string(known->state.mode));
    write_performance(out, trades);
    out.key("recent_trades").begin_array();
    const auto first = trades.size() > default_rows ? trades.size() - default_rows : 0;
    for (auto i = trades.size(); i > first; --i) write(out, trades[i - 1]);
    answer(json_response(out.end_array().end_object().take()));
  });
}

void show_plots(services& parts, const context_ptr& call, const responder& answer) {
  if (parts.strategies == nullptr) return answer(no_strategies());
  query_reader query{call->request.query};
  const auto symbol = query.text({"symbol"}).value_or("");
  const auto limit = static_cast<std::size_t>(
    query.integer({"limit"}, query_reader::need::optional, 1, static_cast<std::int64_t>(strategy::limits::plot_rows)).value_or(2'000));
  if (!query.ok()) return answer(query.failure());
  if (const auto known = parts.strategies->records().state_of(strategy_of(*call)); !known)
    return answer(to_api_error({errc::not_found, "no strategy " + in_quotes(call->params.front()), "strategy_id"}, "path"));
  parts.strategies->states(strategy_of(*call), [call, answer, symbol, limit](const result<std::vector<run_state_ptr>>& got) {
    if (!got) return answer(got.error());
    json_writer out{call->style};
    out.begin_object().field("strategy_id", call->params.front());
    const auto shown = std::find_if(got->begin(), got->end(), [&](const run_state_ptr& one) {
      return one->code != nullptr && (symbol.empty() || one->symbol == to_upper(symbol));
    });
    if (shown == got->end()) { // enabled but still loading, or not running: no bar has been computed
      out.key("symbol").null().field("first_bar_index", 0).key("times").begin_array().end_array().key("plots").begin_array().end_array();
      return answer(json_response(out.end_object().take()));
    }
    const auto& one = **shown;
    out.field("symbol", one.symbol).field("run", one.run).field("version", one.version);
    write_plots(out, *one.code, one.plots, limit);
    out.key("drawings").raw(one.drawings_json);
    answer(json_response(out.end_object().take()));
  });
}

void show_status(services& parts, const context_ptr& call, const responder& answer) {
  if (parts.strategies == nullptr) return answer(no_strategies());
  parts.strategies->states(std::nullopt, [p = &parts, call, answer](const result<std::vector<run_state_ptr>>& got) {
    if (!got) return answer(got.error());
    const auto all = p->strategies->records().list();
    std::size_t enabled = 0, live = 0;
    for (const auto& r : all) enabled += r.state.is_enabled() ? 1 : 0, live += r.state.mode == strategy_mode::live ? 1 : 0;
    json_writer out{call->style};
    out.begin_object().field("strategies", all.size()).field("enabled", enabled).field("live", live).key("runs").begin_array();
    for (const auto& one : *got)
      if (call->who.lists_strategy(one->strategy.str())) write(out, *one);
    answer(json_response(out.end_array().end_object().take()));
  });
}

void show_alerts(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto limit = static_cast<std::size_t>(query.integer({"limit"}, query_reader::need::optional, 1, static_cast<std::int64_t>(most_strategy_rows)).value_or(default_rows));
  if (!query.ok()) return answer(query.failure());
  on_records(parts, answer, [call, answer, limit](registry& records) {
    json_writer out{call->style};
    out.begin_object().key("alerts").begin_array();
    for (const auto& one : records.alerts(limit)) write(out, one);
    answer(json_response(out.end_array().end_object().take()));
  });
}

void clear_alerts(services& parts, const context_ptr& call, const responder& answer) {
  on_records(parts, answer, [call, answer](registry& records) {
    const auto gone = records.clear_alerts();
    if (!gone) return answer(gone.error());
    json_writer out{call->style};
    answer(json_response(out.begin_object().field("removed", *gone).end_object().take()));
  });
}

void show_rows_of(services& parts, const context_ptr& call, const responder& answer, std::string_view which) {
  const auto now = parts.strategies != nullptr ? parts.strategies->records().state_of(strategy_of(*call)) : std::nullopt;
  if (now && now->kind == strategy_kind::yaml && parts.job_files != nullptr) {
    if (which == "runs") return show_job_runs(parts, call, answer);
    if (which == "signals") return show_job_signals(parts, call, answer, strategy_of(*call));
  }
  if (now && now->kind != strategy_kind::pine && which == "sets")
    return on_records(parts, answer, [p = &parts, call, answer](registry& records) {
      const auto known = records.find(strategy_of(*call));
      if (!known) return answer(to_api_error(known.error(), "path"));
      if (auto folded = without_runs(records, *known)) return show_job_sets(*p, call, answer, std::move(*folded));
      answer(to_api_error({errc::not_found, "no strategy " + in_quotes(call->params.front()), "strategy_id"}, "path"));
    });
  answer_rows(parts, call, answer, which, [which](json_writer& out, registry& records, const strategy_record& known, std::size_t limit) {
    if (which == "runs")
      for (const auto& one : records.runs(known.id, limit)) write(out, one);
    else if (which == "signals")
      for (const auto& one : records.signals(known.id, limit)) write(out, one);
    else if (which == "transitions")
      for (const auto& one : records.transitions(known.id, limit)) write(out, one);
    else
      for (const auto& one : records.sets(known.id)) write(out, one, known.min_win_rate);
  });
}

// ---------------------------------------------------------------- the table

/// Runs a route of the strategy in the path, for callers who are bound once it is known to be theirs.
handler within_scope(services& parts, handler run) {
  return [p = &parts, run = std::move(run)](const context_ptr& call, const responder& answer) {
    if (!call->who.is_bound()) return run(call, answer);
    on_records(*p, answer, [call, answer, run](registry& records) {
      const auto known = records.find(strategy_of(*call));
      if (!known) return answer(to_api_error(known.error(), "path"));
      if (auto refused = strategy_refusal(call->who, *known)) return answer(std::move(*refused));
      run(call, answer);
    });
  };
}

/// Answers for the job of a file, where no strategy of that id is registered.
handler also_of_jobs(services& parts, strategy_question what, handler run) {
  return [p = &parts, what, run = std::move(run)](const context_ptr& call, const responder& answer) {
    const bool is_registered = p->strategies != nullptr && p->strategies->records().state_of(strategy_of(*call)).has_value();
    if (!is_registered)
      if (const auto job = file_job(*p, call->params.front())) return answer_file_job(*p, call, answer, *job, what);
    run(call, answer);
  };
}

/// What the last word of a pattern asks.
strategy_question question_of(verb method, std::string_view pattern) {
  const auto word = pattern.substr(pattern.rfind('/') + 1);
  if (word == "{id}") return method == verb::get ? strategy_question::show : strategy_question::other;
  for (const auto& [name, what] : {std::pair{"enable", strategy_question::enable}, std::pair{"disable", strategy_question::disable}, std::pair{"run-now", strategy_question::run_now},
                                   std::pair{"runs", strategy_question::runs}, std::pair{"signals", strategy_question::signals}, std::pair{"transitions", strategy_question::transitions},
                                   std::pair{"sets", strategy_question::sets}, std::pair{"performance", strategy_question::performance}, std::pair{"plots", strategy_question::plots}})
    if (word == name) return what;
  return strategy_question::other;
}

/// Patterns live as long as the process, so they are spelt out for both prefixes.
struct strategy_paths {
  std::string_view list, one, source, validate, preview, enable, disable, run_now, mode, runs, signals, performance, sets, transitions, plots,
    status, alerts, divergence;
};

constexpr std::array<strategy_paths, 2> prefixes{
  {{"/api/v1/strategies", "/api/v1/strategies/{id}", "/api/v1/strategies/{id}/source", "/api/v1/strategies/validate",
    "/api/v1/strategies/preview", "/api/v1/strategies/{id}/enable", "/api/v1/strategies/{id}/disable", "/api/v1/strategies/{id}/run-now",
    "/api/v1/strategies/{id}/mode", "/api/v1/strategies/{id}/runs", "/api/v1/strategies/{id}/signals", "/api/v1/strategies/{id}/performance",
    "/api/v1/strategies/{id}/sets", "/api/v1/strategies/{id}/transitions", "/api/v1/strategies/{id}/plots", "/api/v1/strategies/status",
    "/api/v1/strategies/alerts", "/api/v1/strategies/{id}/divergence"},
   {"/api/strategies", "/api/strategies/{id}", "/api/strategies/{id}/source", "/api/strategies/validate", "/api/strategies/preview",
    "/api/strategies/{id}/enable", "/api/strategies/{id}/disable", "/api/strategies/{id}/run-now", "/api/strategies/{id}/mode",
    "/api/strategies/{id}/runs", "/api/strategies/{id}/signals", "/api/strategies/{id}/performance", "/api/strategies/{id}/sets",
    "/api/strategies/{id}/transitions", "/api/strategies/{id}/plots", "/api/strategies/status", "/api/strategies/alerts",
    "/api/strategies/{id}/divergence"}}};

using strategy_handler = void (*)(services&, const context_ptr&, const responder&);

handler with(services& parts, strategy_handler run) {
  return [p = &parts, run](const context_ptr& call, const responder& answer) { run(*p, call, answer); };
}

void add_prefix(std::vector<route>& rows, services& parts, const strategy_paths& at) {
  const auto add = [&](verb method, std::string_view pattern, route_policy policy, std::string_view summary, handler run,
                       std::size_t body_limit = default_body_limit) -> route& {
    const bool writes = method == verb::post || method == verb::put || method == verb::patch;
    const bool is_of_one = pattern.find("{id}") != std::string_view::npos;
    rows.push_back({.method = method, .pattern = pattern, .policy = policy, .summary = summary,
                    .run = is_of_one ? also_of_jobs(parts, question_of(method, pattern), within_scope(parts, std::move(run))) : std::move(run), .body = writes ? body_kind::json : body_kind::none, .body_limit = body_limit, .tag = "strategies"});
    return rows.back();
  };
  constexpr route_policy look{access::viewer, rate_class::general}, act{access::trader, rate_class::general, bound_callers::welcome},
    of_all{access::trader, rate_class::general};
  const auto rows_of = [p = &parts](std::string_view which) {
    return [p, which](const context_ptr& call, const responder& answer) { show_rows_of(*p, call, answer, which); };
  };
  const auto power = [p = &parts](strategy_power to) {
    return [p, to](const context_ptr& call, const responder& answer) { set_power(*p, call, answer, to); };
  };
  add(verb::get, at.list, look, "Strategies", with(parts, list_strategies));
  add(verb::post, at.list, act, "Register a strategy", with(parts, register_strategy), strategy_body_limit).success = 201;
  add(verb::get, at.one, look, "One strategy", with(parts, show_strategy));
  add(verb::patch, at.one, act, "Change a strategy", with(parts, change_strategy));
  add(verb::remove, at.one, act, "Remove a strategy", with(parts, remove_strategy));
  add(verb::put, at.source, act, "New source version", with(parts, put_source), strategy_body_limit);
  auto& check = add(verb::post, at.validate, act, "Check a source", with(parts, validate_strategy), strategy_body_limit);
  check.request_schema = "StrategySource";
  check.response_schema = "Diagnostics";
  add(verb::post, at.preview, {access::trader, rate_class::jobs, bound_callers::welcome}, "Plots and simulated trades", with(parts, preview_strategy), strategy_body_limit);
  add(verb::post, at.enable, act, "Enable", power(strategy_power::enabled));
  add(verb::post, at.disable, {access::trader, rate_class::unlimited, bound_callers::welcome}, "Disable", power(strategy_power::disabled));
  add(verb::post, at.run_now, act, "Run once, now", with(parts, run_now));
  add(verb::post, at.mode, act, "Paper or live", with(parts, set_mode));
  add(verb::get, at.runs, look, "Runs", rows_of("runs"));
  add(verb::get, at.signals, look, "Signals", rows_of("signals"));
  add(verb::get, at.performance, look, "Performance", with(parts, show_performance));
  add(verb::get, at.sets, look, "Evaluation sets", rows_of("sets"));
  add(verb::get, at.transitions, look, "Changes of state and mode", rows_of("transitions"));
  add(verb::get, at.plots, look, "Computed plot columns", with(parts, show_plots));
  add(verb::get, at.divergence, {access::viewer, rate_class::jobs}, "A traded day beside its backtest", with(parts, show_divergence));
  add(verb::get, at.status, look, "State of all strategies", with(parts, show_status));
  add(verb::get, at.alerts, look, "Strategy alerts", with(parts, show_alerts));
  add(verb::remove, at.alerts, of_all, "Clear strategy alerts", with(parts, clear_alerts));
}

} // namespace

void add_strategy_routes(std::vector<route>& rows, services& parts) {
  for (const auto& at : prefixes) add_prefix(rows, parts, at);
}

} // namespace tt::gateway
