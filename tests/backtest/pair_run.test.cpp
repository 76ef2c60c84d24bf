#include "actors/backtest/pair_run.hpp"

#include <gtest/gtest.h>

#include "actors/backtest/results.hpp"
#include "tests/backtest/support.hpp"

#include <nlohmann/json.hpp>

/// One program over one pair: rules laid over each other, the money, the bytes, and how a run is stopped.

namespace tt::backtest {
namespace {

using namespace test;

pine::declaration declared(const std::string& head) {
  const auto script = compile_strategy("//@version=6\nstrategy(\"s\"" + head + ")\n");
  EXPECT_NE(script.code, nullptr);
  return script.code->decl;
}

TEST(run_rules, the_request_beats_the_script_which_beats_the_default) {
  using pine::tester::fee_kind;
  backtest_request r;
  const auto bare = rules_for(r, declared(""));
  EXPECT_EQ(bare.initial_capital, 10'000);
  EXPECT_EQ(bare.fee, fee_kind::cash_per_order);
  EXPECT_EQ(bare.fee_value, 0.01);
  EXPECT_EQ(bare.slippage, 0);
  const auto d = declared(", initial_capital = 5000, commission_value = 0.2, slippage = 3, process_orders_on_close = true, use_bar_magnifier = true, currency = currency.EUR");
  const auto own = rules_for(r, d);
  EXPECT_EQ(own.initial_capital, 5'000);
  EXPECT_EQ(own.fee, fee_kind::percent) << "what the language takes a fee for without a kind";
  EXPECT_EQ(own.fee_value, 0.2);
  EXPECT_EQ(own.slippage, 3);
  EXPECT_EQ(own.slippage_type, slippage_kind::ticks);
  EXPECT_EQ(own.fills, pine::tester::fill_time::on_close);
  EXPECT_EQ(own.magnifier, bar_provider::inner_bars::wanted);
  EXPECT_EQ(own.currency, "EUR");
  r.initial_capital = 7'000;
  r.commission = 1;
  r.commission_type = commission_kind::cash_per_contract;
  r.slippage = 0.5;
  r.fills = fill_model::next_bar;
  r.magnifier = magnifier_use::off;
  r.currency = "USD";
  const auto asked = rules_for(r, d);
  EXPECT_EQ(asked.initial_capital, 7'000);
  EXPECT_EQ(asked.fee, fee_kind::cash_per_contract);
  EXPECT_EQ(asked.fee_value, 1);
  EXPECT_EQ(asked.slippage, 0.5);
  EXPECT_EQ(asked.slippage_type, slippage_kind::percent);
  EXPECT_EQ(asked.fills, pine::tester::fill_time::next_tick);
  EXPECT_EQ(asked.magnifier, bar_provider::inner_bars::none);
  EXPECT_EQ(asked.currency, "USD");
  r.slippage.reset();
  r.slippage_type = slippage_kind::ticks;
  EXPECT_EQ(rules_for(r, d).slippage, 3) << "a type alone leaves the script's value";
  EXPECT_EQ(rules_for(r, d).slippage_type, slippage_kind::ticks);
  EXPECT_EQ(rules_for(r, declared("")).slippage, 0);
}

TEST(run_rules, the_script_reads_the_capital_it_trades_with) {
  auto r = request_for({"A"});
  r.pine_script = "//@version=6\nstrategy(\"s\", initial_capital = 5000)\nlog.info(\"{0}\", strategy.initial_capital)\n";
  r.initial_capital = 7'000;
  const auto o = run_pair(job_for(r, set_of("A", wave(3))));
  ASSERT_TRUE(o);
  EXPECT_EQ(o->initial, 7'000);
  ASSERT_EQ(o->logs.size(), 3u);
  EXPECT_EQ(o->logs[0].text, "7000");
}

/// Buys two at the second bar's open and sells at the fourth's.
const char* const round_trip = R"(//@version=6
strategy("s")
if bar_index == 0
    strategy.entry("in", strategy.long, qty = 2)
if bar_index == 2
    strategy.close("in", comment = "out")
if bar_index == 4
    strategy.entry("again", strategy.short, qty = 1)
)";

/// Of ten bars the script gets the last five: it buys at the open of its second and holds to its fifth.
TEST(pair_run, bars_held_are_counted_as_the_script_counts) {
  auto r = request_for({"A"}, 10);
  r.pine_script = "//@version=6\nstrategy(\"s\", calc_bars_count = 5)\nif bar_index == 0\n    strategy.entry(\"in\", strategy.long)\n";
  const auto o = run_pair(job_for(r, set_of("A", wave(10))));
  ASSERT_TRUE(o) << to_string(o.error());
  ASSERT_EQ(o->open_trades.size(), 1u);
  EXPECT_EQ(o->open_trades[0].bars_held, 3);
}

TEST(pair_run, trades_and_money_by_hand) {
  auto r = request_for({"A"}, 10);
  r.pine_script = round_trip;
  r.initial_capital = 1'000;
  r.commission = 1;
  r.commission_type = commission_kind::cash_per_order;
  // opens: 10 10 12 11 15 14 14; closes: 10 12 11 15 14 14 13
  const auto o = run_pair(job_for(r, set_of("A", closes({10, 12, 11, 15, 14, 14, 13}))));
  ASSERT_TRUE(o) << to_string(o.error());
  ASSERT_EQ(o->trades.size(), 1u);
  const auto& t = o->trades[0];
  EXPECT_EQ(t.side, trade_record::side_t::long_side);
  EXPECT_EQ(t.entry_price, 10);
  EXPECT_EQ(t.exit_price, 11);
  EXPECT_EQ(t.quantity, 2);
  EXPECT_DOUBLE_EQ(t.pnl, 2 * (11 - 10) - 2);
  EXPECT_DOUBLE_EQ(t.fees, 2);
  EXPECT_DOUBLE_EQ(t.pnl_percent, 0.0);
  EXPECT_EQ(t.bars_held, 2);
  EXPECT_EQ(t.entry_ms, start_ms + day_ms);
  EXPECT_EQ(t.exit_ms, start_ms + 3 * day_ms);
  EXPECT_EQ(t.entry_reason, "in");
  EXPECT_EQ(t.exit_reason, "out");
  EXPECT_LE(t.mae, 0);
  EXPECT_GE(t.mfe, 2 * (12 - 10) - 1 - 1e-9);
  ASSERT_EQ(o->open_trades.size(), 1u);
  EXPECT_EQ(o->open_trades[0].entry_price, 14);
  EXPECT_EQ(o->open_trades[0].exit_price, 13);
  EXPECT_DOUBLE_EQ(o->open_pnl, 1 - 1);
  EXPECT_DOUBLE_EQ(o->final_equity, 1'000);
  EXPECT_EQ(o->bars, 7);
  EXPECT_EQ(o->bars_in_market, 4);
  EXPECT_FALSE(broken_identity(*o));
  // per bar: 1000, +4-1, +2-1, 0, 0, -1, 0
  ASSERT_EQ(o->curve.size(), 7u);
  const std::vector<double> equity{1'000, 1'003, 1'001, 1'000, 1'000, 999, 1'000};
  for (std::size_t i = 0; i < equity.size(); ++i) EXPECT_DOUBLE_EQ(o->curve[i].equity, equity[i]) << i;
  EXPECT_EQ(o->curve[6].position, -1);
}

TEST(pair_run, a_broken_sum_is_seen) {
  auto r = request_for({"A"}, 10);
  auto o = run_pair(job_for(r, set_of("A", wave(300))));
  ASSERT_TRUE(o);
  ASSERT_FALSE(o->trades.empty());
  EXPECT_FALSE(broken_identity(*o));
  o->trades[0].pnl += 0.01;
  EXPECT_TRUE(broken_identity(*o));
}

TEST(pair_run, slippage_in_percent_is_against_the_order_and_on_the_tick) {
  auto r = request_for({"A"}, 10);
  r.pine_script = round_trip;
  r.commission = 0;
  r.slippage = 1;
  const auto o = run_pair(job_for(r, set_of("A", closes({10, 12.34, 11, 15, 14, 14, 13}))));
  ASSERT_TRUE(o);
  EXPECT_DOUBLE_EQ(o->trades[0].entry_price, 10.10);
  EXPECT_DOUBLE_EQ(o->trades[0].exit_price, 10.89);
}

TEST(pair_run, warm_up_bars_are_seen_but_not_traded) {
  auto r = request_for({"A"});
  r.pine_script = R"(//@version=6
strategy("s")
strategy.entry("L", strategy.long, qty = 1)
log.info("{0} {1}", bar_index, ta.sma(close, 3))
)";
  r.commission = 0;
  const auto o = run_pair(job_for(r, set_of("A", closes({1, 2, 3, 4, 5, 6}), 3)));
  ASSERT_TRUE(o);
  EXPECT_EQ(o->bars, 3);
  ASSERT_EQ(o->open_trades.size(), 1u);
  EXPECT_EQ(o->open_trades[0].entry_ms, start_ms + 4 * day_ms) << "the order of the first bar in the range, not of the warm-up";
  ASSERT_EQ(o->logs.size(), 3u);
  EXPECT_EQ(o->logs[0].text, "3 3") << "the average knows the bars before";
  EXPECT_EQ(o->curve.size(), 3u);
  EXPECT_EQ(o->first_close, 4);
}

TEST(pair_run, a_range_inside_of_the_bars) {
  auto r = request_for({"A"}, 10);
  auto job = job_for(r, set_of("A", wave(400)));
  job.range = {100, 300};
  job.warmup = 50;
  const auto o = run_pair(job);
  ASSERT_TRUE(o);
  EXPECT_EQ(o->bars, 200);
  EXPECT_EQ(o->first_ms, start_ms + 100 * hour_ms);
  EXPECT_EQ(o->last_ms, start_ms + 299 * hour_ms);
  job.range = {400, 400};
  job.range.to = 401, job.range.from = 400;
  EXPECT_EQ(run_pair(job).error().field, "bars");
}

TEST(pair_run, the_curve_has_a_point_per_day_over_sixty_days_else_per_bar) {
  auto r = request_for({"A"}, 60);
  EXPECT_EQ(step_for(r), curve_step::bar);
  r.end = r.end + 1;
  EXPECT_EQ(step_for(r), curve_step::day);
  const auto o = run_pair(job_for(r, set_of("A", wave(61 * 24))));
  ASSERT_TRUE(o);
  ASSERT_EQ(o->curve.size(), 61u);
  EXPECT_EQ(date_text(o->curve[0].at, curve_step::day), "2024-01-01");
  EXPECT_EQ(date_text(o->curve[60].at, curve_step::day), "2024-03-01");
  EXPECT_DOUBLE_EQ(o->curve.back().equity, o->final_equity);
}

TEST(pair_run, a_fall_between_two_points_of_the_curve_is_a_drawdown) {
  auto r = request_for({"A"}, 60);
  r.pine_script = "//@version=6\nstrategy(\"s\", initial_capital = 1000)\nif bar_index == 0\n    strategy.entry(\"L\", strategy.long, qty = 5)\n";
  r.commission = 0;
  std::vector<double> list(70 * 24, 100);
  list[30 * 24 + 5] = 60; // within a day, and back before its end
  const auto set = set_of("A", closes(list, hour_ms));
  const auto by_bar = run_pair(job_for(r, set));
  r.end = r.start + 69;
  const auto by_day = run_pair(job_for(r, set));
  ASSERT_TRUE(by_bar && by_day);
  ASSERT_EQ(by_day->step, curve_step::day);
  const auto a = figures_of(*by_bar), b = figures_of(*by_day);
  EXPECT_DOUBLE_EQ(a.get("max_drawdown").value(), 0.2);
  EXPECT_DOUBLE_EQ(b.get("max_drawdown").value(), 0.2);
  EXPECT_EQ(a.get("recovery"), b.get("recovery"));
  EXPECT_TRUE(b.get("calmar")) << "the curve alone has no drawdown to divide by";
  EXPECT_DOUBLE_EQ(by_day->falls.value().money, 200);
  const auto all = job_results::combine(r, {*by_day}, {}).value();
  EXPECT_EQ(all.assumptions()["drawdown"], "from the close of every bar");
  auto other = *by_day;
  other.key.symbol = "B";
  r.symbols.push_back("B");
  EXPECT_EQ(job_results::combine(r, {*by_day, other}, {}).value().assumptions()["drawdown"],
            "of each run from the close of every bar, of their sum from the points of the curve");
}

TEST(pair_run, scripts_that_stop_and_inputs_that_do_not_fit_are_named) {
  auto r = request_for({"A"});
  r.pine_script = "//@version=6\nstrategy(\"s\")\nif bar_index == 2\n    runtime.error(\"enough\")\n";
  const auto stopped = run_pair(job_for(r, set_of("A", wave(5))));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().field, "script");
  EXPECT_NE(stopped.error().message.find("enough"), std::string::npos);
  EXPECT_NE(stopped.error().message.find("bar 2"), std::string::npos);
  r.pine_script = cross;
  r.inputs = {{"fast", "0"}};
  EXPECT_EQ(run_pair(job_for(r, set_of("A", wave(5)))).error().field, "inputs");
}

TEST(pair_run, progress_adds_up_to_the_bars) {
  auto r = request_for({"A"});
  std::size_t bars = 0, calls = 0;
  const run_watch watch{[&](std::size_t n) { bars += n, ++calls; }, nullptr};
  ASSERT_TRUE(run_pair(job_for(r, set_of("A", wave(10'000))), watch));
  EXPECT_EQ(bars, 10'000u);
  EXPECT_EQ(calls, 100u) << "a hundredth of the bars at a time";
  bars = calls = 0;
  ASSERT_TRUE(run_pair(job_for(r, set_of("A", wave(30))), watch));
  EXPECT_EQ(bars, 30u);
  EXPECT_EQ(calls, 30u);
}

TEST(pair_run, cancel_stops_between_bars_and_inside_of_a_loop) {
  auto r = request_for({"A"});
  std::atomic<bool> flag{true};
  const auto at_once = run_pair(job_for(r, set_of("A", wave(100))), {{}, &flag});
  ASSERT_FALSE(at_once);
  EXPECT_TRUE(is_cancelled(at_once.error()));
  // a script that loops for as long as it may: the flag goes up from its own first bars
  r.pine_script = "//@version=6\nstrategy(\"s\")\nx = 0.0\nfor i = 0 to 40000000\n    x += i\n";
  flag = false;
  std::size_t bars = 0;
  auto job = job_for(r, set_of("A", wave(1'000)));
  struct raise final : run_source { // asked while the run is made ready: the loop of bar 0 then finds the flag up
    explicit raise(std::atomic<bool>& f) { f = true; }
    const pine::symbol_data* bars(const std::string&, const pine::timeframe&) override { return nullptr; }
    std::shared_ptr<const pine::symbol_info> info(const std::string&) override { return nullptr; }
  };
  job.data = [&](const bar_set&) { return std::make_unique<raise>(flag); };
  const auto in_a_loop = run_pair(job, {[&](std::size_t n) { bars += n; }, &flag});
  ASSERT_FALSE(in_a_loop);
  EXPECT_TRUE(is_cancelled(in_a_loop.error()));
  EXPECT_EQ(bars, 0u);
}

TEST(pair_run, the_magnifier_is_not_said_to_be_on_where_it_is_not) {
  auto r = request_for({"A"});
  r.magnifier = magnifier_use::on;
  r.pine_script = "//@version=6\nstrategy(\"s\", calc_on_order_fills = true)\n";
  const auto o = run_pair(job_for(r, set_of("A", wave(70))));
  ASSERT_TRUE(o);
  EXPECT_EQ(o->magnifier, "off");
  ASSERT_EQ(o->warnings.size(), 1u);
  EXPECT_NE(o->warnings[0].find("calc_on_order_fills"), std::string::npos);
  EXPECT_EQ(rules_for(r, declared(", calc_on_order_fills = true")).magnifier, bar_provider::inner_bars::none) << "no shorter bars are fetched";
  EXPECT_EQ(rules_for(r, declared("")).magnifier, bar_provider::inner_bars::wanted);
}

TEST(pair_run, log_lines_over_the_limit_are_counted) {
  auto r = request_for({"A"});
  r.pine_script = "//@version=6\nstrategy(\"s\")\nfor i = 0 to 2999\n    log.info(\"x\")\n";
  const auto o = run_pair(job_for(r, set_of("A", wave(70))));
  ASSERT_TRUE(o);
  EXPECT_EQ(o->logs.size(), limits::log_lines);
  EXPECT_EQ(o->logs_dropped, 210'000 - limits::log_lines) << "those too that the script itself may not keep";
}

/// Asked for a currency's rate on every bar; the flag goes up on one of them.
struct rate_then_stop final : run_source {
  rate_then_stop(std::atomic<bool>& flag, int& asked) : flag_(flag), asked_(asked) {}
  const pine::symbol_data* bars(const std::string&, const pine::timeframe&) override { return nullptr; }
  std::shared_ptr<const pine::symbol_info> info(const std::string&) override { return nullptr; }
  std::optional<double> value(const std::string&, const std::string&, std::int64_t) override {
    if (++asked_ == 10) flag_ = true;
    return 1.0;
  }
  std::atomic<bool>& flag_;
  int& asked_;
};

TEST(pair_run, cancel_is_looked_at_on_every_bar) {
  auto r = request_for({"A"});
  r.pine_script = "//@version=6\nstrategy(\"s\")\nplot(close)\n";
  r.currency = "EUR";
  std::atomic<bool> flag{false};
  int asked = 0;
  auto job = job_for(r, set_of("A", wave(1'000)));
  job.data = [&](const bar_set&) { return std::make_unique<rate_then_stop>(flag, asked); };
  const auto o = run_pair(job, {{}, &flag});
  ASSERT_FALSE(o);
  EXPECT_TRUE(is_cancelled(o.error()));
  EXPECT_EQ(asked, 10) << "no bar behind the one on which the flag went up";
}

TEST(pair_run, nothing_depends_on_the_clock_or_on_who_watches) {
  auto r = request_for({"A"}, 70);
  const auto set = set_of("A", wave(70 * 24));
  std::atomic<bool> flag{false};
  const auto a = run_pair(job_for(r, set)), b = run_pair(job_for(r, set), {[](std::size_t) {}, &flag});
  ASSERT_TRUE(a && b);
  EXPECT_EQ(to_bytes(*a), to_bytes(*b));
}

TEST(pair_outcome, bytes_and_back) {
  auto r = request_for({"A"}, 30);
  r.pine_script = std::string(cross) + "log.warning(\"bar {0} \\\"quoted\\\" ü\", bar_index)\n";
  const auto o = run_pair(job_for(r, set_of("A", wave(500))));
  ASSERT_TRUE(o) << to_string(o.error());
  const auto bytes = to_bytes(*o);
  const auto back = pair_outcome_from_bytes(bytes);
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_EQ(to_bytes(*back), bytes);
  EXPECT_EQ(back->trades, o->trades);
  EXPECT_EQ(back->open_trades, o->open_trades);
  EXPECT_EQ(back->curve, o->curve);
  EXPECT_EQ(back->logs, o->logs);
  EXPECT_EQ(back->final_equity, o->final_equity);
  EXPECT_EQ(back->falls, o->falls);
  EXPECT_EQ(back->commission, "0.1 percent");
  const auto failed = failed_pair({"A", timeframe::days(1)}, {errc::not_found, "no bars", "start_date"}, "abc");
  const auto failed_back = pair_outcome_from_bytes(to_bytes(failed));
  ASSERT_TRUE(failed_back);
  EXPECT_EQ(failed_back->failure, failed.failure);
  EXPECT_EQ(failed_back->key, failed.key);
}

TEST(pair_outcome, later_fields_are_skipped_and_later_formats_refused) {
  auto map = nlohmann::json::from_msgpack(to_bytes(failed_pair({"A", timeframe::days(1)}, {errc::not_found, "x"})));
  map["a_field_of_the_future"] = {1, 2, 3};
  map["v"] = 2;
  auto bytes = nlohmann::json::to_msgpack(map);
  EXPECT_TRUE(pair_outcome_from_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  map["reads"] = 2;
  bytes = nlohmann::json::to_msgpack(map);
  EXPECT_EQ(pair_outcome_from_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).error().code, errc::unsupported);
}

TEST(pair_outcome, bytes_from_before_falls_were_kept_can_be_read) {
  auto r = request_for({"A"}, 30);
  const auto o = run_pair(job_for(r, set_of("A", wave(500))));
  ASSERT_TRUE(o);
  auto map = nlohmann::json::from_msgpack(to_bytes(*o));
  ASSERT_EQ(map.erase("falls"), 1u);
  const auto bytes = nlohmann::json::to_msgpack(map);
  const auto back = pair_outcome_from_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->falls);
  EXPECT_EQ(figures_of(*back).get("max_drawdown"), figures_of(*o).get("max_drawdown")) << "a point per bar shows them all";
}

TEST(pair_outcome, damaged_bytes_are_an_error) {
  auto r = request_for({"A"}, 30);
  const auto o = run_pair(job_for(r, set_of("A", wave(200))));
  ASSERT_TRUE(o);
  const auto bytes = to_bytes(*o);
  for (std::size_t n = 0; n < bytes.size(); n += 1 + bytes.size() / 97) EXPECT_FALSE(pair_outcome_from_bytes(bytes.substr(0, n))) << n;
  EXPECT_FALSE(pair_outcome_from_bytes(bytes + "x"));
  for (std::size_t n = 0; n < bytes.size(); n += 7) { // whatever a turned bit makes of it: an error or an outcome, no crash
    auto bad = bytes;
    bad[n] = static_cast<char>(bad[n] ^ 0x41);
    (void)pair_outcome_from_bytes(bad);
  }
}

TEST(pair_outcome, endless_nesting_is_an_error_not_an_overflow) {
  EXPECT_FALSE(pair_outcome_from_bytes(std::string(1'000'000, '\x91')));
}

TEST(bar_set, bytes_hash_and_order) {
  const auto a = set_of("A", wave(50), 5);
  const auto back = bar_set_from_bytes(to_bytes(*a));
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_EQ((*back)->hash(), a->hash());
  EXPECT_EQ((*back)->warmup(), 5u);
  EXPECT_EQ((*back)->day(30), a->day(30));
  EXPECT_NE(set_of("B", wave(50), 5)->hash(), a->hash());
  EXPECT_NE(set_of("A", wave(50), 4)->hash(), a->hash());
  EXPECT_NE(set_of("A", wave(51), 5)->hash(), a->hash());
  auto map = nlohmann::json::from_msgpack(to_bytes(*a));
  map["warmup"] = 6;
  const auto bytes = nlohmann::json::to_msgpack(map);
  EXPECT_EQ(bar_set_from_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).error().code, errc::corrupt_data);
  auto twice = wave(3);
  twice[1].time_ms = twice[0].time_ms;
  EXPECT_EQ(bar_set::make({"A", timeframe::minutes(60)}, symbol("A"), twice, 0).error().field, "bars");
}

TEST(bar_set, requests_see_longer_bars_of_the_own_symbol_and_no_other) {
  auto r = request_for({"A"});
  r.pine_script = "//@version=6\nstrategy(\"s\")\nd = request.security(syminfo.tickerid, \"1D\", close)\nif barstate.islast\n    log.info(\"{0}\", d)\n";
  const auto bars = wave(24 * 4);
  const auto o = run_pair(job_for(r, set_of("A", bars)));
  ASSERT_TRUE(o) << to_string(o.error());
  ASSERT_EQ(o->logs.size(), 1u);
  r.pine_script = "//@version=6\nstrategy(\"s\")\nd = request.security(\"TEST:B\", \"1D\", close)\nlog.info(\"{0}\", d)\n";
  const auto other = run_pair(job_for(r, set_of("A", bars)));
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("TEST:B"), std::string::npos);
}

TEST(compile_strategy, indicators_are_refused_and_findings_kept) {
  const auto indicator = compile_strategy("//@version=6\nindicator(\"i\")\nplot(close)\n");
  EXPECT_EQ(indicator.code, nullptr);
  ASSERT_EQ(indicator.findings.size(), 1u);
  EXPECT_NE(indicator.findings[0].message.find("strategy()"), std::string::npos);
  const auto wrong = compile_strategy("//@version=6\nstrategy(\"i\")\nplot(clsoe)\n");
  EXPECT_EQ(wrong.code, nullptr);
  ASSERT_FALSE(wrong.findings.empty());
  EXPECT_EQ(wrong.findings[0].line, 3u);
  EXPECT_FALSE(compile_strategy("test").findings.empty());
}

} // namespace
} // namespace tt::backtest
