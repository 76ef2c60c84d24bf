#pragma once

// Figures of the bus for /metrics.

#include "bus/node.hpp"

#include <prometheus/collectable.h>

#include <string>
#include <vector>

namespace tt::cluster {

/// tt_bus_retransmit_total: frames that were sent again on links; tt_bus_gap_total: gaps seen in topics; and what was
/// turned away or lost (tt_bus_refused_peers_total, ..._refused_messages_, ..._lost_messages_, ..._excess_messages_,
/// ..._undecodable_messages_, tt_bus_stalls_total; see `bus::node_info`). All are of this node since its start, links that are gone left out, and 0 on a node that stands alone.
class bus_metrics final : public prometheus::Collectable {
public:
  /// `of` may be null (a node that stands alone); else it outlives this.
  explicit bus_metrics(const bus::node* of) : bus_(of) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

private:
  const bus::node* bus_;
};

} // namespace tt::cluster
