#pragma once

// A job's source tried out on the node's market and accounts. Blocks: it is called on a thread of its own.

#include "cluster/jobs/job_runner.hpp"
#include "gateways/job_files_port.hpp"

namespace tt::cluster {

/// The last slot of the schedule run dry, and the job over the newest bars. Errors: as job_files_port::preview.
result<gateway::job_preview_view> preview_job(const job_world& world, const gateway::job_preview_call& call, const strategy::job_defaults& defaults,
                                              const strategy::check_context& context);

} // namespace tt::cluster
