#include "bus/link/address_book.hpp"

#include "bus/limits.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace bus::link {

namespace {

constexpr std::string_view tcp = "tcp://";

bool is_numeric(const std::string& host) {
  unsigned char raw[sizeof(in6_addr)];
  const auto without_zone = host.substr(0, host.find('%'));
  return ::inet_pton(AF_INET, host.c_str(), raw) == 1 || ::inet_pton(AF_INET6, without_zone.c_str(), raw) == 1;
}

} // namespace

// What libzmq would take beyond that ("tcp://SOURCE;HOST:PORT") may hold a second name, so it is not let through.
endpoint_parts parts_of(std::string_view endpoint) {
  if (!endpoint.starts_with(tcp)) return {endpoint.starts_with("ipc://"), {}, {}};
  const auto rest = endpoint.substr(tcp.size());
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || rest.find(';') != std::string_view::npos) return {};
  std::string host{rest.substr(0, colon)};
  const std::string port{rest.substr(colon + 1)};
  if (port.empty() || !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) return {};
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (is_numeric(host)) return {true, {}, port};
  if (bracketed || host.size() > limits::host_name_bytes) return {};
  return {true, host, port};
}

std::string numeric_endpoint(const std::string& address, const std::string& port) {
  const bool is_v6 = address.find(':') != std::string::npos;
  return std::string{tcp} + (is_v6 ? '[' + address + ']' : address) + ':' + port;
}

std::vector<std::string> address_book::find(const std::string& endpoint, time_point now) {
  const auto parts = parts_of(endpoint);
  if (!parts.ok) return {};
  if (parts.host.empty()) return {endpoint};
  auto* e = entry_of(parts.host);
  if (!e) return {};
  ask_if_due(parts.host, *e, now);
  std::vector<std::string> result;
  for (const auto& address : e->addresses) result.push_back(numeric_endpoint(address, parts.port));
  return result;
}

// At the limit the name goes that nobody has wanted for the longest time; peers that still need it ask again.
address_book::entry* address_book::entry_of(const std::string& host) {
  if (const auto i = entries_.find(host); i != entries_.end()) return &i->second;
  if (entries_.size() >= limits::known_hosts) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return std::pair{a.second.asking, a.second.wanted} < std::pair{b.second.asking, b.second.wanted};
    });
    if (oldest->second.asking) return nullptr;
    entries_.erase(oldest);
  }
  return &entries_[host];
}

void address_book::ask_if_due(const std::string& host, entry& e, time_point now) {
  // Who was connected for a while and is not any more may have moved: ask at once.
  if (now - e.wanted > longest_pause) e.pause = shortest_pause;
  e.wanted = now;
  if (e.asking) {
    if (now - e.asked > silence) complain(host, e, "no answer yet", now);
    return;
  }
  if (e.asked != time_point{} && now - e.asked < e.pause) return;
  if (!resolver_.ask(host)) {
    complain(host, e, "too many names wait to be looked up", now);
    return;
  }
  e.asking = true;
  ++looking_up_;
  e.asked = now;
}

void address_book::complain(const std::string& host, entry& e, const std::string& why, time_point now) {
  if (e.logged != time_point{} && now - e.logged < log_pause) {
    ++e.failures;
    return;
  }
  auto line = "cannot find the host " + host + ": " + why;
  if (e.failures > 0) line += " (and " + std::to_string(e.failures) + " times since the last line)";
  e.failures = 0;
  e.logged = now;
  if (log_) log_(log_level::warning, line);
}

// A name that cannot be found keeps the addresses it had: a name server that fails must not cut off anybody.
bool address_book::settle(time_point now) {
  bool changed = false;
  for (auto& answer : resolver_.take()) {
    --looking_up_;
    const auto i = entries_.find(answer.host);
    if (i == entries_.end()) continue;
    auto& e = i->second;
    e.asking = false;
    // name servers turn the order round with every answer; that is no news
    const bool is_new = answer.addresses.ok() && !std::is_permutation(answer.addresses->begin(), answer.addresses->end(),
                                                                      e.addresses.begin(), e.addresses.end());
    e.pause = is_new ? duration{shortest_pause} : std::min<duration>(2 * e.pause, longest_pause);
    if (!answer.addresses) complain(answer.host, e, answer.addresses.error().text, now);
    if (!is_new) continue;
    e.addresses = std::move(*answer.addresses);
    if (e.addresses.size() > limits::addresses_per_host) e.addresses.resize(limits::addresses_per_host);
    changed = true;
  }
  return changed;
}

} // namespace bus::link
