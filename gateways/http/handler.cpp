#include "gateways/http/handler.hpp"

#include <atomic>

namespace tt::gateway {

struct responder::state {
  explicit state(sink s) : to(std::move(s)) {}
  ~state() {
    if (!answered.exchange(true)) to(make_error(500, "internal", "the request was dropped without an answer"));
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  std::atomic<bool> answered{false};
  sink to;
};

responder::responder(sink to) : state_(std::make_shared<state>(std::move(to))) {}

void responder::send(outcome end) const {
  if (!state_->answered.exchange(true)) state_->to(std::move(end));
}

void weak_responder::send(outcome end) const {
  if (auto state = state_.lock()) responder{std::move(state)}.send(std::move(end));
}

} // namespace tt::gateway
