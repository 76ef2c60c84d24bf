import type { AlertRequest } from "../api/alert_types";
import { alert_text } from "../alerts/alert_form";
import { times_in_force } from "../trading/order_form";
import type { OrderForm } from "../trading/order_form";
import { symbol_list } from "../jobs/request_form";
import { timeframes } from "../market/timeframes";
import type { Timeframe } from "../market/timeframes";
import { canonical_timeframe } from "../stream/types";

/// The command line: text to an intention. Sends nothing by itself; orders
/// open the ticket, where they are previewed and confirmed.

export type Command =
  | { kind: "show"; symbol: string; timeframe: Timeframe }
  | { kind: "timeframe"; timeframe: Timeframe }
  | { kind: "order"; draft: Partial<OrderForm> }
  | { kind: "close"; symbol: string }
  | { kind: "flatten" }
  | { kind: "cancel"; symbol: string }
  | { kind: "stop" }
  | { kind: "backtest"; script: string; symbols: string[]; timeframe: Timeframe | undefined }
  | { kind: "alert"; request: AlertRequest }
  | { kind: "strategy"; what: "enable" | "disable" | "run-now"; id: string }
  | { kind: "panel"; id: string }
  | { kind: "preset"; id: string }
  | { kind: "theme"; theme: "dark" | "light" }
  | { kind: "help" };

/// What the words mean, or why they do not yet mean anything.
export type Parsed =
  | { command: Command; label: string; problem?: undefined }
  | { command?: undefined; problem: string; usage: string };

export interface CommandContext {
  /// Shown symbol, for orders that name none; may be empty.
  symbol: string;
  scripts: readonly string[];
  /// Ids of the strategies on the node; empty = not known.
  strategies: readonly string[];
  panels: readonly { id: string; title: string }[];
  presets: readonly { id: string; title: string }[];
}

interface Verb {
  words: readonly string[];
  usage: string;
  does: string;
  read(rest: readonly string[], context: CommandContext, verb: string): Parsed | string;
}

const done = (command: Command, label: string): Parsed => ({ command, label });

export const verbs: readonly Verb[] = [
  { words: ["buy", "sell", "short", "cover"], usage: "buy 100 AAPL limit 180 gtc", does: "Fill in the order ticket", read: read_order },
  { words: ["close"], usage: "close AAPL", does: "Close the position in a symbol", read: ([symbol]) => (symbol ? done({ kind: "close", symbol: upper(symbol) }, `Close the position in ${upper(symbol)}`) : "Which symbol?") },
  { words: ["flatten"], usage: "flatten", does: "Close every position, cancel every order", read: ([extra]) => (extra ? "flatten takes no symbol; use: close SYMBOL" : done({ kind: "flatten" }, "Close every position and cancel every order")) },
  { words: ["cancel"], usage: "cancel all | cancel AAPL", does: "Cancel working orders", read: read_cancel },
  { words: ["kill", "halt", "stop"], usage: "kill", does: "Stop trading", read: ([extra]) => (extra ? "kill takes nothing more" : done({ kind: "stop" }, "Stop trading…")) },
  { words: ["bt", "backtest"], usage: "bt momentum SPY,AAPL 1h", does: "Backtest a script", read: read_backtest },
  { words: ["alert"], usage: "alert AAPL above 200", does: "Set an alert on price, volume or RSI; further words are its message", read: read_alert },
  { words: ["strategy", "strat"], usage: "strategy on momentum", does: "Switch a strategy on or off, or run a job now (on, off, run)", read: read_strategy },
  { words: ["open", "panel", "go"], usage: "open orders", does: "Open a panel", read: read_panel },
  { words: ["layout", "preset"], usage: "layout research", does: "Arrange the panels", read: read_preset },
  { words: ["theme"], usage: "theme light", does: "Dark or light", read: ([theme]) => (theme === "dark" || theme === "light" ? done({ kind: "theme", theme }, `Use the ${theme} theme`) : "dark or light?") },
  { words: ["help"], usage: "help", does: "Keys and commands", read: () => done({ kind: "help" }, "Show keys and commands") },
];

