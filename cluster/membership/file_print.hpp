#pragma once

// What tells one state of a small file from another. The time of the last change
// alone does not: two edits may fall into one tick of the file system's clock, and
// a file that was put in its place may bring its time along.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace tt::cluster {

/// Longest file that is read for its content; of a longer one the first part counts. The bus refuses longer lists.
inline constexpr std::size_t print_bytes = std::size_t{1} << 20;

/// What the file system says of a file, without reading it.
struct file_outline {
  std::int64_t modified_ns = 0, changed_ns = 0; ///< content, and anything about it
  std::uint64_t size = 0, inode = 0, device = 0;
  friend bool operator==(const file_outline&, const file_outline&) = default;
};

/// Empty when there is no such file.
std::optional<file_outline> outline_of(const std::filesystem::path& file);

/// A hash of the content (FNV-1a: it tells edits apart, it is no seal); empty when it can't be read.
std::optional<std::uint64_t> digest_of(const std::filesystem::path& file);

} // namespace tt::cluster
