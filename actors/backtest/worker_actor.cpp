#include "actors/backtest/worker_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>

#include <exception>

namespace tt::backtest {

result<std::shared_ptr<const shard_runner>> job_context::runner() {
  const std::lock_guard lock(mutex_);
  if (!made_) made_ = make_(kind_, request_);
  return *made_;
}

std::optional<result<std::shared_ptr<const bar_set>>> job_context::extra(const pair_key& key) {
  const std::lock_guard lock(mutex_);
  const auto at = extras_.find(key);
  if (at == extras_.end()) return std::nullopt;
  return at->second;
}

void job_context::keep_extra(const pair_key& key, const result<std::shared_ptr<const bar_set>>& bars) {
  const std::lock_guard lock(mutex_);
  extras_.emplace(key, bars);
}

namespace {

/// Asks an actor and waits, but not when the run is cancelled.
template <class Answer, class Question>
result<Answer> ask(caf::actor_system& system, const caf::actor& whom, Question question, const run_control& control) {
  if (!whom) return error{errc::not_available, "nobody can be asked for bars"};
  result<Answer> out = error{errc::timed_out, "no answer about bars"};
  caf::scoped_actor self{system};
  bool open = true;
  const auto helper = self->spawn(
    [](caf::event_based_actor* middle, caf::actor to, caf::actor back, Question q) {
      middle->request(to, extra_deadline, std::move(q))
        .then([middle, back](Answer& a) { middle->send(back, std::move(a)); },
              [middle, back](const caf::error& e) { middle->send(back, extra_found{{}, from_caf_error(e)}, false); });
    },
    whom, caf::actor_cast<caf::actor>(self), std::move(question));
  for (auto left = extra_deadline / extra_look; open && left > 0 && !control.cancelled; --left)
    self->receive(
      [&](Answer& a) {
        out = std::move(a);
        open = false;
      },
      [&](const extra_found& failed, bool) {
        out = failed.reason;
        open = false;
      },
      caf::after(extra_look) >> [] {});
  self->send_exit(helper, caf::exit_reason::user_shutdown);
  return out;
}

/// Bars of another symbol or timeframe: asked of the coordinator, fetched by the node's cache, kept for all runs of the job.
result<std::shared_ptr<const bar_set>> find_extra(caf::actor_system& system, const work_item& item, const pair_key& key) {
  if (auto known = item.context->extra(key)) return *known;
  auto found = ask<extra_found>(system, item.coordinator, extra_wanted{item.job, key.symbol, key.frame}, item.control);
  if (!found) return found.error();
  if (found->what.hash.empty()) {
    const bool sure = found->reason.code == errc::not_found || found->reason.code == errc::unknown_symbol;
    if (sure) item.context->keep_extra(key, found->reason);
    return found->reason;
  }
  auto ready = ask<bars_ready>(system, item.bars_of_node, bars_wanted{found->what, item.origin}, item.control);
  if (!ready) return ready.error();
  item.context->keep_extra(key, ready->bars);
  return ready->bars;
}

work_done compute(caf::actor_system& system, std::size_t number, const work_ptr& item) {
  work_done out{number, item, nullptr, {}};
  try {
    const auto runner = item->context->runner();
    if (!runner) {
      out.outcome = std::make_shared<const result<std::string>>(runner.error());
      return out;
    }
    out.outcome = std::make_shared<const result<std::string>>((*runner)->run(
      item->text, item->bars, [&](const pair_key& key) { return find_extra(system, *item, key); }, item->control));
  } catch (const std::exception& e) {
    out.trouble = e.what();
  }
  return out;
}

} // namespace

caf::behavior worker_actor(caf::event_based_actor* self, std::size_t number, caf::actor crew) {
  return {
    [self, number, crew](const work_order& order) { self->send(crew, compute(self->system(), number, order.item)); },
  };
}

} // namespace tt::backtest
