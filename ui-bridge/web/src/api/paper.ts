import { request } from "./http";
import type { EquityPoint } from "./job_types";
import type { Account } from "./trading_types";

/// Paper accounts (HTTP contract, section 7).

export type FillPrice = "touch" | "mid_cross" | "next_tick";

export interface FillModel {
  price?: FillPrice;
  latency_ms?: number | null;
  slippage_ticks?: number | null;
  partial_fills?: boolean | null;
  fee_schedule?: Partial<Record<FeeName, number | null>> | null;
}

/// Money per order and per share or contract, and parts of the value as fractions.
export type FeeName = "commission_per_order" | "commission_per_unit" | "commission_ratio" | "exchange_per_unit" | "regulatory_sell_ratio";

export interface PaperAccount extends Account {
  fill_model?: FillModel | null;
  starting_cash?: number | null;
  leverage?: number | null;
  price_source?: string | null;
}

export interface PaperRequest {
  account_id: string;
  /// Decimal text.
  starting_cash: string;
  currency: string;
  account_type: string;
  leverage?: string;
  fill_model: { price: FillPrice; latency_ms: number; slippage_ticks: string; partial_fills: boolean; fee_schedule?: Partial<Record<FeeName, string>> };
}

const root = "/api/paper-trading";
const path = (id: string) => `${root}/accounts/${encodeURIComponent(id)}`;

export async function fetch_paper_accounts(): Promise<PaperAccount[]> {
  const { data } = await request<PaperAccount[] | { accounts: PaperAccount[] }>(`${root}/accounts`);
  return Array.isArray(data) ? data : data.accounts;
}

export async function create_paper_account(body: PaperRequest): Promise<PaperAccount> {
  return (await request<PaperAccount>(`${root}/accounts`, { method: "POST", body })).data;
}

/// @param starting_cash decimal text; absent = as it started before.
export async function reset_paper_account(id: string, starting_cash: string | undefined): Promise<PaperAccount> {
  return (await request<PaperAccount>(`${path(id)}/reset`, { method: "POST", body: { confirm: true, ...(starting_cash ? { starting_cash } : {}) } })).data;
}

export async function fetch_paper_metrics(id: string): Promise<Record<string, unknown>> {
  return (await request<Record<string, unknown>>(`${path(id)}/metrics`)).data;
}

export async function fetch_paper_equity(id: string): Promise<EquityPoint[]> {
  const { data } = await request<unknown>(`${path(id)}/equity`);
  const rows = Array.isArray(data) ? data : (["equity", "equity_curve", "points"].map((name) => (data as Record<string, unknown> | null)?.[name]).find(Array.isArray) ?? []);
  return (rows as Record<string, unknown>[]).flatMap((row) => {
    const date = row["date"] ?? row["timestamp"] ?? row["at"];
    const equity = row["equity"] ?? row["total_equity"];
    return (typeof date === "string" || typeof date === "number") && typeof equity === "number" ? [{ date: typeof date === "number" ? new Date(date * 1000).toISOString() : date, equity }] : [];
  });
}
