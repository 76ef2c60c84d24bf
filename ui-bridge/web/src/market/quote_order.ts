import { last_of } from "../api/gateway";
import type { Quote } from "../api/types";

/// A list of symbols in the order of one of their figures.

export type QuoteColumn = "symbol" | "last" | "change" | "change_percent" | "volume";

export interface QuoteOrder {
  column: QuoteColumn;
  way: "up" | "down";
}

/// What a click on a column's head makes of the order: largest first, smallest first, the list's own order again. Names begin
/// with A.
export function next_order(order: QuoteOrder | undefined, column: QuoteColumn): QuoteOrder | undefined {
  const first = column === "symbol" ? "up" : "down";
  if (order?.column !== column) return { column, way: first };
  return order.way === first ? { column, way: first === "up" ? "down" : "up" } : undefined;
}

function figure(quote: Quote | undefined, column: QuoteColumn): number | undefined {
  if (column === "symbol") return undefined;
  const value = column === "last" ? last_of(quote) : quote?.[column];
  return typeof value === "number" ? value : undefined;
}

/// Symbols without the figure come last, whichever way; equal ones stay as they stand in the list.
export function in_order(symbols: readonly string[], { column, way }: QuoteOrder, quote_of: (symbol: string) => Quote | undefined): readonly string[] {
  const sign = way === "up" ? 1 : -1;
  if (column === "symbol") return [...symbols].sort((a, b) => sign * (a < b ? -1 : a > b ? 1 : 0));
  const rows = symbols.map((symbol) => ({ symbol, value: figure(quote_of(symbol), column) }));
  rows.sort((a, b) => (a.value === undefined || b.value === undefined ? Number(a.value === undefined) - Number(b.value === undefined) : sign * (a.value - b.value)));
  return rows.map(({ symbol }) => symbol);
}
