#pragma once

// A traded day beside its backtest: every difference has a named cause. Pure.

#include "actors/strategy/live/run_types.hpp"

#include <span>
#include <string>
#include <vector>

namespace tt::strategy {

/// Why a trade of the account is not the backtest's.
enum class divergence_cause : std::uint8_t {
  none,         ///< the same trade
  slippage,     ///< same bars and quantity, other prices
  fees,         ///< same prices, other costs
  late,         ///< its order went out later than the backtest's
  partial,      ///< another quantity
  refused,      ///< an order of it was refused: the reason is in the row
  not_sent,     ///< the backtest has it, and no order of it went out: the run did not see those bars, or was not on
  not_expected, ///< the backtest has no such trade: it saw other bars, or an earlier difference led to it
  latency,      ///< its order was out in time, and was filled on a later bar
  not_filled,   ///< its order was out in time, and was not filled
  other_bars,   ///< the account traded before the backtest: the run saw prices that the stored bars do not have
  missing_data, ///< the stored bars have none for a moment at which the account traded
};

/// One trade of either side, or both.
struct divergence_row {
  divergence_cause cause = divergence_cause::none;
  std::optional<closed_trade> account, backtest;
  std::string detail; ///< a sentence: what differs by how much
};

/// What the backtest ran on.
struct replayed_bars {
  std::span<const std::int64_t> opens; ///< openings of the bars, rising
  std::int64_t length_ms = 60'000;     ///< of a bar
};

/// Trades are matched by their script's entry id, side and nearest entry time, at most three bars apart. `signals` are
/// those of the time. Rows in the order of entry.
std::vector<divergence_row> compare_trades(std::span<const closed_trade> account, std::span<const closed_trade> backtest,
                                           std::span<const signal_row> signals, const replayed_bars& bars);

} // namespace tt::strategy

template <>
struct tt::names_of<tt::strategy::divergence_cause> {
  static constexpr std::array<std::string_view, 12> value{"none",     "slippage",     "fees",    "late",       "partial",    "refused",
                                                          "not_sent", "not_expected", "latency", "not_filled", "other_bars", "missing_data"};
};
