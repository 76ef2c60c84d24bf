import type { WebhookProfile } from "../api/webhook_types";
import { is_set } from "./profile_form";

/// Messages to paste into TradingView's alert dialog, and the address that goes
/// into its field “Webhook URL”. TradingView fills in {{…}}.

export interface MessageTemplate {
  id: string;
  title: string;
  hint: string;
  text: string;
}

/// Stands where the user's own secret goes: the terminal never learns it back.
export const secret_blank = "PUT YOUR SECRET HERE";

/// Placeholders that TradingView knows.
export const placeholders = [
  "ticker", "exchange", "interval", "open", "high", "low", "close", "volume", "time", "timenow", "syminfo.currency", "syminfo.basecurrency",
  "strategy.order.action", "strategy.order.contracts", "strategy.order.price", "strategy.order.id", "strategy.order.comment", "strategy.order.alert_message",
  "strategy.market_position", "strategy.market_position_size", "strategy.prev_market_position", "strategy.prev_market_position_size", "strategy.position_size",
] as const;

type TemplateProfile = Pick<WebhookProfile, "rules" | "strategy_id" | "sync_mode" | "name">;

export function message_templates(profile: TemplateProfile): MessageTemplate[] {
  const secret = is_set(profile.rules?.body_secret);
  const head = { ...(secret ? { secret: secret_blank } : {}), ticker: "{{ticker}}", exchange: "{{exchange}}" };
  const tail = { price: "{{close}}", timenow: "{{timenow}}", interval: "{{interval}}" };
  const strategy = { strategy: { name: profile.strategy_id || profile.name } };
  const json = (fields: object) => JSON.stringify(fields, undefined, 2);
  const position = {
    market_position: "{{strategy.market_position}}", market_position_size: "{{strategy.market_position_size}}", prev_market_position: "{{strategy.prev_market_position}}",
  };
  const orders: MessageTemplate = {
    id: "strategy", title: "Strategy: every order", hint: "In a strategy's alert, condition “Order fills only”. The reported position before the order is checked, so that a missed alert shows.",
    text: json({ ...head, action: "{{strategy.order.action}}", contracts: "{{strategy.order.contracts}}", price: "{{strategy.order.price}}", ...position, comment: "{{strategy.order.comment}}", timenow: "{{timenow}}", ...strategy }),
  };
  const sync: MessageTemplate = {
    id: "position", title: "Strategy: hold its position", hint: "For profiles that follow the position: the node trades the difference to what the strategy reports.",
    text: json({ ...head, action: "{{strategy.order.action}}", contracts: "{{strategy.order.contracts}}", ...position, timenow: "{{timenow}}", ...strategy }),
  };
  const prefix = secret ? `secret=${secret_blank};` : "";
  return [
    ...(profile.sync_mode === "position" ? [sync, orders] : [orders, sync]),
    { id: "buy", title: "Indicator: buy", hint: "For an indicator's alert. Change the number of contracts.", text: json({ ...head, action: "buy", contracts: "1", ...tail }) },
    { id: "sell", title: "Indicator: sell", hint: "For an indicator's alert. Change the number of contracts.", text: json({ ...head, action: "sell", contracts: "1", ...tail }) },
    { id: "close", title: "Close the position", hint: "Reduces to zero; already flat is no error.", text: json({ ...head, action: "close", ...tail }) },
    { id: "note", title: "A note, no order", hint: "Recorded and shown, trades nothing.", text: json({ ...head, action: "info", message: "{{ticker}} at {{close}}", timenow: "{{timenow}}" }) },
    { id: "text", title: "As plain text", hint: "The same in key=value form.", text: `${prefix}action=buy;ticker={{ticker}};contracts=1;timenow={{timenow}}` },
  ];
}

/// @param token undefined = it was shown once and is not known any more.
export function webhook_url(origin: string, token: string | undefined): string {
  return `${origin}/webhook/tradingview/${token ?? "PATH-TOKEN"}`;
}

/// Why TradingView could not reach an address; empty = nothing speaks against it.
export function reach_problem(origin: string): string {
  const { hostname, protocol, port } = new URL(origin);
  if (hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.")) return "TradingView cannot reach this computer's own address. Give the node a public name, or a tunnel; see WEBHOOK_LISTEN.";
  if (/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(hostname)) return "TradingView cannot reach an address of a private network.";
  const used = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return used === "80" || used === "443" ? "" : "TradingView posts to ports 80 and 443 only; see WEBHOOK_LISTEN.";
}
