#include "tests/pine/case_runner.hpp"

#include "actors/pine/tester/metrics.hpp"
#include "actors/pine/tester/strategy_run.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

/// Strategies as scripts: what the account tells them, when they run, and what holds for every run.

namespace tt::pine::testing {
namespace {

using tester::strategy_run;

std::vector<bar> random_bars(std::size_t n, std::uint32_t seed) {
  std::mt19937 g(seed);
  std::normal_distribution<double> step(0, 0.6);
  std::uniform_real_distribution<double> wick(0, 0.8);
  std::vector<bar> bars;
  double p = 100;
  for (std::size_t i = 0; i < n; ++i) {
    double o = std::round((p + step(g) * 0.3) * 100) / 100;
    p = std::max(5.0, std::round((o + step(g)) * 100) / 100);
    double high = std::round((std::max(o, p) + wick(g)) * 100) / 100, low = std::round((std::min(o, p) - wick(g)) * 100) / 100;
    bars.push_back({1'700'000'000'000 + static_cast<std::int64_t>(i) * 3'600'000, o, high, low, p, 1000});
  }
  return bars;
}

std::string script_of(const std::string& options, const std::string& body, int version = 6) {
  return "//@version=" + std::to_string(version) + "\nstrategy(\"t\"" + options + ")\n" + body;
}

std::optional<strategy_run> start(const std::string& source, tester::tester_options options = {}, run_settings settings = {}) {
  auto compiled = compile(source);
  if (compiled.code == nullptr) {
    for (const auto& d : compiled.diags.all()) ADD_FAILURE() << render(d, source, "script");
    return std::nullopt;
  }
  settings.chart_timeframe = *timeframe::parse("60");
  return strategy_run(compiled.code, settings, options);
}

void run_all(strategy_run& r, const std::vector<bar>& bars) {
  for (const auto& b : bars)
    if (auto f = r.on_bar(b)) {
      ADD_FAILURE() << f->message;
      return;
    }
}

std::vector<bar> path(std::initializer_list<std::array<double, 4>> list) {
  std::vector<bar> bars;
  for (const auto& p : list) bars.push_back({1'700'000'000'000 + static_cast<std::int64_t>(bars.size()) * 3'600'000, p[0], p[1], p[2], p[3], 1});
  return bars;
}

TEST(strategy, the_account_is_what_the_script_reads) {
  auto r = start(script_of(", initial_capital = 1000, commission_type = strategy.commission.cash_per_order, commission_value = 1, margin_long = 0, margin_short = 0",
                           "if bar_index == 0\n    strategy.entry(\"L\", strategy.long, qty = 2, comment = \"in\")\n"
                           "if bar_index == 2\n    strategy.close(\"L\", comment = \"out\")\n"
                           "if bar_index == 3\n    strategy.entry(\"S\", strategy.short)\n"
                           "plot(strategy.position_size)\nplot(strategy.netprofit)\nplot(strategy.equity)\nplot(strategy.openprofit)\n"
                           "plot(strategy.closedtrades.profit(0))\nplot(strategy.opentrades.entry_price(0))\nplot(strategy.wintrades)\n"
                           "plot(strategy.closedtrades)\nplot(str.length(strategy.closedtrades.exit_comment(0)))\nplot(strategy.position_avg_price)\n"
                           "plot(strategy.opentrades.size(0))\nplot(strategy.grossloss)\n"));
  ASSERT_TRUE(r);
  auto bars = path({{100, 101, 99, 100}, {102, 105, 101, 104}, {104, 106, 103, 105}, {110, 111, 109, 110}, {108, 109, 100, 107}});
  auto at = [&](std::size_t plot) { return r->engine().plot_value(plot, 0); };
  ASSERT_FALSE(r->on_bar(bars[0]));
  ASSERT_FALSE(r->on_bar(bars[1])); // bought 2 at 102
  EXPECT_EQ(at(0), 2);
  EXPECT_EQ(at(1), -1);
  EXPECT_EQ(at(3), 4);
  EXPECT_EQ(at(2), 1003);
  EXPECT_EQ(at(5), 102);
  EXPECT_EQ(at(9), 102);
  EXPECT_EQ(at(10), 2);
  EXPECT_EQ(at(11), 1);
  EXPECT_EQ(at(4), 0) << "of a trade that is not there yet";
  ASSERT_FALSE(r->on_bar(bars[2]));
  ASSERT_FALSE(r->on_bar(bars[3])); // sold at 110: 16 - 2
  EXPECT_EQ(at(0), 0);
  EXPECT_EQ(at(1), 14);
  EXPECT_EQ(at(4), 14);
  EXPECT_EQ(at(6), 1);
  EXPECT_EQ(at(7), 1);
  EXPECT_EQ(at(8), 3);
  EXPECT_TRUE(std::isnan(at(9)));
  ASSERT_FALSE(r->on_bar(bars[4])); // short 1 at 108
  EXPECT_EQ(at(0), -1);
  EXPECT_EQ(at(2), 1000 + 14 - 1 + 1);
}

TEST(strategy, calc_on_order_fills_runs_the_script_after_each_fill) {
  // Bought at the open; the run after the fill places an exit that the same bar's path meets.
  const std::string body = "if bar_index == 0\n    strategy.entry(\"L\", strategy.long)\n"
                           "if strategy.position_size > 0\n    strategy.exit(\"X\", \"L\", limit = strategy.position_avg_price + 5)\n";
  auto bars = path({{100, 101, 99, 100}, {100, 106, 99, 104}, {104, 104.5, 103, 104}, {104, 110, 103, 109}});
  auto with = start(script_of(", calc_on_order_fills = true", body)), without = start(script_of("", body));
  ASSERT_TRUE(with && without);
  run_all(*with, bars);
  run_all(*without, bars);
  ASSERT_EQ(with->account().account().closed_trades().size(), 1u);
  ASSERT_EQ(without->account().account().closed_trades().size(), 1u);
  EXPECT_EQ(with->account().account().closed_trades()[0].exit_bar, 1);
  EXPECT_EQ(without->account().account().closed_trades()[0].exit_bar, 3);
}

TEST(strategy, calc_on_order_fills_is_new_in_the_first_run_of_a_bar_and_in_the_last) {
  // bar 1 runs for the fill at its open, for the one of the target, and once more as it closes
  auto r = start(script_of(", calc_on_order_fills = true",
                           "varip runs = 0\nvarip news = 0.0\nif bar_index == 0\n    strategy.entry(\"L\", strategy.long)\n"
                           "    strategy.exit(\"X\", \"L\", limit = 105)\nif bar_index == 1\n    runs += 1\n    news += barstate.isnew ? math.pow(10, runs - 1) : 0\n"
                           "plot(runs)\nplot(news)\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}, {100, 106, 99, 104}}));
  EXPECT_EQ(r->engine().plot_value(0, 0), 3);
  EXPECT_EQ(r->engine().plot_value(1, 0), 101) << "not for the fill between";
}

TEST(strategy, calc_on_order_fills_fills_at_most_four_times_a_bar) {
  // flips on every run: open, open, first extreme, second extreme
  auto r = start(script_of(", calc_on_order_fills = true, margin_long = 0, margin_short = 0",
                           "if strategy.position_size <= 0\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.entry(\"S\", strategy.short)\n"),
                 {.fills = tester::log_fills::on});
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}, {100, 104, 98, 101}}));
  std::string prices;
  for (const auto& f : r->account().fills()) prices += std::to_string(static_cast<int>(f.price)) + " ";
  EXPECT_EQ(prices, "100 100 98 104 ");
}

