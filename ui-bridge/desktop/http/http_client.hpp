#pragma once

// Requests to the gateway, and the place where the shell waits for everything:
// sockets, pipes and signals in one poll.

#include "actors/model/result.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct pollfd;

namespace tt::desktop {

struct http_reply {
  int status = 0;
  std::string body;
};

struct http_request {
  std::string url;
  std::string json_body = {};    ///< empty: GET, else POST
  std::string bearer_token = {}; ///< sent only to loopback or over TLS
  std::chrono::milliseconds timeout{5000};
};

/// HTTP by libcurl. No redirects are followed, no proxy is asked, no other scheme
/// than http and https is spoken, and an answer over max_reply_bytes is an error.
class http_client {
public:
  using reply = std::function<void(result<http_reply>)>;

  http_client();
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// `done` is called from poll(). Errors: timed_out, not_available (nobody answers),
  /// refused (a token for plain HTTP to another machine), limit_exceeded, internal.
  void send(const http_request& what, reply done);

  /// Waits at most `longest` for something on `others` (their revents are set) or for
  /// the requests' sockets, and completes what is complete.
  void poll(std::vector<pollfd>& others, std::chrono::milliseconds longest);

private:
  struct transfer;
  void finish(void* easy, int code);
  void* multi_ = nullptr;
  std::map<void*, std::unique_ptr<transfer>> transfers_; ///< by easy handle
};

/// A gateway's address as its origin: "http://localhost:8080". Takes a bare host[:port]
/// as http. Errors: invalid_argument (not http or https, user names, a path, a query).
result<std::string> gateway_origin(const std::string& text);

/// Whether an origin's host is this machine: localhost, 127.0.0.0/8, [::1].
bool is_loopback(const std::string& origin);

} // namespace tt::desktop
