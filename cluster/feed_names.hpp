#pragma once

// The feeds that the cluster should run, as far as this node has heard: its own
// configuration's and those of members. Thread-safe.

#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace tt::cluster {

/// Most names that are remembered.
inline constexpr std::size_t max_feed_names = 1'024;

class feed_names {
public:
  void add(const std::vector<std::string>& names) {
    const std::lock_guard lock(mutex_);
    for (const auto& name : names)
      if (names_.size() < max_feed_names) names_.insert(name);
  }
  [[nodiscard]] std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return {names_.begin(), names_.end()};
  }

private:
  mutable std::mutex mutex_;
  std::set<std::string> names_;
};

} // namespace tt::cluster
