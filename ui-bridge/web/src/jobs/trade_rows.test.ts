import { describe, expect, it } from "vitest";
import type { BacktestTrade } from "../api/job_types";
import { next_sort, place_of, sorted_trades } from "./trade_rows";

const trade = (more: Partial<BacktestTrade>): BacktestTrade => ({
  symbol: "AAPL", timeframe: "1h", side: "long", entry_date: "2024-01-02T15:00:00.000Z", entry_price: 10, quantity: 1, ...more,
});

describe("trades of a run", () => {
  it("sort as numbers, open trades last either way", () => {
    const trades = [trade({ pnl: 9 }), trade({ pnl: null }), trade({ pnl: -10 }), trade({ pnl: 10 })];
    expect(sorted_trades(trades, "pnl").map(({ pnl }) => pnl)).toEqual([-10, 9, 10, null]);
    expect(sorted_trades(trades, "-pnl").map(({ pnl }) => pnl)).toEqual([10, 9, -10, null]);
  });

  it("turn round when the same column is clicked again", () => {
    expect([next_sort("", "pnl"), next_sort("-pnl", "pnl"), next_sort("pnl", "pnl"), next_sort("-fees", "pnl")]).toEqual(["-pnl", "pnl", "-pnl", "-pnl"]);
  });

  it("are looked at with entry and exit marked by their side", () => {
    const place = place_of(trade({ side: "short", exit_date: "2024-01-03T15:00:00Z", exit_price: 9, entry_reason: "Short" }))!;
    expect(place).toMatchObject({ symbol: "AAPL", timeframe: "1h", at: 1_704_207_600 });
    expect(place.marks).toEqual([{ at: 1_704_207_600, kind: "sell", text: "Short 10" }, { at: 1_704_294_000, kind: "buy", text: "Exit 9" }]);
    expect(place_of(trade({}))!.marks).toHaveLength(1);
    expect(place_of(trade({ entry_date: "?" }))).toBeUndefined();
  });
});
