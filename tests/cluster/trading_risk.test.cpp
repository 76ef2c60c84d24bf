// Emergency stop with flattening, breakers, day roll, limits, previews and changes of orders through a whole node.

#include "tests/cluster/trading_fixture.hpp"

#include "cluster/risk_command.hpp"
#include "cluster/trading/stop_flag.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

namespace tt::cluster::test {
namespace {

class trading_risk : public trading_node {
protected:
  const gateway::trading_caller admin{"root", risk::access::admin}, trader{"ann", risk::access::trader};

  static feed_config exchange_at(const char* start) {
    auto out = exchange();
    out.start = *parse_iso8601(start);
    return out;
  }
  [[nodiscard]] result<std::uint64_t> set_limit(risk::limit_id which, const char* value, const gateway::trading_caller& who) const {
    risk::limit_change change;
    change.where = {risk::limit_scope::account, "paper_simulator"};
    change.values.emplace_back(which, risk::limit_setting::of(*decimal::parse(value)));
    change.author = who.principal;
    change.reason = "test";
    change.by = who.rank == risk::access::admin ? risk::limit_change::role::admin : risk::limit_change::role::trader;
    return wait_for<std::uint64_t>([&](auto done) { running->accounts()->set_limits(who, change, done); });
  }
  void buy(const std::string& symbol, double size) {
    const auto placed = post("/api/orders", order("buy", size, {{"symbol", symbol}}));
    ASSERT_EQ(placed.status, 201) << placed.body;
    ASSERT_TRUE(ends_as(json::parse(placed.body)["order_id"], "filled"));
  }
  [[nodiscard]] bool is_flat() const {
    return until("/api/positions", [](const json& all) { return all.is_array() && all.empty(); });
  }
  [[nodiscard]] bool mode_is(const std::string& mode) const {
    return until("/api/v1/risk", [&](const json& now) { return now.value("mode", "") == mode; });
  }
};

TEST_F(trading_risk, a_flatten_cancels_closes_and_ends_in_a_halt_that_stays) {
  start();
  buy("AAPL", 10);
  buy("MSFT", 4);
  const auto low = std::floor(ask_price() * 0.8);
  const auto resting = json::parse(post("/api/orders", order("buy", 5, {{"type", "limit"}, {"price", low}})).body);
  const auto stopped = post("/api/v1/risk/emergency-stop", {{"mode", "flatten"}, {"reason", "test"}});
  ASSERT_EQ(stopped.status, 200) << stopped.body;
  EXPECT_EQ(json::parse(stopped.body)["mode"], "flatten");
  EXPECT_EQ(json::parse(stopped.body)["cancel_requested"], json::array({resting["order_id"]}));
  ASSERT_TRUE(ends_as(resting["order_id"], "cancelled"));
  ASSERT_TRUE(is_flat()) << get("/api/orders").body;
  ASSERT_TRUE(mode_is("halt"));
  const auto orders = ask("/api/orders");
  ASSERT_EQ(orders.size(), 5U) << "two buys, one that rested, two closings";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(orders[i]["side"], "sell");
    EXPECT_EQ(orders[i]["reduce_only"], true);
    EXPECT_EQ(orders[i]["risk_check"]["result"], "approved") << "through the gate like every other";
  }
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 1)).body)["reject_code"], "KILL_SWITCH");
  start();
  ASSERT_TRUE(mode_is("halt"));
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 2)).body)["reject_code"], "KILL_SWITCH");
}

TEST_F(trading_risk, a_flatten_waits_for_the_session_and_goes_on_after_a_restart) {
  start();
  buy("AAPL", 10);
  start(exchange_at("2026-01-16T02:00:00Z"), ready::accounts); // 21:00 in New York: closed
  const auto stopped = post("/api/v1/risk/emergency-stop", {{"mode", "flatten"}, {"reason", "overnight"}});
  ASSERT_EQ(stopped.status, 200) << stopped.body;
  ASSERT_TRUE(mode_is("flatten"));
  EXPECT_EQ(ask("/api/positions").size(), 1U) << "nothing can be sold now";
  EXPECT_EQ(ask("/api/orders").size(), 1U) << "and nothing is sent that could not";
  start(exchange_at("2026-01-16T15:00:00Z"));
  ASSERT_TRUE(is_flat());
  ASSERT_TRUE(mode_is("halt"));
}

