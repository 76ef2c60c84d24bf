#pragma once

// The simulated exchange as live feed: events of all its symbols, merged in time
// order, pulled up to a moment.
//
//   auto market = sim::exchange::make({.seed = 7, .instruments = master});
//   auto seen = std::make_shared<sim::horizon>();
//   sim_source feed{*market, now, seen};
//   sim_history past{*market, seen};

#include "actors/market/feed_source.hpp"
#include "actors/market/sim_exchange.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace tt::market {

namespace sim {

/// How far market time has come. The exchange knows its own future; history made
/// with a horizon does not tell it. Thread-safe.
class horizon {
public:
  /// Starts before all times: nothing is past yet.
  horizon() = default;
  explicit horizon(utc_time reached) : ns_(reached.time_since_epoch().count()) {}

  /// Never goes back.
  void advance(utc_time reached) {
    const auto to = reached.time_since_epoch().count();
    auto at = ns_.load(std::memory_order_relaxed);
    while (at < to && !ns_.compare_exchange_weak(at, to, std::memory_order_relaxed)) {
    }
  }
  [[nodiscard]] utc_time reached() const {
    return utc_time{nanoseconds{ns_.load(std::memory_order_relaxed)}};
  }

private:
  std::atomic<std::int64_t> ns_{INT64_MIN};
};

} // namespace sim

/// Live events of every symbol of a simulated exchange. Not thread-safe: one feed
/// actor owns it. Never finishes before the year 2199.
class sim_source final : public feed_source {
public:
  /// Begins with the minute that contains `start` (a bar is never cut), but not
  /// before the market's epoch. `seen` (may be null) is moved along with the pulls.
  sim_source(std::shared_ptr<const sim::exchange> market, utc_time start,
             std::shared_ptr<sim::horizon> seen = nullptr);

  [[nodiscard]] std::string_view label() const override { return "sim"; }
  [[nodiscard]] std::span<const std::string> symbols() const override { return market_->symbols(); }
  [[nodiscard]] utc_time start_time() const override { return start_; }
  pull_state pull(utc_time until, std::size_t limit, std::vector<feed_event>& out) override;

private:
  /// One symbol's place: its session and the events of the minute being merged.
  struct lane {
    sim::session day;
    utc_time open, close; ///< extended hours of `day`
    bool over = false;    ///< no session will come again
    bool drawn = false;   ///< the minutes of `day` are there
    std::vector<sim::event> events;
    std::size_t next = 0;
  };
  /// The oldest waiting event of one lane.
  struct head {
    utc_time ts;
    std::uint32_t symbol = 0;

    auto operator<=>(const head&) const = default;
  };

  void enter_session(std::uint32_t symbol, civil_date from);
  bool load_minute(utc_time until);
  void hand_out(const head& h, std::vector<feed_event>& out) const;
  void replace_top();

  std::shared_ptr<const sim::exchange> market_;
  std::shared_ptr<sim::horizon> seen_;
  utc_time start_;
  utc_time minute_; ///< the next one to load
  std::vector<lane> lanes_;
  std::vector<head> heads_; ///< heap, oldest on top
};

} // namespace tt::market
