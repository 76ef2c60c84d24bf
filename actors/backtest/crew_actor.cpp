#include "actors/backtest/crew_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace tt::backtest {

namespace {

using crew_pointer = caf::stateful_actor<crew_state>*;

/// Whether the coordinator that gave the order still wants it.
bool is_wanted(crew_pointer self, const work_item& item) {
  const auto job = self->state.jobs.find(item.job);
  return job != self->state.jobs.end() && job->second == item.context;
}

/// Tells the coordinator until it has heard: a link may be too full for a large result, and a second telling does no harm.
void tell(crew_pointer self, const std::shared_ptr<const shard_report>& what, std::uint32_t tries) {
  const auto to = self->state.coordinator;
  if (!to || !self->state.jobs.contains(what->job)) return; // cancelled, or the coordinator is another
  self->request(to, report_deadline, *what)
    .then([](bool) {},
          [=](const caf::error&) {
            if (self->state.coordinator != to || tries == 0) return;
            self->delayed_send(self, report_pause, report_again{what, tries - 1});
          });
}

void report(crew_pointer self, const work_item& item, shard_end end, std::string bytes, error reason) {
  if (!is_wanted(self, item)) return; // cancelled, or of an earlier coordinator
  tell(self, std::make_shared<const shard_report>(shard_report{item.job, item.shard, item.attempt, end, std::move(bytes), std::move(reason)}),
       report_tries);
}

error too_large(std::size_t bytes) {
  return {errc::limit_exceeded, "its result has " + std::to_string(bytes) + " bytes, more than " + std::to_string(limits::outcome_bytes) +
                                  ": ask for a shorter range", "end_date"};
}

void give_work(crew_pointer self) {
  auto& s = self->state;
  for (std::size_t i = 0; i < s.workers.size() && !s.ready.empty(); ++i) {
    if (s.running[i] || !s.workers[i]) continue;
    s.running[i] = std::move(s.ready.front());
    s.ready.pop_front();
    self->send(s.workers[i], work_order{s.running[i]});
  }
  const bool busy = std::ranges::any_of(s.running, [](const auto& one) { return one != nullptr; });
  if (busy && !std::exchange(s.ticking, true)) self->delayed_send(self, progress_interval, tick_atom::value);
}

void fetch_bars(crew_pointer self, const work_ptr& item, const caf::actor& origin) {
  const auto place = item->bars.size();
  if (place == item->series.size()) {
    self->state.ready.push_back(item);
    return give_work(self);
  }
  self->request(self->state.options->bars, bars_deadline, bars_wanted{item->series[place], origin})
    .then(
      [=](const bars_ready& ready) {
        if (!is_wanted(self, *item)) return;
        item->bars.push_back(ready.bars);
        fetch_bars(self, item, origin);
      },
      [=](const caf::error& e) { report(self, *item, shard_end::returned, {}, from_caf_error(e)); });
}

caf::result<bool> on_order(crew_pointer self, const shard_order& order) {
  auto& s = self->state;
  const auto job = s.jobs.find(order.job);
  if (job == s.jobs.end()) return to_caf_error({errc::not_found, "job " + std::to_string(order.job) + " is not known to this crew"});
  auto item = std::make_shared<work_item>();
  item->job = order.job;
  item->shard = order.shard;
  item->attempt = order.attempt;
  item->text = order.text;
  item->series = order.series;
  item->context = job->second;
  item->coordinator = s.coordinator;
  item->bars_of_node = s.options->bars;
  item->origin = order.origin;
  fetch_bars(self, item, order.origin);
  return true;
}

void drop_job(crew_pointer self, std::uint64_t job) {
  auto& s = self->state;
  if (s.jobs.erase(job) == 0) return;
  for (const auto& item : s.running)
    if (item && item->job == job) item->control.cancelled = true;
  std::erase_if(s.ready, [job](const work_ptr& item) { return item->job == job; });
}

void on_done(crew_pointer self, const work_done& done) {
  auto& s = self->state;
  if (s.running.at(done.worker) == done.item) s.running[done.worker] = nullptr;
  const auto& item = *done.item;
  if (!done.outcome) report(self, item, shard_end::returned, {}, {errc::internal, "a worker broke off: " + printable(done.trouble)});
  else if (*done.outcome && done.outcome->value().size() > limits::outcome_bytes)
    report(self, item, shard_end::failed, {}, too_large(done.outcome->value().size()));
  else if (*done.outcome) report(self, item, shard_end::computed, done.outcome->value(), {});
  else report(self, item, shard_end::failed, {}, done.outcome->error());
  give_work(self);
}

void tell_progress(crew_pointer self) {
  auto& s = self->state;
  shard_progress out;
  for (const auto& item : s.running) {
    if (!item || !is_wanted(self, *item)) continue;
    const auto bars = item->control.bars_done.load(std::memory_order_relaxed);
    if (bars == item->told) continue;
    item->told = bars;
    out.running.push_back({item->job, item->shard, bars});
  }
  if (s.coordinator && !out.running.empty()) self->send(s.coordinator, std::move(out));
}

void on_coordinator(crew_pointer self, const caf::actor& now) {
  auto& s = self->state;
  if (s.coordinator == now) return;
  if (s.coordinator) self->demonitor(s.coordinator);
  // what runs for the old one is of no use to the new one: it hands out again what it lacks
  std::vector<std::uint64_t> old;
  for (const auto& [job, context] : s.jobs) old.push_back(job);
  for (const auto job : old) drop_job(self, job);
  s.coordinator = now;
  if (!now) return;
  self->monitor(now);
  const auto workers = s.options->workers;
  self->send(now, crew_hello{s.options->node, workers, workers + workers * prefetch_per_worker, caf::actor_cast<caf::actor>(self)});
}

void spawn_worker(crew_pointer self, std::size_t number) {
  auto worker = self->spawn<caf::detached>(worker_actor, number, caf::actor_cast<caf::actor>(self));
  self->monitor(worker);
  self->state.workers[number] = std::move(worker);
}

void stop(crew_pointer self, const caf::error& reason) {
  for (const auto& item : self->state.running)
    if (item) item->control.cancelled = true;
  for (const auto& worker : self->state.workers) self->send_exit(worker, caf::exit_reason::user_shutdown);
  self->quit(reason);
}

void on_down(crew_pointer self, const caf::down_msg& down) {
  auto& s = self->state;
  if (s.coordinator && s.coordinator.address() == down.source) {
    on_coordinator(self, nullptr);
    if (s.options->without_coordinator == orphaned_crew::ends) stop(self, caf::exit_reason::user_shutdown);
    return;
  }
  for (std::size_t i = 0; i < s.workers.size(); ++i) {
    if (s.workers[i].address() != down.source) continue;
    spawn_worker(self, i);
    if (const auto item = std::exchange(s.running[i], nullptr))
      report(self, *item, shard_end::returned, {}, {errc::internal, "a worker ended"});
    return give_work(self);
  }
}

} // namespace

caf::behavior crew_actor(crew_pointer self, std::shared_ptr<const crew_options> options) {
  auto& s = self->state;
  s.options = std::move(options);
  s.workers.resize(std::max<std::uint32_t>(1, s.options->workers));
  s.running.resize(s.workers.size());
  for (std::size_t i = 0; i < s.workers.size(); ++i) spawn_worker(self, i);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  self->set_exit_handler([self](const caf::exit_msg& exit) { stop(self, exit.reason); });
  self->set_default_handler(caf::drop); // what the bus gives back undelivered: the down message follows
  return {
    [self](const coordinator_change& change) { on_coordinator(self, change.now); },
    [self](const job_intro& intro) {
      self->state.jobs[intro.job] = std::make_shared<job_context>(intro.kind, intro.request, self->state.options->make_runner);
    },
    [self](const shard_order& order) { return on_order(self, order); },
    [self](const report_again& again) { tell(self, again.what, again.tries); },
    [self](const job_over& over) { drop_job(self, over.job); },
    [self](const work_done& done) { on_done(self, done); },
    [self](tick_atom) {
      self->state.ticking = false;
      tell_progress(self);
      give_work(self);
    },
  };
}

} // namespace tt::backtest
