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
}

// ---------------------------------------------------------------- portfolios

const std::string two_funds = R"(schema: 2
name: two_funds
schedule: {at: "close-30m", days: trading}
job:
  type: portfolio_management
  strategy_id: two_funds
  parameters:
    target_allocations: {funds: {SPY: 0.6, QQQ: 0.3}, cash_reserve: 0.1}
    max_position_size: 0.7
    min_trade_size: 100
    cash_buffer: 0.1
    deviation_threshold: 0.05
  conditions:
    rebalance_required: ["any_allocation_deviation > {deviation_threshold}"]
  execution:
    trade_timing: {spread_trades: true, spread_minutes: 15, slices: 3, max_market_impact: 0.02, use_limit_orders: true}
    order_parameters: {limit_price_buffer: 0.001, max_slippage: 0.005}
)";

/// Five-minute bars of two days, each day at one price; and daily bars that say nothing.
std::vector<std::shared_ptr<const bar_set>> two_days(const std::string& symbol, double first, double second) {
  std::vector<pine::bar> bars;
  for (const auto& [day, level] : {std::pair{"2026-01-15T14:30:00Z", first}, std::pair{"2026-01-16T14:30:00Z", second}})
    for (int i = 0; i < 78; ++i) bars.push_back({unix_ms(*parse_iso8601(day)) + i * 300'000, level, level, level, level, 1e6});
  std::vector<pine::bar> daily;
  for (const auto& [day, level] : {std::pair{"2026-01-15T14:30:00Z", first}, std::pair{"2026-01-16T14:30:00Z", second}})
    daily.push_back({unix_ms(*parse_iso8601(day)), level, level, level, level, 1e8});
  return {*bar_set::make({symbol, timeframe::minutes(5)}, info_of(symbol), std::move(bars), 0), *bar_set::make({symbol, timeframe::days(1)}, info_of(symbol), std::move(daily), 0)};
}

std::vector<std::shared_ptr<const bar_set>> joined(std::vector<std::shared_ptr<const bar_set>> a, const std::vector<std::shared_ptr<const bar_set>>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string open_shown(const backtest::pair_outcome& o) {
  std::string out;
  for (const auto& t : o.open_trades) {
    char row[200];
    std::snprintf(row, sizeof row, "%s%g@%g %s", out.empty() ? "" : "; ", t.quantity, t.entry_price, t.entry_reason.c_str());
    out += row;
  }
  return out;
}

TEST(portfolio_backtest, trades_to_its_targets_in_slices_and_back_when_they_have_drifted) {
  // SPY 600 and QQQ 500, then SPY falls to 400: 60 % and 30 % of what is there
  const auto done = run_job_backtest(input(two_funds, joined(two_days("SPY", 600, 400), two_days("QQQ", 500, 500))));
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(done->outcomes.size(), 2u);
  EXPECT_EQ(done->runs, 2u);
  // 100,000: 100 SPY in three slices; the next day 80,000 are left and SPY is 50 %: 20 more
  EXPECT_EQ(open_shown(done->outcomes[1]), "33@600 rebalance, slice 1 of 3; 33@600 rebalance, slice 2 of 3; 34@600 rebalance, slice 3 of 3; "
                                           "6@400 rebalance, slice 1 of 3; 7@400 rebalance, slice 2 of 3; 7@400 rebalance, slice 3 of 3");
  // 60 QQQ at 500; of 80,000 they are 37.5 %: 12 are sold, the first ones bought first
  EXPECT_EQ(shown(done->outcomes[0]), "QQQ 4 500->500 rebalance, slice 1 of 3/rebalance, slice 1 of 3; QQQ 4 500->500 rebalance, slice 1 of 3/rebalance, slice 2 of 3; "
                                      "QQQ 4 500->500 rebalance, slice 1 of 3/rebalance, slice 3 of 3");
  EXPECT_NEAR(done->outcomes[1].final_equity + done->outcomes[0].final_equity, 80'000, 1e-6) << "one account";
  EXPECT_EQ(done->outcomes[1].fill_rule, "a slice works in the bar after its moment; what is left of it is cancelled");
}

TEST(portfolio_backtest, sells_come_first_and_each_slice_in_a_bar_of_its_time) {
  const auto done = run_job_backtest(input(two_funds, joined(two_days("SPY", 600, 400), two_days("QQQ", 500, 500))));
  ASSERT_TRUE(done);
  const auto minutes = [](std::int64_t ms) { return (ms - unix_ms(*parse_iso8601("2026-01-16T20:30:00Z"))) / 60'000; };
  std::string sold, bought;
  for (const auto& t : done->outcomes[0].trades) sold += std::to_string(minutes(t.exit_ms)) + " ";
  for (const auto& t : done->outcomes[1].open_trades)
    if (t.entry_price == 400) bought += std::to_string(minutes(t.entry_ms)) + " ";
  EXPECT_EQ(sold, "0 5 5 ") << "at 0, 2.5 and 5 minutes: the bars that open then or after";
  EXPECT_EQ(bought, "10 10 15 ");
}

TEST(portfolio_backtest, the_same_inputs_give_the_same_bytes) {
  const auto bars = joined(two_days("SPY", 600, 400), two_days("QQQ", 500, 500));
  const auto a = run_job_backtest(input(two_funds, bars)), b = run_job_backtest(input(two_funds, bars));
  ASSERT_TRUE(a && b);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(backtest::to_bytes(a->outcomes[i]), backtest::to_bytes(b->outcomes[i]));
}

TEST(portfolio_backtest, without_a_price_of_every_target_nothing_is_traded) {
  auto bars = two_days("QQQ", 500, 500);
  auto early = bars[0]->bars();
  early.resize(50); // its last bar ends at 18:40, almost two hours before the slot
  bars[0] = *bar_set::make({"QQQ", timeframe::minutes(5)}, info_of("QQQ"), std::move(early), 0);
  const auto done = run_job_backtest(input(two_funds, joined(two_days("SPY", 600, 600), bars)));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->signals, 0u);
  EXPECT_GE(done->notices, 2u);
}

TEST(portfolio_backtest, the_market_is_read_beside_the_targets_and_may_be_missing) {
  const auto text = with(two_funds, "{SPY: 0.6, QQQ: 0.3}", "{IWM: 0.6, QQQ: 0.3}");
  const auto needs = series_needs(*plan_of(text));
  ASSERT_TRUE(needs);
  ASSERT_EQ(needs->size(), 5u);
  EXPECT_EQ(needs->back().symbol, "SPY");
  EXPECT_EQ(needs->back().why, job_series_need::use::benchmark);
  EXPECT_TRUE(run_job_backtest(input(text, joined(two_days("IWM", 200, 200), two_days("QQQ", 500, 500)))));
  EXPECT_EQ(series_needs(*shipped_plan("portfolio_rebalance"))->size(), 16u) << "eight funds, SPY among them";
}

std::string portfolio_request() {
  nlohmann::json body{{"yaml", two_funds}, {"start_date", "2026-01-15"}, {"end_date", "2026-01-16"}, {"initial_capital", 100'000}};
  complete_request(body);
  EXPECT_EQ(body["symbols"], nlohmann::json({"QQQ", "SPY"}));
  EXPECT_EQ(body["timeframes"], nlohmann::json({"5m"}));
  const auto parsed = backtest::parse_backtest(body);
  EXPECT_TRUE(parsed.value);
  return backtest::canonical_text(*parsed.value);
}

TEST(portfolio_backtest, goes_through_the_service_as_it_goes_by_itself) {
  const auto text = portfolio_request();
  auto made = strategy::make_plan(backtest::job_kind::backtest, text, {});
  ASSERT_TRUE(std::holds_alternative<std::unique_ptr<backtest::job_plan>>(made)) << std::get<backtest::plan_failure>(made).reason.message;
  auto& plan = *std::get<0>(made);
  ASSERT_EQ(plan.series().size(), 4u);
  const auto bars = joined(two_days("QQQ", 500, 500), two_days("SPY", 600, 400)); // by symbol
  ASSERT_TRUE(plan.begin(std::vector<result<backtest::series_ref>>(4, backtest::series_ref{"h", 1, 156})));
  const auto piece = plan.next();
  ASSERT_TRUE(piece);
  const auto runner = strategy::make_runner(backtest::job_kind::backtest, text).value();
  backtest::run_control control;
  const auto parts = plan.put(piece->number, runner->run(piece->text, bars, {}, control));
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_TRUE(plan.finished());
  const auto request = *backtest::parse_backtest(nlohmann::json::parse(text)).value;
  const auto alone = run_with(request, nullptr, std::vector<result<std::shared_ptr<const bar_set>>>(bars.begin(), bars.end()));
  ASSERT_TRUE(alone) << alone.error().message;
  ASSERT_EQ(parts->size(), alone->outcomes.size());
  for (std::size_t i = 0; i < parts->size(); ++i) EXPECT_EQ((*parts)[i].bytes, backtest::to_bytes(alone->outcomes[i]));
}

TEST(portfolio_backtest, other_symbols_than_its_targets_are_refused) {
  auto body = nlohmann::json::parse(portfolio_request());
  body["symbols"] = {"AAPL"};
  auto made = strategy::make_plan(backtest::job_kind::backtest, body.dump(), {});
  ASSERT_TRUE(std::holds_alternative<backtest::plan_failure>(made));
  EXPECT_NE(std::get<backtest::plan_failure>(made).reason.message.find("trades its targets"), std::string::npos);
}

TEST(missing_symbols, are_one_thing_for_the_service_and_the_command_line) {
  // a strategy goes without them
  auto body = nlohmann::json::parse(R"({"start_date": "2026-01-15", "end_date": "2026-01-15", "initial_capital": 100000})");
  body["yaml"] = small_job;
  complete_request(body);
  const auto request = *backtest::parse_backtest(body).value;
  const std::vector<double> closes{100, 100, 101, 102, 101, 100, 100, 100};
  const result<std::shared_ptr<const bar_set>> gone = error{errc::not_found, "no bars"};
  const auto one = run_with(request, nullptr, {day_of("AAPL", closes), gone});
  ASSERT_TRUE(one) << one.error().message;
  ASSERT_EQ(one->outcomes.size(), 2u);
  EXPECT_EQ(shown(one->outcomes[0]), "AAPL 99 101->101 entry_long/close < sma(3)");
  EXPECT_TRUE(one->outcomes[1].failure);
  EXPECT_FALSE(run_with(request, nullptr, {gone, gone}));
  // a portfolio does not: its weights are not known
  const auto portfolio = *backtest::parse_backtest(nlohmann::json::parse(portfolio_request())).value;
  auto bars = joined(two_days("QQQ", 500, 500), two_days("SPY", 600, 400));
  const auto refused = run_with(portfolio, nullptr, {bars[0], bars[1], gone, bars[3]});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("needs the bars of all its targets"), std::string::npos) << refused.error().message;
  auto made = strategy::make_plan(backtest::job_kind::backtest, portfolio_request(), {});
  auto& plan = *std::get<0>(made);
  const backtest::series_ref there{"h", 1, 8};
  ASSERT_TRUE(plan.begin({there, there, error{errc::not_found, "no bars"}, there}));
  EXPECT_TRUE(plan.finished());
  ASSERT_TRUE(plan.failure());
  EXPECT_NE(plan.failure()->message.find("needs the bars of all its targets"), std::string::npos);
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
