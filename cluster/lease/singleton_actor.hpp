#pragma once

// Runs something of which there may be one in the cluster: tries for its lease,
// starts it when the lease is granted, keeps the lease alive, and stops it before
// the lease can be somebody else's. What it starts is told its epoch and shows it
// wherever it acts, so that even a node that was frozen can do no harm.

#include "cluster/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace tt::cluster {

/// Time between two words about the same trouble with a lease.
inline constexpr std::chrono::seconds trouble_pause{10};
/// Times to live for which a lease may be held by a node of which nobody knows that it runs the thing: that is trouble.
inline constexpr int quiet_ttls = 3;

/// How often a holder looks whether its machine was suspended: timers do not count while it is, so the end of a lease that ran
/// out meanwhile is not told by one. So long at most something acts on under it after the machine has been woken.
inline constexpr std::chrono::milliseconds suspension_check{100};

/// Longest rest of a node that could not start the thing, or whose thing ended at once, before it tries for the lease again:
/// the rest doubles from look to look, so that others come first and the store is left in peace.
inline constexpr std::chrono::seconds longest_rest{60};

struct singleton_options {
  std::string lease;  ///< "feed/sim", "placement"
  std::string holder; ///< this node's incarnation
  std::chrono::milliseconds ttl{3000};
  /// The lease actor as it is known now; null where it is not reachable.
  std::function<caf::actor()> leases;
  /// Starts the thing under an epoch; null when it can't be started.
  std::function<caf::actor(std::uint64_t epoch)> start;
  /// Told what happens, for the log and for the directory of names; may be empty.
  std::function<void(const caf::actor& started)> on_start = {};
  std::function<void(const std::string& why)> on_stop = {};
  /// Whether somebody, anywhere, is known to run it; may be empty.
  std::function<bool()> is_known = {};
  /// Told, now and then while it lasts, that nobody answers for the lease, or that it is held and nobody runs the thing; may be empty.
  std::function<void(const std::string& why)> on_trouble = {};
  /// What validity is counted by: a clock that nobody sets and that goes on while the machine is suspended, see `boot_time`.
  /// Only differences count. Empty: the actor's own, which stands still then.
  std::function<utc_time()> clock = {};
};

struct singleton_state {
  static inline const char* name = "singleton";

  std::shared_ptr<singleton_options> options;
  std::uint64_t epoch = 0; ///< 0: not held
  caf::actor running;
  utc_time held_until{};   ///< by the options' clock
  bool watching = false;   ///< for a suspension of the machine
  bool asking = false;
  caf::actor_clock::time_point answered{}; ///< when yes or no was last heard
  caf::actor_clock::time_point seen{};     ///< when it was last ours, not refused, or known to run elsewhere
  caf::actor_clock::time_point told{};     ///< of trouble
  caf::actor_clock::time_point started{};  ///< the thing that runs
  caf::actor_clock::time_point rests_until{};
  int vain_starts = 0; ///< in a row
};

/// Answers report_atom with held_lease (epoch 0: not held).
caf::behavior singleton_actor(caf::stateful_actor<singleton_state>* self, std::shared_ptr<singleton_options> options);

} // namespace tt::cluster
