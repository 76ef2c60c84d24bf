#include "cluster/stops/end_probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tt::cluster {

namespace {

struct socket_address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

std::optional<socket_address> address_of(std::string_view endpoint) {
  constexpr std::string_view scheme = "tcp://";
  const auto colon = endpoint.rfind(':');
  if (!endpoint.starts_with(scheme) || colon == std::string_view::npos || colon < scheme.size()) return {};
  auto host = endpoint.substr(scheme.size(), colon - scheme.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto digits = endpoint.substr(colon + 1);
  std::uint16_t port = 0;
  if (const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
      failed != std::errc{} || end != digits.data() + digits.size() || port == 0)
    return {};
  const std::string text{host};
  socket_address out;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  if (inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    std::memcpy(&out.bytes, &four, out.size = sizeof four);
    return out;
  }
  if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) != 1) return {};
  std::memcpy(&out.bytes, &six, out.size = sizeof six);
  return out;
}

/// A connection that is being made; closed with it.
struct attempt {
  std::string node;
  int socket = -1;
  explicit attempt(std::string to) : node(std::move(to)) {}
  attempt(attempt&& other) noexcept : node(std::move(other.node)), socket(std::exchange(other.socket, -1)) {}
  attempt& operator=(attempt&&) = delete;
  ~attempt() {
    if (socket >= 0) ::close(socket);
  }
};

} // namespace

std::set<std::string> refusing(const node_endpoints& nodes, std::chrono::milliseconds patience) {
  std::set<std::string> out;
  std::vector<attempt> under_way;
  for (const auto& [node, endpoint] : nodes) {
    const auto address = address_of(endpoint);
    if (!address) continue;
    attempt one{node};
    one.socket = ::socket(address->bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one.socket < 0) continue;
    if (::connect(one.socket, reinterpret_cast<const sockaddr*>(&address->bytes), address->size) == 0) continue;
    if (errno == ECONNREFUSED) out.insert(node);
    else if (errno == EINPROGRESS) under_way.push_back(std::move(one));
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!under_way.empty()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) break;
    std::vector<pollfd> waits;
    for (const auto& one : under_way) waits.push_back({one.socket, POLLOUT, 0});
    if (::poll(waits.data(), waits.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
    std::vector<attempt> rest;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents == 0) {
        rest.push_back(std::move(under_way[i]));
        continue;
      }
      int failed = 0;
      socklen_t size = sizeof failed;
      if (::getsockopt(waits[i].fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 && failed == ECONNREFUSED) out.insert(under_way[i].node);
    }
    under_way.swap(rest);
  }
  return out;
}

caf::behavior end_prober(caf::event_based_actor*) {
  return {
    [](const end_question& what) { return end_answer{what.round, refusing(what.nodes)}; },
  };
}

} // namespace tt::cluster
