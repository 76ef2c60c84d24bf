// Sources of strategies checked and run over bars, and the report of a traded day (http-api.md section 8); what the routes of
// strategies have in common.

#include "gateways/rest/strategy_calls.hpp"

#include "actors/strategy/live/divergence.hpp"
#include "actors/strategy/live/live_run_actor.hpp"
#include "gateways/rest/job_file_routes.hpp"

#include <algorithm>
#include <iterator>

namespace tt::gateway {

using namespace strategy;
using tt::to_string;

using need = object_reader::need;

api_error strategies_are_busy() {
  auto out = not_available("strategies: too much to do; try again");
  out.headers.set("Retry-After", "1");
  return out;
}

api_error no_strategies() { return no_accounts_for("strategies"); }

void run_heavy(services& parts, const responder& answer, std::function<void()> work) {
  if (parts.strategies != nullptr) {
    if (parts.strategies->post(strategies_port::work::heavy, std::move(work)) == strategies_port::posted::full) answer(strategies_are_busy());
    return;
  }
  if (parts.queue.post(std::move(work)) == task_queue::posted::full) answer(strategies_are_busy());
}

std::optional<std::string> read_kind(object_reader& body) {
  const auto kind = body.string({"kind"}, need::required);
  if (kind && *kind != "pine" && *kind != "yaml" && *kind != "webhook") body.problem("kind", "must be pine, yaml or webhook", "value");
  return kind;
}

std::optional<timeframe> read_frame(object_reader& body, need n) {
  const auto text = body.string({"timeframe", "interval"}, n, 8);
  if (!text) return std::nullopt;
  const auto frame = timeframe::parse(*text);
  if (frame) return *frame;
  body.problem("timeframe", frame.error().message, "value");
  return std::nullopt;
}

session_hours read_hours(object_reader& body) {
  const auto text = body.string({"session"}, need::optional, 16);
  if (!text) return session_hours::regular;
  const auto hours = parse_session_hours(*text);
  if (!hours) body.problem("session", hours.error().message, "value");
  return hours.value_or(session_hours::regular);
}

const instrument* read_symbol(services& parts, object_reader& body, const std::string& name, std::string_view field) {
  const auto found = find_instrument(parts, name);
  if (found) return *found;
  body.problem(field, found.error().message, "value");
  return nullptr;
}


void validate_strategy(services& parts, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto kind = read_kind(body).value_or("");
  auto source = body.string({"source"}, need::required, strategy_source_limit).value_or("");
  if (is_bad(parts, body, call, answer)) return;
  if (kind == "yaml")
    return run_heavy(parts, answer, [&parts, call, answer, source = std::move(source)] {
      answer(check_job_source(call, source, parts.market.instruments(), parts.clock()));
    });
  if (kind != "pine") return answer(make_error(400, "request.invalid", "a strategy of kind webhook has no source that could be checked"));
  run_heavy(parts, answer, [call, answer, source = std::move(source)] {
    json_writer out{call->style};
    out.begin_object();
    write_diagnostics(out, pine::compile(source));
    answer(json_response(out.end_object().take()));
  });
}

namespace {

struct preview_ask {
  std::string source;
  const instrument* what = nullptr;
  timeframe frame;
  session_hours hours = session_hours::regular;
  std::uint32_t bars = 0;
  std::optional<std::int64_t> to; ///< epoch seconds, exclusive
  std::map<std::string, std::string> inputs;
};

void read_inputs_into(object_reader& body, std::map<std::string, std::string>& to) {
  const auto* given = body.value({"inputs"}, need::optional);
  if (given == nullptr) return;
  auto read = read_inputs(*given);
  if (read) to = std::move(*read);
  else body.problem("inputs", read.error().message, "value");
}

void answer_preview(const context_ptr& call, const responder& answer, const preview_ask& ask, const result<market::history_reply>& got) {
  if (!got) return answer(got.error());
  const auto compiled = pine::compile(ask.source);
  json_writer out{call->style};
  out.begin_object();
  write_diagnostics(out, compiled);
  if (compiled.diags.has_errors() || compiled.code == nullptr) return answer(json_response(out.end_object().take()));
  auto bars = *got->bars;
  if (got->last_is_forming && !bars.empty()) bars.pop_back();
  const auto done = run_preview({compiled.code, *ask.what, ask.frame, ask.hours, ask.inputs}, bars);
  if (!done) return answer(to_api_error(done.error(), "body"));
  out.field("symbol", ask.what->symbol).field("timeframe", ask.frame.to_string()).field("bars", bars.size());
  write_preview(out, *compiled.code, *done);
  answer(json_response(out.end_object().take()));
}

} // namespace

namespace {

/// Bars that the preview goes over and where they end.
void read_range(object_reader& body, preview_ask& ask) {
  ask.bars = 2'000;
  if (const auto bars = body.number({"bars"}, need::optional)) {
    const auto count = bars->to_scaled(0);
    if (!count || *count < 1 || *count > static_cast<std::int64_t>(strategy::limits::preview_bars)) body.problem("bars", "must be from 1 to 20000", "range");
    else ask.bars = static_cast<std::uint32_t>(*count);
  }
  if (const auto to = body.number({"to"}, need::optional)) {
    const auto seconds = to->to_scaled(0);
    if (!seconds || *seconds < unix_seconds(min_input_time) || *seconds > unix_seconds(max_input_time)) body.problem("to", "must be whole epoch seconds", "range");
    else ask.to = *seconds;
  }
}

void preview_job(services& parts, const context_ptr& call, const responder& answer, const preview_ask& ask, account_id account) {
  if (parts.job_files == nullptr) return answer(not_available("jobs: this node runs no YAML jobs"));
  job_preview_call wanted{ask.source, ask.inputs, std::move(account), ask.what != nullptr ? ask.what->symbol : "", ask.bars, {}};
  if (ask.to) wanted.to = from_unix_seconds(*ask.to);
  run_heavy(parts, answer, [&parts, call, answer, wanted = std::move(wanted)] { preview_job_source(parts, call, answer, wanted); });
}

} // namespace

void preview_strategy(services& parts, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  auto ask = std::make_shared<preview_ask>();
  const auto kind = read_kind(body).value_or("");
  const auto chart = kind == "yaml" ? need::optional : need::required; // a job names its symbols and bars itself
  ask->source = body.string({"source"}, need::required, strategy_source_limit).value_or("");
  if (const auto name = body.string({"symbol"}, chart)) ask->what = read_symbol(parts, body, *name, "symbol");
  ask->frame = read_frame(body, chart).value_or(timeframe::minutes(1));
  ask->hours = read_hours(body);
  read_range(body, *ask);
  read_inputs_into(body, ask->inputs);
  const auto account = body.string({"account_id", "account"}, need::optional, 64).value_or("");
  if (is_bad(parts, body, call, answer)) return;
  if (kind == "yaml") return preview_job(parts, call, answer, *ask, account_id{account});
  if (kind != "pine") return answer(make_error(400, "request.invalid", "a strategy of kind webhook has no source that could be previewed"));
  market::history_request wanted;
  wanted.symbol = ask->what->symbol;
  wanted.frame = ask->frame;
  wanted.hours = ask->hours;
  wanted.to = ask->to ? from_unix_seconds(*ask->to) : parts.market.market_time() + nanoseconds{1};
  wanted.countback = wanted.limit = ask->bars;
  parts.market.history(std::move(wanted), [p = &parts, call, answer, ask](result<market::history_reply> got) {
    run_heavy(*p, answer, [call, answer, ask, got = std::move(got)] { answer_preview(call, answer, *ask, got); });
  });
}

// ---------------------------------------------------------------- divergence

namespace {

/// A day of one run, and everything that is compared for it.
struct day_ask {
  strategy_record record;
  run_row run;
  const instrument* what = nullptr;
  trading_day day;
  std::string source;
  std::vector<closed_trade> trades;
  std::vector<signal_row> signals;
  std::vector<std::vector<bar>> pages; ///< of the bars since the run's first one, newest first
  std::size_t bars = 0;                ///< in them
};

/// Bars of one question.
constexpr std::uint32_t page_bars = 20'000;

void write_divergence(json_writer& out, const divergence_row& row) {
  const auto trade = [&](const char* name, const std::optional<closed_trade>& t) {
    out.key(name);
    if (!t) out.null();
    else write_trade(out, *t);
  };
  out.begin_object().field("cause", to_string(row.cause)).field("detail", row.detail);
  trade("account", row.account);
  trade("backtest", row.backtest);
  out.end_object();
}

void answer_divergence(const context_ptr& call, const responder& answer, const day_ask& ask) {
  const auto compiled = pine::compile(ask.source);
  if (compiled.code == nullptr) return answer(make_error(422, "strategy.source", "the version of that run does not compile any more"));
  std::vector<bar> bars;
  bars.reserve(ask.bars);
  for (auto page = ask.pages.rbegin(); page != ask.pages.rend(); ++page) bars.insert(bars.end(), page->begin(), page->end());
  preview_request what{compiled.code, *ask.what, ask.run.frame, ask.record.hours, ask.run.inputs, ask.run.trade_from_ms};
  what.live_from_ms = ask.run.trade_from_ms;
  what.held = ask.run.held;
  what.most_bars = strategy::limits::replayed_bars;
  const auto done = run_preview(what, bars);
  if (!done) return answer(done.error());
  const auto from = unix_ms(ask.day.extended.open), to = unix_ms(ask.day.extended.close);
  const auto is_of_day = [&](const closed_trade& t) { return t.entry_ms >= from && t.entry_ms < to; };
  std::vector<closed_trade> expected;
  std::copy_if(done->trades.begin(), done->trades.end(), std::back_inserter(expected), is_of_day);
  const auto bar_ms = ask.run.frame.is_intraday() ? std::int64_t{ask.run.frame.count()} * 60'000 : std::int64_t{86'400'000} * ask.run.frame.count();
  std::vector<std::int64_t> opens;
  for (const auto& row : done->rows) opens.push_back(row.time_ms);
  const auto rows = compare_trades(ask.trades, expected, ask.signals, {opens, bar_ms});
  std::size_t equal = 0;
  for (const auto& r : rows) equal += r.cause == divergence_cause::none ? 1 : 0;
  json_writer out{call->style};
  out.begin_object().field("strategy_id", ask.record.id.str()).field("symbol", ask.what->symbol).field("day", ask.day.day.to_string());
  out.field("run_id", ask.run.run).field("version", ask.run.version).field("bars", bars.size()).field("trades", rows.size()).field("same", equal);
  // from where, and whether that is where the run began: else all that adds up over bars may be other
  out.field("from", bars.front().open_time).field("from_first_bar", unix_ms(bars.front().open_time) == ask.run.warm_up_from_ms);
  out.key("error");
  if (done->failure) out.value(*done->failure);
  else out.null();
  out.key("rows").begin_array();
  for (const auto& r : rows) write_divergence(out, r);
  answer(json_response(out.end_array().end_object().take()));
}

/// For bars as the run took them; which ones is left open.
market::history_request bars_of(const day_ask& ask) {
  market::history_request out;
  out.symbol = ask.what->symbol;
  out.frame = ask.run.frame;
  out.hours = ask.record.hours;
  return out;
}

/// Asks for the bars before those that are there, back to the run's first one; then answers.
void load_run(services& parts, const context_ptr& call, const responder& answer, const std::shared_ptr<day_ask>& ask) {
  auto wanted = bars_of(*ask);
  wanted.from = from_unix_ms(ask->run.warm_up_from_ms);
  wanted.to = ask->pages.empty() ? ask->day.extended.close : ask->pages.back().front().open_time;
  wanted.limit = static_cast<std::uint32_t>(std::min<std::size_t>(page_bars, strategy::limits::replayed_bars - ask->bars));
  parts.market.history(wanted, [p = &parts, call, answer, ask, limit = wanted.limit](const result<market::history_reply>& got) {
    if (!got) return answer(got.error());
    auto page = *got->bars;
    const bool more = page.size() == limit;
    if (got->last_is_forming && !page.empty()) page.pop_back();
    ask->bars += page.size();
    if (!page.empty()) ask->pages.push_back(std::move(page));
    if (more && ask->bars < strategy::limits::replayed_bars) return load_run(*p, call, answer, ask);
    run_heavy(*p, answer, [call, answer, ask] { answer_divergence(call, answer, *ask); });
  });
}

/// A run of an earlier program did not write down where it began: as many bars before its first as it asked for.
void find_first_bar(services& parts, const context_ptr& call, const responder& answer, const std::shared_ptr<day_ask>& ask) {
  auto wanted = bars_of(*ask);
  wanted.to = from_unix_ms(ask->run.trade_from_ms);
  wanted.countback = wanted.limit = strategy::warm_up_bars;
  parts.market.history(wanted, [p = &parts, call, answer, ask](const result<market::history_reply>& got) {
    if (!got) return answer(got.error());
    ask->run.warm_up_from_ms = got->bars->empty() ? ask->run.trade_from_ms : unix_ms(got->bars->front().open_time);
    load_run(*p, call, answer, ask);
  });
}

/// The run that traded on the day; nothing when there was none.
std::optional<run_row> run_of_day(const registry& records, const strategy_id& id, const std::string& symbol, const trading_day& day) {
  for (const auto& r : records.runs(id, most_strategy_rows))
    if ((symbol.empty() || r.symbol == symbol) && r.trade_from_ms < unix_ms(day.extended.close) &&
        (!r.ended_at || unix_ms(*r.ended_at) > unix_ms(day.extended.open)))
      return r;
  return std::nullopt;
}

} // namespace

void show_divergence(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto day = query.date({"day", "date"}, query_reader::need::required);
  const auto symbol = to_upper(query.text({"symbol"}).value_or(""));
  if (!query.ok()) return answer(query.failure());
  on_records(parts, answer, [p = &parts, call, answer, day = *day, symbol](registry& records) {
    auto ask = std::make_shared<day_ask>();
    const auto known = records.find(strategy_of(*call));
    if (!known) return answer(to_api_error(known.error(), "path"));
    ask->record = *known;
    const auto first = symbol.empty() && !known->symbols.empty() ? known->symbols.front() : symbol;
    ask->what = p->market.instruments().find(first);
    if (ask->what == nullptr) return answer(to_api_error({errc::unknown_symbol, "unknown symbol " + first, "symbol"}, "query"));
    const auto at = ask->what->calendar->on_or_after(day);
    if (!at || at->day != day) return answer(to_api_error({errc::not_found, day.to_string() + " is no trading day of " + ask->what->symbol, "day"}, "query"));
    ask->day = *at;
    const auto run = run_of_day(records, known->id, ask->what->symbol, *at);
    if (!run) return answer(to_api_error({errc::not_found, "the strategy did not run on " + day.to_string(), "day"}, "query"));
    ask->run = *run;
    const auto source = records.source(known->id, run->version);
    if (!source) return answer(source.error());
    ask->source = *source;
    const auto from = unix_ms(at->extended.open), to = unix_ms(at->extended.close);
    for (const auto& t : records.trades(known->id))
      if (t.trade.run == run->run && t.trade.entry_ms >= from && t.trade.entry_ms < to) ask->trades.push_back(t.trade);
    for (auto& s : records.signals(known->id, strategy::limits::kept_signals))
      if (s.symbol == ask->what->symbol && s.at_ms >= from && s.at_ms <= to) ask->signals.push_back(std::move(s));
    if (run->warm_up_from_ms == 0) return find_first_bar(*p, call, answer, ask);
    load_run(*p, call, answer, ask);
  });
}

} // namespace tt::gateway
