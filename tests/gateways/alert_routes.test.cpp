// Price alerts over HTTP, over a real book.

#include "gateways/alerts/alert_json.hpp"
#include "tests/gateways/support/direct_alerts.hpp"
#include "tests/gateways/support/http_fixture.hpp"
#include "tests/gateways/support/two_accounts.hpp"

namespace tt::gateway::test {
namespace {

using nlohmann::json;

struct alert_routes : ::testing::Test, http_fixture {
  alert_routes() {
    alerts_with(alerts);
    trade_with(accounts);
  }
  answer post(const std::string& body) { return send_json("POST", "/api/v1/alerts", body); }
  json make(const std::string& body) {
    const auto made = post(body);
    EXPECT_EQ(made.status, 201) << made.body;
    return made.json();
  }
  json shown(const json& alert) { return get("/api/v1/alerts/" + alert["alert_id"].get<std::string>()).json(); }
  void price(const char* last, const char* symbol = "AAPL") {
    alerts.book.on_quote(scripted_market::make_quote(symbol, last, market.market_time()));
    alerts.settle();
  }

  direct_alerts alerts{market};
  two_accounts accounts;
};

TEST_F(alert_routes, the_long_form) {
  const auto made = make(R"({"symbol":"AAPL","condition":"price_above","condition_value":230.5,"message":"over it","expires_at":"2026-02-01T00:00:00Z",
    "tags":["a","b"],"repeat":"once_per_bar","timeframe":"5m"})");
  EXPECT_EQ(made["status"], "created");
  EXPECT_EQ(made["alert_status"], "active");
  EXPECT_EQ(made["id"], made["alert_id"]);
  EXPECT_EQ(made["symbol"], "AAPL");
  EXPECT_EQ(made["condition"], "price_above");
  EXPECT_EQ(made["condition_value"], 230.5);
  EXPECT_EQ(made["message"], "over it");
  EXPECT_EQ(made["expires_at"], "2026-02-01T00:00:00.000Z");
  EXPECT_EQ(made["tags"], json({"a", "b"}));
  EXPECT_EQ(made["repeat"], "once_per_bar");
  EXPECT_EQ(made["timeframe"], "5m");
  EXPECT_EQ(made["auto_execute"], false);
  EXPECT_EQ(made["trigger_count"], 0);
  EXPECT_TRUE(made["last_triggered_at"].is_null());
  EXPECT_TRUE(made["last_value"].is_null());
  const auto again = shown(made);
  EXPECT_EQ(again["status"], "active");
  EXPECT_EQ(again["alert_id"], made["alert_id"]);
}

TEST_F(alert_routes, the_short_form) {
  const auto made = make(R"({"symbol":"aapl","condition":"above","price":"230.5","is_active":true})");
  EXPECT_EQ(made["condition"], "price_above");
  EXPECT_EQ(made["condition_value"], 230.5);
  EXPECT_EQ(made["is_active"], true);
  const auto paused = make(R"({"symbol":"AAPL","condition":"equals","price":230.5,"is_active":false})");
  EXPECT_EQ(paused["alert_status"], "paused");
  EXPECT_EQ(paused["condition"], "price_equals");
}

TEST_F(alert_routes, camel_case_and_numbers_as_text) {
  const auto made = send_json("POST", "/api/v1/alerts?case=camel&numbers=string", R"({"symbol":"AAPL","condition":"price_below","conditionValue":"99.5"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.json()["conditionValue"], "99.5");
  EXPECT_TRUE(made.json().contains("alertId"));
}

TEST_F(alert_routes, a_note_is_kept_and_triggers_nothing) {
  const auto kept = make(R"({"alert_type":"error","strategy":"momentum_v1","message":"no data"})");
  EXPECT_EQ(kept["status"], "created");
  EXPECT_EQ(kept["alert_type"], "error");
  EXPECT_EQ(kept["strategy"], "momentum_v1");
  EXPECT_EQ(kept["alert_status"], "triggered");
  EXPECT_FALSE(kept.contains("condition"));
  EXPECT_EQ(post(R"({"alert_type":"error","strategy":"x"})").status, 400) << "without a message";
  EXPECT_EQ(get("/api/v1/alerts?strategy=momentum_v1").json()["alerts"].size(), 1U);
}

TEST_F(alert_routes, bad_input_is_a_400_that_names_the_field) {
  const struct {
    const char *body, *field;
  } cases[] = {
    {R"({"condition":"above","price":1})", "symbol"},
    {R"({"symbol":"AAPL","condition":"sideways","price":1})", "condition"},
    {R"({"symbol":"AAPL","condition":"above"})", "condition_value"},
    {R"({"symbol":"AAPL","condition":"above","price":"x"})", "condition_value"},
    {R"({"symbol":"AAPL","condition":"above","price":-1})", "condition_value"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"condition_value":2})", "condition_value"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"expires_at":"tomorrow"})", "expires_at"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"expires_at":"2020-01-01T00:00:00Z"})", "expires_at"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"repeat":"twice"})", "repeat"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"tags":"a"})", "tags"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"message":7})", "message"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"auto_execute":true})", "order_side"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"auto_execute":true,"order_side":"buy"})", "order_quantity"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"auto_execute":true,"order_side":"buy","order_quantity":0.5})", "order_quantity"},
    {R"({"symbol":"AAPL","condition":"rsi_oversold","parameters":{"rsi_period":0}})", "parameters.rsi_period"},
    {R"({"symbol":"AAPL","condition":"rsi_oversold","parameters":[]})", "parameters"},
    {R"({"symbol":"AAPL","condition":"custom"})", "expression"},
    {R"({"symbol":"AAPL","condition":"above","price":1,"is_active":true,"alert_status":"paused"})", "is_active"},
  };
  for (const auto& [body, field] : cases) {
    const auto said = post(body);
    EXPECT_EQ(said.status, 400) << body << said.body;
    ASSERT_FALSE(said.json()["errors"].empty()) << body;
    EXPECT_EQ(said.json()["errors"][0]["loc"], json({"body", field})) << said.body;
  }
  EXPECT_EQ(post(R"({"symbol":"NOPE","condition":"above","price":1})").status, 404);
  EXPECT_EQ(post("[1]").status, 400);
  EXPECT_EQ(post("{").status, 400);
  EXPECT_EQ(get("/api/v1/alerts").json()["alerts"].size(), 0U);
}

