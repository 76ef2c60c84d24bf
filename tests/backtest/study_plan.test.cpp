#include "actors/backtest/study_plan.hpp"

#include <gtest/gtest.h>

#include "tests/backtest/support.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

/// A whole study by tasks: any order, losses, restarts; walk-forward windows; what its results say.

namespace tt::backtest {
namespace {

using namespace test;
using nlohmann::json;

study_request study_of(const char* more) {
  auto body = json::parse(R"({"symbols":["A"],"start_date":"2024-01-01","end_date":"2024-03-31","objective":"net_profit",
    "parameters":{"fast":{"type":"int","min":2,"max":8,"step":2},"slow":{"type":"int","min":10,"max":40,"step":10}}})");
  body["pine_script"] = cross;
  body.update(json::parse(more));
  const auto p = parse_study(body);
  for (const auto& problem : p.problems) ADD_FAILURE() << to_string(problem);
  return p.value.value();
}

study_context context_of(const study_request& r) {
  const auto script = compile_strategy(r.base.pine_script);
  study_context c{r.base, prepare(script.code, r.base), {}, {}};
  for (const auto& key : pairs_of(r.base)) c.bars.push_back(set_of(key.symbol, wave(24 * 91, key.symbol == "A" ? 0 : 40), 0, key.frame));
  return c;
}

study_ledger ledger_of(const study_request& r, const study_context& c) {
  auto made = study_ledger::make(r, time_axis(c.bars));
  if (!made) ADD_FAILURE() << to_string(made.error());
  return *std::move(made);
}

task_result run(const study_context& c, const study_task& t) {
  auto done = run_task(c, t);
  EXPECT_TRUE(done);
  return *std::move(done);
}

std::string finish(study_ledger& ledger, const study_context& c, std::vector<std::string>* log = nullptr) {
  for (int guard = 0; !ledger.finished() && guard < 10'000; ++guard)
    for (const auto& t : ledger.take(3)) {
      auto r = run(c, t);
      if (log != nullptr) log->push_back(to_bytes(r));
      EXPECT_EQ(ledger.put(std::move(r)), study_ledger::taken::fresh);
    }
  EXPECT_TRUE(ledger.finished());
  return to_text(ledger.results({"v", {}})) + ledger.trials_csv();
}

const char* const walking = R"({"method":"walk_forward","walk_forward":{"train":"30d","test":"10d"}})";
const char* const genetic = R"({"method":"genetic","genetic":{"population":6,"generations":3}})";
const char* const random_draws = R"({"method":"random","max_trials":9})";

TEST(study_plan, any_order_of_arrival_gives_the_same_bytes) {
  for (const char* more : {"{}", random_draws, genetic, walking, R"({"symbols":["B","A"]})"}) {
    const auto r = study_of(more);
    const auto c = context_of(r);
    auto straight = ledger_of(r, c);
    const auto expected = finish(straight, c);
    std::mt19937 draw(7);
    auto mixed = ledger_of(r, c);
    std::vector<study_task> out;
    for (int guard = 0; !mixed.finished() && guard < 100'000; ++guard) {
      for (auto& t : mixed.take(1 + draw() % 5)) out.push_back(std::move(t));
      ASSERT_FALSE(out.empty()) << "nothing out and nothing to take";
      std::shuffle(out.begin(), out.end(), draw);
      if (draw() % 7 == 0) { // a worker is lost
        mixed.give_back({out.back().id});
        out.pop_back();
        continue;
      }
      auto bytes = to_bytes(run(c, out.back())); // over the wire
      auto result = task_result_from_bytes(bytes);
      ASSERT_TRUE(result);
      EXPECT_EQ(mixed.put(*result), study_ledger::taken::fresh);
      if (draw() % 3 == 0) { // and once more
        EXPECT_EQ(mixed.put(*std::move(result)), study_ledger::taken::known);
      }
      out.pop_back();
    }
    EXPECT_EQ(to_text(mixed.results({"v", {}})) + mixed.trials_csv(), expected) << more;
    EXPECT_EQ(mixed.trials_done(), mixed.trials_total());
  }
}

TEST(study_plan, a_study_goes_on_from_its_log) {
  for (const char* more : {"{}", genetic, walking}) {
    const auto r = study_of(more);
    const auto c = context_of(r);
    auto first = ledger_of(r, c);
    std::vector<std::string> log;
    const auto expected = finish(first, c, &log);
    auto again = ledger_of(r, c);
    for (std::size_t i = 0; i < log.size() / 2; ++i) EXPECT_EQ(again.put(*task_result_from_bytes(log[i])), study_ledger::taken::fresh);
    EXPECT_EQ(again.tasks().done, log.size() / 2);
    EXPECT_EQ(finish(again, c), expected) << more;
  }
}

TEST(study_plan, what_does_not_belong_is_refused) {
  const auto r = study_of(genetic);
  const auto c = context_of(r);
  auto ledger = ledger_of(r, c);
  task_result late;
  late.id = 17; // of the third generation
  EXPECT_EQ(ledger.put(late), study_ledger::taken::early);
  late.id = 18; // a detail
  EXPECT_EQ(ledger.put(late), study_ledger::taken::early);
  late.id = 1'000;
  EXPECT_EQ(ledger.put(late), study_ledger::taken::foreign);
  EXPECT_EQ(ledger.trials_done(), 0u);
}

TEST(study_plan, a_generation_is_a_barrier) {
  const auto r = study_of(genetic);
  const auto c = context_of(r);
  auto ledger = ledger_of(r, c);
  const auto all = ledger.take(100);
  EXPECT_EQ(all.size(), 6u);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) ledger.put(run(c, all[i]));
  EXPECT_TRUE(ledger.take(100).empty());
  ledger.put(run(c, all.back()));
  EXPECT_EQ(ledger.take(100).size(), 6u);
}

TEST(study_plan, results_say_what_the_contract_says) {
  const auto r = study_of(R"({"constraints":["total_trades >= 1"]})");
  const auto c = context_of(r);
  auto ledger = ledger_of(r, c);
  EXPECT_TRUE(ledger.best_so_far().is_null());
  finish(ledger, c);
  const auto d = ledger.results({"v", {}});
  EXPECT_EQ(d["trials_done"], 16);
  ASSERT_EQ(d["best"].size(), limits::best_kept);
  for (std::size_t i = 0; i < d["best"].size(); ++i) {
    const auto& b = d["best"][i];
    EXPECT_EQ(b["rank"], i + 1);
    if (i > 0) {
      EXPECT_LE(b["objective"].get<double>(), d["best"][i - 1]["objective"].get<double>());
    }
    EXPECT_NEAR(b["objective"].get<double>(), b["results"]["metrics"]["net_profit"].get<double>(), 1e-6);
    EXPECT_FALSE(b["results"]["equity_curve"].empty());
    EXPECT_TRUE(b["params"]["fast"].is_number_integer());
  }
  EXPECT_TRUE(d["deflated_sharpe"].is_number());
  EXPECT_GE(d["deflated_sharpe"].get<double>(), 0);
  EXPECT_LE(d["deflated_sharpe"].get<double>(), 1);
  EXPECT_TRUE(d["stability"].is_number());
  EXPECT_TRUE(d["walk_forward"].is_null());
  EXPECT_EQ(ledger.best_so_far()["objective"], d["best"][0]["objective"]);
}

TEST(study_plan, a_point_that_is_tried_again_is_no_further_attempt) {
  // every point of the grid, and the same points drawn many times over: the best was the best of as many
  const char* const space = R"({"parameters":{"fast":{"type":"int","min":2,"max":4,"step":1},"slow":{"type":"int","min":10,"max":10,"step":1}}})";
  const auto once = study_of(space);
  auto often = once;
  often.method = search_method::random;
  often.max_trials = 40;
  const auto c = context_of(once);
  auto a = ledger_of(once, c), b = ledger_of(often, c);
  finish(a, c), finish(b, c);
  const auto x = a.results({"v", {}}), y = b.results({"v", {}});
  ASSERT_EQ(y["trials_done"], 40);
  ASSERT_EQ(y["best"].size(), 3u) << "all of them drawn";
  ASSERT_TRUE(x["deflated_sharpe"].is_number());
  EXPECT_EQ(to_text(x["deflated_sharpe"]), to_text(y["deflated_sharpe"]));
}

TEST(study_plan, trials_can_be_sorted_and_paged) {
  const auto r = study_of("{}");
  const auto c = context_of(r);
  auto ledger = ledger_of(r, c);
  finish(ledger, c);
  for (const char* sort : {"", "trial", "-objective", "total_trades", "-max_drawdown"}) {
    std::vector<std::uint64_t> seen;
    std::string cursor;
    for (;;) {
      const auto page = ledger.trials(sort, 5, cursor);
      ASSERT_TRUE(page);
      for (const auto& row : page->rows) seen.push_back(row["trial"].get<std::uint64_t>());
      if (!page->next_cursor) break;
      cursor = *page->next_cursor;
    }
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen.size(), 16u);
    EXPECT_EQ(seen.back(), 15u);
  }
  const auto top = ledger.trials("-objective", 1);
  EXPECT_EQ(top->rows[0]["objective"], ledger.best_so_far()["objective"]);
  EXPECT_EQ(ledger.trials("beauty", 5).error().field, "sort");
  EXPECT_EQ(ledger.trials("", 5, "?").error().field, "cursor");
}

