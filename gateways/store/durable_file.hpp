#pragma once

// Small files that are written anew as a whole.

#include "actors/model/result.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace tt::gateway {

/// On disk when it returns; a crash leaves the old file or the new one. Errors: io_error, field node.data_dir.
result<void> replace_file(const std::string& path, const std::string& bytes);

/// What such a file holds; nothing where there is none. Errors: out_of_range (more than `most` bytes; it is not read),
/// io_error, field node.data_dir.
result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t most);

} // namespace tt::gateway
