/// Prints for time & sales, from the REST list and from the stream.

export interface Trade {
  ts_ms: number;
  price: number;
  size: number;
  /// Who was the aggressor, where the source says so.
  side: "buy" | "sell" | "";
  /// The gateway's own count of the symbol's prints; 0 when it has none.
  seq: number;
}

/// Prints kept per symbol.
export const trades_kept = 150;

/// @return undefined for what is not a print.
export function trade_of(data: unknown): Trade | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { ts_ms, timestamp, price, size, quantity, side, trade_seq } = data as Record<string, unknown>;
  const at = number(ts_ms) ?? (number(timestamp) ?? Number.NaN) * 1000;
  const paid = number(price);
  if (paid === undefined || Number.isNaN(at)) return undefined;
  return {
    ts_ms: at, price: paid, size: number(size) ?? number(quantity) ?? 0,
    side: side === "buy" || side === "sell" ? side : "", seq: number(trade_seq) ?? 0,
  };
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/// Puts prints in front, newest first, each once, and keeps the newest.
export function merge_trades(kept: readonly Trade[], fresh: readonly Trade[]): Trade[] {
  const known = new Set(fresh.map(({ seq }) => seq).filter((seq) => seq > 0));
  const others = kept.filter(({ seq }) => !known.has(seq));
  return [...fresh, ...others].sort((a, b) => b.ts_ms - a.ts_ms || b.seq - a.seq).slice(0, trades_kept);
}

export interface TradeRow extends Trade {
  /// Direction against the print before: what colours it without a side.
  tick: "up" | "down" | "";
  /// Stays with the print while others come and go around it.
  id: string;
}

export function trade_rows(trades: readonly Trade[]): TradeRow[] {
  let tick: TradeRow["tick"] = "";
  const same = new Map<string, number>();
  // counted from the oldest, so that a new print changes no other's id
  const id_of = ({ seq, ts_ms }: Trade) => {
    const name = seq > 0 ? `#${seq}` : String(ts_ms);
    const count = same.get(name) ?? 0;
    same.set(name, count + 1);
    return count === 0 ? name : `${name}/${count}`;
  };
  const rows = trades.toReversed().map((trade, index, oldest_first): TradeRow => {
    const before = oldest_first[index - 1];
    if (trade.side) tick = trade.side === "buy" ? "up" : "down";
    else if (before && trade.price !== before.price) tick = trade.price > before.price ? "up" : "down";
    return { ...trade, tick, id: id_of(trade) };
  });
  return rows.reverse();
}
