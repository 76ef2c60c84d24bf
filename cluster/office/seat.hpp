#pragma once

// Who holds the lease of the accounts: turns grants and losses, which come to an actor at any moment, into work of one
// thread, because opening and closing an office waits for disks and actors.

#include "actors/model/result.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace tt::cluster {

/// What the thread does; never two of them at once.
struct seat_work {
  /// The lease was granted. After an error the lease is given back, for another node may have more luck.
  std::function<result<void>(std::uint64_t epoch)> begin;
  /// The lease of what has begun is lost or given back.
  std::function<void()> end;
};

class seat : public std::enable_shared_from_this<seat> {
public:
  explicit seat(caf::actor_system& system) : system_(system) {}
  ~seat() { stop(); }
  seat(const seat&) = delete;
  seat& operator=(const seat&) = delete;

  /// For the singleton that holds the lease: an actor whose end is the end of the grant, and which keeps this object alive.
  /// Null while it stops. From any thread.
  caf::actor take(std::uint64_t epoch);
  /// Waits for a grant; its epoch, or 0 after `longest`, or as soon as `is_taken` says that another node has it.
  std::uint64_t await(std::chrono::milliseconds longest, const std::function<bool()>& is_taken);
  /// Follows grants from now on; `begun` is the epoch that has begun already, or 0.
  void follow(seat_work work, std::uint64_t begun);
  /// Ends the thread after the work at hand, and without `end`: the node stops.
  void stop();

private:
  void run();
  void leave(std::uint64_t epoch);
  void give_up(std::uint64_t epoch);

  caf::actor_system& system_;
  seat_work work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t wanted_ = 0; ///< epoch of the grant; guarded like all that follows
  std::uint64_t begun_ = 0;
  caf::actor holder_;        ///< of the grant
  bool is_stopping_ = false;
  std::thread thread_;
};

} // namespace tt::cluster
