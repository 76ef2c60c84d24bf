#pragma once
/// The parts of reading a job file (job_spec.hpp has the whole).

#include "actors/strategy/jobs/job_spec.hpp"
#include "actors/strategy/jobs/yaml_section.hpp"

namespace tt::strategy {

/// `schedule`, a cron line or a map. Findings: MISSING_KEY, BAD_CRON, BAD_VALUE.
void read_schedule(yaml_section& top, job_spec& spec);

} // namespace tt::strategy