TEST_F(alert_routes, unknown_fields_count_under_strict) {
  EXPECT_EQ(send_json("POST", "/api/v1/alerts?strict=1", R"({"symbol":"AAPL","condition":"above","price":1,"colour":"red"})").status, 400);
  EXPECT_EQ(post(R"({"symbol":"AAPL","condition":"above","price":1,"colour":"red"})").status, 201);
}

TEST_F(alert_routes, an_id_that_exists_is_a_409) {
  const auto made = make(R"({"symbol":"AAPL","condition":"above","price":1,"alert_id":"mine"})");
  EXPECT_NE(made["alert_id"], "mine") << "ids are made here";
  EXPECT_EQ(made["client_alert_id"], "mine");
  const auto twin = post(R"({"symbol":"AAPL","condition":"below","price":1,"alert_id":"mine"})");
  EXPECT_EQ(twin.status, 409) << twin.body;
  EXPECT_EQ(post(R"({"symbol":"AAPL","condition":"below","price":1,"id":")" + made["id"].get<std::string>() + "\"}").status, 409);
}

TEST_F(alert_routes, lists_by_status_and_symbol) {
  const auto first = make(R"({"symbol":"AAPL","condition":"above","price":100})");
  make(R"({"symbol":"MSFT","condition":"above","price":100})");
  make(R"({"symbol":"MSFT","condition":"above","price":100,"is_active":false})");
  price("101");
  EXPECT_EQ(get("/api/v1/alerts").json()["alerts"].size(), 3U);
  EXPECT_EQ(get("/api/v1/alerts?status=active").json()["alerts"].size(), 1U);
  EXPECT_EQ(get("/api/v1/alerts?status=triggered").json()["alerts"][0]["alert_id"], first["alert_id"]);
  EXPECT_EQ(get("/api/v1/alerts?symbol=msft").json()["alerts"].size(), 2U);
  EXPECT_EQ(get("/api/v1/alerts?symbol=unheard").json()["alerts"].size(), 0U);
  const auto page = get("/api/v1/alerts?limit=2").json();
  EXPECT_EQ(page["alerts"].size(), 2U);
  EXPECT_EQ(get("/api/v1/alerts?limit=2&cursor=" + page["next_cursor"].dump()).json()["alerts"].size(), 1U);
  EXPECT_EQ(get("/api/v1/alerts?status=asleep").status, 400);
  EXPECT_EQ(get("/api/v1/alerts?limit=0").status, 400);
}

