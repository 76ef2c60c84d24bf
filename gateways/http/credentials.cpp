#include "gateways/http/credentials.hpp"

#include "gateways/http/peer_rules.hpp"

namespace tt::gateway {

namespace {

constexpr std::string_view bearer_scheme = "bearer ";

/// Calls `each` with the trimmed parts of `list`.
template <class Each>
void for_parts(std::string_view list, char separator, Each each) {
  while (!list.empty()) {
    const auto end = std::min(list.find(separator), list.size());
    each(trimmed(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

} // namespace

credential read_credential(const http_request& request, transport over) {
  credential out;
  const auto take = [&](std::string_view secret) {
    out.secret = out.what == credential::kind::none || out.secret == secret ? std::string(secret) : std::string{};
    out.what = credential::kind::token;
  };
  for (const auto& one : request.headers.all()) {
    if (iequals(one.name, "Authorization")) {
      const auto text = trimmed(one.value);
      take(iequals(text.substr(0, bearer_scheme.size()), bearer_scheme) ? trimmed(text.substr(bearer_scheme.size())) : std::string_view{});
    } else if (iequals(one.name, "X-API-Key")) {
      take(trimmed(one.value));
    } else if (over != transport::http && iequals(one.name, "Sec-WebSocket-Protocol")) {
      for_parts(one.value, ',', [&](std::string_view name) {
        if (name.starts_with(bearer_subprotocol)) take(name.substr(bearer_subprotocol.size()));
      });
    }
  }
  if (out.what != credential::kind::none || over == transport::http) return out;
  if (const auto* ticket = request.query.find("ticket")) return {credential::kind::ticket, *ticket};
  return out;
}

std::string_view session_of(const http_request& request) {
  std::string_view out;
  for (const auto& one : request.headers.all())
    if (iequals(one.name, "Cookie"))
      for_parts(one.value, ';', [&](std::string_view pair) {
        if (out.empty() && pair.starts_with(session_cookie) && pair.substr(session_cookie.size()).starts_with('='))
          out = pair.substr(session_cookie.size() + 1);
      });
  return out;
}

bool is_over_tls(const http_request& request, const network_list& proxies) {
  return request.link == peer_link::tls || (proxies.contains(request.peer) && iequals(trimmed(request.header("X-Forwarded-Proto")), "https"));
}

} // namespace tt::gateway
