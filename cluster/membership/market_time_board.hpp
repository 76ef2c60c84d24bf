#pragma once

// The market's time as a node of a cluster knows it, whose feeds run elsewhere: what
// they report now and then, carried on by what their symbols publish in between.

#include "actors/model/time.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tt::cluster {

/// Market time this near to the wall clock's is the wall clock's.
inline constexpr std::chrono::seconds follows_wall_clock{2};
/// A feed that reports a time so far back has begun anew; less is a report that symbols have overtaken.
inline constexpr std::chrono::minutes feed_restart_distance{10};

/// Thread-safe.
class market_time_board {
public:
  /// A feed says how far it has come.
  void on_feed(utc_time market, utc_time wall) {
    const auto distance = wall - market;
    if (distance < follows_wall_clock && distance > -follows_wall_clock) ns_.store(by_wall_clock, std::memory_order_relaxed);
    else if (const auto before = ns_.load(std::memory_order_relaxed);
             before < count(market) || before - count(market) > std::chrono::nanoseconds(feed_restart_distance).count())
      ns_.store(count(market), std::memory_order_relaxed);
  }
  /// A symbol published something of this time.
  void on_update(utc_time market) {
    auto before = ns_.load(std::memory_order_relaxed);
    while (before > by_wall_clock && before < count(market) && !ns_.compare_exchange_weak(before, count(market), std::memory_order_relaxed)) {}
  }
  /// Whether the feeds follow the wall clock.
  [[nodiscard]] bool is_wall_clock() const { return ns_.load(std::memory_order_relaxed) == by_wall_clock; }
  /// Whether a feed has reported yet.
  [[nodiscard]] bool is_known() const { return ns_.load(std::memory_order_relaxed) != unknown; }
  /// The wall clock's while nothing is known and where the feeds follow it.
  [[nodiscard]] utc_time now(utc_time wall) const {
    const auto ns = ns_.load(std::memory_order_relaxed);
    return ns <= by_wall_clock ? wall : utc_time{nanoseconds{ns}};
  }

private:
  static constexpr std::int64_t unknown = INT64_MIN, by_wall_clock = INT64_MIN + 1;
  static std::int64_t count(utc_time t) { return t.time_since_epoch().count(); }

  std::atomic<std::int64_t> ns_{unknown};
};

} // namespace tt::cluster
