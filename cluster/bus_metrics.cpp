#include "cluster/bus_metrics.hpp"

#include <prometheus/metric_family.h>

namespace tt::cluster {

namespace {

prometheus::MetricFamily counted(std::string name, std::string help, std::uint64_t value) {
  prometheus::MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = prometheus::MetricType::Counter;
  prometheus::ClientMetric one;
  one.counter.value = static_cast<double>(value);
  out.metric.push_back(std::move(one));
  return out;
}

} // namespace

std::vector<prometheus::MetricFamily> bus_metrics::Collect() const {
  std::uint64_t repeated = 0, gaps = 0;
  if (bus_ != nullptr) {
    for (const auto& link : bus_->links()) repeated += link.repeated_frames;
    gaps = bus_->info().topic_gaps;
  }
  std::vector<prometheus::MetricFamily> out;
  out.push_back(counted("tt_bus_retransmit_total", "Frames sent again on the links of this node", repeated));
  out.push_back(counted("tt_bus_gap_total", "Gaps seen in topics of other nodes", gaps));
  return out;
}

} // namespace tt::cluster
