#include "cluster/bus_metrics.hpp"

#include "gateways/http/gauge_family.hpp"

namespace tt::cluster {

std::vector<prometheus::MetricFamily> bus_metrics::Collect() const {
  std::uint64_t repeated = 0, gaps = 0;
  if (bus_ != nullptr) {
    for (const auto& link : bus_->links()) repeated += link.repeated_frames;
    gaps = bus_->info().topic_gaps;
  }
  std::vector<prometheus::MetricFamily> out;
  gateway::add_counter(out, "tt_bus_retransmit_total", "Frames sent again on the links of this node", repeated);
  gateway::add_counter(out, "tt_bus_gap_total", "Gaps seen in topics of other nodes", gaps);
  return out;
}

} // namespace tt::cluster
