#include "cluster/office/seat.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <utility>

namespace tt::cluster {

namespace {

/// Between two looks at whether another node has the lease.
constexpr std::chrono::milliseconds look_pause{20};

} // namespace

caf::actor seat::take(std::uint64_t epoch) {
  auto holder = system_.spawn([seat = shared_from_this(), epoch](caf::event_based_actor* self) -> caf::behavior {
    self->set_exit_handler([seat, self, epoch](const caf::exit_msg& exit) {
      seat->leave(epoch);
      self->quit(exit.reason);
    });
    return {[](caf::unit_t) {}};
  });
  const std::lock_guard lock(mutex_);
  if (is_stopping_) {
    caf::anon_send_exit(holder, caf::exit_reason::user_shutdown);
    return nullptr;
  }
  wanted_ = epoch;
  holder_ = holder;
  changed_.notify_all();
  return holder;
}

void seat::leave(std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  if (wanted_ != epoch) return; // an older grant
  wanted_ = 0;
  holder_ = nullptr;
  changed_.notify_all();
}

/// What could not begin: the singleton sees its actor end, and lets go of the lease.
void seat::give_up(std::uint64_t epoch) {
  caf::actor holder;
  {
    const std::lock_guard lock(mutex_);
    if (wanted_ != epoch) return;
    wanted_ = 0;
    holder = std::exchange(holder_, nullptr);
  }
  caf::anon_send_exit(holder, caf::exit_reason::user_shutdown);
}

std::uint64_t seat::await(std::chrono::milliseconds longest, const std::function<bool()>& is_taken) {
  const auto until = std::chrono::steady_clock::now() + longest;
  std::unique_lock lock(mutex_);
  while (wanted_ == 0 && std::chrono::steady_clock::now() < until) {
    if (changed_.wait_for(lock, look_pause, [&] { return wanted_ != 0; })) break;
    lock.unlock();
    const bool taken = is_taken();
    lock.lock();
    if (taken) break;
  }
  return wanted_;
}

void seat::follow(seat_work work, std::uint64_t begun) {
  work_ = std::move(work);
  begun_ = begun;
  thread_ = std::thread([this] { run(); });
}

void seat::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    if (begun_ == wanted_) {
      changed_.wait(lock);
      continue;
    }
    const auto next = wanted_;
    const auto last = std::exchange(begun_, 0);
    lock.unlock();
    if (last != 0) work_.end();
    if (next != 0) {
      const auto done = work_.begin(next);
      if (!done) {
        spdlog::error("the accounts can't be opened here: {}", to_string(done.error()));
        give_up(next);
      }
      lock.lock();
      if (done) begun_ = next;
      continue;
    }
    lock.lock();
  }
}

void seat::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    holder_ = nullptr;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

} // namespace tt::cluster
