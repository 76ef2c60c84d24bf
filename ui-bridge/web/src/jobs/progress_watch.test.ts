import { beforeEach, describe, expect, it } from "vitest";
import type { JobState } from "../api/job_types";
import { FakeClock, FakeNetwork } from "../stream/fakes";
import { ProgressWatch, silent_after_ms } from "./progress_watch";
import type { JobProgress } from "./progress_watch";

let clock: FakeClock;
let network: FakeNetwork;
let changes: JobProgress[];
let ends: JobProgress[];
let losses: string[];
let states: (JobState | Error)[];

function watch(): ProgressWatch {
  const read_state = () => {
    const next = states.shift() ?? new Error("no state prepared");
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  const made = new ProgressWatch({ url: "ws://node/progress", socket: network.factory, clock, read_state }, {
    changed: (progress) => changes.push(progress),
    ended: (progress) => ends.push(progress),
    lost: (reason) => losses.push(reason),
  });
  made.start();
  return made;
}

const say = (status: string, progress: number, more: object = {}) =>
  network.last.say({ type: "progress", backtest_id: "b1", status, progress, stage: "run", ...more });
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

beforeEach(() => {
  clock = new FakeClock();
  network = new FakeNetwork();
  changes = [];
  ends = [];
  losses = [];
  states = [];
});

describe("progress of a job", () => {
  it("follows messages to the end and closes", () => {
    watch();
    network.last.open();
    say("running", 10);
    say("running", 55, { symbol: "AAPL" });
    network.last.say({ type: "completed", backtest_id: "b1", status: "completed", progress: 100, error_message: null });
    expect(changes.map((p) => p.progress)).toEqual([10, 55, 100]);
    expect(changes[1]).toMatchObject({ symbol: "AAPL", stage: "run" });
    expect(ends).toHaveLength(1);
    expect(network.last.closed).toBe(true);
  });

  it("never goes backwards", () => {
    watch();
    network.last.open();
    say("running", 60);
    say("running", 40);
    expect(changes.at(-1)!.progress).toBe(60);
  });

  it("reads the state by HTTP when the socket breaks, and tries again", async () => {
    states = [{ status: "running", progress: 70 }];
    watch();
    network.last.open();
    say("running", 30);
    network.last.cut(1006);
    await settle();
    expect(changes.at(-1)!.progress).toBe(70);
    clock.advance(1_000);
    expect(network.sockets).toHaveLength(2);
    network.last.open();
    say("running", 80);
    expect(changes.at(-1)!.progress).toBe(80);
  });

  it("ends by HTTP when the job finished while the socket was down", async () => {
    states = [{ status: "failed", progress: 70, error_message: "no data" }];
    watch();
    network.last.cut(1006);
    await settle();
    expect(ends).toMatchObject([{ status: "failed", error_message: "no data" }]);
    clock.advance(60_000);
    expect(network.sockets).toHaveLength(1);
  });

  it("takes a silent socket for dead", () => {
    states = [{ status: "running", progress: 1 }];
    watch();
    network.last.open();
    say("running", 1);
    clock.advance(silent_after_ms + 1_000);
    expect(network.sockets).toHaveLength(2);
  });

  it("says why an unknown job can't be followed, once, and stops", () => {
    watch();
    network.last.open();
    network.last.say({ type: "error", message: "unknown backtest b1" });
    network.last.cut(4404);
    clock.advance(60_000);
    expect(losses).toEqual(["unknown backtest b1"]);
    expect(network.sockets).toHaveLength(1);
  });

  it("stops when nobody looks any more", () => {
    const watched = watch();
    network.last.open();
    watched.stop();
    clock.advance(60_000);
    expect(network.sockets).toHaveLength(1);
    expect(network.last.closed).toBe(true);
    expect(losses).toEqual([]);
  });

  it("keeps counts of trials and the best of a study", () => {
    watch();
    network.last.open();
    say("running", 10, { trials_done: 5, trials_total: 50, best: { objective: 1.2 } });
    say("running", 12, { trials_done: 6 });
    expect(changes.at(-1)).toMatchObject({ trials_done: 6, trials_total: 50, best: { objective: 1.2 } });
  });
});
