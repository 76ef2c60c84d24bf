#include "gateways/routes.hpp"

namespace tt::gateway {

namespace {

/// The stream takes these connections over before any handler runs.
void add_stream_routes(std::vector<route>& rows) {
  for (const std::string_view pattern : {"/stream", "/ws"})
    rows.push_back({.method = verb::get, .pattern = pattern, .policy = {access::open, rate_class::general},
                    .summary = "Live data (WebSocket); identity by cookie, subprotocol, ticket or first message", .run = {},
                    .query = {{"case", "string", "snake or camel"}, {"ticket", "string", "One-time ticket"}},
                    .request_schema = "StreamCommand", .response_schema = "StreamMessage", .over = transport::stream, .tag = "stream"});
}

/// The UI's own paths. What no row matches goes to the same handler.
void add_file_routes(std::vector<route>& rows, const handler& files) {
  for (const std::string_view pattern : {"/", "/assets/{file}"})
    rows.push_back({.method = verb::get, .pattern = pattern, .policy = {access::open, rate_class::files}, .summary = "Files of the UI",
                    .run = files, .response_type = "text/html", .tag = "service"});
}

} // namespace

result<route_table> make_route_table(services& parts) {
  std::vector<route> rows;
  add_service_routes(rows, parts);
  add_cluster_routes(rows, parts);
  add_udf_routes(rows, parts);
  add_chart_storage_routes(rows, parts);
  add_market_routes(rows, parts);
  add_calendar_routes(rows, parts);
  add_feed_routes(rows, parts);
  add_personal_routes(rows, parts);
  add_backtest_routes(rows, parts);
  add_optimize_routes(rows, parts);
  add_strategy_routes(rows, parts);
  add_order_routes(rows, parts);
  add_risk_routes(rows, parts);
  add_job_file_routes(rows, parts);
  add_alert_routes(rows, parts);
  add_webhook_routes(rows, parts);
  add_paper_routes(rows, parts);
  add_portfolio_routes(rows, parts);
  add_auth_routes(rows, parts);
  add_stream_routes(rows);
  add_file_routes(rows, parts.files);
  return route_table::make(std::move(rows));
}

result<route_table> make_metrics_table(services& parts) {
  std::vector<route> rows;
  add_metrics_route(rows, parts, access::open);
  return route_table::make(std::move(rows));
}

result<route_table> make_webhook_table(services& parts) {
  std::vector<route> rows;
  add_webhook_posts(rows, parts);
  return route_table::make(std::move(rows));
}

} // namespace tt::gateway
