#include "gateways/news/news_store.hpp"

#include <algorithm>
#include <tuple>

namespace tt::gateway {

std::size_t news_store::add(std::vector<news_item> items) {
  std::ranges::sort(items, [](const auto& a, const auto& b) { return std::tie(a.at, a.id) < std::tie(b.at, b.id); });
  std::vector<news_item> fresh;
  const std::lock_guard telling{watcher_mutex_};
  {
    const std::lock_guard guard{mutex_};
    for (auto& one : items) {
      if (times_.contains(one.id)) continue;
      const place at{one.at, one.id};
      if (items_.size() >= max_items && at < items_.begin()->first) continue; // or it would be new at each look
      times_.emplace(one.id, one.at);
      items_.emplace(at, one);
      fresh.push_back(std::move(one));
      if (items_.size() <= max_items) continue;
      times_.erase(items_.begin()->second.id);
      items_.erase(items_.begin());
    }
  }
  if (watcher_)
    for (const auto& one : fresh) watcher_(one);
  return fresh.size();
}

std::vector<news_item> news_store::find(const news_query& wanted) const {
  const auto is_about = [&](const news_item& one) {
    return wanted.symbols.empty() || std::ranges::find_first_of(one.symbols, wanted.symbols) != one.symbols.end();
  };
  std::vector<news_item> out;
  const std::lock_guard guard{mutex_};
  for (auto at = items_.rbegin(); at != items_.rend() && out.size() < wanted.limit; ++at) {
    if (wanted.since && at->second.at < *wanted.since) break;
    if (is_about(at->second)) out.push_back(at->second);
  }
  return out;
}

void news_store::set_feeds(std::vector<news_feed_state> feeds) {
  const std::lock_guard guard{mutex_};
  feeds_ = std::move(feeds);
}

void news_store::set_feed(std::size_t which, news_feed_state state) {
  const std::lock_guard guard{mutex_};
  if (which < feeds_.size()) feeds_[which] = std::move(state);
}

std::vector<news_feed_state> news_store::feeds() const {
  const std::lock_guard guard{mutex_};
  return feeds_;
}

void news_store::watch(watcher who, std::size_t newest, const std::function<void(std::vector<news_item>)>& begin) {
  const std::lock_guard guard{watcher_mutex_};
  begin(find({.limit = newest}));
  watcher_ = std::move(who);
}

void news_store::unwatch() {
  const std::lock_guard guard{watcher_mutex_};
  watcher_ = nullptr;
}

} // namespace tt::gateway
