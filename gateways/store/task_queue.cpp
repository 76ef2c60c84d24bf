#include "gateways/store/task_queue.hpp"

namespace tt::gateway {

task_queue::task_queue(mode m) : mode_(m) {
  if (mode_ == mode::own_thread) thread_ = std::thread{[this] { loop(); }};
}

task_queue::~task_queue() { stop(); }

task_queue::posted task_queue::post(std::function<void()> task) {
  if (mode_ == mode::inline_calls) {
    task();
    return posted::yes;
  }
  {
    std::lock_guard guard{mutex_};
    if (stopping_ || tasks_.size() >= max_tasks) return posted::full;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return posted::yes;
}

void task_queue::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void task_queue::loop() {
  std::unique_lock guard{mutex_};
  while (true) {
    wake_.wait(guard, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    guard.unlock();
    task();
    task = nullptr; // what it holds goes before the lock is taken again
    guard.lock();
  }
}

} // namespace tt::gateway
