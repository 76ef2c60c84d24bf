// A Pine strategy through a whole node: registered over HTTP, traded on paper by live bars of a simulated exchange, switched,
// changed, started again.

#include "tests/cluster/node_fixture.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>

namespace tt::cluster::test {
namespace {

using nlohmann::json;

constexpr const char* toggler = R"(//@version=6
strategy("toggler", overlay = true, margin_long = 0)
plot(close, "c")
if bar_index % 2 == 0
    strategy.entry("L", strategy.long, qty = 1, alert_message = "in")
else
    strategy.close("L")
)";

http_answer http_send(std::uint16_t port, const std::string& method, const std::string& target, const std::string& body = {}) {
  return http_raw(port, method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body);
}

class strategy_node : public ::testing::Test {
protected:
  /// `speed`: of the market; at 300 a minute's bar takes a fifth of a second.
  void start(double speed = 300) {
    running.reset();
    auto config = basic_config(folder);
    feed_config feed;
    feed.name = "sim";
    feed.kind = feed_kind::sim;
    feed.symbols = {"AAPL"};
    feed.start = *parse_iso8601("2026-01-15T15:00:00Z"); // Thursday, 10:00 in New York
    feed.pace.speed = speed;
    config.feeds = {feed};
    config.backtesting = false;
    config.risk_limits = risk::default_limits();
    auto started = node::start(config, wall);
    ASSERT_TRUE(started) << to_string(started.error());
    running = std::move(*started);
    ASSERT_TRUE(until("/health/ready", [](const json& ready) { return ready.value("ok", false); }));
  }
  [[nodiscard]] http_answer get(const std::string& target) const { return http_get(running->port(), target); }
  [[nodiscard]] json ask(const std::string& target) const { return json::parse(get(target).body, nullptr, false); }
  http_answer post(const std::string& target, const json& body = json::object()) { return http_send(running->port(), "POST", target, body.dump()); }
  /// Each round is a real request, so the loop waits for the node and not for a clock.
  template <class Fits>
  [[nodiscard]] bool until(const std::string& target, Fits fits) const {
    for (int i = 0; i < 50'000; ++i) {
      const auto now = ask(target);
      if (!now.is_discarded() && fits(now)) return true;
    }
    return false;
  }
  http_answer add(const json& more = {}) {
    json body{{"strategy_id", "t"}, {"kind", "pine"}, {"source", toggler}, {"symbols", {"AAPL"}}, {"timeframe", "1m"}, {"account_id", "paper_simulator"}};
    if (more.is_object()) body.update(more);
    return post("/api/v1/strategies", body);
  }

