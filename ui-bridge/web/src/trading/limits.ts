import type { RiskLimit } from "../api/trading_types";
import { is_number } from "../market/price_format";
import { exact_text, money_text, ratio_text } from "../market/units";

/// A limit in words, and how much of it is used.

/// 0 = nothing used, 1 = at the limit; 0 where that cannot be said.
export function limit_share({ limit, measured, headroom }: RiskLimit): number {
  if (!is_number(limit) || limit === 0) return is_number(headroom) && headroom <= 0 ? 1 : 0;
  if (is_number(headroom)) return Math.max(0, (limit - headroom) / limit);
  return is_number(measured) ? Math.max(0, measured / limit) : 0;
}

/// Whether there is something to measure before an order is checked.
export const is_measured = ({ measured, headroom }: RiskLimit): boolean => is_number(measured) || is_number(headroom);

/// Keys of the configuration that read badly as they are.
const names: Readonly<Record<string, string>> = {
  stale_account_streamed_s: "Age of a streamed account", stale_account_polled_s: "Age of a polled account", similar_order_window_s: "Pause between similar orders",
  similar_order_refuse: "Similar orders are refused", order_rate_strategy_second: "Orders of a strategy, second", order_rate_strategy_minute: "Orders of a strategy, minute",
  order_rate_account_second: "Orders of the account, second", order_rate_account_minute: "Orders of the account, minute", order_rate_node_second: "Orders of the node, second",
  order_rate_node_minute: "Orders of the node, minute", repeated_rejects: "Rejections in a row", signal_age_s: "Age of a signal", open_orders_symbol: "Open orders in a symbol",
  open_orders_account: "Open orders of the account", expiry_days: "Days to expiry", enforce_market_hours: "Only in market hours", allow_extended_hours: "Extended hours allowed",
  shorts_on_cash: "Short sales on a cash account", price_age_s: "Age of the price", price_age_crypto_s: "Age of the price, crypto", price_collar_stock: "Limit off the market, shares",
  price_collar_futures: "Limit off the market, futures", price_collar_crypto: "Limit off the market, crypto", fat_finger_qty: "Unusual quantity", fat_finger_notional: "Unusual worth",
  refuse_self_cross: "Own orders may not cross", price_buffer: "Surcharge on market orders", min_balance: "Least balance", pdt_day_trades: "Day trades (PDT)", pdt_equity: "Equity for day trades (PDT)",
  max_position_size: "Size of a position", position_qty: "Quantity of a position", max_positions: "Positions", leverage_gross_cash: "Gross leverage, cash", leverage_gross_margin: "Gross leverage, margin",
  leverage_gross_futures: "Gross leverage, futures", leverage_net_cash: "Net leverage, cash", leverage_net_margin: "Net leverage, margin", leverage_net_futures: "Net leverage, futures",
  volatility_crypto: "Volatility, crypto", strategy_positions: "Positions of a strategy", strategy_size: "Size of a strategy", strategy_loss: "Loss of a strategy", stop_required: "Entries need a stop",
  flatten_at_loss_factor: "Flatten at a multiple of the loss", breaker_benchmark_volatility: "Benchmark's volatility", breaker_benchmark_move: "Benchmark's move", breaker_calm_s: "Calm before entries go on",
  breaker_unknown_age_s: "Age of an unknown order", breaker_unknown_count: "Unknown orders", breaker_feed_stale_s: "Silence of the feed", breaker_slippage: "Slippage", breaker_clock_skew_s: "Clock off the venue's",
};

/// What a limit is called: by its key, because several limits share a code; a key
/// unknown here as its own words, without the unit.
export function limit_name({ code, name }: Pick<RiskLimit, "code" | "name">): string {
  const key = name ?? code;
  const words = key.replaceAll("_", " ").replace(/ s$/, "").toLowerCase();
  return names[key] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export function limit_text(value: number | null | undefined, unit: string | undefined): string {
  if (!is_number(value)) return "–";
  if (unit === "ratio" || unit === "fraction") return ratio_text(value);
  if (unit === "percent" || unit === "%") return `${value.toFixed(2)} %`;
  if (unit === "money") return money_text(value);
  if (unit === "flag") return value === 0 ? "off" : "on";
  if (unit === "count" || unit === "quantity") return exact_text(value);
  if (unit === "seconds") return `${exact_text(Number(value.toFixed(1)))} s`;
  if (unit && /^[A-Z]{3}$/.test(unit)) return `${money_text(value)} ${unit}`;
  if (unit === "per_second" || unit === "per_minute") return `${exact_text(value)} /${unit === "per_second" ? "s" : "min"}`;
  return `${exact_text(value)}${unit ? ` ${unit.replaceAll("_", " ")}` : ""}`;
}
