#pragma once

// Job files on disk: what a folder holds, checked together.

#include "actors/strategy/jobs/job_plan.hpp"

#include <map>
#include <string>
#include <vector>

namespace tt::cluster {

namespace limits {
inline constexpr std::size_t job_files = 500; ///< of one folder; further ones are told and left out
} // namespace limits

struct job_file {
  std::string path;
  std::string text;
  strategy::checked_job checked;
};

/// Errors: io_error (also for a file above the limit of job texts).
result<std::string> read_job_file(const std::string& path);

/// Every *.yml and *.yaml of the folder, by name. An id that stands in two files is an error in the second. Errors:
/// io_error when the folder can't be read.
result<std::vector<job_file>> read_job_folder(const std::string& folder, const strategy::job_defaults& defaults, const strategy::check_context& context);

/// Variables of this process.
std::optional<std::string> process_variable(std::string_view name);

} // namespace tt::cluster
