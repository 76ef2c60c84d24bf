import type { Alert, AlertCondition, AlertRepeat, AlertRequest } from "../api/alert_types";
import type { Problems } from "../jobs/request_form";
import { is_positive_decimal } from "../trading/order_form";

/// The form of an alert: text as typed, checked, made into the request. The
/// gateway checks again; this only finds slips before sending.

export interface ConditionKind {
  id: AlertCondition;
  label: string;
  /// What the value is; undefined = the condition has none.
  value?: { label: string; fallback?: string; is_price?: boolean; most?: number };
  /// Judged on bars, not on each tick: it has a timeframe.
  on_bars?: boolean;
}

export const conditions: readonly ConditionKind[] = [
  { id: "price_cross_above", label: "Price crosses above", value: { label: "Price", is_price: true } },
  { id: "price_cross_below", label: "Price crosses below", value: { label: "Price", is_price: true } },
  { id: "price_above", label: "Price is above", value: { label: "Price", is_price: true } },
  { id: "price_below", label: "Price is below", value: { label: "Price", is_price: true } },
  { id: "volume_above", label: "Volume is above", value: { label: "Volume" }, on_bars: true },
  { id: "volume_below", label: "Volume is below", value: { label: "Volume" }, on_bars: true },
  { id: "rsi_overbought", label: "RSI is overbought", value: { label: "RSI above", fallback: "70", most: 100 }, on_bars: true },
  { id: "rsi_oversold", label: "RSI is oversold", value: { label: "RSI below", fallback: "30", most: 100 }, on_bars: true },
  { id: "macd_signal", label: "MACD crosses its signal", on_bars: true },
  { id: "bollinger_break", label: "Price leaves the Bollinger bands", on_bars: true },
  { id: "custom", label: "Expression", on_bars: true },
];

export const repeats: readonly { id: AlertRepeat; label: string }[] = [
  { id: "once", label: "Once" }, { id: "once_per_bar", label: "Once per bar" }, { id: "always", label: "Every time" },
];

export const alert_order_types = ["market", "limit", "stop"] as const;
export const alert_sides = ["buy", "sell", "sell_short", "buy_to_cover"] as const;

/// The contract's limit of an expression.
export const expression_limit = 2_000;

export interface AlertForm {
  symbol: string;
  condition: AlertCondition;
  condition_value: string;
  expression: string;
  /// "" = the gateway's own choice.
  timeframe: string;
  message: string;
  repeat: AlertRepeat;
  /// As `datetime-local` inputs write it, this computer's time; "" = never.
  expires_at: string;
  auto_execute: boolean;
  order_side: string;
  order_quantity: string;
  order_type: string;
  order_price: string;
  account_id: string;
  webhook_url: string;
  tags: string;
}

export function fresh_alert(symbol: string): AlertForm {
  return {
    symbol, condition: "price_cross_above", condition_value: "", expression: "", timeframe: "", message: "", repeat: "once", expires_at: "", auto_execute: false,
    order_side: "", order_quantity: "", order_type: "market", order_price: "", account_id: "", webhook_url: "", tags: "",
  };
}

export const condition_kind = (id: string | undefined): ConditionKind | undefined => conditions.find((kind) => kind.id === id);

/// What an existing alert looks like in the form.
export function form_of(alert: Alert): AlertForm {
  const text = (value: unknown) => (value === null || value === undefined ? "" : String(value));
  return {
    symbol: alert.symbol ?? "", condition: condition_kind(alert.condition)?.id ?? "price_above", condition_value: text(alert.condition_value), expression: text(alert.expression), timeframe: text(alert.timeframe),
    message: text(alert.message), repeat: alert.repeat ?? "once", expires_at: local_text(alert.expires_at), auto_execute: alert.auto_execute ?? false, order_side: text(alert.order_side),
    order_quantity: text(alert.order_quantity), order_type: alert.order_type ?? "market", order_price: text(alert.order_price), account_id: text(alert.account_id),
    webhook_url: text(alert.webhook_url), tags: (alert.tags ?? []).join(", "),
  };
}

export type BuiltAlert = { request: AlertRequest; problems?: undefined } | { request?: undefined; problems: Problems };

