import type { InputValue } from "../api/job_types";
import type { Strategy, StrategyKind, StrategyRequest, StrategySizing } from "../api/strategy_types";
import { symbol_list, value_of } from "../jobs/request_form";
import type { Problems } from "../jobs/request_form";
import { is_positive_decimal } from "../trading/order_form";

/// The form that registers or changes a strategy: text as typed, checked, made
/// into the request. A new strategy runs on paper; live is a step of its own.

export interface StrategyForm {
  strategy_id: string;
  name: string;
  kind: StrategyKind;
  /// Pine: a script of the editor; YAML: the text below.
  script_id: string;
  yaml: string;
  /// Given source instead of a script's, from a backtest.
  source: string;
  symbols: string;
  timeframe: string;
  account_id: string;
  enabled: boolean;
  sizing: StrategySizing["mode"];
  size: string;
  min_win_rate: string;
  evaluation_period: string;
  inputs: Record<string, string>;
}

/// How big an order of a strategy is that webhooks feed; scripts and jobs say
/// it themselves.
export const sizings: readonly { id: StrategySizing["mode"]; label: string }[] = [
  { id: "script", label: "As the alert says" }, { id: "fixed", label: "A fixed quantity" }, { id: "weight", label: "A share of the equity" },
];

export function fresh_strategy(symbol: string): StrategyForm {
  return {
    strategy_id: "", name: "", kind: "pine", script_id: "", yaml: "", source: "", symbols: symbol, timeframe: "5m", account_id: "", enabled: false, sizing: "script", size: "",
    min_win_rate: "55", evaluation_period: "20", inputs: {},
  };
}

export function form_of(strategy: Strategy): StrategyForm {
  const sizing = typeof strategy.sizing === "object" && strategy.sizing !== null ? (strategy.sizing as { mode?: string; quantity?: unknown; weight?: unknown }) : {};
  const mode = sizings.find(({ id }) => id === sizing.mode)?.id ?? "script";
  const inputs = Object.fromEntries(Object.entries(strategy.inputs ?? {}).map(([name, value]) => [name, String(value)]));
  return {
    ...fresh_strategy(""), strategy_id: strategy.strategy_id, name: strategy.name ?? "", kind: strategy.kind, symbols: (strategy.symbols ?? []).join(", "), timeframe: strategy.timeframe ?? "5m",
    account_id: strategy.account_id ?? "", enabled: strategy.enabled, sizing: mode, size: String(sizing.quantity ?? sizing.weight ?? ""), min_win_rate: String(strategy.min_win_rate ?? 55),
    evaluation_period: String(strategy.evaluation_period ?? 20), inputs,
  };
}

/// "Two averages 2" → "two-averages-2": an id that the contract allows.
export function id_from(name: string): string {
  return name.trim().toLowerCase().replace(/[^a-z0-9_.-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 64);
}

export type BuiltStrategy = { request: StrategyRequest; problems?: undefined } | { request?: undefined; problems: Problems };

/// @param source the script's text, for kind pine and a new strategy.
/// @param known the strategy that is changed; its id, kind and source stay.
export function build_strategy(form: StrategyForm, source: string, known?: Strategy): BuiltStrategy {
  const problems: Problems = {};
  const strategy_id = form.strategy_id.trim() || id_from(form.name);
  if (!known && !/^[A-Za-z0-9_.-]{1,64}$/.test(strategy_id)) problems["strategy_id"] = strategy_id === "" ? "Needed" : "Letters, digits, “_”, “.” and “-” only";
  const symbols = symbol_list(form.symbols);
  if (form.kind === "pine" && symbols.length === 0) problems["symbols"] = "Name at least one symbol";
  const text = form.kind === "yaml" ? form.yaml : source;
  if (!known && form.kind !== "webhook" && text.trim() === "") problems["source"] = form.kind === "yaml" ? "Paste the job's YAML" : "The script is empty";
  const size = form.size.trim();
  const sizing = form.kind === "webhook" ? form.sizing : "script";
  if (sizing !== "script" && !is_positive_decimal(size)) problems["size"] = size === "" ? "Needed" : "A number above 0";
  else if (sizing === "weight" && Number(size) > 1) problems["size"] = "At most 1 (= 100 %)";
  const min_win_rate = Number(form.min_win_rate);
  if (form.min_win_rate.trim() === "" || !(min_win_rate >= 0 && min_win_rate <= 100)) problems["min_win_rate"] = "Percent, 0 to 100";
  const evaluation_period = Number(form.evaluation_period);
  if (!Number.isInteger(evaluation_period) || evaluation_period < 1) problems["evaluation_period"] = "Trades, 1 or more";
  if (Object.keys(problems).length > 0) return { problems };
  const inputs = Object.entries(form.inputs).filter(([, value]) => value.trim() !== "").map(([name, value]): [string, InputValue] => [name, value_of(value)]);
  const common: StrategyRequest = {
    name: form.name.trim() || strategy_id, ...(form.account_id === "" ? {} : { account_id: form.account_id }), min_win_rate, evaluation_period,
    ...(form.kind === "pine" ? { symbols, timeframe: form.timeframe, inputs: Object.fromEntries(inputs) } : {}),
    ...(form.kind === "webhook" ? { sizing: sizing_of(sizing, size) } : {}),
  };
  if (known) return { request: common };
  return { request: { strategy_id, kind: form.kind, ...common, mode: "paper", enabled: form.enabled, ...(form.kind === "webhook" ? {} : { source: text }) } };
}

function sizing_of(mode: StrategySizing["mode"], size: string): StrategySizing {
  if (mode === "fixed") return { mode, quantity: size };
  return mode === "weight" ? { mode, weight: size } : { mode };
}
