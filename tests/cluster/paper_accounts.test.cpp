// Paper accounts through a whole node: several of them, their list on disk, starting over, figures and portfolios; and the list as a file.

#include "cluster/trading/paper_list.hpp"
#include "gateways/paper_port.hpp"
#include "tests/cluster/trading_fixture.hpp"
#include "tests/support/values.hpp"

#include <filesystem>
#include <fstream>
#include <set>

namespace tt::cluster::test {
namespace {

class paper_accounts : public trading_node {
protected:
  const gateway::trading_caller admin{"root", risk::access::admin};

  [[nodiscard]] http_answer make(const std::string& id, json more = json::object()) const {
    more["account_id"] = id;
    return post("/api/paper-trading/accounts", more);
  }
  [[nodiscard]] bool is_up(const std::string& id) const {
    return until("/api/paper-trading/accounts/" + id, [](const json& now) { return now.contains("buying_power") && now["buying_power"].is_number(); });
  }
  void buy_in(const std::string& id, double size) {
    const auto placed = post("/api/orders", order("buy", size, {{"account_id", id}}));
    ASSERT_EQ(placed.status, 201) << placed.body;
    ASSERT_TRUE(ends_as(json::parse(placed.body)["order_id"], "filled"));
  }
  [[nodiscard]] json positions_of(const std::string& id) const { return ask("/api/positions?account_id=" + id); }
};

TEST_F(paper_accounts, one_more_account_trades_by_itself_and_outlives_a_restart) {
  start();
  const auto made = make("second", {{"starting_cash", 5'000}, {"account_type", "cash"},
                                    {"fill_model", {{"price", "next_tick"}, {"slippage_ticks", 2}, {"partial_fills", true},
                                                    {"fee_schedule", {{"commission_per_order", 1.5}}}}}});
  ASSERT_EQ(made.status, 201) << made.body;
  const auto said = json::parse(made.body);
  EXPECT_EQ(said["account_id"], "second");
  EXPECT_EQ(said["account_type"], "cash");
  EXPECT_EQ(said["fill_model"]["price"], "next_tick");
  EXPECT_EQ(said["fill_model"]["fee_schedule"]["commission_per_order"], 1.5);
  ASSERT_TRUE(is_up("second"));
  EXPECT_EQ(make("second").status, 409);
  EXPECT_EQ(make("../evil").status, 400);
  EXPECT_EQ(make("third", {{"currency", "EUR"}}).status / 100, 4) << "nothing tells its rates";
  EXPECT_EQ(make("third", {{"fill_model", {{"latency_ms", -5}}}}).status, 400);
  EXPECT_EQ(make("third", {{"fill_model", {{"price", "best"}}}}).status, 400);
  EXPECT_EQ(ask("/api/paper-trading/accounts")["accounts"].size(), 2U);
  const auto one = std::floor(400 / ask_price()) + 1; // within a tenth of 5,000, and over the least there is
  buy_in("second", one);
  EXPECT_EQ(positions_of("second").size(), 1U);
  EXPECT_EQ(positions_of("paper_simulator").size(), 0U) << "accounts don't mix";
  EXPECT_TRUE(until("/api/paper-trading/accounts/second/fills", [](const json& now) { return now["fills"].size() >= 1; }));
  EXPECT_EQ(ask("/api/paper-trading/accounts/second/fills")["fills"].back()["commission"], 1.5) << "with its first execution";
  const auto id = ask("/api/paper-trading/accounts/second/orders")["orders"][0]["order_id"].get<std::string>();
  EXPECT_EQ(ask("/api/orders/" + id)["account_id"], "second") << "an order is found in whichever account it is";
  start();
  ASSERT_TRUE(is_up("second"));
  EXPECT_EQ(ask("/api/paper-trading/accounts/second")["fill_model"]["slippage_ticks"], 2);
  EXPECT_EQ(positions_of("second").size(), 1U);
  EXPECT_EQ(ask("/api/paper-trading/accounts")["accounts"].size(), 2U);
  EXPECT_EQ(ask("/api/paper-trading/status")["accounts"], 2);
}

TEST_F(paper_accounts, the_stream_goes_on_when_an_account_starts_over) {
  start();
  stream_client of_orders(port()), of_positions(port());
  of_orders.say({{"action", "subscribe"}, {"channels", {"orders"}}});
  ASSERT_FALSE(of_orders.next("subscription_confirmed").is_null());
  of_positions.say({{"action", "subscribe"}, {"channels", {"positions"}}});
  ASSERT_FALSE(of_positions.next("subscription_confirmed").is_null());
  buy_in("paper_simulator", 10);
  const auto reset = post("/api/paper-trading/accounts/paper_simulator/reset", {{"confirm", true}});
  ASSERT_EQ(reset.status, 200) << reset.body;
  json told;
  do told = of_positions.next("position");
  while (!told.is_null() && told["data"].value("quantity", 1.0) != 0);
  EXPECT_FALSE(told.is_null()) << "what the account held is gone";
  ASSERT_TRUE(is_up("paper_simulator"));
  buy_in("paper_simulator", 5); // the new journal counts from 1 again
  do told = of_orders.next("order_update");
  while (!told.is_null() && told["data"].value("quantity", 0.0) != 5);
  EXPECT_FALSE(told.is_null());
}

TEST_F(paper_accounts, starting_over_keeps_the_history_aside) {
  start();
  buy_in("paper_simulator", 10);
  EXPECT_EQ(post("/api/paper-trading/accounts/paper_simulator/reset", json::object()).status, 400) << "must be confirmed";
  const auto reset = post("/api/paper-trading/accounts/paper_simulator/reset", {{"confirm", true}, {"starting_cash", 50'000}});
  ASSERT_EQ(reset.status, 200) << reset.body;
  EXPECT_EQ(json::parse(reset.body)["resets"], 1);
  ASSERT_TRUE(until("/api/account", [](const json& now) { return now.value("cash_balance", 0.0) == 50'000; })) << get("/api/account").body;
  EXPECT_EQ(ask("/api/orders").size(), 0U);
  EXPECT_EQ(ask("/api/positions").size(), 0U);
  int kept = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    if (entry.path().filename() == "paper_simulator-0-journal.sqlite") ++kept;
  EXPECT_EQ(kept, 1);
  start(); // before anything else happened
  EXPECT_TRUE(until("/api/account", [](const json& now) { return now.value("cash_balance", 0.0) == 50'000; })) << get("/api/account").body;
  EXPECT_EQ(ask("/api/orders").size(), 0U);
  buy_in("paper_simulator", 5);
  start();
  EXPECT_EQ(ask("/api/positions")[0]["quantity"], 5);
  EXPECT_EQ(ask("/api/account")["account_id"], "paper_simulator");
}

TEST_F(paper_accounts, an_account_that_is_stopped_does_not_start_over_and_new_ones_are_stopped_too) {
  start();
  ASSERT_EQ(post("/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "test"}}).status, 200);
  EXPECT_EQ(post("/api/paper-trading/accounts/paper_simulator/reset", {{"confirm", true}}).status, 409);
  ASSERT_EQ(make("late").status, 201);
  ASSERT_TRUE(is_up("late"));
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 1, {{"account_id", "late"}})).body)["reject_code"], "KILL_SWITCH");
  // one question, one answer for all accounts
  auto& accounts = *running->accounts();
  const auto question = wait_for<gateway::resume_question>([&](auto done) { accounts.ask_resume(admin, "right again", done); });
  ASSERT_TRUE(question) << to_string(question.error());
  const auto resumed = wait_for<std::uint64_t>([&](auto done) { accounts.resume(admin, question->token, done); });
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  EXPECT_EQ(post("/api/orders", order("buy", 2, {{"account_id", "late"}})).status, 201);
  EXPECT_EQ(post("/api/orders", order("buy", 2)).status, 201);
}

TEST_F(paper_accounts, while_one_account_would_stop_again_at_once_none_is_resumed) {
  start();
  ASSERT_EQ(make("second", {{"fill_model", {{"fee_schedule", {{"commission_per_order", 1'000}}}}}}).status, 201);
  ASSERT_TRUE(is_up("second"));
  risk::limit_change change;
  change.where = {risk::limit_scope::account, "second"};
  change.values.emplace_back(risk::limit_id::daily_loss, risk::limit_setting::of(*decimal::parse("0.005")));
  change.author = "root";
  change.reason = "test";
  change.by = risk::limit_change::role::admin;
  ASSERT_TRUE(wait_for<std::uint64_t>([&](auto done) { running->accounts()->set_limits(admin, change, done); }));
  buy_in("second", 5); // costs a hundredth of its money
  ASSERT_TRUE(until("/api/v1/risk?account_id=second", [](const json& now) {
    for (const auto& one : now.value("breakers", json::array()))
      if (one["code"] == "DAILY_LOSS" && one["tripped"] == true) return true;
    return false;
  }));
  ASSERT_EQ(post("/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "test"}}).status, 200);
  auto& accounts = *running->accounts();
  const auto question = wait_for<gateway::resume_question>([&](auto done) { accounts.ask_resume(admin, "right again", done); });
  ASSERT_TRUE(question) << to_string(question.error());
  const auto resumed = wait_for<std::uint64_t>([&](auto done) { accounts.resume(admin, question->token, done); });
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().code, errc::conflict);
  EXPECT_NE(resumed.error().message.find("second"), std::string::npos) << resumed.error().message;
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 1)).body)["reject_code"], "KILL_SWITCH") << "what was refused has lifted nothing";
}

TEST_F(paper_accounts, a_breaker_that_holds_the_account_back_is_not_cleared_by_a_traders_fresh_start) {
  start();
  risk::limit_change change;
  change.where = {risk::limit_scope::account, "paper_simulator"};
  change.values.emplace_back(risk::limit_id::consecutive_losses, risk::limit_setting::of(decimal{1}));
  change.author = "root";
  change.reason = "test";
  change.by = risk::limit_change::role::admin;
  ASSERT_TRUE(wait_for<std::uint64_t>([&](auto done) { running->accounts()->set_limits(admin, change, done); }));
  const auto is_tripped = [&] {
    const auto now = ask("/api/v1/risk");
    for (const auto& one : now["breakers"])
      if (one["code"] == "CONSECUTIVE_LOSSES" && one["scope"] == "account") return one["tripped"].get<bool>();
    return false;
  };
  for (int i = 0; i < 20 && !is_tripped(); ++i) { // a round trip pays the spread; where the market helped it is tried again
    buy_in("paper_simulator", 10 + i);
    ASSERT_EQ(post("/api/positions/AAPL/close", json::object()).status, 202);
    ASSERT_TRUE(until("/api/positions", [](const json& held) { return held.empty(); }));
  }
  ASSERT_TRUE(is_tripped());
  const auto refused = post("/api/paper-trading/accounts/paper_simulator/reset", {{"confirm", true}});
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_NE(refused.body.find("CONSECUTIVE_LOSSES"), std::string::npos) << refused.body;
  EXPECT_TRUE(is_tripped());
  const auto reset = [&](risk::access by) {
    return wait_for<gateway::paper_account>([&](auto done) { running->paper()->reset(account_id{"paper_simulator"}, {}, by, done); });
  };
  EXPECT_EQ(reset(risk::access::trader).error().code, errc::conflict);
  const auto fresh = reset(risk::access::admin);
  ASSERT_TRUE(fresh) << to_string(fresh.error());
  ASSERT_TRUE(is_up("paper_simulator"));
  EXPECT_FALSE(is_tripped());
  buy_in("paper_simulator", 5);
}

TEST_F(paper_accounts, ids_of_orders_never_come_again_after_a_fresh_start) {
  start();
  std::set<std::string> seen;
  for (int life = 0; life < 3; ++life) {
    for (int i = 0; i < 2; ++i) {
      const auto placed = post("/api/orders", order("buy", 3 + i));
      ASSERT_EQ(placed.status, 201) << placed.body;
      EXPECT_TRUE(seen.insert(json::parse(placed.body)["order_id"]).second) << placed.body;
    }
    ASSERT_EQ(post("/api/paper-trading/accounts/paper_simulator/reset", {{"confirm", true}}).status, 200);
    ASSERT_TRUE(is_up("paper_simulator"));
  }
}

TEST_F(paper_accounts, an_admin_switches_trading_off_and_names_the_default) {
  start();
  ASSERT_EQ(make("second").status, 201);
  ASSERT_TRUE(is_up("second"));
  EXPECT_EQ(http_send(port(), "PATCH", "/api/v1/accounts/second", json{{"trading_enabled", false}}.dump()).status, 403) << "an admin's";
  const auto change = [&](gateway::account_change what) {
    return wait_for<gateway::paper_account>([&](auto done) { running->paper()->change(account_id{"second"}, what, done); });
  };
  ASSERT_TRUE(change({.trading = gateway::trading_permission::off}));
  EXPECT_TRUE(until("/api/paper-trading/accounts/second", [](const json& now) { return now.value("trading_enabled", true) == false; }));
  const auto to_second = [&](double size) { return order("buy", size, {{"account_id", "second"}}); };
  EXPECT_EQ(json::parse(post("/api/orders", to_second(1)).body)["reject_code"], "ACCOUNT_DISABLED");
  ASSERT_TRUE(change({.role = gateway::account_change::default_role::make_default}));
  EXPECT_TRUE(until("/api/account", [](const json& now) { return now.value("account_id", "") == "second"; }));
  start();
  EXPECT_TRUE(until("/api/account", [](const json& now) { return now.value("account_id", "") == "second"; })) << "both outlive a restart";
  EXPECT_EQ(json::parse(post("/api/orders", to_second(2)).body)["reject_code"], "ACCOUNT_DISABLED");
  ASSERT_TRUE(change({.trading = gateway::trading_permission::on}));
  EXPECT_EQ(post("/api/orders", to_second(3)).status, 201);
  EXPECT_FALSE(wait_for<gateway::paper_account>([&](auto done) { running->paper()->change(account_id{"nobody"}, {}, done); }));
}

TEST_F(paper_accounts, figures_are_of_round_trips) {
  start();
  buy_in("paper_simulator", 10);
  ASSERT_EQ(post("/api/positions/AAPL/close", json::object()).status, 202);
  ASSERT_TRUE(until("/api/positions", [](const json& all) { return all.is_array() && all.empty(); }));
  const auto metrics = ask("/api/paper-trading/accounts/paper_simulator/metrics");
  EXPECT_EQ(metrics["total_trades"], 1) << metrics;
  const auto net = ask("/api/account")["total_equity"].get<double>() - 100'000;
  EXPECT_NEAR(metrics["net_profit"].get<double>(), net, 0.01) << "not the proceeds of the sale";
  EXPECT_NEAR(metrics["total_return"].get<double>(), net / 100'000, 1e-6);
  const auto equity = ask("/api/paper-trading/accounts/paper_simulator/equity");
  ASSERT_GE(equity["equity"].size(), 2U);
  EXPECT_EQ(equity["equity"][0]["equity"], 100'000);
  EXPECT_EQ(get("/api/paper-trading/accounts/nobody/metrics").status, 404);
}

TEST_F(paper_accounts, a_portfolio_has_totals_and_risk_figures_with_reasons) {
  start();
  buy_in("paper_simulator", 10);
  const auto whole = ask("/api/v1/portfolio");
  EXPECT_EQ(whole["account"]["account_id"], "paper_simulator");
  ASSERT_EQ(whole["positions"].size(), 1U);
  EXPECT_EQ(whole["totals"]["short"], 0);
  EXPECT_EQ(whole["totals"]["long"], whole["totals"]["gross"]);
  EXPECT_NEAR(whole["totals"]["leverage"].get<double>() + whole["totals"]["cash_weight"].get<double>(), 1, 0.001);
  EXPECT_EQ(ask("/api/v1/portfolio/paper_simulator")["positions"].size(), 1U);
  EXPECT_EQ(get("/api/v1/portfolio/nobody").status, 404);
  EXPECT_EQ(ask("/api/v1/portfolio/positions")["positions"].size(), 1U);
  const auto risk = ask("/api/v1/portfolio/risk?benchmark=MSFT");
  EXPECT_EQ(risk["benchmark"], "MSFT");
  EXPECT_EQ(risk["correlation_matrix"]["symbols"], json::array({"AAPL"}));
  for (const char* name : {"volatility", "beta", "var_95", "cvar_95", "avg_correlation"})
    EXPECT_TRUE(risk[name].is_number() || risk["reasons"].contains(name)) << name << ": " << risk;
  EXPECT_GT(risk["concentration"].get<double>(), 0);
}

TEST_F(paper_accounts, switched_off_the_routes_say_so) {
  auto config = basic_config(folder);
  config.feeds = {exchange()};
  config.backtesting = false;
  config.paper_trading = config.portfolio = false;
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  running = std::move(*started);
  for (const char* path : {"/api/paper-trading/accounts", "/api/paper-trading/status", "/api/v1/portfolio", "/api/v1/portfolio/risk"}) {
    const auto answer = get(path);
    EXPECT_EQ(answer.status, 403) << path;
    EXPECT_NE(answer.body.find("feature.disabled"), std::string::npos) << answer.body;
  }
}

// ---------------------------------------------------------------- the file

paper_list sample() {
  paper_list out;
  gateway::paper_account one;
  one.settings.account = account_id{"a"};
  one.settings.fills.fees.commission_ratio = tt::test::dec("0.0002");
  one.created_at = tt::test::at("2026-01-15T15:00:00Z");
  one.resets = 3;
  out.accounts.push_back(one);
  one.settings.account = account_id{"b"};
  one.settings.type = account_type::futures;
  one.settings.fills.latency = std::chrono::milliseconds{40};
  one.trading = gateway::trading_permission::off;
  out.accounts.push_back(one);
  out.usual = account_id{"b"};
  return out;
}

TEST(paper_list, comes_back_from_its_file_as_it_was) {
  const temporary_folder folder;
  const auto path = (std::filesystem::path(folder.path()) / "list.json").string();
  EXPECT_FALSE(*load_paper_list(path)) << "no file, no list";
  const auto list = sample();
  ASSERT_TRUE(save_paper_list(path, list));
  ASSERT_TRUE(save_paper_list(path, list)) << "also over an older one";
  const auto again = load_paper_list(path);
  ASSERT_TRUE(again && *again) << to_string(again.error());
  ASSERT_EQ((*again)->accounts.size(), 2U);
  EXPECT_EQ((*again)->usual.str(), "b");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*again)->accounts[i].settings, list.accounts[i].settings);
    EXPECT_EQ((*again)->accounts[i].created_at, list.accounts[i].created_at);
    EXPECT_EQ((*again)->accounts[i].resets, list.accounts[i].resets);
    EXPECT_EQ((*again)->accounts[i].trading, list.accounts[i].trading);
  }
}

TEST(paper_list, what_is_damaged_is_refused_and_never_half_read) {
  const auto whole = to_json(sample());
  EXPECT_TRUE(parse_paper_list(whole));
  for (std::size_t i = 0; i + 2 < whole.size(); i += 7) EXPECT_FALSE(parse_paper_list(whole.substr(0, i)));
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = whole;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return parse_paper_list(text.replace(at, from.size(), to));
  };
  EXPECT_EQ(with("\"form\": 1", "\"form\": 2").error().code, errc::unsupported);
  EXPECT_FALSE(with("\"default\": \"b\"", "\"default\": \"c\""));
  EXPECT_FALSE(with("\"account_id\": \"a\"", "\"account_id\": \"b\"")) << "twice";
  EXPECT_FALSE(with("\"account_id\": \"a\"", "\"account_id\": \"../a\""));
  EXPECT_FALSE(with("\"leverage\": \"2\"", "\"leverage\": \"0\""));
  EXPECT_FALSE(with("\"leverage\": \"2\"", "\"leverage\": \"two\""));
}

} // namespace
} // namespace tt::cluster::test
