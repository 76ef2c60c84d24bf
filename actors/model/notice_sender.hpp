#pragma once

// The way out of the node for messages to other people's servers: webhooks of price
// alerts and of jobs. What stands behind it speaks https only, checks certificates,
// and reaches public addresses alone unless the node's owner says otherwise.

#include "actors/model/result.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tt {

/// How a notice is handed over.
enum class notice_method : std::uint8_t { post, put };

/// One message to one address. `body` is JSON unless a Content-Type header says something else.
struct notice {
  std::string url; ///< https://host[:port]/path
  notice_method method = notice_method::post;
  /// Names and values as sent. Host, Content-Length, Connection and Transfer-Encoding are the sender's own.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  /// Not empty: X-Webhook-Signature carries `sha256=` and the hex HMAC-SHA256 of the body under it.
  std::string signing_key = {};
  std::chrono::milliseconds timeout{10'000}; ///< of one attempt, name resolution included; 100 ms to 60 s
  unsigned retries = 3;                      ///< after the first attempt; 0 to 10
  std::chrono::milliseconds retry_delay{5'000}; ///< before the first retry, doubled for each further one, up to 5 minutes
};

/// A notice that was taken by the receiver (status 200 to 299).
struct notice_receipt {
  unsigned status = 0;
  unsigned attempts = 1;
};

/// All members may be called from any thread and return at once.
class notice_sender {
public:
  using reply = std::function<void(result<notice_receipt>)>;
  virtual ~notice_sender() = default;

  /// Whether notices to `url` may be sent, as far as that can be told without asking a name server: for the moment in
  /// which somebody writes the URL down. Errors: invalid_argument (not such a URL), refused (an address that is out of bounds).
  [[nodiscard]] virtual result<void> check(std::string_view url) const = 0;

  /// Sends it, with its retries. `done` is called once, on any thread, and must only pass on. Attempts are repeated after
  /// a connection that fails, a time-out, 408, 425, 429 and 5xx; other answers are final (redirects too: none is followed).
  /// Errors: invalid_argument (URL, header, size), refused (address out of bounds, answer of the receiver), limit_exceeded
  /// (queue full), not_available (nobody answers, certificate not trusted, the node stops), timed_out.
  virtual void send(notice what, reply done) = 0;
};

} // namespace tt