/// @return undefined for what is no command: then it is a search.
export function parse_command(text: string, context: CommandContext): Parsed | undefined {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const first = words[0]?.toLowerCase();
  if (first === undefined) return undefined;
  const verb = verbs.find((candidate) => candidate.words.includes(first));
  if (verb) {
    const read = verb.read(words.slice(1), context, first);
    return typeof read === "string" ? { problem: read, usage: verb.usage } : read;
  }
  const last = timeframe_word(words.at(-1)!);
  if (words.length === 2 && last) return done({ kind: "show", symbol: upper(words[0]!), timeframe: last }, `Show ${upper(words[0]!)} in ${last.label} bars`);
  if (words.length === 1 && last) return done({ kind: "timeframe", timeframe: last }, `Show ${last.label} bars`);
  return undefined;
}

/// Verbs that a started word may become.
export function verbs_like(text: string): readonly Verb[] {
  const word = text.trim().toLowerCase();
  if (word === "" || /\s/.test(word)) return [];
  return verbs.filter(({ words }) => words.some((candidate) => candidate.startsWith(word)));
}

const upper = (text: string) => text.toUpperCase();

/// "5m", "1h", "D"; a bare number is a quantity or a price, not a timeframe.
export function timeframe_word(word: string): Timeframe | undefined {
  if (/^\d*$/.test(word)) return undefined;
  const id = canonical_timeframe(word);
  return timeframes.find((timeframe) => timeframe.id === id);
}

const is_number = (word: string) => /^\d*\.?\d+$/.test(word);

const order_sides: Record<string, OrderForm["side"]> = { buy: "buy", sell: "sell", short: "sell_short", cover: "buy_to_cover" };

function read_order(rest: readonly string[], context: CommandContext, verb: string): Parsed | string {
  const draft: Partial<OrderForm> = { side: order_sides[verb]!, type: "market", quantity: "", symbol: "" };
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!.toLowerCase();
    if (word === "limit" || word === "@" || word === "stop") {
      const price = rest[++i];
      if (price === undefined || !is_number(price)) return `${word} needs a price`;
      if (word === "stop") draft.stop_price = price;
      else draft.price = price;
    } else if (/^@[\d.]+$/.test(word)) draft.price = word.slice(1);
    else if (word === "market") continue;
    else if (word === "trail") {
      const trail = rest[++i] ?? "";
      if (!is_number(trail.replace(/%$/, ""))) return "trail needs a distance";
      draft.trail = trail.replace(/%$/, "");
      draft.trail_unit = trail.endsWith("%") ? "percent" : "offset";
    } else if ((times_in_force as readonly string[]).includes(word)) draft.time_in_force = word;
    else if (word === "reduce") draft.reduce_only = true;
    else if (is_number(word) && draft.quantity === "") draft.quantity = word;
    else if (draft.symbol === "" && !is_number(word)) draft.symbol = upper(word);
    else return `“${rest[i]}” is not understood`;
  }
  draft.type = draft.trail ? "trailing_stop" : draft.price && draft.stop_price ? "stop_limit" : draft.price ? "limit" : draft.stop_price ? "stop" : "market";
  draft.symbol ||= context.symbol;
  if (draft.quantity === "") return "How many?";
  if (draft.symbol === "") return "Which symbol?";
  const at = [draft.price && `limit ${draft.price}`, draft.stop_price && `stop ${draft.stop_price}`, draft.trail && `trailing ${draft.trail}`].filter(Boolean).join(" ");
  return done({ kind: "order", draft }, `Order ticket: ${verb} ${draft.quantity} ${draft.symbol} ${at || "at market"}${draft.time_in_force ? ` ${draft.time_in_force}` : ""}`);
}

function read_cancel([what, extra]: readonly string[]): Parsed | string {
  if (what === undefined) return "all, or a symbol?";
  if (extra !== undefined) return `“${extra}” is not understood`;
  if (what.toLowerCase() === "all") return done({ kind: "cancel", symbol: "" }, "Cancel all working orders");
  return done({ kind: "cancel", symbol: upper(what) }, `Cancel working orders in ${upper(what)}`);
}

