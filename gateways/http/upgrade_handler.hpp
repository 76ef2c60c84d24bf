#pragma once

// The seam between the HTTP server and the stream. Includes Beast, so only the
// two sides of the seam include this file; others use the forward declaration.

#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace tt::gateway {

class stream_caller;

/// What the server found out about the caller before it handed the socket over.
struct peer_info {
  /// Client address as text, without port: the socket's peer, or the hop that a
  /// trusted proxy named.
  std::string address;
  /// Whether that address is a loopback address.
  bool is_loopback = false;
  /// Name of the principal ("local" for a loopback caller without a token), empty
  /// when the caller has not identified itself yet.
  std::string principal;
  /// "trader", "viewer", "admin"; empty without identity.
  std::string role;
  /// Asks whether the identity still holds, and takes a token that comes in a message. Null: neither is asked.
  std::shared_ptr<stream_caller> caller;
  /// The request's X-Request-Id, for logs.
  std::string request_id;
  /// Counts this connection against the limit per address. Keep it as long as the
  /// connection lives; letting go frees the place.
  std::shared_ptr<void> connection_slot;
};

/// Takes over a connection that asked for a WebSocket on a stream route.
class upgrade_handler {
public:
  using request = boost::beast::http::request<boost::beast::http::string_body>;

  virtual ~upgrade_handler() = default;

  /// Called on the thread that owns the socket (its executor runs on that one
  /// thread only). Host, Origin, tokens in the URL and the connection limit have
  /// been checked, nothing was read past the request's head, and no timer is
  /// running on the socket. The handler does the WebSocket handshake with `req`.
  virtual void accept(boost::beast::tcp_stream&& socket, request&& req, peer_info peer) = 0;
  /// Called once by gateway::stop before the I/O threads end, on any thread:
  /// close every connection (1001) and refuse new ones. Must return at once.
  virtual void stop() = 0;
};

} // namespace tt::gateway
