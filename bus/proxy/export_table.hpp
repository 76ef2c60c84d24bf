// This header file defines the table of local actors that peers may know: every
// actor whose handle went over the wire, until it terminates.
//
// An exported actor is held strongly, as with CAF's own network: a remote handle
// keeps its actor alive although reference counts do not travel. So whatever is
// exported needs an explicit end (quit, exit_msg), or lives until the node stops.
//
// It also knows which routes watch an actor. One functor per actor tells them all, however often
// a peer comes, watches and goes: CAF keeps functors until the actor ends.
#pragma once

#include "bus/codec/table.hpp"
#include "bus/proxy/route.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bus::proxy {

class export_table : public std::enable_shared_from_this<export_table> {
public:
  /// @param types for the reasons that are told
  explicit export_table(std::shared_ptr<const codec::type_table> types) : types_(std::move(types)) {}

  /// Makes a local actor known; does nothing if it is, or if it has terminated.
  void add(caf::actor_control_block* actor);

  /// Null if the actor is not known or has terminated.
  caf::strong_actor_ptr find(caf::actor_id id) const;

  /// Why an actor that is not known any more terminated: a peer that asks to watch it may come too late.
  /// `exit_reason::unknown` if it never was known, or more than `limits::remembered_exits` ended since.
  caf::error exit_reason_of(caf::actor_id id) const;

  /// Has the route told when the actor ends, once however often it asks; false if the actor is not known (any more).
  bool watch(caf::actor_id id, const route_ptr& by);
  /// The route is closed.
  void unwatch(const route_ptr& by);
  /// How many watches there are.
  size_t watches() const;

  /// Forgets an actor that terminated, but for its reason, and tells those who watch it.
  void erase(caf::actor_id id, const caf::error& reason);
  void clear();
  size_t size() const;

private:
  struct exported {
    caf::strong_actor_ptr actor;
    std::vector<route_ptr> watchers;
  };
  struct shard {
    mutable std::mutex mutex;
    std::unordered_map<caf::actor_id, exported> actors;
    std::deque<std::pair<caf::actor_id, caf::error>> ended; // oldest first
  };

  static constexpr size_t shard_count = 16;

  const shard& shard_of(caf::actor_id id) const { return shards_[id % shard_count]; }
  shard& shard_of(caf::actor_id id) { return shards_[id % shard_count]; }

  const std::shared_ptr<const codec::type_table> types_;
  std::array<shard, shard_count> shards_;
};

} // namespace bus::proxy
