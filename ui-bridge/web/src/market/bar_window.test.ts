import { describe, expect, it } from "vitest";
import type { Bar } from "../api/types";
import { BarWindow } from "./bar_window";

const bar = (ts: number, c = ts): Bar => ({ ts, o: c, h: c, l: c, c, v: 1 });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => bar(from + i));
const times = (window: BarWindow) => window.bars.map((b) => b.ts);

function window_of(from: number, to: number, limit = 10) {
  const window = new BarWindow(limit);
  window.reset(range(from, to), false);
  return window;
}

describe("BarWindow", () => {
  it("prepends without overlap", () => {
    const window = window_of(5, 8);
    expect(window.prepend(range(2, 6), false)).toEqual({ added: 3, dropped: 0 });
    expect(times(window)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(window.at_edge).toBe(true);
  });

  it("gives up the newest bars at the limit and leaves the edge", () => {
    const window = window_of(10, 18);
    expect(window.prepend(range(5, 10), true)).toEqual({ added: 5, dropped: 3 });
    expect(times(window)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect(window).toMatchObject({ at_edge: false, at_start: true });
    expect(window.apply_live(bar(18))).toBe("ignored");
  });

  it("comes back to the edge by appending, giving up the oldest", () => {
    const window = window_of(10, 18);
    window.prepend(range(5, 10), true);
    expect(window.append(range(13, 18), true)).toEqual({ added: 3, dropped: 3 });
    expect(times(window)).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    expect(window).toMatchObject({ at_edge: true, at_start: false });
  });

  it("paged backwards and forwards is always contiguous and never over the limit", () => {
    const window = window_of(90, 100);
    for (let i = 0; i < 30; i++) {
      const first = window.first!.ts;
      window.prepend(range(Math.max(0, first - 4), first), first - 4 <= 0);
    }
    expect(window.first!.ts).toBe(0);
    while (!window.at_edge) {
      const last = window.last!.ts;
      const to = Math.min(100, last + 4);
      window.append(range(last - 1, to), to === 100);
      expect(window.bars.length).toBe(10);
      window.bars.forEach((b, i) => expect(b.ts).toBe(window.first!.ts + i));
    }
    expect(window.last!.ts).toBe(99);
  });

  it("updates the last bar, appends a newer one, ignores an older one", () => {
    const window = window_of(1, 4);
    expect(window.apply_live(bar(3, 99))).toBe("updated");
    expect(window.apply_live(bar(4))).toBe("appended");
    expect(window.apply_live(bar(2))).toBe("ignored");
    expect(window.bars.map((b) => b.c)).toEqual([1, 2, 99, 4]);
  });

  it("patches its end with what was read again", () => {
    const window = window_of(1, 6);
    expect(window.patch([bar(4, 40), bar(5, 50), bar(6, 60)])).toBe(0);
    expect(window.bars.map((b) => b.c)).toEqual([1, 2, 3, 40, 50, 60]);
  });

  it("keeps a bar the stream brought while the reply was under way", () => {
    const window = window_of(1, 6);
    window.apply_live(bar(7, 70));
    expect(window.patch([bar(5, 50), bar(6, 60)])).toBe(0);
    expect(window.bars.map((b) => b.c)).toEqual([1, 2, 3, 4, 50, 60, 70]);
  });

  it("gives up the oldest bars when a patch makes it too long", () => {
    const window = window_of(0, 10);
    expect(window.patch(range(8, 13))).toBe(3);
    expect(times(window)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it("refuses a patch that leaves a hole", () => {
    const window = window_of(1, 4);
    expect(window.patch([bar(6), bar(7)])).toBeUndefined();
    expect(times(window)).toEqual([1, 2, 3]);
  });
});
