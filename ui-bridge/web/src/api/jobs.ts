import { href, request } from "./http";
import type {
  BacktestReport, BacktestRequest, BacktestTrade, JobRow, JobState, LogLine, StudyReport, StudyRequest, Trial,
} from "./job_types";

/// Routes of backtests and studies, one function each.

/// Which of the two families of jobs.
export type JobFamily = "backtest" | "optimize";

const part = (id: string) => encodeURIComponent(id);

export interface JobPage {
  rows: JobRow[];
  next_cursor: string | undefined;
}

export async function submit_backtest(body: BacktestRequest): Promise<string> {
  return (await request<{ backtest_id: string }>("/api/backtest/strategy", { method: "POST", body })).data.backtest_id;
}

export async function submit_study(body: StudyRequest): Promise<string> {
  return (await request<{ study_id: string }>("/api/optimize/study", { method: "POST", body })).data.study_id;
}

/// @param limit at most this many, newest first.
export async function list_jobs(family: JobFamily, limit: number, cursor?: string): Promise<JobPage> {
  const { data, headers } = await request<JobRow[] | Record<string, unknown>>(`/api/${family}`, { query: { limit, cursor } });
  if (Array.isArray(data)) return { rows: data, next_cursor: headers.get("x-next-cursor") ?? undefined };
  const rows = (data["backtests"] ?? data["studies"] ?? []) as JobRow[];
  return { rows, next_cursor: (data["next_cursor"] as string | null | undefined) ?? undefined };
}

export async function job_state(family: JobFamily, id: string, signal?: AbortSignal): Promise<JobState> {
  return (await request<JobState>(`/api/${family}/${part(id)}/status`, { signal })).data;
}

export async function cancel_job(family: JobFamily, id: string): Promise<void> {
  await request(`/api/${family}/${part(id)}`, { method: "DELETE" });
}

export async function backtest_results(id: string): Promise<BacktestReport> {
  return (await request<BacktestReport>(`/api/backtest/${part(id)}/results`, { timeout_ms: 60_000 })).data;
}

export async function study_results(id: string): Promise<StudyReport> {
  return (await request<StudyReport>(`/api/optimize/${part(id)}/results`, { timeout_ms: 60_000 })).data;
}

export async function pause_study(id: string): Promise<void> {
  await request(`/api/optimize/${part(id)}/pause`, { method: "POST", body: {} });
}

export async function resume_study(id: string): Promise<void> {
  await request(`/api/optimize/${part(id)}/resume`, { method: "POST", body: {} });
}

/// One page of a paged list, which the contract lets be bare or wrapped.
interface ListPage<T> {
  items: T[];
  next_cursor: string | undefined;
}

async function page<T>(path: string, name: string, query: Record<string, string | number | undefined>): Promise<ListPage<T>> {
  const { data, headers } = await request<T[] | Record<string, unknown>>(path, { query, timeout_ms: 60_000 });
  if (Array.isArray(data)) return { items: data, next_cursor: headers.get("x-next-cursor") ?? undefined };
  return { items: (data[name] ?? []) as T[], next_cursor: (data["next_cursor"] as string | null | undefined) ?? undefined };
}

export function backtest_trades(id: string, limit: number, cursor?: string): Promise<ListPage<BacktestTrade>> {
  return page(`/api/backtest/${part(id)}/trades`, "trades", { limit, cursor });
}

export function backtest_logs(id: string, limit: number, cursor?: string): Promise<ListPage<LogLine | string>> {
  return page(`/api/backtest/${part(id)}/logs`, "logs", { limit, cursor });
}

export function study_trials(id: string, limit: number, sort?: string, cursor?: string): Promise<ListPage<Trial>> {
  return page(`/api/optimize/${part(id)}/trials`, "trials", { limit, sort, cursor });
}

/// Where the browser downloads a run's table from.
export function download_link(id: string, what: "trades" | "equity" | "logs"): string {
  return href(`/api/backtest/${part(id)}/${what}`, { format: "csv" });
}

export const report_link = (family: JobFamily, id: string): string => `/api/${family}/${part(id)}/results`;
export const progress_path = (family: JobFamily, id: string): string => `/api/${family}/${part(id)}/progress`;
