import { request } from "./http";
import type {
  Account, Execution, Order, OrderPreview, OrderRequest, Position, ResumeTicket, RiskState, StopReply,
} from "./trading_types";

/// Routes of accounts, orders and risk, one function each. Nothing here
/// guesses: what an order became is what the answer or the stream says.

export async function fetch_accounts(): Promise<Account[]> {
  const { data } = await request<Account[] | { accounts: Account[] }>("/api/v1/accounts");
  return Array.isArray(data) ? data : data.accounts;
}

export async function fetch_positions(): Promise<Position[]> {
  const { data } = await request<Position[] | { positions: Position[] }>("/api/v1/positions");
  return Array.isArray(data) ? data : data.positions;
}

/// Newest first.
export async function fetch_orders(limit: number): Promise<Order[]> {
  const { data } = await request<Order[] | { orders: Order[] }>("/api/v1/orders", { query: { limit } });
  return Array.isArray(data) ? data : data.orders;
}

export async function fetch_executions(limit: number): Promise<Execution[]> {
  const { data } = await request<Execution[] | { executions: Execution[] }>("/api/v1/executions", { query: { limit } });
  return Array.isArray(data) ? data : data.executions;
}

export async function preview_order(body: OrderRequest): Promise<OrderPreview> {
  return (await request<OrderPreview>("/api/v1/orders/preview", { method: "POST", body })).data;
}

export async function place_order(body: OrderRequest): Promise<Order> {
  return (await request<Order>("/api/v1/orders", { method: "POST", body })).data;
}

export async function cancel_order(order_id: string): Promise<Order & { changed?: boolean }> {
  return (await request<Order & { changed?: boolean }>(`/api/v1/orders/${encodeURIComponent(order_id)}`, { method: "DELETE" })).data;
}

export interface OrderChange {
  /// Decimal text.
  price?: string;
  stop_price?: string;
  /// Refused when the order has changed since.
  if_version?: number;
}

export async function change_order(order_id: string, body: OrderChange): Promise<Order> {
  return (await request<Order>(`/api/v1/orders/${encodeURIComponent(order_id)}`, { method: "PATCH", body })).data;
}

export interface CancelScope {
  account_id?: string;
  symbol?: string;
}

export async function cancel_orders(scope: CancelScope): Promise<{ requested: number; order_ids: string[] }> {
  return (await request<{ requested: number; order_ids: string[] }>("/api/v1/orders", { method: "DELETE", query: { ...scope } })).data;
}

/// @param quantity decimal text; absent = all of it.
export async function close_position(symbol: string, account_id: string, quantity?: string): Promise<{ orders: Order[] }> {
  return (await request<{ orders: Order[] }>(`/api/v1/positions/${encodeURIComponent(symbol)}/close`, {
    method: "POST", body: { account_id, type: "market", ...(quantity ? { quantity } : {}) },
  })).data;
}

export async function flatten(account_id: string, reason: string): Promise<{ orders: Order[]; cancelled: string[] }> {
  return (await request<{ orders: Order[]; cancelled: string[] }>("/api/v1/positions/flatten", {
    method: "POST", body: { account_id, reason },
  })).data;
}

export async function fetch_risk(account_id: string | undefined): Promise<RiskState> {
  return (await request<RiskState>("/api/v1/risk", { query: { account_id } })).data;
}

export type StopMode = "halt" | "reduce" | "flatten";

export async function emergency_stop(mode: StopMode, reason: string): Promise<StopReply> {
  return (await request<StopReply>("/api/v1/risk/emergency-stop", {
    method: "POST", body: { mode, scope: {}, cancel_open: true, reason },
  })).data;
}

/// First of two steps; the second gives the token back within its lifetime.
export async function ask_resume(reason: string): Promise<ResumeTicket> {
  return (await request<ResumeTicket>("/api/v1/risk/resume", { method: "POST", body: { reason } })).data;
}

export async function confirm_resume(confirm_token: string): Promise<{ kill_active: boolean; epoch?: number }> {
  return (await request<{ kill_active: boolean; epoch?: number }>("/api/v1/risk/resume", { method: "POST", body: { confirm_token } })).data;
}