TEST(strategy, calc_on_order_fills_undoes_the_immediate_closes_of_all_but_the_last_run) {
  const std::string options = ", initial_capital = 100000, calc_on_order_fills = true, default_qty_value = 10";
  const std::string entry = "if bar_index == 0\n    strategy.entry(\"G\", strategy.short)\nif bar_index == 1 and strategy.opentrades.entry_bar_index(0) == 1";
  auto bars = path({{100, 101, 98.5, 100}, {100, 101, 98.5, 100}, {100, 101, 98.5, 100}});
  auto last = start(script_of(options, entry + "\n    strategy.close(\"G\", qty = 3, immediately = true)\n"));
  ASSERT_TRUE(last);
  run_all(*last, {bars[0], bars[1]});
  ASSERT_EQ(last->account().account().closed_trades().size(), 1u) << "once, although the script has run twice";
  EXPECT_EQ(last->account().account().closed_trades()[0].exit_price, 100);
  // v5: the plain close has taken the immediate one's place before it could be undone, and fills with the next tick
  auto replaced = start(script_of(options, entry + " and strategy.position_size == -10\n    strategy.close(\"G\", qty = 3, immediately = true)\n"
                                                   "    strategy.close(\"G\")\n", 5));
  ASSERT_TRUE(replaced);
  run_all(*replaced, {bars[0], bars[1]});
  EXPECT_EQ(replaced->account().account().size(), -3);
}

