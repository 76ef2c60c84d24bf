#pragma once

// How a strategy does, in sets of trades, and what follows from it (http-api section 8): two consecutive sets below the
// win rate take a live strategy back to paper; two good ones on paper only propose it.

#include "actors/model/decimal.hpp"
#include "actors/strategy/live/strategy_switch.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace tt::strategy {

/// What counts of a closed trade.
struct scored_trade {
  std::int64_t exit_ms = 0;
  double profit = 0; ///< net of fees
  strategy_mode mode = strategy_mode::paper;
  std::uint64_t epoch = 0; ///< changes of mode before it: a set never spans one
};

/// `evaluation_period` trades in a row. A win has a profit above 0.
struct trade_set {
  std::uint64_t number = 0; ///< 1, 2 … over the strategy's life
  strategy_mode mode = strategy_mode::paper;
  std::uint64_t epoch = 0;
  std::size_t trades = 0, wins = 0;
  double profit = 0;
  std::int64_t first_ms = 0, last_ms = 0;
  bool is_complete = false;

  /// Percent; 0 without trades.
  [[nodiscard]] decimal win_rate() const;
};

/// Cuts trades, in the order of closing, into sets. Requires period > 0.
std::vector<trade_set> sets_of(std::span<const scored_trade> trades, std::size_t period);

enum class verdict : std::uint8_t { keep, demote, propose_promotion };

/// What the newest two complete sets of the present epoch say. `mode`: now.
verdict judge(std::span<const trade_set> sets, strategy_mode mode, std::uint64_t epoch, decimal min_win_rate);

} // namespace tt::strategy
