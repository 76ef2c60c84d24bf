#pragma once

// What the accounts of a node tell Prometheus: checks of the gate, orders by state,
// how long the journal takes.

#include "actors/model/decision.hpp"

#include <memory>
#include <optional>
#include <string_view>

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
  /// tt_broker_roundtrip_seconds{venue,op}: from a request to the venue's answer.
  void broker_answered(std::string_view venue, std::string_view op, double seconds);

  /// 99th percentile of the newest writes and checks, microseconds; nothing before the first.
  [[nodiscard]] std::optional<double> write_p99_us() const;
  [[nodiscard]] std::optional<double> check_p99_us() const;

  /// Those, and tt_orders_total{state}, tt_orders_unknown, tt_kill_active, tt_reconcile_differences{account} as the port tells them. The port outlives what is returned.
  [[nodiscard]] std::shared_ptr<prometheus::Collectable> collectable(trading_port& port) const;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace tt::gateway
