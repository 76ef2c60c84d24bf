#pragma once

// Who may try to log in. Pure: the time is passed in.

#include "actors/model/time.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace tt::gateway {

/// Counts failures by name: of a user, of an address. max_failures within `window` lock the name for `lock_time`.
class lockout {
public:
  static constexpr std::size_t max_failures = 10;
  static constexpr std::chrono::minutes window{15}, lock_time{15};
  /// Names that are remembered; over it, the one that failed least lately is forgotten.
  static constexpr std::size_t max_names = 10'000;

  /// Until when the name is locked; nothing: it may try.
  [[nodiscard]] std::optional<utc_time> locked_until(const std::string& name, utc_time now) const;
  void failed(const std::string& name, utc_time now);
  /// Forgets the failures of a name that got in.
  void succeeded(const std::string& name) { names_.erase(name); }

private:
  struct history {
    std::deque<utc_time> failures; ///< within the window, oldest first
    std::optional<utc_time> until;
  };
  void make_room(utc_time now);

  std::map<std::string, history> names_;
};

} // namespace tt::gateway
