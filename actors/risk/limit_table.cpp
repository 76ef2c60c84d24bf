// The catalogue of limits: defaults of the risk spec, sections 2, 3 and 10.

#include "actors/risk/limits.hpp"

namespace tt::risk {

namespace {

using enum limit_unit;
constexpr auto lower = tighter_when::lower;
constexpr auto higher = tighter_when::higher;

// clang-format off
constexpr std::array<limit_spec, limit_count> table{{
  {limit_id::stale_account_streamed, "risk.stale_account_streamed_s", check_code::stale_account, seconds, lower, "10", "1", "3600", "oldest account state that may be used, where the venue streams it"},
  {limit_id::stale_account_polled, "risk.stale_account_polled_s", check_code::stale_account, seconds, lower, "90", "1", "3600", "the same where it is polled"},
  {limit_id::similar_order_window, "risk.similar_order_window_s", check_code::similar_order, seconds, higher, "1", "0", "60", "same symbol, side, quantity, type and price from the same origin within this time"},
  {limit_id::similar_order_refuse, "risk.similar_order_refuse", check_code::similar_order, flag, higher, "false", "0", "1", "refuse a similar order instead of warning (webhooks without an id are always refused)"},
  {limit_id::order_rate_strategy_second, "risk.order_rate_strategy_second", check_code::order_rate, per_second, lower, "5", "1", "1000", "orders of one strategy in any second; closing orders have an equal count of their own"},
  {limit_id::order_rate_strategy_minute, "risk.order_rate_strategy_minute", check_code::order_rate, per_minute, lower, "60", "1", "10000", "and in any minute"},
  {limit_id::order_rate_account_second, "risk.order_rate_account_second", check_code::order_rate, per_second, lower, "10", "1", "1000", "orders of one account in any second"},
  {limit_id::order_rate_account_minute, "risk.order_rate_account_minute", check_code::order_rate, per_minute, lower, "120", "1", "10000", "and in any minute"},
  {limit_id::order_rate_node_second, "risk.order_rate_node_second", check_code::order_rate, per_second, lower, "50", "1", "1000", "orders of one node in any second"},
  {limit_id::order_rate_node_minute, "risk.order_rate_node_minute", check_code::order_rate, per_minute, lower, "1000", "1", "10000", "and in any minute"},
  {limit_id::runaway_orders, "risk.runaway_orders", check_code::runaway, count, lower, "20", "1", "1000", "new orders per symbol in any 10 seconds"},
  {limit_id::repeated_rejects, "risk.repeated_rejects", check_code::runaway, count, lower, "3", "1", "100", "identical rejections of a strategy in any 60 seconds that switch it off"},
  {limit_id::signal_age, "risk.signal_age_s", check_code::stale_signal, seconds, lower, "60", "1", "86400", "oldest signal that is acted on"},
  {limit_id::open_orders_symbol, "risk.open_orders_symbol", check_code::max_open_orders, count, lower, "20", "1", "1000", "working orders per symbol"},
  {limit_id::open_orders_account, "risk.open_orders_account", check_code::max_open_orders, count, lower, "200", "1", "10000", "working orders per account"},
  {limit_id::expiry_days, "risk.expiry_days", check_code::not_tradable, days, higher, "2", "0", "60", "days before last trade or first notice from which only closing is allowed"},
  {limit_id::enforce_market_hours, "risk.enforce_market_hours", check_code::market_closed, flag, higher, "true", "0", "1", "refuse orders that can't rest while the market is closed"},
  {limit_id::allow_extended_hours, "risk.allow_extended_hours", check_code::extended_hours, flag, lower, "false", "0", "1", "let orders trade before and after the regular session without asking for it"},
  {limit_id::shorts_on_cash, "risk.shorts_on_cash", check_code::short_unavailable, flag, lower, "false", "0", "1", "allow short sales on cash accounts"},
  {limit_id::price_age, "risk.price_age_s", check_code::stale_price, seconds, lower, "15", "1", "3600", "oldest price that may be used in an open session: stocks, futures"},
  {limit_id::price_age_crypto, "risk.price_age_crypto_s", check_code::stale_price, seconds, lower, "30", "1", "3600", "the same for crypto"},
  {limit_id::price_collar_stock, "risk.price_collar_stock", check_code::price_collar, ratio, lower, "0.05", "0", "1", "how far a limit or stop may be beyond the reference price, as a part of it: stocks, funds, options"},
  {limit_id::price_collar_futures, "risk.price_collar_futures", check_code::price_collar, ratio, lower, "0.02", "0", "1", "the same for futures and currencies"},
  {limit_id::price_collar_crypto, "risk.price_collar_crypto", check_code::price_collar, ratio, lower, "0.1", "0", "1", "the same for crypto"},
  {limit_id::fat_finger_qty, "risk.fat_finger_qty", check_code::fat_finger_qty, ratio, lower, "10", "1", "1000", "an order against the median of its strategy's orders (from 5 orders up)"},
  {limit_id::fat_finger_notional, "risk.fat_finger_notional", check_code::fat_finger_notional, ratio, lower, "0.25", "0", "100", "value of one order against equity"},
  {limit_id::spread, "risk.spread", check_code::spread, ratio, lower, "0.01", "0", "1", "widest spread for market orders, as a part of the middle"},
  {limit_id::refuse_self_cross, "risk.refuse_self_cross", check_code::self_cross, flag, higher, "true", "0", "1", "refuse an order that would trade with a resting one of the same account"},
  {limit_id::price_buffer, "risk.price_buffer", check_code::no_reference_price, ratio, higher, "0.005", "0", "0.5", "what is added to the market price when an order without a price is valued"},
  {limit_id::min_balance, "risk.min_balance", check_code::min_balance, money, higher, "1000", "0", "1000000000000", "equity that must stay after the cost of trading"},
  {limit_id::cash_reserve, "risk.cash_reserve", check_code::cash_reserve, ratio, higher, "0.02", "0", "1", "cash that must stay, as a part of equity (cash and crypto accounts)"},
  {limit_id::daily_loss, "risk.daily_loss", check_code::daily_loss, ratio, lower, "0.02", "0", "1", "loss of the day, realised and not, against equity at the start of the day"},
  {limit_id::drawdown, "risk.drawdown", check_code::drawdown, ratio, lower, "0.15", "0", "1", "loss since the highest equity at the end of a day"},
  {limit_id::consecutive_losses, "risk.consecutive_losses", check_code::consecutive_losses, count, lower, "5", "1", "1000", "losing trades in a row"},
  {limit_id::pdt_day_trades, "risk.pdt_day_trades", check_code::pdt, count, lower, "3", "0", "100", "day trades in 5 sessions below the equity of the next line, where the venue names no number of its own"},
  {limit_id::pdt_equity, "risk.pdt_equity", check_code::pdt, money, higher, "25000", "0", "1000000000", "equity from which the US rule of day trades does not bind"},
  {limit_id::margin_buffer, "risk.margin_buffer", check_code::margin_call, ratio, higher, "0.05", "0", "1", "equity above the maintenance margin, as a part of equity"},
  {limit_id::max_position_size, "risk.max_position_size", check_code::position_limit, ratio, lower, "0.1", "0", "100", "exposure of one symbol against equity; orders are cut to it"},
  {limit_id::position_qty, "risk.position_qty", check_code::position_qty, quantity, lower, "off", "0", "1000000000", "shares or contracts of one symbol; orders are cut to it"},
  {limit_id::concentration, "risk.concentration", check_code::concentration, ratio, lower, "0.25", "0", "100", "exposure of one issuer against equity; orders over it are refused"},
  {limit_id::max_positions, "risk.max_positions", check_code::max_positions, count, lower, "10", "0", "10000", "symbols held or being opened"},
  {limit_id::leverage_gross_cash, "risk.leverage_gross_cash", check_code::leverage_gross, ratio, lower, "1", "0", "100", "sum of all values against equity: cash and crypto accounts"},
  {limit_id::leverage_gross_margin, "risk.leverage_gross_margin", check_code::leverage_gross, ratio, lower, "2", "0", "100", "the same for margin accounts"},
  {limit_id::leverage_gross_futures, "risk.leverage_gross_futures", check_code::leverage_gross, ratio, lower, "10", "0", "100", "the same for futures accounts"},
  {limit_id::leverage_net_cash, "risk.leverage_net_cash", check_code::leverage_net, ratio, lower, "1", "0", "100", "long less short value against equity: cash and crypto accounts"},
  {limit_id::leverage_net_margin, "risk.leverage_net_margin", check_code::leverage_net, ratio, lower, "2", "0", "100", "the same for margin accounts"},
  {limit_id::leverage_net_futures, "risk.leverage_net_futures", check_code::leverage_net, ratio, lower, "10", "0", "100", "the same for futures accounts"},
  {limit_id::sector, "risk.sector", check_code::sector, ratio, lower, "0.3", "0", "100", "exposure of one sector against equity; funds of broad indexes don't count"},
  {limit_id::correlation, "risk.correlation", check_code::correlation, ratio, lower, "0.8", "-1", "1", "correlation of a new position with what is held (60 daily returns, from 2 positions up)"},
  {limit_id::volatility, "risk.volatility", check_code::volatility, ratio, lower, "0.5", "0", "100", "yearly volatility of 30 days; orders are cut above it and refused above twice of it"},
  {limit_id::volatility_crypto, "risk.volatility_crypto", check_code::volatility, ratio, lower, "1.5", "0", "100", "the same for crypto"},
  {limit_id::strategy_positions, "risk.strategy_positions", check_code::strategy_positions, count, lower, "off", "0", "10000", "positions of one strategy"},
  {limit_id::strategy_size, "risk.strategy_size", check_code::strategy_size, ratio, lower, "off", "0", "100", "exposure of one position of a strategy against equity"},
  {limit_id::strategy_loss, "risk.strategy_loss", check_code::strategy_loss, ratio, lower, "off", "0", "1", "loss of a strategy's day against equity at the start of the day"},
  {limit_id::stop_required, "risk.stop_required", check_code::stop_required, flag, higher, "false", "0", "1", "refuse entries without a protective stop"},
  {limit_id::flatten_at_loss_factor, "risk.flatten_at_loss_factor", check_code::breaker_daily_loss, ratio, lower, "off", "1", "100", "flatten the account at this multiple of daily_loss"},
  {limit_id::breaker_benchmark_volatility, "risk.breaker_benchmark_volatility", check_code::breaker_volatility, ratio, lower, "0.5", "0", "100", "yearly volatility of the benchmark that stops entries"},
  {limit_id::breaker_benchmark_move, "risk.breaker_benchmark_move", check_code::breaker_volatility, ratio, lower, "0.05", "0", "1", "move of the benchmark in 5 minutes that stops entries"},
  {limit_id::breaker_calm, "risk.breaker_calm_s", check_code::breaker_volatility, seconds, higher, "1800", "0", "86400", "calm time after which entries are allowed again"},
  {limit_id::breaker_unknown_age, "risk.breaker_unknown_age_s", check_code::unknown_orders, seconds, lower, "60", "1", "3600", "age of an order of unknown fate that stops entries"},
  {limit_id::breaker_unknown_count, "risk.breaker_unknown_count", check_code::unknown_orders, count, lower, "3", "0", "1000", "orders of unknown fate beyond which entries stop"},
  {limit_id::breaker_feed_stale, "risk.breaker_feed_stale_s", check_code::feed_stale, seconds, lower, "30", "1", "3600", "silence of a symbol in its session that stops entries of its strategies"},
  {limit_id::breaker_slippage, "risk.breaker_slippage", check_code::slippage, ratio, lower, "3", "1", "1000", "average slippage of the last 20 fills against the modelled one that switches a strategy off"},
  {limit_id::breaker_clock_skew, "risk.breaker_clock_skew_s", check_code::clock, seconds, lower, "2", "0.1", "60", "difference to the venue's clock that stops entries"},
}};
// clang-format on

consteval bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].id) != i || !table[i].key.starts_with("risk.")) return false;
  return true;
}
static_assert(in_order());

} // namespace

std::span<const limit_spec> limit_specs() { return table; }

const limit_spec& spec_of(limit_id id) {
  TT_ASSERT(static_cast<std::size_t>(id) < limit_count);
  return table[static_cast<std::size_t>(id)];
}

const limit_spec* find_limit(std::string_view name) {
  for (const auto& row : table)
    if (row.key == name || row.name() == name) return &row;
  return nullptr;
}

const limit_set& default_limits() {
  static const limit_set all = [] {
    limit_set out;
    for (const auto& row : table) {
      const auto value = parse_limit(row, row.fallback);
      TT_ASSERT(value.has_value());
      out[static_cast<std::size_t>(row.id)] = *value;
    }
    return out;
  }();
  return all;
}

} // namespace tt::risk
