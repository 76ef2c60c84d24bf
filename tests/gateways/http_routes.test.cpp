// The table itself: nothing shadowed, every route of the contract there, rights
// as the policies say, documentation complete.

#include "gateways/http/schema.hpp"
#include "tests/gateways/support/http_fixture.hpp"

#include <set>

namespace tt::gateway::test {
namespace {

static_assert(!std::is_default_constructible_v<route_policy>, "a route without a policy must not compile");

/// A path that the pattern matches; parameters become text no fixed segment has.
std::string example_path(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      out += pattern[i];
      continue;
    }
    out += "zz9";
    i = pattern.find('}', i);
  }
  return out;
}

http_request request_of(const route& row) {
  http_request out;
  EXPECT_TRUE(out.set_target(example_path(row.pattern)));
  return out;
}

TEST(http_routes, no_route_is_shadowed) {
  http_fixture fixture;
  for (const auto& row : fixture.table().rows()) {
    const auto match = fixture.table().find(row->method, request_of(*row).segments);
    EXPECT_EQ(match.found, row.get()) << to_string(row->method) << " " << row->pattern;
    EXPECT_EQ(match.params.size(), route_table::param_names(row->pattern).size()) << row->pattern;
  }
}

TEST(http_routes, fixed_segments_win_over_parameters) {
  http_fixture fixture;
  const auto pattern_of = [&](verb method, const std::string& path) {
    http_request request;
    EXPECT_TRUE(request.set_target(path));
    const auto match = fixture.table().find(method, request.segments);
    return match.found == nullptr ? std::string{} : std::string{match.found->pattern};
  };
  EXPECT_EQ(pattern_of(verb::get, "/api/v1/portfolio/risk"), "/api/v1/portfolio/risk");
  EXPECT_EQ(pattern_of(verb::get, "/api/v1/portfolio/paper_simulator"), "/api/v1/portfolio/{account_id}");
  EXPECT_EQ(pattern_of(verb::get, "/api/v1/symbols/search"), "/api/v1/symbols/search");
  EXPECT_EQ(pattern_of(verb::get, "/api/v1/strategies/status"), "/api/v1/strategies/status");
  EXPECT_EQ(pattern_of(verb::get, "/api/v1/webhooks/events"), "/api/v1/webhooks/events");
  EXPECT_EQ(pattern_of(verb::get, "/api/orders/preview"), ""); // POST only, never an order id
}

TEST(http_routes, duplicates_are_a_start_up_error) {
  const route row{.method = verb::get, .pattern = "/a/{x}", .policy = {access::open, rate_class::general}, .summary = "", .run = {}};
  const route same{.method = verb::get, .pattern = "/a/{y}", .policy = {access::open, rate_class::general}, .summary = "", .run = {}};
  const auto made = route_table::make({row, same});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::conflict);
}

