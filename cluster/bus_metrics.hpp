#pragma once

// Figures of the bus for /metrics.

#include "bus/node.hpp"

#include <prometheus/collectable.h>

#include <string>
#include <vector>

namespace tt::cluster {

/// tt_bus_retransmit_total: frames that were sent again on links; tt_bus_gap_total: gaps seen in topics. Both are
/// of this node since its start, links that are gone left out, and 0 on a node that stands alone.
class bus_metrics final : public prometheus::Collectable {
public:
  /// `of` may be null (a node that stands alone); else it outlives this.
  explicit bus_metrics(const bus::node* of) : bus_(of) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

private:
  const bus::node* bus_;
};

} // namespace tt::cluster
