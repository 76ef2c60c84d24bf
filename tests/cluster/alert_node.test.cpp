// Price alerts through a whole node: over HTTP in, set off by a simulated exchange, carried out on paper, told to a
// server of https, and still there after a restart.

#include "tests/cluster/node_fixture.hpp"

#include "tests/gateways/support/tls_server.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace tt::cluster::test {
namespace {

using nlohmann::json;
using tt::test::tls_server;

class alert_node : public ::testing::Test {
protected:
  void start() {
    running.reset(); // the folder is free again
    auto config = basic_config(folder);
    feed_config feed;
    feed.name = "sim";
    feed.kind = feed_kind::sim;
    feed.symbols = {"AAPL", "MSFT"};
    feed.start = *parse_iso8601("2026-01-15T15:00:00Z");
    feed.pace.speed = 60;
    config.feeds = {feed};
    config.backtesting = false;
    config.alerts = has_alerts;
    config.risk_limits = risk::default_limits();
    config.notice_allow = allowed;
    config.notice_ca_file = ca_file;
    auto started = node::start(config, wall);
    ASSERT_TRUE(started) << to_string(started.error());
    running = std::move(*started);
    ASSERT_TRUE(until("/health/ready", [](const json& ready) { return ready.value("ok", false); }));
    ASSERT_TRUE(until("/api/v1/quotes/AAPL", [](const json& quote) { return quote.contains("last") && quote["last"].is_number(); }));
  }
  [[nodiscard]] http_answer send(const std::string& method, const std::string& target, const json& body = json::object()) const {
    const auto text = body.dump();
    return http_raw(running->port(), method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
                                       std::to_string(text.size()) + "\r\n\r\n" + text);
  }
  [[nodiscard]] json ask(const std::string& target) const { return json::parse(http_get(running->port(), target).body, nullptr, false); }
  /// Each round is a real request, so the loop waits for the node and not for a clock.
  template <class Fits>
  [[nodiscard]] bool until(const std::string& target, Fits fits) const {
    for (int i = 0; i < 50'000; ++i) {
      const auto now = ask(target);
      if (!now.is_discarded() && fits(now)) return true;
    }
    return false;
  }
  [[nodiscard]] json make(const json& wanted) const {
    const auto said = send("POST", "/api/v1/alerts", wanted);
    EXPECT_EQ(said.status, 201) << said.body;
    return json::parse(said.body, nullptr, false);
  }
  [[nodiscard]] bool becomes(const json& alert, const std::string& status) const {
    return until("/api/v1/alerts/" + alert["alert_id"].get<std::string>(), [&](const json& now) { return now.value("alert_status", "") == status; });
  }
  [[nodiscard]] double last_price() const { return ask("/api/v1/quotes/AAPL")["last"].get<double>(); }

  temporary_folder folder;
  bool has_alerts = true;
  std::vector<std::string> allowed;
  std::string ca_file;
  std::unique_ptr<node> running;
};

TEST_F(alert_node, goes_off_by_the_market_and_outlives_a_restart) {
  start();
  const auto met = make({{"symbol", "AAPL"}, {"condition", "above"}, {"price", 1}, {"message", "well above"}});
  const auto waiting = make({{"symbol", "AAPL"}, {"condition", "above"}, {"price", 1'000'000}});
  ASSERT_TRUE(becomes(met, "triggered"));
  const auto shown = ask("/api/v1/alerts/" + met["alert_id"].get<std::string>());
  EXPECT_EQ(shown["trigger_count"], 1);
  EXPECT_NEAR(shown["last_value"].get<double>(), last_price(), last_price() * 0.05);
  start();
  EXPECT_EQ(ask("/api/v1/alerts")["alerts"].size(), 2U);
  EXPECT_EQ(ask("/api/v1/alerts?status=active")["alerts"][0]["alert_id"], waiting["alert_id"]);
  EXPECT_EQ(ask("/api/v1/alerts/" + met["alert_id"].get<std::string>())["trigger_count"], 1);
  const auto metrics = http_get(running->port(), "/metrics").body;
  EXPECT_TRUE(until("/health", [&](const json&) {
    return http_get(running->port(), "/metrics").body.find("tt_alerts{state=\"active\"} 1") != std::string::npos;
  })) << metrics;
}

TEST_F(alert_node, bars_of_the_simulated_exchange_are_judged) {
  start();
  const auto one = make({{"symbol", "AAPL"}, {"condition", "rsi_overbought"}, {"condition_value", 0}, {"timeframe", "1m"}});
  EXPECT_TRUE(becomes(one, "triggered")) << "at the close of the minute under way";
}

TEST_F(alert_node, a_notice_goes_to_a_server_that_the_owner_allows) {
  const tt::test::test_authority authority;
  std::ofstream(folder.path("ca.pem")) << authority.certificate();
  const tls_server server(authority.issue("IP:127.0.0.1"), [](const auto&) { return tls_server::say(200, "ok"); });
  const auto url = "https://127.0.0.1:" + std::to_string(server.port()) + "/hook";
  start();
  const auto refused = send("POST", "/api/v1/alerts", {{"symbol", "AAPL"}, {"condition", "above"}, {"price", 1}, {"webhook_url", url}});
  EXPECT_EQ(refused.status, 422) << refused.body;
  allowed = {"127.0.0.1"};
  ca_file = folder.path("ca.pem");
  start();
  const auto made = make({{"symbol", "AAPL"}, {"condition", "above"}, {"price", 1}, {"webhook_url", url}, {"message", "hello"}});
  ASSERT_TRUE(server.wait_for(1));
  const auto said = json::parse(server.requests()[0].body());
  EXPECT_EQ(said["alert_id"], made["alert_id"]);
  EXPECT_EQ(said["message"], "hello");
  EXPECT_TRUE(until("/api/v1/alerts/" + made["alert_id"].get<std::string>(), [](const json& now) { return now.value("last_notice_status", 0) == 200; }));
}

TEST_F(alert_node, switched_off_is_403) {
  has_alerts = false;
  start();
  EXPECT_EQ(http_get(running->port(), "/api/v1/alerts").status, 403);
}

} // namespace
} // namespace tt::cluster::test
