#include "bus/proxy/route.hpp"

#include <caf/abstract_actor.hpp>

namespace bus::proxy {

request_table::result request_table::add(const caf::strong_actor_ptr& requester, caf::message_id mid) {
  const std::lock_guard guard{mutex_};
  if (closed_) return result::closed;
  if (entries_.size() >= limit_) return result::full;
  entries_.insert_or_assign(key_of(requester->aid, mid), entry{caf::weak_actor_ptr{requester.get()}, mid});
  return result::added;
}

bool request_table::take(caf::actor_id requester, caf::message_id mid) {
  const std::lock_guard guard{mutex_};
  return entries_.erase(key_of(requester, mid)) > 0;
}

std::vector<request_table::entry> request_table::close() {
  std::vector<entry> waiting;
  const std::lock_guard guard{mutex_};
  closed_ = true;
  waiting.reserve(entries_.size());
  for (auto& [k, e] : entries_) waiting.push_back(std::move(e));
  entries_.clear();
  return waiting;
}

void request_table::sweep() {
  std::vector<caf::strong_actor_ptr> keep_until_unlocked;
  const std::lock_guard guard{mutex_};
  std::erase_if(entries_, [&](const auto& item) {
    auto requester = item.second.requester.lock();
    if (!requester) return true;
    const bool gone = requester->get()->getf(caf::abstract_actor::is_terminated_flag);
    keep_until_unlocked.push_back(std::move(requester));
    return gone;
  });
}

size_t request_table::size() const {
  const std::lock_guard guard{mutex_};
  return entries_.size();
}

} // namespace bus::proxy
