// `tt backtest` and `tt optimize`: what they read, write, answer, and how they end.

#include "cluster/backtest_command.hpp"
#include "cluster/backtest_report.hpp"
#include "cluster/pine_files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cluster/scripted_server.hpp"

#include <atomic>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <random>

namespace tt::cluster::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const char* const script = R"(//@version=6
strategy("Cross <&> over", initial_capital = 10000)
fast = input.int(5, "fast", minval = 1)
slow = input.int(20, "slow", minval = 2)
if ta.crossover(ta.sma(close, fast), ta.sma(close, slow))
    strategy.entry("L", strategy.long)
if ta.crossunder(ta.sma(close, fast), ta.sma(close, slow))
    strategy.close("L")
)";

struct ended {
  int code = -1;
  std::string out, err;
};

class backtest_command : public ::testing::Test {
protected:
  backtest_command() {
    fs::create_directories(folder);
    write("s.pine", script);
    std::string csv = "time,open,high,low,close,volume\n";
    double last = 100;
    for (int i = 0; i < 24 * 90; ++i) { // from 2024-01-01, hourly
      const double c = std::round((100 + 10 * std::sin(i / 17.0) + i / 200.0) * 100) / 100;
      csv += std::to_string(1'704'067'200 + i * 3'600) + "," + std::to_string(last) + "," + std::to_string(std::max(last, c)) + "," +
             std::to_string(std::min(last, c)) + "," + std::to_string(c) + ",10\n";
      last = c;
    }
    write("bars.csv", csv);
  }
  ~backtest_command() override { fs::remove_all(folder); }

  std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const { ASSERT_TRUE(write_text(path(name), text)); }
  std::string read(const std::string& name) const { return read_text(path(name)).value_or("(no file)"); }

  backtest_options options() const {
    backtest_options o;
    o.script = path("s.pine");
    o.place.file = path("bars.csv");
    o.symbols = {"ABC"};
    o.timeframes = {"1h"};
    o.threads = 2;
    return o;
  }
  optimize_options study() const {
    optimize_options o;
    o.base = options();
    o.parameters = {"fast=2:8:2", "slow=10:40:10"};
    o.fields["objective"] = "net_profit";
    return o;
  }
  template <class F>
  static ended run(F f) {
    ended e;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    e.code = f();
    e.out = testing::internal::GetCapturedStdout();
    e.err = testing::internal::GetCapturedStderr();
    return e;
  }
  static ended run(const backtest_options& o) {
    return run([&] { return run_backtest(o); });
  }
  static ended run(const optimize_options& o) {
    return run([&] { return run_optimize(o); });
  }

  const fs::path folder = fs::temp_directory_path() / ("tt_backtest_" + std::to_string(std::random_device{}()));
};

