#include "actors/backtest/account_run.hpp"
#include "actors/backtest/local_runner.hpp"
#include "actors/backtest/plans.hpp"

#include <gtest/gtest.h>

#include "tests/backtest/support.hpp"

#include <nlohmann/json.hpp>

/// Studies whose trials share indicator columns: the same bytes as without, on any number of threads.

namespace tt::backtest {
namespace {

using namespace test;
using nlohmann::json;

/// Two lengths, dear and cheap functions, a column of columns, history of one, orders that depend on all of it.
std::string script_with(const std::string& declared, const std::string& more = "") {
  return "//@version=6\nstrategy(\"s\", initial_capital = 10000" + declared + ")\n" + R"(fast = input.int(5, "fast")
slow = input.int(20, "slow")
a = ta.linreg(close, fast, 0)
b = ta.sma(ta.wma(close, slow), 3)
r = ta.rsi(close, fast)
top = ta.highest(high, slow)[1]
)" + more + R"(if ta.crossover(a, b) and r > 30
    strategy.entry("L", strategy.long, comment = str.tostring(r))
if close > top
    strategy.entry("T", strategy.long, qty = 2, limit = b)
if ta.crossunder(a, b)
    strategy.close_all()
strategy.exit("x", "L", stop = b - 3 * ta.atr(fast), limit = top)
)";
}

/// Two half hours in every hour, for the magnifier.
std::vector<pine::bar> halves(const std::vector<pine::bar>& hours) {
  std::vector<pine::bar> out;
  for (const auto& b : hours) {
    const double middle = (b.high + b.low) / 2;
    out.push_back({b.time_ms, b.open, b.high, std::min(b.open, middle), middle, b.volume / 2});
    out.push_back({b.time_ms + hour_ms / 2, middle, std::max(middle, b.close), b.low, b.close, b.volume / 2});
  }
  return out;
}

given_bars two_symbols() {
  given_bars bars;
  const auto hours = wave(24 * 60);
  bars.add(bar_set::make({"A", timeframe::minutes(60)}, symbol("A"), hours, 0, halves(hours)).value());
  bars.add(set_of("B", wave(24 * 60, 31), 10));
  return bars;
}

study_request study_over(const std::string& script, const char* more = "{}", const char* fast = R"({"min":2,"max":6,"step":2})") {
  auto body = json::parse(R"({"symbols":["A","B"],"start_date":"2024-01-01","end_date":"2024-02-29","objective":"net_profit"})");
  body["parameters"] = {{"fast", json::parse(fast)}, {"slow", json::parse(R"({"min":10,"max":30,"step":10})")}};
  body["pine_script"] = script;
  body.update(json::parse(more));
  auto p = parse_study(body);
  for (const auto& problem : p.problems) ADD_FAILURE() << to_string(problem);
  return p.value.value();
}

std::string run_on(const study_request& r, std::size_t threads, column_sharing sharing) {
  auto bars = two_symbols();
  runner_options o;
  o.threads = threads;
  o.engine_version = "v";
  o.columns = sharing;
  const auto done = run_study(r, compile_strategy(r.base.pine_script), bars, o);
  if (!done) return to_string(done.error());
  return to_text(done->results({"v", {}})) + done->trials_csv();
}

void check_same(const study_request& r) {
  const auto expected = run_on(r, 1, column_sharing::off);
  EXPECT_GT(expected.size(), 1'000u) << expected;
  for (std::size_t threads : {1u, 2u}) EXPECT_EQ(run_on(r, threads, column_sharing::on), expected) << threads << " threads";
}

TEST(study_columns, every_method) {
  for (const char* more : {"{}", R"({"method":"random","max_trials":30})", R"({"method":"genetic","genetic":{"population":8,"generations":4}})",
                           R"({"method":"walk_forward","walk_forward":{"train":"20d","test":"10d"}})",
                           R"({"capital_mode":"shared"})", R"({"warmup_bars":50,"method":"walk_forward","walk_forward":{"train":"20d","test":"10d"}})"})
    check_same(study_over(script_with(""), more));
}

TEST(study_columns, every_way_to_run_a_bar) {
  for (const char* declared : {", calc_on_order_fills = true", ", calc_on_every_tick = true", ", process_orders_on_close = true",
                               ", use_bar_magnifier = true", ", max_bars_back = 30", ", calc_bars_count = 500", ", pyramiding = 2"})
    check_same(study_over(script_with(declared)));
}

TEST(study_columns, requests_logs_and_histories) {
  for (const char* more : {"d = request.security(syminfo.tickerid, \"240\", ta.ema(close, fast))\nb += d - d[1]\n",
                           "if a > b\n    log.info(str.tostring(a) + \" \" + str.tostring(top))\n", "b += nz(a[slow % 7])\n", "max_bars_back(a, 40)\nb += nz(a[3])\n"})
    check_same(study_over(script_with("", more)));
}

TEST(study_columns, trials_that_fail_fail_alike) {
  check_same(study_over(script_with(""), "{}", R"({"min":-1,"max":5,"step":1})"));
  check_same(study_over(script_with("", "if bar_index == 900 and fast == 4\n    runtime.error(\"enough of \" + str.tostring(a))\n"), "{}", R"({"min":2,"max":5,"step":1})"));
  check_same(study_over(script_with("", "if bar_index == 900 and fast == 4\n    runtime.error(\"enough of \" + str.tostring(a))\n"), R"({"capital_mode":"shared"})", R"({"min":3,"max":4,"step":1})"));
}

TEST(study_columns, they_are_found_and_kept_within_the_budget) {
  const auto r = study_over(script_with(""));
  auto bars = two_symbols();
  study_context c{r.base, prepare(compile_strategy(r.base.pine_script).code, r.base), {}, {}};
  for (const auto& key : pairs_of(r.base)) c.bars.push_back(*bars.bars(r.base, key, bar_provider::inner_bars::none));
  const auto task = [](int fast, int slow) {
    return study_task{1, task_kind::trial, 0, {{"fast", std::to_string(fast)}, {"slow", std::to_string(slow)}}, {}};
  };
  for (const std::size_t room : {std::size_t{1} << 24, std::size_t{60'000}, std::size_t{0}}) {
    auto budget = std::make_shared<pine::column_budget>(room);
    auto columns = std::make_shared<study_columns>(*c.program->code, budget);
    for (int fast = 2; fast < 6; ++fast)
      for (int slow = 10; slow < 14; ++slow) {
        c.columns = nullptr;
        const auto alone = to_bytes(*run_task(c, task(fast, slow)));
        c.columns = columns;
        EXPECT_EQ(to_bytes(*run_task(c, task(fast, slow))), alone) << fast << " " << slow << " " << room;
        EXPECT_LE(budget->used(), room);
      }
    std::size_t kept = 0, found = 0;
    for (const auto& set : c.bars) kept += columns->of(*set)->count().kept, found += columns->of(*set)->count().found;
    if (room == std::size_t{1} << 24) {
      EXPECT_EQ(kept, 2u * (3 * 4 + 3 * 4)) << "linreg, rsi and atr of fast; wma, its mean and highest of slow; two symbols";
      EXPECT_GT(found, 10u * kept / 4);
    }
    if (room == 0) {
      EXPECT_EQ(kept, 0u);
    }
  }
}

TEST(study_columns, progress_tells_every_bar_once_although_a_run_is_repeated) {
  auto r = request_for({"A"});
  r.pine_script = script_with("", "if bar_index == 900 and fast == 4\n    runtime.error(\"enough\")\n");
  auto job = job_for(r, set_of("A", wave(1'400)));
  study_columns columns(*job.program->code);
  job.columns = columns.of(*job.bars);
  job.inputs = {{"fast", "3"}};
  ASSERT_TRUE(run_pair(job));
  std::size_t told = 0;
  const run_watch watch{[&](std::size_t bars) { told += bars; }, nullptr};
  ASSERT_TRUE(run_pair(job, watch));
  EXPECT_EQ(told, 1'400u);
  told = 0;
  job.inputs = {{"fast", "4"}};
  const auto failed = run_pair(job, watch);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("bar 900"), std::string::npos);
  EXPECT_LE(told, 900u);
  EXPECT_GT(told, 800u);
}

TEST(study_columns, the_workers_runner_gives_the_same_bytes) {
  auto body = json::parse(R"({"symbols":["A"],"start_date":"2024-01-01","end_date":"2024-02-29","objective":"net_profit","parameters":{"fast":{"min":2,"max":5}}})");
  body["pine_script"] = script_with("");
  const auto r = parse_study(body).value.value();
  const auto runner = make_runner(job_kind::study, body.dump());
  ASSERT_TRUE(runner) << to_string(runner.error());
  auto bars = two_symbols();
  const std::vector<std::shared_ptr<const bar_set>> sets{*bars.bars(r.base, {"A", timeframe::minutes(60)}, bar_provider::inner_bars::none)};
  const study_context alone{r.base, prepare(compile_strategy(r.base.pine_script).code, r.base), sets, {}};
  for (int round = 0; round < 2; ++round)
    for (int fast = 2; fast < 6; ++fast) {
      const study_task task{static_cast<std::uint64_t>(fast), task_kind::detail, 0, {{"fast", std::to_string(fast)}}, {}};
      run_control control;
      const auto bytes = (*runner)->run(to_bytes(std::vector<study_task>{task}), sets, {}, control);
      ASSERT_TRUE(bytes) << to_string(bytes.error());
      EXPECT_EQ(*bytes, pack_texts({to_bytes(*run_task(alone, task))}));
    }
}

} // namespace
} // namespace tt::backtest
