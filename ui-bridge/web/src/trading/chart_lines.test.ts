import { describe, expect, it } from "vitest";
import type { Order, Position } from "../api/trading_types";
import { chart_lines } from "./chart_lines";

const order = (more: Partial<Order>): Order => ({ order_id: "o", account_id: "p", symbol: "AAPL", side: "buy", order_type: "limit", quantity: 10, status: "open", ...more });

describe("lines in the chart", () => {
  it("stand at the price that decides first, of the shown symbol only", () => {
    const lines = chart_lines("AAPL", [
      order({ price: 180 }), order({ side: "sell_short", order_type: "stop_limit", price: 170, stop_price: 171, remaining_quantity: 4 }),
      order({ order_type: "market" }), order({ symbol: "MSFT", price: 5 }),
    ], [{ account_id: "p", symbol: "AAPL", quantity: -3, side: "short", avg_price: 175.5 } as Position]);
    expect(lines).toEqual([
      { price: 175.5, kind: "position", text: "short 3" }, { price: 180, kind: "buy", text: "limit 10" }, { price: 171, kind: "sell", text: "stop limit 4" },
    ]);
  });
});
