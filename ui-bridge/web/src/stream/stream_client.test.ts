import { beforeEach, describe, expect, it } from "vitest";
import { FakeClock, FakeNetwork } from "./fakes";
import { StreamClient, dead_after_ms, snapshot_every_ms, symbols_per_message } from "./stream_client";
import type { StreamMessage, StreamNotice } from "./types";

let clock: FakeClock;
let network: FakeNetwork;
let client: StreamClient;

beforeEach(() => {
  clock = new FakeClock();
  network = new FakeNetwork();
  client = new StreamClient({ url: "ws://node/stream", clock, socket: network.factory });
});

function go_live() {
  client.start();
  network.last.open();
  return network.last;
}

function collect(into: StreamMessage[]) {
  return (batch: readonly StreamMessage[]) => void into.push(...batch);
}

const aapl = { channel: "quotes", symbol: "AAPL" } as const;
const quote = (symbol: string, price: number, more: object = {}) =>
  ({ type: "quote", channel: "quotes", symbol, data: { symbol, price }, ...more });
const bar = (ts: number, c: number, more: object = {}) => ({
  type: "bar", channel: "bars", symbol: "AAPL", timeframe: "1m", session: "regular",
  data: { ts, o: 1, h: 2, l: 1, c, v: 5, closed: false }, ...more,
});
const order = (tseq: number, epoch = 7) =>
  ({ type: "order_update", channel: "orders", data: { n: tseq }, tseq, epoch });

describe("subscriptions", () => {
  it("groups symbols of a channel into one message in dialect A", () => {
    const socket = go_live();
    client.subscribe(aapl, () => {});
    client.subscribe({ channel: "quotes", symbol: "MSFT" }, () => {});
    client.subscribe({ channel: "bars", symbol: "AAPL", timeframe: "5m", session: "extended" }, () => {});
    clock.settle();
    const [quotes, bars, ...rest] = socket.actions("subscribe");
    expect(quotes).toMatchObject({ channels: ["quotes"], symbols: ["AAPL", "MSFT"] });
    expect(bars).toMatchObject({ channels: ["bars"], symbols: ["AAPL"], timeframe: "5m", session: "extended" });
    expect(rest).toEqual([]);
  });

  it("splits long lists", () => {
    const socket = go_live();
    for (let i = 0; i <= symbols_per_message; i++) client.subscribe({ channel: "quotes", symbol: `S${i}` }, () => {});
    clock.settle();
    expect(socket.actions("subscribe").map((m) => (m["symbols"] as string[]).length)).toEqual([symbols_per_message, 1]);
  });

  it("shares one subscription and ends it with the last listener", () => {
    const socket = go_live();
    const first = client.subscribe(aapl, () => {});
    const second = client.subscribe(aapl, () => {});
    clock.settle();
    first();
    clock.settle();
    expect(socket.actions("subscribe")).toHaveLength(1);
    expect(socket.actions("unsubscribe")).toHaveLength(0);
    second();
    second();
    clock.settle();
    expect(socket.actions("unsubscribe")).toHaveLength(1);
  });

  it("says nothing about a topic that came and went within one task", () => {
    const socket = go_live();
    client.subscribe(aapl, () => {})();
    clock.settle();
    expect(socket.actions("subscribe")).toHaveLength(0);
    expect(socket.actions("unsubscribe")).toHaveLength(0);
  });

  it("asks for a snapshot when a listener joins a running topic", () => {
    const socket = go_live();
    client.subscribe(aapl, () => {});
    clock.settle();
    client.subscribe(aapl, () => {});
    expect(socket.actions("snapshot")).toMatchObject([{ channels: ["quotes"], symbols: ["AAPL"] }]);
  });

  it("asks for a snapshot of what was given up and is wanted again within one task", () => {
    const socket = go_live();
    const leave = client.subscribe(aapl, () => {});
    clock.settle();
    leave();
    client.subscribe(aapl, () => {});
    clock.settle();
    expect(socket.actions("unsubscribe")).toHaveLength(0);
    expect(socket.actions("subscribe")).toHaveLength(1);
    expect(socket.actions("snapshot")).toMatchObject([{ channels: ["quotes"], symbols: ["AAPL"] }]);
  });

  it("reports rejected symbols", () => {
    const notices: StreamNotice[] = [];
    client.on_notice((notice) => notices.push(notice));
    go_live().say({
      type: "subscription_confirmed", action: "subscribe", symbols: [], channels: ["quotes"],
      rejected: [{ symbol: "NOPE", reason: "unknown symbol" }],
    });
    expect(notices).toMatchObject([{ level: "warning", text: "NOPE: unknown symbol" }]);
  });

  it("reports a channel that the node lacks without alarm", () => {
    const notices: StreamNotice[] = [];
    client.on_notice((notice) => notices.push(notice));
    go_live().say({
      type: "subscription_confirmed", action: "subscribe", symbols: [], channels: [],
      rejected: [{ symbol: "", reason: "not_available: ask /api/positions" }],
    });
    expect(notices).toMatchObject([{ level: "info", text: "Stream: not_available: ask /api/positions" }]);
  });
});

