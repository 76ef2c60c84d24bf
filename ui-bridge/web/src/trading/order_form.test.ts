import { describe, expect, it } from "vitest";
import { build_order, fresh_order, is_positive_decimal, new_client_order_id, order_text } from "./order_form";

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
