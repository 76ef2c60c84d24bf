#include "bus/proxy/export_table.hpp"

#include <caf/abstract_actor.hpp>

namespace bus::proxy {

void export_table::add(caf::actor_control_block* actor) {
  if (actor->get()->getf(caf::abstract_actor::is_terminated_flag)) return;
  auto& s = shard_of(actor->aid);
  {
    const std::lock_guard guard{s.mutex};
    const auto [i, is_new] = s.actors.try_emplace(actor->aid, actor);
    if (!is_new) return;
  }
  // Outside the lock: an actor that terminated meanwhile runs the functor at once.
  actor->get()->attach_functor([table = weak_from_this(), id = actor->aid](const caf::error&) {
    if (auto self = table.lock()) self->erase(id);
  });
}

caf::strong_actor_ptr export_table::find(caf::actor_id id) const {
  const auto& s = shard_of(id);
  const std::lock_guard guard{s.mutex};
  const auto i = s.actors.find(id);
  return i == s.actors.end() ? nullptr : i->second;
}

void export_table::erase(caf::actor_id id) {
  caf::strong_actor_ptr gone; // released outside the lock
  auto& s = shard_of(id);
  const std::lock_guard guard{s.mutex};
  if (const auto i = s.actors.find(id); i != s.actors.end()) {
    gone = std::move(i->second);
    s.actors.erase(i);
  }
}

void export_table::clear() {
  for (auto& s : shards_) {
    std::unordered_map<caf::actor_id, caf::strong_actor_ptr> gone;
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
