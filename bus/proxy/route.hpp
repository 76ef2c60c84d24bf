// This header file defines the route: one session of a peer as the proxies of its
// actors see it. Made when the link comes up, closed when it goes down, never
// used again: proxies of an old session stay dead.
#pragma once

#include "bus/link/outbox.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace bus::proxy {

/// How long requests wait in a table, see `bus::config`, and how many.
struct request_limits {
  size_t count = 65'536;
  std::chrono::steady_clock::duration age = std::chrono::minutes{10};
  std::chrono::steady_clock::duration grace = std::chrono::seconds{10};
};

/// The requests that local actors have sent over one route and that are not answered: they get an error when
/// the node is lost. Thread-safe. CAF itself would let them hang until their time-out.
///
/// Nobody tells when a requester's time-out has passed, so requests also go by age, and after their receiver.
class request_table {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct entry {
    caf::weak_actor_ptr requester;
    caf::message_id mid;
    caf::actor_id receiver = caf::invalid_actor_id; ///< invalid: not known, it was passed on
    time_point since{};                             ///< the sweep before it was added, or that after its receiver's end
    bool is_orphan = false;                         ///< the receiver has ended
  };

  enum class result : uint8_t { added, full, closed };

  explicit request_table(const request_limits& limits) : limits_(limits) {}

  result add(const caf::strong_actor_ptr& requester, caf::message_id mid, caf::actor_id receiver);
  /// Removes a request because it was answered, moved or refused; false if it is not there (any more).
  bool take(caf::actor_id requester, caf::message_id mid);
  /// No more requests; returns those that wait.
  std::vector<entry> close();
  /// An actor that may have been asked has ended.
  void receiver_ended(caf::actor_id receiver);
  /// Forgets requests whose requester has terminated. Returns, and forgets, those that are given up: their requesters should
  /// hear of it. To be called every few seconds; it is also the table's clock.
  std::vector<entry> sweep(time_point now);
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

  bool is_given_up(entry& e, time_point now, std::chrono::steady_clock::duration age) const;

  const request_limits limits_;
  mutable std::mutex mutex_;
  std::unordered_map<key, entry, key_hash> entries_;
  std::unordered_set<caf::actor_id> ended_; // receivers, since the last sweep
  time_point now_{};                        // of the last sweep
  bool closed_ = false;
};

class route {
public:
  route(std::string peer, caf::node_id node, uint64_t generation, std::shared_ptr<link::outbox> out,
        const request_limits& requests)
      : peer_(std::move(peer)), node_(std::move(node)), generation_(generation), out_(std::move(out)),
        requests_(requests) {}

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
