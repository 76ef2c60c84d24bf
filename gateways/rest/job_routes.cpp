#include "gateways/rest/job_routes.hpp"

#include "gateways/http/query_reader.hpp"
#include "gateways/jobs/job_json.hpp"
#include "gateways/jobs/job_request.hpp"
#include "gateways/rest/strategy_calls.hpp"

#include <charconv>

namespace tt::gateway {

namespace {

using backtest::document_kind;
using backtest::job_kind;
using backtest::job_op;

/// An error of the coordinator: what it says of a job is about the path, the rest about the query.
api_error from_coordinator(const error& e) {
  auto out = to_api_error(e, e.field == "id" ? "path" : "query");
  if (e.code == errc::conflict) out.code = "job.state";
  return out;
}

std::string_view words_for(job_kind kind) { return kind == job_kind::backtest ? "backtest" : "study"; }

/// "12345" as a list's cursor. Nothing when it is none.
std::optional<std::uint64_t> read_cursor(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc{} || end != text.data() + text.size() || out == 0) return std::nullopt;
  return out;
}

backtest::job_name name_of(const request_context& call, job_kind kind) { return {kind, call.params.front()}; }

} // namespace

namespace {

/// On the gateway's queue: a large body takes milliseconds, and under ?strict=1 it is compiled.
void read_and_submit(services& parts, const context_ptr& call, const responder& answer, job_kind kind, const strategy_text* named) {
  auto read = read_job(kind, call->request.body, parts.market.instruments(), call->strictness, call->who.name, named);
  if (auto* refused = std::get_if<api_error>(&read)) return answer(std::move(*refused));
  auto& asked = std::get<read_submission>(read);
  parts.metrics.unknown_json_fields(asked.unknown);
  parts.jobs->submit(std::move(asked.job), [call, answer, kind](const result<backtest::job_status>& job) {
    if (!job) return answer(from_coordinator(job.error()));
    json_writer out{call->style};
    out.begin_object().field(id_field(kind), job->id).field("status", backtest::to_string(backtest::job_state::queued));
    out.field("message", std::string(words_for(kind)) + " queued").end_object();
    answer(json_response(out.take()));
  });
}

/// Work that must not hold up the thread of sockets.
void on_queue(services& parts, const responder& answer, std::function<void()> work) {
  if (parts.queue.post(std::move(work)) != task_queue::posted::full) return;
  auto busy = not_available("the gateway has too much to do; try again");
  busy.headers.set("Retry-After", "1");
  answer(std::move(busy));
}

/// The source that strategies trade by, as the registry keeps it.
std::variant<strategy_text, api_error> look_up(const strategy::registry& records, const std::string& id, std::uint32_t version) {
  const auto known = records.find(strategy_id{id});
  if (!known) return bad_field("body", "strategy_id", "there is no strategy " + id, "unknown");
  const auto kind = known->state.kind;
  if (kind == strategy::strategy_kind::webhook) return bad_field("body", "strategy_id", "a strategy of kind webhook has no source to backtest", "unsupported");
  auto text = records.source(known->id, version);
  if (!text) return bad_field("body", version == 0 ? "strategy_id" : "strategy_version", text.error().message, "unknown");
  strategy_text out;
  out.version = version == 0 ? known->version : version;
  out.kind = kind == strategy::strategy_kind::pine ? strategy_text::language::pine : strategy_text::language::yaml;
  out.source = *std::move(text);
  if (out.version == known->version) out.inputs = known->inputs; // an older source may have others
  return out;
}

} // namespace

void submit_job(services& parts, const context_ptr& call, const responder& answer, job_kind kind) {
  on_queue(parts, answer, [&parts, call, answer, kind] {
    const auto wanted = strategy_named_in(call->request.body);
    if (!wanted) return read_and_submit(parts, call, answer, kind, nullptr);
    on_records(parts, answer, [&parts, call, answer, kind, wanted = *wanted](const strategy::registry& records) {
      auto found = look_up(records, wanted.first, wanted.second);
      if (auto* refused = std::get_if<api_error>(&found)) return answer(std::move(*refused));
      on_queue(parts, answer, [&parts, call, answer, kind, named = std::get<strategy_text>(std::move(found))] {
        read_and_submit(parts, call, answer, kind, &named);
      });
    });
  });
}

void show_job(services& parts, const context_ptr& call, const responder& answer, job_kind kind) {
  parts.jobs->status(name_of(*call, kind), [call, answer](const result<backtest::job_status>& job) {
    if (!job) return answer(from_coordinator(job.error()));
    answer(json_response(job_status_json(*job, call->style)));
  });
}

