#pragma once

// One WebSocket: moves bytes between the socket and its session, nothing more.

#include "gateways/stream/batched_socket.hpp"
#include "gateways/stream/session.hpp"
#include "gateways/stream/shard.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <memory>
#include <optional>

namespace tt::gateway::stream {

class connection : public std::enable_shared_from_this<connection> {
public:
  connection(std::shared_ptr<shard> home, std::uint64_t id, boost::beast::tcp_stream&& socket,
             upgrade_handler::request&& request, peer_info peer);
  ~connection();

  /// Does the handshake, then reads until the end.
  void start();
  /// Writes what is due, as far as the socket takes it.
  void flush();
  /// The time asked for with shard::wake_at has come.
  void on_wake();
  /// Begins the closing handshake.
  void close(close_code code, std::string reason);
  /// Cuts the socket and lets go of everything but the memory.
  void end();

  [[nodiscard]] std::uint64_t id() const { return id_; }
  /// The shard's note of when to wake it.
  mono_time wake = mono_time::max();

private:
  using error_code = boost::system::error_code;

  void on_accept(error_code code);
  void read_next();
  void on_read(error_code code);
  void on_drained();
  void begin_close();
  void flush_later();

  std::shared_ptr<shard> shard_;
  const std::uint64_t id_;
  boost::beast::websocket::stream<batched_socket> ws_;
  boost::beast::flat_buffer inbound_;
  upgrade_handler::request request_;
  peer_info peer_;
  message_style style_;
  std::unique_ptr<session> session_; ///< null before the handshake and after the end
  enum class phase : std::uint8_t { handshake, open, closing, ended } phase_ = phase::handshake;
  mono_time close_by_ = mono_time::max();
  bool is_flush_posted_ = false;
};

/// What a client chose in the URL and the subprotocols.
struct stream_choice {
  message_style style;
  std::string subprotocol; ///< to be confirmed; empty: none
};

/// Reads `case=` and `numbers=` of the target and the offered subprotocols
/// (tt.msgpack, tt.json). What it doesn't know it leaves alone.
stream_choice read_choice(std::string_view target, std::string_view offered_subprotocols);

} // namespace tt::gateway::stream
