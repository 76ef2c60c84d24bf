// This header file defines the resolver: host names become numeric addresses in
// threads of its own, because the system's look-up blocks for as long as a name
// server is silent. libzmq would do it in its only I/O thread, where one absent
// host holds up every link of the node. Private to `bus/link`.
#pragma once

#include "bus/config.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bus::link {

/// What became of one look-up.
struct lookup_answer {
  std::string host;
  outcome<std::vector<std::string>> addresses;
};

/// Asks the system (`getaddrinfo`): numeric addresses, those of IPv4 first. Blocks.
outcome<std::vector<std::string>> system_lookup(const std::string& host);

class resolver {
public:
  /// @param lookup may block, for ever too; called by several threads
  /// @param ready called in a thread of the resolver when there is an answer; must be callable as long as the process runs
  resolver(lookup_function lookup, std::function<void()> ready);
  /// Does not wait for look-ups: a thread that is in one ends by itself afterwards.
  ~resolver();
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  /// Begins a look-up; false if `limits::waiting_lookups` wait already. Each name should be asked for once at a time.
  bool ask(std::string host);

  /// The answers that have come since the last call.
  std::vector<lookup_answer> take();

private:
  struct shared;
  static void work(const std::shared_ptr<shared>& all);
  const std::shared_ptr<shared> shared_;
};

} // namespace bus::link
