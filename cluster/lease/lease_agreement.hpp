#pragma once

// Whether all nodes have their leases from one store. Each decides that from its own file: two files that name another
// first seed, or of which one names a database, would make two stores, and two holders of every lease.

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace tt::cluster {

/// What a node's word about its leases means for those of this one.
enum class lease_word : std::uint8_t {
  same,     ///< it has them from the same place, or says nothing
  repeated, ///< what it said before
  stray,    ///< from a node that is known to keep none: it gets no leases anywhere, and nobody else is held up
  another,  ///< from another place, where there may be some
};

/// Thread-safe.
class lease_agreement {
public:
  /// `own`: where this node has leases from, in the same words on every node that has them from there: `from_node()` for those of a node.
  lease_agreement(std::string self, std::string own) : own_(std::move(own)) { words_.emplace(std::move(self), own_); }

  /// The words for leases that a node keeps.
  static std::string from_node(std::string_view keeper) { return std::string(prefix) + std::string(keeper); }

  [[nodiscard]] const std::string& own() const noexcept { return own_; }
  /// A node says where it has leases from; empty: it does not say.
  lease_word hear(const std::string& node, std::string_view from) {
    const std::lock_guard lock(mutex_);
    if (from.empty()) {
      words_.erase(node);
      return lease_word::same;
    }
    const auto [at, is_new] = words_.try_emplace(node, from);
    const bool is_news = is_new || at->second != from;
    at->second = from;
    if (from == own_) return lease_word::same;
    if (!is_news) return lease_word::repeated;
    return is_stray(at->second) ? lease_word::stray : lease_word::another;
  }
  /// A node has left. One that is only lost may still act.
  void forget(const std::string& node) {
    const std::lock_guard lock(mutex_);
    words_.erase(node);
  }
  /// While nodes disagree nobody may hold a lease.
  [[nodiscard]] bool holds() const {
    const std::lock_guard lock(mutex_);
    return std::ranges::all_of(words_, [&](const auto& word) { return word.second == own_ || is_stray(word.second); });
  }

private:
  static constexpr std::string_view prefix = "node ";

  /// Whether the node that would keep those leases says that it has its own from elsewhere: then it keeps none. A node whose own
  /// word is stray is not held by this: everybody else's word is another than its own.
  [[nodiscard]] bool is_stray(const std::string& from) const {
    if (!from.starts_with(prefix)) return false;
    const auto keeper = words_.find(from.substr(prefix.size()));
    return keeper != words_.end() && keeper->second != from;
  }

  const std::string own_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> words_; ///< by node, this one included
};

} // namespace tt::cluster
