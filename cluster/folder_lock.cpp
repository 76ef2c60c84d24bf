#include "cluster/folder_lock.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace tt::cluster {

result<folder_lock> folder_lock::take(const std::string& folder) {
  const std::string path = folder + (folder.ends_with('/') ? "" : "/") + "node.lock";
  folder_lock out;
  out.file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (out.file_ < 0) return error{errc::io_error, "can't open " + path + ": " + std::strerror(errno), "node.data_dir"};
  if (flock(out.file_, LOCK_EX | LOCK_NB) != 0) {
    char pid[32] = {};
    const auto got = pread(out.file_, pid, sizeof pid - 1, 0);
    return error{errc::conflict, "the data folder " + folder + " is in use by another node" +
                                   (got > 0 ? " (process " + std::string(pid, strcspn(pid, "\n")) + ")" : ""), "node.data_dir"};
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  // the number is only for people: the lock itself is what counts
  if (ftruncate(out.file_, 0) != 0 || pwrite(out.file_, pid.data(), pid.size(), 0) < 0)
    return error{errc::io_error, "can't write " + path + ": " + std::strerror(errno), "node.data_dir"};
  return out;
}

folder_lock::~folder_lock() {
  if (file_ >= 0) close(file_);
}

} // namespace tt::cluster
