import type { OrderRequest, OrderType } from "../api/trading_types";
import type { Problems } from "../jobs/request_form";
import { percent_to_fraction, risk_size } from "./order_size";
import type { RiskBasis, SizeKind } from "./order_size";

/// The order ticket: text as typed, checked, made into the request. Numbers
/// stay text all the way, so that no price passes through binary floats.

export interface OrderForm {
  symbol: string;
  side: OrderRequest["side"];
  /// In the unit that `size_by` names.
  quantity: string;
  size_by: SizeKind;
  /// Where the loss is cut, for a size by risk of an order that has no stop loss itself.
  risk_stop: string;
  type: OrderType;
  price: string;
  stop_price: string;
  trail: string;
  trail_unit: "offset" | "percent";
  take_profit: string;
  stop_loss: string;
  time_in_force: string;
  /// Local date and time as an input gives it; for gtd.
  good_till: string;
  extended_hours: boolean;
  reduce_only: boolean;
  account_id: string;
}

export const order_types: readonly { id: OrderType; label: string }[] = [
  { id: "market", label: "Market" }, { id: "limit", label: "Limit" }, { id: "stop", label: "Stop" }, { id: "stop_limit", label: "Stop limit" },
  { id: "trailing_stop", label: "Trailing stop" }, { id: "bracket", label: "Bracket" }, { id: "oco", label: "One cancels other" },
];

export const sides: readonly { id: OrderRequest["side"]; label: string }[] = [
  { id: "buy", label: "Buy" }, { id: "sell", label: "Sell" }, { id: "sell_short", label: "Sell short" }, { id: "buy_to_cover", label: "Buy to cover" },
];

export const times_in_force = ["day", "gtc", "gtd", "ioc", "fok", "pre", "post"] as const;

/// What a ticket calls them.
export const tif_labels: Readonly<Record<(typeof times_in_force)[number], string>> = {
  day: "Day", gtc: "GTC, till cancelled", gtd: "GTD, till a date", ioc: "IOC, at once or not", fok: "FOK, all or nothing", pre: "Before hours", post: "After hours",
};

export function fresh_order(symbol: string, account_id: string): OrderForm {
  return {
    symbol, side: "buy", quantity: "", size_by: "quantity", risk_stop: "", type: "market", price: "", stop_price: "", trail: "", trail_unit: "offset", take_profit: "", stop_loss: "",
    time_in_force: "day", good_till: "", extended_hours: false, reduce_only: false, account_id,
  };
}

export const needs_price = (type: OrderType): boolean => type === "limit" || type === "stop_limit" || type === "oco";
export const needs_stop = (type: OrderType): boolean => type === "stop" || type === "stop_limit" || type === "oco";
/// A size by risk is reckoned to the bracket's own stop loss where there is one.
export const needs_risk_stop = ({ size_by, type, stop_loss }: Pick<OrderForm, "size_by" | "type" | "stop_loss">): boolean => size_by === "risk" && !(type === "bracket" && stop_loss.trim() !== "");

export type BuiltOrder = { request: OrderRequest; problems?: undefined } | { request?: undefined; problems: Problems };

