#pragma once

// The address of an outgoing notice, taken apart and checked.

#include "actors/model/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace tt::gateway {

/// Longest URL.
inline constexpr std::size_t max_notice_url = 2'000;

struct https_url {
  std::string host;          ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string target = "/";  ///< path and query
  enum class host_kind : std::uint8_t { name, address } kind = host_kind::name;

  bool operator==(const https_url&) const = default;
};

/// Reads "https://host[:port][/path][?query]"; a fragment is dropped. Refused are other schemes, user names and
/// passwords, blanks and control characters, and numbers in place of a host that are no address in its usual form
/// (0x7f.1, 2130706433). Errors: invalid_argument.
result<https_url> parse_https_url(std::string_view text);

} // namespace tt::gateway
