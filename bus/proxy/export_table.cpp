#include "bus/proxy/export_table.hpp"

#include "bus/limits.hpp"
#include "bus/proxy/wire.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/exit_reason.hpp>

#include <algorithm>

namespace bus::proxy {

void export_table::add(caf::actor_control_block* actor) {
  if (actor->get()->getf(caf::abstract_actor::is_terminated_flag)) return;
  auto& s = shard_of(actor->aid);
  {
    const std::lock_guard guard{s.mutex};
    const auto [i, is_new] = s.actors.try_emplace(actor->aid);
    if (!is_new) return;
    i->second.actor = actor;
  }
  // Outside the lock: an actor that terminated meanwhile runs the functor at once.
  actor->get()->attach_functor([table = weak_from_this(), id = actor->aid](const caf::error& reason) {
    if (auto self = table.lock()) self->erase(id, reason);
  });
}

caf::strong_actor_ptr export_table::find(caf::actor_id id) const {
  const auto& s = shard_of(id);
  const std::lock_guard guard{s.mutex};
  const auto i = s.actors.find(id);
  return i == s.actors.end() ? nullptr : i->second.actor;
}

caf::error export_table::exit_reason_of(caf::actor_id id) const {
  const auto& s = shard_of(id);
  const std::lock_guard guard{s.mutex};
  const auto i = std::find_if(s.ended.rbegin(), s.ended.rend(), [id](const auto& one) { return one.first == id; });
  return i == s.ended.rend() ? make_error(caf::exit_reason::unknown) : i->second;
}

void export_table::erase(caf::actor_id id, const caf::error& reason) {
  exported gone; // told and released outside the lock
  {
    auto& s = shard_of(id);
    const std::lock_guard guard{s.mutex};
    const auto i = s.actors.find(id);
    if (i == s.actors.end()) return;
    gone = std::move(i->second);
    s.actors.erase(i);
    s.ended.emplace_back(id, reason);
    if (s.ended.size() > limits::remembered_exits / shard_count) s.ended.pop_front();
  }
  if (gone.watchers.empty()) return;
  const auto frame = down_frame(id, reason, *types_);
  for (const auto& via : gone.watchers) via->send(frame, link::lane::vital);
}

bool export_table::watch(caf::actor_id id, const route_ptr& by) {
  auto& s = shard_of(id);
  const std::lock_guard guard{s.mutex};
  const auto i = s.actors.find(id);
  if (i == s.actors.end()) return false;
  auto& watchers = i->second.watchers;
  if (std::find(watchers.begin(), watchers.end(), by) == watchers.end()) watchers.push_back(by);
  return true;
}

void export_table::unwatch(const route_ptr& by) {
  for (auto& s : shards_) {
    const std::lock_guard guard{s.mutex};
    for (auto& [id, x] : s.actors) std::erase(x.watchers, by);
  }
}

size_t export_table::watches() const {
  size_t result = 0;
  for (const auto& s : shards_) {
    const std::lock_guard guard{s.mutex};
    for (const auto& [id, x] : s.actors) result += x.watchers.size();
  }
  return result;
}

void export_table::clear() {
  for (auto& s : shards_) {
    std::unordered_map<caf::actor_id, exported> gone; // released outside the lock
    const std::lock_guard guard{s.mutex};
    gone.swap(s.actors);
  }
}

size_t export_table::size() const {
  size_t result = 0;
  for (const auto& s : shards_) {
    const std::lock_guard guard{s.mutex};
    result += s.actors.size();
  }
  return result;
}

} // namespace bus::proxy
