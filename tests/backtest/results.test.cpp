#include "actors/backtest/results.hpp"

#include <gtest/gtest.h>

#include "tests/backtest/support.hpp"

#include <algorithm>
#include <random>

/// Outcomes put together: the same bytes for any order, figures by hand, nulls for what is undefined.

namespace tt::backtest {
namespace {

using namespace test;

/// An outcome with these closed trades, two days apart each, equity booked on the day of the exit.
pair_outcome made(const std::string& symbol, const std::vector<double>& pnls, double initial = 1'000) {
  pair_outcome o;
  o.key = {symbol, timeframe::minutes(60)};
  o.initial = initial;
  o.final_equity = initial;
  o.step = curve_step::day;
  o.timezone = "Etc/UTC";
  o.currency = "USD";
  o.risk_free = 0;
  o.first_close = 100, o.last_close = 110;
  const std::int64_t first = start_ms / day_ms;
  o.curve.push_back({first, initial, 0, 100});
  for (std::size_t i = 0; i < pnls.size(); ++i) {
    trade_record t;
    const auto exit = start_ms + static_cast<std::int64_t>(i + 1) * 2 * day_ms;
    t.entry_ms = exit - day_ms, t.exit_ms = exit;
    t.entry_price = 100, t.exit_price = 100 + pnls[i], t.quantity = 1;
    t.pnl = pnls[i], t.pnl_percent = pnls[i] / 100;
    t.bars_held = 24;
    t.entry_reason = "in", t.exit_reason = "out, \"now\"";
    o.trades.push_back(t);
    o.final_equity += pnls[i];
    o.curve.push_back({exit / day_ms, o.final_equity, 0, 100});
  }
  o.bars = 100, o.bars_in_market = 25;
  o.first_ms = start_ms, o.last_ms = start_ms + 100 * day_ms;
  o.data_hash = "hash of " + symbol;
  return o;
}

job_results combined(const backtest_request& r, std::vector<pair_outcome> list) {
  auto made = job_results::combine(r, std::move(list), {"1.2.3", {}});
  EXPECT_TRUE(made) << to_string(made.error());
  return *std::move(made);
}

TEST(results, figures_by_hand) {
  auto r = request_for({"A", "B"}, 100);
  const auto all = combined(r, {made("A", {100, -50, 200}), made("B", {-150})});
  const auto d = all.results();
  EXPECT_DOUBLE_EQ(d["total_return"].get<double>(), 100.0 / 2'000);
  EXPECT_EQ(d["total_trades"], 4);
  EXPECT_DOUBLE_EQ(d["win_rate"].get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(d["profit_factor"].get<double>(), 300.0 / 200);
  EXPECT_DOUBLE_EQ(d["avg_win"].get<double>(), 150);
  EXPECT_DOUBLE_EQ(d["avg_loss"].get<double>(), -100);
  EXPECT_DOUBLE_EQ(d["largest_win"].get<double>(), 200);
  EXPECT_DOUBLE_EQ(d["largest_loss"].get<double>(), -150);
  EXPECT_DOUBLE_EQ(d["metrics"]["expectancy"].get<double>(), 25);
  EXPECT_DOUBLE_EQ(d["metrics"]["exposure"].get<double>(), 0.25);
  EXPECT_DOUBLE_EQ(d["metrics"]["buy_hold_return"].get<double>(), 0.1);
  // both exit on day 2: 2000, 1950, 1900, 2100. Peak 2000, low 1900.
  EXPECT_DOUBLE_EQ(d["max_drawdown"].get<double>(), 0.05);
  EXPECT_EQ(d["equity_curve"].size(), 4u);
  EXPECT_EQ(to_text(d["equity_curve"][0]), R"({"date":"2024-01-01","equity":2000})");
  EXPECT_EQ(to_text(d["equity_curve"][3]), R"({"date":"2024-01-07","equity":2100})");
  EXPECT_TRUE(d["metrics"]["beta"].is_null()) << "no one price to compare with";
  ASSERT_EQ(d["runs"].size(), 2u);
  EXPECT_EQ(d["runs"][0]["symbol"], "A");
  EXPECT_DOUBLE_EQ(d["runs"][0]["total_return"].get<double>(), 0.25);
  EXPECT_DOUBLE_EQ(d["runs"][1]["total_return"].get<double>(), -0.15);
  EXPECT_DOUBLE_EQ(d["initial_capital"].get<double>(), 2'000);
  // sum of pnl + open = change of equity
  double sum = d["metrics"]["open_pnl"].get<double>();
  for (const auto& t : d["trades"]) sum += t["pnl"].get<double>();
  EXPECT_DOUBLE_EQ(sum, d["final_equity"].get<double>() - d["initial_capital"].get<double>());
}

TEST(results, the_document_has_every_field_of_the_contract) {
  const auto d = combined(request_for({"A"}, 100), {made("A", {100, -50})}).results();
  for (const char* name : {"total_return", "max_drawdown", "sharpe_ratio", "win_rate", "total_trades", "profit_factor", "avg_win", "avg_loss", "largest_win",
                           "largest_loss", "equity_curve", "trades", "metrics", "runs", "compile_diagnostics", "assumptions"})
    EXPECT_TRUE(d.contains(name)) << name;
  for (const char* name : {"cagr", "sortino", "calmar", "volatility", "exposure", "expectancy", "max_drawdown_days", "buy_hold_return", "var_95", "cvar_95", "beta", "alpha"})
    EXPECT_TRUE(d["metrics"].contains(name)) << name;
  for (const char* name : {"symbol", "timeframe", "side", "entry_date", "exit_date", "entry_price", "exit_price", "quantity", "pnl", "pnl_percent", "fees",
                           "bars_held", "mae", "mfe", "entry_reason", "exit_reason"})
    EXPECT_TRUE(d["trades"][0].contains(name)) << name;
  for (const char* name : {"fill_rule", "slippage", "magnifier", "data_hash", "engine_version"}) EXPECT_TRUE(d["assumptions"].contains(name)) << name;
  EXPECT_EQ(d["assumptions"]["engine_version"], "1.2.3");
  EXPECT_EQ(d["trades"][0]["entry_date"], "2024-01-02T00:00:00.000Z");
}

TEST(results, one_pair_has_the_figures_of_its_run) {
  const auto d = combined(request_for({"A"}, 100), {made("A", {10, -5, 20, -7})}).results();
  for (const char* name : {"total_return", "max_drawdown", "sharpe_ratio", "win_rate", "profit_factor"}) EXPECT_EQ(d[name], d["runs"][0][name]) << name;
  EXPECT_EQ(d["metrics"], d["runs"][0]["metrics"]);
}

/// Every name under which a result shows a figure can be asked for.
TEST(results, every_figure_shown_is_one_for_objectives) {
  auto first = made("A", {100, -50, -25, 200}), second = made("B", {-150});
  first.margin_calls = 2;
  first.open_trades.push_back(first.trades.front());
  const auto all = combined(request_for({"A", "B"}, 100), {first, second});
  const auto d = all.results();
  const auto& f = all.figures();
  const auto check = [&](const std::string& name, const document& shown) {
    EXPECT_TRUE(figure_set::known(name)) << name;
    const auto value = f.get(name);
    if (shown.is_number() && value) EXPECT_NEAR(*value, shown.get<double>(), 1e-9) << name;
    else EXPECT_EQ(value.has_value(), shown.is_number()) << name;
  };
  for (const auto& [name, v] : d["metrics"].items()) {
    check(name, v);
    check("metrics." + name, v);
  }
  for (const auto& [name, v] : d["report"]["all"].items()) {
    check(name, v);
    check("report.all." + name, v);
  }
  for (const char* name : {"total_return", "max_drawdown", "sharpe_ratio", "win_rate", "total_trades", "profit_factor", "avg_win", "avg_loss", "largest_win",
                           "largest_loss", "initial_capital", "final_equity"})
    check(name, d[name]);
  EXPECT_EQ(f.get("margin_calls"), 2);
  EXPECT_EQ(f.get("open_trades"), 1);
  EXPECT_FALSE(figure_set::known("metrics.beauty"));
  EXPECT_EQ(figure_set::from(f.values()).get("margin_calls"), 2) << "kept results have them";
}

/// The rules of a YAML job's run are those of its request.
TEST(results, assumptions_of_a_yaml_job_say_what_was_asked) {
  auto r = request_for({"A"}, 100);
  r.pine_script.clear();
  r.yaml = "name: n";
  r.commission = 1, r.commission_type = commission_kind::cash_per_order;
  r.slippage = 0.5, r.slippage_type = slippage_kind::percent;
  auto one = made("A", {10});
  one.fill_rule = "orders of a run fill from the bar after it";
  EXPECT_EQ(combined(r, {one}).assumptions()["fill_rule"], "orders of a run fill from the bar after it");
  r.fills = fill_model::on_close;
  const auto said = combined(r, {one}).assumptions();
  EXPECT_EQ(said["slippage"], "0.5 percent of the price");
  EXPECT_EQ(said["commission"].get<std::string>().substr(0, 2), "1 ");
  EXPECT_EQ(said["fill_rule"], "orders of a run fill on the close of its bar");
}

TEST(results, undefined_is_null_and_never_zero) {
  const auto none = combined(request_for({"A"}, 100), {made("A", {})}).results();
  for (const char* name : {"sharpe_ratio", "win_rate", "profit_factor", "avg_win", "avg_loss", "largest_win", "largest_loss"})
    EXPECT_TRUE(none[name].is_null()) << name;
  EXPECT_EQ(none["total_trades"], 0);
  EXPECT_EQ(none["total_return"], 0.0);
  const auto one = combined(request_for({"A"}, 100), {made("A", {10})}).results();
  EXPECT_TRUE(one["profit_factor"].is_null()) << "no loss to divide by";
  EXPECT_TRUE(one["avg_loss"].is_null());
  EXPECT_TRUE(one["metrics"]["var_95"].is_null()) << "too few days";
  EXPECT_EQ(to_text(results_without_run({}))
              .find("nan"),
            std::string::npos);
}

TEST(results, any_order_of_arrival_and_of_symbols_gives_the_same_bytes) {
  std::vector<pair_outcome> list{made("A", {0.1, -0.2, 0.3}), made("B", {0.7, 0.1}), made("C", {-0.3, 1.1, 0.2, 0.1}), made("D", {})};
  auto r = request_for({"A", "B", "C", "D"}, 100);
  const auto expected = to_text(combined(r, list).results());
  std::mt19937 draw(1);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(list.begin(), list.end(), draw);
    std::shuffle(r.symbols.begin(), r.symbols.end(), draw);
    const auto all = combined(r, list);
    ASSERT_EQ(to_text(all.results()), expected);
    ASSERT_EQ(all.trades_csv(), combined(r, list).trades_csv());
  }
  // a result that comes twice counts once
  list.push_back(made("A", {5'000}));
  std::rotate(list.begin(), list.begin() + 1, list.end());
  auto first = list;
  std::stable_sort(first.begin(), first.end(), [](const auto& a, const auto& b) { return a.trades.size() != 1 && b.trades.size() == 1; });
  EXPECT_EQ(to_text(combined(r, first).results()), expected);
}

TEST(results, a_pair_stands_still_before_and_behind_its_bars) {
  auto a = made("A", {100}), b = made("B", {50});
  b.curve.erase(b.curve.begin()); // its data begin two days later
  const auto all = combined(request_for({"A", "B"}, 100), {a, b});
  ASSERT_EQ(all.curve().size(), 2u);
  EXPECT_DOUBLE_EQ(all.curve()[0].equity, 2'000);
  EXPECT_DOUBLE_EQ(all.curve()[1].equity, 2'150);
}

TEST(results, a_failed_pair_is_told_and_left_out) {
  auto r = request_for({"A", "B"}, 100);
  const auto some = combined(r, {made("A", {100}), failed_pair({"B", timeframe::minutes(60)}, {errc::not_found, "no bars", "start_date"})});
  EXPECT_FALSE(some.failure());
  const auto d = some.results();
  EXPECT_DOUBLE_EQ(d["initial_capital"].get<double>(), 1'000);
  EXPECT_DOUBLE_EQ(d["total_return"].get<double>(), 0.1);
  EXPECT_EQ(d["runs"][1]["error"]["error_code"], "not_found");
  EXPECT_TRUE(d["runs"][1]["win_rate"].is_null());
  ASSERT_EQ(d["assumptions"]["warnings"].size(), 1u);
  r.symbols = {"B"};
  EXPECT_EQ(combined(r, {failed_pair({"B", timeframe::minutes(60)}, {errc::not_found, "no bars", "start_date"})}).failure()->code, errc::not_found);
}

TEST(results, what_is_missing_or_does_not_add_up_is_an_error) {
  const auto r = request_for({"A", "B"}, 100);
  const auto missing = job_results::combine(r, {made("A", {1})}, {});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("B 1h"), std::string::npos);
  auto wrong = made("B", {5});
  wrong.final_equity += 1;
  EXPECT_EQ(job_results::combine(r, {made("A", {1}), wrong}, {}).error().code, errc::internal);
}

TEST(results, pages_of_trades_cover_all_of_them_once) {
  const auto all = combined(request_for({"A", "B"}, 100), {made("A", {1, 2, 3, 4, 5}), made("B", {6, 7, 8})});
  document rows = document::array();
  std::string cursor;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = all.trades(3, cursor);
    ASSERT_TRUE(page);
    EXPECT_LE(page->rows.size(), 3u);
    for (const auto& row : page->rows) rows.push_back(row);
    if (!page->next_cursor) break;
    cursor = *page->next_cursor;
  }
  EXPECT_EQ(rows, all.results()["trades"]);
  EXPECT_EQ(rows.size(), 8u);
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_LE(rows[i - 1]["exit_date"].get<std::string>(), rows[i]["exit_date"].get<std::string>());
  EXPECT_EQ(all.trades(3, "x").error().field, "cursor");
  std::string next;
  document points = document::array();
  for (int pages = 0; pages < 100; ++pages) {
    const auto page = all.equity_rows(0, 2, next);
    ASSERT_TRUE(page);
    EXPECT_LE(page->rows.size(), 2u);
    for (const auto& p : page->rows) points.push_back(p);
    if (!page->next_cursor) break;
    next = *page->next_cursor;
  }
  EXPECT_EQ(to_text(points), to_text(all.equity()));
  EXPECT_EQ(to_text(all.equity_rows(0, 0)->rows), to_text(all.equity())) << "no limit: all";
  EXPECT_EQ(all.equity_rows(0, 2, "zzz").error().field, "cursor");
  EXPECT_TRUE(all.trades(3, "100")->rows.empty());
}

TEST(results, pages_of_logs) {
  auto a = made("A", {}), b = made("B", {});
  for (int i = 0; i < 5; ++i) a.logs.push_back({start_ms + i, i, pine::log_level::info, "a" + std::to_string(i)});
  for (int i = 0; i < 2; ++i) b.logs.push_back({start_ms + i, i, pine::log_level::error, "b" + std::to_string(i)});
  const auto all = combined(request_for({"A", "B"}, 100), {a, b});
  std::string texts, cursor;
  for (;;) {
    const auto page = all.logs(2, cursor);
    ASSERT_TRUE(page);
    for (const auto& row : page->rows) texts += row["text"].get<std::string>();
    if (!page->next_cursor) break;
    cursor = *page->next_cursor;
  }
  EXPECT_EQ(texts, "a0a1a2a3a4b0b1");
  EXPECT_EQ(all.logs_csv().substr(0, 76), "symbol,timeframe,time,bar,level,text\nA,1h,2024-01-01T00:00:00.000Z,0,info,a0");
}

TEST(results, log_lines_that_were_not_kept_are_told) {
  auto a = made("A", {}), b = made("B", {});
  a.logs.push_back({start_ms, 7, pine::log_level::info, "one"});
  a.logs_dropped = 12;
  b.logs.push_back({start_ms, 7, pine::log_level::info, "two"});
  const auto all = combined(request_for({"A", "B"}, 100), {a, b});
  const auto page = all.logs(10).value();
  ASSERT_EQ(page.rows.size(), 3u);
  EXPECT_EQ(page.rows[1]["text"], "12 more log lines were not kept");
  EXPECT_EQ(page.rows[1]["symbol"], "A");
  EXPECT_EQ(page.rows[2]["text"], "two");
  const auto second = all.logs(1, "1").value();
  EXPECT_EQ(second.rows, document::array({page.rows[1]}));
  EXPECT_EQ(second.next_cursor, "2");
  EXPECT_EQ(all.assumptions()["warnings"], document::array({"A 1h: 12 more log lines were not kept"}));
  EXPECT_NE(all.logs_csv().find("12 more"), std::string::npos);
}

TEST(results, csv_quotes_what_needs_it) {
  const auto all = combined(request_for({"A"}, 100), {made("A", {12.5})});
  EXPECT_EQ(all.trades_csv(),
            "symbol,timeframe,side,entry_date,exit_date,entry_price,exit_price,quantity,pnl,pnl_percent,fees,bars_held,mae,mfe,entry_reason,exit_reason\n"
            "A,1h,long,2024-01-02T00:00:00.000Z,2024-01-03T00:00:00.000Z,100,112.5,1,12.5,0.125,0,24,0,0,in,\"out, \"\"now\"\"\"\n");
  EXPECT_EQ(all.equity_csv(), "date,equity\n2024-01-01,1000\n2024-01-03,1012.5\n");
}

TEST(results, downsampling_keeps_ends_and_extremes) {
  std::vector<shown_point> curve;
  std::mt19937 draw(3);
  for (int i = 0; i < 5'000; ++i) curve.push_back({i, 1'000 + 50 * std::sin(i / 300.0) + static_cast<double>(draw() % 100) / 100});
  curve[1'234].equity = 5'000;
  curve[4'321].equity = -5;
  for (std::size_t most : {1u, 4u, 5u, 10u, 100u, 999u, 4'999u}) {
    const auto few = downsample(curve, most);
    EXPECT_LE(few.size(), std::max<std::size_t>(4, most));
    EXPECT_EQ(few.front().at, 0);
    EXPECT_EQ(few.back().at, 4'999);
    EXPECT_TRUE(std::any_of(few.begin(), few.end(), [](const auto& p) { return p.at == 1'234; }));
    EXPECT_TRUE(std::any_of(few.begin(), few.end(), [](const auto& p) { return p.at == 4'321; }));
    for (std::size_t i = 1; i < few.size(); ++i) ASSERT_LT(few[i - 1].at, few[i].at);
    if (most >= 100) {
      EXPECT_GE(few.size(), most / 2);
    }
  }
  EXPECT_EQ(downsample(curve, 0).size(), curve.size());
  EXPECT_EQ(downsample(curve, 5'000).size(), curve.size());
  EXPECT_TRUE(downsample({}, 10).empty());
}

TEST(results, numbers_are_plain_and_free_of_noise) {
  EXPECT_EQ(to_text(document{{"a", 1e-7}, {"b", 123456789012.25}, {"c", 1.0}, {"d", nullptr}, {"e", {1, 2}}, {"f", document::object()}, {"g", "x\"y"}}),
            R"({"a":0.0000001,"b":123456789012.25,"c":1,"d":null,"e":[1,2],"f":{},"g":"x\"y"})");
  const auto d = combined(request_for({"A"}, 100), {made("A", {0.1, 0.2})}).results();
  EXPECT_NE(to_text(d).find("\"net_profit\":0.3,"), std::string::npos);
  EXPECT_EQ(to_text(d).find("e-"), std::string::npos);
}

} // namespace
} // namespace tt::backtest
