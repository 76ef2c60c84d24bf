import type { BacktestTrade } from "../api/job_types";
import type { ChartPlace } from "../market/place";

/// Trades of a run: sorting, and where to look at one in a chart.

export type TradeColumn =
  | "symbol" | "timeframe" | "side" | "entry_date" | "exit_date" | "entry_price" | "exit_price" | "quantity" | "pnl" | "pnl_percent" | "fees"
  | "bars_held" | "mae" | "mfe" | "exit_reason";

/// @param sort a column, with "-" in front for descending. Trades without the
/// value stand last either way.
export function sorted_trades(trades: readonly BacktestTrade[], sort: string): BacktestTrade[] {
  const down = sort.startsWith("-");
  const column = (down ? sort.slice(1) : sort) as TradeColumn;
  return trades.toSorted((a, b) => {
    const [x, y] = [a[column], b[column]];
    if (x === y) return 0;
    if (x === null || x === undefined) return 1;
    if (y === null || y === undefined) return -1;
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return down ? -order : order;
  });
}

export function next_sort(sort: string, column: string): string {
  return sort === `-${column}` ? column : sort === column ? `-${column}` : `-${column}`;
}

export function epoch_of(date: string | null | undefined): number | undefined {
  const ms = date ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/// Entry and exit of a trade, centred on the entry.
export function place_of(trade: BacktestTrade): ChartPlace | undefined {
  const at = epoch_of(trade.entry_date);
  if (at === undefined) return undefined;
  const is_long = trade.side.toLowerCase() !== "short" && trade.side.toLowerCase() !== "sell";
  const end = epoch_of(trade.exit_date);
  return {
    symbol: trade.symbol, timeframe: trade.timeframe, at,
    marks: [
      { at, kind: is_long ? "buy" : "sell", text: `${trade.entry_reason || "Entry"} ${trade.entry_price}` },
      ...(end === undefined ? [] : [{ at: end, kind: is_long ? ("sell" as const) : ("buy" as const), text: `${trade.exit_reason || "Exit"} ${trade.exit_price ?? ""}` }]),
    ],
  };
}
