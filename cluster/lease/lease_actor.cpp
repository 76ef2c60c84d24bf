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
    [self, ready](const lease_request& what) -> caf::result<lease_grant> {
      if (auto fine = ready(); !fine) return to_caf_error(fine.error());
      auto granted = grant_or_renew(*self->state.store, what);
      if (!granted) return to_caf_error(granted.error());
      return std::move(*granted);
    },
    [self, ready](const lease_act& what) -> caf::result<std::uint64_t> {
      if (auto fine = ready(); !fine) return to_caf_error(fine.error());
      auto number = self->state.store->act(what);
      if (!number) return to_caf_error(number.error());
      return *number;
    },
  };
}

} // namespace tt::cluster
