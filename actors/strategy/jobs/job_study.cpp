#include "actors/strategy/jobs/job_study.hpp"

#include "actors/backtest/results.hpp"
#include "actors/strategy/jobs/backtest_plan.hpp"

#include <algorithm>

namespace tt::strategy {

namespace {

namespace bt = backtest;

/// The request of one trial.
bt::backtest_request with_values(bt::backtest_request r, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) r.inputs[name] = value;
  return r;
}

std::string first_error(const checked_job& checked) {
  for (const auto& f : checked.findings)
    if (f.level == severity::error) return to_string(f);
  return "the job does not pass validation";
}

bool reads_these(const std::vector<job_series_need>& needs, std::span<const std::shared_ptr<const bt::bar_set>> bars) {
  return std::ranges::equal(needs, bars, [](const auto& need, const auto& set) { return bt::pair_key{need.symbol, need.frame} == set->key(); });
}

class job_study_runner final : public bt::shard_runner {
public:
  explicit job_study_runner(bt::backtest_request base) : base_(std::move(base)) {}

  result<std::string> run(std::string_view text, std::span<const std::shared_ptr<const bt::bar_set>> bars, const bt::extra_bars&,
                          bt::run_control& control) const override {
    auto tasks = bt::shard_from_bytes(text);
    if (!tasks) return tasks.error();
    std::vector<std::string> out;
    for (const auto& task : *tasks) {
      auto done = run_one(task, bars, control);
      if (!done) return done.error();
      out.push_back(bt::to_bytes(*done));
    }
    return bt::pack_texts(out);
  }

private:
  /// What came of every symbol, ranges joined. A range in which there are no bars is passed over. Errors: as run_job_backtest.
  static result<std::vector<bt::pair_outcome>> run_ranges(job_backtest_input in, const std::vector<bt::time_range>& ranges, const bt::run_watch& watch) {
    std::vector<bt::pair_outcome> whole;
    error none{errc::out_of_range, "there are no bars to run over", "bars"};
    for (std::size_t i = 0; i < std::max<std::size_t>(1, ranges.size()); ++i) {
      if (!ranges.empty()) in.range = ranges[i];
      in.before = whole;
      auto done = run_job_backtest(in, watch);
      if (!done && done.error().code == errc::out_of_range && !ranges.empty()) continue;
      if (!done) return done.error();
      if (whole.empty()) whole = std::move(done->outcomes);
      else
        for (std::size_t k = 0; k < whole.size(); ++k) join(whole[k], std::move(done->outcomes[k]));
    }
    if (whole.empty()) return none;
    return whole;
  }
  /// A symbol may have had bars in only one of them.
  static void join(bt::pair_outcome& to, bt::pair_outcome next) {
    if (next.failure) return;
    if (to.failure) to = std::move(next);
    else bt::append(to, std::move(next));
  }

  /// Errors: that it was cancelled, and internal ones; what is wrong with the values is in the result.
  result<bt::task_result> run_one(const bt::study_task& task, std::span<const std::shared_ptr<const bt::bar_set>> bars, bt::run_control& control) const {
    bt::task_result out;
    out.id = task.id;
    const auto fail = [&](std::string why) {
      out.failure = std::move(why);
      return out;
    };
    const auto request = with_values(base_, task.inputs);
    const auto checked = job_of(request);
    if (!checked.plan) return fail(first_error(checked));
    const auto needs = series_needs(*checked.plan);
    if (!needs) return fail(needs.error().message);
    if (!reads_these(*needs, bars)) return fail("with these values the job reads other bars than as it stands");
    auto in = input_for(request, checked.plan);
    in.bars.assign(bars.begin(), bars.end());
    auto done = run_ranges(in, task.ranges, bt::watch_of(control));
    if (!done && (bt::is_cancelled(done.error()) || done.error().code == errc::internal)) return done.error();
    if (!done) return fail(done.error().message);
    auto& outcomes = *done;
    if (std::ranges::all_of(outcomes, [](const auto& o) { return o.failure.has_value(); })) return fail("there are no bars to run over");
    const auto figures = bt::combined_figures(outcomes, bt::summed_as(base_));
    out.figures.assign(figures.values().begin(), figures.values().end());
    if (task.kind != bt::task_kind::trial) out.outcomes = std::move(outcomes);
    return out;
  }

  bt::backtest_request base_;
};

} // namespace

std::optional<error> study_problem(const bt::study_request& r, const job_spec& spec) {
  for (const auto& p : r.parameters) {
    if (p.name == "symbols") return error{errc::invalid_argument, "the symbols are the request's, not a parameter of the search", "parameters.symbols"};
    if (!spec.parameters.contains(p.name)) return error{errc::invalid_argument, "the job has no parameter of this name", "parameters." + p.name};
  }
  return std::nullopt;
}

result<std::vector<job_series_need>> study_needs(const bt::study_request& r, const job_plan& plan) {
  auto out = series_needs(plan);
  if (!out) return out;
  const auto space = bt::parameter_space::make(r.parameters);
  if (!space) return space.error();
  bt::point lowest(space->list().size(), 0), highest;
  for (std::size_t i = 0; i < space->list().size(); ++i) highest.push_back(space->levels(i) - 1);
  for (const auto& end : {lowest, highest}) {
    const auto checked = job_of(with_values(r.base, space->inputs(end)));
    const auto needs = checked.plan ? series_needs(*checked.plan) : result<std::vector<job_series_need>>(std::vector<job_series_need>{});
    if (!needs) continue; // that trial will say so
    for (const auto& need : *needs)
      for (auto& one : *out)
        if (one.symbol == need.symbol && one.frame == need.frame) one.warmup = std::max(one.warmup, need.warmup);
  }
  return out;
}

std::vector<bt::series_need> supplied(const bt::backtest_request& r, const std::vector<job_series_need>& needs) {
  std::vector<bt::series_need> out;
  for (const auto& need : needs) {
    auto one = std::make_shared<bt::backtest_request>(r);
    one->symbols = {need.symbol}, one->timeframes = {need.frame};
    one->warmup_bars = static_cast<std::uint32_t>(std::min<std::int64_t>(need.warmup, bt::limits::warmup_bars));
    out.push_back({std::move(one), {need.symbol, need.frame}, bt::bar_provider::inner_bars::none});
  }
  return out;
}

bt::made_plan make_study_plan(const bt::study_request& r, const job_plan& plan, const bt::bar_opener& open) {
  if (auto wrong = study_problem(r, plan.spec)) return bt::plan_failure{std::move(*wrong), {}};
  auto needs = study_needs(r, plan);
  if (!needs) return bt::plan_failure{needs.error(), {}};
  return bt::make_study_plan(r, supplied(r.base, *needs), open);
}

std::shared_ptr<const bt::shard_runner> make_study_runner(bt::backtest_request base) {
  return std::make_shared<job_study_runner>(std::move(base));
}

} // namespace tt::strategy