  temporary_folder folder;
  std::unique_ptr<node> running;
};

TEST_F(strategy_node, trades_on_paper_and_stops_when_disabled) {
  start();
  const auto added = add();
  ASSERT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(json::parse(added.body)["enabled"], false);
  ASSERT_EQ(post("/api/v1/strategies/t/enable").status, 200);
  ASSERT_TRUE(until("/api/v1/strategies/t/performance", [](const json& now) { return now.value("trades", 0) >= 2; }))
    << get("/api/v1/strategies/status").body << get("/api/v1/strategies/t/signals").body;
  // what it says it did is what the account did
  const auto executions = ask("/api/executions")["executions"];
  EXPECT_GE(executions.size(), 4u);
  const auto orders = ask("/api/orders?strategy_id=t");
  ASSERT_GE(orders.size(), 4u);
  EXPECT_EQ(orders[0]["strategy_id"], "t");
  const auto plots = ask("/api/v1/strategies/t/plots");
  ASSERT_EQ(plots["plots"].size(), 1u) << plots;
  EXPECT_EQ(plots["plots"][0]["title"], "c");
  EXPECT_EQ(plots["plots"][0]["series"]["series"].size(), plots["times"].size());
  EXPECT_TRUE(until("/api/v1/strategies/alerts", [](const json& now) { return !now["alerts"].empty() && now["alerts"][0]["message"] == "in"; }));
  const auto disabled = post("/api/v1/strategies/t/disable", {{"reason", "enough"}});
  ASSERT_EQ(disabled.status, 200);
  EXPECT_EQ(ask("/api/v1/strategies/t/transitions")["transitions"][0]["reason"], "enough");
  const auto sent = [&] {
    std::size_t out = 0;
    const auto signals = ask("/api/v1/strategies/t/signals?limit=10000");
    for (const auto& row : signals["signals"]) out += row["decision"] == "sent" ? 1 : 0;
    return out;
  };
  const auto before = sent();
  const auto seconds_of = [](const json& quote) { return quote.value("timestamp", std::int64_t{0}); };
  const auto then = seconds_of(ask("/api/v1/quotes/AAPL"));
  ASSERT_GT(then, 0);
  ASSERT_TRUE(until("/api/v1/quotes/AAPL", [&](const json& now) { return seconds_of(now) >= then + 120; })) << then; // two bars further
  EXPECT_EQ(sent(), before);
}

TEST_F(strategy_node, limits_of_a_strategy_bind_its_orders) {
  start(10); // slow: the account's figures must not grow old between two requests
  ASSERT_TRUE(until("/api/account", [](const json& now) { return now.contains("buying_power") && now["buying_power"].is_number(); }));
  const auto wrong = add({{"limits", {{"nonsense", 1}}}});
  EXPECT_EQ(wrong.status, 400) << wrong.body;
  EXPECT_NE(wrong.body.find("limits.nonsense"), std::string::npos) << wrong.body;
  const auto sized = add({{"sizing", {{"mode", "weight"}}}});
  EXPECT_EQ(sized.status, 400) << sized.body;
  EXPECT_NE(sized.body.find("sizing"), std::string::npos) << sized.body;
  const auto preview = [this] {
    const json order{{"symbol", "AAPL"}, {"side", "buy"}, {"quantity", 10}, {"type", "market"}, {"strategy_id", "t"}};
    std::map<std::string, std::string> said; // code -> scope of what objects
    const auto got = json::parse(post("/api/orders/preview", order).body, nullptr, false);
    if (got.contains("risk_check"))
      for (const auto& one : got["risk_check"]["checks"])
        if (one["result"] != "passed" && one["result"] != "not_evaluated") said[one["code"].get<std::string>()] = one["scope"].get<std::string>();
    return said;
  };
  // 10 shares are worth some 2 % of the equity: twice what the strategy may hold, well below what the account may
  ASSERT_EQ(add({{"limits", {{"strategy_size", 0.01}}}}).status, 201);
  EXPECT_EQ(preview(), (std::map<std::string, std::string>{{"STRATEGY_SIZE", "strategy"}}));
  EXPECT_EQ(add({{"limits", {{"strategy_size", 0.5}}}}).status, 409) << "the name is taken";
  EXPECT_EQ(preview(), (std::map<std::string, std::string>{{"STRATEGY_SIZE", "strategy"}})) << "and its limits are as they were";
  const auto changed = http_send(running->port(), "PATCH", "/api/v1/strategies/t", R"({"limits":{}})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(preview(), (std::map<std::string, std::string>{}));
}

TEST_F(strategy_node, a_run_goes_on_after_a_restart) {
  start();
  ASSERT_EQ(add({{"enabled", true}}).status, 201);
  ASSERT_TRUE(until("/api/v1/strategies/t/performance", [](const json& now) { return now.value("trades", 0) >= 1; }));
  const auto run = ask("/api/v1/strategies/t/runs")["runs"][0]["run_id"];
  const auto trades = ask("/api/v1/strategies/t/performance")["trades"].get<int>();
  start();
  EXPECT_EQ(ask("/api/v1/strategies/t")["enabled"], true);
  EXPECT_EQ(ask("/api/v1/strategies/t")["source"], toggler);
  ASSERT_TRUE(until("/api/v1/strategies/t/performance", [&](const json& now) { return now.value("trades", 0) > trades; }))
    << get("/api/v1/strategies/status").body << get("/api/v1/strategies/t/runs").body;
  EXPECT_EQ(ask("/api/v1/strategies/t/runs")["runs"][0]["run_id"], run);
}

TEST_F(strategy_node, trades_of_a_strategy_without_a_run_are_judged_too) {
  start(10);
  ASSERT_TRUE(until("/api/account", [](const json& now) { return now.contains("buying_power") && now["buying_power"].is_number(); }));
  ASSERT_EQ(add({{"strategy_id", "hook"}, {"kind", "webhook"}, {"source", nullptr}, {"evaluation_period", 1}, {"min_win_rate", 0}, {"enabled", true}}).status, 201);
  for (const auto* side : {"buy", "sell", "buy", "sell"}) {
    const auto before = ask("/api/executions")["executions"].size();
    const auto sent = post("/api/orders", {{"symbol", "AAPL"}, {"side", side}, {"quantity", 1}, {"type", "market"}, {"strategy_id", "hook"}});
    ASSERT_EQ(sent.status, 201) << sent.body;
    ASSERT_TRUE(until("/api/executions", [&](const json& now) { return now["executions"].size() > before; }));
  }
  EXPECT_TRUE(until("/api/v1/strategies/hook/transitions", [](const json& now) { return now["transitions"][0]["kind"] == "proposal"; }))
    << get("/api/v1/strategies/hook/transitions").body;
  EXPECT_EQ(ask("/api/v1/strategies/hook/performance")["trades"], 2);
  EXPECT_EQ(ask("/api/v1/strategies/hook/sets")["sets"].size(), 2u);
}

TEST_F(strategy_node, refuses_what_can_not_be) {
  start(1);
  const auto broken = add({{"source", "//@version=6\nstrategy('x')\nplot(nothing)"}});
  EXPECT_EQ(broken.status, 422);
  EXPECT_EQ(json::parse(broken.body)["diagnostics"][0]["line"], 3) << broken.body;
  EXPECT_EQ(add({{"source", "//@version=6\nindicator('x')\nplot(close)"}}).status, 422);
  EXPECT_EQ(add({{"account_id", "nobody"}}).status, 404);
  EXPECT_EQ(add({{"symbols", {"NOPE"}}}).status, 400);
  EXPECT_EQ(add({{"strategy_id", "status"}}).status, 400);
  ASSERT_EQ(add().status, 201);
  EXPECT_EQ(add().status, 409);
  // only an admin, and only with real trading on
  const auto live = post("/api/v1/strategies/t/mode", {{"new_mode", "live"}, {"reason", "now"}});
  EXPECT_EQ(live.status, 403) << live.body;
  EXPECT_EQ(ask("/api/v1/strategies/t")["mode"], "paper");
  EXPECT_EQ(post("/api/v1/strategies/t/run-now").status, 409);
  EXPECT_EQ(post("/api/v1/strategies/no/enable").status, 404);
  EXPECT_EQ(http_send(running->port(), "PUT", "/api/v1/strategies/t/source", json{{"source", toggler}}.dump()).status, 200);
  EXPECT_EQ(ask("/api/v1/strategies/t")["version"], 2);
  EXPECT_EQ(http_send(running->port(), "PATCH", "/api/v1/strategies/t", json{{"name", "other"}, {"evaluation_period", 5}}.dump()).status, 200);
  EXPECT_EQ(ask("/api/strategies/t")["name"], "other");
  EXPECT_EQ(http_send(running->port(), "DELETE", "/api/v1/strategies/t").status, 200);
  EXPECT_EQ(get("/api/v1/strategies/t").status, 404);
}

TEST_F(strategy_node, a_preview_runs_a_source_over_history) {
  start(1);
  const auto shown = post("/api/v1/strategies/preview", {{"kind", "pine"}, {"source", toggler}, {"symbol", "AAPL"}, {"timeframe", "5m"}, {"bars", 500}});
  ASSERT_EQ(shown.status, 200) << shown.body;
  const auto got = json::parse(shown.body);
  EXPECT_EQ(got["valid"], true);
  EXPECT_EQ(got["times"].size(), got["bars"].get<std::size_t>());
  EXPECT_GT(got["trades"].size(), 10u);
  const auto wrong = json::parse(post("/api/v1/strategies/preview", {{"kind", "pine"}, {"source", "x ="}, {"symbol", "AAPL"}, {"timeframe", "5m"}}).body);
  EXPECT_EQ(wrong["valid"], false);
}

} // namespace
} // namespace tt::cluster::test
