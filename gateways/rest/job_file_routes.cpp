// YAML jobs of the node: list, run a slot, look at runs, switch (ours; the HTTP contract knows them as strategies of kind
// yaml). And the check of a source of kind yaml.

#include "gateways/rest/job_file_routes.hpp"

#include "actors/strategy/jobs/job_plan.hpp"
#include "gateways/http/query_reader.hpp"
#include "gateways/jobs/limit_profiles.hpp"
#include "gateways/rest/job_rows.hpp"
#include "gateways/rest/strategy_json.hpp"
#include "gateways/rest/trading_call.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace tt::gateway {

namespace {

constexpr std::size_t reason_bytes = 500;

template <class T>
void write_time(json_writer& out, std::string_view key, const std::optional<T>& t) {
  out.key(key);
  if (t) out.value(to_iso8601(*t));
  else out.null();
}

void list_job_files(services& parts, const context_ptr& call, const responder& answer) {
  json_writer out{call->style};
  out.begin_object().key("jobs").begin_array();
  for (const auto& job : parts.job_files->jobs()) {
    if (!call->who.may_see(job.account, job.strategy_id)) continue;
    out.begin_object().field("strategy_id", job.strategy_id).field("name", job.name).field("file", job.file).field("type", job.type);
    out.field("account_id", job.account).field("state", job.state);
    write_time(out, "next", job.next);
    write_time(out, "running", job.running);
    out.field("runs", job.runs).field("failed", job.failed).field("skipped", job.skipped).key("switched");
    if (job.switched) out.begin_object().field("reason", job.switched->reason).field("author", job.switched->author).field("at", to_iso8601(job.switched->at)).end_object();
    else out.null();
    out.key("findings").begin_array();
    for (const auto& f : job.findings) out.value(f);
    out.end_array().end_object();
  }
  out.end_array().end_object();
  answer(json_response(out.take()));
}

} // namespace

void run_job(services& parts, const context_ptr& call, const responder& answer) {
  job_run_call wanted;
  wanted.strategy_id = call->params.front();
  if (!call->request.body.empty()) {
    const auto parsed = parse_json(call->request.body);
    if (!parsed) return answer(to_api_error(parsed.error(), "body"));
    object_reader body{*parsed};
    if (const auto slot = body.string({"slot"}, object_reader::need::optional)) {
      const auto time = parse_iso8601(*slot);
      if (time) wanted.slot = *time;
      else body.problem("slot", time.error().message, "value");
    }
    wanted.account_id = body.string({"account_id"}, object_reader::need::optional).value_or("");
    wanted.content_hash = body.string({"content_hash"}, object_reader::need::optional, 64).value_or("");
    if (body.boolean({"ignore_session"}, object_reader::need::optional).value_or(false)) wanted.hours = job_run_call::session::ignore;
    if (auto failed = body.finish(call->strictness)) return answer(std::move(*failed));
    parts.metrics.unknown_json_fields(body.unknown().size());
  }
  if (!wanted.account_id.empty() && !call->who.lists_account(wanted.account_id)) return answer(out_of_scope("accounts"));
  parts.job_files->run(std::move(wanted), [answer](const result<std::string>& report) {
    if (!report) return answer(to_api_error(report.error(), "body"));
    answer(json_response(*report));
  });
}

namespace {

/// Whether the caller may see what the job does. A job that nobody knows is nobody's: the question itself says that.
bool is_of(services& parts, const principal& who, const std::string& strategy_id) {
  if (!who.is_bound()) return true;
  const auto jobs = parts.job_files->jobs();
  const auto at = std::ranges::find(jobs, strategy_id, &job_file_view::strategy_id);
  return at == jobs.end() || who.may_see(at->account, at->strategy_id);
}

} // namespace

