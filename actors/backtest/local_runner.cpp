#include "actors/backtest/local_runner.hpp"

#include "actors/backtest/account_run.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace tt::backtest {

namespace {

error not_a_strategy(const compiled_script& script) {
  for (const auto& f : script.findings)
    if (f.level == script_finding::level_t::error)
      return {errc::invalid_argument, std::to_string(f.line) + ":" + std::to_string(f.column) + ": " + f.message, "pine_script"};
  return {errc::invalid_argument, "does not compile", "pine_script"};
}

bool stopped(const runner_options& o) { return o.cancel != nullptr && o.cancel->load(std::memory_order_relaxed); }

/// Tells how far it is, one call at a time, never backwards.
class teller {
public:
  explicit teller(const runner_options& o) : tell_(o.progress) {}
  void say(job_progress p) {
    if (!tell_) return;
    std::lock_guard guard{mutex_};
    p.percent = last_ = std::max(last_, std::min(p.percent, 100.0));
    tell_(p);
  }

private:
  const std::function<void(const job_progress&)>& tell_;
  std::mutex mutex_;
  double last_ = 0;
};

std::size_t threads_for(const runner_options& o, std::size_t tasks) {
  return std::clamp<std::size_t>(o.threads, 1, std::min(limits::runner_threads, std::max<std::size_t>(1, tasks)));
}

/// Runs `work` on so many threads, this one among them, and waits for all.
template <class F>
void on_threads(std::size_t count, F work) {
  std::vector<std::thread> others; // det-ok: results do not depend on which thread does what
  for (std::size_t i = 1; i < count; ++i) others.emplace_back(work);
  work();
  for (auto& t : others) t.join();
}

double percent_of(std::uint64_t done, std::uint64_t all) { return all == 0 ? 100 : 100 * static_cast<double>(done) / static_cast<double>(all); }

} // namespace

namespace {

/// Pairs that share one account, on this thread: each bar depends on those before it. What stops one of them stops all.
std::optional<error> run_together(const backtest_request& r, const std::shared_ptr<const prepared_program>& program,
                                  const std::vector<std::shared_ptr<const bar_set>>& sets, std::vector<std::optional<pair_outcome>>& outcomes,
                                  const runner_options& options, const run_watch& watch) {
  account_job job;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (!sets[i]) continue;
    auto pair = pair_job_of(r, program, sets[i]);
    pair.data = options.data;
    job.pairs.push_back(std::move(pair));
    numbers.push_back(i);
  }
  if (numbers.empty()) return std::nullopt;
  auto done = run_account(job, watch);
  if (!done && (is_cancelled(done.error()) || done.error().code == errc::internal)) return done.error();
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const auto& set = *sets[numbers[k]];
    outcomes[numbers[k]] = done ? std::move((*done)[k]) : failed_pair(set.key(), done.error(), set.hash());
  }
  return std::nullopt;
}

} // namespace

