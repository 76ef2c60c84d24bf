#include "actors/backtest/plans.hpp"

#include <gtest/gtest.h>

#include "tests/backtest/support.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

/// How a study is cut into pieces for any number of workers, what fails it, and what is shown of one that came to nothing.

namespace tt::backtest {
namespace {

using namespace test;
using nlohmann::json;

/// A study of forty trials over one symbol.
std::string forty_trials(const char* more = "{}", const std::string& script = cross) {
  auto body = json::parse(R"({"symbols":["A"],"start_date":"2024-01-01","end_date":"2024-01-31","objective":"net_profit",
    "parameters":{"fast":{"type":"int","min":2,"max":9},"slow":{"type":"int","min":10,"max":50,"step":10}}})");
  body["pine_script"] = script;
  body.update(json::parse(more));
  const auto p = parse_study(body);
  for (const auto& problem : p.problems) ADD_FAILURE() << to_string(problem);
  return canonical_text(p.value.value());
}

std::shared_ptr<const bar_set> month_of_bars() { return set_of("A", wave(31 * 24)); }

made_plan made(const std::string& request) {
  return make_plan(job_kind::study, request, [](const series_ref&) { return result<std::shared_ptr<const bar_set>>(month_of_bars()); });
}

std::unique_ptr<job_plan> begun(const std::string& request) {
  auto plan = made(request);
  auto out = std::move(std::get<std::unique_ptr<job_plan>>(plan));
  series_ref ref;
  ref.hash = "a";
  ref.bars = 31 * 24;
  EXPECT_TRUE(out->begin({ref}));
  return out;
}

/// Runs everything as that many workers would get it; what is kept, by key.
std::map<std::uint64_t, std::string> run_all(job_plan& plan, const std::string& request, std::uint64_t workers) {
  const auto runner = make_runner(job_kind::study, request).value();
  const std::vector<std::shared_ptr<const bar_set>> bars{month_of_bars()};
  std::map<std::uint64_t, std::string> out;
  plan.staffed(workers);
  while (auto piece = plan.next()) {
    run_control control;
    for (auto& part : plan.put(piece->number, runner->run(piece->text, bars, {}, control)).value()) out[part.key] = part.bytes;
    plan.staffed(workers);
  }
  EXPECT_TRUE(plan.finished());
  return out;
}

std::vector<std::size_t> sizes_of_pieces(std::uint64_t workers) {
  const auto plan = begun(forty_trials());
  plan->staffed(workers);
  std::vector<std::size_t> out;
  while (const auto piece = plan->next()) out.push_back(shard_from_bytes(piece->text).value().size());
  return out;
}

TEST(study_job_plan, few_trials_keep_all_workers_busy) {
  for (const std::uint64_t workers : {1u, 2u, 4u, 16u}) {
    const auto sizes = sizes_of_pieces(workers);
    EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}), 40u);
    EXPECT_EQ(sizes.front(), std::max<std::size_t>(1, 40 / (limits::portions_per_worker * workers))) << workers;
    EXPECT_EQ(sizes.back(), 1u) << "the last ones are short, so that all end together";
    EXPECT_GE(sizes.size(), std::min<std::size_t>(40, limits::portions_per_worker * workers));
  }
}

TEST(study_job_plan, a_generation_is_shared_out_too) {
  const auto plan = begun(forty_trials(R"({"method":"genetic","genetic":{"population":16,"generations":50}})"));
  plan->staffed(2);
  EXPECT_EQ(shard_from_bytes(plan->next()->text).value().size(), 2u) << "of the sixteen at hand, not of the eight hundred";
}

TEST(study_job_plan, the_number_of_workers_changes_no_byte) {
  for (const char* more : {"{}", R"({"method":"genetic","genetic":{"population":6,"generations":3}})"}) {
    const auto request = forty_trials(more);
    const auto one = run_all(*begun(request), request, 1);
    EXPECT_GT(one.size(), 18u);
    for (const std::uint64_t workers : {3u, 16u}) EXPECT_EQ(run_all(*begun(request), request, workers), one) << workers << more;
  }
}

TEST(study_job_plan, a_parameter_that_the_script_does_not_have_is_named) {
  const auto plan = made(forty_trials(R"({"parameters":{"fast":{"type":"int","min":2,"max":9},"speed":{"type":"int","min":1,"max":3}}})"));
  const auto* failed = std::get_if<plan_failure>(&plan);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->reason.field, "parameters.speed");
  EXPECT_EQ(failed->reason.code, errc::invalid_argument);
}

TEST(study_job_plan, inputs_are_known_by_title_and_by_variable) {
  const std::string script = "//@version=6\nstrategy(\"s\")\nfast = input.int(5, \"Fast length\")\nslow = input.int(20, \"Slow length\")\nplot(fast + slow)\n";
  auto plan = made(forty_trials(R"({"parameters":{"Fast length":{"type":"int","min":2,"max":9},"slow":{"type":"int","min":10,"max":11}}})", script));
  EXPECT_TRUE(std::holds_alternative<std::unique_ptr<job_plan>>(plan));
}

TEST(study_job_plan, a_study_whose_trials_all_failed_has_failed) {
  const auto request = forty_trials("{}", std::string(cross) + "if bar_index == 3\n    runtime.error(\"no good\")\n");
  const auto plan = begun(request);
  EXPECT_FALSE(plan->failure()) << "not before the end";
  run_all(*plan, request, 2);
  ASSERT_TRUE(plan->failure());
  EXPECT_NE(plan->failure()->message.find("no good"), std::string::npos);
  // one that got through is enough
  const auto some = forty_trials("{}", std::string(cross) + "if fast > 2 or slow > 10\n    runtime.error(\"no good\")\n");
  const auto other = begun(some);
  run_all(*other, some, 2);
  EXPECT_FALSE(other->failure());
}

TEST(study_documents, a_study_that_came_to_nothing_still_looks_like_one) {
  job_record record;
  record.id = "one";
  record.kind = job_kind::study;
  record.state = job_state::failed;
  record.request = forty_trials("{}", "//@version=6\nstrategy(\"s\")\nx = \n");
  const auto text = make_document_writer("v")->write(job_kind::study, "one", job_state::failed, {}, [&] { return result<job_record>(record); });
  ASSERT_TRUE(text) << to_string(text.error());
  const auto d = json::parse(text->text);
  EXPECT_EQ(d["best"], json::array());
  EXPECT_EQ(d["trials_done"], 0);
  EXPECT_EQ(d["objective"], "net_profit");
  EXPECT_TRUE(d["walk_forward"].is_null());
  EXPECT_FALSE(d["compile_diagnostics"].empty());
  for (const char* name : {"equity_curve", "trades", "runs", "total_return"}) EXPECT_FALSE(d.contains(name)) << name;
}

} // namespace
} // namespace tt::backtest
