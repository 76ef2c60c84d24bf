// This header file defines the log of messages that nobody could be told about:
// refused for lack of credit or room, and sent without a sender. One line per peer
// in `log_pause`, with how many were left out. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace bus::proxy {

class loss_log {
public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds log_pause{10};

  /// Counts one lost message. Returns the line to log; empty while it is too soon for one. Peers are at most
  /// `limits::peers` at a time; those beyond make room by being forgotten, which costs a line at most.
  std::string lost(const std::string& peer, const std::string& why, time_point now);

  uint64_t count() const;

private:
  struct memory {
    time_point logged;
    uint64_t since = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::string, memory> known_; // by peer
  uint64_t count_ = 0;
};

} // namespace bus::proxy
