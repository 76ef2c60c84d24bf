import type { OrderRequest, OrderType } from "../api/trading_types";
import type { Problems } from "../jobs/request_form";

/// The order ticket: text as typed, checked, made into the request. Numbers
/// stay text all the way, so that no price passes through binary floats.

export interface OrderForm {
  symbol: string;
  side: OrderRequest["side"];
  quantity: string;
  type: OrderType;
  price: string;
  stop_price: string;
  trail: string;
  trail_unit: "offset" | "percent";
  take_profit: string;
  stop_loss: string;
  time_in_force: string;
  extended_hours: boolean;
  reduce_only: boolean;
  account_id: string;
}

export const order_types: readonly { id: OrderType; label: string }[] = [
  { id: "market", label: "Market" }, { id: "limit", label: "Limit" }, { id: "stop", label: "Stop" }, { id: "stop_limit", label: "Stop limit" },
  { id: "trailing_stop", label: "Trailing stop" }, { id: "bracket", label: "Bracket" },
];

export const sides: readonly { id: OrderRequest["side"]; label: string }[] = [
  { id: "buy", label: "Buy" }, { id: "sell", label: "Sell" }, { id: "sell_short", label: "Sell short" }, { id: "buy_to_cover", label: "Buy to cover" },
];

export const times_in_force = ["day", "gtc", "ioc", "fok", "pre", "post"] as const;

export function fresh_order(symbol: string, account_id: string): OrderForm {
  return {
    symbol, side: "buy", quantity: "", type: "market", price: "", stop_price: "", trail: "", trail_unit: "offset", take_profit: "", stop_loss: "",
    time_in_force: "day", extended_hours: false, reduce_only: false, account_id,
  };
}

export const needs_price = (type: OrderType): boolean => type === "limit" || type === "stop_limit";
export const needs_stop = (type: OrderType): boolean => type === "stop" || type === "stop_limit";

export type BuiltOrder = { request: OrderRequest; problems?: undefined } | { request?: undefined; problems: Problems };

export function build_order(form: OrderForm): BuiltOrder {
  const problems: Problems = {};
  const positive = (field: keyof OrderForm & string, name: string = field) => {
    const text = String(form[field]).trim();
    if (!is_positive_decimal(text)) problems[name] = text === "" ? "Needed" : "A number above 0";
    return text;
  };
  const symbol = form.symbol.trim().toUpperCase();
  if (symbol === "") problems["symbol"] = "Needed";
  const request: OrderRequest = { symbol, side: form.side, quantity: positive("quantity"), type: form.type, time_in_force: form.time_in_force };
  if (needs_price(form.type)) request.price = positive("price");
  if (needs_stop(form.type)) request.stop_price = positive("stop_price");
  if (form.type === "trailing_stop") request[form.trail_unit === "offset" ? "trail_offset" : "trail_percent"] = positive("trail");
  if (form.type === "bracket") {
    if (form.price.trim() !== "") request.price = positive("price");
    if (form.take_profit.trim() !== "") request.take_profit = { price: positive("take_profit") };
    if (form.stop_loss.trim() !== "") request.stop_loss = { stop_price: positive("stop_loss") };
    if (!request.take_profit && !request.stop_loss) problems["take_profit"] = "A bracket needs a take profit or a stop loss";
  }
  if (form.extended_hours) request.extended_hours = true;
  if (form.reduce_only) request.reduce_only = true;
  if (form.account_id !== "") request.account_id = form.account_id;
  return Object.keys(problems).length > 0 ? { problems } : { request };
}

export function is_positive_decimal(text: string): boolean {
  return /^(?:\d+\.?\d*|\.\d+)$/.test(text) && /[1-9]/.test(text);
}

/// "Buy 100 AAPL, limit 180, day".
export function order_text(request: OrderRequest): string {
  const side = sides.find(({ id }) => id === request.side)?.label ?? request.side;
  const parts = [`${side} ${request.quantity} ${request.symbol}`];
  const type = order_types.find(({ id }) => id === request.type)!.label.toLowerCase();
  parts.push([type, request.price, request.stop_price && `stop at ${request.stop_price}`].filter(Boolean).join(" "));
  if (request.trail_offset) parts.push(`trailing by ${request.trail_offset}`);
  if (request.trail_percent) parts.push(`trailing by ${request.trail_percent} %`);
  if (request.take_profit) parts.push(`take profit ${request.take_profit.price}`);
  if (request.stop_loss) parts.push(`stop loss ${request.stop_loss.stop_price}`);
  parts.push(request.time_in_force);
  if (request.reduce_only) parts.push("reduce only");
  if (request.extended_hours) parts.push("extended hours");
  return parts.join(", ");
}

/// An id that makes sending the same order twice one order.
export function new_client_order_id(random: () => number = Math.random): string {
  const part = () => Math.floor(random() * 36 ** 6).toString(36).padStart(6, "0");
  return `ui-${part()}${part()}`;
}
