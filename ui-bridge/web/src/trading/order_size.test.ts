import { describe, expect, it } from "vitest";
import { percent_to_fraction, risk_size } from "./order_size";
import type { RiskBasis } from "./order_size";

const basis: RiskBasis = { equity: 100_000, entry: 200, multiplier: 1, lot: 1, account_currency: "USD", currency: "USD" };

describe("size by risk", () => {
  it("loses no more than was asked when the stop is hit", () => {
    expect(risk_size(1, 195, true, basis)).toEqual({ quantity: "200" });
    expect(risk_size(1, 204, false, basis)).toEqual({ quantity: "250" });
    expect(risk_size(0.5, 193, true, basis)).toEqual({ quantity: "71" }); // 71.4 rounded down
  });

  it("counts multiplier and lot", () => {
    expect(risk_size(1, 21_400, true, { ...basis, entry: 21_450, multiplier: 2 })).toEqual({ quantity: "10" });
    expect(risk_size(1, 59_000, true, { ...basis, entry: 60_000, lot: 0.0001 })).toEqual({ quantity: "1.0000" });
    expect(risk_size(1, 0.3, true, { ...basis, equity: 3, entry: 0.4, lot: 0.1 })).toEqual({ quantity: "0.3" });
  });

  it.each([
    [101, 195, true, {}, "At most"], [1, 205, true, {}, "below the entry"], [1, 195, false, {}, "above the entry"], [1, 195, true, { equity: undefined }, "equity"],
    [1, 195, true, { entry: undefined }, "No price"], [1, 195, true, { currency: "EUR" }, "EUR"], [0.001, 100, true, {}, "less than one lot"],
  ] as const)("says why not: %s %% to %s", (percent, stop, is_buy, change, text) => {
    expect(risk_size(percent, stop, is_buy, { ...basis, ...change }).problem).toContain(text);
  });

  it("makes fractions of percentages without a float between", () => {
    expect(["5", "12.5", "100", "0.1", "33.333", ".5", "7."].map(percent_to_fraction)).toEqual(["0.05", "0.125", "1", "0.001", "0.33333", "0.005", "0.07"]);
  });
});