TEST_F(trading_risk, a_breaker_blocks_what_opens_until_the_day_rolls) {
  start();
  EXPECT_FALSE(set_limit(risk::limit_id::consecutive_losses, "1", trader)) << "a limit of an account is an admin's";
  const auto version = set_limit(risk::limit_id::consecutive_losses, "1", admin);
  ASSERT_TRUE(version) << to_string(version.error());
  EXPECT_EQ(*version, 1U);
  EXPECT_TRUE(until("/api/v1/risk", [](const json& now) { return now.value("limits_version", 0) == 1; }));
  // a round trip pays the spread; where the market moved in its favour it is tried again
  const auto is_tripped = [&] {
    const auto now = ask("/api/v1/risk");
    for (const auto& one : now["breakers"])
      if (one["code"] == "CONSECUTIVE_LOSSES" && one["scope"] == "account") return one["tripped"].get<bool>();
    return false;
  };
  for (int i = 0; i < 20 && !is_tripped(); ++i) {
    buy("AAPL", 10);
    ASSERT_EQ(post("/api/positions/AAPL/close", json::object()).status, 202);
    ASSERT_TRUE(is_flat());
  }
  ASSERT_TRUE(is_tripped()) << get("/api/v1/risk").body;
  const auto refused = json::parse(post("/api/orders", order("buy", 11)).body);
  EXPECT_EQ(refused["state"], "risk_rejected");
  EXPECT_EQ(refused["reject_code"], "CONSECUTIVE_LOSSES") << refused;
  start();
  EXPECT_TRUE(is_tripped()) << "also after a restart";
  start(exchange_at("2026-01-16T15:00:00Z"));
  EXPECT_TRUE(until("/api/v1/risk", [&](const json&) { return !is_tripped(); })) << "a new day";
  EXPECT_EQ(post("/api/orders", order("buy", 12)).status, 201) << "and the losses of yesterday don't count";
  const auto account = ask("/api/account");
  EXPECT_NE(account["start_of_day_equity"], 100'000) << "the day began with what yesterday left";
  EXPECT_NEAR(account["start_of_day_equity"].get<double>(), 100'000, 200);
}

TEST_F(trading_risk, a_breaker_is_armed_again_by_an_admin_in_two_steps) {
  start();
  ASSERT_TRUE(set_limit(risk::limit_id::consecutive_losses, "1", admin));
  for (int i = 0; i < 20 && json::parse(post("/api/orders/preview", order("buy", 1)).body)["would_accept"] == true; ++i) {
    buy("AAPL", 10);
    ASSERT_EQ(post("/api/positions/AAPL/close", json::object()).status, 202);
    ASSERT_TRUE(is_flat());
  }
  auto& accounts = *running->accounts();
  EXPECT_FALSE(wait_for<gateway::resume_question>([&](auto done) { accounts.ask_resume(trader, "again", done); }));
  const auto question = wait_for<gateway::resume_question>([&](auto done) { accounts.ask_resume(admin, "seen and understood", done); });
  ASSERT_TRUE(question) << to_string(question.error());
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 11)).body)["reject_code"], "CONSECUTIVE_LOSSES") << "one step is none";
  const auto resumed = wait_for<std::uint64_t>([&](auto done) { accounts.resume(admin, question->token, done); });
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  EXPECT_EQ(post("/api/orders", order("buy", 12)).status, 201);
}