/// The closed trades as "entry>exit reason", separated by blanks.
std::string exits_of(const strategy_run& r) {
  std::string out;
  for (const auto& t : r.account().account().closed_trades())
    out += (out.empty() ? "" : " ") + std::to_string(static_cast<int>(t.entry_price)) + ">" + std::to_string(static_cast<int>(t.exit_price)) + " " +
           r.engine().texts().text(t.exit_comment != 0 ? t.exit_comment : t.exit_id);
  return out;
}

TEST(strategy, calc_on_order_fills_has_what_a_run_on_the_way_places_wait_for_its_end) {
  // long at the open 100; the target at 103 fills on the way to 106, and the run behind it sells short at 104: at 106
  auto r = start(script_of(", calc_on_order_fills = true, margin_long = 0, margin_short = 0",
                           "if bar_index == 0\n    strategy.entry(\"P\", strategy.long)\n    strategy.exit(\"X\", \"P\", limit = 103)\n"
                           "if strategy.closedtrades == 1 and strategy.position_size == 0\n    strategy.entry(\"R\", strategy.short, limit = 104)\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}, {100, 106, 99, 105}}));
  EXPECT_EQ(exits_of(*r), "100>103 X");
  ASSERT_EQ(r->account().account().open_trades().size(), 1u);
  EXPECT_EQ(r->account().account().open_trades()[0].entry_price, 106);
}

TEST(strategy, calc_on_order_fills_cancels_where_the_way_ends) {
  auto r = start(script_of(", calc_on_order_fills = true",
                           "if bar_index == 0\n    strategy.entry(\"P\", strategy.long, 2)\n"
                           "    strategy.exit(\"A\", \"P\", qty = 1, limit = 103)\n    strategy.exit(\"B\", \"P\", qty = 1, limit = 105)\n"
                           "if strategy.closedtrades == 1\n    strategy.cancel_all()\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}, {100, 106, 99, 105}}));
  EXPECT_EQ(exits_of(*r), "100>103 A 100>105 B") << "the rest of the way is gone already";
  auto further = start(script_of(", calc_on_order_fills = true",
                                 "if bar_index == 0\n    strategy.entry(\"P\", strategy.long, 2)\n"
                                 "    strategy.exit(\"A\", \"P\", qty = 1, limit = 103)\n    strategy.exit(\"B\", \"P\", qty = 1, limit = 107)\n"
                                 "if strategy.closedtrades == 1\n    strategy.cancel_all()\n"));
  ASSERT_TRUE(further);
  run_all(*further, path({{100, 100, 100, 100}, {100, 106, 99, 105}, {108, 109, 107, 108}}));
  EXPECT_EQ(exits_of(*further), "100>103 A") << "what that way does not reach is cancelled";
}

TEST(strategy, calc_on_order_fills_closes_immediately_where_the_way_ends) {
  auto r = start(script_of(", calc_on_order_fills = true",
                           "if bar_index == 0\n    strategy.entry(\"P\", strategy.long, 2)\n"
                           "    strategy.exit(\"A\", \"P\", qty = 1, limit = 101)\n"
                           "if strategy.position_size == 1\n    strategy.close(\"P\", immediately = true, comment = \"now\")\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}, {100, 103, 99, 102}}));
  EXPECT_EQ(exits_of(*r), "100>101 A 100>103 now");
}

TEST(strategy, calc_on_order_fills_goes_through_the_lower_bars_of_the_magnifier) {
  const auto whole = path({{100, 100, 100, 100}, {100, 110, 92, 105}, {105, 105, 105, 105}});
  auto lower = path({{100, 100, 100, 100}, {100, 110, 99, 108}, {107, 107, 92, 105}, {105, 105, 105, 105}});
  const std::int64_t half = 1'800'000;
  lower[1].time_ms = whole[1].time_ms, lower[2].time_ms = whole[1].time_ms + half, lower[3].time_ms = whole[2].time_ms;
  const std::string body = "if bar_index == 0\n    strategy.entry(\"L\", strategy.long)\n"
                           "if strategy.position_size > 0 and strategy.closedtrades == 0\n    strategy.exit(\"X\", \"L\", limit = 109, stop = 93)\n"
                           "if bar_index == 1 and strategy.closedtrades == 1\n    strategy.entry(\"R\", strategy.long, limit = 95)\n";
  auto run = [&](const std::string& options) {
    auto r = start(script_of(", calc_on_order_fills = true" + options, body), {.lower_bars = lower});
    if (r) run_all(*r, whole);
    return r;
  };
  const auto plain = run(""), magnified = run(", use_bar_magnifier = true");
  ASSERT_TRUE(plain && magnified);
  EXPECT_EQ(exits_of(*plain), "100>93 X") << "the low is nearer to the open of the whole bar";
  EXPECT_EQ(exits_of(*magnified), "100>109 X");
  ASSERT_EQ(magnified->account().account().open_trades().size(), 1u) << "what it orders after the first lower bar's fill meets the second";
  EXPECT_EQ(magnified->account().account().open_trades()[0].entry_price, 95);
  EXPECT_TRUE(magnified->warnings().empty());
}

TEST(strategy, of_two_sides_on_one_closing_tick_the_first_stays_where_both_are_too_dear) {
  auto r = start(script_of(", process_orders_on_close = true, initial_capital = 1000, default_qty_type = strategy.percent_of_equity, default_qty_value = 80",
                           "if bar_index == 0\n    strategy.entry(\"L\", strategy.long)\n    strategy.entry(\"S\", strategy.short)\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}, {100, 100, 100, 100}}));
  EXPECT_EQ(r->account().account().size(), 8);
}

TEST(strategy, the_cap_of_fills_on_a_closing_tick_closes_at_the_next_open) {
  auto r = start(script_of(", process_orders_on_close = true",
                           "strategy.risk.max_intraday_filled_orders(1)\nif bar_index == 0\n    strategy.entry(\"L\", strategy.long)\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 120, 99, 101}, {98, 99, 97, 98}}));
  EXPECT_EQ(exits_of(*r), "101>98 Close Position (Max number of filled orders in one day)") << "not at a price that has passed";
}

TEST(strategy, both_sides_of_plain_orders_on_one_tick_are_a_long_trade) {
  auto r = start(script_of("", "if bar_index == 0\n    strategy.order(\"S\", strategy.short)\n    strategy.order(\"L\", strategy.long)\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}, {100, 101, 99, 100}}));
  const auto& closed = r->account().account().closed_trades();
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_GT(closed[0].size, 0);
  EXPECT_EQ(r->engine().texts().text(closed[0].entry_id), "L");
  EXPECT_EQ(r->engine().texts().text(closed[0].exit_id), "S");
}

TEST(strategy, var_is_rolled_back_between_runs_of_a_bar_and_varip_is_not) {
  auto r = start(script_of(", calc_on_order_fills = true",
                           "var int runs = 0\nvarip int all = 0\nruns += 1\nall += 1\n"
                           "if bar_index == 0\n    strategy.entry(\"L\", strategy.long)\nplot(runs)\nplot(all)\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}, {100, 101, 99, 100}, {100, 101, 99, 100}}));
  EXPECT_EQ(r->engine().plot_value(0, 0), 3);
  EXPECT_EQ(r->engine().plot_value(1, 0), 4);
}

TEST(strategy, two_closes_on_one_line_are_two_orders_and_one_in_a_loop_is_one) {
  auto start_long = std::string("if bar_index == 0\n    strategy.entry(\"L\", strategy.long, qty = 8)\n");
  auto bars = path({{100, 100, 100, 100}, {100, 100, 100, 100}, {100, 100, 100, 100}});
  auto line = start(script_of("", start_long + "if bar_index == 1\n    strategy.close(\"L\", qty = 1), strategy.close(\"L\", qty = 2)\n"));
  auto loop = start(script_of("", start_long + "if bar_index == 1\n    for i = 1 to 2\n        strategy.close(\"L\", qty = i)\n"));
  auto twice = start(script_of("", "shed(q) =>\n    strategy.close(\"L\", qty = q)\n" + start_long + "if bar_index == 1\n    shed(1)\n    shed(2)\n"));
  ASSERT_TRUE(line && loop && twice);
  for (auto* r : {&*line, &*loop, &*twice}) run_all(*r, bars);
  EXPECT_EQ(line->account().account().size(), 5);
  EXPECT_EQ(loop->account().account().size(), 6) << "the last call of a statement wins";
  EXPECT_EQ(twice->account().account().size(), 6) << "and a function's statement is one, wherever it is called";
}

TEST(strategy, v5_closes_of_one_id_are_one_order) {
  const std::string body = "if bar_index == 0\n    strategy.entry(\"L\", strategy.long, qty = 8)\nif bar_index == 1\n"
                           "    strategy.close(\"L\", qty = 1)\n    strategy.close(\"L\", qty = 2)\n";
  auto five = start(script_of("", body, 5)), six = start(script_of("", body));
  ASSERT_TRUE(five && six);
  auto bars = path({{100, 100, 100, 100}, {100, 100, 100, 100}, {100, 100, 100, 100}});
  run_all(*five, bars);
  run_all(*six, bars);
  EXPECT_EQ(five->account().account().size(), 6);
  EXPECT_EQ(six->account().account().size(), 5);
}

TEST(strategy, facts_of_trades_that_are_not_there) {
  auto r = start(script_of("", "n = int(na)\nplot(strategy.opentrades.size(strategy.opentrades - 1))\nplot(strategy.closedtrades.size(5))\n"
                               "plot(strategy.closedtrades.size(n))\nplot(strategy.opentrades.profit(0))\nplot(strategy.closedtrades.max_runup(3))\n"
                               "plot(strategy.closedtrades.profit(-1))\nplot(strategy.closedtrades.entry_price(0))\n"
                               "plot(na(strategy.position_entry_name) ? 1 : 0)\n"));
  ASSERT_TRUE(r);
  run_all(*r, path({{100, 100, 100, 100}}));
  for (std::size_t plot = 0; plot < 5; ++plot) EXPECT_EQ(r->engine().plot_value(plot, 0), 0) << plot;
  EXPECT_TRUE(std::isnan(r->engine().plot_value(5, 0)));
  EXPECT_TRUE(std::isnan(r->engine().plot_value(6, 0)));
  EXPECT_EQ(r->engine().plot_value(7, 0), 1) << "no entry, no name";
}

// ---------------------------------------------------------------- backtest and live are one

const char* const busy = R"(
fast = ta.sma(close, 3)
slow = ta.sma(close, 9)
if ta.crossover(fast, slow)
    strategy.entry("L", strategy.long)
    strategy.exit("LX", "L", stop = close - 1.2, limit = close + 1.5)
if ta.crossunder(fast, slow)
    strategy.entry("S", strategy.short, stop = low - 0.1)
    strategy.exit("SX", "S", trail_points = 40, trail_offset = 20, loss = 150)
)";

TEST(strategy, ticks_along_the_assumed_path_give_the_trades_of_the_backtest) {
  auto bars = random_bars(1500, 7);
  auto source = script_of(", commission_value = 0.05, slippage = 1, pyramiding = 2", busy);
  auto backtest = start(source), live = start(source);
  ASSERT_TRUE(backtest && live);
  run_all(*backtest, bars);
  for (const auto& b : bars) {
    tester::bar_prices p{b.open, b.high, b.low, b.close};
    bar now{b.time_ms, b.open, b.open, b.open, b.open, 0};
    ASSERT_FALSE(live->begin_bar(now));
    for (double price : tester::path_of(p).at) {
      now.high = std::max(now.high, price);
      now.low = std::min(now.low, price);
      now.close = price;
      ASSERT_FALSE(live->update(now));
    }
    ASSERT_FALSE(live->commit(b));
  }
  EXPECT_GT(backtest->account().account().closed_trades().size(), 50u);
  EXPECT_EQ(tester::trade_table(*backtest), tester::trade_table(*live));
}

TEST(strategy, whole_realtime_bars_give_the_trades_of_the_backtest) {
  auto bars = random_bars(800, 11);
  auto backtest = start(script_of("", busy)), live = start(script_of("", busy));
  ASSERT_TRUE(backtest && live);
  run_all(*backtest, bars);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    auto failed = i < 400 ? live->on_bar(bars[i]) : live->commit(bars[i]);
    ASSERT_FALSE(failed);
  }
  EXPECT_EQ(tester::trade_table(*backtest), tester::trade_table(*live));
}

TEST(strategy, calc_on_every_tick_trades_within_the_realtime_bar) {
  const std::string body = "if close > 104 and strategy.position_size == 0\n    strategy.entry(\"L\", strategy.long)\n";
  auto every = start(script_of(", calc_on_every_tick = true", body)), once = start(script_of("", body));
  ASSERT_TRUE(every && once);
  auto bars = path({{100, 106, 99, 101}});
  for (auto* r : {&*every, &*once}) {
    bar b = bars[0];
    for (double price : {100.0, 105.0, 106.0, 99.0, 101.0}) {
      b.close = price;
      b.high = std::max(price, 100.0);
      ASSERT_FALSE(r->update(b));
    }
    ASSERT_FALSE(r->commit(bars[0]));
  }
  EXPECT_EQ(every->account().account().size(), 1);
  EXPECT_EQ(every->account().account().average_price(), 106);
  EXPECT_EQ(once->account().account().size(), 0);
}

// ---------------------------------------------------------------- properties

/// A strategy with random settings and orders; deterministic by its seed.
std::string random_strategy(std::uint32_t seed) {
  std::mt19937 g(seed);
  auto pick = [&](std::initializer_list<const char*> list) { return std::string(*(list.begin() + g() % list.size())); };
  auto number = [&](double from, double to) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", from + (to - from) * static_cast<double>(g() % 1000) / 1000);
    return std::string(text);
  };
  std::string options = ", initial_capital = " + pick({"1000", "10000", "1000000"}) + ", pyramiding = " + pick({"0", "1", "3"}) +
                        ", default_qty_type = strategy." + pick({"fixed", "cash", "percent_of_equity"}) + ", default_qty_value = " + number(1, 90) +
                        ", commission_type = strategy.commission." + pick({"percent", "cash_per_order", "cash_per_contract"}) +
                        ", commission_value = " + number(0, 0.3) + ", slippage = " + pick({"0", "3"}) + ", close_entries_rule = \"" + pick({"FIFO", "ANY"}) +
                        "\", process_orders_on_close = " + pick({"false", "false", "true"}) + ", calc_on_order_fills = " + pick({"false", "false", "true"}) +
                        ", margin_long = " + pick({"0", "50", "100"}) + ", margin_short = " + pick({"0", "50", "100"}) +
                        ", backtest_fill_limits_assumption = " + pick({"0", "0", "2"});
  std::string body = "r = (bar_index * " + std::to_string(7 + g() % 90) + ") % 101\n";
  for (int i = 0; i < 6; ++i) {
    std::string when = "if r == " + std::to_string(g() % 101) + " or r == " + std::to_string(g() % 101) + " or r == " + std::to_string(g() % 101) + "\n    ";
    std::string id = pick({"A", "B", "C"}), side = pick({"long", "short"});
    switch (g() % 7) {
    case 0: body += when + "strategy.entry(\"" + id + "\", strategy." + side + ")\n"; break;
    case 1: body += when + "strategy.entry(\"" + id + "\", strategy." + side + ", qty = " + number(1, 9) + ", stop = close + " + number(-2, 2) + ")\n"; break;
    case 2: body += when + "strategy.entry(\"" + id + "\", strategy." + side + ", limit = close + " + number(-2, 2) + ", oca_name = \"g\", oca_type = strategy.oca." + pick({"cancel", "reduce"}) + ")\n"; break;
    case 3: body += when + "strategy.order(\"" + id + "\", strategy." + side + ", qty = " + number(1, 5) + ")\n"; break;
    case 4: body += when + "strategy.close(\"" + id + "\", qty_percent = " + pick({"100", "50", "30"}) + ", immediately = " + pick({"true", "false"}) + ")\n"; break;
    case 5: body += when + pick({"strategy.close_all()", "strategy.cancel_all()", "strategy.cancel(\"A\")"}) + "\n"; break;
    default: body += when + "strategy.entry(\"" + id + "\", strategy." + side + ", stop = close + 1, limit = close + 0.5)\n"; break;
    }
  }
  body += "strategy.exit(\"X\", \"" + pick({"A", "B", ""}) + "\", " + pick({"profit = 120", "limit = close + 1.5", "qty_percent = 40, profit = 90"}) + ", " +
          pick({"loss = 80", "stop = close - 1", "trail_points = 60, trail_offset = 25"}) + ")\n";
  if (g() % 4 == 0) body += "strategy.risk." + pick({"max_intraday_loss(3, strategy.percent_of_equity)", "max_drawdown(20, strategy.percent_of_equity)", "max_intraday_filled_orders(6)", "max_position_size(20)", "allow_entry_in(strategy.direction.long)", "max_cons_loss_days(4)"}) + "\n";
  return script_of(options, body);
}

/// Position = sum of fills; equity = capital + trades + open profit; fills within their bar, slippage aside.
void check_run(std::uint32_t seed, const std::vector<bar>& bars) {
  auto source = random_strategy(seed);
  SCOPED_TRACE("strategy " + std::to_string(seed) + "\n" + source);
  auto r = start(source, {.fills = tester::log_fills::on});
  if (!r) return;
  double position = 0;
  std::size_t seen = 0;
  auto story = [&] {
    std::string all;
    for (const auto& f : r->account().fills())
      all += "bar " + std::to_string(f.bar) + " " + r->engine().texts().text(f.id) + " " + std::to_string(f.size) + " @ " + std::to_string(f.price) +
             " position " + std::to_string(f.position) + "\n";
    return all;
  };
  for (const auto& b : bars) {
    if (auto f = r->on_bar(b)) {
      ADD_FAILURE() << f->message;
      return;
    }
    const auto& fills = r->account().fills();
    double slip = r->account().rules().slippage_ticks * 0.01 + 1e-6;
    for (; seen < fills.size(); ++seen) {
      position += fills[seen].size;
      EXPECT_NEAR(position, fills[seen].position, 1e-6) << story();
      EXPECT_GE(fills[seen].price, b.low - slip);
      EXPECT_LE(fills[seen].price, b.high + slip);
    }
    EXPECT_NEAR(position, r->account().account().size(), 1e-6);
    if (auto broken = tester::check_identity(r->account().account(), r->account().rules().initial_capital)) {
      ADD_FAILURE() << *broken;
      return;
    }
    double sum = 0;
    for (const auto& t : r->account().account().open_trades()) {
      sum += t.size;
      EXPECT_NE(t.size, 0);
    }
    EXPECT_NEAR(sum, position, 1e-6);
    if (::testing::Test::HasFailure()) return;
  }
  symbol_info s;
  EXPECT_FALSE(tester::measure(*r, s).broken);
}

TEST(strategy_property, a_thousand_random_strategies_break_no_invariant) {
  auto bars = random_bars(120, 3);
  for (std::uint32_t seed = 1; seed <= 1000 && !HasFailure(); ++seed) check_run(seed, bars);
}

TEST(strategy_property, settings_and_data_change_results_and_a_rerun_does_not) {
  auto bars = random_bars(1500, 7);
  auto table = [&](const std::string& options, const std::vector<bar>& data) {
    auto r = start(script_of(options, busy));
    if (!r) return std::string();
    run_all(*r, data);
    return tester::trade_table(*r);
  };
  auto base = table("", bars);
  EXPECT_EQ(base, table("", bars));
  EXPECT_NE(base, table(", commission_value = 0.1", bars));
  EXPECT_NE(base, table(", slippage = 2", bars));
  EXPECT_NE(base, table(", process_orders_on_close = true", bars));
  EXPECT_NE(base, table("", std::vector<bar>(bars.begin() + 100, bars.end())));
  EXPECT_NE(base, table("", random_bars(1500, 8)));
}

/// Each order that is placed looks at those that wait: where both are many the run ends with an error instead of taking
/// hours. A thousand of them are far from that.
TEST(strategy, orders_that_multiply_stop_the_run) {
  const std::string loose = ", pyramiding = 100000, margin_long = 0, margin_short = 0, initial_capital = 1000000000";
  auto stop_of = [&](const std::string& body) -> std::string {
    auto r = start(script_of(loose, body));
    if (!r) return "doesn't compile";
    for (const auto& b : random_bars(3, 5))
      if (auto f = r->on_bar(b)) return f->message;
    return "";
  };
  EXPECT_NE(stop_of("for i = 0 to 15000\n    strategy.entry(str.tostring(i), strategy.long, limit = 1)\n").find("too many orders"), std::string::npos);
  EXPECT_NE(stop_of("for i = 0 to 15000\n    strategy.entry(str.tostring(i), strategy.long)\n").find("too many orders"), std::string::npos);
  EXPECT_NE(stop_of("for i = 0 to 900\n    strategy.entry(str.tostring(i), strategy.long)\n    strategy.exit(\"x\" + str.tostring(i), limit = 1e9)\n").find("too many orders"), std::string::npos);
  EXPECT_EQ(stop_of("for i = 0 to 1000\n    strategy.entry(str.tostring(i), strategy.long, limit = 1)\n"), "");
  EXPECT_EQ(stop_of("for i = 0 to 500\n    strategy.entry(str.tostring(i), strategy.long)\n    strategy.exit(\"x\", str.tostring(i), limit = 1e9)\n"), "");
}

TEST(strategy, what_is_not_a_strategy_is_refused) {
  auto compiled = compile("//@version=6\nindicator(\"t\")\nplot(close)\n");
  ASSERT_NE(compiled.code, nullptr);
  strategy_run r(compiled.code, {});
  ASSERT_TRUE(r.problem());
  EXPECT_TRUE(r.on_bar(random_bars(1, 1)[0]));
}

TEST(strategy, overrides_win_over_the_declaration) {
  auto compiled = compile(script_of(", initial_capital = 5, commission_value = 3, slippage = 1", "x = 1\n"));
  ASSERT_NE(compiled.code, nullptr);
  tester::account_overrides over;
  over.initial_capital = 1234;
  over.fee = tester::fee_kind::cash_per_order;
  over.fee_value = 2;
  auto rules = tester::rules_of(*compiled.code, symbol_info{}, over);
  EXPECT_EQ(rules.initial_capital, 1234);
  EXPECT_EQ(rules.fee_value, 2);
  EXPECT_EQ(rules.fee, tester::fee_kind::cash_per_order);
  EXPECT_EQ(rules.slippage_ticks, 1);
}

TEST(strategy, defaults_of_v5_and_v6_differ_in_margin_and_exit_pairs) {
  auto v5 = compile(script_of("", "x = 1\n", 5)), v6 = compile(script_of("", "x = 1\n"));
  ASSERT_TRUE(v5.code && v6.code);
  auto five = tester::rules_of(*v5.code, symbol_info{}), six = tester::rules_of(*v6.code, symbol_info{});
  EXPECT_EQ(five.margin_long, 0);
  EXPECT_EQ(six.margin_long, 100);
  EXPECT_EQ(five.pairs, tester::exit_pairs::price_wins);
  EXPECT_EQ(six.pairs, tester::exit_pairs::nearest);
}

} // namespace
} // namespace tt::pine::testing
