// This header file defines how other threads wake the bus thread: an eventfd
// that is written only when the bus thread does not already know.
#pragma once

#include <atomic>
#include <memory>

namespace bus::link {

class wake_signal {
public:
  wake_signal();
  ~wake_signal();
  wake_signal(const wake_signal&) = delete;
  wake_signal& operator=(const wake_signal&) = delete;

  /// Any thread: makes `fd()` readable, at the cost of one atomic exchange if it already is.
  void notify() noexcept {
    if (!pending_.exchange(true, std::memory_order_acq_rel)) write_event();
  }

  /// Bus thread: takes note. Work queued before a `notify` that this call consumes is visible afterwards.
  void consume() noexcept;

  int fd() const noexcept { return fd_; }

  /// A signal for a part of the program that may be notified until the very end, such as a message that an
  /// actor still holds when its system goes. It is never destroyed (some forty bytes per started node).
  static wake_signal& immortal();

private:
  void write_event() noexcept;

  std::atomic<bool> pending_{false};
  int fd_;
};

} // namespace bus::link
