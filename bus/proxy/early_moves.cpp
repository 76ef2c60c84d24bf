#include "bus/proxy/early_moves.hpp"

#include <algorithm>

namespace bus::proxy {

void early_moves::keep(caf::actor_id requester, caf::message_id mid, caf::node_id from, caf::node_id to, link::time_point now) {
  if (moves_.size() >= limits::early_moves) moves_.pop_front();
  moves_.push_back({requester, mid.request_id(), std::move(from), std::move(to), now});
}

std::optional<caf::node_id> early_moves::take(caf::actor_id requester, caf::message_id mid, const caf::node_id& from) {
  const auto i = std::find_if(moves_.begin(), moves_.end(), [&](const move& x) {
    return x.requester == requester && x.mid == mid && x.from == from;
  });
  if (i == moves_.end()) return std::nullopt;
  auto to = std::move(i->to);
  moves_.erase(i);
  return to;
}

// Each step takes one move out, so that a request that went round in a circle comes to an end, too.
caf::node_id early_moves::follow(caf::actor_id requester, caf::message_id mid, caf::node_id at) {
  while (auto next = take(requester, mid.request_id(), at)) at = std::move(*next);
  return at;
}

void early_moves::forget(caf::actor_id requester, caf::message_id mid) {
  if (moves_.empty()) return;
  std::erase_if(moves_, [&, id = mid.request_id()](const move& x) { return x.requester == requester && x.mid == id; });
}

void early_moves::sweep(link::time_point now) {
  while (!moves_.empty() && now - moves_.front().at >= longest_wait) moves_.pop_front();
}

} // namespace bus::proxy
