// The jobs of a node: what switches off stays off, what goes out as notices, what a run's record says, registered sources.

#include "cluster/jobs/job_service.hpp"

#include "tests/gateways/support/scripted_market.hpp"
#include "tests/support/scripted_order_desk.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>

namespace tt::cluster::test {
namespace {

using gateway::test::scripted_market;
using nlohmann::json;

const std::string job_text = R"yaml(schema: 2
name: always
schedule: {every: 5m, align: bar_close, session: regular}
job:
  type: strategy
  strategy_id: always_v1
  parameters: {symbols: [AAPL], position_size: 0.1, max_positions: 2}
  data_sources: [{name: history, kind: bars, resolution: "5", lookback_periods: 20}]
  conditions:
    entry_long: ["close > 0"]
    exit_long: ["close < 0"]
  webhooks:
    all:
      url: "https://hooks.example.com/a"
      payload_templates:
        entry: {event: entry, symbol: "{symbol}", shares: "{shares}", money: "{dollar_amount}", rsi: "{rsi}", weight: "{current_weight}"}
        rejected: {event: rejected, why: "{error_message}"}
        run: {event: run, how: "{reason}"}
        disabled: {event: disabled, why: "{reason}"}
    trades: {url: "https://hooks.example.com/b", payload_templates: {trade: {event: trade, shares: "{shares}"}}}
    many: {url: "https://hooks.example.com/c", condition: "shares > 1000", payload_templates: {entry: {event: many}}}
)yaml";

class kept_sender final : public notice_sender {
public:
  [[nodiscard]] result<void> check(std::string_view) const override { return {}; }
  void send(notice what, reply done) override {
    {
      const std::lock_guard lock{mutex_};
      sent_.push_back(std::move(what));
    }
    done(notice_receipt{204, 1});
  }
  /// The bodies so far, forgotten afterwards.
  std::vector<std::string> take() {
    const std::lock_guard lock{mutex_};
    std::vector<std::string> out;
    for (auto& one : std::exchange(sent_, {})) out.push_back(std::move(one.body));
    return out;
  }

private:
  std::mutex mutex_;
  std::vector<notice> sent_;
};

/// Takes a third less than was asked for, as the gate does.
class cutting_desk final : public tt::test::scripted_order_desk {
public:
  void place(signal_order what, reply<signal_outcome> done) override {
    const auto* asked = std::get_if<size_quantity>(&what.request.size);
    const auto qty = asked ? asked->value : quantity{};
    scripted_order_desk::place(std::move(what), [qty, done = std::move(done)](result<signal_outcome> got) {
      if (got && got->how != signal_outcome::kind::refused) got->what.terms.qty = quantity{decimal::divide(qty.value() * decimal{2}, decimal{3}, rounding::down).rounded_to(decimal{1}, rounding::down)};
      if (got && got->how == signal_outcome::kind::refused) got->what.reason = "over its limit";
      done(std::move(got));
    });
  }
};

class job_service_test : public ::testing::Test {
protected:
  job_service_test() {
    std::filesystem::create_directories(folder.path("jobs"));
    write(job_text);
    market.set_time(*parse_iso8601("2026-01-15T20:00:03Z"));
    const auto bars = scripted_market::make_bars(*parse_iso8601("2026-01-15T14:30:00Z"), std::chrono::minutes{5}, 66);
    market.set_bars("AAPL", timeframe::minutes(5), session_hours::regular, bars);
    account_figures figures;
    figures.equity = figures.cash = figures.start_of_day_equity = figures.peak_equity = money{100'000};
    desk->set_figures(figures);
  }
  void write(const std::string& text) const { std::ofstream(folder.path("jobs/always.yml")) << text; }
  void start() {
    service.reset();
    job_surroundings with;
    with.world.market = &market;
    with.world.desk = desk;
    with.world.clock = [this] { return market.market_time(); };
    with.world.bar_patience = std::chrono::milliseconds{0};
    with.world.profiles = [this](const account_id&, gateway::reply<strategy::account_profiles> done) { done(profiles); };
    if (gate) with.world.gate = [this](order_request what, gateway::reply<gateway::order_preview> done) { done(gate(what)); };
    with.folder = folder.path("jobs");
    with.log = sql_place{.name = "jobs", .file = folder.path("jobs.sqlite")};
    with.master = std::shared_ptr<const instrument_master>(std::shared_ptr<void>{}, &market.instruments());
    with.stored = stored;
    with.checks.profiles = {{"rebalance", {}}};
    with.sender = sender;
    auto started = job_service::start(std::move(with));
    ASSERT_TRUE(started) << to_string(started.error());
    service = std::move(*started);
  }
  result<std::string> run(const std::string& id, const std::string& hash = {}) {
    auto told = std::make_shared<std::promise<result<std::string>>>();
    auto answer = told->get_future();
    gateway::job_run_call call;
    call.strategy_id = id, call.content_hash = hash;
    service->run(call, [told](result<std::string> report) { told->set_value(std::move(report)); });
    return answer.get();
  }
  [[nodiscard]] gateway::job_file_view view(const std::string& id) const {
    for (auto& one : service->jobs())
      if (one.strategy_id == id) return one;
    return {};
  }

  tt::test::temporary_folder folder;
  scripted_market market;
  std::shared_ptr<cutting_desk> desk = std::make_shared<cutting_desk>();
  std::shared_ptr<kept_sender> sender = std::make_shared<kept_sender>();
  strategy::account_profiles profiles;
  stored_jobs stored;
  std::function<gateway::order_preview(const order_request&)> gate;
  std::unique_ptr<job_service> service;
};

TEST_F(job_service_test, a_job_that_was_switched_off_stays_off_over_a_restart_and_an_edit) {
  start();
  ASSERT_EQ(view("always_v1").state, "enabled");
  ASSERT_TRUE(service->switch_job({"always_v1", gateway::job_switch::disable, "too wild", "ann"}));
  EXPECT_EQ(view("always_v1").state, "disabled");
  EXPECT_EQ(sender->take(), std::vector<std::string>{R"({"event":"disabled","why":"too wild"})"});
  start();
  const auto again = view("always_v1");
  EXPECT_EQ(again.state, "disabled");
  ASSERT_TRUE(again.switched);
  EXPECT_EQ(again.switched->reason, "too wild");
  EXPECT_EQ(again.switched->author, "ann");
  EXPECT_FALSE(again.next);
  write(job_text + "# edited\n");
  start();
  EXPECT_EQ(view("always_v1").state, "disabled");
  ASSERT_TRUE(service->switch_job({"always_v1", gateway::job_switch::enable, "", "bob"}));
  start();
  EXPECT_EQ(view("always_v1").state, "enabled");
  EXPECT_FALSE(service->switch_job({"nobody", gateway::job_switch::enable, "", "bob"}));
}

TEST_F(job_service_test, notices_say_what_was_ordered_and_what_the_names_were_worth) {
  start();
  const auto report = run("always_v1");
  ASSERT_TRUE(report) << to_string(report.error());
  const auto told = sender->take();
  ASSERT_EQ(told.size(), 3u) << *report;
  const auto entry = json::parse(told[0]);
  EXPECT_EQ(entry["symbol"], "AAPL");
  EXPECT_TRUE(entry["shares"].is_number_integer()) << entry;
  EXPECT_EQ(entry["shares"], 66) << "99 were asked for";
  EXPECT_NEAR(entry["money"].get<double>(), 66 * 100.67, 1e-6);
  EXPECT_TRUE(entry["rsi"].is_number()) << entry;
  EXPECT_EQ(entry["weight"], 0);
  EXPECT_EQ(told[1], R"({"event":"trade","shares":66})");
  EXPECT_EQ(told[2], R"({"event":"run","how":"done"})");
}

TEST_F(job_service_test, missing_data_is_told_and_no_more_once_it_is_there) {
  auto text = job_text;
  text.replace(text.find("symbols: [AAPL]"), 15, "symbols: [AAPL, MSFT]");
  write(text + "    gaps: {url: \"https://hooks.example.com/d\", payload_templates: {missing_data: {event: missing, symbol: \"{symbol}\", why: \"{error_message}\"}}}\n");
  const auto bars = [](std::size_t count) { return scripted_market::make_bars(*parse_iso8601("2026-01-15T14:30:00Z"), std::chrono::minutes{5}, count); };
  market.set_bars("MSFT", timeframe::minutes(5), session_hours::regular, bars(65)); // the newest one has not come
  start();
  const auto has = [](const std::vector<std::string>& all, const std::string& part) { return std::ranges::any_of(all, [&](const auto& one) { return one.find(part) != std::string::npos; }); };
  const auto late = run("always_v1");
  ASSERT_TRUE(late) << to_string(late.error());
  EXPECT_EQ(json::parse(*late)["left_out"], json({"MSFT"}));
  EXPECT_TRUE(has(sender->take(), R"({"event":"missing","symbol":"MSFT","why":"data_late"})"));
  EXPECT_EQ(desk->placed().size(), 1u) << "the other one is traded";
  market.set_time(*parse_iso8601("2026-01-15T20:05:03Z"));
  for (const auto* symbol : {"AAPL", "MSFT"}) market.set_bars(symbol, timeframe::minutes(5), session_hours::regular, bars(67));
  const auto whole = run("always_v1");
  ASSERT_TRUE(whole) << to_string(whole.error());
  EXPECT_EQ(json::parse(*whole)["left_out"], json::array());
  EXPECT_FALSE(has(sender->take(), "missing"));
}

TEST_F(job_service_test, a_preview_asks_the_gate_and_sends_nothing) {
  gate = [](const order_request& what) {
    gateway::order_preview out;
    out.decision.result = verdict::approved_reduced;
    out.decision.approved = quantity{40};
    out.fees = money{1};
    EXPECT_EQ(what.strategy.str(), "always_v1");
    return out;
  };
  start();
  gateway::job_preview_call call;
  call.source = job_text, call.bars = 30;
  const auto preview = [&] {
    auto told = std::make_shared<std::promise<result<gateway::job_preview_view>>>();
    auto answer = told->get_future();
    service->preview(call, [told](result<gateway::job_preview_view> got) { told->set_value(std::move(got)); });
    return answer.get();
  };
  const auto got = preview();
  ASSERT_TRUE(got) << to_string(got.error());
  EXPECT_EQ(got->slot, *parse_iso8601("2026-01-15T20:00:00Z"));
  EXPECT_EQ(got->symbol, "AAPL");
  EXPECT_EQ(got->bars, 30u);
  EXPECT_FALSE(got->simulated.failure) << *got->simulated.failure;
  const auto report = json::parse(got->report);
  ASSERT_EQ(report["signals"].size(), 1u) << report;
  const auto signal = report["signals"][0];
  EXPECT_EQ(signal["quantity"], "99") << "shares: a tenth of 100,000 at 100.67";
  EXPECT_EQ(signal["weight"], "0.1");
  EXPECT_EQ(signal["ordered_quantity"], "40");
  EXPECT_EQ(signal["would_accept"], true);
  EXPECT_EQ(signal["order_state"], "not sent");
  EXPECT_EQ(report["lists"][0]["items"].size(), 1u);
  ASSERT_FALSE(got->simulated.markers.empty());
  EXPECT_GT(got->simulated.markers.front().size, 0);
  EXPECT_TRUE(desk->placed().empty());
  EXPECT_TRUE(sender->take().empty());
  EXPECT_EQ(view("always_v1").runs, 0u);
  call.source = "schema: 2\n";
  EXPECT_EQ(preview().error().field, "source");
}

TEST_F(job_service_test, an_order_that_the_gate_refuses_is_no_trade) {
  desk->answer_with(signal_outcome::kind::refused);
  start();
  ASSERT_TRUE(run("always_v1"));
  EXPECT_EQ(sender->take(), (std::vector<std::string>{R"({"event":"rejected","why":"over its limit"})", R"({"event":"run","how":"refused"})"}));
}

TEST_F(job_service_test, a_run_says_what_it_read_and_whether_it_has_its_limit_profile) {
  auto text = job_text;
  write(text.replace(text.find("  parameters:"), 0, "  limit_profile: rebalance\n"));
  profiles.named["rebalance"] = {};
  start();
  const auto bare = run("always_v1");
  ASSERT_TRUE(bare) << to_string(bare.error());
  const auto record = json::parse(*bare);
  EXPECT_EQ(record["inputs_hash"].get<std::string>().size(), 32u);
  EXPECT_EQ(record["limit_profile"], json({{"name", "rebalance"}, {"state", "not_assigned"}}));
  EXPECT_NE(record["notices"][0].get<std::string>().find("until an admin assigns it"), std::string::npos);
  profiles.of_strategies["always_v1"] = "rebalance";
  market.set_time(*parse_iso8601("2026-01-15T20:05:03Z"));
  market.set_bars("AAPL", timeframe::minutes(5), session_hours::regular, scripted_market::make_bars(*parse_iso8601("2026-01-15T14:30:00Z"), std::chrono::minutes{5}, 67));
  const auto given = run("always_v1");
  ASSERT_TRUE(given) << to_string(given.error());
  EXPECT_EQ(json::parse(*given)["limit_profile"]["state"], "assigned");
  EXPECT_NE(json::parse(*given)["inputs_hash"], record["inputs_hash"]);
}

TEST_F(job_service_test, another_version_of_the_file_does_not_run) {
  start();
  const auto other = run("always_v1", "0123456789abcdef0123456789abcdef");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, errc::not_found);
  EXPECT_EQ(other.error().field, "content_hash");
  EXPECT_TRUE(desk->placed().empty());
}

TEST_F(job_service_test, a_registered_source_is_a_job_whose_switch_is_the_registrys) {
  std::mutex mutex;
  std::vector<stored_job> list{{"mine", 1, "paper_two", strategy::job_state::enabled}};
  std::vector<std::string> switched;
  auto text = job_text;
  text.replace(text.find("always_v1"), 9, "mine");
  stored.list = [&] {
    const std::lock_guard lock{mutex};
    return list;
  };
  stored.source = [text](const std::string&) -> result<std::string> { return text; };
  stored.switch_to = [&](const std::string& id, strategy::job_state to, const std::string&, const std::string& author) -> result<void> {
    const std::lock_guard lock{mutex};
    switched.push_back(id + (to == strategy::job_state::enabled ? " on by " : " off by ") + author);
    list[0].state = to;
    return {};
  };
  start();
  EXPECT_EQ(view("mine").origin, gateway::job_file_view::home::registry);
  EXPECT_EQ(view("mine").account, "paper_two");
  const auto report = run("mine");
  ASSERT_TRUE(report) << to_string(report.error());
  ASSERT_EQ(desk->placed().size(), 1u);
  EXPECT_EQ(desk->placed()[0].request.account.str(), "paper_two");
  ASSERT_TRUE(service->switch_job({"mine", gateway::job_switch::disable, "", "ann"}));
  EXPECT_EQ(view("mine").state, "disabled");
  start();
  EXPECT_EQ(view("mine").state, "disabled");
  {
    const std::lock_guard lock{mutex};
    EXPECT_EQ(switched, std::vector<std::string>{"mine off by ann"});
    list[0].state = strategy::job_state::enabled; // by the registry's own route
  }
  start();
  EXPECT_EQ(view("mine").state, "enabled") << "and nothing else remembers that it was off";
  service.reset();
}

} // namespace
} // namespace tt::cluster::test
