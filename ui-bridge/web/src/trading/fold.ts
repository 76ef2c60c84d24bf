import type { Account, Execution, Order, Position } from "../api/trading_types";
import { is_working } from "../api/trading_types";
import type { StreamMessage } from "../stream/types";

/// Folds what the gateway says into the tables of the screen. Nothing enters
/// but by a reply or a message of the gateway; an older version of an order
/// never replaces a newer one, whichever way it came.

/// Rows kept of what only grows.
export const orders_kept = 2_000;
export const executions_kept = 2_000;

/// The rows in a message: one, a list, or a list under a name.
export function rows_of(data: unknown, name: string): unknown[] {
  if (Array.isArray(data)) return data;
  if (typeof data !== "object" || data === null) return [];
  const listed = (data as Record<string, unknown>)[name];
  return Array.isArray(listed) ? listed : [data];
}

type Rows<T> = ReadonlyMap<string, T>;

const has_text = <K extends string>(value: unknown, field: K): value is Record<K, string> =>
  typeof (value as Record<K, unknown> | null)?.[field] === "string";

export function is_order(row: unknown): row is Order {
  return has_text(row, "order_id") && has_text(row, "symbol") && has_text(row, "status");
}

/// Adds or renews orders.
export function put_orders(known: Rows<Order>, fresh: readonly unknown[]): Map<string, Order> {
  const rows = new Map(known);
  for (const order of fresh) {
    if (!is_order(order)) continue;
    const before = rows.get(order.order_id);
    if (!before || (order.version ?? 0) >= (before.version ?? 0)) rows.set(order.order_id, order);
  }
  return trimmed(rows, orders_kept, is_working);
}

/// What a full read replaces: everything but orders the stream told of since
/// the read was asked for.
export function replace_orders(known: Rows<Order>, read: readonly unknown[], put_since: ReadonlySet<string>): Map<string, Order> {
  const kept = new Map([...known].filter(([id]) => put_since.has(id)));
  return put_orders(kept, read);
}

/// The orders a batch of the `orders` channel carries. A snapshot lists what
/// is known; orders missing from it may have ended, so a read follows.
export function orders_in(batch: readonly StreamMessage[]): { orders: unknown[]; had_snapshot: boolean } {
  return {
    orders: batch.flatMap(({ data }) => rows_of(data, "orders")),
    had_snapshot: batch.some(({ snapshot }) => snapshot === true),
  };
}

export function sorted_orders(rows: Rows<Order>): Order[] {
  return [...rows.values()].sort((a, b) => (b.created_at ?? "").localeCompare(a.created_at ?? "") || b.order_id.localeCompare(a.order_id));
}

const position_key = ({ account_id, symbol }: Pick<Position, "account_id" | "symbol">) => `${account_id}|${symbol}`;

export function is_position(row: unknown): row is Position {
  return has_text(row, "symbol") && has_text(row, "account_id") && typeof (row as unknown as Position).quantity === "number";
}

/// A snapshot that lists positions is the whole truth; else one changes. A
/// position of nothing is none.
export function fold_positions(known: Rows<Position>, batch: readonly StreamMessage[]): Map<string, Position> {
  let rows = new Map(known);
  for (const { data, snapshot } of batch) {
    if (snapshot && data !== null && data !== undefined) rows = new Map();
    for (const row of rows_of(data, "positions")) {
      if (!is_position(row)) continue;
      if (row.quantity === 0) rows.delete(position_key(row));
      else rows.set(position_key(row), row);
    }
  }
  return rows;
}

export function positions_of(read: readonly unknown[]): Map<string, Position> {
  return fold_positions(new Map(), [{ type: "position", data: read, snapshot: true }]);
}

export function fold_accounts(known: Rows<Account>, data: readonly unknown[]): Map<string, Account> {
  const rows = new Map(known);
  for (const row of data.flatMap((one) => rows_of(one, "accounts"))) {
    if (!has_text(row, "account_id")) continue;
    rows.set(row.account_id, { ...rows.get(row.account_id), ...(row as unknown as Account) });
  }
  return rows;
}

/// Newest first, each once.
export function put_executions(known: readonly Execution[], fresh: readonly unknown[]): Execution[] {
  const rows = new Map(known.map((one) => [one.execution_id, one]));
  for (const row of fresh) if (has_text(row, "execution_id") && has_text(row, "symbol")) rows.set(row.execution_id, row as unknown as Execution);
  const sorted = [...rows.values()].sort((a, b) => (b.timestamp ?? "").localeCompare(a.timestamp ?? "") || b.execution_id.localeCompare(a.execution_id));
  return sorted.slice(0, executions_kept);
}

/// Over the limit the oldest go, but never one that `keeps`.
function trimmed<T extends { created_at?: string }>(rows: Map<string, T>, limit: number, keeps: (row: T) => boolean): Map<string, T> {
  if (rows.size <= limit) return rows;
  const going = [...rows].filter(([, row]) => !keeps(row)).sort(([, a], [, b]) => (a.created_at ?? "").localeCompare(b.created_at ?? ""));
  for (const [id] of going.slice(0, rows.size - limit)) rows.delete(id);
  return rows;
}
