#include "gateways/bridge/trading_metrics.hpp"

#include "gateways/http/gauge_family.hpp"
#include "gateways/http/recent_latencies.hpp"
#include "gateways/trading_port.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace tt::gateway {

namespace {

const prometheus::Histogram::BucketBoundaries check_bounds{1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 1e-3, 25e-3};
const prometheus::Histogram::BucketBoundaries write_bounds{1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1};
const prometheus::Histogram::BucketBoundaries roundtrip_bounds{1e-4, 1e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5, 10};

std::chrono::nanoseconds as_duration(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

std::optional<double> p99_us(const recent_latencies& of) {
  const auto newest = of.summary();
  return newest.count > 0 ? std::optional{newest.p99 * 1e3} : std::nullopt;
}

} // namespace

struct trading_metrics::impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Histogram>& checks =
    prometheus::BuildHistogram().Name("tt_risk_check_seconds").Help("Time of the gate's checks of an order").Register(registry);
  prometheus::Family<prometheus::Counter>& rejects =
    prometheus::BuildCounter().Name("tt_risk_rejects_total").Help("Orders refused by the gate, by code").Register(registry);
  prometheus::Histogram& writes = prometheus::BuildHistogram()
                                    .Name("tt_journal_fsync_seconds")
                                    .Help("Time until a batch of the journal was durable")
                                    .Register(registry)
                                    .Add({}, write_bounds);
  prometheus::Family<prometheus::Histogram>& roundtrips = prometheus::BuildHistogram()
                                                            .Name("tt_broker_roundtrip_seconds")
                                                            .Help("Time from a request to the venue until its answer")
                                                            .Register(registry);
  recent_latencies newest_checks, newest_writes;
};

namespace {

class all_metrics final : public prometheus::Collectable {
public:
  all_metrics(std::shared_ptr<prometheus::Collectable> own, trading_port& port) : own_(std::move(own)), port_(port) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    auto out = own_->Collect();
    const auto now = port_.health();
    auto orders = gauge_family("tt_orders_total", "Orders of the accounts by state");
    for (const auto state : names_of<order_state>::value) { // also those that no order is in
      const auto found = now.orders.find(std::string(state));
      add_gauge(orders, found == now.orders.end() ? 0.0 : static_cast<double>(found->second), {{"state", std::string(state)}});
    }
    auto unknown = gauge_family("tt_orders_unknown", "Orders of which it is not known whether the venue has them");
    add_gauge(unknown, static_cast<double>(now.orders_unknown));
    auto kill = gauge_family("tt_kill_active", "1 while an emergency stop is on");
    add_gauge(kill, now.mode == risk::kill_mode::none ? 0 : 1);
    auto differences = gauge_family("tt_reconcile_differences", "Differences that the newest comparison with the venue found");
    for (const auto& [account, count] : now.differences) add_gauge(differences, static_cast<double>(count), {{"account", account.str()}});
    for (auto* one : {&orders, &unknown, &kill, &differences}) out.push_back(std::move(*one));
    return out;
  }

private:
  std::shared_ptr<prometheus::Collectable> own_;
  trading_port& port_;
};

} // namespace

trading_metrics::trading_metrics() : impl_(std::make_shared<impl>()) {
  // a figure that is not there yet can't be told from one that is missing
  for (const auto result : {verdict::approved, verdict::approved_reduced, verdict::rejected})
    impl_->checks.Add({{"result", std::string(to_string(result))}}, check_bounds);
  impl_->rejects.Add({{"code", "KILL_SWITCH"}});
}
trading_metrics::~trading_metrics() = default;

void trading_metrics::decision(const risk_decision& of) {
  impl_->checks.Add({{"result", std::string(to_string(of.result))}}, check_bounds).Observe(of.elapsed_ns * 1e-9);
  impl_->newest_checks.add(std::chrono::nanoseconds{of.elapsed_ns});
  if (of.result == verdict::rejected) impl_->rejects.Add({{"code", of.code}}).Increment();
}

void trading_metrics::journal_write(double seconds) {
  impl_->writes.Observe(seconds);
  impl_->newest_writes.add(as_duration(seconds));
}

void trading_metrics::broker_answered(std::string_view venue, std::string_view op, double seconds) {
  impl_->roundtrips.Add({{"venue", std::string(venue)}, {"op", std::string(op)}}, roundtrip_bounds).Observe(seconds);
}

std::optional<double> trading_metrics::write_p99_us() const { return p99_us(impl_->newest_writes); }
std::optional<double> trading_metrics::check_p99_us() const { return p99_us(impl_->newest_checks); }

std::shared_ptr<prometheus::Collectable> trading_metrics::collectable(trading_port& port) const {
  return std::make_shared<all_metrics>(std::shared_ptr<prometheus::Collectable>(impl_, &impl_->registry), port);
}

} // namespace tt::gateway
