import { describe, expect, it } from "vitest";
import type { Alert } from "../api/alert_types";
import { alert_text, build_alert, condition_kind, conditions, crossing_to, form_of, fresh_alert, note_text } from "./alert_form";

const now = Date.parse("2026-01-15T14:30:00Z");
const form = (change: object) => ({ ...fresh_alert("aapl"), condition_value: "200", ...change });
const built = (change: object) => build_alert(form(change), now);

describe("alert form", () => {
  it("sends values as the text typed, and nothing that was left empty", () => {
    expect(built({ condition_value: "200.10" }).request).toEqual({
      symbol: "AAPL", condition: "price_cross_above", condition_value: "200.10", repeat: "once", auto_execute: false,
    });
  });

  it("has for each condition the value that it takes", () => {
    expect(conditions.map(({ id }) => id).sort()).toEqual([
      "bollinger_break", "custom", "macd_signal", "price_above", "price_below", "price_cross_above", "price_cross_below", "rsi_overbought", "rsi_oversold", "volume_above", "volume_below",
    ]);
    expect(built({ condition: "macd_signal" }).request).not.toHaveProperty("condition_value");
    expect(built({ condition: "rsi_oversold", condition_value: "" }).request).toMatchObject({ condition_value: "30" });
    expect(built({ condition: "rsi_overbought", condition_value: "130" }).problems).toEqual({ condition_value: "At most 100" });
    expect(built({ condition: "custom", expression: " close > sma(20) " }).request).toMatchObject({ condition: "custom", expression: "close > sma(20)" });
    expect(built({ condition: "custom", expression: "x".repeat(2001) }).problems).toHaveProperty("expression");
    expect(built({ condition: "rsi_oversold", condition_value: "25", timeframe: "1h" }).request).toMatchObject({ timeframe: "1h" });
    expect(built({ timeframe: "1h" }).request).not.toHaveProperty("timeframe"); // a price is judged on each tick
    expect(condition_kind("moon")).toBeUndefined();
  });

  it.each([
    [{ symbol: " " }, "symbol"], [{ condition_value: "" }, "condition_value"], [{ condition_value: "-1" }, "condition_value"], [{ condition: "custom" }, "expression"],
    [{ webhook_url: "http://example.org/x" }, "webhook_url"], [{ expires_at: "2020-01-01T00:00" }, "expires_at"],
    [{ auto_execute: true, order_quantity: "1" }, "order_side"], [{ auto_execute: true, order_side: "buy" }, "order_quantity"],
    [{ auto_execute: true, order_side: "buy", order_quantity: "1", order_type: "limit" }, "order_price"],
  ])("names the field of %o", (change, field) => expect(Object.keys(built(change).problems ?? {})).toEqual([field]));

  it("sends an order only where it is to be executed by itself", () => {
    const order = { order_side: "sell", order_quantity: "3", order_type: "limit", order_price: "201", account_id: "paper_simulator" };
    expect(built(order).request).not.toHaveProperty("order_side");
    expect(built({ ...order, auto_execute: true }).request).toMatchObject({ auto_execute: true, ...order });
    expect(built({ ...order, auto_execute: true, order_type: "market" }).request).not.toHaveProperty("order_price");
  });

  it("takes away by null what a known alert had", () => {
    const known: Alert = { alert_id: "a", symbol: "AAPL", condition: "price_above", condition_value: 5, alert_status: "active", webhook_url: "https://x.org/", auto_execute: true, order_side: "buy", order_quantity: 1 };
    const request = build_alert({ ...form_of(known), webhook_url: "", auto_execute: false }, now, known).request;
    expect(request).toMatchObject({ condition_value: "5", webhook_url: null, order_side: null, order_quantity: null, auto_execute: false, message: "" });
    expect(request).not.toHaveProperty("order_price");
  });

  it("keeps the moment of expiry over reading and sending", () => {
    const known: Alert = { alert_id: "a", symbol: "AAPL", condition: "price_above", condition_value: 5, alert_status: "active", expires_at: "2026-03-29T09:45:00.000Z" };
    expect(build_alert(form_of(known), now, known).request?.expires_at).toBe("2026-03-29T09:45:00.000Z");
  });

  it("says in words what it waits for", () => {
    expect(alert_text({ symbol: "AAPL", condition: "price_cross_above", condition_value: 200 })).toBe("AAPL price crosses above 200");
    expect(alert_text({ symbol: "AAPL", condition: "custom", expression: "rsi < 20" })).toBe("AAPL rsi < 20");
    expect(alert_text({ message: "done" })).toBe("done");
    expect([crossing_to(10, 9), crossing_to(8, 9), crossing_to(8, undefined)]).toEqual(["price_cross_above", "price_cross_below", "price_cross_above"]);
  });

  it("says of a note what kind it is and whose", () => {
    expect([note_text({ alert_type: "job_notice", strategy: "momentum" }), note_text({ alert_type: "own_kind" }), note_text({})]).toEqual(["Notice of a job: momentum", "own kind", "note"]);
  });
});
