#pragma once
/// What a strategy says to its broker: one value per call of strategy.entry() and its relatives.

#include "actors/pine/text_pool.hpp"

#include <cstdint>
#include <limits>

namespace tt::pine {

enum class trade_side : std::uint8_t { none, long_, short_, both };
enum class oca_kind : std::uint8_t { none, cancel, reduce };
/// When a strategy.close() fills: with the next tick, or on the closing tick of the bar that placed it.
enum class close_time : std::uint8_t { next_tick, immediately };
/// The unit of the value of a risk rule.
enum class risk_unit : std::uint8_t { cash, percent_of_equity };

/// One call of strategy.entry(), .order(), .exit(), .close(), .close_all(), .cancel(), .cancel_all() or of a risk
/// rule, in the order in which the script made them. NaN and 0 stand for arguments left out. Texts are numbers of
/// the script's pool (script::texts()). Prices and quantities are as the script gave them, not yet on any grid.
struct order_command {
  static constexpr double na_number = std::numeric_limits<double>::quiet_NaN();
  enum class kind_t : std::uint8_t {
    entry, order, exit, close, close_all, cancel, cancel_all,
    risk_allow_entry_in, risk_max_cons_loss_days, risk_max_drawdown, risk_max_intraday_filled_orders,
    risk_max_intraday_loss, risk_max_position_size
  } kind = kind_t::entry;
  trade_side side = trade_side::none; ///< of an entry or order; the allowed side of risk.allow_entry_in
  oca_kind oca = oca_kind::none;
  close_time when = close_time::next_tick;
  risk_unit unit = risk_unit::cash;
  bool disable_alert = false;
  std::uint32_t statement = 0; ///< number of the call in the source: two statements are two orders, one repeated is one
  text_id id = 0, from_entry = 0, oca_name = 0;
  text_id comment = 0, comment_profit = 0, comment_loss = 0, comment_trailing = 0;
  text_id alert_message = 0, alert_profit = 0, alert_loss = 0, alert_trailing = 0;
  double qty = na_number, qty_percent = na_number, limit = na_number, stop = na_number;
  double profit = na_number, loss = na_number; ///< ticks from the entry price
  double trail_price = na_number, trail_points = na_number, trail_offset = na_number;
  double value = na_number; ///< of a risk rule: currency, percent, orders, days or contracts
};

} // namespace tt::pine
