// A TCP proxy that breaks connections on a schedule: what it held is lost, and
// until it heals whoever connects is turned away. One thread, no protocol: it
// works for encrypted connections as well.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <random>
#include <string>
#include <thread>

namespace chaos {

/// When a proxy cuts: after a pause between `pause_min` and `pause_max`, for `length_min` to `length_max`.
struct cut_schedule {
  std::chrono::milliseconds pause_min{2000};
  std::chrono::milliseconds pause_max{4000};
  std::chrono::milliseconds length_min{10};
  std::chrono::milliseconds length_max{900};
};

class tcp_proxy {
public:
  /// @param target tcp://127.0.0.1:PORT
  tcp_proxy(const std::string& target, cut_schedule cuts, uint64_t seed);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  /// Where to connect: tcp://127.0.0.1:PORT.
  const std::string& endpoint() const noexcept { return endpoint_; }
  uint64_t cuts() const noexcept { return cuts_; }
  uint64_t broken_connections() const noexcept { return broken_; }

private:
  struct half {
    int fd = -1;
    std::string pending; // to be written to `fd`
  };
  struct connection {
    half client;
    half server;
    bool is_over = false;
  };

  void run();
  void follow_schedule();
  void accept_one();
  void poll_once();
  static bool copy(half& from, half& to);
  static bool write_pending(half& to);
  void drop_all();

  const uint16_t target_port_;
  const cut_schedule schedule_;
  std::mt19937_64 random_;
  std::string endpoint_;
  int listener_ = -1;
  std::list<connection> connections_;
  bool open_ = true;
  std::chrono::steady_clock::time_point next_;
  std::atomic<uint64_t> cuts_{0}, broken_{0};
  std::atomic<bool> running_{true};
  std::thread thread_;
};

} // namespace chaos
