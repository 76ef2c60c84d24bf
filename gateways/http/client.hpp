#pragma once

// One blocking request at a time, for the commands that ask a running node.

#include "actors/model/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace tt::gateway {

/// Largest body that is read.
inline constexpr std::size_t max_client_body = 16 << 20;

struct http_reply {
  unsigned status = 0;
  std::string body;
};

/// What a client asks for.
struct http_call {
  enum class verb_t : std::uint8_t { get, post, remove, put, patch } verb = verb_t::get;
  std::string path;
  std::string body = {};  ///< of a post, put or patch; JSON
  std::string token = {}; ///< bearer; "" for none
};
/// Asks `base` ("http://host:port"; no TLS). Errors: invalid_argument (not such a URL), not_available (nobody answers
/// there), timed_out.
result<http_reply> http_ask(const std::string& base, const http_call& call, std::chrono::milliseconds deadline);

/// GET of `path` at `base` ("http://host:port"; no TLS). Errors: invalid_argument
/// (not such a URL), not_available (nobody answers there), timed_out.
result<http_reply> http_get(const std::string& base, const std::string& path, std::chrono::milliseconds deadline);

} // namespace tt::gateway
