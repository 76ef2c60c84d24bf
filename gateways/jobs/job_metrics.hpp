#pragma once

#include <memory>

namespace prometheus {
class Collectable;
}

namespace tt::gateway {

class jobs_port;

/// tt_jobs{kind,state}, tt_backtest_bars_per_second and tt_backtest_workers, as the coordinator told them last. The port
/// must outlive the object.
std::shared_ptr<prometheus::Collectable> make_job_metrics(jobs_port& jobs);

} // namespace tt::gateway
