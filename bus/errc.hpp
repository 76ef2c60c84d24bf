// This header file defines the error codes of the bus. They travel inside
// `caf::error` values of category `bus`, so an actor can compare with `==`.
#pragma once

#include <caf/fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace bus {

/// What can go wrong on the bus. The values are part of the wire: never reuse one.
enum class errc : uint8_t {
  none = 0, // must be 0
  /// The input ended inside a value. Seen by decoders; the frame is dropped and counted.
  truncated = 1,
  /// A value has another MessagePack type than the field wants.
  type_mismatch = 2,
  /// Values are nested deeper than `codec::max_depth`.
  too_deep = 3,
  /// A length is larger than the input that is left or than its limit.
  too_long = 4,
  /// A number does not fit its field.
  out_of_range = 5,
  /// A message of an older version lacks a field that has no default.
  missing_field = 6,
  /// A message holds a type that is not in the codec table. Seen by the requester; nothing was sent.
  unknown_type = 7,
  /// An actor handle names a node that this node does not know.
  bad_handle = 8,
  /// Bytes follow where a value should have ended.
  trailing_bytes = 9,
  /// The link to the actor's node is down. Requests in flight are answered with it at once; retry only
  /// what is idempotent, the fate of the request is not known.
  peer_down = 20,
  /// The credit towards the actor or its node is used up. Nothing was sent; retry later.
  peer_overloaded = 21,
  /// The encoded message is larger than `limits::message_bytes`. Nothing was sent.
  message_too_large = 22,
  /// No node published an actor under that name.
  no_such_name = 23,
  /// The node does not know a peer of that name.
  no_such_peer = 24,
  /// The node was stopped.
  stopped = 25,
  /// The name is already published by this node.
  name_taken = 26,
  /// A configuration value is missing or out of range; the text names the field.
  bad_config = 27,
  /// A socket could not be bound or connected; the text names the endpoint.
  socket_failed = 28,
  /// A key or allow-list file cannot be used; the text names the file.
  bad_key_file = 29,
  /// The remote node cannot spawn an actor of that type from these arguments.
  cannot_spawn = 30,
  /// A limit of `bus/limits.hpp` is reached; the text names it.
  limit_reached = 31,
};

/// The name of a code as in the source.
std::string_view name_of(errc code) noexcept;

/// For CAF's deep_to_string and error renderer.
std::string to_string(errc code);

/// Lets `caf::error` be built from a code and compared with one.
caf::error make_error(errc code);

/// As above, with a sentence for the log.
caf::error make_error(errc code, std::string text);

/// The sentence given to `make_error`, or the code's name.
std::string text_of(const caf::error& reason);

} // namespace bus