void list_jobs(services& parts, const context_ptr& call, const responder& answer, job_kind kind) {
  query_reader query{call->request.query};
  backtest::list_request wanted;
  wanted.kind = kind;
  wanted.limit = static_cast<std::uint32_t>(query.integer({"limit"}, query_reader::need::optional, 1, backtest::limits::listed_jobs).value_or(20));
  wanted.state = query.text({"status"}).value_or("");
  if (!wanted.state.empty() && !backtest::parse_job_state(wanted.state))
    query.problem("status", "must be queued, running, paused, completed, failed or cancelled", "value");
  if (const auto cursor = query.text({"cursor"})) {
    const auto before = read_cursor(*cursor);
    if (before) wanted.before = *before;
    else query.problem("cursor", "is not one that was given", "value");
  }
  if (!query.ok()) return answer(query.failure());
  parts.jobs->list(std::move(wanted), [call, answer, kind](const result<backtest::job_list>& list) {
    if (!list) return answer(from_coordinator(list.error()));
    json_writer out{call->style};
    out.begin_object().key(kind == job_kind::backtest ? "backtests" : "studies").begin_array();
    for (const auto& job : list->jobs) write_listed_job(out, job);
    out.end_array().key("next_cursor");
    if (list->next == 0) out.null();
    else out.value(std::to_string(list->next));
    answer(json_response(out.end_object().take()));
  });
}

void command_job(services& parts, const context_ptr& call, const responder& answer, job_kind kind, job_op op) {
  parts.jobs->command({name_of(*call, kind), op}, [call, answer, kind, op](const result<backtest::job_status>& job) {
    if (!job) return answer(from_coordinator(job.error()));
    const std::string_view done = op == job_op::cancel ? " cancelled" : op == job_op::pause ? " paused" : " resumed";
    json_writer out{call->style};
    out.begin_object().field(id_field(kind), job->id).field("status", backtest::to_string(job->state));
    out.field("message", std::string(words_for(kind)) + std::string(done)).end_object();
    answer(json_response(out.take()));
  });
}

void show_results(services& parts, const context_ptr& call, const responder& answer, job_kind kind) {
  backtest::document_request wanted{name_of(*call, kind), {}};
  wanted.query.kind = document_kind::results;
  parts.jobs->document(std::move(wanted), [call, answer, kind](const result<backtest::job_document>& document) {
    if (!document) return answer(from_coordinator(document.error()));
    json_writer out{call->style};
    out.begin_object().field(id_field(kind), document->status.id).field("status", backtest::to_string(document->status.state));
    if (document->status.state == backtest::job_state::failed) {
      out.field("error_message", document->status.error_message).key("compile_diagnostics");
      out.raw(document->diagnostics.empty() ? "[]" : restyle(document->diagnostics, call->style));
    }
    out.key("request").raw(restyle(document->request, call->style));
    out.key("results").raw(restyle(document->text, call->style)).end_object();
    answer(json_response(out.take()));
  });
}

void show_rows(services& parts, const context_ptr& call, const responder& answer, job_kind kind, document_kind what, std::string_view name) {
  query_reader query{call->request.query};
  backtest::document_request wanted{name_of(*call, kind), {}};
  auto& page = wanted.query;
  page.kind = what;
  page.limit = static_cast<std::uint32_t>(query.integer({"limit"}, query_reader::need::optional, 1, 1'000).value_or(0));
  page.cursor = query.text({"cursor"}).value_or("");
  page.sort = query.text({"sort"}).value_or("");
  page.max_points = static_cast<std::uint32_t>(query.integer({"max_points"}, query_reader::need::optional, 4, 1'000'000).value_or(0));
  const auto form = query.text({"format"}).value_or("json");
  if (form == "csv") page.form = backtest::document_form::csv;
  else if (form != "json") query.problem("format", "must be json or csv", "value");
  if (!query.ok()) return answer(query.failure());
  const bool csv = page.form == backtest::document_form::csv;
  parts.jobs->document(std::move(wanted), [call, answer, kind, name, csv](const result<backtest::job_document>& document) {
    if (!document) return answer(from_coordinator(document.error()));
    if (csv) {
      auto out = text_response(document->text);
      out.headers.set("Content-Type", "text/csv; charset=utf-8");
      return answer(std::move(out));
    }
    json_writer out{call->style};
    out.begin_object().field(id_field(kind), document->status.id).key(name).raw(restyle(document->text, call->style));
    out.key("next_cursor");
    if (document->next.empty()) out.null();
    else out.value(document->next);
    answer(json_response(out.end_object().take()));
  });
}

} // namespace tt::gateway
