#pragma once

// The order of one topic's updates that come over a plane which may lose some.
// Every trade and every bar update carries a number one higher than the one
// before; quotes are states, of which only the newest counts. Pure.

#include "actors/market/symbol_types.hpp"

#include <cstdint>

namespace tt::gateway {

/// What to do with an update.
enum class arrival : std::uint8_t {
  next, ///< deliver it
  old,  ///< known already: drop it
  gap,  ///< some before it are missing: fetch them first
};

class topic_order {
public:
  /// Judges an update; `next` counts as delivered. The first one ever is `next`.
  arrival judge(const market::market_update& update);
  /// The newest number that was delivered; 0 before the first.
  [[nodiscard]] std::uint64_t last() const { return last_; }
  /// Everything up to `seq` has been delivered by other means.
  void skip_to(std::uint64_t seq) { last_ = seq; }
  /// Whoever numbers them has begun anew.
  void restart() { last_ = 0; }

private:
  std::uint64_t last_ = 0;
};

} // namespace tt::gateway
