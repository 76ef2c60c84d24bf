// Backtests (http-api.md section 11).

#include "gateways/rest/job_routes.hpp"

namespace tt::gateway {

namespace {

using backtest::document_kind;
constexpr auto kind = backtest::job_kind::backtest;

constexpr param_doc cursor_doc{"cursor", "string", "next_cursor of the page before"};
constexpr param_doc limit_doc{"limit", "integer", "rows of a page, at most 1000; 100 when absent"};
constexpr param_doc format_doc{"format", "string", "json, or csv: the whole table with a header"};

route read_row(std::string_view pattern, std::string_view summary, handler run, std::string_view schema, std::vector<param_doc> query = {}) {
  return {.method = verb::get, .pattern = pattern, .policy = {access::viewer, rate_class::general}, .summary = summary, .run = std::move(run),
          .query = std::move(query), .response_schema = schema, .tag = "backtests"};
}

handler rows_of(services& parts, document_kind what, std::string_view name) {
  return job_handler_of(parts, [what, name](services& p, const context_ptr& call, const responder& answer) {
    show_rows(p, call, answer, kind, what, name);
  });
}

} // namespace

void add_backtest_routes(std::vector<route>& rows, services& parts) {
  const auto with_kind = [&parts](auto work) {
    return job_handler_of(parts, [work](services& p, const context_ptr& call, const responder& answer) { work(p, call, answer, kind); });
  };
  rows.push_back({.method = verb::post, .pattern = "/api/backtest/strategy", .policy = {access::trader, rate_class::jobs, bound_callers::welcome},
                  .summary = "Submit a backtest", .run = with_kind(submit_job),
                  .query = {{"strict", "boolean", "1: unknown fields and a script that does not compile are a 400"}},
                  .request_schema = "BacktestRequest", .response_schema = "BacktestQueued", .body = body_kind::json,
                  .body_limit = job_body_limit, .tag = "backtests"});
  rows.push_back(read_row("/api/backtest", "Backtests, newest first", with_kind(list_jobs), "Backtests",
                          {{"limit", "integer", "1 to 200; 20 when absent"}, {"status", "string", "only those in this state"}, cursor_doc}));
  rows.push_back(read_row("/api/backtest/{id}/status", "State of a backtest", with_kind(show_job), "BacktestStatus"));
  rows.push_back(read_row("/api/backtest/{id}/results", "Results; 409 until there are some", with_kind(show_results), "BacktestResults"));
  rows.push_back(read_row("/api/backtest/{id}/trades", "Closed trades", rows_of(parts, document_kind::trades, "trades"), "BacktestTrades",
                          {limit_doc, cursor_doc, format_doc}));
  rows.push_back(read_row("/api/backtest/{id}/equity", "Equity curve", rows_of(parts, document_kind::equity, "equity_curve"), "BacktestEquity",
                          {{"max_points", "integer", "down-sample to so many, at least 4"}, {"limit", "integer", "points of a page, at most 1000; all when absent"}, cursor_doc, format_doc}));
  rows.push_back(read_row("/api/backtest/{id}/logs", "Log lines of the script", rows_of(parts, document_kind::logs, "logs"), "BacktestLogs",
                          {limit_doc, cursor_doc, format_doc}));
  rows.push_back({.method = verb::remove, .pattern = "/api/backtest/{id}", .policy = {access::trader, rate_class::unlimited, bound_callers::welcome},
                  .summary = "Cancel a backtest",
                  .run = job_handler_of(parts,
                                        [](services& p, const context_ptr& call, const responder& answer) {
                                          command_job(p, call, answer, kind, backtest::job_op::cancel);
                                        }),
                  .response_schema = "BacktestQueued", .tag = "backtests"});
  rows.push_back({.method = verb::get, .pattern = "/api/backtest/{id}/progress", .policy = {access::viewer, rate_class::general},
                  .summary = "Progress of a backtest (WebSocket)", .run = {}, .query = {{"case", "string", "snake or camel"}},
                  .response_schema = "BacktestProgress", .over = transport::progress, .tag = "backtests"});
}

} // namespace tt::gateway
