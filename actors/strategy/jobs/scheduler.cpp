#include "actors/strategy/jobs/scheduler.hpp"

#include "actors/backtest/bar_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tt::strategy {

namespace {

/// A portfolio job that fires while the market is closed trades in the next session, on what is true then.
utc_time start_of(const job_plan& plan, const firing& f) {
  const auto& calendar = plan.when->calendar();
  if (plan.spec.type != job_type::portfolio_management || calendar.day_at(f.slot, session_hours::regular)) return f.starts;
  const auto open = calendar.next_open(f.slot, session_hours::regular);
  return open ? *open + limits::after_open : f.starts;
}

} // namespace

std::string_view to_string(skip_reason why) {
  static constexpr std::array<std::string_view, 3> names{"overlap", "busy", "missed"};
  return names[static_cast<std::size_t>(why)];
}

std::string run_id_of(std::string_view strategy_id, utc_time slot) {
  return backtest::hash_of(std::string(strategy_id) + "|" + std::to_string(unix_ms(slot)));
}

void job_scheduler::plan_next(entry& e, utc_time after) const {
  e.next = e.status.state == job_state::enabled ? e.status.plan->when->next_after(after) : std::nullopt;
  if (e.next) e.next->starts = start_of(*e.status.plan, *e.next);
  e.status.next = e.next ? std::optional(e.next->slot) : std::nullopt;
}

void job_scheduler::restore(std::vector<job_switch_row> switches) {
  for (auto& one : switches) {
    const auto id = one.strategy_id;
    switches_[id] = std::move(one);
  }
}

std::optional<job_switch_row> job_scheduler::switch_of(const std::string& strategy_id) const {
  const auto found = switches_.find(strategy_id);
  return found == switches_.end() ? std::nullopt : std::optional(found->second);
}

void job_scheduler::forget_switch(const std::string& strategy_id) {
  switches_.erase(strategy_id);
  if (const auto found = jobs_.find(strategy_id); found != jobs_.end()) found->second.status.switched.reset();
}

job_state job_scheduler::state_for(const job_plan& plan) const {
  const auto said = switches_.find(plan.spec.strategy_id);
  if (said == switches_.end()) return plan.spec.state;
  if (said->second.state == job_state::disabled) return job_state::disabled;
  return said->second.content_hash == plan.spec.content_hash ? job_state::enabled : plan.spec.state;
}

void job_scheduler::set_jobs(const std::vector<std::shared_ptr<const job_plan>>& plans, utc_time now) {
  std::map<std::string, entry> out;
  for (const auto& plan : plans) {
    const auto& id = plan->spec.strategy_id;
    const auto known = jobs_.find(id);
    const auto is_same = [&](const job_spec& old) { // state and account of a registered strategy are not in its text
      return old.content_hash == plan->spec.content_hash && old.state == plan->spec.state && old.account == plan->spec.account;
    };
    if (known != jobs_.end() && is_same(known->second.status.plan->spec)) {
      out.emplace(id, std::move(known->second));
      continue;
    }
    entry e;
    if (known != jobs_.end()) e = std::move(known->second);
    e.status.strategy_id = id, e.status.plan = plan, e.status.state = state_for(*plan);
    e.status.switched = switch_of(id);
    e.retry.reset();
    auto after = now;
    // a portfolio job that was missed a moment ago still runs; the log of runs keeps it from running twice
    if (known == jobs_.end() && plan->spec.type == job_type::portfolio_management)
      if (const auto last = plan->when->last_until(now); last && now - last->starts < limits::misfire_grace) after = last->slot - nanoseconds{1};
    plan_next(e, after);
    out.emplace(id, std::move(e));
  }
  jobs_ = std::move(out);
}

std::size_t job_scheduler::running() const {
  return static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const auto& j) { return j.second.status.running.has_value(); }));
}

