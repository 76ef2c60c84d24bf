#pragma once

// Asks the feeds of NEWS_FEEDS in turn, on a thread of its own, and keeps what they tell.

#include "gateways/news/feed_fetch.hpp"
#include "gateways/news/feed_source.hpp"
#include "gateways/news/news_store.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace tt::gateway {

/// Turns of one round of feeds, without a thread. Not for several threads at once.
class news_poller {
public:
  /// `master` and `store` must outlive it.
  news_poller(std::vector<feed_source> sources, std::chrono::seconds interval, const instrument_master& master, news_store& store, feed_fetcher fetch);

  /// Asks every feed that is due, one after the other; stops between two when `is_stopping`.
  void poll(utc_time now, const std::atomic<bool>& is_stopping);
  /// When the next one is due.
  [[nodiscard]] utc_time due() const;

private:
  struct feed {
    feed_source source;
    feed_schedule schedule;
    std::string trouble = {}; ///< of the last look, said once
  };
  void look(std::size_t which, utc_time now);
  /// Keeps the news of a document. Errors: those of parse_feed.
  result<void> take(const feed& from, const std::string& body, utc_time now);

  std::vector<feed> feeds_;
  const instrument_master& master_;
  news_store& store_;
  feed_fetcher fetch_;
};

struct news_config {
  std::vector<feed_source> sources;
  std::chrono::seconds interval{300}; ///< NEWS_INTERVAL_S
  std::string version;                ///< told to the feeds
};

class news_service {
public:
  news_service(news_config config, std::shared_ptr<const instrument_master> master, std::function<utc_time()> clock);
  /// As stop().
  ~news_service();
  news_service(const news_service&) = delete;
  news_service& operator=(const news_service&) = delete;

  [[nodiscard]] news_store& store() { return store_; }
  /// Begins to ask; again does nothing. Not after stop().
  void start();
  /// Ends the thread, in about a second where it waits for a feed.
  void stop();

private:
  void run();

  std::shared_ptr<const instrument_master> master_;
  std::function<utc_time()> clock_;
  news_store store_;
  std::atomic<bool> is_stopping_{false};
  news_poller poller_;
  std::mutex mutex_;
  std::condition_variable woken_;
  std::thread thread_;
};

} // namespace tt::gateway
