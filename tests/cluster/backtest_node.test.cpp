// Backtests and studies through whole nodes: over HTTP in, over HTTP out, on one node and on several, with the same
// bytes; and what happens when a node goes in the middle.

#include "actors/backtest/coordinator_actor.hpp"
#include "actors/backtest/messages.hpp"
#include "actors/market/messages.hpp"
#include "tests/cluster/bare_node.hpp"
#include "tests/cluster/cluster_fixture.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <cmath>
#include <thread>

namespace tt::cluster::test {
namespace {

using namespace std::chrono_literals;
using enum role;

http_answer http_send(std::uint16_t port, const std::string& method, const std::string& target, const std::string& body = {}) {
  return http_raw(port, method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body);
}

const std::string momentum = R"(//@version=5
strategy("momentum")
if close > close[1]
    strategy.entry("L", strategy.long)
else
    strategy.close("L")
)";

const std::string crossing = R"(//@version=5
strategy("crossing")
fast = input.int(5, "fast")
slow = input.int(20, "slow")
a = ta.sma(close, fast)
b = ta.sma(close, slow)
if ta.crossover(a, b)
    strategy.entry("L", strategy.long)
if ta.crossunder(a, b)
    strategy.close("L")
)";

/// Hardly a loop, but built-ins that take hundreds of milliseconds a bar.
const std::string heavy = crossing + R"(var numbers = array.new<float>(100000, 1.0)
for i = 1 to 20
    array.sort(numbers)
)";

json backtest_of(const std::string& script, const std::vector<std::string>& symbols = {"AAPL", "MSFT"}) {
  return {{"pine_script", script}, {"symbols", symbols}, {"timeframes", {"1h"}}, {"start_date", "2024-01-01"}, {"end_date", "2024-12-31"}, {"initial_capital", 10000.0}};
}

json study_of(int fast, int slow) {
  auto out = backtest_of(crossing, {"AAPL"});
  out["parameters"] = {{"fast", {{"type", "int"}, {"min", 2}, {"max", 1 + fast}, {"step", 1}}}, {"slow", {{"type", "int"}, {"min", 20}, {"max", 19 + slow}, {"step", 1}}}};
  out["max_trials"] = 10'000;
  return out;
}

/// The simulated exchange as it stands at one moment, so that every node knows the same past.
std::vector<feed_config> fixed_sim() {
  feed_config out;
  out.name = "sim";
  out.kind = feed_kind::sim;
  out.symbols = {"AAPL", "MSFT"};
  out.start = *parse_iso8601("2026-01-15T15:00:00Z");
  return {out};
}

class backtest_node : public cluster_test {
protected:
  void SetUp() override { feeds = fixed_sim(); }