describe("delivery", () => {
  it("delivers the newest quote once per frame", () => {
    const socket = go_live();
    const got: StreamMessage[] = [];
    client.subscribe(aapl, collect(got));
    socket.say(quote("AAPL", 1));
    socket.say(quote("AAPL", 2));
    expect(got).toEqual([]);
    clock.frame();
    expect(got).toMatchObject([{ data: { price: 2 } }]);
    clock.frame();
    expect(got).toHaveLength(1);
  });

  it("keeps both bars when a bar rolls over within a frame", () => {
    const socket = go_live();
    const got: StreamMessage[] = [];
    client.subscribe({ channel: "bars", symbol: "AAPL", timeframe: "1m", session: "regular" }, collect(got));
    socket.say(bar(60, 10));
    socket.say(bar(60, 11));
    socket.say(bar(120, 12));
    clock.frame();
    expect(got.map((m) => m.data)).toMatchObject([{ ts: 60, c: 11 }, { ts: 120, c: 12 }]);
  });

  it("tells timeframes and sessions of one symbol apart", () => {
    const socket = go_live();
    const regular: StreamMessage[] = [];
    const extended: StreamMessage[] = [];
    client.subscribe({ channel: "bars", symbol: "AAPL", timeframe: "1m" }, collect(regular));
    client.subscribe({ channel: "bars", symbol: "AAPL", timeframe: "1m", session: "extended" }, collect(extended));
    socket.say(bar(60, 10, { session: undefined }));
    socket.say(bar(60, 20, { session: "extended" }));
    socket.say(bar(60, 30, { timeframe: "5m" }));
    clock.frame();
    expect(regular).toMatchObject([{ data: { c: 10 } }]);
    expect(extended).toMatchObject([{ data: { c: 20 } }]);
  });

  it.each([["1d", "1D"], ["1h", "60"], ["1m", "1"], ["1M", "M"], ["1w", "W"]])("knows %s as %s", (asked, told) => {
    const socket = go_live();
    const got: StreamMessage[] = [];
    client.subscribe({ channel: "bars", symbol: "AAPL", timeframe: asked, session: "regular" }, collect(got));
    socket.say(bar(60, 10, { timeframe: told }));
    clock.frame();
    expect(got).toHaveLength(1);
  });

  it("bounds trades and keeps the newest", () => {
    const socket = go_live();
    const got: StreamMessage[] = [];
    client.subscribe({ channel: "trades", symbol: "AAPL" }, collect(got));
    for (let i = 0; i < 700; i++) socket.say({ type: "trade", channel: "trades", symbol: "AAPL", data: { i } });
    clock.frame();
    expect(got).toHaveLength(500);
    expect(got.at(-1)).toMatchObject({ data: { i: 699 } });
  });

  it("does not deliver to a listener that left before the frame", () => {
    const socket = go_live();
    const got: StreamMessage[] = [];
    const leave = client.subscribe(aapl, collect(got));
    socket.say(quote("AAPL", 1));
    leave();
    clock.frame();
    expect(got).toEqual([]);
  });

  it("survives text that is not JSON", () => {
    const notices: StreamNotice[] = [];
    client.on_notice((notice) => notices.push(notice));
    const socket = go_live();
    socket.onmessage?.({ data: "<html>" });
    socket.onmessage?.({ data: new ArrayBuffer(1) });
    expect(notices).toHaveLength(2);
    expect(client.state.kind).toBe("live");
  });

  it("passes a stream error on with its text", () => {
    const notices: StreamNotice[] = [];
    client.on_notice((notice) => notices.push(notice));
    go_live().say({ type: "error", message: "unknown channel \"quote\"", error_code: "stream.channel" });
    expect(notices).toEqual([{ level: "error", text: "unknown channel \"quote\"", code: "stream.channel" }]);
  });
});

