#pragma once

// One look at a feed over the network, or at a file of this machine. libcurl does http and TLS.

#include "actors/model/result.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

namespace tt::gateway {

/// Longest look, and redirects that are followed in one. A redirect may lead to public addresses, or to another path of the same
/// host: what a feed answers must not reach what only the node can see.
inline constexpr std::chrono::seconds feed_timeout{20};
inline constexpr int max_feed_redirects = 3;

struct feed_request {
  std::string url; ///< http, https or file
  std::string etag = {}, last_modified = {}; ///< of the last answer
};

struct feed_answer {
  enum class outcome_t : std::uint8_t { fresh, unchanged, failed };
  outcome_t outcome = outcome_t::failed;
  std::string body = {}, etag = {}, last_modified = {};
  std::string trouble = {};           ///< of failed
  std::chrono::seconds retry_after{}; ///< of failed, where the server asks for it
};

using feed_fetcher = std::function<feed_answer(const feed_request&)>;

/// Looks once and waits for the answer. `is_stopping` ends it within about a second.
feed_answer fetch_feed(const feed_request& what, const std::string& agent, const std::atomic<bool>& is_stopping);

} // namespace tt::gateway
