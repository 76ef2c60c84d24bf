// An emergency stop holds back the orders of every door of a node: each gets as far as the gate, and no further.

#include "tests/cluster/trading_fixture.hpp"
#include "tests/cluster/toggler.hpp"

#include <filesystem>
#include <fstream>

namespace tt::cluster::test {
namespace {

constexpr const char* job = R"(schema: 2
name: always
schedule: {every: 5m, align: bar_close, session: regular}
job:
  type: strategy
  strategy_id: always_v1
  parameters: {symbols: [AAPL], position_size: 0.01, stop_loss: 0.03, take_profit: 0.06, max_positions: 2}
  data_sources: [{name: history, kind: bars, resolution: "5", lookback_periods: 10}]
  conditions:
    entry_long: ["close > 0"]
    exit_long: ["close < 0"]
)";

class stop_doors : public trading_node {
protected:
  void start() {
    std::filesystem::create_directories(folder.path("jobs"));
    std::ofstream(folder.path("jobs/always.yml")) << job;
    auto feed = exchange();
    feed.pace.speed = 60; // a minute's bar takes a second
    trading_node::start(std::move(feed));
  }
  void adjust(node_config& config) override {
    config.strategies_dir = folder.path("jobs");
    config.time_zone = "America/New_York";
  }
};

TEST_F(stop_doors, no_door_leads_past_a_halt) {
  start();
  ASSERT_EQ(post("/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "test"}}).status, 200);
  struct door {
    const char* name;
    std::function<http_answer()> order;
    int status;
  };
  const door doors[] = {
    {"ticket", [&] { return post("/api/orders", {{"symbol", "AAPL"}, {"side", "buy"}, {"quantity", 1}, {"type", "market"}}); }, 422},
    {"webhook", [&] { return post("/webhook/tradingview", {{"symbol", "AAPL"}, {"action", "buy"}, {"qty", 1}, {"id", "door"}}); }, 200},
    {"paper alert", [&] { return post("/api/paper-trading/alerts", {{"symbol", "AAPL"}, {"action", "buy"}, {"qty", 2}, {"id", "door"}}); }, 200},
    {"price alert", [&] {
       return post("/api/v1/alerts", {{"symbol", "AAPL"}, {"condition", "price_above"}, {"condition_value", 1}, {"auto_execute", true}, {"order_side", "buy"}, {"order_quantity", 1}});
     }, 201},
    {"YAML job", [&] { return post("/api/v1/jobs/always_v1/run"); }, 200},
    {"Pine", [&] {
       const auto made = post("/api/v1/strategies", {{"strategy_id", "t"}, {"kind", "pine"}, {"source", toggler}, {"symbols", {"AAPL"}}, {"timeframe", "1m"}, {"account_id", "paper_simulator"}});
       return made.status == 201 ? post("/api/v1/strategies/t/enable") : made;
     }, 200},
  };
  for (const auto& one : doors) {
    const auto before = ask("/api/orders?limit=500").size();
    const auto answer = one.order();
    EXPECT_EQ(answer.status, one.status) << one.name << ": " << answer.body;
    EXPECT_TRUE(until("/api/orders?limit=500", [&](const json& all) { return all.size() > before; })) << one.name << " made no order";
    for (const auto& order : ask("/api/orders?limit=500")) {
      EXPECT_EQ(order["state"], "risk_rejected") << one.name << ": " << order;
      EXPECT_EQ(order["reject_code"], "KILL_SWITCH") << one.name << ": " << order;
    }
  }
  EXPECT_TRUE(ask("/api/positions").empty());
}

} // namespace
} // namespace tt::cluster::test