describe("gaps", () => {
  it("asks for snapshots after a jump in seq, at most once per interval", () => {
    const socket = go_live();
    client.subscribe(aapl, () => {});
    clock.settle();
    socket.say(quote("AAPL", 1, { seq: 1 }));
    socket.say(quote("AAPL", 2, { seq: 2 }));
    expect(socket.actions("snapshot")).toHaveLength(0);
    socket.say(quote("AAPL", 3, { seq: 4 }));
    socket.say(quote("AAPL", 3, { seq: 9 }));
    expect(socket.actions("snapshot")).toHaveLength(1);
    expect(client.gaps).toBe(2);
    clock.time += snapshot_every_ms;
    socket.say(quote("AAPL", 3, { seq: 11 }));
    expect(socket.actions("snapshot")).toHaveLength(2);
  });

  it("starts a fresh seq on each connection", () => {
    go_live().say(quote("AAPL", 1, { seq: 500 }));
    network.last.cut();
    clock.advance(1_000);
    network.last.open();
    network.last.say(quote("AAPL", 1, { seq: 1 }));
    expect(client.gaps).toBe(0);
  });

  it("resumes a lossless topic at a jump and delivers each event once, in order", () => {
    const socket = go_live();
    const got: StreamMessage[] = [];
    client.subscribe({ channel: "orders", symbol: "" }, collect(got));
    clock.settle();
    socket.say(order(10));
    socket.say(order(13));
    socket.say(order(14));
    expect(socket.actions("resume")).toMatchObject([{ channel: "orders", epoch: 7, after: 10 }]);
    for (const tseq of [11, 12, 13, 14]) socket.say(order(tseq));
    socket.say({ type: "resumed", channel: "orders", from: 11, to: 14 });
    socket.say(order(14));
    clock.frame();
    expect(got.map((m) => m.tseq)).toEqual([10, 11, 12, 13, 14]);
  });

  it("resumes lossless topics after a reconnect, and starts over on a gap answer", () => {
    const socket = go_live();
    const got: StreamMessage[] = [];
    client.subscribe({ channel: "orders", symbol: "" }, collect(got));
    clock.settle();
    socket.say(order(10));
    socket.cut();
    clock.advance(1_000);
    network.last.open();
    expect(network.last.actions("resume")).toMatchObject([{ epoch: 7, after: 10 }]);
    network.last.say({ type: "gap", channel: "orders" });
    network.last.say({ ...order(3, 8), snapshot: true });
    network.last.say(order(4, 8));
    clock.frame();
    expect(got.map((m) => m.tseq)).toEqual([10, 3, 4]);
  });
});

describe("a gap answer", () => {
  /// Texts of what people are told when the node has another epoch after a reconnect.
  const told_after = (tseq: number): string[] => {
    const socket = go_live();
    const texts: string[] = [];
    client.on_notice(({ text }) => texts.push(text));
    client.subscribe({ channel: "orders", symbol: "" }, () => {});
    clock.settle();
    socket.say({ ...order(tseq), snapshot: true });
    socket.cut();
    clock.advance(1_000);
    network.last.open();
    network.last.say({ type: "gap", channel: "orders" });
    return texts.filter((text) => text.startsWith("Older"));
  };
  it("is told where events may be missing", () => expect(told_after(3)).toEqual(["Older orders events could not be replayed"]));
  it("is nothing to people where there never was an event", () => expect(told_after(0)).toEqual([]));
});

