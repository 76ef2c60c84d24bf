import { beforeEach, describe, expect, it } from "vitest";
import type { HistoryPage, HistoryQuery } from "../api/gateway";
import type { Bar } from "../api/types";
import type { StreamMessage, Topic } from "../stream/types";
import { ChartFeed, chunk_size, first_chunk_size } from "./chart_feed";
import type { ChartView } from "./chart_feed";
import { timeframe_of } from "./timeframes";

const minute = 60;
const one_minute = timeframe_of("1m");

/// A market with a bar each minute except between `gap_from` and `gap_to`.
class FakeMarket {
  start = 0;
  now_s = 40_000 * minute;
  gap_from = 0;
  gap_to = 0;
  queries: HistoryQuery[] = [];
  fail: string | undefined;
  listeners = new Map<string, (batch: readonly StreamMessage[]) => void>();
  /// Held replies when not undefined.
  held: (() => void)[] | undefined;

  bar(ts: number): Bar {
    return { ts, o: ts, h: ts + 1, l: ts - 1, c: ts, v: 1 };
  }
  history = async (query: HistoryQuery): Promise<HistoryPage> => {
    this.queries.push(query);
    if (this.held) await new Promise<void>((resolve) => this.held!.push(resolve));
    if (this.fail) throw new Error(this.fail);
    const bars: Bar[] = [];
    const newest = Math.floor(Math.min(query.to - 1, this.now_s) / minute) * minute;
    for (let ts = newest; ts >= this.start && bars.length < query.countback; ts -= minute) {
      if (ts < this.gap_from || ts >= this.gap_to) bars.unshift(this.bar(ts));
    }
    return { bars, at_start: bars.length === 0 };
  };
  subscribe = (topic: Topic, listener: (batch: readonly StreamMessage[]) => void) => {
    const key = `${topic.symbol} ${topic.timeframe} ${topic.session}`;
    this.listeners.set(key, listener);
    return () => void this.listeners.delete(key);
  };
  say(bar: object) {
    for (const listener of this.listeners.values()) listener([{ type: "bar", channel: "bars", data: bar }]);
  }
}

let market: FakeMarket;
let feed: ChartFeed;
let seen: { statuses: string[]; failures: string[]; lives: [number, string][]; shifts: (number | undefined)[] };

beforeEach(() => {
  market = new FakeMarket();
  seen = { statuses: [], failures: [], lives: [], shifts: [] };
  const view: ChartView = {
    replaced: (_, how) => seen.shifts.push(how.kind === "fresh" ? undefined : how.shift),
    live: (bar, change) => seen.lives.push([bar.ts, change]),
    status: (status) => seen.statuses.push(status),
    failed: (text) => seen.failures.push(text),
  };
  feed = new ChartFeed({ history: market.history, subscribe: market.subscribe, now: () => market.now_s * 1000 }, view);
});

const target = { symbol: "AAPL", timeframe: one_minute, session: "regular" } as const;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function expect_contiguous() {
  feed.window.bars.slice(1).forEach((bar, i) => {
    const before = feed.window.bars[i]!.ts;
    if (before < market.gap_from && bar.ts >= market.gap_to) return;
    expect(bar.ts).toBe(before + minute);
  });
}

