#include "actors/backtest/local_runner.hpp"

#include <gtest/gtest.h>

#include "tests/backtest/support.hpp"

#include <nlohmann/json.hpp>

/// The pool: the same bytes for any number of threads, cancel, progress.

namespace tt::backtest {
namespace {

using namespace test;

given_bars five_symbols() {
  given_bars bars;
  double phase = 0;
  for (const char* name : {"A", "B", "C", "D", "E"}) bars.add(set_of(name, wave(1'000, phase += 13)));
  return bars;
}

TEST(local_runner, the_number_of_threads_changes_nothing) {
  auto bars = five_symbols();
  const auto r = request_for({"E", "A", "C", "B", "D"});
  const auto script = compile_strategy(r.pine_script);
  std::string expected;
  for (std::size_t threads : {1u, 2u, 3u, 8u}) {
    const auto done = run_backtest(r, script, bars, {.threads = threads, .progress = {}, .cancel = nullptr, .engine_version = "v", .data = {}});
    ASSERT_TRUE(done) << to_string(done.error());
    const auto text = to_text(done->results()) + done->trades_csv() + done->equity_csv();
    if (expected.empty()) expected = text;
    EXPECT_EQ(text, expected) << threads;
  }
}

TEST(local_runner, studies_too) {
  auto bars = five_symbols();
  auto body = nlohmann::json::parse(R"({"symbols":["A","B"],"start_date":"2024-01-01","end_date":"2024-03-31","objective":"net_profit","method":"genetic",
    "genetic":{"population":8,"generations":3},"parameters":{"fast":{"min":2,"max":9},"slow":{"min":10,"max":40}}})");
  body["pine_script"] = cross;
  const auto r = parse_study(body).value.value();
  const auto script = compile_strategy(cross);
  std::string expected;
  for (std::size_t threads : {1u, 2u, 5u}) {
    const auto done = run_study(r, script, bars, {.threads = threads, .progress = {}, .cancel = nullptr, .engine_version = "v", .data = {}});
    ASSERT_TRUE(done) << to_string(done.error());
    EXPECT_TRUE(done->finished());
    const auto text = to_text(done->results({"v", {}})) + done->trials_csv();
    if (expected.empty()) expected = text;
    EXPECT_EQ(text, expected) << threads;
  }
}

TEST(local_runner, progress_rises_to_a_hundred) {
  auto bars = five_symbols();
  const auto r = request_for({"A", "B", "C", "D", "E"});
  double last = 0;
  std::size_t calls = 0;
  runner_options o;
  o.threads = 3;
  o.progress = [&](const job_progress& p) {
    EXPECT_GE(p.percent, last);
    EXPECT_LE(p.percent, 100);
    last = p.percent;
    ++calls;
  };
  ASSERT_TRUE(run_backtest(r, compile_strategy(r.pine_script), bars, o));
  EXPECT_EQ(last, 100);
  EXPECT_GE(calls, 10u);
}

TEST(local_runner, cancel_ends_both_kinds) {
  auto bars = five_symbols();
  const auto r = request_for({"A", "B"});
  std::atomic<bool> flag{false};
  runner_options o;
  o.threads = 2;
  o.cancel = &flag;
  o.progress = [&](const job_progress& p) { flag = flag || p.stage == "running"; };
  const auto done = run_backtest(r, compile_strategy(r.pine_script), bars, o);
  ASSERT_FALSE(done);
  EXPECT_TRUE(is_cancelled(done.error()));
  flag = false;
  auto body = nlohmann::json::parse(R"({"symbols":["A"],"start_date":"2024-01-01","end_date":"2024-03-31","parameters":{"fast":{"min":2,"max":100}}})");
  body["pine_script"] = cross;
  const auto study = run_study(parse_study(body).value.value(), compile_strategy(cross), bars, o);
  ASSERT_FALSE(study);
  EXPECT_TRUE(is_cancelled(study.error()));
}

TEST(local_runner, pairs_without_bars_fail_alone_and_bad_scripts_fail_whole) {
  auto bars = five_symbols();
  auto r = request_for({"A", "Z"});
  const auto some = run_backtest(r, compile_strategy(r.pine_script), bars, {});
  ASSERT_TRUE(some);
  EXPECT_FALSE(some->failure());
  EXPECT_EQ(some->outcomes()[1].failure->code, errc::not_found);
  r.symbols = {"Z"};
  EXPECT_TRUE(run_backtest(r, compile_strategy(r.pine_script), bars, {})->failure());
  const auto bad = run_backtest(r, compile_strategy("test"), bars, {});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().field, "pine_script");
  auto body = nlohmann::json::parse(R"({"symbols":["A"],"start_date":"2024-01-01","end_date":"2024-03-31","parameters":{"speed":{"min":2,"max":9}}})");
  body["pine_script"] = cross;
  const auto study = run_study(parse_study(body).value.value(), compile_strategy(cross), bars, {});
  ASSERT_FALSE(study);
  EXPECT_EQ(study.error().field, "parameters.speed");
}

} // namespace
} // namespace tt::backtest