TEST_F(trading_risk, a_preview_evaluates_everything_and_reserves_nothing) {
  start();
  ASSERT_TRUE(until("/api/account", [](const json& now) { return now.contains("buying_power") && now["buying_power"].is_number(); }));
  const auto before = ask("/api/account")["buying_power"].get<double>();
  const auto seen = post("/api/orders/preview", order("buy", 10));
  ASSERT_EQ(seen.status, 200) << seen.body;
  const auto said = json::parse(seen.body);
  EXPECT_EQ(said["would_accept"], true) << said;
  EXPECT_EQ(said["quantity"], 10);
  EXPECT_NEAR(said["est_price"].get<double>(), ask_price(), ask_price() * 0.05);
  EXPECT_NEAR(said["est_notional"].get<double>(), said["est_price"].get<double>() * 10, 0.01);
  EXPECT_NEAR(said["buying_power_after"].get<double>(), before - said["est_notional"].get<double>(), 1);
  EXPECT_GT(said["risk_check"]["checks"].size(), 20U);
  const auto large = json::parse(post("/api/orders/preview", order("buy", 100'000)).body);
  EXPECT_EQ(large["would_accept"], false);
  std::map<std::string, std::string> objections;
  for (const auto& one : large["risk_check"]["checks"])
    if (one["result"] != "passed" && one["result"] != "not_evaluated") objections[one["code"].get<std::string>()] = one["result"].get<std::string>();
  const std::map<std::string, std::string> expected{{"FAT_FINGER_NOTIONAL", "rejected"}, {"BUYING_POWER", "reduced"}, {"POSITION_LIMIT", "reduced"}};
  EXPECT_EQ(objections, expected) << "all checks, not only the first that rejects";
  EXPECT_EQ(large["risk_check"]["checks"].size(), said["risk_check"]["checks"].size());
  EXPECT_EQ(ask("/api/orders").size(), 0U);
}

TEST_F(trading_risk, each_limit_shows_where_the_account_stands_or_why_it_does_not) {
  start();
  buy("AAPL", 10);
  const auto risk = ask("/api/v1/risk");
  std::map<std::string, json> limits;
  for (const auto& one : risk["limits"]) {
    limits[one["name"].get<std::string>()] = one;
    EXPECT_TRUE(one["measured"].is_null() == one.contains("reason")) << one;
  }
  const auto share = limits.at("max_position_size");
  EXPECT_NEAR(share["measured"].get<double>(), ask_price() * 10 / 100'000, 0.01) << share;
  EXPECT_NEAR(share["headroom"].get<double>(), share["limit"].get<double>() - share["measured"].get<double>(), 1e-9);
  EXPECT_EQ(share["subject"], "AAPL");
  EXPECT_EQ(limits.at("max_positions")["measured"], 1);
  EXPECT_GT(limits.at("sector")["measured"].get<double>(), 0) << "the shipped master names the sector of AAPL";
  EXPECT_TRUE(risk["stops"].empty() && risk["unconfirmed_cancels"].empty() && risk["frozen"].empty()) << risk;
  // a stop of one symbol is seen, though the account as a whole trades
  ASSERT_EQ(post("/api/v1/risk/emergency-stop", {{"mode", "reduce"}, {"scope", {{"symbol", "MSFT"}}}, {"reason", "test"}}).status, 200);
  const auto now = ask("/api/v1/risk");
  EXPECT_EQ(now["mode"], "none");
  EXPECT_EQ(now["stops"], (json::array({{{"scope", "symbol"}, {"name", "MSFT"}, {"mode", "reduce"}}})));
}

TEST_F(trading_risk, a_file_stops_trading_before_the_first_order) {
  start();
  running.reset();
  std::ofstream(folder.path("data") + "/trading/STOP") << "halt broken feed";
  start();
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 1)).body)["reject_code"], "KILL_SWITCH");
  ASSERT_TRUE(mode_is("halt"));
  start();
  EXPECT_EQ(ask("/api/v1/risk")["epoch"], 1) << "what stands already is not stopped again";
  // the file is a person's to take away; what it stopped is resumed as ever
  std::filesystem::remove(folder.path("data") + "/trading/STOP");
  start();
  ASSERT_TRUE(mode_is("halt"));
  auto& accounts = *running->accounts();
  const auto question = wait_for<gateway::resume_question>([&](auto done) { accounts.ask_resume(admin, "the feed is right", done); });
  ASSERT_TRUE(question) << to_string(question.error());
  ASSERT_TRUE(wait_for<std::uint64_t>([&](auto done) { accounts.resume(admin, question->token, done); }));
  EXPECT_EQ(post("/api/orders", order("buy", 1)).status, 201);
}

TEST_F(trading_node, a_file_stops_a_node_that_runs_also_when_its_gateway_is_not_asked) {
  start();
  ASSERT_EQ(post("/api/orders", order("buy", 1)).status, 201);
  // nobody listens there
  risk_options ask_for;
  ask_for.action = risk_options::action_t::stop;
  ask_for.url = "http://127.0.0.1:1";
  ask_for.mode = "reduce";
  ask_for.reason = "the gateway hangs";
  EXPECT_EQ(run_risk(ask_for), 1) << "it knows no folder";
  ask_for.data_dir = folder.path("nowhere");
  EXPECT_EQ(run_risk(ask_for), 1);
  ask_for.data_dir = folder.path("data");
  ask_for.symbol = "AAPL";
  EXPECT_EQ(run_risk(ask_for), 1) << "a file has no scope";
  ask_for.symbol.clear();
  ASSERT_FALSE(ask("/api/v1/risk").value("kill_active", true));
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(run_risk(ask_for), 0);
  ASSERT_TRUE(until("/api/v1/risk", [](const json& now) { return now.value("mode", "") == "reduce"; }));
  const auto took = std::chrono::steady_clock::now() - began;
  std::cout << "stopped by file after " << took / std::chrono::milliseconds{1} << " ms" << std::endl;
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 1)).body)["reject_code"], "KILL_SWITCH");
  EXPECT_EQ(post("/api/orders", order("sell", 1)).status, 201) << "the mode of the file";
}

