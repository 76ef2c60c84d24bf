#pragma once

// What a request shows of its sender. Pure functions of its head.

#include "gateways/http/route_table.hpp"

#include <string>
#include <string_view>

namespace tt::gateway {

class network_list;

inline constexpr std::string_view session_cookie = "tt_session";
/// A stream's subprotocol that carries a token: bearer.tt_…
inline constexpr std::string_view bearer_subprotocol = "bearer.";

/// A secret that the sender chose to show; a cookie is sent by a browser on its own and is none.
struct credential {
  enum class kind : std::uint8_t { none, token, ticket };
  kind what = kind::none;
  std::string secret = {}; ///< of a token or ticket; empty where it can't be one
};

/// Authorization: Bearer, X-API-Key; for streams also the subprotocol and ?ticket=. Two that differ are one that nobody knows.
credential read_credential(const http_request& request, transport over);

/// The value of the session's cookie, or "".
std::string_view session_of(const http_request& request);

/// Whether the client speaks TLS, with us or with a proxy that is trusted.
bool is_over_tls(const http_request& request, const network_list& proxies);

} // namespace tt::gateway
