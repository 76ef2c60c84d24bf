#pragma once

// One node per data folder: two would write the same logs, layouts and bars.

#include "actors/model/result.hpp"

#include <string>
#include <utility>

namespace tt::cluster {

/// Holds a folder for this process until it is destroyed, or the process ends
/// however it may: the kernel lets go of the lock.
class folder_lock {
public:
  /// Locks the file `node.lock` of the folder (made when missing; it holds the pid).
  /// Errors: conflict when another node has it; io_error. Field: node.data_dir.
  static result<folder_lock> take(const std::string& folder);

  folder_lock() = default;
  folder_lock(folder_lock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  folder_lock& operator=(folder_lock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~folder_lock();

private:
  int file_ = -1;
};

} // namespace tt::cluster
