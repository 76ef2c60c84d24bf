#pragma once

// A database server that is frozen: it accepts connections and says nothing, from
// the beginning or once it has been greeted.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tt::cluster::test {

class silent_server {
public:
  /// When it freezes.
  enum class falls_silent { at_once, after_the_greeting };

  explicit silent_server(falls_silent when) : when_(when), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&at), size) == 0 && listen(listener_, 16) == 0 &&
        getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0)
      port_ = ntohs(at.sin_port);
    thread_ = std::thread{[this] { run(); }};
  }

  ~silent_server() {
    ending_ = true;
    thread_.join();
    for (const int s : guests_) close(s);
    close(listener_);
  }
  silent_server(const silent_server&) = delete;
  silent_server& operator=(const silent_server&) = delete;

  [[nodiscard]] std::string url() const {
    return "postgresql://nobody@127.0.0.1:" + std::to_string(port_) + "/nothing?sslmode=disable&gssencmode=disable";
  }

  /// Until so many have connected; false if they never do.
  bool wait_for_guests(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds{60}, [&] { return guests_.size() >= count; });
  }

private:
  void run() {
    constexpr int look_ms = 20;
    while (!ending_) {
      pollfd at{listener_, POLLIN, 0};
      if (poll(&at, 1, look_ms) <= 0) continue;
      const int guest = accept(listener_, nullptr, nullptr);
      if (guest < 0) continue;
      if (when_ == falls_silent::after_the_greeting) greet(guest);
      const std::lock_guard lock(mutex_);
      guests_.push_back(guest);
      changed_.notify_all();
    }
  }

  /// Lets everybody in without a password, and takes one statement.
  static void greet(int guest) {
    using namespace std::string_view_literals;
    char heard[4096];
    const auto say = [&](std::string_view what) {
      return recv(guest, heard, sizeof heard, 0) > 0 && send(guest, what.data(), what.size(), MSG_NOSIGNAL) > 0;
    };
    constexpr auto admitted = "R\0\0\0\10\0\0\0\0Z\0\0\0\5I"sv;
    constexpr auto done = "C\0\0\0\10SET\0Z\0\0\0\5I"sv;
    static_cast<void>(say(admitted) && say(done));
  }

  const falls_silent when_;
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_{false};
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> guests_;
};

} // namespace tt::cluster::test
