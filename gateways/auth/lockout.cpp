#include "gateways/auth/lockout.hpp"

#include <algorithm>

namespace tt::gateway {

std::optional<utc_time> lockout::locked_until(const std::string& name, utc_time now) const {
  const auto found = names_.find(name);
  if (found == names_.end() || !found->second.until || *found->second.until <= now) return std::nullopt;
  return found->second.until;
}

void lockout::failed(const std::string& name, utc_time now) {
  if (!names_.contains(name) && names_.size() >= max_names) make_room(now);
  auto& one = names_[name];
  if (one.until && *one.until <= now) one = {}; // the lock is over, and so is what led to it
  while (!one.failures.empty() && one.failures.front() + window <= now) one.failures.pop_front();
  one.failures.push_back(now);
  if (one.failures.size() >= max_failures) {
    one.until = now + lock_time;
    one.failures.clear();
  }
}

void lockout::make_room(utc_time now) {
  const auto last_of = [](const history& one) { return one.until ? *one.until : one.failures.empty() ? utc_time{} : one.failures.back(); };
  std::erase_if(names_, [&](const auto& one) { return last_of(one.second) + window <= now; });
  if (names_.size() < max_names) return;
  names_.erase(std::ranges::min_element(names_, {}, [&](const auto& one) { return last_of(one.second); }));
}

} // namespace tt::gateway
