// This header file defines the messages inside a data frame, below the level of
// actors: each is a MessagePack array whose first element is one of these. See
// the table in `bus/README.md`.
#pragma once

#include <cstdint>

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

} // namespace bus::proxy
