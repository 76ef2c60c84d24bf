import { describe, expect, it } from "vitest";
import { build_order, double_text, fresh_order, is_positive_decimal, new_client_order_id, order_text } from "./order_form";

const form = (change: object) => ({ ...fresh_order("aapl", "paper_simulator"), quantity: "100", ...change });

describe("order ticket", () => {
  it("sends decimals as the text typed", () => {
    expect(build_order(form({ type: "limit", price: "0.1000", quantity: "3" })).request).toEqual({
      symbol: "AAPL", side: "buy", quantity: "3", type: "limit", price: "0.1000", time_in_force: "day", account_id: "paper_simulator",
    });
  });

  it("sends only the fields that the type has", () => {
    expect(build_order(form({ price: "5", stop_price: "4" })).request).not.toHaveProperty("price");
    expect(build_order(form({ type: "trailing_stop", trail: "2", trail_unit: "percent" })).request).toMatchObject({ trail_percent: "2" });
    expect(build_order(form({ type: "stop_limit", price: "5", stop_price: "4" })).request).toMatchObject({ price: "5", stop_price: "4" });
    expect(build_order(form({ type: "bracket", price: "5", stop_loss: "4" })).request).toMatchObject({ price: "5", stop_loss: { stop_price: "4" } });
  });

  it.each([
    [{ quantity: "" }, "quantity"], [{ quantity: "-1" }, "quantity"], [{ symbol: " " }, "symbol"], [{ type: "limit" }, "price"], [{ type: "stop", stop_price: "1e3" }, "stop_price"],
    [{ type: "bracket" }, "take_profit"], [{ type: "trailing_stop", trail: "0" }, "trail"],
  ])("names the field of %o", (change, field) => {
    expect(Object.keys(build_order(form(change)).problems ?? {})).toEqual([field]);
  });

  it("sends money, a weight or units by risk instead of a quantity, never two of them", () => {
    expect(build_order(form({ size_by: "notional", quantity: "1500.50" })).request).toMatchObject({ notional: "1500.50" });
    expect(build_order(form({ size_by: "weight", quantity: "12.5" })).request).toMatchObject({ weight: "0.125" });
    for (const size_by of ["notional", "weight"]) expect(build_order(form({ size_by, quantity: "5" })).request).not.toHaveProperty("quantity");
    const basis = { equity: 100_000, entry: 200, multiplier: 1, lot: 1, account_currency: "USD", currency: "USD" };
    expect(build_order(form({ size_by: "risk", quantity: "1", risk_stop: "195" }), basis).request).toMatchObject({ quantity: "200", type: "market" });
    expect(build_order(form({ size_by: "risk", quantity: "1", type: "bracket", price: "210", stop_loss: "200" }), basis).request).toMatchObject({ quantity: "100", stop_loss: { stop_price: "200" } });
    expect(build_order(form({ size_by: "risk", quantity: "1" }), basis).problems).toEqual({ risk_stop: "Needed" });
    expect(build_order(form({ size_by: "risk", quantity: "1", risk_stop: "205" }), basis).problems).toEqual({ risk_stop: "The stop must be below the entry 200" });
  });

  it("sends both legs of a pair and the end of a dated order", () => {
    const pair = build_order(form({ type: "oco", price: "210", stop_price: "190", side: "sell" })).request!;
    expect(pair.legs).toEqual([{ type: "limit", price: "210" }, { type: "stop", stop_price: "190" }]);
    expect(pair).not.toHaveProperty("price");
    expect(order_text(pair)).toBe("Sell 100 AAPL, one cancels other, limit 210 or stop at 190, day");
    expect(build_order(form({ time_in_force: "gtd", good_till: "2026-02-03T10:00" })).request?.good_till).toMatch(/^2026-02-0\dT\d\d:\d\d:00\.000Z$/);
    expect(build_order(form({ time_in_force: "gtd" })).problems).toEqual({ good_till: "Until when?" });
  });

  it("doubles a quantity without a float's tail", () => {
    expect([23, 0.05, 0.1, 1.5].map(double_text)).toEqual(["46", "0.10", "0.2", "3.0"]);
  });

  it("knows positive decimals", () => {
    expect(["1", "0.5", ".5", "10."].every(is_positive_decimal)).toBe(true);
    expect(["0", "0.0", "", ".", "1e5", "-1", "1,000", "NaN"].some(is_positive_decimal)).toBe(false);
  });

  it("says in words what it sends", () => {
    expect(order_text(build_order(form({ type: "limit", price: "180", reduce_only: true })).request!)).toBe("Buy 100 AAPL, limit 180, day, reduce only");
  });

  it("makes ids that the contract allows", () => {
    expect(new_client_order_id()).toMatch(/^ui-[A-Za-z0-9]{12}$/);
    expect(new_client_order_id()).not.toBe(new_client_order_id());
  });
});
