#pragma once

// The gateway's own figures, kept in a prometheus-cpp registry. All members may
// be called from any thread.

#include "actors/market/symbol_types.hpp"
#include "gateways/http/message.hpp"
#include "gateways/http/recent_latencies.hpp"
#include "gateways/http/route_table.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Collectable;
}

namespace tt::gateway {

class gateway_metrics {
public:
  gateway_metrics();
  ~gateway_metrics();

  /// One finished request; `route` is the route's template, never the path.
  void request_done(std::string_view route, verb method, int status, std::chrono::nanoseconds took);
  void unknown_json_fields(std::size_t count);
  void rate_limited(rate_class kind);
  void connection_opened();
  void connection_closed();
  void dropped_bars(std::size_t count); ///< bars whose prices contradict each other

  [[nodiscard]] latency_summary latency() const;
  [[nodiscard]] std::size_t open_connections() const;

  void add_source(std::weak_ptr<prometheus::Collectable> source);
  /// Prometheus text of everything, feeds and process figures included.
  [[nodiscard]] std::string render(std::span<const market::feed_status> feeds, utc_time market_now);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace tt::gateway
