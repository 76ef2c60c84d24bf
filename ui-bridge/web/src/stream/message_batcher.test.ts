import { beforeEach, describe, expect, it } from "vitest";
import { batch_every_ms, MessageBatcher, most_waiting } from "./message_batcher";

let now = 0;
let timers: { at: number; run: () => void }[] = [];
let posted: string[][] = [];
let overflows = 0;
let batcher: MessageBatcher;

function pass(ms: number): void {
  now += ms;
  const due = timers.filter(({ at }) => at <= now);
  timers = timers.filter(({ at }) => at > now);
  for (const { run } of due) run();
}

beforeEach(() => {
  [now, timers, posted, overflows] = [1_000, [], [], 0];
  batcher = new MessageBatcher({ post: (batch) => posted.push(batch), overflow: () => (overflows += 1), set_timer: (run, ms) => timers.push({ at: now + ms, run }), now: () => now });
});

describe("message batcher", () => {
  it("lets the first through at once and the rest together, in order", () => {
    batcher.add("a");
    expect(posted).toEqual([["a"]]);
    batcher.taken();
    batcher.add("b");
    batcher.add("c");
    expect(posted).toEqual([["a"]]);
    pass(batch_every_ms);
    expect(posted).toEqual([["a"], ["b", "c"]]);
    batcher.taken();
    pass(100);
    batcher.add("d");
    expect(posted).toEqual([["a"], ["b", "c"], ["d"]]);
  });

  it("waits for a page that has not taken the last batch", () => {
    batcher.add("a");
    batcher.add("b");
    pass(1_000);
    batcher.add("c");
    expect(posted).toEqual([["a"]]);
    batcher.taken();
    expect(posted).toEqual([["a"], ["b", "c"]]);
  });

  it("gives up where too many wait", () => {
    batcher.add("a");
    for (let i = 0; i < most_waiting; ++i) batcher.add("x");
    expect(overflows).toBe(0);
    batcher.add("x");
    expect(overflows).toBe(1);
    batcher.taken();
    expect(posted).toEqual([["a"]]);
  });

  it("hands out what waits before an end is told", () => {
    batcher.add("a");
    batcher.add("b");
    batcher.flush();
    expect(posted).toEqual([["a"], ["b"]]);
  });
});
