#pragma once

// Limits and times of the stream, each with what happens when it is reached.
// The defaults are those of the HTTP contract, section 13.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tt::gateway {

/// What an operator may change. Read once, when the service is made.
struct stream_config {
  using seconds = std::chrono::seconds;
  using milliseconds = std::chrono::milliseconds;

  /// WS_MAX_CLIENTS. One more is refused with HTTP 503 before the handshake.
  std::size_t max_clients = 1000;
  /// MAX_SYMBOLS_PER_STREAM. Further symbols stand in the ack's `rejected`.
  std::size_t max_symbols = 100;
  /// Topics (symbol × channel × timeframe × session) of one connection; as above.
  std::size_t max_topics = 500;
  /// Messages and control frames a client may send per minute; one more closes with 4429.
  std::uint32_t max_messages_per_minute = 1000;
  /// Largest frame and message from a client; a larger one closes with 1009.
  std::size_t max_message_bytes = 64 * 1024;

  /// Bytes that may wait for one client. What must not be lost and doesn't fit
  /// closes with 4408.
  std::size_t max_queue_bytes = 1024 * 1024;
  /// The part of it that trades and unconflated updates may fill; above it trades
  /// are dropped (oldest first, counted) and updates conflated.
  std::size_t max_droppable_bytes = 512 * 1024;
  /// Trades that may wait for one client; the oldest is dropped and counted.
  std::size_t max_queued_trades = 2048;
  /// Updates per second, client and topic of a conflated channel, until the
  /// client says otherwise with `set`.
  std::uint32_t default_rate_hz = 10;

  /// WebSocket ping to the client.
  seconds ping_every{15};
  /// Nothing at all from the client for so long closes with 4408.
  seconds silence_limit{30};
  /// Nothing to say for so long sends a heartbeat message.
  seconds heartbeat_after{10};
  /// A socket that takes no byte for so long closes with 4408.
  seconds stall_limit{30};
  /// A connection without identity closes with 4401.
  seconds identity_limit{5};
  /// After our close frame the socket is cut when the peer hasn't closed by then.
  seconds close_limit{2};
  /// The same while the server stops: shorter than the grace that its I/O threads
  /// have, or they would end with the socket still open.
  milliseconds stop_close_limit{400};
  /// Market status and feed states are looked at so often.
  milliseconds status_every{1000};
  /// Kernel send buffer of a socket in bytes; 0 leaves the system's. Small, so that
  /// a slow client gets new values and not old ones from a long pipe.
  int socket_send_buffer = 128 * 1024;
  /// Name of this node in `system` messages.
  std::string node = "local";
};

namespace stream {

/// Fastest rate a client may ask for; above it `set` is an error. 0 asks for no conflation.
inline constexpr int max_rate_hz = 50;
/// Symbols in one message; more is an error and changes nothing.
inline constexpr std::size_t max_symbols_in_message = 500;
/// Longest symbol or venue name looked at; a longer one is rejected.
inline constexpr std::size_t max_symbol_length = 64;
/// Nesting of a client's message; deeper is an error.
inline constexpr std::size_t max_message_depth = 8;
/// Longest token of an `auth`; a longer one is an error.
inline constexpr std::size_t max_token_bytes = 128;
/// Longest `id` (as JSON text) that is echoed; a longer one is an error.
inline constexpr std::size_t max_id_bytes = 128;
/// Events replayed by one `resume`; when the client is further behind it gets a gap.
inline constexpr std::size_t max_replay_events = 10'000;
/// Age of the oldest event that `resume` replays.
inline constexpr std::chrono::hours max_replay_age{24};
/// Bars of one series that may wait side by side in a conflated slot, so that the
/// final state of a finished bar isn't lost to the first of the next. Above it the oldest goes.
inline constexpr std::size_t max_waiting_bars = 8;
/// Updates that may wait between the market and one shard; above it a topic's
/// newest waiting update is replaced (trades: dropped), and counted.
inline constexpr std::size_t max_mailbox = 65'536;
/// Bytes composed for a socket at once.
inline constexpr std::size_t write_chunk_bytes = 32 * 1024;
/// Chunks written to one socket before the others get their turn.
inline constexpr int chunks_per_turn = 4;

/// Close codes of the contract.
enum class close_code : std::uint16_t {
  normal = 1000,
  restart = 1001,
  policy = 1008,
  too_large = 1009,
  identity = 4401,
  scope = 4403,
  unknown = 4404,
  slow = 4408,
  rate = 4429,
};

} // namespace stream
} // namespace tt::gateway