/// @param basis what a size by risk is reckoned from.
export function build_order(form: OrderForm, basis?: RiskBasis): BuiltOrder {
  const problems: Problems = {};
  const positive = (field: keyof OrderForm & string, name: string = field) => {
    const text = String(form[field]).trim();
    if (!is_positive_decimal(text)) problems[name] = text === "" ? "Needed" : "A number above 0";
    return text;
  };
  const symbol = form.symbol.trim().toUpperCase();
  if (symbol === "") problems["symbol"] = "Needed";
  const request: OrderRequest = { symbol, side: form.side, ...size_of(form, positive, problems, basis), type: form.type, time_in_force: form.time_in_force };
  if (form.type === "oco") {
    request.legs = [{ type: "limit", price: positive("price") }, { type: "stop", stop_price: positive("stop_price") }];
  } else {
    if (needs_price(form.type)) request.price = positive("price");
    if (needs_stop(form.type)) request.stop_price = positive("stop_price");
  }
  if (form.time_in_force === "gtd") {
    const until = new Date(form.good_till);
    if (form.good_till.trim() === "" || Number.isNaN(until.getTime())) problems["good_till"] = "Until when?";
    else request.good_till = until.toISOString();
  }
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

type Size = Pick<OrderRequest, "quantity" | "notional" | "weight">;

function size_of(form: OrderForm, positive: (field: keyof OrderForm & string, name?: string) => string, problems: Problems, basis: RiskBasis | undefined): Size {
  const text = positive("quantity");
  switch (form.size_by) {
    case "notional": return { notional: text };
    case "weight":
      if (Number(text) > 100) problems["quantity"] = "At most 100 %";
      return { weight: percent_to_fraction(text) };
    case "risk": {
      const stop = needs_risk_stop(form) ? positive("risk_stop") : positive("stop_loss");
      if ("quantity" in problems || "risk_stop" in problems || "stop_loss" in problems) return { quantity: text };
      const entry = is_positive_decimal(form.price.trim()) && form.type !== "market" ? Number(form.price) : needs_stop(form.type) ? Number(form.stop_price) || undefined : basis?.entry;
      const is_buy = form.side === "buy" || form.side === "buy_to_cover";
      const size = risk_size(Number(text), Number(stop), is_buy, { equity: undefined, multiplier: 1, lot: 1, account_currency: "", currency: "", ...basis, entry });
      if (size.problem !== undefined) problems[size.field] = size.problem;
      return { quantity: size.quantity ?? text };
    }
    default: return { quantity: text };
  }
}

/// "100", "1000 worth of", "5 % in".
export function size_text({ quantity, notional, weight }: Size): string {
  if (notional !== undefined) return `${notional} worth of`;
  if (weight !== undefined) return `${Number((Number(weight) * 100).toPrecision(12))} % of equity in`;
  return quantity ?? "";
}

export function is_positive_decimal(text: string): boolean {
  return /^(?:\d+\.?\d*|\.\d+)$/.test(text) && /[1-9]/.test(text);
}

/// Twice a quantity as decimal text, without a float's tail: 0.1 gives 0.2.
export function double_text(quantity: number): string {
  const digits = /\.(\d+)$/.exec(quantity.toFixed(12).replace(/0+$/, ""))?.[1]?.length ?? 0;
  return (quantity * 2).toFixed(digits);
}

/// "Buy 100 AAPL, limit 180, day".
export function order_text(request: OrderRequest): string {
  const side = sides.find(({ id }) => id === request.side)?.label ?? request.side;
  const parts = [`${side} ${size_text(request)} ${request.symbol}`];
  const type = order_types.find(({ id }) => id === request.type)!.label.toLowerCase();
  parts.push([type, request.price, request.stop_price && `stop at ${request.stop_price}`].filter(Boolean).join(" "));
  if (request.trail_offset) parts.push(`trailing by ${request.trail_offset}`);
  if (request.trail_percent) parts.push(`trailing by ${request.trail_percent} %`);
  if (request.take_profit) parts.push(`take profit ${request.take_profit.price}`);
  if (request.stop_loss) parts.push(`stop loss ${request.stop_loss.stop_price}`);
  if (request.legs) parts.push(request.legs.map(({ price, stop_price }) => (price ? `limit ${price}` : `stop at ${stop_price ?? ""}`)).join(" or "));
  parts.push(request.good_till ? `gtd until ${request.good_till.slice(0, 16).replace("T", " ")} UTC` : request.time_in_force);
  if (request.reduce_only) parts.push("reduce only");
  if (request.extended_hours) parts.push("extended hours");
  return parts.join(", ");
}

/// An id that makes sending the same order twice one order.
export function new_client_order_id(random: () => number = Math.random): string {
  const part = () => Math.floor(random() * 36 ** 6).toString(36).padStart(6, "0");
  return `ui-${part()}${part()}`;
}
