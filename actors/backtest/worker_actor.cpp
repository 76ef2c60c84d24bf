#include "actors/backtest/worker_actor.hpp"

#include <exception>

namespace tt::backtest {

result<std::shared_ptr<const shard_runner>> job_context::runner() {
  const std::lock_guard lock(mutex_);
  if (!made_) made_ = make_(kind_, request_);
  return *made_;
}

namespace {

work_done compute(std::size_t number, const work_ptr& item) {
  work_done out{number, item, nullptr, {}};
  try {
    const auto runner = item->context->runner();
    if (!runner) {
      out.outcome = std::make_shared<const result<std::string>>(runner.error());
      return out;
    }
    out.outcome = std::make_shared<const result<std::string>>((*runner)->run(item->text, item->bars, item->control));
  } catch (const std::exception& e) {
    out.trouble = e.what();
  }
  return out;
}

} // namespace

caf::behavior worker_actor(caf::event_based_actor* self, std::size_t number, caf::actor crew) {
  return {
    [self, number, crew](const work_order& order) { self->send(crew, compute(number, order.item)); },
  };
}

} // namespace tt::backtest