TEST_F(backtest_command, a_csv_is_run_and_reported) {
  auto o = options();
  o.out.folder = path("out");
  const auto e = run(o);
  ASSERT_EQ(e.code, 0) << e.err;
  EXPECT_NE(e.out.find("Cross <&> over, 2024-01-01 to 2024-03-30"), std::string::npos) << e.out;
  EXPECT_NE(e.out.find("Sharpe ratio"), std::string::npos);
  EXPECT_EQ(e.err, "") << "no progress where there is no terminal";
  const auto results = json::parse(read("out/results.json"));
  EXPECT_GT(results["total_trades"].get<int>(), 10);
  EXPECT_EQ(results["initial_capital"], 10'000);
  EXPECT_EQ(results["equity_curve"].size(), 90u);
  const auto trades = read("out/trades.csv");
  EXPECT_EQ(std::count(trades.begin(), trades.end(), '\n'), results["total_trades"].get<int>() + 1);
  EXPECT_EQ(read("out/equity.csv").substr(0, 28), "date,equity\n2024-01-01,10000");
}

TEST_F(backtest_command, the_page_needs_nothing_else) {
  auto o = options();
  o.out.html = path("r.html");
  ASSERT_EQ(run(o).code, 0);
  const auto page = read("r.html");
  for (const char* gone : {"<script", "http:", "https:", "src=", "url(", "@import", "Cross <&"}) EXPECT_EQ(page.find(gone), std::string::npos) << gone;
  for (const char* there : {"<svg", "Drawdown", "Returns by month", "Cross &lt;&amp;&gt; over", "Trades", "<td>2024</td>"}) EXPECT_NE(page.find(there), std::string::npos) << there;
}

TEST_F(backtest_command, threads_change_no_byte) {
  auto o = options();
  o.out.json = "-";
  o.threads = 1;
  const auto one = run(o);
  o.threads = 4;
  EXPECT_EQ(run(o).out, one.out);
  EXPECT_EQ(one.out.find("Sharpe ratio"), std::string::npos) << "the document stands in place of the report";
}

TEST_F(backtest_command, settings_reach_the_run) {
  auto o = options();
  o.out.json = "-";
  o.fields = {{"initial_capital", "5000"}, {"commission", "1.5"}, {"commission_type", "percent"}, {"slippage", "2"}, {"slippage_type", "ticks"}, {"warmup_bars", "40"}};
  o.from = "2024-02-01";
  o.to = "2024-02-29";
  o.inputs = {"fast=3", "slow=30"};
  const auto e = run(o);
  ASSERT_EQ(e.code, 0) << e.err;
  const auto r = json::parse(e.out);
  EXPECT_EQ(r["initial_capital"], 5'000);
  EXPECT_EQ(r["assumptions"]["commission"], "1.5 percent");
  EXPECT_EQ(r["assumptions"]["slippage"], "2 ticks");
  EXPECT_EQ(r["equity_curve"].size(), 29u * 24) << "29 days: a point per bar";
  EXPECT_EQ(r["equity_curve"][0]["date"], "2024-02-01T00:00:00.000Z");
}

TEST_F(backtest_command, wrong_options_are_named_all_at_once) {
  auto o = options();
  o.from = "yesterday";
  o.fields = {{"initial_capital", "-1"}, {"commission_type", "some"}};
  auto e = run(o);
  EXPECT_EQ(e.code, 1);
  EXPECT_NE(e.err.find("tt backtest: --from: "), std::string::npos);
  EXPECT_NE(e.err.find("tt backtest: --capital: "), std::string::npos);
  EXPECT_NE(e.err.find("tt backtest: --commission-type: "), std::string::npos);
  o = options();
  o.script = path("none.pine");
  EXPECT_EQ(run(o).code, 2);
  o = options();
  o.place.file = path("none.csv");
  EXPECT_EQ(run(o).code, 2);
  o = options();
  o.symbols = {"A", "B"};
  EXPECT_EQ(run(o).code, 1);
  o = options();
  o.inputs = {"speed=5"};
  e = run(o);
  EXPECT_EQ(e.code, 1);
  EXPECT_NE(e.err.find("speed"), std::string::npos);
  o = options();
  o.out.csv = path("no/such/folder/x.csv");
  EXPECT_EQ(run(o).code, 2);
}

TEST_F(backtest_command, a_script_that_does_not_compile_says_where) {
  write("s.pine", "//@version=6\nstrategy(\"x\")\nplot(clsoe)\n");
  const auto e = run(options());
  EXPECT_EQ(e.code, 1);
  EXPECT_NE(e.err.find("s.pine:3:6: error PN0220"), std::string::npos) << e.err;
  write("s.pine", "//@version=6\nindicator(\"x\")\n");
  EXPECT_NE(run(options()).err.find("strategy()"), std::string::npos);
}

TEST_F(backtest_command, simulated_symbols_have_the_history_of_the_node) {
  backtest_options o;
  o.script = path("s.pine");
  o.symbols = {"aapl,MSFT", "NASDAQ:AAPL"};
  o.timeframes = {"1d", "1h"};
  o.from = "2024-01-01";
  o.to = "2024-06-30";
  o.place.overrides = {{"node.data_dir", path("data")}, {"node.instruments", TT_SOURCE_DIR "/config/instruments.yaml"}};
  o.out.json = "-";
  const auto e = run(o);
  ASSERT_EQ(e.code, 0) << e.err;
  const auto r = json::parse(e.out);
  ASSERT_EQ(r["runs"].size(), 4u);
  EXPECT_EQ(r["runs"][0]["symbol"], "AAPL");
  EXPECT_EQ(r["runs"][0]["timeframe"], "1h");
  EXPECT_EQ(r["runs"][1]["bars"], 124) << "trading days of the first half of 2024";
  EXPECT_EQ(r["runs"][0]["bars"], 124 * 7 - 0) << "regular hours: seven bars a day";
  EXPECT_EQ(r["equity_curve"][0]["date"], "2024-01-02");
  EXPECT_EQ(r["equity_curve"].size(), 124u);
  EXPECT_EQ(r["runs"][1]["first_bar"], "2024-01-02T14:30:00.000Z") << "days carry the opening of their session";
  o.symbols = {"NOSUCH"};
  const auto unknown = run(o);
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.err.find("--symbols 0: unknown symbol \"NOSUCH\""), std::string::npos) << unknown.err;
  o.symbols = {"AAPL"};
  o.fields["data_source"] = "store";
  const auto empty = run(o);
  EXPECT_EQ(empty.code, 1);
  EXPECT_NE(empty.err.find("no bars"), std::string::npos) << empty.err;
}

TEST_F(backtest_command, requests_of_other_symbols_find_their_bars) {
  write("s.pine", "//@version=6\nstrategy(\"x\")\nm = request.security(\"NASDAQ:MSFT\", \"1D\", close)\nif barstate.islast\n    log.info(\"{0}\", m > 0)\n");
  backtest_options o;
  o.script = path("s.pine");
  o.symbols = {"AAPL"};
  o.from = "2024-01-01";
  o.to = "2024-02-28";
  o.place.overrides = {{"node.data_dir", path("data")}, {"node.instruments", TT_SOURCE_DIR "/config/instruments.yaml"}};
  o.out.folder = path("out");
  const auto e = run(o);
  ASSERT_EQ(e.code, 0) << e.err;
  EXPECT_NE(read("out/logs.csv").find("info,true"), std::string::npos) << read("out/logs.csv");
}

TEST_F(backtest_command, longer_bars_of_a_csv_reach_back_before_the_first_day) {
  write("s.pine", "//@version=6\nstrategy(\"x\")\n[n, d] = request.security(syminfo.tickerid, \"1D\", [bar_index, ta.sma(close, 20)])\n"
                  "if bar_index == 0\n    log.info(\"{0} {1}\", n, d > 0)\n");
  auto o = options();
  o.from = "2024-02-10"; // 40 days into the file
  o.out.folder = path("out");
  o.out.json = path("r.json");
  const auto e = run(o);
  ASSERT_EQ(e.code, 0) << e.err;
  EXPECT_NE(read("out/logs.csv").find("info,39 true"), std::string::npos) << read("out/logs.csv");
  EXPECT_EQ(read("r.json").find("before the range"), std::string::npos);
  o.from = "2024-01-01";
  ASSERT_EQ(run(o).code, 0);
  EXPECT_NE(read("r.json").find("ABC 1D, of which there are no bars before the range"), std::string::npos);
}

TEST_F(backtest_command, a_study_ranks_and_writes_its_trials) {
  auto o = study();
  o.base.out.csv = path("t.csv");
  o.base.out.json = path("r.json");
  const auto e = run(o);
  ASSERT_EQ(e.code, 0) << e.err;
  const auto r = json::parse(read("r.json"));
  EXPECT_EQ(r["trials_done"], 16);
  EXPECT_EQ(r["best"].size(), 10u);
  const auto trials = read("t.csv");
  EXPECT_EQ(std::count(trials.begin(), trials.end(), '\n'), 17);
  EXPECT_EQ(trials.substr(0, 33), "trial,window,fast,slow,objective,");
}

TEST_F(backtest_command, a_walk_forward_has_windows) {
  auto o = study();
  o.fields["method"] = "walk_forward";
  o.walk_forward = {{"train", "30d"}, {"test", "10d"}};
  o.base.out.json = "-";
  o.base.out.html = path("r.html");
  const auto e = run(o);
  ASSERT_EQ(e.code, 0) << e.err;
  const auto r = json::parse(e.out);
  EXPECT_EQ(r["walk_forward"]["windows"].size(), 6u);
  EXPECT_NE(read("r.html").find("Equity out of sample"), std::string::npos);
}

TEST_F(backtest_command, bad_studies_are_named) {
  auto o = study();
  o.parameters = {"fast=1:5000", "slow=1:5000"};
  o.fields["objective"] = "beauty";
  auto e = run(o);
  EXPECT_EQ(e.code, 1);
  EXPECT_NE(e.err.find("--objective"), std::string::npos);
  o.fields.erase("objective");
  e = run(o);
  EXPECT_NE(e.err.find("tt optimize: --max-trials: the grid has 25000000 points"), std::string::npos) << e.err;
  o.parameters = {"fast"};
  EXPECT_NE(run(o).err.find("--param fast"), std::string::npos);
  o.parameters = {"fast="};
  EXPECT_NE(run(o).err.find("--param fast="), std::string::npos);
  o.parameters = {"fast=2:8", "fast=3:9"};
  EXPECT_NE(run(o).err.find("is there twice"), std::string::npos);
}

// ---------------------------------------------------------------- on a node

TEST_F(backtest_command, a_node_is_given_the_job_and_asked_until_it_is_done) {
  auto local = options();
  local.out.json = "-";
  const auto document = run(local).out;
  std::atomic<int> looks{0};
  std::string submitted;
  scripted_server server([&](const std::string& line, const std::string& body) -> scripted_reply {
    if (line == "POST /api/backtest/strategy") {
      submitted = body;
      return {200, R"({"backtest_id":"b-1","status":"queued","message":"ok"})"};
    }
    if (line == "GET /api/backtest/b-1/status")
      return {200, ++looks < 3 ? R"({"status":"running","progress":40.5,"stage":"running","symbols_done":1,"symbols_total":2})" : R"({"status":"completed","progress":100})"};
    if (line == "GET /api/backtest/b-1/results") return {200, R"({"backtest_id":"b-1","status":"completed","results":)" + document + "}"};
    return {500, "{}"};
  });
  auto o = options();
  o.place = {};
  o.from = "2024-01-01";
  o.to = "2024-03-30";
  o.node = server.url();
  o.show = backtest_options::progress::shown;
  o.out.json = path("r.json");
  o.out.html = path("r.html");
  const auto e = run(o);
  ASSERT_EQ(e.code, 0) << e.err;
  EXPECT_NE(e.err.find("40 % running, 1 of 2 runs"), std::string::npos) << e.err;
  EXPECT_NE(e.out.find("Sharpe ratio"), std::string::npos);
  EXPECT_EQ(read("r.json"), document) << "what the node says goes through unchanged";
  const auto sent = json::parse(submitted);
  EXPECT_EQ(sent["pine_script"], script);
  EXPECT_EQ(sent["symbols"], json{"ABC"});
}

TEST_F(backtest_command, trials_of_a_node_come_as_the_node_writes_them) {
  scripted_server server([&](const std::string& line, const std::string&) -> scripted_reply {
    if (line.starts_with("POST")) return {200, R"({"study_id":"s-1","status":"queued"})"};
    if (line.ends_with("/status")) return {200, R"({"status":"completed","progress":100})"};
    if (line.find("/trials?format=csv") != std::string::npos) return {200, "trial,window,fast,slow,objective,total_return\n0,0,2,10,1,0.5\n"};
    return {200, R"({"status":"completed","results":{"best":[],"trials_done":1,"trials_total":1}})"};
  });
  auto o = study();
  o.base.place = {};
  o.base.from = "2024-01-01";
  o.base.to = "2024-03-30";
  o.base.node = server.url();
  o.base.out.csv = path("t.csv");
  const auto e = run(o);
  EXPECT_EQ(e.code, 0) << e.err;
  EXPECT_EQ(read("t.csv"), "trial,window,fast,slow,objective,total_return\n0,0,2,10,1,0.5\n");
}

TEST_F(backtest_command, what_the_node_refuses_is_said) {
  scripted_server server([&](const std::string& line, const std::string&) -> scripted_reply {
    if (line.starts_with("POST"))
      return {400, R"({"detail":"start_date: is required","errors":[{"loc":["body","start_date"],"msg":"is required","type":"missing"}]})"};
    return {500, "{}"};
  });
  auto o = options();
  o.place = {};
  o.node = server.url();
  const auto e = run(o);
  EXPECT_EQ(e.code, 1);
  EXPECT_NE(e.err.find("body.start_date: is required"), std::string::npos) << e.err;
  o.node = "http://127.0.0.1:1";
  EXPECT_EQ(run(o).code, 2);
}

TEST_F(backtest_command, a_job_that_fails_on_the_node_shows_its_diagnostics) {
  scripted_server server([&](const std::string& line, const std::string&) -> scripted_reply {
    if (line.starts_with("POST")) return {200, R"({"backtest_id":"b-1","status":"queued"})"};
    if (line.ends_with("/status")) return {200, R"({"status":"failed","progress":0,"error_message":"the script does not compile"})"};
    return {200, R"({"status":"failed","compile_diagnostics":[{"severity":"error","line":3,"column":6,"message":"unknown name"}],"results":null})"};
  });
  auto o = options();
  o.place = {};
  o.node = server.url();
  const auto e = run(o);
  EXPECT_EQ(e.code, 1);
  EXPECT_NE(e.err.find("s.pine:3:6: error: unknown name"), std::string::npos) << e.err;
  EXPECT_NE(e.err.find("the script does not compile"), std::string::npos);
}

TEST_F(backtest_command, where_nothing_ran_there_are_reasons_and_no_page_of_dashes) {
  write("stops.pine", "//@version=6\nstrategy(\"Stops\")\na = array.new_float(1, 0)\nif bar_index == 50\n    array.get(a, 5)\n");
  auto o = options();
  o.script = path("stops.pine");
  o.out.folder = path("out");
  const auto e = run(o);
  EXPECT_EQ(e.code, 1);
  EXPECT_NE(e.err.find("the index 5 is outside of the array"), std::string::npos) << e.err;
  for (const auto& page : {e.out, read("out/report.html")}) {
    EXPECT_NE(page.find("line 5, bar 50"), std::string::npos) << page;
    EXPECT_EQ(page.find("Sharpe"), std::string::npos) << page;
  }
}

TEST_F(backtest_command, ctrl_c_cancels_on_the_node_and_here) {
  std::atomic<bool> removed{false};
  scripted_server server([&](const std::string& line, const std::string&) -> scripted_reply {
    if (line.starts_with("POST")) return {200, R"({"study_id":"s-1","status":"queued"})"};
    if (line == "DELETE /api/optimize/s-1") {
      removed = true;
      return {200, R"({"status":"cancelled"})"};
    }
    std::raise(SIGINT); // the user, while the job runs
    return {200, R"({"status":"running","progress":1,"trials_done":1,"trials_total":9})"};
  });
  auto o = study();
  o.base.place = {};
  o.base.from = "2024-01-01";
  o.base.to = "2024-03-30";
  o.base.node = server.url();
  const auto e = run(o);
  EXPECT_EQ(e.code, 130) << e.err;
  EXPECT_TRUE(removed);
  EXPECT_NE(e.err.find("cancelled"), std::string::npos);
}

// ---------------------------------------------------------------- the report

TEST(backtest_report, months_by_hand) {
  const auto curve = backtest::document::parse(R"([{"date":"2023-12-29","equity":110},{"date":"2024-01-02","equity":99},{"date":"2024-01-31","equity":121},
    {"date":"2024-03-01","equity":133.1}])");
  const auto months = monthly_returns(curve, 100);
  ASSERT_EQ(months.size(), 5u);
  const auto is = [&](std::size_t i, int year, int month, double value) {
    EXPECT_EQ(months[i].year, year);
    EXPECT_EQ(months[i].month, month);
    EXPECT_NEAR(months[i].value, value, 1e-12);
  };
  is(0, 2023, 12, 0.1);
  is(1, 2023, 0, 0.1);
  is(2, 2024, 1, 0.1);
  is(3, 2024, 3, 0.1);
  is(4, 2024, 0, 0.21);
  EXPECT_TRUE(monthly_returns(backtest::document::array(), 100).empty());
}

