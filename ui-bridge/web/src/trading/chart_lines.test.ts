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
    expect(lines.map(({ price, kind, text, field, movable }) => ({ price, kind, text, field, movable }))).toEqual([
      { price: 175.5, kind: "position", text: "short 3" }, { price: 180, kind: "buy", text: "limit 10", field: "price", movable: true },
      { price: 171, kind: "sell", text: "stop limit 4", field: "stop_price", movable: true },
    ]);
  });

  it("stand at the limit of a stop that was touched", () => {
    const lines = chart_lines("AAPL", [order({ order_type: "stop_limit", price: 170, stop_price: 171, is_triggered: true }), order({ order_type: "stop", stop_price: 9, is_triggered: true })], []);
    expect(lines.map(({ price, field }) => ({ price, field }))).toEqual([{ price: 170, field: "price" }]);
  });

  it("may be dragged where the order has a price of its own", () => {
    const movable = (more: Partial<Order>) => chart_lines("AAPL", [order({ price: 5, ...more })], [])[0]?.movable;
    expect([movable({}), movable({ order_type: "trailing_stop", stop_price: 4 }), movable({ status: "pending", state: "submitting" })]).toEqual([true, false, false]);
    expect(movable({ status: "pending", state: "created", leg: "target" })).toBe(true);
  });

  it("show waiting price alerts", () => {
    const alert = (more: object) => ({ alert_id: "a", symbol: "AAPL", condition: "price_above", condition_value: 200, alert_status: "active" as const, ...more });
    const shown = [alert({}), alert({ condition: "rsi_oversold" }), alert({ alert_status: "paused" as const }), alert({ symbol: "MSFT" }), alert({ auto_execute: true, condition_value: 210 })];
    expect(chart_lines("AAPL", [], [], shown).map(({ price, text, id }) => [price, text, id])).toEqual([[200, "alert", "a"], [210, "alert, order", "a"]]);
  });
});
