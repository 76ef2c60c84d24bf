#include "actors/backtest/account_run.hpp"

#include <gtest/gtest.h>

#include "actors/backtest/plans.hpp"
#include "actors/backtest/results.hpp"
#include "tests/backtest/support.hpp"

#include <nlohmann/json.hpp>

#include <set>

/// Pairs that trade one account: sizes and margins out of the equity of all, in one order of time.

namespace tt::backtest {
namespace {

using namespace test;

/// A buys on its first bar and sells on its third; B buys on its fifth. Half of the equity each time.
std::string turns(const char* part = "50", const char* margin = "0") {
  return std::string("//@version=6\nstrategy(\"turns\", initial_capital = 1000, commission_value = 0, default_qty_type = strategy.percent_of_equity,") +
         " default_qty_value = " + part + ", margin_long = " + margin + ")\n" + R"(early = input.int(4, "early")
if syminfo.ticker == "A" and bar_index == 0
    strategy.entry("L", strategy.long)
if syminfo.ticker == "A" and bar_index == 2
    strategy.close_all()
if syminfo.ticker == "B" and (bar_index == early or bar_index == 4)
    strategy.entry("L", strategy.long)
)";
}

backtest_request shared_request(const std::string& script, std::vector<std::string> symbols = {"A", "B"}) {
  auto r = request_for(std::move(symbols));
  r.pine_script = script;
  r.capital = capital_mode::shared;
  return r;
}

account_job account_of(const backtest_request& r, const std::vector<std::shared_ptr<const bar_set>>& sets) {
  account_job out;
  for (const auto& set : sets) out.pairs.push_back(job_for(r, set));
  return out;
}

std::shared_ptr<const bar_set> days(const std::string& name, const std::vector<double>& list) {
  return set_of(name, closes(list), 0, timeframe::days(1));
}

const std::vector<double> doubling{10, 10, 20, 20, 20, 20, 20}, still{10, 10, 10, 10, 10, 10, 10};

TEST(account_run, a_size_comes_from_what_all_have_made) {
  // A: 500 buys 50 at 10, sold at 20: the account has 1500. B: 750 buys 75 at 10
  const auto done = run_account(account_of(shared_request(turns()), {days("A", doubling), days("B", still)}));
  ASSERT_TRUE(done) << to_string(done.error());
  ASSERT_EQ((*done)[0].trades.size(), 1u);
  EXPECT_EQ((*done)[0].trades[0].quantity, 50);
  EXPECT_EQ((*done)[0].trades[0].pnl, 500);
  ASSERT_EQ((*done)[1].open_trades.size(), 1u);
  EXPECT_EQ((*done)[1].open_trades[0].quantity, 75);
  // each keeps its own figures
  EXPECT_EQ((*done)[0].final_equity, 1500);
  EXPECT_EQ((*done)[1].final_equity, 1000);
  EXPECT_EQ((*done)[1].curve.back().equity, 1000);
  // by itself it would have bought 50
  const auto alone = run_pair(job_for(shared_request(turns()), days("B", still)));
  EXPECT_EQ(alone->open_trades.at(0).quantity, 50);
}

TEST(account_run, open_profit_of_others_counts) {
  // when B buys on its third bar, A's 50 stand at 20 and are not sold yet: 1500 as well
  auto job = account_of(shared_request(turns()), {days("A", doubling), days("B", still)});
  for (auto& pair : job.pairs) pair.inputs["early"] = "2";
  const auto done = run_account(job);
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ((*done)[1].open_trades.at(0).quantity, 75);
}

TEST(account_run, margin_of_others_is_not_free) {
  // all of the equity each time, at full margin: while A holds, B can't buy; once A has sold, all 2000 buy 200
  auto job = account_of(shared_request(turns("100", "100")), {days("A", doubling), days("B", still)});
  for (auto& pair : job.pairs) pair.inputs["early"] = "1";
  const auto done = run_account(job);
  ASSERT_TRUE(done) << to_string(done.error());
  ASSERT_EQ((*done)[1].open_trades.size(), 1u);
  EXPECT_EQ((*done)[1].open_trades[0].entry_ms, start_ms + 5 * day_ms);
  EXPECT_EQ((*done)[1].open_trades[0].quantity, 200);
}

TEST(account_run, a_long_bar_takes_its_turn_when_it_ends) {
  // A trades by the hour on the first day; the script of B's first day runs when that is over
  auto script = turns();
  script.replace(script.find("bar_index == early"), std::string("bar_index == early").size(), "bar_index == 0");
  const auto hours = set_of("A", closes({10, 10, 20, 20, 20, 20, 20}, hour_ms));
  const auto done = run_account(account_of(shared_request(script), {hours, days("B", still)}));
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ((*done)[1].open_trades.at(0).quantity, 75);
  EXPECT_EQ((*done)[1].open_trades.at(0).entry_ms, start_ms + day_ms);
}

TEST(account_run, the_whole_counts_the_capital_once_and_adds_up) {
  given_bars bars;
  bars.add(days("A", doubling)), bars.add(days("B", {10, 10, 10, 10, 10, 11, 12}));
  auto r = shared_request(turns());
  r.timeframes = {timeframe::days(1)};
  const auto done = run_backtest(r, compile_strategy(r.pine_script), bars, {});
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ(done->initial(), 1000);
  EXPECT_EQ(done->final_equity(), 1650) << "500 of A, and 75 x 2 that are open";
  double made = 0;
  for (const auto& o : done->outcomes()) {
    made += o.open_pnl;
    for (const auto& t : o.trades) made += t.pnl;
  }
  EXPECT_EQ(done->final_equity() - done->initial(), made);
  EXPECT_EQ(done->curve().front().equity, 1000);
  EXPECT_EQ(done->curve()[2].equity, 1500);
  EXPECT_EQ(done->curve().back().equity, 1650);
  const auto doc = done->results();
  EXPECT_EQ(doc["total_return"], 0.65);
  EXPECT_EQ(doc["initial_capital"], 1000.0);
  EXPECT_EQ(doc["assumptions"]["capital_mode"], "shared");
  EXPECT_EQ(doc["assumptions"]["drawdown"], "from the close of every bar");
  EXPECT_EQ(doc["runs"][0]["final_equity"], 1500.0);
  EXPECT_EQ(doc["runs"][1]["final_equity"], 1150.0);
}

TEST(account_run, falls_of_the_account_are_taken_when_bars_that_end_together_have_all_ended) {
  // A falls from 20 to 16 where B rises by as much: 50 x 4 against 50 x 4
  std::string both = turns();
  both.replace(both.find("bar_index == 2"), std::string("bar_index == 2").size(), "bar_index == 9");
  auto job = account_of(shared_request(both), {days("A", {10, 10, 10, 6, 6}), days("B", {10, 10, 10, 14, 14})});
  for (auto& pair : job.pairs) pair.inputs["early"] = "0";
  const auto done = run_account(job);
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ((*done)[0].falls->money, 200);
  EXPECT_EQ((*done)[0].account_falls->money, 0);
  EXPECT_EQ(pair_outcome_from_bytes(to_bytes((*done)[1]))->account_falls, (*done)[1].account_falls);
}

TEST(account_run, a_single_pair_is_as_ever_to_the_byte) {
  given_bars bars;
  bars.add(set_of("A", wave(1'000)));
  auto r = request_for({"A"});
  const auto alone = run_backtest(r, compile_strategy(r.pine_script), bars, {});
  r.capital = capital_mode::shared;
  const auto shared = run_backtest(r, compile_strategy(r.pine_script), bars, {});
  ASSERT_TRUE(alone && shared);
  ASSERT_GT(alone->trade_count(), 10u);
  EXPECT_EQ(to_bytes(shared->outcomes()[0]), to_bytes(alone->outcomes()[0]));
  auto text = to_text(shared->results());
  const std::string mode = "\"capital_mode\":\"shared\"";
  text.replace(text.find(mode), mode.size(), "\"capital_mode\":\"per_run\"");
  EXPECT_EQ(text, to_text(alone->results()));
}

TEST(account_run, one_that_stops_ends_the_account) {
  const auto script = turns() + "if syminfo.ticker == \"B\" and bar_index == 3\n    runtime.error(\"no good\")\n";
  const auto done = run_account(account_of(shared_request(script), {days("A", doubling), days("B", still)}));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().field, "script");
  EXPECT_NE(done.error().message.find("B 1d"), std::string::npos) << done.error().message;
}

TEST(account_run, two_currencies_need_one_to_be_named) {
  auto euros = std::make_shared<pine::symbol_info>(*symbol("B"));
  euros->currency = "EUR";
  const auto b = bar_set::make({"B", timeframe::days(1)}, euros, closes(still), 0).value();
  const auto done = run_account(account_of(shared_request(turns()), {days("A", doubling), b}));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().field, "currency");
}

TEST(account_run, cancel_ends_it) {
  std::atomic<bool> flag{false};
  const run_watch watch{[&](std::size_t) { flag = true; }, &flag};
  const auto done = run_account(account_of(shared_request(cross), {set_of("A", wave(1'000)), set_of("B", wave(1'000, 7))}), watch);
  ASSERT_FALSE(done);
  EXPECT_TRUE(is_cancelled(done.error()));
}

// ---------------------------------------------------------------- in the service

std::string job_text(const std::string& script) {
  auto r = shared_request(script, {"B", "A", "C"});
  r.timeframes = {timeframe::days(1)};
  return canonical_text(r);
}

TEST(account_run, a_job_is_one_piece_whoever_computes_it) {
  const auto request = job_text(turns());
  auto made = make_plan(job_kind::backtest, request, {});
  auto plan = std::move(std::get<std::unique_ptr<job_plan>>(made));
  plan->staffed(4);
  series_ref ref;
  ref.hash = "h", ref.bars = 7;
  ASSERT_TRUE(plan->begin({ref, ref, error{errc::not_found, "no bars"}})); // the third has none
  const auto piece = plan->next();
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->series, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(piece->bars, 14u);
  EXPECT_FALSE(plan->next()) << "there is nothing for a second worker";
  plan->give_back(piece->number);
  const auto again = plan->next();
  ASSERT_TRUE(again);
  const std::vector<std::shared_ptr<const bar_set>> bars{days("A", doubling), days("B", still)};
  run_control control;
  const auto bytes = make_runner(job_kind::backtest, request).value()->run(again->text, bars, {}, control);
  ASSERT_TRUE(bytes) << to_string(bytes.error());
  const auto parts = plan->put(again->number, bytes);
  ASSERT_TRUE(parts) << to_string(parts.error());
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_TRUE(plan->finished());
  EXPECT_FALSE(plan->failure());
  EXPECT_EQ(pair_outcome_from_bytes((*parts)[1].bytes)->open_trades.at(0).quantity, 75);
  EXPECT_TRUE(plan->put(again->number, bytes)->empty()) << "a second time";
  // a restart after the first part was written: the pair that is missing needs them all
  auto second = make_plan(job_kind::backtest, request, {});
  auto& restarted = *std::get<std::unique_ptr<job_plan>>(second);
  ASSERT_TRUE(restarted.begin({ref, ref, error{errc::not_found, "no bars"}}));
  ASSERT_TRUE(restarted.restore({(*parts)[0]}));
  const auto rest = restarted.next();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->series, (std::vector<std::uint32_t>{0, 1}));
  const auto late = restarted.put(rest->number, bytes);
  ASSERT_EQ(late->size(), 1u);
  EXPECT_EQ((*late)[0].bytes, (*parts)[1].bytes);
  EXPECT_TRUE(restarted.finished());
}

TEST(account_run, outcomes_that_fit_no_message_come_one_piece_after_the_other) {
  // more than four megabytes of log each: two of them are more than one piece may give
  const std::string script = "//@version=6\nstrategy(\"loud\")\nlog.info(str.repeat(\"x\", 1900))\n";
  const auto request = canonical_text(shared_request(script));
  auto made = make_plan(job_kind::backtest, request, {});
  auto& plan = *std::get<std::unique_ptr<job_plan>>(made);
  series_ref ref;
  ref.hash = "h", ref.bars = 2'300;
  ASSERT_TRUE(plan.begin({ref, ref}));
  const std::vector<std::shared_ptr<const bar_set>> bars{set_of("A", wave(2'300)), set_of("B", wave(2'300))};
  const auto runner = make_runner(job_kind::backtest, request).value();
  std::set<std::uint64_t> numbers, keys;
  std::uint64_t before = 0;
  while (const auto piece = plan.next()) {
    EXPECT_TRUE(numbers.insert(piece->number).second) << "each has its own";
    EXPECT_EQ(piece->series.size(), 2u) << "the account is both of them";
    run_control control;
    const auto bytes = runner->run(piece->text, bars, {}, control);
    ASSERT_TRUE(bytes);
    EXPECT_LT(bytes->size(), limits::outcome_bytes);
    const auto kept = plan.put(piece->number, bytes);
    ASSERT_TRUE(kept);
    ASSERT_FALSE(kept->empty());
    for (const auto& part : *kept) EXPECT_TRUE(keys.insert(part.key).second);
    EXPECT_GT(plan.bars_done(), before);
    before = plan.bars_done();
  }
  EXPECT_TRUE(plan.finished());
  EXPECT_EQ(numbers.size(), 2u);
  EXPECT_EQ(keys.size(), 2u);
}

TEST(account_run, a_job_whose_account_ends_has_failed) {
  const auto request = job_text(turns() + "if syminfo.ticker == \"B\" and bar_index == 3\n    runtime.error(\"no good\")\n");
  auto made = make_plan(job_kind::backtest, request, {});
  auto& plan = *std::get<std::unique_ptr<job_plan>>(made);
  series_ref ref;
  ref.hash = "h", ref.bars = 7;
  ASSERT_TRUE(plan.begin({ref, ref, ref}));
  const auto piece = plan.next();
  run_control control;
  const std::vector<std::shared_ptr<const bar_set>> bars{days("A", doubling), days("B", still), days("C", still)};
  ASSERT_TRUE(plan.put(piece->number, make_runner(job_kind::backtest, request).value()->run(piece->text, bars, {}, control)));
  EXPECT_TRUE(plan.finished());
  ASSERT_TRUE(plan.failure());
  EXPECT_NE(plan.failure()->message.find("no good"), std::string::npos);
  control.cancelled = true;
  EXPECT_TRUE(is_cancelled(make_runner(job_kind::backtest, request).value()->run(piece->text, bars, {}, control).error()));
}

TEST(account_run, threads_and_the_order_of_symbols_change_nothing) {
  given_bars bars;
  for (const auto& [name, phase] : {std::pair{"A", 0.0}, std::pair{"B", 40.0}, std::pair{"C", 80.0}}) bars.add(set_of(name, wave(1'000, phase)));
  std::string script = cross;
  script.replace(script.find("commission_type"), 0, "default_qty_type = strategy.percent_of_equity, default_qty_value = 60, ");
  std::string expected;
  for (const std::vector<std::string>& order : {std::vector<std::string>{"A", "B", "C"}, {"C", "A", "B"}})
    for (const std::size_t threads : {1u, 4u}) {
      const auto r = shared_request(script, order);
      const auto done = run_backtest(r, compile_strategy(script), bars, {.threads = threads, .progress = {}, .cancel = nullptr, .engine_version = "v", .data = {}});
      ASSERT_TRUE(done) << to_string(done.error());
      EXPECT_GT(done->trade_count(), 30u);
      const auto text = to_text(done->results()) + done->trades_csv();
      if (expected.empty()) expected = text;
      EXPECT_EQ(text, expected);
    }
}

TEST(account_run, studies_trade_it_too) {
  given_bars bars;
  bars.add(set_of("A", wave(1'440))), bars.add(set_of("B", wave(1'440, 40)));
  std::string script = cross;
  script.replace(script.find("commission_type"), 0, "default_qty_type = strategy.percent_of_equity, default_qty_value = 60, ");
  for (const char* how : {R"({"method":"grid"})", R"({"method":"walk_forward","walk_forward":{"train":"20d","test":"10d"}})"}) {
    auto body = nlohmann::json::parse(R"({"symbols":["A","B"],"start_date":"2024-01-01","end_date":"2024-02-29","objective":"net_profit",
      "capital_mode":"shared","parameters":{"fast":{"min":3,"max":6}}})");
    body["pine_script"] = script;
    body.update(nlohmann::json::parse(how));
    const auto r = parse_study(body).value.value();
    std::string expected;
    for (const std::size_t threads : {1u, 4u}) {
      const auto done = run_study(r, compile_strategy(script), bars, {.threads = threads, .progress = {}, .cancel = nullptr, .engine_version = "v", .data = {}});
      ASSERT_TRUE(done) << to_string(done.error());
      EXPECT_FALSE(done->failure());
      const auto doc = done->results({"v", {}});
      if (expected.empty()) expected = to_text(doc);
      EXPECT_EQ(to_text(doc), expected);
      if (r.method != search_method::grid) {
        ASSERT_FALSE(doc["walk_forward"]["out_of_sample_equity"].empty());
        EXPECT_NEAR(doc["walk_forward"]["out_of_sample_equity"][0]["equity"].get<double>(), 10'000, 1'000) << "one capital, not two";
        continue;
      }
      // the best is what a backtest with its parameters gives
      auto base = r.base;
      base.inputs["fast"] = doc["best"][0]["params"]["fast"].dump();
      const auto run = run_backtest(base, compile_strategy(script), bars, {});
      EXPECT_EQ(doc["best"][0]["results"]["final_equity"], run->results()["final_equity"]);
      EXPECT_EQ(doc["best"][0]["results"]["initial_capital"], 10'000.0);
    }
  }
}

} // namespace
} // namespace tt::backtest
