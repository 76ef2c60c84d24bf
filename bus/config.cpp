#include "bus/config.hpp"

#include "bus/keys/keys.hpp"
#include "bus/limits.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace bus {

namespace {

problem bad(const std::string& text) {
  return {errc::bad_config, text};
}

bool is_endpoint(std::string_view x) {
  return (x.starts_with("tcp://") && x.rfind(':') > 5 && x.size() < 256) || x.starts_with("ipc://");
}

// Without it anybody who reaches a port could give orders, and anybody on the way read them.
outcome<done> check_plain(const config& x) {
  if (!is_loopback(x.listen) || (!x.listen_topics.empty() && !is_loopback(x.listen_topics)))
    return bad("security: plain is only for loopback; use curve");
  for (const auto& p : x.peers)
    if (!is_loopback(p.endpoint)) return bad("security: plain is only for loopback, and " + p.name + " is elsewhere; use curve");
  return done{};
}

} // namespace

bool is_loopback(std::string_view endpoint) {
  if (endpoint.starts_with("ipc://")) return true;
  if (!endpoint.starts_with("tcp://") || endpoint.rfind(':') < 6) return false;
  const std::string host{endpoint.substr(6, endpoint.rfind(':') - 6)};
  in_addr number{};
  if (::inet_pton(AF_INET, host.c_str(), &number) == 1) return ntohl(number.s_addr) >> 24 == 127;
  return host == "localhost" || host == "[::1]";
}

outcome<done> check(const config& x) {
  if (!keys::is_name(x.name)) return bad("name: want 1 to 63 characters of a-z A-Z 0-9 . _ -");
  if (!is_endpoint(x.listen)) return bad("listen: want tcp://HOST:PORT, got \"" + x.listen + "\"");
  if (!x.listen_topics.empty() && !is_endpoint(x.listen_topics))
    return bad("listen_topics: want tcp://HOST:PORT, got \"" + x.listen_topics + "\"");
  if (x.peers.size() > limits::peers) return bad("peers: more than " + std::to_string(limits::peers));
  for (const auto& p : x.peers) {
    if (!keys::is_name(p.name)) return bad("peers: \"" + p.name + "\" is not a name");
    if (!is_endpoint(p.endpoint)) return bad("peers: endpoint of " + p.name + ": want tcp://HOST:PORT");
  }
  if (x.security == security::curve) {
    if (x.key_file.empty()) return bad("key_file: missing; make one with tt keys new");
    if (x.allow_file.empty()) return bad("allow_file: missing; list the public keys of the cluster there");
  } else if (auto ok = check_plain(x); !ok) {
    return ok;
  }
  if (x.repair == channel::retransmission::off && x.security == security::curve)
    return bad("repair: off is only for experiments without curve");
  if (x.beat_every.count() < 10) return bad("beat_every: at least 10 ms");
  if (x.down_after < 10 * x.beat_every) return bad("down_after: at least ten times beat_every");
  if (x.actor_credit < 1024) return bad("actor_credit: at least 1024");
  if (x.link_bytes < (size_t{1} << 20)) return bad("link_bytes: at least 1 MiB");
  if (x.held_messages < 1024 || x.held_messages > 8'000'000) return bad("held_messages: 1024 to 8000000");
  if (x.held_bytes < (size_t{1} << 20) || x.held_bytes > (size_t{1} << 38)) return bad("held_bytes: 1 MiB to 256 GiB");
  if (x.remote_actors < 16) return bad("remote_actors: at least 16");
  if (x.pending_requests == 0) return bad("pending_requests: at least 1");
  if (x.request_age.count() < 1000) return bad("request_age: at least 1 s");
  if (x.request_grace.count() < 0) return bad("request_grace: not negative");
  return done{};
}

} // namespace bus
