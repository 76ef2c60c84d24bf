// Tasks of a study: their bytes, and running one.

#include "actors/backtest/study_plan.hpp"

#include "actors/backtest/account_run.hpp"
#include "actors/backtest/wire.hpp"

#include <algorithm>

namespace tt::backtest {

using nlohmann::json;

namespace {

constexpr std::string_view shard_format = "tt.shard", result_format = "tt.task";

bool task_from(const json& map, study_task& t) {
  wire::fields in(map);
  std::uint64_t kind = 0, window = 0;
  in.get("id", t.id), in.get("kind", kind), in.get("window", window);
  std::vector<std::int64_t> times;
  in.get("ranges", times);
  const auto* inputs = in.map("inputs");
  if (!in.ok || kind > static_cast<std::uint64_t>(task_kind::detail) || times.size() % 2 != 0 || window > limits::windows) return false;
  t.kind = static_cast<task_kind>(kind);
  t.window = static_cast<std::uint32_t>(window);
  for (std::size_t i = 0; i < times.size(); i += 2) t.ranges.push_back({times[i], times[i + 1]});
  for (const auto& [name, v] : inputs->items()) {
    if (!v.is_string()) return false;
    t.inputs[name] = v.get<std::string>();
  }
  return true;
}

} // namespace

std::string to_bytes(const std::vector<study_task>& shard) {
  auto map = wire::start(shard_format);
  auto& list = map["tasks"] = json::array();
  for (const auto& t : shard) {
    std::vector<std::int64_t> times;
    for (const auto& r : t.ranges) times.push_back(r.from_ms), times.push_back(r.to_ms);
    list.push_back(json{{"id", t.id}, {"kind", static_cast<std::uint64_t>(t.kind)}, {"window", std::uint64_t{t.window}},
                        {"inputs", json(t.inputs)}, {"ranges", wire::column(times)}});
  }
  return wire::finish(map);
}

result<std::vector<study_task>> shard_from_bytes(std::string_view bytes) {
  auto map = wire::open(bytes, shard_format);
  if (!map) return map.error();
  wire::fields in(*map);
  const auto* list = in.list("tasks");
  if (list == nullptr || list->size() > limits::shard_tasks) return in.broken(shard_format);
  std::vector<study_task> out;
  for (const auto& item : *list) {
    study_task t;
    if (!task_from(item, t)) return in.broken(shard_format);
    out.push_back(std::move(t));
  }
  return out;
}

std::string to_bytes(const task_result& r) {
  auto map = wire::start(result_format);
  map["id"] = r.id;
  map["failure"] = r.failure;
  map["figures"] = wire::column(r.figures);
  auto& list = map["outcomes"] = json::array();
  for (const auto& o : r.outcomes) {
    const auto bytes = to_bytes(o);
    list.push_back(json::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end())));
  }
  return wire::finish(map);
}

result<task_result> task_result_from_bytes(std::string_view bytes) {
  auto map = wire::open(bytes, result_format);
  if (!map) return map.error();
  task_result r;
  wire::fields in(*map);
  in.get("id", r.id), in.get("failure", r.failure), in.get("figures", r.figures);
  const auto* list = in.list("outcomes");
  if (!in.ok) return in.broken(result_format);
  for (const auto& item : *list) {
    if (!item.is_binary()) return in.broken(result_format);
    const auto& b = item.get_binary();
    auto o = pair_outcome_from_bytes({reinterpret_cast<const char*>(b.data()), b.size()});
    if (!o) return o.error();
    r.outcomes.push_back(*std::move(o));
  }
  return r;
}

// ---------------------------------------------------------------- running

void append(pair_outcome& to, pair_outcome next) {
  const double shift = to.final_equity - next.initial;
  for (auto& p : next.curve) {
    p.equity += shift;
    to.curve.push_back(p);
  }
  to.final_equity = next.final_equity + shift;
  to.falls = next.falls; // it has gone on from those before
  to.open_pnl += next.open_pnl;
  to.bars += next.bars, to.bars_in_market += next.bars_in_market;
  to.last_ms = next.last_ms, to.last_close = next.last_close;
  to.margin_calls += next.margin_calls;
  std::move(next.trades.begin(), next.trades.end(), std::back_inserter(to.trades));
  std::move(next.open_trades.begin(), next.open_trades.end(), std::back_inserter(to.open_trades));
  std::move(next.logs.begin(), next.logs.end(), std::back_inserter(to.logs));
  to.logs_dropped += next.logs_dropped;
  for (auto& w : next.warnings)
    if (std::find(to.warnings.begin(), to.warnings.end(), w) == to.warnings.end()) to.warnings.push_back(std::move(w));
}