describe("liveness", () => {
  it("turns stale within 2 s of silence and live again with the next message", () => {
    const socket = go_live();
    socket.say({ type: "heartbeat" });
    clock.advance(1_900);
    expect(client.state.kind).toBe("stale");
    socket.say({ type: "heartbeat" });
    expect(client.state.kind).toBe("live");
  });

  it("stays live on a quiet market that answers pings", () => {
    const socket = go_live();
    for (let i = 0; i < 100; i++) {
      clock.advance(100);
      const pings = socket.actions("ping");
      socket.sent = [];
      for (const ping of pings) socket.say({ type: "pong", id: ping["id"], timestamp: new Date(clock.time).toISOString() });
      expect(client.state.kind).toBe("live");
    }
  });

  it("does not blame the gateway when this page's timers slept", () => {
    const socket = go_live();
    socket.say({ type: "pong", id: 1, timestamp: new Date(clock.time).toISOString() });
    clock.time += 60_000; // the timer is due long ago and runs only now
    clock.advance(250);
    expect(client.state.kind).toBe("live");
    expect(socket.actions("ping").length).toBeGreaterThan(1);
  });

  it("drops a silent connection and reconnects", () => {
    go_live();
    clock.advance(dead_after_ms + 500);
    expect(client.state).toMatchObject({ kind: "reconnecting", reason: "gateway went silent" });
    expect(network.last.closed).toBe(true);
  });

  it("gives up on a connection that never opens", () => {
    client.start();
    clock.advance(10_500);
    expect(client.state).toMatchObject({ kind: "reconnecting", reason: "gateway does not answer" });
  });

  it("measures the server's clock from the pong with the shortest round trip", () => {
    const socket = go_live();
    const id = socket.actions("ping")[0]!["id"];
    const server = clock.time + 5_000;
    clock.time += 40;
    socket.say({ type: "pong", id, timestamp: new Date(server + 20).toISOString() });
    expect(client.clock_sample).toEqual({ round_trip_ms: 40, skew_ms: 5_000 });
    expect(client.server_now()).toBe(clock.time + 5_000);
  });
});

describe("reconnect", () => {
  it("waits 1 s doubling to 30 s, jittered, without end", () => {
    clock.random_value = 0.999999;
    client.start();
    const delays: number[] = [];
    for (let i = 0; i < 8; i++) {
      network.last.cut();
      const state = client.state;
      if (state.kind !== "reconnecting") throw new Error(state.kind);
      delays.push(state.retry_at_ms - clock.time);
      clock.advance(delays.at(-1)!);
      expect(client.state.kind).toBe("connecting");
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    clock.random_value = 0;
    network.last.cut();
    expect(client.state).toMatchObject({ retry_at_ms: clock.time + 15_000 });
  });

  it("tells the new connection everything that is wanted", () => {
    const socket = go_live();
    client.subscribe(aapl, () => {});
    clock.settle();
    socket.cut(1001);
    expect(client.state).toMatchObject({ kind: "reconnecting", reason: "gateway is restarting" });
    client.subscribe({ channel: "quotes", symbol: "MSFT" }, () => {});
    clock.advance(1_000);
    expect(network.sockets).toHaveLength(2);
    network.last.open();
    expect(network.last.actions("subscribe")).toMatchObject([{ symbols: ["AAPL", "MSFT"] }]);
  });

  it.each([1000, 4401, 4403])("does not reconnect after %i, but does when asked", (code) => {
    go_live().cut(code);
    expect(client.state).toMatchObject({ kind: "closed", code });
    clock.advance(120_000);
    expect(network.sockets).toHaveLength(1);
    client.reconnect_now();
    expect(network.sockets).toHaveLength(2);
  });

  it("backs off further when the server says it is asked too often", () => {
    go_live().cut(4429);
    const state = client.state;
    if (state.kind !== "reconnecting") throw new Error(state.kind);
    expect(state.retry_at_ms - clock.time).toBeGreaterThanOrEqual(4_000);
  });

  it("starts at the shortest delay again only after a connection that lasted", () => {
    client.start();
    network.last.cut();
    clock.advance(1_000);
    network.last.open();
    network.last.cut();
    expect(client.state).toMatchObject({ attempt: 2 });
    clock.advance(2_000);
    const socket = network.last;
    socket.open();
    for (let i = 0; i < 12; i++) {
      clock.advance(1_000);
      socket.say({ type: "heartbeat" });
    }
    socket.cut();
    expect(client.state).toMatchObject({ attempt: 1 });
  });

  it("ignores a socket it has let go", () => {
    const old = go_live();
    const { onmessage, onclose } = old;
    client.stop();
    expect(old.onmessage).toBeNull();
    expect(onmessage && onclose).toBeTruthy();
    expect(client.state.kind).toBe("idle");
    clock.advance(60_000);
    expect(network.sockets).toHaveLength(1);
  });
});
