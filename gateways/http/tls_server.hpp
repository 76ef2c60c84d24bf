#pragma once

// A small HTTPS listener on one thread of its own, for WEBHOOK_LISTEN: one request
// after the other per connection, no WebSocket, no files. It asks clients for a
// certificate and goes on without one; one whose chain is good is handed on with
// the request.

#include "gateways/gateway.hpp"

#include <memory>

namespace tt::gateway {

class pipeline;

/// Most connections of a listener; further ones are closed at once.
inline constexpr std::size_t max_tls_connections = 512;

/// PEM files. `client_ca` may be empty: then the system's authorities alone count.
struct tls_files {
  std::string cert, key, client_ca;
};

class tls_server {
public:
  /// Listens where `config` says; `requests` outlives stop().
  tls_server(const gateway_config& config, tls_files files, pipeline& requests);
  ~tls_server();
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;

  /// Errors: io_error, naming the file that can't be used; otherwise as gateway::start.
  result<std::uint16_t> start();
  void stop();

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace tt::gateway
