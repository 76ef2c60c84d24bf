#include "gateways/store/folder_turn.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace tt::gateway {

namespace {

/// Longest wait for another process, and between two looks.
constexpr std::chrono::milliseconds turn_patience{10'000}, turn_pause{10};

} // namespace

folder_turn::folder_turn(const std::filesystem::path& folder) : file_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

folder_turn::~folder_turn() {
  if (file_ >= 0) close(file_);
}

result<void> folder_turn::wait() const {
  if (file_ < 0) return error{errc::io_error, std::string("can't open the folder: ") + std::strerror(errno)};
  for (auto left = turn_patience; flock(file_, LOCK_EX | LOCK_NB) != 0; left -= turn_pause) {
    if (errno != EWOULDBLOCK && errno != EINTR) return error{errc::io_error, std::string("can't lock the folder: ") + std::strerror(errno)};
    if (left <= turn_pause) return error{errc::io_error, "another process has been at work in the folder for ten seconds"};
    std::this_thread::sleep_for(turn_pause);
  }
  return {};
}

} // namespace tt::gateway
