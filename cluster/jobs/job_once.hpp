#pragma once

// `tt job run --once`: one slot, on a node or dry in this process.

#include "actors/strategy/jobs/job_run.hpp"
#include "cluster/jobs/job_command.hpp"

namespace tt::cluster {

/// Evaluates on the data of the node's folder, an assumed flat account, prints each condition with its values; sends nothing.
int run_once_dry(const job_options& o, const strategy::job_plan& plan, utc_time slot, const instrument_master& master);
/// Asks a node to run the slot and waits for its answer.
int run_once_on_node(const job_options& o, const strategy::job_plan& plan, utc_time slot);

} // namespace tt::cluster
