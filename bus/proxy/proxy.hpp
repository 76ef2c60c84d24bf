// This header file defines the proxy: the local stand-in of a remote actor. An
// ordinary `caf::actor` handle points to it; whatever is enqueued is encoded in
// the sender's own thread and put into the route's outbox.
//
// Unlike CAF's forwarding_actor_proxy it bounces requests once the remote actor
// or its node is gone (instead of dropping them), delivers exit messages of
// links once, and refuses messages beyond the credit of the remote actor.
#pragma once

#include "bus/proxy/route.hpp"

#include <caf/actor_proxy.hpp>

#include <atomic>

namespace bus::proxy {

class core;

class remote_actor final : public caf::actor_proxy {
public:
  /// @param via null for an actor of a node that this node has no link with: the proxy is born dead
  remote_actor(caf::actor_config& cfg, core& owner, route_ptr via, uint32_t credit);
  ~remote_actor() override;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* context) override;
  bool add_backlink(caf::abstract_actor* x) override;
  bool remove_backlink(caf::abstract_actor* x) override;
  void kill_proxy(caf::execution_unit* context, caf::error reason) override;

  const char* name() const override { return "bus.remote_actor"; }

  /// Bus thread: the remote actor has consumed so many messages of this node in all.
  void consumed(uint64_t total) noexcept { consumed_.store(total, std::memory_order_relaxed); }

private:
  bool claim_credit(const caf::mailbox_element& what);
  static void answer(caf::mailbox_element& what, const caf::error& reason);
  bool can_be_told(const caf::mailbox_element& what) const;
  void refuse(caf::mailbox_element_ptr& what, const caf::error& reason);
  bool is_echo_of_exit(const caf::mailbox_element& what) const;

  core& owner_;
  const std::shared_ptr<std::atomic<uint64_t>> existing_; // handles may outlive the node
  const route_ptr via_;
  const uint64_t credit_;
  std::atomic<uint64_t> sent_{0};
  std::atomic<uint64_t> consumed_{0};
  std::atomic<bool> dead_{false};
};

} // namespace bus::proxy