TEST(http_routes, every_route_of_the_contract_is_in_the_table) {
  static constexpr std::string_view contract[] = {
    "GET /", "GET /assets/{file}", "GET /health", "GET /health/live", "GET /health/ready", "GET /metrics", "GET /openapi.json", "GET /docs",
    "GET /udf/config", "GET /udf/time", "GET /udf/symbols", "GET /udf/symbol_info", "GET /udf/search", "GET /udf/history",
    "GET /udf/marks", "GET /udf/timescale_marks", "GET /udf/quotes", "GET /udf/charts/1.1/charts", "POST /udf/charts/1.1/charts",
    "DELETE /udf/charts/1.1/charts", "GET /udf/charts/1.1/study_templates", "POST /udf/charts/1.1/drawing_templates",
    "DELETE /udf/charts/1.1/chart_templates", "GET /api/v1/quotes", "GET /api/v1/quotes/{symbol}", "GET /api/v1/symbols/search",
    "GET /api/v1/symbols/{symbol}", "GET /api/v1/bars", "GET /api/v1/trades/{symbol}", "GET /api/v1/depth/{symbol}",
    "GET /api/market/status", "GET /api/v1/market/status", "GET /api/v1/calendar", "GET /api/v1/news", "GET /api/account",
    "GET /api/v1/account", "GET /api/v1/accounts", "GET /api/v1/accounts/{id}", "GET /api/v1/accounts/{id}/positions",
    "PATCH /api/v1/accounts/{id}", "GET /api/positions", "POST /api/positions/{symbol}/close", "POST /api/positions/flatten",
    "GET /api/orders", "GET /api/v1/orders", "GET /api/orders/{id}", "POST /api/orders", "POST /api/orders/preview",
    "PATCH /api/orders/{id}", "DELETE /api/orders/{id}", "DELETE /api/orders", "GET /api/executions", "GET /api/v1/executions",
    "GET /api/v1/portfolio", "GET /api/v1/portfolio/positions", "GET /api/v1/portfolio/{account_id}", "GET /api/v1/portfolio/risk",
    "GET /api/v1/risk", "PUT /api/v1/risk/limits", "GET /api/v1/risk/limit-profiles", "GET /api/v1/risk/limit-profiles/{name}", "PUT /api/v1/risk/limit-profiles/{name}", "POST /api/v1/risk/emergency-stop", "POST /api/v1/risk/resume",
    "GET /api/paper-trading/accounts", "POST /api/paper-trading/accounts/{id}/reset", "POST /api/paper-trading/orders/{id}/cancel",
    "GET /api/v1/strategies", "GET /api/strategies", "POST /api/v1/strategies/validate", "PUT /api/v1/strategies/{id}/source",
    "POST /api/v1/strategies/{id}/mode", "GET /api/v1/strategies/{id}/plots", "DELETE /api/v1/strategies/alerts",
    "POST /api/v1/alerts", "POST /api/v1/alerts/{id}/pause", "POST /webhook/tradingview", "POST /webhook/tradingview/{path_token}",
    "GET /webhook/test", "GET /api/v1/webhooks", "POST /api/v1/webhooks/{id}/rotate", "GET /api/v1/webhooks/events",
    "POST /api/backtest/strategy", "GET /api/backtest/{id}/status", "GET /api/backtest/{id}/results", "GET /api/backtest/{id}/trades", "GET /api/backtest/{id}/equity", "GET /api/backtest/{id}/logs",
    "DELETE /api/backtest/{id}", "GET /api/backtest", "GET /api/backtest/{id}/progress", "POST /api/optimize/study",
    "GET /api/optimize/{id}/trials", "POST /api/optimize/{id}/pause", "POST /api/optimize/{id}/resume", "DELETE /api/optimize/{id}",
    "GET /api/optimize/{id}/status", "GET /api/optimize/{id}/results", "GET /api/optimize/{id}/progress", "GET /api/optimize", "GET /stream", "GET /ws", "GET /api/v1/layouts/{name}",
    "PUT /api/v1/layouts/{name}", "GET /api/v1/watchlists", "POST /api/v1/watchlists", "PUT /api/v1/watchlists/{id}",
    "DELETE /api/v1/watchlists/{id}", "GET /api/v1/hotkeys", "PUT /api/v1/hotkeys", "POST /api/v1/auth/login", "POST /api/v1/auth/logout",
    "GET /api/v1/auth/me", "GET /api/v1/auth/tokens", "DELETE /api/v1/auth/tokens/{id}", "PATCH /api/v1/auth/users/{id}",
    "POST /api/v1/auth/ws-ticket", "POST /api/v1/auth/totp", "POST /api/v1/auth/totp/confirm", "POST /api/v1/auth/totp/remove",
    "DELETE /api/v1/auth/users/{id}/totp"};
  http_fixture fixture;
  std::set<std::string> rows;
  for (const auto& row : fixture.table().rows()) rows.insert(std::string{to_string(row->method)} + " " + std::string{row->pattern});
  for (const auto one : contract) EXPECT_EQ(rows.count(std::string{one}), 1U) << one;
}

// Route × caller, generated from the table: a caller without identity gets 401
// everywhere but on the open routes, a loopback trader 403 on admin routes, and
// nobody ever a 500.
TEST(http_routes, rights_follow_the_policies) {
  gateway_config config;
  config.limits = {}; // every route is called, so limits would interfere
  http_fixture fixture{config};
  for (const auto& row : fixture.table().rows()) {
    call_options remote;
    remote.peer = "192.0.2.7";
    call_options local;
    if (row->over != transport::http) local.headers.set("Upgrade", "websocket"), remote.headers.set("Upgrade", "websocket");
    if (row->body == body_kind::json) {
      remote.headers.set("Content-Type", "application/json");
      local.headers.set("Content-Type", "application/json");
    }
    const auto path = example_path(row->pattern);
    const auto admitted = [&](const call_options& options) {
      auto in = fixture.requests().admit(make_request(to_string(row->method), path, options));
      return in.refusal ? in.refusal->status : 0;
    };
    const std::string what = std::string{to_string(row->method)} + " " + path;
    const bool open = row->policy.who == access::open || row->policy.who == access::secret;
    EXPECT_EQ(admitted(remote), open ? 0 : 401) << what;
    EXPECT_EQ(admitted(local), row->policy.who == access::admin ? 403 : 0) << what;
    if (row->over == transport::http && row->policy.who != access::admin) {
      const auto done = fixture.call(to_string(row->method), path, local);
      EXPECT_NE(done.status, 500) << what << " " << done.body;
      EXPECT_FALSE(done.header("X-Request-Id").empty());
    }
  }
}

