#include "actors/risk/codes.hpp"

#include <array>

namespace tt::risk {

namespace {

constexpr std::array<std::string_view, check_codes> names{
  "APPROVED",
  "KILL_SWITCH", "LIVE_DISABLED", "ACCOUNT_DISABLED", "STRATEGY_DISABLED", "SCOPE", "JOURNAL_UNAVAILABLE", "NODE_ISOLATED", "VENUE_DOWN",
  "VENUE_MAINTENANCE", "RECONCILING", "STALE_ACCOUNT", "NOT_AUTHORISED_TO_EXECUTE",
  "DAILY_LOSS", "DRAWDOWN", "CONSECUTIVE_LOSSES", "VOLATILITY", "RUNAWAY", "REPEATED_REJECT", "UNKNOWN_ORDERS",
  "RECONCILE_DIFF", "FEED_STALE", "SLIPPAGE", "CLOCK",
  "DUPLICATE", "SIMILAR_ORDER", "ORDER_RATE", "RUNAWAY", "STALE_SIGNAL", "OUT_OF_STEP", "MAX_OPEN_ORDERS",
  "UNKNOWN_INSTRUMENT", "NOT_TRADABLE", "TICK_SIZE", "LOT_SIZE", "MIN_NOTIONAL", "TYPE_UNSUPPORTED", "MARKET_CLOSED",
  "EXTENDED_HOURS", "SHORT_UNAVAILABLE", "REDUCE_ONLY_EXCESS",
  "NO_REFERENCE_PRICE", "STALE_PRICE", "PRICE_COLLAR", "FAT_FINGER_QTY", "FAT_FINGER_NOTIONAL", "SPREAD", "SELF_CROSS",
  "SIZE_BELOW_LOT",
  "MIN_BALANCE", "BUYING_POWER", "CASH_RESERVE", "DAILY_LOSS", "DRAWDOWN", "CONSECUTIVE_LOSSES", "PDT", "MARGIN_CALL",
  "POSITION_LIMIT", "POSITION_QTY", "CONCENTRATION", "MAX_POSITIONS", "LEVERAGE_GROSS", "LEVERAGE_NET", "SECTOR",
  "CORRELATION", "VOLATILITY",
  "STRATEGY_POSITIONS", "STRATEGY_SIZE", "STRATEGY_LOSS", "STOP_REQUIRED", "STRATEGY_SYMBOLS",
  "CUSTOM", "INTERNAL",
};
static_assert(names.back() == "INTERNAL"); // a row too few would leave the last ones empty

constexpr std::array<std::string_view, 9> legacy_names{
  "approved", "approved_with_reduction", "rejected_insufficient_funds", "rejected_position_limit", "rejected_concentration",
  "rejected_volatility", "rejected_daily_loss_limit", "rejected_market_hours", "rejected_other",
};

} // namespace

std::string_view to_string(check_code code) noexcept {
  const auto at = static_cast<std::size_t>(code);
  return at < names.size() ? names[at] : "INTERNAL";
}

std::string_view to_string(legacy_code code) noexcept {
  const auto at = static_cast<std::size_t>(code);
  return at < legacy_names.size() ? legacy_names[at] : "rejected_other";
}

legacy_code legacy_of_rejection(check_code code) noexcept {
  switch (code) {
  case check_code::min_balance:
  case check_code::buying_power:
  case check_code::cash_reserve:
  case check_code::margin_call: return legacy_code::rejected_insufficient_funds;
  case check_code::position_limit:
  case check_code::position_qty:
  case check_code::max_positions:
  case check_code::leverage_gross:
  case check_code::leverage_net:
  case check_code::strategy_positions:
  case check_code::strategy_size: return legacy_code::rejected_position_limit;
  case check_code::concentration:
  case check_code::sector:
  case check_code::correlation: return legacy_code::rejected_concentration;
  case check_code::volatility:
  case check_code::breaker_volatility: return legacy_code::rejected_volatility;
  case check_code::daily_loss:
  case check_code::breaker_daily_loss:
  case check_code::strategy_loss: return legacy_code::rejected_daily_loss_limit;
  case check_code::market_closed:
  case check_code::extended_hours: return legacy_code::rejected_market_hours;
  default: return legacy_code::rejected_other;
  }
}

} // namespace tt::risk
