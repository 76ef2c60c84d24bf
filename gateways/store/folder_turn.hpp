#pragma once

// One process at a time in a folder.

#include "actors/model/result.hpp"

#include <filesystem>

namespace tt::gateway {

/// A folder that is one process's turn: two that change a file at once would lose one of the changes. Ends with this
/// object, or with the process.
class folder_turn {
public:
  explicit folder_turn(const std::filesystem::path& folder);
  ~folder_turn();
  folder_turn(const folder_turn&) = delete;
  folder_turn& operator=(const folder_turn&) = delete;

  /// At most ten seconds. Errors: io_error with the reason, or when it takes too long.
  [[nodiscard]] result<void> wait() const;

private:
  int file_;
};

} // namespace tt::gateway
