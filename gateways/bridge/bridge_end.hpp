#pragma once

// How a port ends the actor through which it speaks to others.

#include <caf/actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <chrono>

namespace tt::gateway {

/// Longest wait for a bridge that is at work.
inline constexpr std::chrono::milliseconds bridge_farewell{1'500};

/// Ends it and waits until it is gone: what asked through it may be taken apart then. Harmless when it has ended.
inline void end_bridge(const caf::actor& bridge) {
  if (!bridge) return;
  caf::scoped_actor self{bridge.home_system()};
  self->monitor(bridge);
  self->send_exit(bridge, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {}, caf::after(bridge_farewell) >> [] {});
}

} // namespace tt::gateway
