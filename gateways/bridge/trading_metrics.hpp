#pragma once

// What the accounts of a node tell Prometheus: checks of the gate, orders by state,
// how long the journal takes.

#include "actors/model/decision.hpp"

#include <memory>

namespace prometheus {
class Collectable;
}

namespace tt::gateway {

class trading_port;

/// All members may be called from any thread.
class trading_metrics {
public:
  trading_metrics();
  ~trading_metrics();
  trading_metrics(const trading_metrics&) = delete;
  trading_metrics& operator=(const trading_metrics&) = delete;

  /// tt_risk_check_seconds{result}, tt_risk_rejects_total{code}.
  void decision(const risk_decision& of);
  /// tt_journal_fsync_seconds: one append until it was durable.
  void journal_write(double seconds);

  /// Those, and tt_orders_total{state}, tt_orders_unknown, tt_kill_active as the port tells them. The port outlives what is returned.
  [[nodiscard]] std::shared_ptr<prometheus::Collectable> collectable(trading_port& port) const;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace tt::gateway
