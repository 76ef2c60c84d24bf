// This header file defines the meter of one local actor and one peer: how many of
// the peer's messages the actor has been given and how many it has consumed.
#pragma once

#include "bus/codec/element.hpp"
#include "bus/link/wake.hpp"
#include "bus/proxy/wire.hpp"

#include <atomic>

namespace bus::proxy {

/// One atomic counter is both the reference count and the number of messages in the actor's mailbox, so a
/// message costs one increment (bus thread) and one decrement (the consumer's thread).
class meter final : public codec::consumer {
public:
  static meter* make(link::wake_signal& signal) { return new meter(signal); }

  /// Bus thread: one more message on its way into the mailbox.
  codec::ticket deliver() {
    ++delivered_;
    references_.fetch_add(1, std::memory_order_relaxed);
    return codec::ticket{this};
  }

  /// Bus thread: what the actor has consumed and has not been reported yet.
  uint64_t unreported() const noexcept { return consumed_total() - reported_; }

  /// Bus thread: the total to report; takes note of it.
  uint64_t report() noexcept { return reported_ = consumed_total(); }

  /// Bus thread: nothing is in the mailbox and everything has been reported.
  bool is_settled() const noexcept { return reported_ == delivered_; }

  /// Bus thread: no more deliveries; the meter lives until the last message is consumed.
  void release() noexcept { drop(); }

  void consumed() noexcept override { drop(); }

private:
  explicit meter(link::wake_signal& signal) : signal_(signal) {}
  ~meter() = default;

  uint64_t consumed_total() const noexcept {
    return delivered_ - (references_.load(std::memory_order_acquire) - 1);
  }

  void drop() noexcept {
    auto& signal = signal_; // after the decrement `this` may be gone
    const auto left = references_.fetch_sub(1, std::memory_order_acq_rel) - 1;
    if (left == 0)
      delete this;
    else if (left % credit_step == 1)
      signal.notify();
  }

  link::wake_signal& signal_;
  uint64_t delivered_ = 0; // bus thread
  uint64_t reported_ = 0;  // bus thread
  std::atomic<uint64_t> references_{1};
};

} // namespace bus::proxy
