import { describe, expect, it } from "vitest";
import { fuzzy } from "./fuzzy";
import { master_limit, master_rows } from "./master";

describe("the instrument master", () => {
  it("comes as columns, of which one may be a single value", () => {
    expect(master_rows({ symbol: ["AAPL", "SPY"], description: ["Apple Inc.", ""], "exchange-listed": ["NASDAQ", "AMEX"], type: "stock" })).toEqual([
      { symbol: "AAPL", description: "Apple Inc.", exchange: "NASDAQ", type: "stock" }, { symbol: "SPY", exchange: "AMEX", type: "stock" },
    ]);
  });

  it("is empty where it is none, and no longer than its limit", () => {
    expect(master_rows({})).toEqual([]);
    expect(master_rows({ symbol: "AAPL" })).toEqual([]);
    expect(master_rows({ symbol: Array.from({ length: master_limit + 1 }, (_, i) => `S${i}`) }).length).toBe(master_limit);
  });

  it("is what makes a misspelt name findable: the node's own search wants it whole", () => {
    const rows = master_rows({ symbol: ["AAPL", "MSFT", "MNQ1!"], description: ["Apple Inc.", "Microsoft Corporation", "Micro E-mini Nasdaq-100 Futures"] });
    const found = (text: string) => rows.filter(({ symbol, description }) => fuzzy(text, symbol) || fuzzy(text, description ?? "")).map(({ symbol }) => symbol);
    expect([found("aple"), found("mcrosoft"), found("mini nsdq")]).toEqual([["AAPL"], ["MSFT"], ["MNQ1!"]]);
  });
});
