#pragma once

// Small files that are written anew as a whole.

#include "actors/model/result.hpp"

#include <string>

namespace tt::cluster {

/// On disk when it returns; a crash leaves the old file or the new one. Errors: io_error, field node.data_dir.
result<void> replace_file(const std::string& path, const std::string& bytes);

} // namespace tt::cluster