TEST(stop_flag, is_news_when_it_comes_and_when_it_is_another_one) {
  temporary_folder data;
  std::filesystem::create_directories(data.path("trading"));
  const auto path = data.path("trading/STOP");
  ASSERT_TRUE(write_stop_flag(data.path(), risk::kill_mode::halt, "before"));
  stop_flag_watch watch(path);
  EXPECT_FALSE(watch.look()) << "was obeyed at the start";
  std::filesystem::remove(path);
  EXPECT_FALSE(watch.look());
  ASSERT_TRUE(write_stop_flag(data.path(), risk::kill_mode::reduce, "prices"));
  const auto seen = watch.look();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->mode, risk::kill_mode::reduce);
  EXPECT_EQ(seen->reason, "the file STOP was put there: prices");
  EXPECT_FALSE(watch.look()) << "once";
  ASSERT_TRUE(write_stop_flag(data.path(), risk::kill_mode::halt, "worse"));
  ASSERT_TRUE(watch.look());
  EXPECT_EQ(write_stop_flag(data.path("nowhere"), risk::kill_mode::halt, "x").error().code, errc::not_found);
}

TEST(stop_flag, says_mode_and_reason_and_halts_in_doubt) {
  EXPECT_EQ(parse_stop_flag("").mode, risk::kill_mode::halt);
  EXPECT_EQ(parse_stop_flag("").reason, "the file STOP was there at the start");
  EXPECT_EQ(parse_stop_flag(" reduce \n until Monday\n").mode, risk::kill_mode::reduce);
  EXPECT_EQ(parse_stop_flag(" reduce \n until Monday\n").reason, "the file STOP was there at the start: until Monday");
  EXPECT_EQ(parse_stop_flag("flatten").mode, risk::kill_mode::flatten);
  for (const char* text : {"none", "HALT!", "please stop"}) EXPECT_EQ(parse_stop_flag(text).mode, risk::kill_mode::halt) << text;
  EXPECT_EQ(parse_stop_flag("please stop").reason, "the file STOP was there at the start: please stop");
  EXPECT_LE(parse_stop_flag(std::string(1'000, 'x')).reason.size(), 200u);
  EXPECT_EQ(parse_stop_flag("halt a\x01" "b").reason, "the file STOP was there at the start: a b");
  const temporary_folder empty;
  EXPECT_FALSE(read_stop_flag(empty.path("STOP")));
  std::filesystem::create_directory(empty.path("STOP")); // what can't be read
  ASSERT_TRUE(read_stop_flag(empty.path("STOP")));
  EXPECT_EQ(read_stop_flag(empty.path("STOP"))->mode, risk::kill_mode::halt);
}

TEST_F(trading_risk, a_working_order_is_changed_and_its_journal_can_be_read) {
  start();
  const auto low = std::floor(ask_price() * 0.8);
  const auto resting = json::parse(post("/api/orders", order("buy", 5, {{"type", "limit"}, {"price", low}})).body);
  const auto path = "/api/orders/" + resting["order_id"].get<std::string>();
  ASSERT_TRUE(ends_as(resting["order_id"], "working"));
  const auto version = ask(path)["version"].get<int>();
  EXPECT_EQ(http_send(port(), "PATCH", path, json{{"price", low + 1}, {"if_version", version - 1}}.dump()).status, 409);
  const auto changed = http_send(port(), "PATCH", path, json{{"price", low + 1}, {"quantity", 3}, {"if_version", version}}.dump());
  ASSERT_EQ(changed.status, 202) << changed.body;
  ASSERT_TRUE(until(path, [&](const json& now) { return now.value("state", "") == "working" && now.value("price", 0.0) == low + 1; })) << get(path).body;
  const auto now = ask(path);
  EXPECT_EQ(now["quantity"], 3);
  std::vector<std::string> names;
  std::uint64_t last = 0;
  for (const auto& one : now["events"]) {
    names.push_back(one["event"]);
    EXPECT_GT(one["offset"].get<std::uint64_t>(), last) << "in the order of the journal";
    last = one["offset"].get<std::uint64_t>();
  }
  const std::vector<std::string> expected{"created", "approved", "send"};
  ASSERT_GE(names.size(), 5U) << now["events"];
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), names.begin())) << now["events"];
  EXPECT_NE(std::find(names.begin(), names.end(), "replace_confirmed"), names.end()) << now["events"];
  EXPECT_FALSE(ask("/api/orders")[0].contains("events")) << "lists do without";
  ASSERT_EQ(http_send(port(), "DELETE", path).status, 202);
  ASSERT_TRUE(ends_as(resting["order_id"], "cancelled"));
  EXPECT_EQ(http_send(port(), "PATCH", path, json{{"price", low}}.dump()).status, 409) << "it is not open any more";
  const auto events = ask(path)["events"];
  start();
  EXPECT_EQ(ask(path)["events"], events) << "the journal tells the same after a restart";
}

} // namespace
} // namespace tt::cluster::test
