#pragma once

// One entry of NEWS_FEEDS, and when it is asked again. Pure: time is passed in.

#include "actors/model/instrument.hpp"
#include "actors/model/result.hpp"
#include "actors/model/time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::gateway {

inline constexpr std::size_t max_news_feeds = 50, max_feed_symbols = 20;

/// A feed as it is configured: "https://host/path", or "AAPL|MSFT=https://host/path" for one whose every entry is about them.
struct feed_source {
  std::string url; ///< http, https or file
  std::vector<std::string> symbols;

  /// What the log and the API call it: an address may hold a key of its reader, so host and nothing more; of a file its name.
  [[nodiscard]] std::string name() const;
  bool operator==(const feed_source&) const = default;
};

/// Errors: invalid_argument, naming the entry by number: no such scheme, no host, no absolute path, no symbol, too many.
result<std::vector<feed_source>> parse_feed_sources(const std::vector<std::string>& entries);

/// The instruments that a text names as "$AAPL" or "(NASDAQ:AAPL)", as the instrument master spells them; at most max_feed_symbols.
std::vector<std::string> symbols_in(std::string_view text, const instrument_master& master);

/// When a feed is asked, and what is told so that nothing is sent twice.
class feed_schedule {
public:
  /// Longest pause after failures, and after a Retry-After.
  static constexpr std::chrono::seconds max_pause{3'600};

  explicit feed_schedule(std::chrono::seconds interval) : interval_(interval) {}

  [[nodiscard]] utc_time due() const { return due_; }
  [[nodiscard]] const std::string& etag() const { return etag_; }
  [[nodiscard]] const std::string& last_modified() const { return last_modified_; }
  void answered(std::string etag, std::string last_modified, utc_time now);
  void unchanged(utc_time now);
  /// Twice the pause at each failure in a row, at least what the server asks for.
  void failed(std::chrono::seconds asked, utc_time now);

private:
  std::chrono::seconds interval_;
  utc_time due_{}; ///< at once
  unsigned failures_ = 0;
  std::string etag_, last_modified_;
};

} // namespace tt::gateway
