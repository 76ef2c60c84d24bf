#include "cluster/lease/lease_actor.hpp"

#include "actors/market/caf_error.hpp"

namespace tt::cluster {

namespace {

using lease_pointer = caf::stateful_actor<lease_actor_state>*;

result<lease_grant> grant_or_renew(lease_store& store, const lease_request& what) {
  const std::chrono::milliseconds ttl{static_cast<std::int64_t>(std::min<std::uint64_t>(what.ttl_ms, 86'400'001))};
  switch (what.op) {
  case lease_op::acquire: return store.acquire(what.name, what.holder, ttl);
  case lease_op::renew: return store.renew(what.name, what.epoch, ttl);
  case lease_op::release: {
    auto done = store.release(what.name, what.epoch);
    if (!done) return done.error();
    return lease_grant{what.name, {}, what.epoch, {}};
  }
  }
  return error{errc::invalid_argument, "no such operation", "op"};
}

/// What was asked while a slow failure was under way gets the same answer: behind a server that is silent, questions would
/// pile up, each as long as the limit of a call.
template <class Answer>
caf::result<Answer> answer(lease_pointer self, const std::function<result<void>()>& ready, const std::function<result<Answer>()>& ask) {
  auto& s = self->state;
  const auto began = self->clock().now();
  if (s.trouble && began < s.silent_until) return to_caf_error(*s.trouble);
  s.trouble.reset();
  auto fine = ready();
  auto out = fine ? ask() : result<Answer>(fine.error());
  if (out) return std::move(*out);
  const auto now = self->clock().now();
  if (out.error().code != errc::conflict && now - began >= slow_failure) {
    s.trouble = out.error();
    s.silent_until = now + silent_pause;
  }
  return to_caf_error(out.error());
}

} // namespace

caf::behavior lease_actor(lease_pointer self, lease_store_opener open) {
  // returns the reason when there is no store
  const auto ready = [self, open = std::move(open)]() -> result<void> {
    if (self->state.store) return {};
    auto opened = open();
    if (!opened) return error{errc::not_available, to_string(opened.error()), "leases"};
    self->state.store = std::move(*opened);
    return {};
  };
  return {
    [self, ready](const lease_request& what) {
      return answer<lease_grant>(self, ready, [&] { return grant_or_renew(*self->state.store, what); });
    },
    [self, ready](const lease_act& what) { return answer<std::uint64_t>(self, ready, [&] { return self->state.store->act(what); }); },
  };
}

} // namespace tt::cluster
