#pragma once

// Trades of strategies that keep no run of their own (YAML jobs, webhooks) are folded from the executions of their account.

#include "actors/strategy/live/fill_trades.hpp"
#include "gateways/trading_port.hpp"

namespace tt::gateway {

/// Executions of one strategy that are folded at most; a part of them would make other trades.
inline constexpr std::size_t most_folded_fills = 1'000'000;

/// What to ask the accounts for: all of a strategy in one account. They come newest first.
inline order_filter executions_of(const strategy_id& of, const account_id& in) {
  order_filter all;
  all.account = in;
  all.strategy = of;
  all.limit = most_folded_fills;
  return all;
}

inline strategy::strategy_fill fill_of(const execution_snapshot& seen) { return {seen.fill, seen.contract, seen.reason}; }

} // namespace tt::gateway
