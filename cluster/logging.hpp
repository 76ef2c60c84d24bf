#pragma once

// The process's log: one line per event on stderr and in a rotated file, as JSON
// (default) or text. Secrets and tokens never go into it.

#include "actors/model/result.hpp"
#include "cluster/node_config.hpp"

#include <string>

namespace tt::cluster {

/// Sets spdlog's default logger up. The file is `<folder>/tt.log`; the folder is
/// made when missing. Errors: io_error when the file can't be opened.
result<void> start_logging(const log_config& config, const std::string& folder, const std::string& node_id);

} // namespace tt::cluster