void show_job_runs(services& parts, const context_ptr& call, const responder& answer) {
  if (!is_of(parts, call->who, call->params.front())) return answer(out_of_scope("strategies"));
  query_reader query{call->request.query};
  const auto limit = query.integer({"limit"}, query_reader::need::optional, 1, 1'000).value_or(50);
  if (!query.ok()) return answer(query.failure());
  parts.job_files->runs(call->params.front(), static_cast<std::size_t>(limit), [call, answer](const result<std::vector<job_run_view>>& runs) {
    if (!runs) return answer(to_api_error(runs.error(), "path"));
    json_writer out{call->style};
    out.begin_object().key("runs").begin_array();
    for (const auto& run : *runs) {
      out.begin_object().field("run_id", run.run_id).field("state", run.state).field("content_hash", run.content_hash);
      out.field("slot", to_iso8601(run.slot)).field("started_at", to_iso8601(run.started));
      write_time(out, "finished_at", run.finished);
      out.field("report", run.report).end_object();
    }
    out.end_array().end_object();
    answer(json_response(out.take()));
  });
}

namespace {

/// Switches and answers with the job by `write`.
void switch_job_and(services& parts, const context_ptr& call, const responder& answer, job_switch to, const std::function<void(json_writer&, const job_switch_call&)>& write) {
  job_switch_call wanted{call->params.front(), to, {}, call->who.name};
  if (!call->request.body.empty()) {
    const auto parsed = parse_json(call->request.body);
    if (!parsed) return answer(to_api_error(parsed.error(), "body"));
    object_reader body{*parsed};
    wanted.reason = body.string({"reason"}, object_reader::need::optional, reason_bytes).value_or("");
    if (auto failed = body.finish(call->strictness)) return answer(std::move(*failed));
    parts.metrics.unknown_json_fields(body.unknown().size());
  }
  if (const auto done = parts.job_files->switch_job(wanted); !done) return answer(to_api_error(done.error(), "path"));
  json_writer out{call->style};
  write(out, wanted);
  answer(json_response(out.take()));
}

void switch_job(services& parts, const context_ptr& call, const responder& answer, job_switch to) {
  switch_job_and(parts, call, answer, to, [](json_writer& out, const job_switch_call& done) {
    out.begin_object().field("strategy_id", done.strategy_id).field("state", done.to == job_switch::enable ? "enabled" : "disabled");
    out.field("reason", done.reason).field("author", done.author).end_object();
  });
}

} // namespace

namespace {

strategy::checked_job check_source(const std::string& source, const instrument_master& master, utc_time now, const std::map<std::string, std::string>& inputs = {}) {
  strategy::check_context context;
  context.instruments = &master;
  context.now = now;
  context.profiles = shipped_limit_profiles();
  context.environment = [](std::string_view) { return std::optional<std::string>(""); }; // the editor does not learn which variables are set
  return strategy::check_job(source, "source", {}, context, inputs);
}

void write_findings(json_writer& out, const strategy::checked_job& checked) {
  out.field("valid", !checked.has_errors()).key("diagnostics").begin_array();
  for (const auto& f : checked.findings) {
    out.begin_object().field("severity", strategy::to_string(f.level)).field("code", strategy::to_string(f.code)).field("message", f.message);
    out.field("line", f.line).field("column", f.column).field("length", 1).field("key", f.key).end_object();
  }
  out.end_array();
}

} // namespace

namespace {

http_response findings_response(const context_ptr& call, const strategy::checked_job& checked) {
  json_writer out{call->style};
  out.begin_object();
  write_findings(out, checked);
  return json_response(out.end_object().take());
}

} // namespace

http_response check_job_source(const context_ptr& call, const std::string& source, const instrument_master& master, utc_time now) {
  return findings_response(call, check_source(source, master, now));
}

void preview_job_source(services& parts, const context_ptr& call, const responder& answer, job_preview_call ask) {
  const auto checked = check_source(ask.source, parts.market.instruments(), parts.clock(), ask.inputs);
  if (checked.has_errors()) return answer(findings_response(call, checked));
  const auto& account = ask.account.empty() ? checked.spec->account : ask.account.str();
  if (!call->who.lists_account(account)) return answer(out_of_scope("accounts")); // the preview shows what it holds
  if (!call->who.lists_strategy(checked.spec->strategy_id)) return answer(out_of_scope("strategies"));
  parts.job_files->preview(std::move(ask), [call, answer, checked](const result<job_preview_view>& got) {
    if (!got) return answer(to_api_error(got.error(), "body"));
    json_writer out{call->style};
    out.begin_object();
    write_findings(out, checked);
    out.field("symbol", got->symbol).field("timeframe", got->frame.to_string()).field("bars", got->bars).key("error");
    if (got->simulated.failure) out.value(*got->simulated.failure);
    else out.null();
    out.field("kind", "strategy").field("title", checked.spec->name).field("first_bar_index", 0).key("times").begin_array().end_array().key("plots").begin_array().end_array();
    write_simulation(out, got->simulated);
    out.field("slot", got->slot).key("run").raw(got->report);
    answer(json_response(out.end_object().take()));
  });
}

std::optional<http_response> refuse_job_source(const context_ptr& call, const std::string& source, const std::string& strategy_id, const instrument_master& master, utc_time now) {
  auto checked = check_source(source, master, now);
  if (checked.spec && checked.spec->strategy_id != strategy_id) {
    strategy::finding f;
    f.code = strategy::finding_code::bad_value, f.file = "source", f.key = "job.strategy_id";
    f.line = checked.spec->strategy_id_at.line, f.column = checked.spec->strategy_id_at.column;
    f.message = "is " + in_quotes(checked.spec->strategy_id) + ", the strategy is called " + in_quotes(strategy_id);
    checked.findings.push_back(std::move(f));
    checked.plan = nullptr;
  }
  if (!checked.has_errors()) return std::nullopt;
  json_writer out{call->style};
  out.begin_object().field("error", "Unprocessable").field("error_code", "strategy.source").field("detail", "the source is no job that can run");
  write_findings(out, checked);
  return json_response(out.end_object().take(), 422);
}

// ---------------------------------------------------------------- jobs as strategies

std::optional<job_file_view> file_job(services& parts, const std::string& strategy_id) {
  if (parts.job_files == nullptr || strategy_id.empty()) return std::nullopt;
  for (auto& job : parts.job_files->jobs())
    if (job.strategy_id == strategy_id && job.origin == job_file_view::home::file) return std::move(job);
  return std::nullopt;
}

void write_as_strategy(json_writer& out, const job_file_view& job) {
  out.begin_object().field("strategy_id", job.strategy_id).field("name", job.name).field("kind", "yaml").field("account_id", job.account).field("mode", "paper");
  out.field("enabled", job.state == "enabled").key("sizing").null().key("limits").begin_object().end_object();
  out.key("symbols").begin_array();
  for (const auto& one : job.symbols) out.value(one);
  out.end_array().key("problem");
  if (job.state == "invalid" && !job.findings.empty()) out.value(job.findings.front());
  else out.null();
  out.field("source_file", job.file).field("job_type", job.type).field("state", job.state);
  write_time(out, "next", job.next);
  write_time(out, "running", job.running);
  out.field("runs", job.runs).field("failed", job.failed).field("skipped", job.skipped).key("switched");
  if (job.switched) out.begin_object().field("reason", job.switched->reason).field("author", job.switched->author).field("at", to_iso8601(job.switched->at)).end_object();
  else out.null();
  out.key("findings").begin_array();
  for (const auto& f : job.findings) out.value(f);
  out.end_array().end_object();
}

namespace {

/// The newest switch of a file's job, which is all that is kept of them.
void show_switch(const context_ptr& call, const responder& answer, const job_file_view& job) {
  json_writer out{call->style};
  out.begin_object().field("strategy_id", job.strategy_id).key("transitions").begin_array();
  if (job.switched) {
    const bool on = job.state == "enabled";
    out.begin_object().field("timestamp", job.switched->at).field("kind", on ? "enabled" : "disabled").field("from", on ? "disabled" : "enabled");
    out.field("to", on ? "enabled" : "disabled").field("author", job.switched->author).field("reason", job.switched->reason).field("automatic", false).end_object();
  }
  answer(json_response(out.end_array().end_object().take()));
}

/// A job computes values at its slots and plots nothing: as of a run that has computed no bar yet.
void show_no_plots(const context_ptr& call, const responder& answer, const job_file_view& job) {
  json_writer out{call->style};
  out.begin_object().field("strategy_id", job.strategy_id).key("symbol").null().field("first_bar_index", 0);
  answer(json_response(out.key("times").begin_array().end_array().key("plots").begin_array().end_array().end_object().take()));
}

} // namespace

void answer_file_job(services& parts, const context_ptr& call, const responder& answer, const job_file_view& job, strategy_question what) {
  if (!call->who.lists_strategy(job.strategy_id)) return answer(out_of_scope("strategies"));
  if (!call->who.lists_account(job.account)) return answer(out_of_scope("accounts"));
  const auto shown = [&parts, &job](json_writer& out) { write_as_strategy(out, file_job(parts, job.strategy_id).value_or(job)); };
  switch (what) {
  case strategy_question::show: {
    json_writer out{call->style};
    shown(out);
    return answer(json_response(out.take()));
  }
  case strategy_question::enable:
  case strategy_question::disable:
    return switch_job_and(parts, call, answer, what == strategy_question::enable ? job_switch::enable : job_switch::disable,
                          [&shown](json_writer& out, const job_switch_call&) { shown(out); });
  case strategy_question::run_now: return run_job(parts, call, answer);
  case strategy_question::runs: return show_job_runs(parts, call, answer);
  case strategy_question::signals: return show_job_signals(parts, call, answer, strategy_id{job.strategy_id});
  case strategy_question::performance: return show_job_performance(parts, call, answer, {strategy_id{job.strategy_id}, account_id{job.account}});
  case strategy_question::sets: return show_job_sets(parts, call, answer, {strategy_id{job.strategy_id}, account_id{job.account}});
  case strategy_question::transitions: return show_switch(call, answer, job);
  case strategy_question::plots: return show_no_plots(call, answer, job);
  case strategy_question::other: break;
  }
  answer(make_error(409, "strategy.file", "the job is that of the file " + job.file + ": change or remove the file"));
}

void add_job_file_routes(std::vector<route>& rows, services& parts) {
  struct row {
    verb method;
    std::string_view pattern, summary;
    access who;
    void (*run)(services&, const context_ptr&, const responder&);
    body_kind body;
  };
  static constexpr std::array<row, 5> table{{
    {verb::get, "/api/v1/jobs", "YAML jobs with state and next firing", access::viewer, list_job_files, body_kind::none},
    {verb::post, "/api/v1/jobs/{id}/run", "Run one slot of a job now", access::trader, run_job, body_kind::json},
    {verb::get, "/api/v1/jobs/{id}/runs", "Runs of a job, newest first", access::viewer, show_job_runs, body_kind::none},
    {verb::post, "/api/v1/jobs/{id}/enable", "Switch a job on", access::trader,
     [](services& p, const context_ptr& c, const responder& a) { switch_job(p, c, a, job_switch::enable); }, body_kind::json},
    {verb::post, "/api/v1/jobs/{id}/disable", "Switch a job off", access::trader,
     [](services& p, const context_ptr& c, const responder& a) { switch_job(p, c, a, job_switch::disable); }, body_kind::json},
  }};
  for (const auto& r : table)
    rows.push_back({.method = r.method, .pattern = r.pattern, .policy = {r.who, rate_class::general}, .summary = r.summary,
                    .run = [p = &parts, run = r.run](const context_ptr& call, const responder& answer) {
                      if (p->job_files == nullptr) return answer(not_available("jobs: this node runs no YAML jobs"));
                      run(*p, call, answer);
                    },
                    .body = r.body, .tag = "jobs"});
}

} // namespace tt::gateway
