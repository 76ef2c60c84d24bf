#pragma once

// The minute bars a symbol has built from ticks since its feed began, as one more
// source of history.

#include "actors/market/feed_source.hpp"

#include <string>
#include <vector>

namespace tt::market {

/// Closed live minute bars kept in memory where they are in some history too
/// (simulated or recorded): about three weeks of a 24-hour market.
inline constexpr std::size_t max_live_bars = 30'000;
/// The same where memory is the only place that has them: about 50 MB a symbol.
inline constexpr std::size_t max_unrecorded_bars = 500'000;

/// Not thread-safe: owned and read by one symbol.
class live_minutes final : public history_source {
public:
  /// Keeps the newest `limit` bars at least.
  explicit live_minutes(std::string symbol, std::size_t limit = max_live_bars) : symbol_(std::move(symbol)), limit_(limit) {}

  /// Adds the bar that follows the last one.
  void append(const bar& closed);
  void clear();
  /// Bars appended since the last call, oldest first.
  std::vector<bar> take_new();
  /// Bars that are no longer kept.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  [[nodiscard]] std::vector<timeframe> timeframes(std::string_view symbol) const override;
  [[nodiscard]] result<std::vector<bar>> bars(std::string_view symbol, timeframe frame, utc_time from, utc_time to,
                                              std::size_t limit) const override;

private:
  std::string symbol_;
  std::vector<bar> bars_;
  std::size_t new_from_ = 0;
  std::size_t limit_;
  std::uint64_t dropped_ = 0;
};

} // namespace tt::market
