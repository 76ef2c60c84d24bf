#pragma once

// What the server says, as bytes. A message has one part that all its receivers
// share, and a short tail of their own (`seq`, `conflated`, …): composing a frame
// is a copy and a few digits.

#include "gateways/json/json_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tt::gateway::stream {

/// How a connection's messages are written; fixed at the handshake.
enum class encoding : std::uint8_t { json, msgpack };

/// Everything that changes the bytes of a message. `index()` numbers the styles.
struct message_style {
  encoding form = encoding::json;
  json_style fields{};

  static constexpr std::size_t count = 8;
  [[nodiscard]] constexpr std::size_t index() const {
    return (form == encoding::msgpack ? 4U : 0U) + (fields.names == field_case::camel ? 2U : 0U) +
           (fields.numbers == number_style::string ? 1U : 0U);
  }
  bool operator==(const message_style&) const = default;
};

/// The shared part of a message: an object without its end (JSON) or without its
/// header (MessagePack). Immutable once made.
struct message_body {
  std::string bytes;
  std::uint32_t fields = 0; ///< entries in `bytes`; MessagePack counts them in front
};

/// Turns the text of a JSON object with at least one field into the shared part.
/// MessagePack writes whole numbers as integers and all others as float64.
message_body make_body(encoding form, std::string json_object);

/// Whether a message stands for the state at subscription, or for a change.
enum class message_kind : std::uint8_t { update, snapshot };

/// The receiver's own fields.
struct message_tail {
  std::uint64_t seq = 0;       ///< +1 per message of a connection
  message_kind kind = message_kind::update;
  std::uint64_t conflated = 0; ///< values replaced by this one; left out when 0
  std::uint64_t dropped = 0;   ///< trades lost before this one; left out when 0
};

/// Bytes that a frame adds to its body at most (frame header and tail).
inline constexpr std::size_t max_frame_overhead = 160;

/// Appends a whole WebSocket frame (text or binary by `form`).
void append_message(std::string& out, encoding form, const message_body& body, const message_tail& tail);

/// Appends an empty, unmasked ping frame.
void append_ping(std::string& out);

} // namespace tt::gateway::stream
