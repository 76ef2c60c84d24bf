// YAML jobs through a whole node: as strategies of section 8, limit profiles, data of the shipped jobs.

#include "cluster/feeds.hpp"
#include "cluster/jobs/job_files.hpp"
#include "cluster/jobs/job_resident.hpp"
#include "tests/cluster/trading_fixture.hpp"

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

namespace tt::cluster::test {
namespace {

std::string job_of(const std::string& id, const std::string& more = {}) {
  return "schema: 2\nname: always\nschedule: {every: 5m, align: bar_close, session: regular}\njob:\n  type: strategy\n  strategy_id: " + id + "\n" + more +
         R"(  parameters: {symbols: [AAPL], position_size: 0.2, stop_loss: 0.03, max_positions: 2}
  data_sources: [{name: history, kind: bars, resolution: "5", lookback_periods: 10}]
  conditions:
    entry_long: ["close > 0"]
    exit_long: ["close < 0"]
)";
}

class job_node : public trading_node {
protected:
  void SetUp() override { std::filesystem::create_directories(folder.path("jobs")); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder.path("jobs/" + name + ".yml")) << text; }
  void adjust(node_config& config) override {
    config.strategies_dir = folder.path("jobs");
    config.time_zone = "America/New_York";
  }
  [[nodiscard]] json job(const std::string& id) const {
    const auto all = ask("/api/v1/jobs"); // kept while it is walked through
    for (const auto& one : all["jobs"])
      if (one["strategy_id"] == id) return one;
    return {};
  }
};

TEST_F(job_node, jobs_of_files_are_strategies_of_kind_yaml) {
  write("always", job_of("always_v1"));
  start();
  const auto listed = ask("/api/v1/strategies")["strategies"];
  ASSERT_EQ(listed.size(), 1u) << listed;
  EXPECT_EQ(listed[0]["strategy_id"], "always_v1");
  EXPECT_EQ(listed[0]["kind"], "yaml");
  EXPECT_EQ(listed[0]["source_file"], "always.yml");
  EXPECT_EQ(ask("/api/v1/strategies/always_v1")["enabled"], true);
  const auto ran = post("/api/v1/strategies/always_v1/run-now", json::object());
  ASSERT_EQ(ran.status, 200) << ran.body;
  EXPECT_EQ(ask("/api/v1/strategies/always_v1/runs")["runs"].size(), 1u);
  const auto off = post("/api/v1/strategies/always_v1/disable", {{"reason", "enough"}});
  ASSERT_EQ(off.status, 200) << off.body;
  EXPECT_EQ(json::parse(off.body)["enabled"], false);
  EXPECT_EQ(job("always_v1")["state"], "disabled");
  EXPECT_EQ(job("always_v1")["switched"]["reason"], "enough");
  EXPECT_EQ(http_send(port(), "DELETE", "/api/v1/strategies/always_v1").status, 409);
  EXPECT_EQ(get("/api/v1/strategies/nobody").status, 404);
  start();
  EXPECT_EQ(ask("/api/v1/strategies/always_v1")["enabled"], false) << "a restart does not switch on";
}

TEST_F(job_node, rows_of_a_job_come_from_its_runs_and_its_fills) {
  write("always", job_of("always_v1"));
  start();
  ASSERT_EQ(post("/api/v1/strategies", {{"strategy_id", "mine"}, {"kind", "yaml"}, {"source", job_of("mine")}, {"account_id", "paper_simulator"}, {"enabled", true}, {"evaluation_period", 1}}).status, 201);
  for (const std::string id : {"always_v1", "mine"}) {
    const auto at = "/api/v1/strategies/" + id;
    ASSERT_EQ(ask(at + "/performance")["trades"], 0) << get(at + "/performance").body;
    ASSERT_EQ(post(at + "/run-now", json::object()).status, 200);
    const auto signals = ask(at + "/signals");
    ASSERT_EQ(signals["signals"].size(), 1u) << signals;
    const auto signal = signals["signals"][0];
    EXPECT_EQ(signal["symbol"], "AAPL");
    EXPECT_EQ(signal["side"], "buy");
    EXPECT_EQ(signal["action"], "entry_long");
    EXPECT_EQ(signal["decision"], "sent");
    EXPECT_GT(signal["quantity"].get<double>(), 1) << "shares, not a weight";
    EXPECT_FALSE(signal["order_id"].get<std::string>().empty());
    double bought = 0;
    ASSERT_TRUE(until("/api/orders/" + signal["order_id"].get<std::string>(), [&](const json& now) { return now.value("status", "") == "filled" && (bought = now["filled_quantity"].get<double>()) > 0; }));
    const auto sold = post("/api/orders", {{"symbol", "AAPL"}, {"side", "sell"}, {"quantity", bought}, {"reduce_only", true}, {"strategy_id", id}, {"comment", "by hand"}});
    ASSERT_LT(sold.status, 300) << sold.body;
    ASSERT_TRUE(until(at + "/performance", [](const json& now) { return now.value("trades", 0) == 1; })) << get(at + "/performance").body << sold.body;
    const auto done = ask(at + "/performance");
    const auto trade = done["recent_trades"][0];
    EXPECT_EQ(trade["quantity"], bought);
    EXPECT_EQ(trade["exit_reason"], "by hand");
    EXPECT_EQ(trade["entry_reason"], "always: entry_long");
    EXPECT_NEAR(done["net_profit"].get<double>(), (trade["exit_price"].get<double>() - trade["entry_price"].get<double>()) * bought - trade["fees"].get<double>(), 1e-6);
    const auto sets = ask(at + "/sets")["sets"];
    ASSERT_EQ(sets.size(), 1u);
    EXPECT_EQ(sets[0]["complete"], id == "mine") << "a set of one trade, and of twenty";
    EXPECT_TRUE(ask(at + "/transitions")["transitions"].is_array());
    EXPECT_TRUE(ask(at + "/plots")["plots"].empty());
  }
  EXPECT_EQ(ask("/api/executions?strategy_id=mine")["executions"].size(), 2u) << "and no one else's";
}

