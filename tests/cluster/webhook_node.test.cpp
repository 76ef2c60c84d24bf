// Alerts through a whole node: posted over HTTP, journalled, handed to the paper account, filled by the market of a
// simulated exchange; and what a restart and a resend make of them.

#include "tests/cluster/node_fixture.hpp"

#include "cluster/webhooks/webhook_service.hpp"

#include <nlohmann/json.hpp>

namespace tt::cluster::test {
namespace {

using nlohmann::json;

class webhook_node : public ::testing::Test {
protected:
  void start() {
    running.reset(); // the folder is free again
    auto config = basic_config(folder);
    feed_config feed;
    feed.name = "sim";
    feed.kind = feed_kind::sim;
    feed.symbols = {"AAPL", "MSFT"};
    feed.start = *parse_iso8601("2026-01-15T15:00:00Z"); // Thursday, 10:00 in New York
    config.feeds = {feed};
    config.backtesting = false;
    config.risk_limits = risk::default_limits();
    config.webhooks.secret = "swordfish-swordfish";
    auto started = node::start(config, wall);
    ASSERT_TRUE(started) << to_string(started.error());
    running = std::move(*started);
    ASSERT_TRUE(until("/health/ready", [](const json& ready) { return ready.value("ok", false); }));
    ASSERT_TRUE(until("/api/v1/quotes/AAPL", [](const json& quote) { return quote.contains("bid") && quote["bid"].is_number(); }));
  }
  [[nodiscard]] json ask(const std::string& target) const { return json::parse(http_get(running->port(), target).body, nullptr, false); }
  template <class Fits>
  [[nodiscard]] bool until(const std::string& target, Fits fits) const {
    for (int i = 0; i < 20'000; ++i) {
      const auto now = ask(target);
      if (!now.is_discarded() && fits(now)) return true;
    }
    return false;
  }
  [[nodiscard]] http_answer post(const std::string& body) const {
    return http_raw(running->port(), "POST /webhook/tradingview HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                                       std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  [[nodiscard]] json send(const std::string& fields) const {
    return json::parse(post(R"({"secret":"swordfish-swordfish",)" + fields + "}").body, nullptr, false);
  }
  /// Waits until an event has left the hand-over.
  [[nodiscard]] json ended(std::uint64_t event) const {
    json out;
    EXPECT_TRUE(until("/api/v1/webhooks/events", [&](const json& page) {
      for (const auto& one : page["events"])
        if (one["event_id"] == event && one["pending"] == false) return out = one, true;
      return false;
    }));
    return out;
  }
  [[nodiscard]] bool holds(double quantity) const {
    return until("/api/positions", [&](const json& now) {
      double held = 0;
      for (const auto& one : now)
        if (one["symbol"] == "AAPL") held = one["quantity"];
      return held == quantity;
    });
  }

  temporary_folder folder;
  std::unique_ptr<node> running;
};

TEST_F(webhook_node, an_alert_becomes_a_fill) {
  start();
  EXPECT_EQ(post("buy AAPL 1").status, 401);
  const auto said = send(R"("ticker":"NASDAQ:AAPL","action":"buy","contracts":"10","id":"a","strategy":{"name":"breakout"})");
  EXPECT_EQ(said["decision"], "queued");
  const auto event = ended(said["event_id"]);
  ASSERT_EQ(event["order_ids"].size(), 1U) << event.dump();
  const auto path = "/api/orders/" + event["order_ids"][0].get<std::string>();
  ASSERT_TRUE(until(path, [](const json& now) { return now.value("state", "") == "filled"; })) << ask(path).dump();
  EXPECT_EQ(ask(path)["strategy_id"], "breakout");
  EXPECT_TRUE(holds(10));
  const auto again = send(R"("ticker":"NASDAQ:AAPL","action":"buy","contracts":"10","id":"a","strategy":{"name":"breakout"})");
  EXPECT_EQ(again["duplicate"], true);
  EXPECT_EQ(again["alert_id"], said["alert_id"]);
  const auto metrics = http_get(running->port(), "/metrics").body;
  for (const auto* part : {"tt_webhook_total{result=\"queued\"} 1", "tt_webhook_total{result=\"duplicate\"} 1",
                           "tt_webhook_total{result=\"unauthenticated\"} 1", "tt_webhook_faults_total{rule=\"secret\"} 1", "tt_webhook_ack_seconds_count 3"})
    EXPECT_NE(metrics.find(part), std::string::npos) << part;
}

TEST_F(webhook_node, alerts_of_one_second_keep_their_order) {
  start();
  std::uint64_t last = 0;
  for (const auto* fields : {R"("symbol":"AAPL","action":"buy","qty":4)", R"("symbol":"AAPL","action":"short","qty":3)",
                             R"("symbol":"AAPL","action":"long","qty":5)", R"("symbol":"AAPL","action":"exit")", R"("symbol":"AAPL","action":"buy","qty":2)"})
    last = send(fields)["event_id"];
  EXPECT_NE(last, 0U);
  static_cast<void>(ended(last));
  EXPECT_TRUE(holds(2)) << ask("/api/v1/webhooks/events").dump();
}

TEST_F(webhook_node, a_resend_after_a_restart_makes_no_second_order) {
  start();
  const auto fields = R"("symbol":"AAPL","action":"buy","qty":3,"id":"once")";
  const auto first = send(fields);
  static_cast<void>(ended(first["event_id"]));
  ASSERT_TRUE(holds(3));
  start();
  const auto again = send(fields);
  EXPECT_EQ(again["duplicate"], true);
  EXPECT_EQ(again["event_id"], first["event_id"]);
  EXPECT_TRUE(holds(3));
  EXPECT_EQ(ask("/api/v1/orders").size(), 1U);
}

TEST(webhook_settings, the_second_listener_is_read) {
  node_config config;
  EXPECT_FALSE(webhook_listener_of(config)->has_value());
  config.webhooks.listen = "0.0.0.0:443";
  const auto plain = webhook_listener_of(config);
  ASSERT_TRUE(plain && *plain);
  EXPECT_EQ((*plain)->host, "0.0.0.0");
  EXPECT_EQ((*plain)->port, 443);
  config.webhooks.listen = "[::1]:8443";
  EXPECT_EQ((*webhook_listener_of(config))->host, "::1");
  for (const auto* bad : {"443", ":443", "host:", "host:70000", "host:x"}) {
    config.webhooks.listen = bad;
    EXPECT_EQ(webhook_listener_of(config).error().field, "WEBHOOK_LISTEN") << bad;
  }
  config.webhooks.listen = "0.0.0.0:443";
  config.webhooks.tls_cert = "cert.pem";
  EXPECT_FALSE(webhook_listener_of(config)) << "a certificate without its key";
}

} // namespace
} // namespace tt::cluster::test
