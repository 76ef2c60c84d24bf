#include "bus/proxy/route.hpp"

#include <caf/abstract_actor.hpp>

#include <algorithm>
#include <iterator>

namespace bus::proxy {

request_table::result request_table::add(const caf::strong_actor_ptr& requester, caf::message_id mid, caf::actor_id receiver) {
  const std::lock_guard guard{mutex_};
  if (closed_) return result::closed;
  if (entries_.size() >= limits_.count) return result::full;
  entries_.insert_or_assign(key_of(requester->aid, mid), entry{caf::weak_actor_ptr{requester.get()}, mid, receiver, now_, false});
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

void request_table::receiver_ended(caf::actor_id receiver) {
  const std::lock_guard guard{mutex_};
  // beyond the limit the peer tells of actors that nobody here has asked
  if (receiver != caf::invalid_actor_id && !entries_.empty() && ended_.size() < limits_.count) ended_.insert(receiver);
}

// Requires the mutex.
bool request_table::is_given_up(entry& e, time_point now, std::chrono::steady_clock::duration age) const {
  if (e.since == time_point{}) e.since = now; // it was there before the first sweep
  if (!e.is_orphan && ended_.contains(e.receiver)) {
    e.is_orphan = true;
    e.since = now;
  }
  return now - e.since >= (e.is_orphan ? std::min(limits_.grace, age) : age);
}

std::vector<request_table::entry> request_table::sweep(time_point now) {
  std::vector<caf::strong_actor_ptr> keep_until_unlocked;
  std::vector<entry> given_up;
  const std::lock_guard guard{mutex_};
  now_ = now;
  const auto age = entries_.size() > limits_.count / 2 ? limits_.age / 10 : limits_.age;
  for (auto i = entries_.begin(); i != entries_.end();) {
    auto requester = i->second.requester.lock();
    const bool gone = !requester || requester->get()->getf(caf::abstract_actor::is_terminated_flag);
    if (requester) keep_until_unlocked.push_back(std::move(requester));
    const bool old = !gone && is_given_up(i->second, now, age);
    if (old) given_up.push_back(i->second);
    i = gone || old ? entries_.erase(i) : std::next(i);
  }
  ended_.clear();
  return given_up;
}

size_t request_table::size() const {
  const std::lock_guard guard{mutex_};
  return entries_.size();
}

} // namespace bus::proxy
