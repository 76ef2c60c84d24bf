import { request } from "./http";
import type {
  Divergence, PinePreview, PreviewRequest, Strategy, StrategyMode, StrategyPerformance, StrategyRequest, StrategyRun, StrategySet, StrategySignal, StrategyTransition,
} from "./strategy_types";

/// Routes of strategies, one function each.

const root = "/api/v1/strategies";
const path = (id: string) => `${root}/${encodeURIComponent(id)}`;
/// A preview computes: it may take longer than a reading.
const preview_timeout_ms = 60_000;

export async function fetch_strategies(): Promise<Strategy[]> {
  const { data } = await request<Strategy[] | { strategies: Strategy[] }>(root);
  return Array.isArray(data) ? data : data.strategies;
}

export async function fetch_strategy(id: string): Promise<Strategy> {
  return (await request<Strategy>(path(id))).data;
}

export async function register_strategy(body: StrategyRequest): Promise<Strategy> {
  return (await request<Strategy>(root, { method: "POST", body })).data;
}

export async function change_strategy(id: string, body: StrategyRequest): Promise<Strategy> {
  return (await request<Strategy>(path(id), { method: "PATCH", body })).data;
}

export async function remove_strategy(id: string): Promise<void> {
  await request(path(id), { method: "DELETE" });
}

export async function put_source(id: string, source: string): Promise<Partial<Strategy>> {
  return (await request<Partial<Strategy>>(`${path(id)}/source`, { method: "PUT", body: { source } })).data;
}

export async function steer_strategy(id: string, what: "enable" | "disable" | "run-now"): Promise<Partial<Strategy> | undefined> {
  return (await request<Partial<Strategy> | undefined>(`${path(id)}/${what}`, { method: "POST", body: {} })).data;
}

export async function set_mode(id: string, new_mode: StrategyMode, reason: string): Promise<Partial<Strategy> | undefined> {
  return (await request<Partial<Strategy> | undefined>(`${path(id)}/mode`, { method: "POST", body: { new_mode, reason } })).data;
}

async function rows<T>(id: string, what: string, limit: number): Promise<T[]> {
  const { data } = await request<T[] | Record<string, unknown>>(`${path(id)}/${what}`, { query: { limit } });
  return Array.isArray(data) ? data : ((data[what] ?? []) as T[]);
}

export const fetch_signals = (id: string, limit: number) => rows<StrategySignal>(id, "signals", limit);
export const fetch_runs = (id: string, limit: number) => rows<StrategyRun>(id, "runs", limit);
export const fetch_sets = (id: string, limit: number) => rows<StrategySet>(id, "sets", limit);
export const fetch_transitions = (id: string, limit: number) => rows<StrategyTransition>(id, "transitions", limit);

export async function fetch_performance(id: string): Promise<StrategyPerformance> {
  return (await request<StrategyPerformance>(`${path(id)}/performance`)).data;
}

/// Runs a backtest: may take longer than a reading.
export async function fetch_divergence(id: string, day: string, symbol: string): Promise<Divergence> {
  return (await request<Divergence>(`${path(id)}/divergence`, { query: { day, symbol: symbol || undefined }, timeout_ms: preview_timeout_ms })).data;
}

export async function fetch_plots(id: string, symbol: string, limit: number, signal?: AbortSignal): Promise<PinePreview> {
  return (await request<PinePreview>(`${path(id)}/plots`, { query: { symbol, limit }, signal })).data;
}

export async function preview_script(body: PreviewRequest, signal?: AbortSignal): Promise<PinePreview> {
  return (await request<PinePreview>(`${root}/preview`, { method: "POST", body, signal, timeout_ms: preview_timeout_ms })).data;
}