TEST_F(alert_routes, a_trigger_shows) {
  const auto made = make(R"({"symbol":"AAPL","condition":"above","price":100})");
  price("101.25");
  const auto after = shown(made);
  EXPECT_EQ(after["alert_status"], "triggered");
  EXPECT_EQ(after["is_active"], false);
  EXPECT_EQ(after["trigger_count"], 1);
  EXPECT_EQ(after["last_value"], 101.25);
  EXPECT_EQ(after["last_triggered_at"], "2026-01-15T14:35:00.000Z");
}

TEST_F(alert_routes, change_pause_resume_remove) {
  const auto made = make(R"({"symbol":"AAPL","condition":"above","price":100,"expires_at":"2026-02-01T00:00:00Z"})");
  const auto path = "/api/v1/alerts/" + made["alert_id"].get<std::string>();
  auto changed = send_json("PATCH", path, R"({"price":120,"message":"new","expires_at":null})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.json()["condition_value"], 120);
  EXPECT_EQ(changed.json()["message"], "new");
  EXPECT_FALSE(changed.json().contains("expires_at"));
  EXPECT_EQ(send_json("PATCH", path, R"({"symbol":"MSFT"})").status, 400);
  EXPECT_EQ(send_json("POST", path + "/pause", "").json()["alert_status"], "paused");
  price("130");
  EXPECT_EQ(send_json("POST", path + "/resume", "").json()["alert_status"], "active");
  EXPECT_EQ(send_json("PATCH", path, R"({"is_active":false})").json()["alert_status"], "paused");
  EXPECT_EQ(send_json("PATCH", path, R"({"alert_status":"cancelled"})").json()["alert_status"], "cancelled");
  EXPECT_EQ(send_json("POST", path + "/resume", "").status, 409);
  const auto gone = call("DELETE", path);
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.json()["status"], "deleted");
  for (const char* method : {"GET", "DELETE"}) EXPECT_EQ(call(method, path).status, 404) << method;
  EXPECT_EQ(send_json("PATCH", path, "{}").status, 404);
  EXPECT_EQ(send_json("POST", path + "/pause", "").status, 404);
}

TEST_F(alert_routes, orders_go_to_accounts_within_reach) {
  const std::string order = R"({"symbol":"AAPL","condition":"above","price":100,"auto_execute":true,"order_side":"buy","order_quantity":10)";
  const auto made = make(order + "}");
  EXPECT_EQ(made["account_id"], "paper_simulator") << "the default account";
  EXPECT_EQ(made["order_type"], "market");
  EXPECT_EQ(post(order + R"(,"account_id":"real"})").status, 403) << "nobody has a live account in scope";
  EXPECT_EQ(post(order + R"(,"account_id":"nobody"})").status, 404);
  const auto limit = make(order + R"(,"order_type":"limit","order_price":99.5})");
  EXPECT_EQ(limit["order_price"], 99.5);
  const auto path = "/api/v1/alerts/" + made["alert_id"].get<std::string>();
  EXPECT_EQ(send_json("PATCH", path, R"({"account_id":"real"})").status, 403);
  const auto plain = make(R"({"symbol":"AAPL","condition":"above","price":100})")["alert_id"].get<std::string>();
  const auto changed = send_json("PATCH", "/api/v1/alerts/" + plain, R"({"auto_execute":true,"order_side":"buy","order_quantity":10})");
  ASSERT_EQ(changed.status, 200);
  EXPECT_EQ(changed.json()["account_id"], "paper_simulator") << "a change that makes it place orders, too, has the default account";
}