// Route × token, from the same table: a role gets what it needs and no more, and who is bound to an account changes nothing
// on routes that do not say that they keep him within.
TEST(http_routes, rights_follow_the_roles_of_tokens) {
  gateway_config config;
  config.limits = {};
  http_fixture fixture{config};
  const auto needed = [](access who) {
    return who == access::admin ? role::admin : who == access::trader ? role::trader : who == access::open || who == access::secret ? role::none : role::viewer;
  };
  for (const auto rank : {role::viewer, role::trader, role::admin}) {
    const auto free = fixture.token("free-" + std::string{to_string(rank)}, rank), bound = fixture.token("bound-" + std::string{to_string(rank)}, rank, {"one"});
    for (const auto& row : fixture.table().rows()) {
      const auto status_for = [&](const std::string& token) {
        auto options = bearing(token);
        options.peer = "192.0.2.7";
        if (row->over != transport::http) options.headers.set("Upgrade", "websocket");
        if (row->body == body_kind::json) options.headers.set("Content-Type", "application/json");
        const auto in = fixture.requests().admit(make_request(to_string(row->method), example_path(row->pattern), options));
        return in.refusal ? in.refusal->status : 0;
      };
      const auto what = std::string{to_string(rank)} + ": " + std::string{to_string(row->method)} + " " + std::string{row->pattern};
      const bool may = rank >= needed(row->policy.who);
      const bool stays_within = !is_unsafe(row->method) || needed(row->policy.who) < role::trader || row->policy.bound == bound_callers::welcome;
      EXPECT_EQ(status_for(free), may ? 0 : 403) << what;
      EXPECT_EQ(status_for(bound), may && stays_within ? 0 : 403) << what;
    }
  }
}

TEST(http_routes, missing_parts_say_what_is_missing) {
  http_fixture fixture;
  const auto orders = fixture.get("/api/orders");
  EXPECT_EQ(orders.status, 503);
  EXPECT_EQ(orders.json()["error_code"], "not_available");
  EXPECT_EQ(orders.json()["detail"], "orders: this node hosts no accounts; in a cluster a node with the role execution does");
  EXPECT_EQ(fixture.get("/api/v1/strategies/abc/plots").status, 503);
  EXPECT_EQ(fixture.send_json("POST", "/api/backtest/strategy", R"({"pine_script":"test"})").status, 503);
  EXPECT_EQ(fixture.call("POST", "/webhook/tradingview", {.body = "anything"}).status, 503);
}

// -- documentation

TEST(http_openapi, names_every_route_and_every_reference_resolves) {
  http_fixture fixture;
  const auto document = fixture.get("/openapi.json").json();
  EXPECT_EQ(document["openapi"], "3.1.0");
  for (const auto& row : fixture.table().rows()) {
    const auto& paths = document["paths"];
    ASSERT_TRUE(paths.contains(std::string{row->pattern})) << row->pattern;
    EXPECT_TRUE(paths[std::string{row->pattern}].contains(to_lower(to_string(row->method)))) << row->pattern;
  }
  const std::string text = document.dump();
  std::size_t references = 0;
  for (auto at = text.find("#/components/schemas/"); at != std::string::npos; at = text.find("#/components/schemas/", at + 1), ++references) {
    const auto name = text.substr(at + 21, text.find('"', at) - at - 21);
    EXPECT_TRUE(document["components"]["schemas"].contains(name)) << name;
  }
  EXPECT_GT(references, 50U);
  std::set<std::string> ids;
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [method, operation] : methods.items())
      EXPECT_TRUE(ids.insert(operation["operationId"].get<std::string>()).second) << path << " " << method;
}

TEST(http_openapi, schemas_are_well_formed) {
  const auto written = write_schemas();
  ASSERT_TRUE(written) << written.error().message;
  for (const auto* name : {"Quote", "Bar", "Trade", "Error", "StreamCommand", "QuoteMessage", "StreamMessage", "UdfHistory"})
    EXPECT_TRUE(nlohmann::json::parse(*written).contains(name)) << name;
}

TEST(http_openapi, docs_page_has_no_scripts) {
  http_fixture fixture;
  const auto page = fixture.get("/docs");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body.find("<script"), std::string::npos);
  EXPECT_EQ(page.body.find("https://"), std::string::npos);
  EXPECT_NE(page.body.find("/api/v1/quotes/{symbol}"), std::string::npos);
}

} // namespace
} // namespace tt::gateway::test
