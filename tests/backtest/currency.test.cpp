#include "actors/backtest/account_run.hpp"
#include "actors/backtest/plans.hpp"
#include "actors/backtest/request_bars.hpp"

#include <gtest/gtest.h>

#include "actors/backtest/results.hpp"
#include "tests/backtest/support.hpp"

/// Accounts in another currency than the symbol: rates out of the daily bars of the pair.

namespace tt::backtest {
namespace {

using namespace test;

std::shared_ptr<const bar_set> quoted_in(const std::string& currency, const std::string& name, const std::vector<double>& list) {
  auto info = std::make_shared<pine::symbol_info>(*symbol(name));
  info->currency = currency;
  return bar_set::make({name, timeframe::days(1)}, info, closes(list), 0).value();
}

/// Ten pieces bought at 10 (the open of the second day) and sold at 20 (that of the fourth).
const char* const ten_euros_each = R"(//@version=6
strategy("s", initial_capital = 1000, commission_value = 0, default_qty_value = 10)
if bar_index == 0
    strategy.entry("L", strategy.long)
if bar_index == 2
    strategy.close_all()
)";
const std::vector<double> doubling{10, 10, 20, 20, 20};

backtest_request in_dollars(std::vector<std::string> symbols = {"SAP"}) {
  auto r = request_for(std::move(symbols));
  r.pine_script = ten_euros_each;
  r.timeframes = {timeframe::days(1)};
  r.currency = "USD";
  return r;
}

pair_outcome outcome_with(given_bars bars) {
  const auto r = in_dollars();
  request_bars others(r, bars);
  auto job = job_for(r, quoted_in("EUR", "SAP", doubling));
  job.data = others.source();
  auto done = run_pair(job);
  EXPECT_TRUE(done);
  return done ? *std::move(done) : pair_outcome{};
}

TEST(currency, profits_are_converted_at_the_rate_of_the_day_before) {
  given_bars bars;
  bars.add(quoted_in("USD", "EURUSD", {1, 1.25, 1.5, 2, 3}));
  const auto o = outcome_with(bars);
  ASSERT_EQ(o.trades.size(), 1u);
  EXPECT_EQ(o.trades[0].pnl, 150) << "100 euros, sold on the fourth day: 1.5 was the close of the third";
  EXPECT_EQ(o.final_equity, 1150);
  EXPECT_EQ(o.currency, "USD");
  EXPECT_TRUE(o.warnings.empty());
  EXPECT_EQ(o.trades[0].exit_price, 20) << "prices stay the symbol's";
}

TEST(currency, the_inverse_pair_does_as_well) {
  given_bars bars;
  bars.add(quoted_in("EUR", "USDEUR", {0.5, 0.5, 0.5, 0.5, 0.5}));
  EXPECT_EQ(outcome_with(bars).trades.at(0).pnl, 200);
}

TEST(currency, two_pairs_meet_in_the_dollar) {
  given_bars bars;
  bars.add(quoted_in("USD", "EURUSD", {2, 2, 2})), bars.add(quoted_in("JPY", "USDJPY", {100, 100, 100}));
  const auto r = in_dollars();
  request_bars others(r, bars);
  EXPECT_EQ(others.rate("EURJPY", start_ms + day_ms), 200);
  EXPECT_EQ(others.rate("JPYEUR", start_ms + day_ms), 1.0 / 200);
  EXPECT_EQ(others.rate("EURGBP", start_ms + day_ms), std::nullopt);
}

/// A script that makes up a pair on every bar must not use up what the job may ask for.
TEST(currency, made_up_pairs_have_no_rate_and_take_no_place) {
  given_bars bars;
  bars.add(quoted_in("USD", "EURUSD", {2, 2, 2}));
  const auto r = in_dollars();
  request_bars others(r, bars);
  for (int i = 0; i < 2'000; ++i) EXPECT_EQ(others.rate(std::to_string(i) + "USD" + std::string(i % 40, 'X'), start_ms), std::nullopt);
  EXPECT_NE(others.find("EURUSD", *pine::timeframe::parse("D")), nullptr) << "bars are still found for others";
}

TEST(currency, a_rate_is_known_once_its_day_has_ended) {
  const auto set = quoted_in("USD", "EURUSD", {1.1, 1.2, 1.3});
  const rate_series rates(*set, rate_series::direction_t::as_quoted);
  EXPECT_EQ(rates.at(start_ms - 1), 1.1) << "before the first close: the first open";
  EXPECT_EQ(rates.at(start_ms + 2 * day_ms - 1), 1.1);
  EXPECT_EQ(rates.at(start_ms + 2 * day_ms), 1.2);
  EXPECT_EQ(rates.at(start_ms + 90 * day_ms), 1.3);
}

TEST(currency, without_a_pair_the_results_say_so) {
  given_bars bars;
  bars.add(quoted_in("EUR", "SAP", doubling));
  bars.add(quoted_in("GBP", "EURUSD", {1, 1, 1})); // of that name by chance
  const auto r = in_dollars();
  request_bars others(r, bars);
  runner_options options;
  options.data = others.source();
  const auto done = run_backtest(r, compile_strategy(r.pine_script), bars, options);
  ASSERT_TRUE(done) << to_string(done.error());
  const auto doc = done->results();
  EXPECT_EQ(doc["metrics"]["net_profit"], 100.0);
  EXPECT_EQ(doc["runs"][0]["currency"], "EUR") << "that is what the amounts are in";
  ASSERT_EQ(doc["assumptions"]["warnings"].size(), 1u) << doc["assumptions"];
  EXPECT_NE(doc["assumptions"]["warnings"][0].get<std::string>().find("EURUSD"), std::string::npos);
}

TEST(currency, a_node_asks_for_the_pair_like_for_bars_of_other_symbols) {
  given_bars bars;
  bars.add(quoted_in("USD", "EURUSD", {1, 1.25, 1.5, 2, 3}));
  const auto r = in_dollars();
  const auto runner = make_runner(job_kind::backtest, canonical_text(r)).value();
  std::vector<std::string> asked;
  const auto extra = [&](const pair_key& key) {
    asked.push_back(to_string(key));
    return bars.bars(r, key, bar_provider::inner_bars::none);
  };
  const std::vector<std::shared_ptr<const bar_set>> own{quoted_in("EUR", "SAP", doubling)};
  run_control control;
  const auto bytes = runner->run("0", own, extra, control);
  ASSERT_TRUE(bytes) << to_string(bytes.error());
  EXPECT_EQ(pair_outcome_from_bytes(*bytes)->trades.at(0).pnl, 150);
  EXPECT_EQ(asked, std::vector<std::string>{"EURUSD 1d"}) << "once";
}

TEST(currency, one_account_needs_the_rate) {
  auto r = in_dollars({"SAP", "XOM"});
  r.capital = capital_mode::shared;
  given_bars bars;
  const auto run = [&] {
    request_bars others(r, bars);
    account_job job;
    for (const auto& set : {quoted_in("EUR", "SAP", doubling), quoted_in("USD", "XOM", doubling)}) {
      job.pairs.push_back(job_for(r, set));
      job.pairs.back().data = others.source();
    }
    return run_account(job);
  };
  const auto without = run();
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().field, "currency");
  bars.add(quoted_in("USD", "EURUSD", {2, 2, 2, 2, 2}));
  const auto with = run();
  ASSERT_TRUE(with) << to_string(with.error());
  EXPECT_EQ((*with)[0].final_equity, 1200);
  EXPECT_EQ((*with)[1].final_equity, 1100);
}

} // namespace
} // namespace tt::backtest
