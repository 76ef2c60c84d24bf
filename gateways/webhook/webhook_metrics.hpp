#pragma once

// What the receiver tells Prometheus.

#include <memory>
#include <string_view>

namespace prometheus {
class Collectable;
}

namespace tt::gateway {

/// All members may be called from any thread.
class webhook_metrics {
public:
  webhook_metrics();
  ~webhook_metrics();
  webhook_metrics(const webhook_metrics&) = delete;
  webhook_metrics& operator=(const webhook_metrics&) = delete;

  /// tt_webhook_total{result}, tt_webhook_ack_seconds: from the whole post to its answer.
  void answered(std::string_view result, double seconds);
  /// tt_webhook_faults_total{rule}: posts that were not authenticated, by the rule that failed.
  void fault(std::string_view rule);
  /// tt_webhook_missing: profiles whose expected alert is overdue.
  void missing(double change);
  [[nodiscard]] std::shared_ptr<prometheus::Collectable> collectable() const;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace tt::gateway
