// This header file defines the messages inside a data frame, below the level of
// actors: each is a MessagePack array whose first element is one of these. See
// the table in `bus/README.md`.
#pragma once

#include "bus/codec/encoder.hpp"

#include <caf/error.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <cstdint>
#include <string_view>

namespace bus::proxy {

enum class op : uint8_t {
  message = 0, ///< [0, receiver, sender, message id, stages, [type, value, ...]]
  watch = 1,   ///< [1, actor]: tell me when it terminates
  down = 2,    ///< [2, actor, reason]: an actor of the sending node has terminated
  credit = 3,  ///< [3, actor, n]: it has consumed n messages from the receiving node
  link = 4,    ///< [4, actor of the receiving node, other actor]
  unlink = 5,  ///< [5, actor of the receiving node, other actor]
  moved = 6,   ///< [6, requester, message id, node]: another node will answer this request
  name = 7     ///< [7, name, actor]: published by the sending node; actor 0: withdrawn
};

/// A receiver reports consumption in steps of so many messages per actor, and what is left with its next
/// heartbeat.
inline constexpr uint64_t credit_step = 256;

/// One message each, as it stands in the body of a data frame.
codec::bytes watch_frame(caf::actor_id actor);
codec::bytes credit_frame(caf::actor_id actor, uint64_t consumed);
codec::bytes name_frame(std::string_view name, caf::actor_id actor);
/// An error always encodes: a context that cannot travel is left behind.
codec::bytes down_frame(caf::actor_id actor, const caf::error& reason, const codec::type_table& types);
codec::bytes moved_frame(caf::actor_id requester, caf::message_id request, const caf::node_id& to);
/// `what` is `op::link` or `op::unlink`.
codec::bytes link_frame(op what, caf::actor_id actor, caf::actor_control_block* other,
                        codec::handle_writer& handles);

} // namespace bus::proxy
