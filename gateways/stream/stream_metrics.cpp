#include "gateways/stream/stream_metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace tt::gateway::stream {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily one_value(std::string name, std::string help, MetricType type, std::uint64_t value) {
  ClientMetric metric;
  if (type == MetricType::Gauge) metric.gauge.value = static_cast<double>(value);
  else metric.counter.value = static_cast<double>(value);
  return {std::move(name), std::move(help), type, {std::move(metric)}};
}

MetricFamily tick_to_client(const stream_counters& c) {
  ClientMetric metric;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < c.tick_to_client.size(); ++i) {
    total += c.tick_to_client[i];
    const double bound =
      i < tick_to_client_bounds_s.size() ? tick_to_client_bounds_s[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({total, bound});
  }
  metric.histogram.sample_count = total;
  metric.histogram.sample_sum = c.tick_to_client_sum_s;
  return {"tt_tick_to_client_seconds",
          "From a value's arrival in the gateway to its hand-over to the client's socket, conflation included",
          MetricType::Histogram, {std::move(metric)}};
}

class collectable final : public prometheus::Collectable {
public:
  explicit collectable(std::function<stream_counters()> read) : read_(std::move(read)) {}

  std::vector<MetricFamily> Collect() const override {
    const stream_counters c = read_();
    const auto counter = [](std::string name, std::string help, std::uint64_t value) {
      return one_value(std::move(name), std::move(help), MetricType::Counter, value);
    };
    std::vector<MetricFamily> out;
    out.push_back(one_value("tt_ws_clients", "Open stream connections", MetricType::Gauge, c.clients));
    out.push_back(one_value("tt_ws_topics", "Market topics the stream listens to", MetricType::Gauge, c.topics));
    out.push_back(counter("tt_ws_accepted_total", "Stream handshakes done", c.accepted));
    out.push_back(counter("tt_ws_refused_total", "Stream connections refused at the limit or while stopping", c.refused));
    out.push_back(counter("tt_ws_conflated_total", "Values replaced by newer ones before they were sent", c.conflated));
    out.push_back(counter("tt_ws_dropped_trades_total", "Trades not sent to slow clients", c.dropped_trades));
    out.push_back(counter("tt_ws_dropped_clients_total", "Connections closed because the client was too slow", c.dropped_clients));
    out.push_back(counter("tt_ws_rate_limited_clients_total", "Connections closed because of too many messages", c.rate_limited_clients));
    out.push_back(counter("tt_ws_messages_in_total", "Messages of clients", c.messages_in));
    out.push_back(counter("tt_ws_bad_messages_total", "Messages of clients answered with an error", c.bad_messages));
    out.push_back(counter("tt_ws_unknown_fields_total", "Unknown fields in messages of clients", c.unknown_fields));
    out.push_back(counter("tt_ws_messages_out_total", "Messages to clients", c.messages_out));
    out.push_back(counter("tt_ws_bytes_out_total", "Bytes of messages to clients", c.bytes_out));
    out.push_back(tick_to_client(c));
    return out;
  }

private:
  std::function<stream_counters()> read_;
};

} // namespace

std::shared_ptr<prometheus::Collectable> make_metrics(std::function<stream_counters()> read) {
  return std::make_shared<collectable>(std::move(read));
}

} // namespace tt::gateway::stream
