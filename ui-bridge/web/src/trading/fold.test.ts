import { beforeEach, describe, expect, it } from "vitest";
import type { Order } from "../api/trading_types";
import { FakeClock, FakeNetwork } from "../stream/fakes";
import { StreamClient } from "../stream/stream_client";
import { fold_accounts, fold_positions, orders_in, positions_of, put_executions, put_orders, replace_orders, sorted_orders } from "./fold";

const order = (order_id: string, status: string, version: number, more: object = {}) =>
  ({ order_id, account_id: "p", symbol: "AAPL", side: "buy", order_type: "limit", quantity: 1, status, version, ...more });

describe("orders", () => {
  it("never go back to an older version", () => {
    let rows = put_orders(new Map(), [order("a", "filled", 4)]);
    rows = put_orders(rows, [order("a", "open", 3)]);
    expect(rows.get("a")!.status).toBe("filled");
  });

  it("drop rows that are none and those a full read does not have, but keep what came since", () => {
    const rows = put_orders(new Map(), [order("old", "open", 1), order("new", "open", 1), null, { order_id: 7 }]);
    expect(rows.size).toBe(2);
    const read = replace_orders(rows, [order("other", "filled", 2)], new Set(["new"]));
    expect([...read.keys()].sort()).toEqual(["new", "other"]);
  });

  it("are shown newest first", () => {
    const rows = put_orders(new Map(), [order("a", "open", 1, { created_at: "2026-01-01T00:00:00.000Z" }), order("b", "open", 1, { created_at: "2026-01-02T00:00:00.000Z" })]);
    expect(sorted_orders(rows).map(({ order_id }) => order_id)).toEqual(["b", "a"]);
  });
});

describe("positions", () => {
  const position = (symbol: string, quantity: number) => ({ account_id: "p", symbol, quantity, side: "long" });

  it("are replaced by a snapshot, changed by an event, gone at zero", () => {
    let rows = positions_of([position("AAPL", 5), position("MSFT", 2)]);
    rows = fold_positions(rows, [{ type: "position", data: position("AAPL", 0) }, { type: "position", data: position("SPY", 1) }]);
    expect([...rows.values()].map(({ symbol }) => symbol)).toEqual(["MSFT", "SPY"]);
    rows = fold_positions(rows, [{ type: "positions", data: [position("ES1!", -1)], snapshot: true }]);
    expect([...rows.values()].map(({ symbol }) => symbol)).toEqual(["ES1!"]);
  });

  it("stay when a snapshot has nothing to say yet", () => {
    const rows = fold_positions(positions_of([position("AAPL", 5)]), [{ type: "positions", data: null, snapshot: true, state: "waiting" }]);
    expect(rows.size).toBe(1);
  });

  it("of two accounts in one symbol are two", () => {
    expect(positions_of([position("AAPL", 5), { ...position("AAPL", 1), account_id: "q" }]).size).toBe(2);
  });
});

describe("accounts and executions", () => {
  it("merge fields of an account", () => {
    const rows = fold_accounts(fold_accounts(new Map(), [[{ account_id: "p", mode: "paper", total_equity: 1 }]]), [{ account_id: "p", total_equity: 2 }]);
    expect(rows.get("p")).toEqual({ account_id: "p", mode: "paper", total_equity: 2 });
  });

  it("hold each execution once, newest first", () => {
    const fill = (execution_id: string, timestamp: string) => ({ execution_id, symbol: "AAPL", timestamp });
    const rows = put_executions(put_executions([], [fill("1", "2026-01-01")]), [fill("2", "2026-01-02"), fill("1", "2026-01-01")]);
    expect(rows.map(({ execution_id }) => execution_id)).toEqual(["2", "1"]);
  });
});

describe("orders over the stream", () => {
  let clock: FakeClock;
  let network: FakeNetwork;
  let client: StreamClient;
  let rows: Map<string, Order>;
  let snapshots = 0;

  const say = (tseq: number, body: object, more: object = {}) =>
    network.last.say({ type: "order_update", channel: "orders", symbol: "AAPL", data: body, tseq, epoch: 7, ...more });

  beforeEach(() => {
    clock = new FakeClock();
    network = new FakeNetwork();
    client = new StreamClient({ url: "ws://node/stream", clock, socket: network.factory });
    rows = new Map();
    snapshots = 0;
    client.subscribe({ channel: "orders", symbol: "" }, (batch) => {
      const { orders, had_snapshot } = orders_in(batch);
      if (had_snapshot) snapshots += 1;
      rows = put_orders(rows, orders);
    });
    client.start();
    network.last.open();
  });

  it("lose nothing over a cut: the replay fills what was missed, in order and once", () => {
    say(10, [order("a", "open", 1)], { snapshot: true });
    say(11, order("b", "pending", 1));
    clock.frame();
    network.last.cut();
    clock.advance(2_000);
    network.last.open();
    expect(network.last.actions("resume")).toMatchObject([{ channel: "orders", epoch: 7, after: 11 }]);
    say(13, order("b", "filled", 3)); // live, ahead of the replay
    say(12, order("b", "open", 2));
    say(13, order("b", "filled", 3));
    network.last.say({ type: "resumed", channel: "orders", from: 12, to: 13 });
    clock.frame();
    expect(rows.get("b")).toMatchObject({ status: "filled", version: 3 });
    expect(rows.get("a")!.status).toBe("open");
    say(14, order("a", "cancelled", 2));
    clock.frame();
    expect(rows.get("a")!.status).toBe("cancelled");
  });

  it("start over from a snapshot after a gap, whatever its epoch", () => {
    say(10, order("a", "open", 1));
    clock.frame();
    network.last.cut();
    clock.advance(2_000);
    network.last.open();
    network.last.say({ type: "gap", channel: "orders" });
    say(3, [order("a", "filled", 5), order("c", "open", 1)], { snapshot: true, epoch: 8 });
    say(4, order("c", "filled", 2), { epoch: 8 });
    clock.frame();
    expect(snapshots).toBe(1);
    expect(rows.get("a")!.status).toBe("filled");
    expect(rows.get("c")!.status).toBe("filled");
  });
});
