import { describe, expect, it } from "vitest";
import { adjustment_text, reduction_of, worth_of } from "./order_preview";

describe("what a preview says of the size", () => {
  const reduced = { would_accept: true, quantity: 1, risk_check: { result: "approved_reduced", original_quantity: 10 } };

  it("tells a cut", () => {
    expect(reduction_of(reduced)).toEqual({ asked: "10", left: "1" });
  });

  it("is silent where the order stays whole or would be refused", () => {
    expect(reduction_of({ would_accept: true, quantity: 10, risk_check: { original_quantity: 10 } })).toBeUndefined();
    expect(reduction_of({ would_accept: true, quantity: 10 })).toBeUndefined();
    expect(reduction_of({ ...reduced, would_accept: false })).toBeUndefined();
  });

  it("writes a reduction as words", () => {
    expect(adjustment_text({ code: "POSITION_LIMIT", quantity: 1 })).toBe("POSITION_LIMIT leaves 1");
    expect(adjustment_text({ other: 2 })).toBe('{"other":2}');
    expect(adjustment_text("less")).toBe("less");
  });
});

describe("what an order is worth before it is previewed", () => {
  it("is reckoned at its limit, else at the market", () => {
    expect(worth_of({ quantity: "2", price: "" }, { entry: 100, multiplier: 50 })).toBe(10_000);
    expect(worth_of({ quantity: "2", price: "90" }, { entry: 100, multiplier: 50 })).toBe(9_000);
  });

  it("is unknown without a quantity or a price", () => {
    expect(worth_of({ quantity: "", price: "90" }, { entry: 100, multiplier: 1 })).toBeUndefined();
    expect(worth_of({ quantity: "x", price: "90" }, { entry: 100, multiplier: 1 })).toBeUndefined();
    expect(worth_of({ quantity: "2", price: "" }, { entry: undefined, multiplier: 1 })).toBeUndefined();
  });
});
