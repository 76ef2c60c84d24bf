#include "gateways/webhook/webhook_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

namespace tt::gateway {

namespace {

const prometheus::Histogram::BucketBoundaries ack_bounds{5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 25e-3, 5e-2, 0.1, 0.5, 1, 2};

} // namespace

struct webhook_metrics::impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& results =
    prometheus::BuildCounter().Name("tt_webhook_total").Help("Posts to the webhook receiver, by result").Register(registry);
  prometheus::Family<prometheus::Counter>& faults =
    prometheus::BuildCounter().Name("tt_webhook_faults_total").Help("Posts that were not authenticated, by the rule that failed").Register(registry);
  prometheus::Histogram& acks = prometheus::BuildHistogram()
                                  .Name("tt_webhook_ack_seconds")
                                  .Help("Time from a whole post to its answer")
                                  .Register(registry)
                                  .Add({}, ack_bounds);
  prometheus::Gauge& missing =
    prometheus::BuildGauge().Name("tt_webhook_missing").Help("Profiles whose expected alert is overdue").Register(registry).Add({});
};

webhook_metrics::webhook_metrics() : impl_(std::make_shared<impl>()) {
  // a figure that is not there yet can't be told from one that is missing
  for (const auto* result : {"recorded", "duplicate", "unauthenticated"}) impl_->results.Add({{"result", result}});
}
webhook_metrics::~webhook_metrics() = default;

void webhook_metrics::answered(std::string_view result, double seconds) {
  impl_->results.Add({{"result", std::string(result)}}).Increment();
  impl_->acks.Observe(seconds);
}
void webhook_metrics::fault(std::string_view rule) { impl_->faults.Add({{"rule", std::string(rule)}}).Increment(); }
void webhook_metrics::missing(double change) { impl_->missing.Increment(change); }

std::shared_ptr<prometheus::Collectable> webhook_metrics::collectable() const { return {impl_, &impl_->registry}; }

} // namespace tt::gateway
