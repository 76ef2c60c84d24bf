#include "gateways/jobs/job_metrics.hpp"

#include "gateways/http/gauge_family.hpp"
#include "gateways/jobs_port.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace tt::gateway {

namespace {

class job_metrics final : public prometheus::Collectable {
public:
  explicit job_metrics(jobs_port& jobs) : jobs_(jobs) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    const auto now = jobs_.figures();
    auto jobs = gauge_family("tt_jobs", "Backtests and studies by state");
    for (const auto& one : now.counts)
      add_gauge(jobs, static_cast<double>(one.jobs),
          {{"kind", std::string(backtest::to_string(one.kind))}, {"state", std::string(backtest::to_string(one.state))}});
    auto speed = gauge_family("tt_backtest_bars_per_second", "Bars gone over by all workers, mean of the last ten seconds");
    add_gauge(speed, now.bars_per_second);
    auto workers = gauge_family("tt_backtest_workers", "Workers of all nodes that the coordinator knows");
    add_gauge(workers, static_cast<double>(now.workers));
    return {std::move(jobs), std::move(speed), std::move(workers)};
  }

private:
  jobs_port& jobs_;
};

} // namespace

std::shared_ptr<prometheus::Collectable> make_job_metrics(jobs_port& jobs) { return std::make_shared<job_metrics>(jobs); }

} // namespace tt::gateway
