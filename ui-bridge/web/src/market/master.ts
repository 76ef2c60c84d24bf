import type { SymbolMatch } from "../api/types";

/// The whole instrument master as UDF tells it: columns, of which one may be a single value
/// that holds for all.

export type MasterColumns = Readonly<Record<string, unknown>>;

/// More instruments than this are left to the node's own search.
export const master_limit = 20_000;

export function master_rows(columns: MasterColumns): SymbolMatch[] {
  const symbols = columns["symbol"];
  if (!Array.isArray(symbols)) return [];
  const text_of = (name: string, index: number): string | undefined => {
    const column = columns[name];
    const value: unknown = Array.isArray(column) ? column[index] : column;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return symbols.slice(0, master_limit).flatMap((symbol: unknown, index): SymbolMatch[] => {
    if (typeof symbol !== "string") return [];
    const [description, exchange, type] = [text_of("description", index), text_of("exchange-listed", index), text_of("type", index)];
    return [{ symbol, ...(description ? { description } : {}), ...(exchange ? { exchange } : {}), ...(type ? { type } : {}) }];
  });
}