function read_backtest(rest: readonly string[], context: CommandContext): Parsed | string {
  const [wanted, ...others] = rest;
  if (wanted === undefined) return context.scripts.length > 0 ? `Which script? ${context.scripts.slice(0, 5).join(", ")}` : "There are no scripts yet";
  const script = best_match(wanted, context.scripts, (name) => name);
  if (script === undefined) return `No script is called “${wanted}”`;
  const frame = others.length > 0 ? timeframe_word(others.at(-1)!) : undefined;
  const named = symbol_list((frame ? others.slice(0, -1) : others).join(","));
  const symbols = named.length > 0 ? named : context.symbol ? [context.symbol] : [];
  if (symbols.length === 0) return "Which symbol?";
  return done({ kind: "backtest", script, symbols, timeframe: frame }, `Backtest ${script} on ${symbols.join(", ")}${frame ? ` in ${frame.label} bars` : ""}`);
}

const alert_conditions = {
  price: { above: "price_above", below: "price_below" },
  volume: { above: "volume_above", below: "volume_below" },
  rsi: { above: "rsi_overbought", below: "rsi_oversold" },
  cross: { above: "price_cross_above", below: "price_cross_below" },
} as const;
const directions: Record<string, "above" | "below"> = { above: "above", over: "above", ">": "above", below: "below", under: "below", "<": "below" };

function read_alert(rest: readonly string[], context: CommandContext): Parsed | string {
  let measure: keyof typeof alert_conditions = "price";
  let symbol = "";
  let i = 0;
  for (; i < rest.length && !directions[rest[i]!.toLowerCase()]; i++) {
    const word = rest[i]!.toLowerCase().replace(/^cross(?:es|ing)$/, "cross");
    if (word in alert_conditions) measure = word as typeof measure;
    else if (symbol === "" && !is_number(word)) symbol = upper(word);
    else return `“${rest[i]}” is not understood`;
  }
  const direction = directions[rest[i]?.toLowerCase() ?? ""];
  if (!direction) return "above or below what?";
  const value = rest[i + 1];
  if (value === undefined || !is_number(value) || !/[1-9]/.test(value)) return `${direction} what?`;
  symbol ||= context.symbol;
  if (symbol === "") return "Which symbol?";
  const message = rest.slice(i + 2).join(" ");
  const request: AlertRequest = { symbol, condition: alert_conditions[measure][direction], condition_value: value, ...(message ? { message } : {}) };
  return done({ kind: "alert", request }, `Set an alert: ${alert_text({ symbol, condition: request.condition!, condition_value: Number(value) })}${message ? ` (${message})` : ""}`);
}

const strategy_words: Record<string, Extract<Command, { kind: "strategy" }>["what"]> = { on: "enable", enable: "enable", off: "disable", disable: "disable", run: "run-now" };

function read_strategy([word = "", ...rest]: readonly string[], { strategies }: CommandContext): Parsed | string {
  const what = strategy_words[word.toLowerCase()];
  if (!what) return "on, off or run?";
  const wanted = rest.join(" ");
  if (wanted === "") return strategies.length > 0 ? `Which strategy? ${strategies.slice(0, 5).join(", ")}` : "Which strategy?";
  const id = strategies.length > 0 ? best_match(wanted, strategies, (name) => name) : wanted;
  if (id === undefined) return `No strategy is called “${wanted}”`;
  return done({ kind: "strategy", what, id }, what === "run-now" ? `Run ${id} now` : `Switch ${id} ${what === "enable" ? "on" : "off"}`);
}

function read_panel(rest: readonly string[], { panels }: CommandContext): Parsed | string {
  const wanted = rest.join(" ");
  const panel = wanted === "" ? undefined : (best_match(wanted, panels, ({ title }) => title) ?? best_match(wanted, panels, ({ id }) => id));
  if (!panel) return wanted === "" ? "Which panel?" : `No panel is called “${wanted}”`;
  return done({ kind: "panel", id: panel.id }, `Open ${panel.title}`);
}

function read_preset(rest: readonly string[], { presets }: CommandContext): Parsed | string {
  const wanted = rest.join(" ");
  const preset = wanted === "" ? undefined : best_match(wanted, presets, ({ title }) => title);
  if (!preset) return `Which? ${presets.map(({ title }) => title.toLowerCase()).join(", ")}`;
  return done({ kind: "preset", id: preset.id }, `Arrange the panels for ${preset.title.toLowerCase()}`);
}

/// The same name, else the first that begins so.
function best_match<T>(wanted: string, items: readonly T[], name_of: (item: T) => string): T | undefined {
  const word = wanted.toLowerCase();
  return items.find((item) => name_of(item).toLowerCase() === word) ?? items.find((item) => name_of(item).toLowerCase().startsWith(word));
}
