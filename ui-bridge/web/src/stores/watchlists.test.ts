import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeNode } from "./fakes";
import { priced_id, use_watchlists } from "./watchlists";

let node: FakeNode;
const quote = (symbol: string, last?: number, market_state = "closed") => ({ symbol, market_state, ...(last === undefined ? { source: "history", stale: true } : { last, source: "sim", stale: false }) });

function carry(listed: string[], quotes: ReturnType<typeof quote>[]): void {
  node.answer("GET /api/v1/watchlists", 200, { watchlists: [{ id: 1, name: "Mine", symbols: listed }] });
  node.answer("GET /udf/search", 200, quotes.map(({ symbol }) => ({ symbol })));
  node.answer("GET /api/v1/quotes", 200, { quotes, unmatched: [] });
}

beforeEach(() => {
  setActivePinia(createPinia());
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text), removeItem: (key: string) => kept.delete(key) });
  node = new FakeNode();
});

describe("the first symbol of a terminal", () => {
  it("is the first of the list that is traded now", async () => {
    carry(["ES1!", "AAPL", "MSFT"], [quote("ES1!", 9000), quote("AAPL", 375, "regular"), quote("MSFT", 700, "regular")]);
    const lists = use_watchlists();
    await lists.read();
    expect(await lists.first_symbol()).toBe("AAPL");
    expect(lists.active?.name).toBe("Mine");
    expect(node.calls.map(({ path }) => path)).not.toContain("/udf/search");
  });

  it("is one outside the list where only that is traded, beside the list of all", async () => {
    carry(["ES1!"], [quote("DIA"), quote("ES1!", 9000), quote("BTCUSD", 195_000, "regular")]);
    const lists = use_watchlists();
    await lists.read();
    expect(await lists.first_symbol()).toBe("BTCUSD");
    expect(lists.active?.id).toBe(priced_id);
    await vi.waitFor(() => expect(lists.symbols).toEqual(["ES1!", "BTCUSD"]));
  });

  it("is never one without a price, as long as there is another", async () => {
    carry(["MNQ1!", "ES1!"], [quote("MNQ1!"), quote("ES1!", 9000), quote("SPY", 905)]);
    const lists = use_watchlists();
    await lists.read();
    expect(await lists.first_symbol()).toBe("ES1!");
    carry(["MNQ1!"], [quote("MNQ1!"), quote("SPY", 905)]);
    await lists.read();
    expect(await lists.first_symbol()).toBe("SPY");
  });

  it("is the list's first where nothing has a price or nothing is told", async () => {
    carry(["MNQ1!"], [quote("MNQ1!")]);
    const lists = use_watchlists();
    await lists.read();
    expect(await lists.first_symbol()).toBe("MNQ1!");
    node.answer("GET /api/v1/quotes", 500, { detail: "no" });
    expect(await lists.first_symbol()).toBe("MNQ1!");
  });
});

describe("the list of all symbols", () => {
  it("is read when it is chosen and never changed", async () => {
    carry(["ES1!"], [quote("ES1!", 9000), quote("SPY", 905), quote("DIA")]);
    const lists = use_watchlists();
    await lists.read();
    lists.select(priced_id);
    await vi.waitFor(() => expect(lists.symbols).toEqual(["ES1!", "SPY"]));
    await lists.remove("SPY");
    await lists.add("AAPL");
    await lists.move("SPY", -1);
    expect(lists.symbols).toEqual(["ES1!", "SPY"]);
    expect(node.calls.every(({ method }) => method === "GET")).toBe(true);
    lists.select("1");
    expect(lists.symbols).toEqual(["ES1!"]);
  });
});