TEST_F(job_node, a_preview_runs_dry_with_what_the_gate_says_and_trades_the_past) {
  start();
  const auto answer = post("/api/v1/strategies/preview", {{"kind", "yaml"}, {"source", job_of("tried")}, {"symbol", "AAPL"}, {"timeframe", "5m"}, {"bars", 300}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto got = json::parse(answer.body);
  EXPECT_EQ(got["valid"], true);
  EXPECT_EQ(got["error"], json()) << got["error"];
  EXPECT_EQ(got["symbol"], "AAPL");
  EXPECT_EQ(got["timeframe"], "5m");
  EXPECT_EQ(got["bars"], 300);
  ASSERT_EQ(got["run"]["signals"].size(), 1u) << got["run"];
  const auto signal = got["run"]["signals"][0];
  EXPECT_EQ(signal["order_state"], "not sent");
  EXPECT_EQ(signal["would_accept"], true);
  EXPECT_EQ(signal["weight"], "0.2");
  EXPECT_FALSE(signal["risk_check"]["checks"].empty());
  EXPECT_GT(got["markers"].size(), 0u) << "it bought in the past";
  EXPECT_TRUE(ask("/api/orders").empty()) << "nothing was sent";
  EXPECT_TRUE(ask("/api/v1/jobs")["jobs"].empty());
  auto wrong = job_of("tried");
  wrong.replace(wrong.find("close > 0"), 9, "close > {nope}");
  const auto bad = post("/api/v1/strategies/preview", {{"kind", "yaml"}, {"source", wrong}});
  ASSERT_EQ(bad.status, 200) << bad.body;
  EXPECT_EQ(json::parse(bad.body)["valid"], false);
  EXPECT_EQ(json::parse(bad.body)["diagnostics"][0]["code"], "PARAM_UNKNOWN");
  const auto other = post("/api/v1/strategies/preview", {{"kind", "yaml"}, {"source", job_of("tried")}, {"symbol", "MSFT"}, {"bars", 50}});
  EXPECT_EQ(json::parse(other.body)["run"]["signals"][0]["symbol"], "MSFT") << other.body;
}

TEST_F(job_node, a_registered_yaml_strategy_is_checked_and_runs) {
  start();
  const auto add = [&](const std::string& id, const std::string& source) {
    return post("/api/v1/strategies", {{"strategy_id", id}, {"kind", "yaml"}, {"source", source}, {"account_id", "paper_simulator"}, {"enabled", true}});
  };
  auto wrong = job_of("mine");
  wrong.replace(wrong.find("close > 0"), 9, "close > {nope}");
  const auto refused = add("mine", wrong);
  ASSERT_EQ(refused.status, 422) << refused.body;
  EXPECT_EQ(json::parse(refused.body)["diagnostics"][0]["code"], "PARAM_UNKNOWN");
  EXPECT_EQ(add("mine", job_of("another")).status, 422) << "another id than the strategy's";
  ASSERT_EQ(add("mine", job_of("mine")).status, 201);
  const auto ran = post("/api/v1/strategies/mine/run-now", json::object());
  ASSERT_EQ(ran.status, 200) << ran.body;
  EXPECT_EQ(ask("/api/v1/strategies/mine/runs")["runs"].size(), 1u);
  start();
  EXPECT_TRUE(until("/api/v1/jobs", [](const json& now) { return now["jobs"].size() == 1 && now["jobs"][0]["strategy_id"] == "mine" && now["jobs"][0]["state"] == "enabled"; }))
    << "its source is kept";
  const auto source = http_send(port(), "PUT", "/api/v1/strategies/mine/source", json{{"source", wrong}}.dump());
  EXPECT_EQ(source.status, 422) << source.body;
}

TEST_F(job_node, a_limit_profile_works_where_an_admin_has_given_it) {
  write("bare", job_of("bare_v1", "  limit_profile: rebalance\n"));
  write("given", job_of("given_v1", "  limit_profile: rebalance\n"));
  write("nope", job_of("nope_v1", "  limit_profile: nope\n"));
  start();
  EXPECT_EQ(job("nope_v1")["state"], json()) << "an unknown profile is an error";
  bool told = false;
  const auto all = ask("/api/v1/jobs");
  for (const auto& one : all["jobs"])
    if (one["file"] == "nope.yml") told = one["findings"].dump().find("there is no limit profile") != std::string::npos;
  EXPECT_TRUE(told);
  risk::limit_change change; // over HTTP loopback is no admin
  change.where = {risk::limit_scope::strategy, "given_v1"};
  change.profile = "rebalance";
  change.author = "root";
  change.reason = "test";
  change.by = risk::limit_change::role::admin;
  const auto set = wait_for<std::uint64_t>([&](auto done) { running->accounts()->set_limits({"root", risk::access::admin}, change, done); });
  ASSERT_TRUE(set) << to_string(set.error());
  const auto ordered = [&](const std::string& id) {
    const auto ran = post("/api/v1/jobs/" + id + "/run", json::object());
    EXPECT_EQ(ran.status, 200) << ran.body;
    return json::parse(ran.body);
  };
  const auto bare = ordered("bare_v1"), given = ordered("given_v1");
  EXPECT_EQ(bare["limit_profile"]["state"], "not_assigned");
  EXPECT_NE(bare["notices"].dump().find("until an admin assigns it"), std::string::npos);
  EXPECT_EQ(given["limit_profile"]["state"], "assigned");
  ASSERT_EQ(given["signals"].size(), 1u);
  const auto qty = [](const json& run, const char* key) { return std::stod(run["signals"][0].value(key, std::string("0"))); };
  EXPECT_EQ(qty(given, "ordered_quantity"), qty(given, "quantity")) << "uncut";
  EXPECT_LT(qty(bare, "ordered_quantity"), qty(bare, "quantity")) << "cut to the usual limit";
  EXPECT_TRUE(until("/api/v1/jobs", [](const json& now) {
    for (const auto& one : now["jobs"])
      if (one["strategy_id"] == "bare_v1") return one["findings"].dump().find("LIMIT_CONFLICT") != std::string::npos;
    return false;
  })) << "and its file says so";
  risk::limit_change made;
  made.what = risk::limit_change::target::profile;
  made.profile = "nope";
  made.values = {{risk::limit_id::max_position_size, risk::limit_setting::of(*decimal::parse("0.3"))}};
  made.author = "root", made.reason = "test", made.by = risk::limit_change::role::admin;
  ASSERT_TRUE(wait_for<std::uint64_t>([&](auto done) { running->accounts()->set_limits({"root", risk::access::admin}, made, done); }));
  EXPECT_TRUE(until("/api/v1/jobs", [](const json& now) {
    for (const auto& one : now["jobs"])
      if (one["strategy_id"] == "nope_v1") return one["state"] == "enabled";
    return false;
  })) << "a profile that is made later is found";
  EXPECT_EQ(ask("/api/v1/risk/limit-profiles/nope")["limits"], json({{"max_position_size", 0.3}}));
}

TEST(resident_scheduler, hands_every_slot_to_a_node_once) {
  temporary_folder folder;
  std::ofstream(folder.path("always.yml")) << job_of("always_v1");
  std::ofstream(folder.path("wrong.yml")) << "schema: 2\n";
  std::mutex mutex;
  std::vector<std::string> slots;
  auto now = *parse_iso8601("2026-01-15T15:01:00Z");
  int looks = 0;
  resident_world world;
  world.clock = [&] { return now; };
  world.run = [&](const strategy::job_plan& plan, utc_time slot) {
    const std::lock_guard lock{mutex};
    slots.push_back(plan.spec.strategy_id + " " + to_iso8601(slot));
    return job_exit::done;
  };
  world.wait = [&](std::size_t under_way) { // 15:01, 15:05:03, 15:10:03; looks again while something runs
    constexpr std::chrono::seconds steps[] = {std::chrono::seconds{243}, std::chrono::seconds{300}};
    if (under_way > 0) return std::this_thread::yield(), true;
    if (looks == 2) return false;
    now += steps[looks++];
    return true;
  };
  strategy::check_context context;
  const auto kept = keep_schedule(folder.path(), {}, context, world);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(slots, (std::vector<std::string>{"always_v1 2026-01-15T15:05:00.000Z", "always_v1 2026-01-15T15:10:00.000Z"}));
  EXPECT_FALSE(keep_schedule(folder.path("nowhere"), {}, context, world));
}

TEST(shipped_jobs, have_data_on_a_fresh_install) {
  const auto universe = default_universe();
  const std::set<std::string> simulated(universe.begin(), universe.end());
  const auto master = *instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
  strategy::check_context context;
  context.instruments = &master;
  context.now = *parse_iso8601("2026-01-02T00:00:00Z");
  const auto files = read_job_folder(TT_SOURCE_DIR "/config/strategies", {}, context);
  ASSERT_TRUE(files);
  EXPECT_EQ(files->size(), 3u);
  for (const auto& file : *files)
    for (const auto& symbol : file.checked.spec->symbols()) EXPECT_TRUE(simulated.contains(symbol)) << file.path << " " << symbol;
}

} // namespace
} // namespace tt::cluster::test