TEST_F(alert_routes, triggers_and_fills_are_marks_on_the_chart) {
  make(R"({"symbol":"AAPL","condition":"above","price":100,"message":"over it"})");
  make(R"({"symbol":"AAPL","condition":"below","price":1})");
  price("101.25");
  execution_snapshot fill;
  fill.fill.id = execution_id{"x-1"};
  fill.fill.symbol = "AAPL";
  fill.fill.way = direction::sell;
  fill.fill.qty = quantity{5};
  fill.fill.px = tt::price{decimal{101}};
  fill.fill.at = market.market_time() - std::chrono::minutes{1};
  accounts.fills = {fill};
  const auto at = unix_seconds(market.market_time());
  const auto marks = get("/udf/marks?symbol=AAPL&from=" + std::to_string(at - 3600) + "&to=" + std::to_string(at) + "&resolution=1").json();
  EXPECT_EQ(schema_violation(get("/openapi.json").json(), "UdfMarks", marks), "");
  EXPECT_EQ(marks["label"], json({"S", "A"}));
  EXPECT_EQ(marks["text"], json({"Sold 5 at 101", "over it (101.25)"}));
  EXPECT_EQ(marks["time"], json({at - 60, at}));
  EXPECT_EQ(get("/udf/marks?symbol=AAPL&from=0&to=" + std::to_string(at - 3600) + "&resolution=1").json()["id"], json::array());
}

