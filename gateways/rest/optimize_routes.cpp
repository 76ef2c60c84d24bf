// Optimisation studies (http-api.md section 12).

#include "gateways/rest/job_routes.hpp"

namespace tt::gateway {

namespace {

constexpr auto kind = backtest::job_kind::study;

} // namespace

void add_optimize_routes(std::vector<route>& rows, services& parts) {
  const auto with_kind = [&parts](auto work) {
    return job_handler_of(parts, [work](services& p, const context_ptr& call, const responder& answer) { work(p, call, answer, kind); });
  };
  const auto command = [&parts](backtest::job_op op) {
    return job_handler_of(parts, [op](services& p, const context_ptr& call, const responder& answer) { command_job(p, call, answer, kind, op); });
  };
  const auto get = [&rows](std::string_view pattern, std::string_view summary, handler run, std::string_view schema, std::vector<param_doc> query = {}) {
    rows.push_back({.method = verb::get, .pattern = pattern, .policy = {access::viewer, rate_class::general}, .summary = summary,
                    .run = std::move(run), .query = std::move(query), .response_schema = schema, .tag = "optimisation"});
  };
  rows.push_back({.method = verb::post, .pattern = "/api/optimize/study", .policy = {access::trader, rate_class::jobs, bound_callers::welcome},
                  .summary = "Submit a study", .run = with_kind(submit_job),
                  .query = {{"strict", "boolean", "1: unknown fields and a script that does not compile are a 400"}},
                  .request_schema = "StudyRequest", .response_schema = "StudyQueued", .body = body_kind::json, .body_limit = job_body_limit,
                  .tag = "optimisation"});
  get("/api/optimize", "Studies, newest first", with_kind(list_jobs), "Studies",
      {{"limit", "integer", "1 to 200; 20 when absent"}, {"status", "string", "only those in this state"}, {"cursor", "string", "next_cursor of the page before"}});
  get("/api/optimize/{id}/status", "State of a study", with_kind(show_job), "StudyStatus");
  get("/api/optimize/{id}/results", "Results; 409 until there are some", with_kind(show_results), "StudyResults");
  get("/api/optimize/{id}/trials", "Trials, also while it runs",
      job_handler_of(parts, [](services& p, const context_ptr& call, const responder& answer) {
        show_rows(p, call, answer, kind, backtest::document_kind::trials, "trials");
      }),
      "StudyTrials",
      {{"sort", "string", "trial, objective or a figure; - in front turns it around"}, {"limit", "integer", "rows of a page, at most 1000; 100 when absent"},
       {"cursor", "string", "next_cursor of the page before"}, {"format", "string", "json, or csv: the whole table with a header"}});
  for (const auto& [pattern, summary, op] : {std::tuple{std::string_view{"/api/optimize/{id}/pause"}, std::string_view{"Pause a study"}, backtest::job_op::pause},
                                             std::tuple{std::string_view{"/api/optimize/{id}/resume"}, std::string_view{"Resume a study"}, backtest::job_op::resume}})
    rows.push_back({.method = verb::post, .pattern = pattern, .policy = {access::trader, rate_class::general, bound_callers::welcome}, .summary = summary,
                    .run = command(op), .response_schema = "StudyQueued", .body = body_kind::json, .tag = "optimisation"});
  rows.push_back({.method = verb::remove, .pattern = "/api/optimize/{id}", .policy = {access::trader, rate_class::unlimited, bound_callers::welcome},
                  .summary = "Cancel a study", .run = command(backtest::job_op::cancel), .response_schema = "StudyQueued", .tag = "optimisation"});
  rows.push_back({.method = verb::get, .pattern = "/api/optimize/{id}/progress", .policy = {access::viewer, rate_class::general},
                  .summary = "Progress of a study (WebSocket)", .run = {}, .query = {{"case", "string", "snake or camel"}},
                  .response_schema = "StudyProgress", .over = transport::progress, .tag = "optimisation"});
}

} // namespace tt::gateway
