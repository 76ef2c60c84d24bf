#pragma once

// Sockets. Each I/O thread runs an io_context of its own and owns the connections
// that were dealt to it; nothing is shared between them but counters.

#include "gateways/gateway.hpp"

#include <memory>

namespace tt::gateway {

class pipeline;
class gateway_metrics;

/// Largest request head, start line included; above it 431.
inline constexpr std::size_t max_head_bytes = 8 * 1024;
/// Requests a client may send without waiting; then the connection closes.
inline constexpr unsigned max_pipelined = 100;

class http_server {
public:
  /// `requests`, `metrics`, `stream` and `progress` (both may be null) outlive stop(); a connection
  /// whose answer is outstanding keeps itself alive, never them.
  http_server(const gateway_config& config, pipeline& requests, gateway_metrics& metrics, upgrade_handler* stream,
              upgrade_handler* progress);
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// Errors: as gateway::start.
  result<std::uint16_t> start();
  /// Closes listeners and connections, joins. At most 1.5 s.
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace tt::gateway