TEST(study_plan, walk_forward_trains_tests_and_moves_on) {
  const auto r = study_of(walking);
  const auto c = context_of(r);
  auto ledger = ledger_of(r, c);
  // 91 days: trains of 30, tests of 10 behind each: 30+10, 40+10 ... 80+10
  EXPECT_EQ(ledger.trials_total(), 6u * 16 + 6);
  std::size_t tests = 0;
  for (int guard = 0; !ledger.finished() && guard < 1'000; ++guard)
    for (const auto& t : ledger.take(4)) {
      if (t.kind == task_kind::test) {
        ++tests;
        ASSERT_EQ(t.ranges.size(), 1u);
        EXPECT_EQ(t.ranges[0].from_ms, start_ms + (30 + 10 * static_cast<std::int64_t>(t.window)) * day_ms);
        EXPECT_EQ(t.ranges[0].to_ms - t.ranges[0].from_ms, 10 * day_ms);
      }
      ledger.put(run(c, t));
    }
  EXPECT_EQ(tests, 6u);
  const auto d = ledger.results({"v", {}});
  const auto& w = d["walk_forward"];
  ASSERT_EQ(w["windows"].size(), 6u);
  double made = 0;
  for (const auto& one : w["windows"]) {
    EXPECT_TRUE(one["params"].is_object());
    EXPECT_TRUE(one["in_sample"]["objective"].is_number());
    made += one["out_of_sample"]["total_return"].get<double>() * 10'000;
  }
  const auto& equity = w["out_of_sample_equity"];
  ASSERT_GE(equity.size(), 59u);
  EXPECT_NEAR(equity.back()["equity"].get<double>(), 10'000 + made, 1e-6);
  EXPECT_EQ(equity.front()["date"], "2024-01-31");
  EXPECT_TRUE(w["efficiency"].is_number() || w["efficiency"].is_null());
  ASSERT_EQ(d["best"].size(), 6u) << "the winners of the windows";
  EXPECT_EQ(d["best"][0]["rank"], 1);
  EXPECT_EQ(d["best"][0]["trial"], ledger.best_so_far()["trial"]);
  EXPECT_EQ(d["best"][0]["params"], ledger.best_so_far()["params"]);
  EXPECT_GE(d["best"][0]["objective"].get<double>(), d["best"][5]["objective"].get<double>());
  EXPECT_TRUE(d["best"][0]["results"]["total_return"].is_number());
}

TEST(study_plan, an_embargo_cuts_trains_and_money_goes_on) {
  const auto r = study_of(R"({"method":"walk_forward","walk_forward":{"mode":"anchored","train":"30d","test":"10d","embargo":"5d"}})");
  const auto c = context_of(r);
  auto ledger = ledger_of(r, c);
  std::size_t pieces = 0;
  for (const auto& t : ledger.take(10'000)) pieces = std::max(pieces, t.ranges.size());
  ASSERT_GE(pieces, 2u);
  study_task task{0, task_kind::test, 0, {}, {{start_ms, start_ms + 20 * day_ms}, {start_ms + 30 * day_ms, start_ms + 50 * day_ms}}};
  const auto both = run(c, task);
  ASSERT_EQ(both.outcomes.size(), 1u);
  const auto& o = both.outcomes[0];
  EXPECT_FALSE(broken_identity(o));
  EXPECT_EQ(o.bars, 40 * 24);
  task.ranges.pop_back();
  const auto first = run(c, task).outcomes[0];
  task.ranges = {{start_ms + 30 * day_ms, start_ms + 50 * day_ms}};
  const auto second = run(c, task).outcomes[0];
  EXPECT_DOUBLE_EQ(o.final_equity - o.initial, first.final_equity - first.initial + second.final_equity - second.initial);
  fall_record falls{o.initial}; // 20 days and 20 days have a point per day each, the falls every bar
  for (const auto& p : o.curve) falls.add(p.equity);
  EXPECT_GE(o.falls.value().money, falls.money);
  EXPECT_GE(o.falls.value().money, std::max(first.falls.value().money, second.falls.value().money));
  EXPECT_GE(o.falls.value().peak, first.falls.value().peak);
}

TEST(study_plan, failures_are_rows_and_no_window_fits_is_an_error) {
  auto r = study_of("{}");
  r.base.inputs = {{"no such input", "1"}};
  const auto c = context_of(r);
  auto ledger = ledger_of(r, c);
  finish(ledger, c);
  const auto d = ledger.results({"v", {}});
  EXPECT_TRUE(d["best"].empty());
  EXPECT_EQ(d["trials_failed"], 16);
  EXPECT_NE(d["first_failure"].get<std::string>().find("no such input"), std::string::npos);
  EXPECT_NE(ledger.trials("", 1)->rows[0]["error"].get<std::string>().find("no such input"), std::string::npos);
  const auto wide = study_of(R"({"method":"walk_forward","walk_forward":{"train":"900d","test":"10d"}})");
  EXPECT_EQ(study_ledger::make(wide, time_axis(c.bars)).error().field, "walk_forward.train");
}

TEST(study_plan, shards_survive_the_wire) {
  const auto r = study_of(walking);
  const auto c = context_of(r);
  auto ledger = ledger_of(r, c);
  const auto shard = ledger.take(20);
  const auto bytes = to_bytes(shard);
  const auto back = shard_from_bytes(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, shard);
  for (std::size_t n = 0; n < bytes.size(); n += 11) EXPECT_FALSE(shard_from_bytes(bytes.substr(0, n)));
  EXPECT_FALSE(task_result_from_bytes(bytes));
}

TEST(study_plan, a_trial_has_the_figures_of_the_backtest_with_its_inputs) {
  auto r = study_of(R"({"symbols":["A","B"]})");
  const auto c = context_of(r);
  const auto trial = run(c, {0, task_kind::trial, 0, {{"fast", "4"}, {"slow", "20"}}, {}});
  auto base = r.base;
  base.inputs = {{"fast", "4"}, {"slow", "20"}};
  given_bars bars;
  for (const auto& set : c.bars) bars.add(set);
  const auto alone = run_backtest(base, compile_strategy(cross), bars, {});
  ASSERT_TRUE(alone);
  for (auto name : figure_set::names()) EXPECT_EQ(alone->figures().get(name), figure_set::from(trial.figures).get(name)) << name;
}

} // namespace
} // namespace tt::backtest
