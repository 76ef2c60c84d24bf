import { describe, expect, it } from "vitest";
import type { Quote } from "../api/types";
import { in_order, next_order } from "./quote_order";

const quotes: Record<string, Partial<Quote>> = {
  A: { symbol: "A", last: 10, change_percent: -1 }, B: { symbol: "B", last: 30, change_percent: 2 }, C: { symbol: "C", last: 20 }, D: { symbol: "D", last: 20, change_percent: 0 },
};
const quote_of = (symbol: string) => quotes[symbol] as Quote | undefined;

describe("order of quotes", () => {
  it("goes by a figure, and puts what has none last either way", () => {
    const list = ["A", "B", "C", "D", "X"];
    expect(in_order(list, { column: "change_percent", way: "down" }, quote_of)).toEqual(["B", "D", "A", "C", "X"]);
    expect(in_order(list, { column: "change_percent", way: "up" }, quote_of)).toEqual(["A", "D", "B", "C", "X"]);
    expect(in_order(list, { column: "last", way: "down" }, quote_of)).toEqual(["B", "C", "D", "A", "X"]);
    expect(in_order(["C", "A", "B"], { column: "symbol", way: "up" }, quote_of)).toEqual(["A", "B", "C"]);
    expect(list).toEqual(["A", "B", "C", "D", "X"]);
  });

  it("is largest first, then smallest first, then the list's own", () => {
    const down = next_order(undefined, "change");
    expect(down).toEqual({ column: "change", way: "down" });
    const up = next_order(down, "change");
    expect(up).toEqual({ column: "change", way: "up" });
    expect(next_order(up, "change")).toBeUndefined();
    expect(next_order(up, "last")).toEqual({ column: "last", way: "down" });
    expect(next_order(next_order(undefined, "symbol"), "symbol")).toEqual({ column: "symbol", way: "down" });
  });
});
