#pragma once

// Remembers answers by Idempotency-Key, so that a repeated request gets the first
// answer and is not carried out twice.

#include "actors/model/time.hpp"
#include "gateways/http/message.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tt::gateway {

class document_store;
class task_queue;

/// Thread-safe. Answers survive a restart when the store does.
class idempotency_store {
public:
  static constexpr std::size_t max_key_length = 64;
  static constexpr std::chrono::hours kept{24};
  /// Largest answer that is remembered; the response of a longer one can't be repeated.
  static constexpr std::size_t max_response_bytes = 1024 * 1024;
  /// Requests that may wait for the first one of their key.
  static constexpr std::size_t max_waiting = 100;

  idempotency_store(document_store& store, task_queue& queue) : store_(store), queue_(queue) {}

  /// What a key says about a request.
  enum class verdict : std::uint8_t {
    first,     ///< carry it out, then call finish()
    replay,    ///< `response` is the first answer
    other_body ///< the key was used for another request
  };
  using decision = std::function<void(result<verdict>, http_response)>;

  /// `digest` identifies method, target and body. The decision may come on another
  /// thread. A request whose twin is still running waits for its end.
  void begin(std::string owner, std::string key, std::string digest, utc_time now, decision decide);
  /// Ends a `first`. Answers that a retry may change (429, 5xx) are not kept: then
  /// the next waiting request becomes the first one.
  void finish(const std::string& owner, const std::string& key, const http_response& response, utc_time now,
              std::function<void()> then);

private:
  using slot = std::pair<std::string, std::string>;
  struct waiting {
    std::string digest;
    decision decide;
  };
  struct running {
    std::string digest;
    std::vector<waiting> queue;
  };

  void look_up(const slot& at, utc_time now, decision decide);

  document_store& store_;
  task_queue& queue_;
  std::mutex mutex_;
  std::map<slot, running> running_;
};

/// SHA-256 as hex.
std::string sha256_hex(std::string_view text);

} // namespace tt::gateway
