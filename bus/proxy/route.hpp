// This header file defines the route: one session of a peer as the proxies of its
// actors see it. Made when the link comes up, closed when it goes down, never
// used again: proxies of an old session stay dead.
#pragma once

#include "bus/link/outbox.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace bus::proxy {

/// The requests that local actors have sent over one route and that are not answered: they get an error when
/// the node is lost. Thread-safe. CAF itself would let them hang until their time-out.
class request_table {
public:
  struct entry {
    caf::weak_actor_ptr requester;
    caf::message_id mid;
  };

  enum class result : uint8_t { added, full, closed };

  explicit request_table(size_t limit) : limit_(limit) {}

  result add(const caf::strong_actor_ptr& requester, caf::message_id mid);
  /// Removes a request because it was answered, moved or refused; false if it is not there (any more).
  bool take(caf::actor_id requester, caf::message_id mid);
  /// No more requests; returns those that wait.
  std::vector<entry> close();
  /// Forgets requests whose requester has terminated.
  void sweep();
  size_t size() const;

private:
  struct key {
    caf::actor_id requester;
    uint64_t mid;
    friend bool operator==(const key&, const key&) = default;
  };
  struct key_hash {
    size_t operator()(const key& x) const noexcept { return x.requester * 0x9e3779b97f4a7c15u ^ x.mid; }
  };
  static key key_of(caf::actor_id requester, caf::message_id mid) {
    return {requester, mid.request_id().integer_value()};
  }

  const size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<key, entry, key_hash> entries_;
  bool closed_ = false;
};

class route {
public:
  route(std::string peer, caf::node_id node, uint64_t generation, std::shared_ptr<link::outbox> out,
        size_t request_limit)
      : peer_(std::move(peer)), node_(std::move(node)), generation_(generation), out_(std::move(out)),
        requests_(request_limit) {}

  const std::string& peer() const noexcept { return peer_; }
  const caf::node_id& node() const noexcept { return node_; }
  request_table& requests() noexcept { return requests_; }

  link::append_result send(std::string_view message, link::lane how) {
    return out_->append(message, how, generation_);
  }

private:
  const std::string peer_;
  const caf::node_id node_;
  const uint64_t generation_;
  const std::shared_ptr<link::outbox> out_;
  request_table requests_;
};

using route_ptr = std::shared_ptr<route>;

} // namespace bus::proxy
