// This header file defines the frames of the control link: what travels between
// two nodes below actors and messages. Free of CAF and ZeroMQ.
//
// A frame is one ZeroMQ message of one or two parts: a header (a MessagePack
// array whose first element is the kind) and, for data frames, a body of
// concatenated MessagePack arrays, one per message. `bus/README.md` lists them.
#pragma once

#include "bus/channel/channel.hpp"
#include "bus/errc.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace bus::link {

/// Raised when a change is not readable by older nodes. Nodes of different versions do not link.
inline constexpr uint32_t protocol_version = 1;

/// Bytes of a node id on the wire: process id and host id.
inline constexpr size_t node_bytes = 24;

/// Who a node is and where to reach it. Travels in every hello.
struct identity {
  std::string name;             ///< unique in the cluster; with CURVE it must be the name of the key
  std::string node;             ///< 24 bytes, new at every start: the incarnation
  std::string control_endpoint; ///< where others connect their DEALER
  std::string topics_endpoint;  ///< where others connect their XSUB; may be empty
  uint64_t agent = 0;           ///< actor id of the node's agent, which answers spawn requests
  friend bool operator==(const identity&, const identity&) = default;
};

/// What a node can do that nodes of the same protocol version need not be able to; bits of `hello::features`.
namespace feature {
inline constexpr uint32_t parts = 1; ///< puts bodies together that come in parts, see `data`
}

/// "I am here, in this session; of you I have seen that one."
struct hello {
  identity from;
  uint32_t session = 0;
  std::string seen_node; ///< empty: nothing yet
  uint32_t seen_session = 0;
  uint32_t features = 0; ///< none: an older node, whose field is nil
};

/// One numbered frame of messages, with an acknowledgement for the other direction. With 0 messages it is a part: the
/// next body goes on where this one ends, up to one that says how many messages it all was.
struct data {
  uint32_t from_session = 0;
  uint32_t to_session = 0;
  uint64_t seq = 0;
  uint32_t messages = 0;
  channel::ack received;
};

/// Sign of life and acknowledgement. Times are nanoseconds of the sender's own clock; `echo` is the newest
/// `now` seen from the other side, `held` how long ago: gives the round trip without common clocks.
struct beat {
  uint32_t from_session = 0;
  uint32_t to_session = 0;
  channel::ack received;
  int64_t now = 0;
  int64_t echo = 0;
  int64_t held = 0;
};

/// Why a link ended. The values of `left` and `stalled` travel in `bye`.
enum class down_reason : uint8_t {
  left = 0,      ///< the peer said that it leaves
  stalled = 1,   ///< the peer's actors do not run any more, although its bus thread does
  silent = 2,    ///< nothing was heard for the down limit
  restarted = 3, ///< the peer came back with a new incarnation
  reset = 4,     ///< the peer had declared us down
  stopped = 5,   ///< this node leaves
  own_stall = 6, ///< this node's actors do not run
  broken = 7,    ///< the peer breaks the protocol
  unheard = 8,   ///< the peer is heard, but has heard nothing of us for the down limit
};

std::string_view name_of(down_reason reason) noexcept;

struct bye {
  uint32_t from_session = 0;
  uint32_t to_session = 0;
  down_reason reason = down_reason::left;
};

using header = std::variant<hello, data, beat, bye>;

void write(std::string& out, const hello& x);
void write(std::string& out, const data& x);
void write(std::string& out, const beat& x);
void write(std::string& out, const bye& x);

/// Reads a header that came from outside. Trailing fields of newer versions are skipped.
[[nodiscard]] errc read(std::string_view in, header& out);

} // namespace bus::link
