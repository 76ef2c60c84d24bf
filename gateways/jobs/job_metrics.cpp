#include "gateways/jobs/job_metrics.hpp"

#include "gateways/jobs_port.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace tt::gateway {

namespace {

prometheus::MetricFamily gauge(std::string name, std::string help) {
  prometheus::MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = prometheus::MetricType::Gauge;
  return out;
}

void add(prometheus::MetricFamily& to, double value, std::vector<prometheus::ClientMetric::Label> labels = {}) {
  prometheus::ClientMetric one;
  one.label = std::move(labels);
  one.gauge.value = value;
  to.metric.push_back(std::move(one));
}

class job_metrics final : public prometheus::Collectable {
public:
  explicit job_metrics(jobs_port& jobs) : jobs_(jobs) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    const auto now = jobs_.figures();
    auto jobs = gauge("tt_jobs", "Backtests and studies by state");
    for (const auto& one : now.counts)
      add(jobs, static_cast<double>(one.jobs),
          {{"kind", std::string(backtest::to_string(one.kind))}, {"state", std::string(backtest::to_string(one.state))}});
    auto speed = gauge("tt_backtest_bars_per_second", "Bars gone over by all workers, mean of the last ten seconds");
    add(speed, now.bars_per_second);
    auto workers = gauge("tt_backtest_workers", "Workers of all nodes that the coordinator knows");
    add(workers, static_cast<double>(now.workers));
    return {std::move(jobs), std::move(speed), std::move(workers)};
  }

private:
  jobs_port& jobs_;
};

} // namespace

std::shared_ptr<prometheus::Collectable> make_job_metrics(jobs_port& jobs) { return std::make_shared<job_metrics>(jobs); }

} // namespace tt::gateway
