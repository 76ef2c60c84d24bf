import { describe, expect, it } from "vitest";
import type { Bar } from "../api/types";
import { aligned, heikin_ashi, next_heikin_ashi, scaled } from "./bar_styles";

const bar = (ts: number, o: number, h: number, l: number, c: number): Bar => ({ ts, o, h, l, c, v: 1 });

describe("heikin-ashi", () => {
  const bars = [bar(1, 10, 12, 9, 11), bar(2, 11, 15, 11, 14), bar(3, 14, 14, 10, 10)];

  it("averages bars over the ones before", () => {
    expect(heikin_ashi(bars)).toEqual([
      { ts: 1, o: 10.5, h: 12, l: 9, c: 10.5, v: 1 }, { ts: 2, o: 10.5, h: 15, l: 10.5, c: 12.75, v: 1 }, { ts: 3, o: 11.625, h: 14, l: 10, c: 12, v: 1 },
    ]);
  });
  it("goes on bar by bar to the same", () => {
    const whole = heikin_ashi(bars);
    expect(next_heikin_ashi(whole[1], bars[2]!)).toEqual(whole[2]);
  });
  it("keeps open and close between low and high", () => {
    for (const { o, h, l, c } of heikin_ashi(bars)) expect(l <= Math.min(o, c) && Math.max(o, c) <= h).toBe(true);
  });
});

describe("another symbol in the chart", () => {
  it("stands at the chart's own times only, with its last close", () => {
    const own = [1, 2, 3, 5].map((ts) => bar(ts, 1, 1, 1, 1));
    const other = [bar(2, 7, 7, 7, 20), bar(4, 7, 7, 7, 40), bar(6, 7, 7, 7, 60)];
    expect(aligned(own, other)).toEqual([{ ts: 2, value: 20 }, { ts: 3, value: 20 }, { ts: 5, value: 40 }]);
    expect(aligned(own, [])).toEqual([]);
  });

  it("starts together with the chart's own at the left edge of the view", () => {
    const own = [10, 20, 40, 40].map((price, index) => bar(index, price, price, price, price));
    const other = [100, 100, 150].map((price, index) => bar(index + 1, price, price, price, price));
    expect(scaled(own, other, 1)).toEqual({ base: 100, points: [{ ts: 1, value: 20 }, { ts: 2, value: 20 }, { ts: 3, value: 30 }] });
    expect(scaled(own, other, 0).base).toBe(100); // it begins later: from its first bar on
    expect(scaled(own, other, 3).points.at(-1)).toEqual({ ts: 3, value: 40 });
    expect(scaled(own, [], 0)).toEqual({ points: [], base: undefined });
  });
});
