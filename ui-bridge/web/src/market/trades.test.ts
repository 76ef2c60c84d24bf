import { describe, expect, it } from "vitest";
import { merge_trades, trade_of, trade_rows, trades_kept } from "./trades";
import type { Trade } from "./trades";

const trade = (ts_ms: number, price: number, side: Trade["side"] = "", seq = 0): Trade => ({ ts_ms, price, size: 1, side, seq });

describe("trades", () => {
  it("reads prints in their spellings and refuses what is none", () => {
    expect(trade_of({ ts_ms: 5, price: 2, size: 3, side: "buy", trade_seq: 9 })).toEqual({ ts_ms: 5, price: 2, size: 3, side: "buy", seq: 9 });
    expect(trade_of({ timestamp: 7, price: 2, quantity: 3 })).toEqual({ ts_ms: 7000, price: 2, size: 3, side: "", seq: 0 });
    for (const junk of [null, undefined, 5, {}, { ts_ms: 5 }, { price: 5 }, { ts_ms: "5", price: 2 }]) expect(trade_of(junk)).toBeUndefined();
  });

  it("keeps the newest, newest first", () => {
    const many = Array.from({ length: trades_kept + 20 }, (_, i) => trade(i, i));
    const kept = merge_trades(many, [trade(9999, 1)]);
    expect(kept).toHaveLength(trades_kept);
    expect(kept.slice(0, 2).map(({ ts_ms }) => ts_ms)).toEqual([9999, trades_kept + 19]);
  });

  it("holds each numbered print once, in the order of its number", () => {
    const kept = merge_trades([trade(5, 1, "", 2), trade(5, 1, "", 1)], [trade(5, 1, "", 3), trade(5, 1, "", 2)]);
    expect(kept.map(({ seq }) => seq)).toEqual([3, 2, 1]);
  });

  it("gives each row a name of its own that new prints do not change", () => {
    const kept = [trade(3, 1), trade(3, 1, "", 8), trade(2, 1), trade(2, 1), trade(1, 1, "", 7)];
    const before = trade_rows(kept).map(({ id }) => id);
    expect(new Set(before).size).toBe(kept.length);
    expect(trade_rows([trade(3, 2), ...kept]).map(({ id }) => id).slice(1)).toEqual(before);
    const full = merge_trades([], Array.from({ length: trades_kept }, (_, i) => trade(i, 1, "", i + 1)));
    const ids = trade_rows(full).map(({ id }) => id);
    expect(trade_rows(merge_trades(full, [trade(9999, 1, "", 9999)])).map(({ id }) => id).slice(1)).toEqual(ids.slice(0, -1));
  });

  it("colours by side, else against the print before", () => {
    const rows = trade_rows([trade(5, 9, "sell"), trade(4, 11), trade(3, 11), trade(2, 10), trade(1, 10)]);
    expect(rows.map(({ tick }) => tick)).toEqual(["down", "up", "up", "", ""]);
  });
});