TEST_F(alert_routes, marks_stand_on_bars_ten_on_each_at_most) {
  const auto base = utc_time{std::chrono::floor<std::chrono::minutes>(market.market_time())} - std::chrono::minutes{5};
  for (int i = 0; i < 14; ++i) {
    execution_snapshot fill;
    fill.fill.id = execution_id{"x-" + std::to_string(i)};
    fill.fill.symbol = "AAPL";
    fill.fill.qty = quantity{1};
    fill.fill.px = tt::price{decimal{100}};
    fill.fill.at = base + std::chrono::seconds{i == 0 ? -30 : i};
    accounts.fills.push_back(fill);
  }
  const auto ask = [&](const std::string& resolution) {
    return get("/udf/marks?symbol=AAPL&from=0&to=1999999999&resolution=" + resolution).json();
  };
  const auto minutes = ask("1");
  ASSERT_EQ(minutes["id"].size(), 11u) << minutes;
  EXPECT_EQ(minutes["id"][0], "x-0");
  EXPECT_EQ(minutes["time"][0], unix_seconds(base) - 60);
  EXPECT_EQ(minutes["id"][1], "x-4") << "the newest ten of the bar";
  for (std::size_t i = 1; i < 11; ++i) EXPECT_EQ(minutes["time"][i], unix_seconds(base));
  const auto days = ask("1D");
  ASSERT_EQ(days["id"].size(), 10u);
  EXPECT_EQ(days["time"][0].get<std::int64_t>() % 86'400, 0);
  EXPECT_EQ(get("/udf/marks?symbol=AAPL&from=0&to=5&resolution=zz").status, 400);
}

TEST_F(alert_routes, health_of_a_node_with_accounts_is_as_described) {
  accounts.now.fsync_p99_us = 900;
  accounts.now.risk_p99_us = 3.5;
  accounts.now.epoch = 7;
  accounts.now.offset = 12;
  const auto health = get("/health").json();
  EXPECT_EQ(schema_violation(get("/openapi.json").json(), "Health", health), "");
  EXPECT_EQ(health["journal"]["fsync_p99_us"], 900);
  EXPECT_EQ(health["journal"]["offset"], 12);
  EXPECT_EQ(health["metrics"]["risk_p99_us"], 3.5);
  EXPECT_EQ(health["cluster"]["epoch"], 7);
}

TEST_F(alert_routes, emergency_stops_are_marks_on_the_time_scale) {
  risk::kill_event stop;
  stop.epoch = 1;
  stop.mode = risk::kill_mode::halt;
  stop.reason = "enough";
  stop.at = market.market_time() - std::chrono::minutes{2};
  auto of_other = stop;
  of_other.scope = {risk::kill_scope::kind::symbol, "MSFT"};
  auto resumed = stop;
  resumed.what = risk::kill_event::kind::resumed;
  resumed.at += std::chrono::minutes{1};
  accounts.stopped_before = {stop, of_other, resumed};
  const auto marks = get("/udf/timescale_marks?symbol=AAPL&from=0&to=1999999999&resolution=1").json();
  EXPECT_EQ(schema_violation(get("/openapi.json").json(), "UdfTimescaleMarks", marks), "");
  ASSERT_EQ(marks.size(), 2u) << marks;
  EXPECT_EQ(marks[0]["tooltip"], json({"Trading stopped: halt", "enough"}));
  EXPECT_EQ(marks[0]["label"], "H");
  EXPECT_EQ(marks[0]["time"], unix_seconds(std::chrono::floor<std::chrono::minutes>(stop.at)));
  EXPECT_EQ(marks[1]["tooltip"][0], "Trading resumed");
  EXPECT_EQ(get("/udf/timescale_marks?symbol=AAPL&from=0&to=5&resolution=1").json(), json::array());
}

TEST_F(alert_routes, without_accounts_there_are_no_orders) {
  http_fixture bare;
  direct_alerts kept{bare.market};
  bare.alerts_with(kept);
  const auto said = bare.send_json("POST", "/api/v1/alerts", R"({"symbol":"AAPL","condition":"above","price":100,"auto_execute":true,"order_side":"buy","order_quantity":1})");
  EXPECT_EQ(said.status, 503);
  EXPECT_EQ(bare.send_json("POST", "/api/v1/alerts", R"({"symbol":"AAPL","condition":"above","price":100})").status, 201);
}

TEST_F(alert_routes, an_url_out_of_bounds_is_refused) {
  alerts.refused = error{errc::refused, "localhost is this machine", "webhook_url"};
  const auto said = post(R"({"symbol":"AAPL","condition":"above","price":100,"webhook_url":"https://localhost/x"})");
  EXPECT_EQ(said.status, 422) << said.body;
  EXPECT_NE(said.body.find("localhost is this machine"), std::string::npos);
}

TEST(alert_switch_off, answers_403) {
  gateway_config config;
  config.alerts = feature::disabled;
  http_fixture http{config};
  direct_alerts kept{http.market};
  http.alerts_with(kept);
  const auto said = http.get("/api/v1/alerts");
  EXPECT_EQ(said.status, 403);
  EXPECT_EQ(said.json()["error_code"], "feature.disabled");
}

TEST(alert_routes_alone, a_node_without_alerts_answers_503) {
  http_fixture http;
  EXPECT_EQ(http.get("/api/v1/alerts").status, 503);
}

TEST(alert_notice, says_what_happened) {
  alerts::alert_action action;
  action.key = {3, 2, alerts::action_kind::notice};
  action.what.id = "al-x-3";
  action.what.rule.symbol = "AAPL";
  action.what.rule.value = decimal{100};
  action.what.rule.message = "over \"it\"";
  action.what.last_value = decimal{101};
  action.what.last_triggered_at = *parse_iso8601("2026-01-15T14:35:00Z");
  const auto body = json::parse(alert_notice_body(action));
  EXPECT_EQ(body["alert_id"], "al-x-3");
  EXPECT_EQ(body["trigger"], 2);
  EXPECT_EQ(body["value"], 101);
  EXPECT_EQ(body["message"], "over \"it\"");
  EXPECT_EQ(body["triggered_at"], "2026-01-15T14:35:00.000Z");
}

} // namespace
} // namespace tt::gateway::test