/// @param known the alert that is changed: what it has and the form has not any
/// more is taken away by null.
export function build_alert(form: AlertForm, now_ms: number, known?: Alert): BuiltAlert {
  const problems: Problems = {};
  const symbol = form.symbol.trim().toUpperCase();
  if (symbol === "") problems["symbol"] = "Needed";
  const request: AlertRequest = { symbol, condition: form.condition, message: form.message.trim(), repeat: form.repeat, auto_execute: form.auto_execute };
  add_condition(form, request, problems);
  add_order(form, request, problems);
  if (form.expires_at !== "") {
    const at = new Date(form.expires_at);
    if (Number.isNaN(at.getTime())) problems["expires_at"] = "No date";
    else if (at.getTime() <= now_ms) problems["expires_at"] = "In the past";
    else request.expires_at = at.toISOString();
  }
  const url = form.webhook_url.trim();
  if (url !== "") {
    request.webhook_url = url;
    if (!/^https:\/\/[^\s/]+/i.test(url)) problems["webhook_url"] = "An https address";
  }
  request.tags = form.tags.split(",").map((tag) => tag.trim()).filter(Boolean);
  if (Object.keys(problems).length > 0) return { problems };
  if (!known) {
    if (request.message === "") delete request.message;
    if (request.tags.length === 0) delete request.tags;
    return { request };
  }
  for (const field of clearable) if (known[field] !== null && known[field] !== undefined && request[field] === undefined) request[field] = null;
  return { request };
}

const clearable = ["condition_value", "expression", "timeframe", "expires_at", "order_type", "order_side", "order_quantity", "order_price", "account_id", "webhook_url"] as const;

function add_condition(form: AlertForm, request: AlertRequest, problems: Problems): void {
  if (condition_kind(form.condition)?.on_bars && form.timeframe !== "") request.timeframe = form.timeframe;
  if (form.condition === "custom") {
    request.expression = form.expression.trim();
    if (request.expression === "") problems["expression"] = "Needed";
    else if (request.expression.length > expression_limit) problems["expression"] = `At most ${expression_limit} characters`;
    return;
  }
  const value = condition_kind(form.condition)?.value;
  if (!value) return;
  const text = form.condition_value.trim() || (value.fallback ?? "");
  if (!is_positive_decimal(text)) problems["condition_value"] = text === "" ? "Needed" : "A number above 0";
  else if (value.most !== undefined && Number(text) > value.most) problems["condition_value"] = `At most ${value.most}`;
  request.condition_value = text;
}

function add_order(form: AlertForm, request: AlertRequest, problems: Problems): void {
  if (!form.auto_execute) return;
  const quantity = form.order_quantity.trim();
  if (form.order_side === "") problems["order_side"] = "Choose a side";
  if (!is_positive_decimal(quantity)) problems["order_quantity"] = quantity === "" ? "Needed" : "A number above 0";
  Object.assign(request, { order_type: form.order_type, order_side: form.order_side, order_quantity: quantity });
  if (form.order_type !== "market") {
    const price = form.order_price.trim();
    if (!is_positive_decimal(price)) problems["order_price"] = price === "" ? "Needed" : "A number above 0";
    request.order_price = price;
  }
  if (form.account_id !== "") request.account_id = form.account_id;
}

/// An ISO instant as `datetime-local` inputs write it, in this computer's time.
function local_text(iso: string | null | undefined): string {
  const at = iso ? new Date(iso) : undefined;
  if (!at || Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/// "AAPL price crosses above 200": the alert in words.
export function alert_text(alert: Pick<Alert, "symbol" | "condition" | "condition_value" | "expression" | "alert_type" | "message">): string {
  if (!alert.condition) return alert.message || alert.alert_type || "note";
  if (alert.condition === "custom") return `${alert.symbol ?? ""} ${alert.expression ?? "expression"}`.trim();
  const label = condition_kind(alert.condition)?.label.toLowerCase() ?? alert.condition.replaceAll("_", " ");
  const has_value = alert.condition_value !== null && alert.condition_value !== undefined;
  return [alert.symbol, label, has_value ? String(alert.condition_value) : ""].filter(Boolean).join(" ");
}

const note_kinds: Readonly<Record<string, string>> = { job_notice: "Notice of a job", divergence: "Divergence", notice: "Notice" };

/// What a note, which waits for nothing, is about: its kind, and whose it is.
export function note_text({ alert_type, strategy }: Pick<Alert, "alert_type" | "strategy">): string {
  const kind = note_kinds[alert_type ?? ""] ?? (alert_type ?? "note").replaceAll("_", " ");
  return strategy ? `${kind}: ${strategy}` : kind;
}

export const is_price_alert = (alert: Pick<Alert, "condition">): boolean => condition_kind(alert.condition)?.value?.is_price === true;

/// The crossing that a price away from the last one waits for.
export function crossing_to(price: number, last: number | undefined): AlertCondition {
  return last !== undefined && price < last ? "price_cross_below" : "price_cross_above";
}
