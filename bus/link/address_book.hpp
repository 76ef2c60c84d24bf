// This header file defines the address book: which numeric address an endpoint
// with a host name has. libzmq is never given a name (see `resolver.hpp`). Pure
// but for the resolver it asks; time is an argument. Bus thread only.
#pragma once

#include "bus/config.hpp"
#include "bus/link/resolver.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bus::link {

/// An endpoint taken apart: tcp://HOST:PORT. `host` is empty for one that needs no look-up (numeric, ipc).
struct endpoint_parts {
  bool ok = false; ///< false: not an endpoint that may be connected to
  std::string host;
  std::string port;
};
endpoint_parts parts_of(std::string_view endpoint);

/// tcp://ADDRESS:PORT, with brackets around IPv6.
std::string numeric_endpoint(const std::string& address, const std::string& port);

class address_book {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// Between two look-ups of a name: doubled while the answer stays what it was, up to the longest.
  static constexpr std::chrono::seconds shortest_pause{1}, longest_pause{30};
  /// Between two log lines about one name, and until a look-up without an answer is worth one.
  static constexpr std::chrono::seconds log_pause{10}, silence{3};

  address_book(lookup_function lookup, std::function<void()> ready, log_function log)
      : resolver_(std::move(lookup), std::move(ready)), log_(std::move(log)) {}

  /// The numeric endpoints that `endpoint` stands for, as far as is known; a look-up begins where one is due.
  /// Ask when a connection is to be made, and again when it has to be made anew.
  std::vector<std::string> find(const std::string& endpoint, time_point now);

  /// Takes the answers that have come. True if a name has other addresses than before.
  bool settle(time_point now);

  /// Look-ups that have begun and whose answers were not taken.
  size_t looking_up() const noexcept { return looking_up_; }

  /// Names that are remembered.
  size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    std::vector<std::string> addresses;
    bool asking = false;
    time_point asked{};  // when the last look-up began
    time_point wanted{}; // when somebody last wanted it
    time_point logged{};
    duration pause = shortest_pause;
    uint64_t failures = 0; // since the last log line
  };

  entry* entry_of(const std::string& host);
  void ask_if_due(const std::string& host, entry& e, time_point now);
  void complain(const std::string& host, entry& e, const std::string& why, time_point now);

  resolver resolver_;
  log_function log_;
  std::map<std::string, entry> entries_;
  size_t looking_up_ = 0;
};

} // namespace bus::link
