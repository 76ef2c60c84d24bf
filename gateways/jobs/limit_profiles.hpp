#pragma once

// Limit profiles of the risk gate as the checks of YAML jobs see them.

#include "actors/risk/limits.hpp"
#include "actors/strategy/jobs/job_plan.hpp"

#include <map>
#include <string>

namespace tt::gateway {

/// What a profile lets a job have; what it leaves open or switches off is unbounded.
strategy::limit_profile limit_profile_of(const risk::limit_set& set);

/// The profiles that every account has from its first start on.
std::map<std::string, strategy::limit_profile> shipped_limit_profiles();

} // namespace tt::gateway