describe("ChartFeed", () => {
  it("loads the newest bars including the forming one", async () => {
    await feed.open(target);
    expect(feed.window.bars).toHaveLength(first_chunk_size);
    expect(feed.window.last!.ts).toBe(market.now_s);
    expect(market.queries[0]).toMatchObject({ symbol: "AAPL", resolution: "1", session: "regular", countback: first_chunk_size });
    expect(seen.statuses).toEqual(["loading", "ready"]);
  });

  it("asks past now for daily bars, which may be dated tomorrow", async () => {
    await feed.open({ ...target, timeframe: timeframe_of("1d") });
    expect(market.queries[0]!.to).toBeGreaterThan(market.now_s + 86_400);
  });

  it("pages backwards without hole or overlap until history starts", async () => {
    market.now_s = 18_000 * minute;
    await feed.open(target);
    while (!feed.window.at_start) await feed.load_older();
    expect(feed.window.first!.ts).toBe(0);
    expect(feed.window.bars).toHaveLength(18_001);
    expect_contiguous();
    const asked = market.queries.length;
    await feed.load_older();
    expect(market.queries).toHaveLength(asked);
    expect(seen.shifts).toEqual([undefined, chunk_size, 7_001, 0]);
  });

  it("asks for one page at a time", async () => {
    await feed.open(target);
    await Promise.all([feed.load_older(), feed.load_older(), feed.load_older()]);
    expect(market.queries).toHaveLength(2);
  });

  it("gives up the newest bars far back and finds its way to the present across a gap", async () => {
    market.gap_from = 20_000 * minute;
    market.gap_to = 30_000 * minute; // longer than one chunk
    market.now_s = 60_000 * minute;
    await feed.open(target);
    while (!feed.window.at_start) await feed.load_older();
    expect(feed.window.at_edge).toBe(false);
    expect(feed.window.first!.ts).toBe(0);
    for (let i = 0; i < 20 && !feed.window.at_edge; i++) {
      await feed.load_newer();
      expect_contiguous();
    }
    expect(feed.window.last!.ts).toBe(market.now_s);
    expect(feed.window.at_edge).toBe(true);
  });

  it("follows the live bar and re-reads a bar whose close nobody confirmed", async () => {
    await feed.open(target);
    const ts = market.now_s;
    market.say({ ...market.bar(ts), c: 7, closed: false });
    market.say({ ...market.bar(ts), c: 8, closed: true });
    market.say({ ...market.bar(ts + minute), closed: false });
    await settle();
    expect(seen.lives).toEqual([[ts, "updated"], [ts, "updated"], [ts + minute, "appended"]]);
    expect(market.queries).toHaveLength(1);
    market.now_s = ts + 2 * minute;
    market.say({ ...market.bar(ts + 2 * minute), closed: false });
    await settle();
    expect(market.queries).toHaveLength(2);
    expect(feed.window.bars.at(-2)).toEqual(market.bar(ts + minute));
  });

  it("applies live bars that arrive before history does", async () => {
    market.held = [];
    const opened = feed.open(target);
    market.say({ ...market.bar(market.now_s), c: 12345 });
    market.held.splice(0).forEach((go) => go());
    await opened;
    expect(feed.window.last!.c).toBe(12345);
  });

  it("ignores malformed bars", async () => {
    await feed.open(target);
    market.say({ ts: market.now_s, o: 1, h: null, l: 1, c: 1, v: 1 });
    expect(seen.lives).toEqual([]);
  });

  it("heals a short cut in place and reloads after a long one", async () => {
    await feed.open(target);
    market.now_s += 100 * minute;
    await feed.heal();
    expect(feed.window.last!.ts).toBe(market.now_s);
    expect(feed.window.bars).toHaveLength(first_chunk_size + 100);
    expect_contiguous();
    market.now_s += 5_000 * minute;
    await feed.heal();
    expect(feed.window.last!.ts).toBe(market.now_s);
    expect(feed.window.bars).toHaveLength(first_chunk_size);
    expect_contiguous();
  });

  it("drops the reply of a symbol that was switched away", async () => {
    market.held = [];
    const first = feed.open(target);
    const second = feed.open({ ...target, symbol: "MSFT" });
    market.held.splice(0).forEach((go) => go());
    await Promise.all([first, second]);
    expect(seen.shifts).toEqual([undefined]);
    expect([...market.listeners.keys()]).toEqual(["MSFT 1m regular"]);
    expect(seen.failures).toEqual([]);
  });

  it("shows the server's text when history fails, and loads on the next heal", async () => {
    market.fail = "AAPL: no history source is configured";
    await feed.open(target);
    expect(seen.statuses.at(-1)).toBe("error");
    expect(seen.failures).toEqual(["AAPL: no history source is configured"]);
    market.fail = undefined;
    await feed.heal();
    expect(seen.statuses.at(-1)).toBe("ready");
  });

  it("says empty when there are no bars", async () => {
    market.start = market.now_s + 1e6;
    await feed.open(target);
    expect(seen.statuses.at(-1)).toBe("empty");
  });
});