std::vector<due_firing> job_scheduler::due(utc_time now) {
  std::vector<due_firing> out;
  auto busy = running();
  for (auto& [id, e] : jobs_) {
    if (e.retry && e.retry->second <= now && !e.status.running && busy < limits::running_jobs) {
      e.status.running = e.retry->first;
      e.retry.reset();
      ++busy;
      out.push_back({id, *e.status.running, ++e.attempt, {}});
    }
    while (e.next && e.next->starts <= now) {
      const auto f = *e.next;
      const auto late = now - f.starts;
      const bool missed = late >= (e.status.plan->spec.type == job_type::portfolio_management ? nanoseconds(limits::misfire_grace) : nanoseconds(limits::late_firing));
      std::optional<skip_reason> skip;
      if (missed) skip = skip_reason::missed;
      else if (e.status.running || e.retry) skip = skip_reason::overlap;
      else if (busy >= limits::running_jobs) break; // waits until a place is free, or it is late
      plan_next(e, f.slot);
      while (e.next && e.next->starts == f.starts) plan_next(e, e.next->slot); // slots of a closed market trade at one and the same open: once
      if (skip) {
        ++(*skip == skip_reason::missed ? e.status.skipped_missed : e.status.skipped_overlap);
      } else {
        e.status.running = f.slot;
        e.attempt = 0;
        ++e.status.runs;
        ++busy;
      }
      out.push_back({id, f.slot, 0, skip});
    }
  }
  return out;
}

bool job_scheduler::finished(const std::string& strategy_id, utc_time slot, run_result how, utc_time now) {
  const auto found = jobs_.find(strategy_id);
  if (found == jobs_.end() || found->second.status.running != slot) return false;
  auto& e = found->second;
  e.status.running.reset();
  if (how == run_result::done) {
    e.status.failures_in_row = 0;
    return false;
  }
  const auto& errors = e.status.plan->spec.errors;
  if (how == run_result::failed && e.attempt < errors.max_retries && e.status.state == job_state::enabled) {
    const double wait = static_cast<double>(errors.retry_delay.count()) * std::pow(limits::retry_factor, e.attempt);
    const auto capped = std::min(wait, static_cast<double>(limits::longest_retry_delay.count()));
    e.retry.emplace(slot, now + std::chrono::seconds(static_cast<std::int64_t>(capped)));
    return false;
  }
  ++e.status.failed;
  if (++e.status.failures_in_row < limits::failed_runs_in_row && errors.fallback != fallback_action::disable) return false;
  (void)set_state(strategy_id, job_state::disabled, now, how == run_result::timed_out ? "failed runs: the last one was over its time" : "failed runs", "scheduler");
  return true;
}

result<job_switch_row> job_scheduler::set_state(const std::string& strategy_id, job_state state, utc_time now, std::string reason, std::string author) {
  const auto found = jobs_.find(strategy_id);
  if (found == jobs_.end()) return error{errc::not_found, "there is no job " + in_quotes(strategy_id), "strategy_id"};
  auto& e = found->second;
  const job_switch_row row{strategy_id, state, std::move(reason), std::move(author), now, e.status.plan->spec.content_hash};
  switches_[strategy_id] = row;
  e.status.state = state;
  e.status.switched = row;
  e.status.failures_in_row = 0;
  e.retry.reset();
  plan_next(e, now);
  return row;
}

std::optional<utc_time> job_scheduler::next_wake() const {
  std::optional<utc_time> out;
  const auto take = [&](utc_time t) { out = out ? std::min(*out, t) : t; };
  for (const auto& [id, e] : jobs_) {
    if (e.next) take(e.next->starts);
    if (e.retry) take(e.retry->second);
  }
  return out;
}

std::vector<job_status> job_scheduler::jobs() const {
  std::vector<job_status> out;
  for (const auto& [id, e] : jobs_) out.push_back(e.status);
  return out;
}

std::shared_ptr<const job_plan> job_scheduler::plan_of(const std::string& strategy_id) const {
  const auto found = jobs_.find(strategy_id);
  return found == jobs_.end() ? nullptr : found->second.status.plan;
}

} // namespace tt::strategy
