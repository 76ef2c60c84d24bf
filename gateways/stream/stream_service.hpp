#pragma once

// The stream of a node: takes WebSocket connections from the HTTP server and
// serves them market data (http-api.md section 13).
//
//   stream_service stream{market, stream_config{}};
//   gateway server{config, market, clock, &stream};
//   server.add_metrics(stream.metrics());

#include "gateways/http/upgrade_handler.hpp"
#include "gateways/stream/counters.hpp"
#include "gateways/stream/market_source.hpp"
#include "gateways/stream/stream_config.hpp"

#include <memory>

namespace prometheus {
class Collectable;
}

namespace tt::gateway {

class market_port;

/// Wall clock and steady clock of the process.
stream::stream_clock system_stream_clock();

/// All members may be called from any thread, accept as its interface says. The
/// service may outlive the I/O threads and contexts of the sockets it was given;
/// what it holds there ends with them.
class stream_service final : public upgrade_handler {
public:
  /// `market` must outlive the service and the I/O contexts.
  explicit stream_service(market_port& market, stream_config config = {}, stream::stream_clock clock = system_stream_clock());
  ~stream_service() override;
  stream_service(const stream_service&) = delete;
  stream_service& operator=(const stream_service&) = delete;

  /// Serves a further lossless channel (`backtest`, `optimize`). Before the first connection.
  void add_log(stream::channel what, std::shared_ptr<stream::memory_log> log);
  /// Serves a channel of accounts to those who are bound to this account. At any time, once for each.
  void add_account_log(stream::channel what, const std::string& account, std::shared_ptr<stream::memory_log> log);

  void accept(boost::beast::tcp_stream&& socket, request&& req, peer_info peer) override;
  void stop() override;

  /// Sum over all I/O threads; each figure is exact, the set isn't one moment.
  [[nodiscard]] stream_counters counters() const;
  /// The counters as tt_ws_* and tt_tick_to_client_seconds.
  [[nodiscard]] std::shared_ptr<prometheus::Collectable> metrics() const;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace tt::gateway