TEST(backtest_report, tables_of_nested_rows) {
  const auto rows = backtest::document::parse(R"([{"a":1,"p":{"x":2,"y":"u,v"}},{"a":null,"p":{"x":3},"e":"late"}])");
  EXPECT_EQ(table_csv(rows), "a,x,y,e\n1,2,\"u,v\",\n,3,,late\n");
}

TEST(backtest_report, trades_are_shown_by_side) {
  auto results = backtest::results_without_run({});
  for (const auto& [side, net, rate] : {std::tuple{"all", 130.0, 0.5}, std::tuple{"long", 150.0, 0.75}, std::tuple{"short", -20.0, 0.25}})
    results["report"][side]["net_profit"] = net, results["report"][side]["win_rate"] = rate;
  const auto text = backtest_text(results, {"t", ""});
  for (const std::vector<std::string>& cells : {std::vector<std::string>{"Net profit", "130.00", "150.00", "-20.00"}, {"Win rate", "50.00 %", "75.00 %", "25.00 %"}}) {
    bool found = false;
    for (auto at = text.find(cells[0]); at != std::string::npos && !found; at = text.find(cells[0], at + 1)) {
      const auto line = text.substr(at, text.find('\n', at) - at);
      found = std::ranges::all_of(cells, [&](const auto& cell) { return line.find(cell) != std::string::npos; });
    }
    EXPECT_TRUE(found) << cells[0] << "\n" << text;
  }
  EXPECT_NE(backtest_html(results, {"t", ""}).find("Long and short"), std::string::npos);
  results.erase("report"); // of a node that has none yet
  EXPECT_EQ(backtest_html(results, {"t", ""}).find("Long and short"), std::string::npos);
  EXPECT_EQ(backtest_text(results, {"t", ""}).find("SHORT"), std::string::npos);
}

TEST(backtest_report, what_is_undefined_is_a_dash) {
  const auto text = backtest_text(backtest::results_without_run({}), {"t", ""});
  EXPECT_NE(text.find("–"), std::string::npos);
  EXPECT_EQ(text.find("nan"), std::string::npos);
  EXPECT_NE(backtest_html(backtest::results_without_run({}), {"t", ""}).find("Too few points"), std::string::npos);
}

} // namespace
} // namespace tt::cluster::test
