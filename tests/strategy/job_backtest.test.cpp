// A job over history: the shared account, fills of the emulator, protection, the service's plan; and indicators against
// those of a Pine script.
#include "actors/backtest/results.hpp"
#include "actors/pine/ta.hpp"
#include "actors/strategy/jobs/backtest_plan.hpp"
#include "actors/strategy/jobs/job_study.hpp"
#include "tests/strategy/job_files.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace tt::strategy {
namespace {

using backtest::bar_set;

std::shared_ptr<const pine::symbol_info> info_of(const std::string& symbol) {
  return std::make_shared<const pine::symbol_info>(backtest::symbol_facts(*shipped_instruments().find(symbol), session_hours::regular));
}

/// Five-minute bars of one trading day, 2026-01-15, from these closes; opens are the closes before.
std::shared_ptr<const bar_set> day_of(const std::string& symbol, const std::vector<double>& closes, std::size_t warmup = 0) {
  std::vector<pine::bar> bars;
  const auto open = unix_ms(*parse_iso8601("2026-01-15T14:30:00Z"));
  for (std::size_t i = 0; i < closes.size(); ++i) {
    const double before = i ? closes[i - 1] : closes[0], high = std::max(before, closes[i]), low = std::min(before, closes[i]);
    bars.push_back({open + static_cast<std::int64_t>(i) * 300'000, before, high, low, closes[i], 1'000});
  }
  return *bar_set::make({symbol, timeframe::minutes(5)}, info_of(symbol), std::move(bars), warmup);
}

job_backtest_input input(const std::string& text, std::vector<std::shared_ptr<const bar_set>> bars) {
  job_backtest_input in;
  in.plan = plan_of(text);
  in.bars = std::move(bars);
  in.initial_capital = 100'000;
  in.step = backtest::curve_step::bar;
  return in;
}

std::string shown(const backtest::pair_outcome& o) {
  std::string out;
  for (const auto& t : o.trades) {
    char row[200];
    std::snprintf(row, sizeof row, "%s%s %g %g->%g %s/%s", out.empty() ? "" : "; ", o.key.symbol.c_str(), t.quantity, t.entry_price, t.exit_price, t.entry_reason.c_str(), t.exit_reason.c_str());
    out += row;
  }
  return out;
}

TEST(job_backtest, fills_from_the_bar_after_the_run) {
  // close above the mean of three at bar 3 (index 2): bought at the next open, which is that close
  const auto done = run_job_backtest(input(with(small_job, "[AAPL, MSFT]", "[AAPL]"), {day_of("AAPL", {100, 100, 101, 102, 101, 100, 100, 100})}));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(shown(done->outcomes[0]), "AAPL 99 101->101 entry_long/close < sma(3)");
  EXPECT_EQ(done->runs, 8u);
  EXPECT_EQ(done->signals, 2u);
}

TEST(job_backtest, protection_works_inside_of_a_bar) {
  const auto done = run_job_backtest(input(with(small_job, "[AAPL, MSFT]", "[AAPL]"), {day_of("AAPL", {100, 100, 101, 110, 110, 110})}));
  ASSERT_TRUE(done);
  // bought at 101; the target 6 % above lies inside of the bar that rises to 110. Bought again after it.
  EXPECT_EQ(shown(done->outcomes[0]).substr(0, 46), "AAPL 99 101->107.06 entry_long/take_profit");
}

TEST(job_backtest, symbols_share_one_account) {
  const auto text = with(with(small_job, "position_size: 0.1", "position_size: 0.6"), "stop_loss: 0.03, take_profit: 0.06, ", "");
  const std::vector<double> closes{100, 100, 101, 102, 103, 104};
  const auto done = run_job_backtest(input(text, {day_of("AAPL", closes), day_of("MSFT", closes)}));
  ASSERT_TRUE(done);
  // 60 % twice is more than there is: the second is not bought
  EXPECT_EQ(done->outcomes[0].open_trades.size(), 1u);
  EXPECT_EQ(done->outcomes[1].open_trades.size(), 0u);
  double initial = 0, final = 0;
  for (const auto& o : done->outcomes) initial += o.initial, final += o.final_equity;
  EXPECT_NEAR(initial, 100'000, 1e-9);
  EXPECT_NEAR(final, 100'000 + 594 * 3, 1e-6); // 594 shares, bought at 101
}

TEST(job_backtest, a_fall_inside_of_a_day_is_a_drawdown) {
  const auto text = with(with(small_job, "position_size: 0.1", "position_size: 0.6"), "stop_loss: 0.03, take_profit: 0.06, ", "");
  const std::vector<double> calm{100, 100, 100, 100, 100, 100};
  const auto done = run_job_backtest(input(text, {day_of("AAPL", {100, 100, 101, 102, 90, 104}), day_of("MSFT", calm)}));
  ASSERT_TRUE(done);
  const auto& o = done->outcomes[0];
  EXPECT_NEAR(o.falls.value().money, 594 * 12, 1e-6) << "594 shares from 102 to 90, whatever the curve keeps";
}

TEST(job_backtest, the_same_inputs_give_the_same_bytes) {
  const std::vector<double> closes{100, 100, 101, 102, 101, 100, 103, 99, 101, 104};
  const auto bars = std::vector{day_of("AAPL", closes), day_of("MSFT", closes)};
  const auto a = run_job_backtest(input(small_job, bars)), b = run_job_backtest(input(small_job, bars));
  ASSERT_TRUE(a && b);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(backtest::to_bytes(a->outcomes[i]), backtest::to_bytes(b->outcomes[i]));
}

TEST(job_backtest, a_range_knows_what_lies_before_it_and_nothing_of_what_lies_behind) {
  const auto text = with(small_job, "[AAPL, MSFT]", "[AAPL]");
  const std::vector<double> closes{100, 100, 101, 102, 101, 100, 101, 103, 104, 104, 100, 99};
  auto changed = closes;
  changed[10] = 200, changed[11] = 300;
  const auto bars = day_of("AAPL", closes);
  const auto run = [&](const std::vector<double>& of) {
    auto in = input(text, {day_of("AAPL", of)});
    in.range = backtest::time_range{bars->bars()[5].time_ms, bars->bars()[10].time_ms};
    return run_job_backtest(in);
  };
  const auto done = run(closes), other = run(changed);
  ASSERT_TRUE(done && other) << done.error().message;
  const auto& o = done->outcomes[0];
  EXPECT_EQ(o.bars, 5);
  EXPECT_EQ(o.first_ms, bars->bars()[5].time_ms);
  EXPECT_EQ(o.last_ms, bars->bars()[9].time_ms);
  for (const auto& t : o.trades) EXPECT_GE(t.entry_ms, o.first_ms) << "what was bought before is not its own";
  ASSERT_EQ(o.open_trades.size(), 1u) << "the mean of three is known from its first bar on: it buys when 103 closes above it";
  EXPECT_EQ(o.final_equity, other->outcomes[0].final_equity);
  EXPECT_EQ(o.curve.size(), other->outcomes[0].curve.size());
}

TEST(job_backtest, needs_name_every_timeframe_once) {
  const auto needs = series_needs(*shipped_plan("mean_reversion_strategy"));
  ASSERT_TRUE(needs);
  ASSERT_EQ(needs->size(), 10u); // five symbols: 15 minutes and days
  EXPECT_EQ(needs->at(0).frame, timeframe::minutes(15));
  EXPECT_EQ(needs->at(1).frame, timeframe::days(1));
  EXPECT_GE(needs->at(0).warmup, 200);
  EXPECT_FALSE(series_needs(*shipped_plan("portfolio_rebalance")));
}

TEST(job_backtest, indicators_are_those_of_pine) {
  std::vector<double> closes;
  double level = 100;
  for (int i = 0; i < 78; ++i) closes.push_back(level *= 1 + 0.002 * std::sin(i * 1.7) + 0.001 * std::cos(i * 0.3));
  job_spec spec = plan_of(small_job)->spec;
  job_names names(spec);
  const auto handle = [&](std::string_view name) { return names.find({"", name})->handle; };
  const auto rsi = handle("rsi"), lower = handle("bollinger_lower"), upper = handle("bollinger_upper"), macd = handle("macd_hist");
  source_bars bars;
  const auto set = day_of("AAPL", closes);
  bars.bars = set->bars();
  for (const auto& b : bars.bars) bars.closed_ms.push_back(b.time_ms + 300'000);
  const symbol_series series(names.bindings(), settings_of(spec), {bars}, {});
  auto pine_rsi = pine::ta::rsi(14), pine_bb = pine::ta::bb(20, 2), pine_macd = pine::ta::macd(12, 26, 9);
  double r = 0;
  for (const double c : closes) r = pine_rsi.next(c), pine_bb.next(c), pine_macd.next(c);
  EXPECT_EQ(series.at(rsi, 78, 0), r);
  EXPECT_EQ(series.at(upper, 78, 0), pine_bb.values()[1]);
  EXPECT_EQ(series.at(lower, 78, 0), pine_bb.values()[2]);
  EXPECT_EQ(series.at(macd, 78, 0), pine_macd.values()[2]);
  EXPECT_TRUE(std::isnan(series.at(rsi, 5, 0)));
}

// ---------------------------------------------------------------- the service's plan and runner

std::string request_text() {
  nlohmann::json body{{"yaml", small_job}, {"start_date", "2026-01-15"}, {"end_date", "2026-01-15"}, {"initial_capital", 100'000}, {"inputs", {{"position_size", "0.2"}}}};
  complete_request(body);
  EXPECT_EQ(body["symbols"], nlohmann::json({"AAPL", "MSFT"}));
  EXPECT_EQ(body["timeframes"], nlohmann::json({"5m"}));
  const auto parsed = backtest::parse_backtest(body);
  EXPECT_TRUE(parsed.value);
  return backtest::canonical_text(*parsed.value);
}

TEST(job_service_plan, runs_all_symbols_in_one_piece_and_keeps_a_part_of_each) {
  const auto text = request_text();
  auto made = strategy::make_plan(backtest::job_kind::backtest, text, {});
  ASSERT_TRUE(std::holds_alternative<std::unique_ptr<backtest::job_plan>>(made)) << std::get<backtest::plan_failure>(made).reason.message;
  auto& plan = *std::get<0>(made);
  ASSERT_EQ(plan.series().size(), 2u);
  const std::vector<double> closes{100, 100, 101, 102, 101, 100, 100, 100};
  const std::vector bars{day_of("AAPL", closes), day_of("MSFT", closes)};
  ASSERT_TRUE(plan.begin({backtest::series_ref{"h", 1, 8}, backtest::series_ref{"h", 1, 8}}));
  const auto piece = plan.next();
  ASSERT_TRUE(piece);
  EXPECT_FALSE(plan.next());
  auto runner = strategy::make_runner(backtest::job_kind::backtest, text);
  ASSERT_TRUE(runner);
  backtest::run_control control;
  const auto bytes = (*runner)->run(piece->text, bars, {}, control);
  ASSERT_TRUE(bytes) << bytes.error().message;
  const auto parts = plan.put(piece->number, bytes);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->size(), 2u);
  EXPECT_TRUE(plan.finished());
  EXPECT_FALSE(plan.failure());
  std::vector<backtest::pair_outcome> outcomes;
  for (const auto& part : *parts) outcomes.push_back(*backtest::pair_outcome_from_bytes(part.bytes));
  EXPECT_EQ(shown(outcomes[0]), "AAPL 198 101->101 entry_long/close < sma(3)"); // twice the file's size, by `inputs`
  auto results = backtest::job_results::combine(*backtest::parse_backtest(nlohmann::json::parse(text)).value, std::move(outcomes), {});
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_NEAR(results->initial(), 100'000, 1e-9);
}

TEST(job_service_plan, a_symbol_without_bars_fails_alone) {
  auto made = strategy::make_plan(backtest::job_kind::backtest, request_text(), {});
  auto& plan = *std::get<0>(made);
  const auto kept = plan.begin({backtest::series_ref{"h", 1, 8}, error{errc::not_found, "no bars"}});
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), 1u);
  EXPECT_EQ(plan.next()->text, "AAPL");
}

TEST(job_service_plan, a_job_that_is_wrong_says_so) {
  nlohmann::json body{{"yaml", with(small_job, "close > sma(3)", "clsoe > sma(3)")}, {"symbols", {"AAPL"}}, {"start_date", "2026-01-15"}, {"end_date", "2026-01-15"}};
  const auto parsed = backtest::parse_backtest(body);
  ASSERT_TRUE(parsed.value);
  auto made = strategy::make_plan(backtest::job_kind::backtest, backtest::canonical_text(*parsed.value), {});
  ASSERT_TRUE(std::holds_alternative<backtest::plan_failure>(made));
  EXPECT_NE(std::get<backtest::plan_failure>(made).diagnostics.find("EXPR_UNKNOWN_NAME"), std::string::npos);
}

// ---------------------------------------------------------------- studies

std::string study_text(const nlohmann::json& parameters, const std::string& yaml = small_job) {
  nlohmann::json body{{"yaml", yaml}, {"start_date", "2026-01-15"}, {"end_date", "2026-01-15"}, {"initial_capital", 100'000}, {"commission", 0},
                      {"objective", "net_profit"}, {"parameters", parameters}};
  complete_request(body);
  const auto parsed = backtest::parse_study(body);
  for (const auto& p : parsed.problems) ADD_FAILURE() << to_string(p);
  return backtest::canonical_text(*parsed.value);
}

const std::vector<double> hill{100, 100, 101, 103, 105, 106, 104, 100};

/// Everything as that many workers would get it: the results document.
nlohmann::ordered_json study_results(const std::string& text, std::uint64_t workers) {
  const backtest::bar_opener open = [](const backtest::series_ref&) { return day_of("AAPL", hill); };
  auto made = strategy::make_plan(backtest::job_kind::study, text, open);
  if (auto* failed = std::get_if<backtest::plan_failure>(&made)) return ADD_FAILURE() << failed->reason.message, nullptr;
  auto& plan = *std::get<0>(made);
  const std::vector bars{day_of("AAPL", hill), day_of("MSFT", hill)};
  EXPECT_TRUE(plan.begin({backtest::series_ref{"h", 1, 8}, backtest::series_ref{"h", 1, 8}}));
  plan.staffed(workers);
  const auto runner = strategy::make_runner(backtest::job_kind::study, text).value();
  backtest::job_record record;
  record.id = "one", record.kind = backtest::job_kind::study, record.state = backtest::job_state::completed, record.request = text;
  record.series = {backtest::series_ref{"h", 1, 8}, backtest::series_ref{"h", 1, 8}}, record.open = open;
  while (const auto piece = plan.next()) {
    backtest::run_control control;
    for (auto& part : plan.put(piece->number, runner->run(piece->text, bars, {}, control)).value()) record.parts.push_back(std::move(part));
  }
  EXPECT_TRUE(plan.finished());
  const auto document = backtest::make_document_writer("v")->write(record.kind, record.id, record.state, {}, [&] { return result<backtest::job_record>(record); });
  EXPECT_TRUE(document) << document.error().message;
  return nlohmann::ordered_json::parse(document->text);
}

TEST(job_study, the_best_parameters_are_those_of_the_best_backtest) {
  // sizes of 10, 20 and 30 percent in each of two symbols that rise: the more the better
  const auto text = study_text({{"position_size", {{"min", 0.1}, {"max", 0.3}, {"step", 0.1}}}});
  const auto results = study_results(text, 1);
  ASSERT_EQ(results["trials_done"], 3);
  EXPECT_NEAR(results["best"][0]["params"]["position_size"].get<double>(), 0.3, 1e-12);
  ASSERT_GT(results["best"][0]["objective"].get<double>(), 0);
  EXPECT_EQ(results["best"][0]["results"]["initial_capital"], 100'000.0) << "one account";
  // the same by hand: a backtest of the job with these values
  auto request = backtest::parse_study(nlohmann::json::parse(text)).value->base;
  request.inputs["position_size"] = "0.3";
  const auto checked = job_of(request);
  auto in = input_for(request, checked.plan);
  in.bars = {day_of("AAPL", hill), day_of("MSFT", hill)};
  auto run = run_job_backtest(in);
  ASSERT_TRUE(run) << run.error().message;
  const auto whole = backtest::job_results::combine(request, std::move(run->outcomes), {});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->assumptions()["capital_mode"], "shared") << "whatever the request says";
  EXPECT_EQ(results["best"][0]["results"]["final_equity"], nlohmann::ordered_json::parse(backtest::to_text(whole->results()))["final_equity"]);
  EXPECT_EQ(study_results(text, 4), results) << "for any number of workers";
}

TEST(job_study, values_that_the_job_refuses_fail_their_trial_alone) {
  const auto results = study_results(study_text({{"max_positions", {{"values", {"2", "many"}}}}}), 1);
  EXPECT_EQ(results["trials_done"], 2);
  EXPECT_EQ(results["best"].size(), 1u);
  EXPECT_EQ(results["best"][0]["params"]["max_positions"], "2");
}

TEST(job_study, walks_forward) {
  auto body = nlohmann::json::parse(study_text({{"position_size", {{"min", 0.1}, {"max", 0.3}, {"step", 0.1}}}}));
  body["method"] = "walk_forward";
  body["walk_forward"] = {{"train", 4}, {"test", 2}};
  const auto parsed = backtest::parse_study(body);
  for (const auto& p : parsed.problems) ADD_FAILURE() << to_string(p);
  const auto text = backtest::canonical_text(*parsed.value);
  const auto results = study_results(text, 1);
  ASSERT_EQ(results["walk_forward"]["windows"].size(), 2u) << results.dump(1).substr(0, 2'000);
  EXPECT_EQ(study_results(text, 4), results) << "for any number of workers";
  // the second window by hand: its winner on the two bars behind its train
  const auto& window = results["walk_forward"]["windows"][1];
  auto request = parsed.value->base;
  request.inputs["position_size"] = window["params"]["position_size"].dump();
  auto in = input_for(request, job_of(request).plan);
  in.bars = {day_of("AAPL", hill), day_of("MSFT", hill)};
  const auto& times = in.bars.front()->bars();
  in.range = backtest::time_range{times[6].time_ms, times[7].time_ms + 1};
  const auto alone = run_job_backtest(in);
  ASSERT_TRUE(alone);
  double made = 0;
  for (const auto& o : alone->outcomes) made += o.final_equity - o.initial;
  EXPECT_NEAR(window["out_of_sample"]["total_return"].get<double>(), made / 100'000, 1e-12);
}

TEST(job_study, names_that_do_not_go_are_named) {
  const auto field_of = [](const std::string& text) {
    auto made = strategy::make_plan(backtest::job_kind::study, text, {});
    auto* failed = std::get_if<backtest::plan_failure>(&made);
    return failed == nullptr ? std::string() : failed->reason.field;
  };
  EXPECT_EQ(field_of(study_text({{"speed", {{"min", 1}, {"max", 3}}}})), "parameters.speed");
  EXPECT_EQ(field_of(study_text({{"symbols", {{"values", {"AAPL"}}}}})), "parameters.symbols");
}

TEST(job_study, bars_reach_back_as_far_as_the_longest_trial_needs) {
  const auto yaml = with(with(small_job, "close > sma(3)", "rsi < 60"), "max_positions: 2", "max_positions: 2, rsi_period: 14");
  const auto text = study_text({{"rsi_period", {{"min", 5}, {"max", 50}}}}, yaml);
  const auto request = *backtest::parse_study(nlohmann::json::parse(text)).value;
  const auto checked = job_of(request.base);
  ASSERT_TRUE(checked.plan);
  EXPECT_LT(series_needs(*checked.plan)->front().warmup, 500);
  const auto needs = study_needs(request, *checked.plan);
  ASSERT_TRUE(needs);
  EXPECT_GE(needs->front().warmup, 500);
}

} // namespace
} // namespace tt::strategy
