#pragma once

// The newest headlines of a node, in memory: a restart reads them again from their feeds, under the same ids.

#include "gateways/news/news_item.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tt::gateway {

/// What is wanted of the news.
struct news_query {
  std::vector<std::string> symbols = {}; ///< about any of them; empty: everything
  std::optional<utc_time> since = {};    ///< published then or later
  std::size_t limit = 50;
};

/// How a feed is doing.
struct news_feed_state {
  enum class state_t : std::uint8_t { waiting, ok, failed };
  std::string name;
  state_t state = state_t::waiting;
  std::string detail = {}; ///< why it failed
  std::optional<utc_time> checked_at = {};

  bool operator==(const news_feed_state&) const = default;
};

/// All members may be called from any thread.
class news_store {
public:
  /// Over it, the oldest are forgotten.
  static constexpr std::size_t max_items = 2'000;
  /// Called for each new item, oldest first; not to call back in.
  using watcher = std::function<void(const news_item&)>;

  /// Keeps what is not known yet; what would be the first to be forgotten is not kept. @return how many were new.
  std::size_t add(std::vector<news_item> items);
  /// Newest first.
  [[nodiscard]] std::vector<news_item> find(const news_query& wanted) const;

  void set_feeds(std::vector<news_feed_state> feeds);
  void set_feed(std::size_t which, news_feed_state state);
  [[nodiscard]] std::vector<news_feed_state> feeds() const;

  /// From now on `who` is told, one at a time. `begin` gets the `newest` that are there already, before.
  void watch(watcher who, std::size_t newest, const std::function<void(std::vector<news_item>)>& begin);
  /// Nobody is told any more when this returns.
  void unwatch();

private:
  using place = std::pair<utc_time, std::string>; ///< time and id

  mutable std::mutex mutex_; ///< guards what follows
  std::map<place, news_item> items_;
  std::map<std::string, utc_time> times_; ///< by id
  std::vector<news_feed_state> feeds_;
  std::mutex watcher_mutex_; ///< guards the next, also while it is called; taken before mutex_ where both are needed
  watcher watcher_;
};

} // namespace tt::gateway
