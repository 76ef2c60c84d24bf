#include "tests/chaos/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace chaos {

namespace {

constexpr size_t buffer_bytes = 256 * 1024; // held per direction; beyond it the proxy stops reading
constexpr int turn_ms = 5;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

int new_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) std::abort();
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

std::chrono::milliseconds between(std::mt19937_64& random, std::chrono::milliseconds a,
                                  std::chrono::milliseconds b) {
  return std::chrono::milliseconds{std::uniform_int_distribution<int64_t>{a.count(), b.count()}(random)};
}

} // namespace

tcp_proxy::tcp_proxy(const std::string& target, cut_schedule cuts, uint64_t seed)
    : target_port_(static_cast<uint16_t>(std::stoi(target.substr(target.rfind(':') + 1)))), schedule_(cuts),
      random_(seed), listener_(new_socket()),
      next_(std::chrono::steady_clock::now() + between(random_, cuts.pause_min, cuts.pause_max)) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    std::abort();
  endpoint_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  thread_ = std::thread{[this] { run(); }};
}

tcp_proxy::~tcp_proxy() {
  running_ = false;
  thread_.join();
  drop_all();
  ::close(listener_);
}

void tcp_proxy::run() {
  while (running_) {
    follow_schedule();
    poll_once();
  }
}

void tcp_proxy::follow_schedule() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  open_ = !open_;
  if (open_) {
    next_ = now + between(random_, schedule_.pause_min, schedule_.pause_max);
    return;
  }
  ++cuts_;
  next_ = now + between(random_, schedule_.length_min, schedule_.length_max);
  drop_all();
}

void tcp_proxy::drop_all() {
  for (auto& c : connections_) {
    ::close(c.client.fd);
    ::close(c.server.fd);
    ++broken_;
  }
  connections_.clear();
}

void tcp_proxy::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = open_ ? new_socket() : -1;
  const auto address = loopback(target_port_);
  if (server < 0 || ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (server >= 0) ::close(server);
    ::close(client);
    return;
  }
  ::fcntl(server, F_SETFL, O_NONBLOCK);
  const int on = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections_.push_back({{client, {}}, {server, {}}, false});
}

bool tcp_proxy::copy(half& from, half& to) {
  char chunk[64 * 1024];
  const auto n = ::recv(from.fd, chunk, sizeof chunk, 0);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return false;
  if (n > 0) to.pending.append(chunk, static_cast<size_t>(n));
  return write_pending(to);
}

bool tcp_proxy::write_pending(half& to) {
  if (to.pending.empty()) return true;
  const auto n = ::send(to.fd, to.pending.data(), to.pending.size(), MSG_NOSIGNAL);
  if (n > 0) to.pending.erase(0, static_cast<size_t>(n));
  return n >= 0 || errno == EAGAIN || errno == EINTR;
}

void tcp_proxy::poll_once() {
  std::vector<pollfd> items{{listener_, POLLIN, 0}};
  const auto wanted = [](const half& in, const half& out) {
    return static_cast<short>((out.pending.size() < buffer_bytes ? POLLIN : 0) |
                              (in.pending.empty() ? 0 : POLLOUT));
  };
  for (const auto& c : connections_) {
    items.push_back({c.client.fd, wanted(c.client, c.server), 0});
    items.push_back({c.server.fd, wanted(c.server, c.client), 0});
  }
  if (::poll(items.data(), items.size(), turn_ms) <= 0) return;
  size_t i = 1;
  const auto serve = [](half& near, half& far, short ready) {
    bool ok = true;
    if ((ready & POLLOUT) != 0) ok = write_pending(near);
    if (ok && (ready & (POLLIN | POLLHUP | POLLERR)) != 0) ok = copy(near, far);
    return ok;
  };
  for (auto& c : connections_) {
    c.is_over = !serve(c.client, c.server, items[i].revents);
    c.is_over = !serve(c.server, c.client, items[i + 1].revents) || c.is_over;
    i += 2;
  }
  connections_.remove_if([](const connection& c) {
    if (!c.is_over) return false;
    ::close(c.client.fd);
    ::close(c.server.fd);
    return true;
  });
  if ((items[0].revents & POLLIN) != 0) accept_one();
}

} // namespace chaos
