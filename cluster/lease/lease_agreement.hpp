#pragma once

// Whether all nodes have their leases from one store. Each decides that from its own file: two files that name another
// first seed, or of which one names a database, would make two stores, and two holders of every lease.

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace tt::cluster {

/// Thread-safe.
class lease_agreement {
public:
  /// `own`: where this node has leases from, in the same words on every node that has them from there.
  explicit lease_agreement(std::string own) : own_(std::move(own)) {}

  [[nodiscard]] const std::string& own() const noexcept { return own_; }
  /// A node says where it has leases from; empty: it does not say. True if that is another place, and news.
  bool hear(const std::string& node, std::string_view from) {
    const std::lock_guard lock(mutex_);
    if (from.empty() || from == own_) {
      others_.erase(node);
      return false;
    }
    const auto [at, is_new] = others_.try_emplace(node, from);
    if (!is_new && at->second == from) return false;
    at->second = from;
    return true;
  }
  /// A node has left. One that is only lost may still act.
  void forget(const std::string& node) {
    const std::lock_guard lock(mutex_);
    others_.erase(node);
  }
  /// While nodes disagree nobody may hold a lease.
  [[nodiscard]] bool holds() const {
    const std::lock_guard lock(mutex_);
    return others_.empty();
  }

private:
  const std::string own_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> others_; ///< nodes that have them from elsewhere
};

} // namespace tt::cluster