namespace {

error no_bars() { return {errc::out_of_range, "there are no bars to run over", "bars"}; }

/// One pair over all ranges of the task. A range in which it has no bars is passed over.
result<pair_outcome> run_ranges(pair_job job, const study_task& task, const run_watch& watch) {
  if (task.ranges.empty()) return run_pair(job, watch);
  std::optional<pair_outcome> whole;
  for (const auto& range : task.ranges) {
    job.range = {job.bars->lower_bound(range.from_ms), job.bars->lower_bound(range.to_ms)};
    if (job.range.from >= job.range.to) continue;
    if (whole) job.falls_before = whole->falls, job.made_before = whole->final_equity - whole->initial;
    auto one = run_pair(job, watch);
    if (!one) return one;
    if (whole) append(*whole, *std::move(one));
    else whole = *std::move(one);
  }
  if (!whole) return no_bars();
  return *std::move(whole);
}

pair_job job_for(const study_context& context, const study_task& task, const std::shared_ptr<const bar_set>& set) {
  auto job = pair_job_of(context.base, context.program, set);
  for (const auto& [name, value] : task.inputs) job.inputs[name] = value;
  job.warmup = context.base.warmup_bars;
  if (!task.ranges.empty()) job.warmup = std::max(job.warmup, limits::window_warmup); // as many as there are
  job.detail = task.kind == task_kind::trial ? outcome_detail::figures : outcome_detail::full;
  job.data = context.data;
  if (context.columns != nullptr) job.columns = context.columns->of(*set);
  return job;
}

/// What came of every pair, and the first error with its pair named.
struct task_outcomes {
  std::vector<pair_outcome> all;
  std::optional<error> first;
};

/// Each pair with a capital of its own.
result<task_outcomes> run_alone(const study_context& context, const study_task& task, const run_watch& watch) {
  task_outcomes out;
  for (const auto& set : context.bars) {
    auto o = run_ranges(job_for(context, task, set), task, watch);
    if (!o && (is_cancelled(o.error()) || o.error().code == errc::internal)) return o.error();
    if (!o && !out.first) out.first = error{o.error().code, to_string(set->key()) + ": " + tt::to_string(o.error())};
    out.all.push_back(o ? *std::move(o) : failed_pair(set->key(), o.error(), set->hash()));
  }
  return out;
}

/// All pairs in one account, over one range after the other. Pairs without bars in a range sit it out.
result<std::vector<pair_outcome>> run_account_ranges(const study_context& context, const study_task& task, const run_watch& watch) {
  std::vector<std::optional<pair_outcome>> whole(context.bars.size());
  account_job job;
  const auto ranges = task.ranges.empty() ? std::vector<time_range>{{}} : task.ranges;
  for (const auto& range : ranges) {
    job.pairs.clear();
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < context.bars.size(); ++i) {
      auto pair = job_for(context, task, context.bars[i]);
      if (!task.ranges.empty()) {
        pair.range = {pair.bars->lower_bound(range.from_ms), pair.bars->lower_bound(range.to_ms)};
        if (pair.range.from >= pair.range.to) continue;
      }
      if (whole[i]) pair.falls_before = whole[i]->falls, pair.made_before = whole[i]->final_equity - whole[i]->initial;
      job.pairs.push_back(std::move(pair));
      numbers.push_back(i);
    }
    if (numbers.empty()) continue;
    auto done = run_account(job, watch);
    if (!done) return done.error();
    if (context.bars.size() > 1) job.falls_before = done->front().account_falls ? done->front().account_falls : done->front().falls;
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      auto& one = (*done)[k];
      job.made_before += one.final_equity - one.initial;
      auto& to = whole[numbers[k]];
      if (to) append(*to, std::move(one));
      else to = std::move(one);
    }
  }
  std::vector<pair_outcome> out;
  for (std::size_t i = 0; i < whole.size(); ++i)
    out.push_back(whole[i] ? *std::move(whole[i]) : failed_pair(context.bars[i]->key(), no_bars(), context.bars[i]->hash()));
  if (context.bars.size() > 1) // of the last range, wherever a pair's own have ended
    for (auto& o : out) o.account_falls = job.falls_before;
  return out;
}

result<task_outcomes> run_shared(const study_context& context, const study_task& task, const run_watch& watch) {
  auto done = run_account_ranges(context, task, watch);
  if (done) return task_outcomes{*std::move(done), std::nullopt};
  if (is_cancelled(done.error()) || done.error().code == errc::internal) return done.error();
  task_outcomes out{{}, done.error()};
  for (const auto& set : context.bars) out.all.push_back(failed_pair(set->key(), done.error(), set->hash()));
  return out;
}

} // namespace

result<task_result> run_task(const study_context& context, const study_task& task, const run_watch& watch) {
  task_result out;
  out.id = task.id;
  auto done = context.base.capital == capital_mode::shared ? run_shared(context, task, watch) : run_alone(context, task, watch);
  if (!done) return done.error();
  auto& [outcomes, first] = *done;
  if (std::ranges::all_of(outcomes, [](const pair_outcome& o) { return o.failure.has_value(); })) {
    // what one symbol lacks, the others have: only all of them make a failed trial
    out.failure = first ? first->message : outcomes.empty() ? "there is nothing to run" : outcomes.front().failure->message;
    return out;
  }
  const auto figures = combined_figures(outcomes, summed_as(context.base));
  out.figures.assign(figures.values().begin(), figures.values().end());
  if (task.kind != task_kind::trial) out.outcomes = std::move(outcomes);
  return out;
}

std::vector<std::int64_t> time_axis(const std::vector<std::shared_ptr<const bar_set>>& bars) {
  std::vector<std::int64_t> out;
  if (bars.empty()) return out;
  auto shortest = bars.front()->key().frame;
  for (const auto& set : bars) shortest = std::min(shortest, set->key().frame);
  for (const auto& set : bars) {
    if (set->key().frame != shortest) continue;
    for (auto i = set->warmup(); i < set->bars().size(); ++i) out.push_back(set->bars()[i].time_ms);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

} // namespace tt::backtest