result<job_results> run_backtest(const backtest_request& r, const compiled_script& script, bar_provider& bars, const runner_options& options) {
  if (script.code == nullptr) return not_a_strategy(script);
  const auto program = prepare(script.code, r);
  const auto keys = pairs_of(r);
  teller progress(options);
  std::vector<std::shared_ptr<const bar_set>> sets(keys.size());
  std::vector<std::optional<pair_outcome>> outcomes(keys.size());
  std::uint64_t all_bars = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (stopped(options)) return cancelled();
    progress.say({0, "loading", keys[i].symbol, 0, keys.size()});
    auto set = bars.bars(r, keys[i], program->rules.magnifier);
    if (!set) {
      outcomes[i] = failed_pair(keys[i], set.error());
      continue;
    }
    all_bars += (*set)->bars().size();
    sets[i] = *std::move(set);
  }
  std::atomic<std::size_t> next{0}, pairs_done{0};
  std::atomic<std::uint64_t> bars_done{0};
  std::mutex mutex;
  std::optional<error> fault;
  const auto work = [&] {
    for (;;) {
      const auto i = next.fetch_add(1);
      if (i >= keys.size() || stopped(options)) return;
      if (!sets[i]) {
        ++pairs_done;
        continue;
      }
      auto job = pair_job_of(r, program, sets[i]);
      job.data = options.data;
      const run_watch watch{[&](std::size_t n) {
                              const auto done = bars_done.fetch_add(n) + n;
                              progress.say({percent_of(done, all_bars), "running", keys[i].symbol, pairs_done.load(), keys.size()});
                            },
                            options.cancel};
      auto o = run_pair(job, watch);
      ++pairs_done;
      std::lock_guard guard{mutex};
      if (o) outcomes[i] = *std::move(o);
      else if (is_cancelled(o.error()) || o.error().code == errc::internal) fault = fault ? fault : o.error();
      else outcomes[i] = failed_pair(keys[i], o.error(), sets[i]->hash());
      sets[i].reset();
    }
  };
  if (r.capital == capital_mode::shared) {
    const run_watch watch{[&](std::size_t n) {
                            const auto done = bars_done.fetch_add(n) + n;
                            progress.say({percent_of(done, all_bars), "running", "", 0, keys.size()});
                          },
                          options.cancel};
    fault = run_together(r, program, sets, outcomes, options, watch);
  } else {
    on_threads(threads_for(options, keys.size()), work);
  }
  if (stopped(options)) return cancelled();
  if (fault) return *fault;
  progress.say({100, "collecting", "", keys.size(), keys.size()});
  std::vector<pair_outcome> list;
  for (auto& o : outcomes) list.push_back(*std::move(o));
  return job_results::combine(r, std::move(list), {options.engine_version, script.findings});
}

// ---------------------------------------------------------------- studies

namespace {

/// The ledger among threads: whoever has nothing to do waits for results that open more.
class shared_ledger {
public:
  shared_ledger(study_ledger& ledger, const runner_options& options) : ledger_(ledger), options_(options), progress_(options) {}

  void work(const study_context& context) {
    for (;;) {
      const auto tasks = next();
      if (tasks.empty()) return;
      for (const auto& task : tasks) {
        auto done = run_task(context, task, {{}, options_.cancel});
        if (!put(std::move(done))) return;
      }
    }
  }
  const std::optional<error>& fault() const { return fault_; }

private:
  static constexpr std::size_t at_a_time = 4;
  /// How long a thread that waits looks away from the cancel flag.
  static constexpr std::chrono::milliseconds look_up{100};

  std::vector<study_task> next() {
    std::unique_lock lock{mutex_};
    for (;;) {
      if (fault_ || stopped(options_) || ledger_.finished()) return {};
      if (auto tasks = ledger_.take(at_a_time); !tasks.empty()) return tasks;
      changed_.wait_for(lock, look_up);
    }
  }
  bool put(result<task_result> done) {
    job_progress p;
    {
      std::lock_guard guard{mutex_};
      if (!done) {
        if (!fault_) fault_ = done.error();
      } else {
        ledger_.put(*std::move(done));
      }
      const auto count = ledger_.tasks();
      p = {percent_of(count.done, count.all), "running", "", ledger_.trials_done(), ledger_.trials_total()};
    }
    changed_.notify_all();
    progress_.say(p);
    return !fault_;
  }

  study_ledger& ledger_;
  const runner_options& options_;
  teller progress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<error> fault_;
};

} // namespace

result<study_ledger> run_study(const study_request& r, const compiled_script& script, bar_provider& bars, const runner_options& options) {
  if (script.code == nullptr) return not_a_strategy(script);
  if (auto wrong = unknown_parameter(r, *script.code)) return *std::move(wrong);
  study_context context{r.base, prepare(script.code, r.base), {}, options.data};
  context.columns = make_columns(*context.program->code, options.columns);
  teller loading(options);
  for (const auto& key : pairs_of(r.base)) {
    if (stopped(options)) return cancelled();
    loading.say({0, "loading", key.symbol, 0, 0});
    auto set = bars.bars(r.base, key, context.program->rules.magnifier);
    if (!set) return set.error();
    context.bars.push_back(*std::move(set));
  }
  auto ledger = study_ledger::make(r, time_axis(context.bars));
  if (!ledger) return ledger;
  shared_ledger shared(*ledger, options);
  on_threads(threads_for(options, ledger->trials_total()), [&] { shared.work(context); });
  if (stopped(options)) return cancelled();
  if (shared.fault()) return *shared.fault();
  return ledger;
}

} // namespace tt::backtest
