#pragma once

// Names of files that the page may write, and the writing.

#include "actors/model/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace tt::desktop {

/// A name that is a plain file of the export folder on every system: no folder, no
/// leading or trailing dot or blank, no control character, none of <>:"/\|?*, no
/// device name of Windows, valid UTF-8, and a known harmless ending.
/// Errors: invalid_argument, out_of_range (too long).
result<void> check_file_name(std::string_view name);

/// Writes `bytes` into `folder` (made when it is missing) under the name, or under
/// "name (2).ext" … where that is taken: nothing is overwritten, no link followed,
/// and a half-written file never carries the name. Mode 0644 less the umask.
/// @return the full path. Errors: io_error, conflict (max_name_tries names are taken).
result<std::string> write_new_file(const std::filesystem::path& folder, std::string_view name, std::string_view bytes);

/// Writes a file that only its owner may read (0600), in one step.
/// Errors: io_error.
result<void> write_private_file(const std::filesystem::path& path, std::string_view bytes);

/// Reads a file that must be the user's own and closed to everybody else.
/// Errors: not_found, refused (mode or owner), out_of_range (too large), io_error.
result<std::string> read_private_file(const std::filesystem::path& path, std::size_t max_bytes);

} // namespace tt::desktop
