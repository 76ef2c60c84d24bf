#pragma once

// One blocking GET, for the commands that ask a running node.

#include "actors/model/result.hpp"

#include <chrono>
#include <string>

namespace tt::gateway {

/// Largest body that is read.
inline constexpr std::size_t max_client_body = 16 << 20;

struct http_reply {
  unsigned status = 0;
  std::string body;
};

/// GET of `path` at `base` ("http://host:port"; no TLS). Errors: invalid_argument
/// (not such a URL), not_available (nobody answers there), timed_out.
result<http_reply> http_get(const std::string& base, const std::string& path, std::chrono::milliseconds deadline);

} // namespace tt::gateway
