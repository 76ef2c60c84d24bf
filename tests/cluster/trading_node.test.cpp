// Orders by hand on paper through a whole node: over HTTP in, through journal, gate and paper broker, by the market of a
// simulated exchange at a fixed time; and what is left of them after a restart.

#include "tests/cluster/trading_fixture.hpp"

#include <fstream>
#include <sstream>

namespace tt::cluster::test {
namespace {

TEST_F(trading_node, a_market_order_fills_at_the_market_and_shows_everywhere) {
  start();
  const auto placed = post("/api/orders", order("buy", 10));
  ASSERT_EQ(placed.status, 201) << placed.body;
  const auto said = json::parse(placed.body);
  EXPECT_EQ(said["account_mode"], "paper");
  EXPECT_EQ(said["risk_check"]["result"], "approved");
  const auto id = said["order_id"].get<std::string>();
  ASSERT_TRUE(ends_as(id, "filled")) << get("/api/orders/" + id).body;
  const auto filled = ask("/api/orders/" + id);
  const auto price = filled["avg_fill_price"].get<double>();
  EXPECT_NEAR(price, ask_price(), price * 0.05) << "by the market of now";
  const auto positions = ask("/api/positions");
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions[0]["quantity"], 10);
  EXPECT_EQ(positions[0]["avg_price"], filled["avg_fill_price"]);
  const auto account = ask("/api/account");
  EXPECT_EQ(account["account_id"], "paper_simulator");
  EXPECT_TRUE(until("/api/account", [&](const json& now) { return std::abs(now.value("cash_balance", 0.0) - (100'000 - 10 * price)) < 0.01; }));
  EXPECT_NEAR(account["total_equity"].get<double>(), 100'000, 10 * price * 0.05) << "buying moves equity by spread and moves only";
  const auto executions = ask("/api/executions")["executions"];
  ASSERT_EQ(executions.size(), 1U);
  EXPECT_EQ(executions[0]["order_id"], id);
  EXPECT_EQ(executions[0]["quantity"], 10);
  EXPECT_EQ(ask("/api/orders")[0]["order_id"], id);
  EXPECT_EQ(ask("/api/v1/orders")[0]["order_id"], id);
  const auto health = ask("/health");
  EXPECT_EQ(health["metrics"]["orders_open"], 0);
  EXPECT_EQ(health["metrics"]["orders_unknown"], 0);
  EXPECT_EQ(health["journal"]["state"], "ok");
  EXPECT_EQ(health["risk"]["mode"], "normal");
  EXPECT_GT(health["journal"]["fsync_p99_us"].get<double>(), 0) << "the order's records were written";
  EXPECT_GT(health["metrics"]["risk_p99_us"].get<double>(), 0) << "the order was checked";
  EXPECT_EQ(health["cluster"]["role"], "standalone");
  EXPECT_EQ(health["cluster"]["epoch"], 1) << "the account's journal is written under its first lease";
  const auto metrics = get("/metrics").body;
  for (const std::string part : {"tt_risk_check_seconds_count{result=\"approved\"} 1", "tt_orders_total{state=\"filled\"}", "tt_orders_unknown 0",
                                 "tt_kill_active 0", "tt_journal_fsync_seconds_count", "tt_risk_check_seconds_count{result=\"rejected\"} 0", "tt_webhook_total{result=\"recorded\"} 0",
                                 "tt_bus_retransmit_total 0", "tt_bus_gap_total 0",
                                 "tt_broker_roundtrip_seconds_count{op=\"submit\",venue=\"paper\"} 1", "tt_broker_roundtrip_seconds_count{op=\"listing\",venue=\"paper\"}",
                                 "tt_reconcile_differences{account=\"paper_simulator\"} 0"})
    EXPECT_TRUE(until("/health", [&](const json&) { return get("/metrics").body.find(part) != std::string::npos; })) << part;
}

TEST_F(trading_node, the_stream_tells_of_the_fill_and_resumes) {
  start();
  stream_client reader(port());
  reader.say({{"action", "subscribe"}, {"channels", {"orders", "executions"}}});
  ASSERT_EQ(reader.next("subscription_confirmed")["channels"].size(), 2U);
  const auto id = json::parse(post("/api/orders", order("buy", 10)).body)["order_id"].get<std::string>();
  json told;
  do told = reader.next("order_update");
  while (!told.is_null() && told["data"].value("state", "") != "filled");
  ASSERT_FALSE(told.is_null());
  EXPECT_EQ(told["data"]["order_id"], id);
  // in one commit the order is told before its executions
  const auto traded = reader.next("execution");
  ASSERT_EQ(traded["data"]["quantity"], 10) << traded;
  EXPECT_EQ(traded["data"]["order_id"], id);
  const auto last = told["tseq"].get<std::uint64_t>();
  ASSERT_GE(last, 2U);
  stream_client later(port());
  later.say({{"action", "resume"}, {"channel", "orders"}, {"epoch", told["epoch"]}, {"after", last - 1}});
  const auto again = later.next("order_update");
  EXPECT_EQ(again["tseq"], last);
  EXPECT_EQ(again["data"]["state"], "filled");
}

TEST_F(trading_node, a_limit_order_rests_below_the_market_and_fills_at_its_price_or_better) {
  start();
  const auto low = std::floor(ask_price() * 0.8);
  const auto resting = json::parse(post("/api/orders", order("buy", 5, {{"type", "limit"}, {"price", low}})).body);
  EXPECT_EQ(resting["state"], "working") << resting;
  const auto high = std::ceil(ask_price() * 1.02);
  const auto crossing = json::parse(post("/api/orders", order("buy", 7, {{"type", "limit"}, {"price", high}})).body);
  ASSERT_TRUE(ends_as(crossing["order_id"], "filled")) << crossing;
  EXPECT_LE(ask("/api/orders/" + crossing["order_id"].get<std::string>())["avg_fill_price"].get<double>(), high);
  const auto id = resting["order_id"].get<std::string>();
  EXPECT_EQ(ask("/api/orders/" + id)["filled_quantity"], 0) << "the market never came down to it";
  const auto cancelled = http_send(port(), "DELETE", "/api/orders/" + id);
  EXPECT_EQ(cancelled.status, 202) << cancelled.body;
  ASSERT_TRUE(ends_as(id, "cancelled"));
  const auto again = http_send(port(), "DELETE", "/api/orders/" + id);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(json::parse(again.body)["changed"], false);
  EXPECT_EQ(http_send(port(), "DELETE", "/api/orders/o-nobody").status, 404);
}

TEST_F(trading_node, the_gate_refuses_with_its_code_and_nothing_reaches_the_broker) {
  start();
  // more than a quarter of equity at once
  const auto refused = post("/api/orders", order("buy", 1'000));
  ASSERT_EQ(refused.status, 422) << refused.body;
  EXPECT_EQ(json::parse(refused.body)["reject_code"], "FAT_FINGER_NOTIONAL") << refused.body;
  EXPECT_EQ(json::parse(refused.body)["state"], "risk_rejected");
  EXPECT_EQ(ask("/api/executions")["executions"].size(), 0U);
  // a position over a tenth of equity is cut, and over it refused
  const auto tenth = std::floor(15'000 / ask_price());
  const auto cut = json::parse(post("/api/orders", order("buy", tenth)).body);
  EXPECT_EQ(cut["risk_check"]["code"], "POSITION_LIMIT") << cut;
  EXPECT_LT(cut["quantity"].get<double>(), tenth);
  ASSERT_TRUE(ends_as(cut["order_id"], "filled"));
  // what is left of the tenth may be one more share, not two
  auto full = post("/api/orders", order("buy", 20));
  for (int i = 0; i < 2 && full.status != 422; ++i) {
    EXPECT_LE(json::parse(full.body)["quantity"], 1) << full.body;
    full = post("/api/orders", order("buy", 20));
  }
  EXPECT_EQ(full.status, 422) << full.body;
  EXPECT_EQ(json::parse(full.body)["reject_code"], "POSITION_LIMIT");
  EXPECT_EQ(post("/api/orders", order("buy", 10, {{"symbol", "NOPE"}})).status / 100, 4);
  // sells what is held: no limit of size or loss is in the way
  EXPECT_EQ(post("/api/positions/AAPL/close", json::object()).status, 202);
  EXPECT_TRUE(until("/api/positions", [](const json& all) { return all.is_array() && all.empty(); }));
}

TEST_F(trading_node, a_client_order_id_is_one_order_for_ever) {
  start();
  const auto wanted = order("buy", 3, {{"client_order_id", "mine-1"}});
  const auto first = post("/api/orders", wanted), second = post("/api/orders", wanted);
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(json::parse(first.body)["order_id"], json::parse(second.body)["order_id"]);
  EXPECT_EQ(post("/api/orders", order("buy", 4, {{"client_order_id", "mine-1"}})).status, 409);
  EXPECT_EQ(ask("/api/orders/client:mine-1")["quantity"], 3);
  start();
  EXPECT_EQ(post("/api/orders", wanted).status, 200) << "also after a restart";
  EXPECT_EQ(ask("/api/orders").size(), 1U);
}

TEST_F(trading_node, an_emergency_stop_blocks_and_outlives_a_restart) {
  start();
  const auto low = std::floor(ask_price() * 0.8);
  const auto resting = json::parse(post("/api/orders", order("buy", 5, {{"type", "limit"}, {"price", low}})).body);
  const auto stopped = post("/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "test"}});
  ASSERT_EQ(stopped.status, 200) << stopped.body;
  EXPECT_EQ(json::parse(stopped.body)["kill_active"], true);
  EXPECT_EQ(json::parse(stopped.body)["cancel_requested"], json::array({resting["order_id"]}));
  ASSERT_TRUE(ends_as(resting["order_id"], "cancelled"));
  const auto refused = post("/api/orders", order("buy", 1));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(json::parse(refused.body)["reject_code"], "KILL_SWITCH") << refused.body;
  start();
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 2)).body)["reject_code"], "KILL_SWITCH");
  EXPECT_TRUE(until("/health", [](const json& now) { return now["risk"]["mode"] == "halt"; }));
  EXPECT_EQ(post("/api/v1/risk/resume", {{"reason", "prices are right again"}}).status, 403) << "a caller without identity is no admin";
  // in two steps, by an admin
  auto& accounts = *running->accounts();
  const gateway::trading_caller trader{"ann", risk::access::trader}, admin{"root", risk::access::admin};
  const auto ask_resume = [&](const gateway::trading_caller& who) {
    return wait_for<gateway::resume_question>([&](auto done) { accounts.ask_resume(who, "prices are right again", done); });
  };
  const auto resume = [&](const gateway::trading_caller& who, const std::string& token) {
    return wait_for<std::uint64_t>([&](auto done) { accounts.resume(who, token, done); });
  };
  EXPECT_FALSE(ask_resume(trader));
  const auto question = ask_resume(admin);
  ASSERT_TRUE(question) << to_string(question.error());
  EXPECT_TRUE(question->blocking.empty());
  EXPECT_FALSE(resume(admin, "something else"));
  EXPECT_FALSE(resume(trader, question->token));
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 3)).body)["reject_code"], "KILL_SWITCH") << "one step is none";
  const auto resumed = resume(admin, question->token);
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  EXPECT_EQ(*resumed, 2U);
  EXPECT_EQ(post("/api/orders", order("buy", 4)).status, 201);
  start();
  const auto after = post("/api/orders", order("buy", 5));
  EXPECT_EQ(after.status, 201) << "also after a restart: " << after.body;
}

TEST_F(trading_node, orders_positions_and_cash_outlive_a_restart) {
  start();
  const auto placed = json::parse(post("/api/orders", order("buy", 10)).body);
  ASSERT_TRUE(ends_as(placed["order_id"], "filled"));
  const auto low = std::floor(ask_price() * 0.8);
  const auto resting = json::parse(post("/api/orders", order("buy", 5, {{"type", "limit"}, {"price", low}})).body);
  ASSERT_TRUE(ends_as(resting["order_id"], "working"));
  const auto cash = ask("/api/account")["cash_balance"];
  const auto before = ask("/api/positions")[0];
  start();
  EXPECT_TRUE(until("/api/account", [&](const json& now) { return now.value("cash_balance", json{}) == cash; })) << get("/api/account").body;
  const auto positions = ask("/api/positions");
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions[0]["quantity"], before["quantity"]);
  EXPECT_EQ(positions[0]["avg_price"], before["avg_price"]);
  EXPECT_EQ(ask("/api/orders").size(), 2U);
  EXPECT_EQ(ask("/api/executions")["executions"].size(), 1U);
  ASSERT_TRUE(ends_as(resting["order_id"], "working")) << "the broker has it again";
  EXPECT_EQ(http_send(port(), "DELETE", "/api/orders/" + resting["order_id"].get<std::string>()).status, 202);
  ASSERT_TRUE(ends_as(resting["order_id"], "cancelled"));
  // and the account goes on trading
  const auto sold = json::parse(post("/api/orders", order("sell", 10)).body);
  ASSERT_TRUE(ends_as(sold.value("order_id", ""), "filled")) << sold;
  EXPECT_TRUE(until("/api/positions", [](const json& all) { return all.is_array() && all.empty(); }));
}

TEST_F(trading_node, a_damaged_journal_is_not_shown_as_truth) {
  start();
  std::string middle;
  for (int i = 1; i <= 6; ++i) {
    const auto placed = json::parse(post("/api/orders", order("buy", i)).body);
    if (i == 3) middle = placed["wire_order_id"];
    ASSERT_TRUE(ends_as(placed["order_id"], "filled"));
  }
  running.reset();
  const auto path = folder.path("data") + "/trading/journal.sqlite";
  std::stringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  auto damaged = bytes.str();
  const auto at = damaged.find(middle);
  ASSERT_NE(at, std::string::npos);
  damaged[at + 5] = damaged[at + 5] == 'A' ? 'B' : 'A';
  std::ofstream(path, std::ios::binary) << damaged;
  start(exchange(), ready::gateway);
  ASSERT_TRUE(until("/health", [](const json& now) { return now["journal"].value("state", "") == "read_only"; })) << get("/health").body;
  const auto health = get("/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(json::parse(health.body)["status"], "unhealthy");
  EXPECT_NE(json::parse(health.body)["journal"]["reason"].get<std::string>().find("paper_simulator"), std::string::npos);
  EXPECT_EQ(get("/health/ready").status, 503);
  for (const auto* route : {"/api/account", "/api/orders", "/api/orders/o-1", "/api/positions", "/api/executions", "/api/v1/portfolio", "/api/v1/risk",
                            "/api/paper-trading/accounts/paper_simulator", "/api/paper-trading/accounts/paper_simulator/fills"}) {
    const auto answer = get(route);
    EXPECT_EQ(answer.status, 503) << route;
    EXPECT_EQ(json::parse(answer.body)["error_code"], "journal.damaged") << route;
  }
  EXPECT_EQ(http_send(port(), "DELETE", "/api/orders").status, 503);
  EXPECT_EQ(post("/api/orders", order("buy", 1)).status, 503);
}

} // namespace
} // namespace tt::cluster::test
