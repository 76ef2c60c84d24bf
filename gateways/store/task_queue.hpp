#pragma once

// One thread for slow work (the database), so that I/O threads never wait for a disk.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace tt::gateway {

/// Runs tasks one after the other, in order. Thread-safe.
class task_queue {
public:
  /// Tasks that may wait; above it post() refuses.
  static constexpr std::size_t max_tasks = 4096;

  /// Where tasks run: on a thread of the queue's own, or inside post() (tests).
  enum class mode : std::uint8_t { own_thread, inline_calls };
  explicit task_queue(mode m = mode::own_thread);
  /// Runs what is queued, then joins.
  ~task_queue();
  task_queue(const task_queue&) = delete;
  task_queue& operator=(const task_queue&) = delete;

  /// Whether the task was taken.
  enum class posted : std::uint8_t { yes, full };
  posted post(std::function<void()> task);
  /// Takes no further tasks, runs the queued ones, joins. Harmless twice.
  void stop();

private:
  void loop();

  const mode mode_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace tt::gateway
