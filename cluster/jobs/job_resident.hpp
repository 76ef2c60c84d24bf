#pragma once

// `tt scheduler`: the firings of a folder of jobs, each handed to a node that runs the slot. For hosts that keep the
// schedule apart from the node; the node's lock of slots makes both together harmless.

#include "actors/strategy/jobs/scheduler.hpp"
#include "cluster/jobs/job_command.hpp"

#include <functional>

namespace tt::cluster {

/// What the resident scheduler works with; tests put their own in.
struct resident_world {
  std::function<utc_time()> clock;
  /// Has the slot run and gives a job_exit code. Called on threads of its own, one for each run under way.
  std::function<int(const strategy::job_plan& plan, utc_time slot)> run;
  /// Waits for the next look, told how many runs are under way; false: it is to end.
  std::function<bool(std::size_t under_way)> wait;
};

/// Reads `folder` at every look and runs what is due, until `wait` says no. Errors: io_error (the folder).
result<void> keep_schedule(const std::string& folder, const strategy::job_defaults& defaults, const strategy::check_context& context, const resident_world& world);

} // namespace tt::cluster
