// This header file defines the memory for moves that came too early: a request
// that is passed on twice, from B to C and from C to D, is told of by B and by C
// over two links, and C's word may come first. It is kept until B's has come.
#pragma once

#include "bus/link/session.hpp"
#include "bus/limits.hpp"

#include <caf/fwd.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <deque>
#include <optional>

namespace bus::proxy {

/// Bus thread only. Holds `limits::early_moves` at most; beyond it the oldest is forgotten, and its requester has
/// its own time-out only, should the node die that has the request.
class early_moves {
public:
  /// Whoever passed it on to `from` must have said so by then, or its link is down and the request is answered.
  static constexpr std::chrono::seconds longest_wait{10};

  void keep(caf::actor_id requester, caf::message_id mid, caf::node_id from, caf::node_id to, link::time_point now);

  /// The request is at `at`, by what has been told in order: where it has gone from there, by what came early.
  caf::node_id follow(caf::actor_id requester, caf::message_id mid, caf::node_id at);

  /// The request has been answered.
  void forget(caf::actor_id requester, caf::message_id mid);

  /// Forgets what nobody can be waiting for any more.
  void sweep(link::time_point now);

  size_t size() const noexcept { return moves_.size(); }

private:
  struct move {
    caf::actor_id requester;
    caf::message_id mid;
    caf::node_id from, to;
    link::time_point at;
  };

  std::optional<caf::node_id> take(caf::actor_id requester, caf::message_id mid, const caf::node_id& from);

  std::deque<move> moves_; // oldest first; a few at most, and mostly none
};

} // namespace bus::proxy
