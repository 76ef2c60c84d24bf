// This header file defines the meter of one local actor and one peer: how many of
// the peer's messages the actor has been given and how many it has consumed.
#pragma once

#include "bus/codec/element.hpp"
#include "bus/link/wake.hpp"
#include "bus/proxy/wire.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace bus::proxy {

/// What of one peer waits in mailboxes of this node. Both numbers in one word, so that a message costs one addition: the
/// upper 24 bits count messages, the lower 40 bytes; `bus::check` keeps the limits below that.
class mailbox_load {
public:
  void add(uint32_t bytes) noexcept { both_.fetch_add(one_message + bytes, std::memory_order_relaxed); }
  void add_bytes(uint32_t bytes) noexcept { both_.fetch_add(bytes, std::memory_order_relaxed); }
  void remove(uint32_t bytes) noexcept { both_.fetch_sub(one_message + bytes, std::memory_order_relaxed); }

  struct figures {
    uint64_t messages, bytes;
  };
  figures now() const noexcept {
    const auto both = both_.load(std::memory_order_relaxed);
    return {both / one_message, both % one_message};
  }

private:
  static constexpr uint64_t one_message = uint64_t{1} << 40;
  std::atomic<uint64_t> both_{0};
};

/// One atomic counter is both the reference count and the number of messages in the actor's mailbox, so a
/// message costs one increment (bus thread) and one decrement (the consumer's thread).
class meter final : public codec::consumer {
public:
  static meter* make(link::wake_signal& signal, std::shared_ptr<mailbox_load> load) {
    return new meter(signal, std::move(load));
  }

  /// Bus thread: one more message on its way into the mailbox.
  codec::ticket deliver(uint32_t bytes) {
    ++delivered_;
    load_->add(bytes);
    references_.fetch_add(1, std::memory_order_relaxed);
    return codec::ticket{this, bytes};
  }

  /// Bus thread: messages in the mailbox.
  uint64_t waiting() const noexcept { return references_.load(std::memory_order_relaxed) - 1; }

  /// Bus thread: one that the actor is not given. The sender gets its credit back all the same.
  void skip() noexcept { ++delivered_; }

  /// Bus thread: what the actor has consumed and has not been reported yet.
  uint64_t unreported() const noexcept { return consumed_total() - reported_; }

  /// Bus thread: the total to report; takes note of it.
  uint64_t report() noexcept { return reported_ = consumed_total(); }

  /// Bus thread: nothing is in the mailbox and everything has been reported.
  bool is_settled() const noexcept { return reported_ == delivered_; }

  /// Bus thread: no more deliveries; the meter lives until the last message is consumed.
  void release() noexcept { drop(); }

  void consumed(uint32_t bytes) noexcept override {
    load_->remove(bytes);
    drop();
  }
  void grown(uint32_t bytes) noexcept override { load_->add_bytes(bytes); }

private:
  meter(link::wake_signal& signal, std::shared_ptr<mailbox_load> load) : signal_(signal), load_(std::move(load)) {}
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
  const std::shared_ptr<mailbox_load> load_;
  uint64_t delivered_ = 0; // bus thread
  uint64_t reported_ = 0;  // bus thread
  std::atomic<uint64_t> references_{1};
};

} // namespace bus::proxy
