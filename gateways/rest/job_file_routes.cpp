// YAML jobs of the node: list, run a slot, look at runs, switch (ours; the HTTP contract knows them as strategies of kind
// yaml). And the check of a source of kind yaml.

#include "gateways/rest/job_file_routes.hpp"

#include "actors/strategy/jobs/job_plan.hpp"
#include "gateways/http/query_reader.hpp"
#include "gateways/rest/trading_call.hpp"

#include <algorithm>
#include <array>

namespace tt::gateway {

namespace {

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
    out.field("runs", job.runs).field("failed", job.failed).field("skipped", job.skipped).key("findings").begin_array();
    for (const auto& f : job.findings) out.value(f);
    out.end_array().end_object();
  }
  out.end_array().end_object();
  answer(json_response(out.take()));
}

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
    if (body.boolean({"ignore_session"}, object_reader::need::optional).value_or(false)) wanted.hours = job_run_call::session::ignore;
    if (auto failed = body.finish(call->strictness)) return answer(std::move(*failed));
    parts.metrics.unknown_json_fields(body.unknown().size());
  }
  parts.job_files->run(std::move(wanted), [answer](const result<std::string>& report) {
    if (!report) return answer(to_api_error(report.error(), "body"));
    answer(json_response(*report));
  });
}

/// Whether the caller may see what the job does. A job that nobody knows is nobody's: the question itself says that.
bool is_of(services& parts, const principal& who, const std::string& strategy_id) {
  if (!who.is_bound()) return true;
  const auto jobs = parts.job_files->jobs();
  const auto at = std::ranges::find(jobs, strategy_id, &job_file_view::strategy_id);
  return at == jobs.end() || who.may_see(at->account, at->strategy_id);
}

void show_runs(services& parts, const context_ptr& call, const responder& answer) {
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

void switch_job(services& parts, const context_ptr& call, const responder& answer, job_switch to) {
  if (const auto done = parts.job_files->switch_job(call->params.front(), to); !done) return answer(to_api_error(done.error(), "path"));
  json_writer out{call->style};
  out.begin_object().field("strategy_id", call->params.front()).field("state", to == job_switch::enable ? "enabled" : "disabled").end_object();
  answer(json_response(out.take()));
}

} // namespace

http_response check_job_source(const context_ptr& call, const std::string& source, const instrument_master& master, utc_time now) {
  strategy::check_context context;
  context.instruments = &master;
  context.now = now;
  context.environment = [](std::string_view) { return std::optional<std::string>(""); }; // the editor does not learn which variables are set
  const auto checked = strategy::check_job(source, "source", {}, context);
  json_writer out{call->style};
  out.begin_object().field("valid", !checked.has_errors()).key("diagnostics").begin_array();
  for (const auto& f : checked.findings) {
    out.begin_object().field("severity", strategy::to_string(f.level)).field("code", strategy::to_string(f.code)).field("message", f.message);
    out.field("line", f.line).field("column", f.column).field("length", 1).field("key", f.key).end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
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
    {verb::get, "/api/v1/jobs/{id}/runs", "Runs of a job, newest first", access::viewer, show_runs, body_kind::none},
    {verb::post, "/api/v1/jobs/{id}/enable", "Switch a job on", access::trader,
     [](services& p, const context_ptr& c, const responder& a) { switch_job(p, c, a, job_switch::enable); }, body_kind::none},
    {verb::post, "/api/v1/jobs/{id}/disable", "Switch a job off", access::trader,
     [](services& p, const context_ptr& c, const responder& a) { switch_job(p, c, a, job_switch::disable); }, body_kind::none},
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
