import type { Bar } from "../api/types";

/// How bars are drawn.

export type BarStyle = "candles" | "bars" | "line" | "area" | "heikin_ashi";

export const bar_styles: readonly { id: BarStyle; label: string }[] = [
  { id: "candles", label: "Candles" }, { id: "bars", label: "Bars" }, { id: "line", label: "Line" }, { id: "area", label: "Area" }, { id: "heikin_ashi", label: "Heikin-Ashi" },
];

export const is_bar_style = (value: unknown): value is BarStyle => bar_styles.some(({ id }) => id === value);

/// The Heikin-Ashi bar that follows `before`; the first one starts from its own
/// middle, so that bars paged in before it change it.
export function next_heikin_ashi(before: Bar | undefined, bar: Bar): Bar {
  const c = (bar.o + bar.h + bar.l + bar.c) / 4;
  const o = before ? (before.o + before.c) / 2 : (bar.o + bar.c) / 2;
  return { ts: bar.ts, o, h: Math.max(bar.h, o, c), l: Math.min(bar.l, o, c), c, v: bar.v };
}

export function heikin_ashi(bars: readonly Bar[]): Bar[] {
  const out: Bar[] = [];
  for (const bar of bars) out.push(next_heikin_ashi(out.at(-1), bar));
  return out;
}

/// For each bar the close of another symbol at that time, or the last one
/// before; nothing before the other's first bar.
export function aligned(bars: readonly Bar[], other: readonly Bar[]): { ts: number; value: number }[] {
  const out: { ts: number; value: number }[] = [];
  let at = -1;
  for (const { ts } of bars) {
    while (at + 1 < other.length && other[at + 1]!.ts <= ts) at += 1;
    if (at >= 0) out.push({ ts, value: other[at]!.c });
  }
  return out;
}

/// Another symbol on the chart's own prices: both start together at the bar
/// with index `from`, so that the distance is the difference of their changes.
export interface ScaledLine {
  points: { ts: number; value: number }[];
  /// The other's close where both start together; undefined = it has no bar yet.
  base: number | undefined;
}

export function scaled(bars: readonly Bar[], other: readonly Bar[], from: number): ScaledLine {
  const points = aligned(bars, other);
  const offset = bars.length - points.length; // what is missing is missing at the start
  const start = Math.max(from, offset);
  const base = points[start - offset]?.value;
  const own = bars[start]?.c;
  if (base === undefined || own === undefined || base === 0) return { points: [], base: undefined };
  return { points: points.map(({ ts, value }) => ({ ts, value: (value / base) * own })), base };
}
