#pragma once

// A bounded, thread-safe cache of immutable values that can always be made again.

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tt::market::sim {

/// Keeps the most recently used vectors, at most `limit` bytes of elements in all.
/// Values handed out stay alive as long as somebody holds them.
template <class Key, class Element>
class vector_cache {
public:
  using value = std::shared_ptr<const std::vector<Element>>;

  explicit vector_cache(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// The value of `key`, made by `make()` when it isn't kept. `make` runs outside
  /// the lock: two threads may make the same value, which then is equal.
  template <class Make>
  value get(const Key& key, Make&& make) {
    {
      std::scoped_lock lock{mutex_};
      if (auto at = index_.find(key); at != index_.end()) {
        order_.splice(order_.begin(), order_, at->second);
        return at->second->second;
      }
    }
    auto made = std::make_shared<const std::vector<Element>>(make());
    std::scoped_lock lock{mutex_};
    if (index_.contains(key)) return made;
    order_.emplace_front(key, made);
    index_.emplace(key, order_.begin());
    bytes_ += size_of(made);
    // the newest one stays, even when it alone is above the limit
    while (bytes_ > limit_ && order_.size() > 1) {
      bytes_ -= size_of(order_.back().second);
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    return made;
  }

  [[nodiscard]] std::size_t bytes() const {
    std::scoped_lock lock{mutex_};
    return bytes_;
  }

private:
  static std::size_t size_of(const value& v) { return v->size() * sizeof(Element); }

  std::size_t limit_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::list<std::pair<Key, value>> order_; // newest first
  std::map<Key, typename std::list<std::pair<Key, value>>::iterator> index_;
};

} // namespace tt::market::sim