  std::unique_ptr<node> start_alone(std::size_t workers, const std::string& data = "alone") {
    auto config = basic_config(folder);
    config.feeds = feeds;
    config.data_dir = folder.path(data);
    config.backtest_workers = workers;
    config.rate_jobs = 10'000;
    auto started = node::start(config, wall);
    EXPECT_TRUE(started) << to_string(started.error());
    return std::move(*started);
  }
  static std::string submit(std::uint16_t port, const std::string& path, const json& body) {
    auto answer = http_send(port, "POST", path, body.dump());
    // a cluster that has just begun has no coordinator yet, and says so
    for (int i = 0; answer.status == 503 && i < 10'000; ++i) answer = http_send(port, "POST", path, body.dump());
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto said = json_of(answer);
    return said.value("backtest_id", said.value("study_id", ""));
  }
  static json await_end(std::uint16_t port, const std::string& group, const std::string& id) {
    return json_of(ask_until(port, "/api/" + group + "/" + id + "/status", [](const http_answer& a) {
      const auto state = json_of(a).value("status", "");
      return state == "completed" || state == "failed" || state == "cancelled";
    }));
  }
  /// The table of a study as its clients see it.
  static std::string table_of(std::uint16_t port, const std::string& id) { return http_get(port, "/api/optimize/" + id + "/trials?format=csv").body; }
  static std::string study_results(std::uint16_t port, const std::string& id) {
    return json_of(http_get(port, "/api/optimize/" + id + "/results")).value("results", json{}).dump();
  }
};

TEST_F(backtest_node, the_example_of_the_contract_completes) {
  const auto one = start_alone(2);
  const auto port = one->port();
  const auto id = submit(port, "/api/backtest/strategy", backtest_of(momentum));
  const auto status = await_end(port, "backtest", id);
  ASSERT_EQ(status["status"], "completed") << status;
  EXPECT_EQ(status["progress"], 100);
  EXPECT_EQ(status["symbols_done"], 2);
  const auto answer = http_get(port, "/api/backtest/" + id + "/results");
  ASSERT_EQ(answer.status, 200) << answer.body.substr(0, 500);
  const auto document = json_of(answer);
  const auto& results = document["results"];
  EXPECT_EQ(document["request"]["symbols"], (json{"AAPL", "MSFT"}));
  EXPECT_EQ(results["runs"].size(), 2U);
  EXPECT_GT(results["total_trades"].get<int>(), 100);
  EXPECT_EQ(results["compile_diagnostics"], json::array());
  EXPECT_GT(results["equity_curve"].size(), 200U) << "a point per trading day";
  // total capital is the number of pairs times the capital
  EXPECT_NEAR(results["equity_curve"].front()["equity"].get<double>(), 20'000, 500);
  const auto page = json_of(http_get(port, "/api/backtest/" + id + "/trades?limit=10"));
  EXPECT_EQ(page["trades"].size(), 10U);
  const auto next = json_of(http_get(port, "/api/backtest/" + id + "/trades?limit=10&cursor=" + page["next_cursor"].get<std::string>()));
  EXPECT_NE(next["trades"][0], page["trades"][0]);
  const auto csv = http_get(port, "/api/backtest/" + id + "/trades?format=csv").body;
  EXPECT_EQ(std::ranges::count(csv, '\n'), results["total_trades"].get<int>() + 1);
  EXPECT_LE(json_of(http_get(port, "/api/backtest/" + id + "/equity?max_points=20"))["equity_curve"].size(), 20U);
  EXPECT_EQ(http_get(port, "/api/backtest/" + id + "/logs").status, 200);
  EXPECT_EQ(json_of(http_get(port, "/api/backtest"))["backtests"][0]["backtest_id"], id);
  EXPECT_EQ(http_send(port, "DELETE", "/api/backtest/" + id).status, 409);
  // figures come with the scrape after the first
  ask_until(port, "/metrics", [](const http_answer& a) { return a.body.find("tt_jobs{kind=\"backtest\",state=\"completed\"} 1") != std::string::npos; });
}

TEST_F(backtest_node, a_registered_strategy_is_known_by_its_name) {
  const auto one = start_alone(2);
  const auto port = one->port();
  const json record{{"strategy_id", "c"}, {"kind", "pine"}, {"source", crossing}, {"symbols", {"AAPL"}}, {"timeframe", "1h"},
                    {"account_id", "paper_simulator"}, {"inputs", {{"fast", 7}}}};
  const auto added = http_send(port, "POST", "/api/v1/strategies", record.dump());
  ASSERT_EQ(added.status, 201) << added.body;
  const auto results_of = [&](const json& body) {
    const auto id = submit(port, "/api/backtest/strategy", body);
    EXPECT_EQ(await_end(port, "backtest", id)["status"], "completed");
    return json_of(http_get(port, "/api/backtest/" + id + "/results"));
  };
  auto by_source = backtest_of(crossing);
  by_source["inputs"] = {{"fast", 7}, {"slow", 30}};
  auto by_name = backtest_of(crossing);
  by_name.erase("pine_script");
  by_name["strategyId"] = "c";
  by_name["inputs"] = {{"slow", 30}};
  const auto named = results_of(by_name);
  EXPECT_EQ(named["results"].dump(), results_of(by_source)["results"].dump()) << "its source and its inputs, where the request has none";
  EXPECT_EQ(named["request"]["strategy_id"], "c");
  EXPECT_EQ(named["request"]["strategy_version"], 1);
  EXPECT_EQ(named["request"]["pine_script"], crossing) << "what ran stays known when the strategy changes";
  // a newer version is what runs from then on, and the older one is there to be asked for
  const auto free = http_send(port, "PATCH", "/api/v1/strategies/c", json{{"inputs", json::object()}}.dump());
  ASSERT_EQ(free.status, 200) << free.body;
  const auto changed = http_send(port, "PUT", "/api/v1/strategies/c/source", json{{"source", momentum}}.dump());
  ASSERT_EQ(changed.status, 200) << changed.body;
  by_name.erase("inputs");
  EXPECT_EQ(results_of(by_name)["request"]["pine_script"], momentum);
  by_name["strategy_version"] = 1;
  EXPECT_EQ(results_of(by_name)["request"]["pine_script"], crossing);
  for (const json& wrong : {json("3"), json(-1), json(1.5)}) {
    by_name["strategy_version"] = wrong;
    EXPECT_EQ(http_send(port, "POST", "/api/backtest/strategy", by_name.dump()).status, 400) << wrong << " is not the newest";
  }
  by_name["strategy_version"] = 9;
  EXPECT_EQ(http_send(port, "POST", "/api/backtest/strategy", by_name.dump()).status, 400);
  by_name["strategyId"] = "nobody";
  const auto unknown = http_send(port, "POST", "/api/backtest/strategy", by_name.dump());
  EXPECT_EQ(unknown.status, 400);
  EXPECT_NE(unknown.body.find("there is no strategy nobody"), std::string::npos) << unknown.body;
}

TEST_F(backtest_node, with_a_database_for_the_leases_the_first_seed_coordinates) {
  database_url = "postgresql:///nothing?host=" + folder.path("no-server"); // jobs need no lease, so none is to be had
  const auto port = start("alpha", {gateway}).port();
  const auto list = ask_until(port, "/api/backtest", [](const http_answer& a) { return a.status != 503; });
  EXPECT_EQ(list.status, 200) << list.body;
  EXPECT_EQ(json_of(list)["backtests"], json::array());
}

TEST_F(backtest_node, what_is_no_script_fails_with_diagnostics) {
  const auto one = start_alone(1);
  const auto port = one->port();
  const auto id = submit(port, "/api/backtest/strategy", backtest_of("test"));
  EXPECT_EQ(await_end(port, "backtest", id)["status"], "failed");
  const auto results = http_get(port, "/api/backtest/" + id + "/results");
  EXPECT_EQ(results.status, 200);
  EXPECT_FALSE(json_of(results)["compile_diagnostics"].empty()) << results.body;
  EXPECT_EQ(http_send(port, "POST", "/api/backtest/strategy?strict=1", backtest_of("test").dump()).status, 400);
  EXPECT_EQ(http_send(port, "POST", "/api/backtest/strategy", backtest_of(momentum, {"NOPE"}).dump()).status, 400);
}

TEST_F(backtest_node, a_parameter_that_is_no_input_is_named) {
  const auto one = start_alone(1);
  const auto port = one->port();
  auto request = study_of(2, 2);
  request["parameters"]["speed"] = request["parameters"]["fast"];
  const auto status = await_end(port, "optimize", submit(port, "/api/optimize/study", request));
  EXPECT_EQ(status["status"], "failed");
  EXPECT_NE(status.dump().find("parameters.speed"), std::string::npos) << status;
  const auto strict = http_send(port, "POST", "/api/optimize/study?strict=1", request.dump());
  EXPECT_EQ(strict.status, 400);
  EXPECT_NE(strict.body.find("parameters.speed"), std::string::npos) << strict.body;
  // of a study of which nothing came the results look like a study's
  request["pine_script"] = "test";
  const auto id = submit(port, "/api/optimize/study", request);
  EXPECT_EQ(await_end(port, "optimize", id)["status"], "failed");
  const auto results = json_of(http_get(port, "/api/optimize/" + id + "/results"))["results"];
  EXPECT_TRUE(results.contains("best")) << results;
  EXPECT_FALSE(results.contains("equity_curve")) << results;
  EXPECT_FALSE(results["compile_diagnostics"].empty()) << results;
}

TEST_F(backtest_node, no_bars_in_the_range_is_said) {
  const auto one = start_alone(1);
  auto request = backtest_of(momentum, {"AAPL"});
  const auto message_of = [&](const std::string& day) {
    request["start_date"] = request["end_date"] = day;
    const auto status = await_end(one->port(), "backtest", submit(one->port(), "/api/backtest/strategy", request));
    EXPECT_EQ(status["status"], "failed");
    return status.value("error_message", "");
  };
  EXPECT_NE(message_of("1950-01-03").find("there are no bars of AAPL 1h"), std::string::npos) << message_of("1950-01-03");
  EXPECT_NE(message_of("2024-01-06").find("no trading day"), std::string::npos) << "a Saturday: " << message_of("2024-01-06");
}

TEST_F(backtest_node, the_bars_are_those_of_the_chart) {
  const auto one = start_alone(1);
  const auto port = one->port();
  auto request = backtest_of(momentum, {"AAPL"});
  request["timeframes"] = {"1d"};
  const auto id = submit(port, "/api/backtest/strategy", request);
  ASSERT_EQ(await_end(port, "backtest", id)["status"], "completed");
  const auto trades = json_of(http_get(port, "/api/backtest/" + id + "/trades?limit=1000"))["trades"];
  const auto bars = json_of(http_get(port, "/udf/history?symbol=AAPL&resolution=1D&from=1704067200&to=1735689600"));
  ASSERT_GT(trades.size(), 10U);
  std::set<double> opens;
  for (const auto& open : bars["o"]) opens.insert(open.get<double>());
  for (const auto& trade : trades) EXPECT_TRUE(opens.contains(trade["entry_price"].get<double>())) << trade;
}

TEST_F(backtest_node, a_script_sees_another_symbol_wherever_it_runs) {
  const std::string script = R"(//@version=5
strategy("pair")
other = request.security("MSFT", "1D", close)
year = request.security(syminfo.tickerid, "1W", ta.sma(close, 50))
if bar_index == 500
    log.info(str.tostring(other))
if bar_index == 0
    log.info("of the year before: {0}", year)
if close > close[1] and not na(other)
    strategy.entry("L", strategy.long)
else
    strategy.close("L")
)";
  const auto one = start_alone(1);
  const auto here = submit(one->port(), "/api/backtest/strategy", backtest_of(script, {"AAPL"}));
  ASSERT_EQ(await_end(one->port(), "backtest", here)["status"], "completed");
  const auto logs = json_of(http_get(one->port(), "/api/backtest/" + here + "/logs"))["logs"];
  ASSERT_EQ(logs.size(), 2U) << logs;
  EXPECT_EQ(logs.dump().find("NaN"), std::string::npos) << logs;
  const auto results = json_of(http_get(one->port(), "/api/backtest/" + here + "/results"))["results"];
  EXPECT_GT(results["total_trades"].get<int>(), 10);
  const auto port = start("alpha", {feed, symbols, gateway}).port();
  start("beta", {backtest});
  const auto there = submit(port, "/api/backtest/strategy", backtest_of(script, {"AAPL"}));
  ASSERT_EQ(await_end(port, "backtest", there)["status"], "completed");
  EXPECT_EQ(json_of(http_get(port, "/api/backtest/" + there + "/logs"))["logs"], logs);
  EXPECT_EQ(json_of(http_get(port, "/api/backtest/" + there + "/results"))["results"], results);
}

TEST_F(backtest_node, one_worker_four_workers_two_nodes_the_same_bytes) {
  const auto request = study_of(8, 8);
  std::vector<std::string> tables, results;
  for (const std::size_t workers : {1, 4}) {
    const auto one = start_alone(workers, "alone-" + std::to_string(workers));
    const auto id = submit(one->port(), "/api/optimize/study", request);
    const auto status = await_end(one->port(), "optimize", id);
    ASSERT_EQ(status["status"], "completed") << status;
    EXPECT_EQ(status["trials_done"], 64);
    tables.push_back(table_of(one->port(), id));
    results.push_back(study_results(one->port(), id));
  }
  const auto port = start("alpha", {feed, symbols, gateway}).port();
  start("beta", {backtest});
  start("gamma", {backtest});
  const auto id = submit(port, "/api/optimize/study", request);
  ASSERT_EQ(await_end(port, "optimize", id)["status"], "completed");
  tables.push_back(table_of(port, id));
  results.push_back(study_results(port, id));
  EXPECT_EQ(std::ranges::count(tables[0], '\n'), 65);
  EXPECT_EQ(tables[1], tables[0]);
  EXPECT_EQ(tables[2], tables[0]);
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
  // a backtest, too
  const auto there = submit(port, "/api/backtest/strategy", backtest_of(momentum));
  ASSERT_EQ(await_end(port, "backtest", there)["status"], "completed");
  const auto alone = start_alone(2, "alone-5");
  const auto here = submit(alone->port(), "/api/backtest/strategy", backtest_of(momentum));
  ASSERT_EQ(await_end(alone->port(), "backtest", here)["status"], "completed");
  EXPECT_EQ(json_of(http_get(port, "/api/backtest/" + there + "/results"))["results"].dump(),
            json_of(http_get(alone->port(), "/api/backtest/" + here + "/results"))["results"].dump());
}

TEST_F(backtest_node, one_account_for_all_symbols_is_the_same_anywhere) {
  auto request = backtest_of(crossing);
  request["capital_mode"] = "shared";
  std::vector<std::string> results;
  for (const std::size_t workers : {1, 4}) {
    const auto one = start_alone(workers, "alone-" + std::to_string(workers));
    const auto id = submit(one->port(), "/api/backtest/strategy", request);
    ASSERT_EQ(await_end(one->port(), "backtest", id)["status"], "completed");
    results.push_back(json_of(http_get(one->port(), "/api/backtest/" + id + "/results"))["results"].dump());
  }
  const auto port = start("alpha", {feed, symbols, gateway}).port();
  start("beta", {backtest});
  const auto id = submit(port, "/api/backtest/strategy", request);
  ASSERT_EQ(await_end(port, "backtest", id)["status"], "completed");
  results.push_back(json_of(http_get(port, "/api/backtest/" + id + "/results"))["results"].dump());
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
  const auto shown = json::parse(results[0]);
  EXPECT_EQ(shown["initial_capital"], 10'000.0);
  EXPECT_EQ(shown["assumptions"]["capital_mode"], "shared");
  double made = 0;
  for (const auto& run : shown["runs"]) made += run["final_equity"].get<double>() - 10'000;
  EXPECT_NEAR(shown["final_equity"].get<double>() - 10'000, made, 1e-6);
}

TEST_F(backtest_node, an_account_in_euros_takes_its_rates_from_the_bars_of_the_pair) {
  auto request = backtest_of(crossing, {"AAPL"});
  const auto run_of = [&](std::uint16_t port) {
    const auto id = submit(port, "/api/backtest/strategy", request);
    EXPECT_EQ(await_end(port, "backtest", id)["status"], "completed");
    return json_of(http_get(port, "/api/backtest/" + id + "/results"))["results"];
  };
  feeds[0].symbols = {"AAPL", "EURUSD"};
  const auto one = start_alone(1);
  const auto dollars = run_of(one->port());
  request["currency"] = "EUR";
  const auto euros = run_of(one->port());
  EXPECT_EQ(euros["runs"][0]["currency"], "EUR");
  EXPECT_EQ(euros["assumptions"]["warnings"], dollars["assumptions"]["warnings"]);
  ASSERT_EQ(euros["total_trades"], dollars["total_trades"]);
  // profits before fees are those in dollars, divided by a rate that the bars have had
  const auto bars = json_of(http_get(one->port(), "/udf/history?symbol=EURUSD&resolution=1D&from=1703548800&to=1735689600"));
  const auto least = *std::ranges::min_element(bars["l"]), most = *std::ranges::max_element(bars["h"]);
  const auto before_fees = [](const json& trade) { return trade["pnl"].get<double>() + trade["fees"].get<double>(); };
  for (std::size_t i = 0; i < euros["trades"].size(); ++i) {
    const double here = before_fees(euros["trades"][i]), there = before_fees(dollars["trades"][i]);
    if (std::fabs(there) < 0.01) continue;
    EXPECT_GE(there / here, least.get<double>() * (1 - 1e-9)) << i;
    EXPECT_LE(there / here, most.get<double>() * (1 + 1e-9)) << i;
  }
  // no pair, no rate: said where the results are read
  request["currency"] = "SEK";
  const auto kept = run_of(one->port());
  EXPECT_EQ(kept["runs"][0]["currency"], "USD");
  EXPECT_NE(kept["assumptions"]["warnings"].dump().find("USDSEK"), std::string::npos) << kept["assumptions"];
}

TEST_F(backtest_node, other_nodes_read_progress_and_states_on_topics) {
  const auto port = start("alpha", {feed, symbols, gateway}).port();
  start("beta", {backtest});
  bare_node reader("reader", {{"alpha", nodes["alpha"]->control_endpoint()}});
  {
    caf::scoped_actor self{*reader.system};
    const auto me = caf::actor_cast<caf::actor>(self.ptr());
    ASSERT_TRUE(reader.bus->subscribe(backtest::jobs_topic, me, bus::delivery::every));
    ASSERT_TRUE(reader.bus->subscribe(market::feed_topic_name("sim"), me, bus::delivery::latest));
    // both subscriptions went the same way, in this order
    std::string feed_state;
    bool waiting = true;
    while (waiting && feed_state != "live")
      self->receive([&](const market::feed_status& status) { feed_state = status.state; }, [](const backtest::job_news&) {},
                    caf::after(60s) >> [&] { waiting = false; });
    EXPECT_EQ(feed_state, "live");
    const auto id = submit(port, "/api/optimize/study", study_of(8, 8));
    std::vector<backtest::job_news> heard;
    while (waiting && (heard.empty() || !is_final(heard.back().status.state)))
      self->receive(
        [&](const backtest::job_news& news) {
          if (news.status.id == id) heard.push_back(news);
        },
        [](const market::feed_status&) {}, caf::after(60s) >> [&] { waiting = false; });
    ASSERT_FALSE(heard.empty());
    EXPECT_EQ(heard.back().status.state, backtest::job_state::completed);
    EXPECT_EQ(heard.back().status.trials_done, 64u);
    EXPECT_EQ(heard.front().status.state, backtest::job_state::queued);
    for (std::size_t i = 1; i < heard.size(); ++i) EXPECT_EQ(heard[i].seq, heard[i - 1].seq + 1) << "one job, and nothing was lost";
    // and the board is as far as the news
    const auto coordinator = reader.bus->find(std::string(backtest::coordinator_name));
    ASSERT_TRUE(coordinator);
    self->request(coordinator, 60s, backtest::board_atom::value)
      .receive(
        [&](const backtest::job_board& board) {
          EXPECT_EQ(board.seq, heard.back().seq);
          EXPECT_TRUE(board.open.empty());
        },
        [](const caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
  }
  reader.bus->stop();
}

TEST_F(backtest_node, workers_are_had_by_name_and_their_end_is_noticed) {
  const auto port = start("alpha", {feed, symbols, gateway}).port();
  start("beta", {backtest});
  const auto shows = [&](const std::string& figure) {
    return ask_until(port, "/metrics", [&](const http_answer& a) { return a.body.find(figure) != std::string::npos; });
  };
  const auto of_beta = "tt_backtest_workers " + std::to_string(std::max(1U, std::thread::hardware_concurrency()));
  shows(of_beta);
  const auto id = submit(port, "/api/optimize/study", study_of(2, 2));
  EXPECT_EQ(await_end(port, "optimize", id)["trials_done"], 4);
  nodes["beta"].reset();
  shows("tt_backtest_workers 0");
  start("beta", {backtest});
  shows(of_beta);
  EXPECT_EQ(await_end(port, "optimize", submit(port, "/api/optimize/study", study_of(2, 2)))["status"], "completed");
}

TEST_F(backtest_node, a_node_that_goes_in_the_middle_changes_nothing) {
  const auto request = study_of(20, 20);
  const auto port = start("alpha", {feed, symbols, gateway}).port();
  start("beta", {backtest});
  start("gamma", {backtest});
  const auto id = submit(port, "/api/optimize/study", request);
  ask_until(port, "/api/optimize/" + id + "/status", [](const http_answer& a) { return json_of(a).value("trials_done", 0) >= 64; });
  nodes["beta"].reset();
  ask_until(port, "/api/optimize/" + id + "/status", [](const http_answer& a) { return json_of(a).value("trials_done", 0) >= 128; });
  start("delta", {backtest});
  nodes["gamma"].reset();
  const auto status = await_end(port, "optimize", id);
  ASSERT_EQ(status["status"], "completed") << status;
  EXPECT_EQ(status["trials_done"], 400) << "each trial once";
  const auto one = start_alone(2);
  const auto same = submit(one->port(), "/api/optimize/study", request);
  ASSERT_EQ(await_end(one->port(), "optimize", same)["status"], "completed");
  EXPECT_EQ(table_of(port, id), table_of(one->port(), same));
}

TEST_F(backtest_node, a_restarted_coordinator_goes_on_where_it_was) {
  const auto request = study_of(20, 20);
  std::string id, queued, table;
  {
    const auto one = start_alone(1);
    id = submit(one->port(), "/api/optimize/study", request);
    queued = submit(one->port(), "/api/backtest/strategy", backtest_of(momentum, {"AAPL"}));
    ask_until(one->port(), "/api/optimize/" + id + "/status", [](const http_answer& a) { return json_of(a).value("trials_done", 0) >= 64; });
  }
  const auto again = start_alone(2);
  const auto first = json_of(http_get(again->port(), "/api/optimize/" + id + "/status"));
  EXPECT_NE(first["status"], "completed");
  EXPECT_EQ(await_end(again->port(), "optimize", id)["trials_done"], 400);
  EXPECT_EQ(await_end(again->port(), "backtest", queued)["status"], "completed");
  const auto other = start_alone(2, "other");
  const auto same = submit(other->port(), "/api/optimize/study", request);
  await_end(other->port(), "optimize", same);
  EXPECT_EQ(table_of(again->port(), id), table_of(other->port(), same));
}

TEST_F(backtest_node, cancelled_within_a_second_wherever_it_runs) {
  const auto port = start("alpha", {feed, symbols, gateway}).port();
  start("beta", {backtest});
  auto request = study_of(2, 1); // few trials, so that single bars show in the progress
  request["pine_script"] = heavy;
  request["end_date"] = "2024-01-31";
  const auto id = submit(port, "/api/optimize/study", request);
  ask_until(port, "/api/optimize/" + id + "/status", [](const http_answer& a) { return json_of(a).value("status", "") == "running" && json_of(a).value("progress", 0.0) > 0; });
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(http_send(port, "DELETE", "/api/optimize/" + id).status, 200);
  // the workers are free when a small job gets through
  const auto small = submit(port, "/api/backtest/strategy", backtest_of(momentum, {"AAPL"}));
  EXPECT_EQ(await_end(port, "backtest", small)["status"], "completed");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s) << "a guard only: pair_run and pine_hostile count how far a cancelled run goes on";
  EXPECT_EQ(json_of(http_get(port, "/api/optimize/" + id + "/status"))["trials_done"], 0) << "not to the end of a trial";
  EXPECT_EQ(json_of(http_get(port, "/api/optimize/" + id + "/status"))["status"], "cancelled");
  EXPECT_EQ(http_send(port, "DELETE", "/api/optimize/" + id).status, 409);
}

TEST_F(backtest_node, a_study_pauses_and_goes_on) {
  const auto one = start_alone(2);
  const auto port = one->port();
  const auto id = submit(port, "/api/optimize/study", study_of(20, 20));
  EXPECT_EQ(http_send(port, "POST", "/api/optimize/" + id + "/pause").status, 200);
  EXPECT_EQ(http_send(port, "POST", "/api/optimize/" + id + "/pause").status, 409);
  EXPECT_EQ(json_of(http_get(port, "/api/optimize/" + id + "/status"))["status"], "paused");
  EXPECT_EQ(http_send(port, "POST", "/api/optimize/" + id + "/resume").status, 200);
  EXPECT_EQ(await_end(port, "optimize", id)["trials_done"], 400);
}

TEST_F(backtest_node, switched_off) {
  auto config = basic_config(folder);
  config.backtesting = false;
  const auto one = node::start(config, wall);
  ASSERT_TRUE(one);
  EXPECT_EQ(http_get((*one)->port(), "/api/backtest").status, 403);
  EXPECT_EQ(json_of(http_send((*one)->port(), "POST", "/api/backtest/strategy", "{}"))["error_code"], "feature.disabled");
}

} // namespace
} // namespace tt::cluster::test
