#pragma once

// The catalogue of codes a decision can carry: one per check and per breaker.

#include "actors/model/names.hpp"

#include <cstdint>
#include <string_view>

namespace tt::risk {

using tt::to_string; // of the model's enums, beside those below

/// Every check by the name that clients see. The order is that of evaluation
/// (risk spec 3.1), so a decision's results stand in the order of this list.
enum class check_code : std::uint8_t {
  approved, ///< no check had anything against the order
  // gates
  kill_switch,
  live_disabled,
  account_disabled,
  strategy_disabled,
  scope,
  journal_unavailable,
  node_isolated, ///< a node from which stops can come is cut off: only what closes
  venue_down,
  venue_maintenance,
  reconciling,
  stale_account,
  not_authorised_to_execute,
  breaker_daily_loss, ///< tripped breakers report the name of the breaker ("DAILY_LOSS")
  breaker_drawdown,
  breaker_consecutive_losses,
  breaker_volatility,
  breaker_runaway,
  repeated_reject,
  unknown_orders,
  reconcile_diff,
  feed_stale,
  slippage,
  clock,
  // request
  duplicate,
  similar_order,
  order_rate,
  runaway,
  stale_signal,
  out_of_step,
  max_open_orders,
  // instrument and session
  unknown_instrument,
  not_tradable,
  tick_size,
  lot_size,
  min_notional,
  type_unsupported,
  market_closed,
  extended_hours,
  short_unavailable,
  reduce_only_excess,
  // price sanity
  no_reference_price,
  stale_price,
  price_collar,
  fat_finger_qty,
  fat_finger_notional,
  spread,
  self_cross,
  // sizing
  size_below_lot,
  // account
  min_balance,
  buying_power,
  cash_reserve,
  daily_loss,
  drawdown,
  consecutive_losses,
  pdt,
  margin_call,
  // position and portfolio
  position_limit,
  position_qty,
  concentration,
  max_positions,
  leverage_gross,
  leverage_net,
  sector,
  correlation,
  volatility,
  // strategy
  strategy_positions,
  strategy_size,
  strategy_loss,
  stop_required,
  strategy_symbols,
  // the rest
  custom,   ///< a hook; clients see `CUSTOM:<name>`
  internal, ///< a figure is missing or a check failed: never reported as lack of funds
  count_,
};

inline constexpr std::size_t check_codes = static_cast<std::size_t>(check_code::count_);

/// "BUYING_POWER". A custom code has the name `CUSTOM`; decisions add the hook's name.
std::string_view to_string(check_code code) noexcept;

/// The nine codes of old clients (risk spec 3.10).
enum class legacy_code : std::uint8_t {
  approved,
  approved_with_reduction,
  rejected_insufficient_funds,
  rejected_position_limit,
  rejected_concentration,
  rejected_volatility,
  rejected_daily_loss_limit,
  rejected_market_hours,
  rejected_other,
};

std::string_view to_string(legacy_code code) noexcept;

/// What an old client is told about a rejection. Anything without a coarse twin of
/// its own, the kill switch first of all, is `rejected_other`.
legacy_code legacy_of_rejection(check_code code) noexcept;

} // namespace tt::risk
