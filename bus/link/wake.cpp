#include "bus/link/wake.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <sys/eventfd.h>
#include <unistd.h>

namespace bus::link {

wake_signal::wake_signal() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

wake_signal::~wake_signal() {
  if (fd_ >= 0) ::close(fd_);
}

void wake_signal::write_event() noexcept {
  const uint64_t one = 1;
  [[maybe_unused]] const auto n =
      ::write(fd_, &one, sizeof one); // cannot fail: the counter never nears its limit
}

void wake_signal::consume() noexcept {
  uint64_t count = 0;
  [[maybe_unused]] const auto n = ::read(fd_, &count, sizeof count);
  pending_.store(false, std::memory_order_release);
}

wake_signal& wake_signal::immortal() {
  static std::mutex mutex;
  static auto* all = new std::deque<wake_signal>; // reachable for ever, so no leak for LeakSanitizer
  const std::lock_guard guard{mutex};
  return all->emplace_back();
}

} // namespace bus::link
