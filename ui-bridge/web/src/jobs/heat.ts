import type { InputValue, Trial } from "../api/job_types";

/// Heat maps: colours of signed values, and the grid of two parameters.

/// Where a value lies between the worst and the best, for colouring: -1 to 1,
/// with 0 at `middle`. Each side has its own scale, so that one very bad cell
/// does not turn all good ones pale.
export function heat_share(value: number, low: number, high: number, middle = 0): number {
  if (!Number.isFinite(value)) return 0;
  if (value >= middle) return high > middle ? Math.min((value - middle) / (high - middle), 1) : 0;
  return low < middle ? -Math.min((middle - value) / (middle - low), 1) : 0;
}

export interface Rgb {
  r: number;
  g: number;
  b: number;
}

export function parse_color(text: string): Rgb {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(text.trim());
  if (hex) return { r: parseInt(hex[1]!, 16), g: parseInt(hex[2]!, 16), b: parseInt(hex[3]!, 16) };
  const rgb = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/.exec(text.trim());
  return rgb ? { r: +rgb[1]!, g: +rgb[2]!, b: +rgb[3]! } : { r: 128, g: 128, b: 128 };
}

/// The colour of a share: `base` at 0, `up` at 1, `down` at -1.
export function heat_color(share: number, base: Rgb, up: Rgb, down: Rgb): string {
  const target = share >= 0 ? up : down;
  const weight = Math.min(Math.abs(share), 1) * 0.85;
  const mix = (from: number, to: number) => Math.round(from + (to - from) * weight);
  return `rgb(${mix(base.r, target.r)}, ${mix(base.g, target.g)}, ${mix(base.b, target.b)})`;
}

/// Whether dark text is easier to read on a colour than light text (WCAG's luminance,
/// at which both have the same contrast).
export function wants_dark_ink(color: string): boolean {
  const linear = (part: number) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const { r, g, b } = parse_color(color);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) > 0.179;
}

export interface HeatCell {
  x: number;
  y: number;
  value: number;
  /// Trials that fell into the cell (other parameters differ); `value` is the best of them.
  count: number;
}

export interface HeatGrid {
  xs: InputValue[];
  ys: InputValue[];
  cells: HeatCell[];
  low: number;
  high: number;
}

/// The grid of two parameters over finished trials. Where other parameters
/// vary too, a cell holds the best objective.
export function heat_grid(trials: readonly Trial[], x_name: string, y_name: string, direction: "maximize" | "minimize"): HeatGrid {
  const scored = trials.filter((t) => typeof t.objective === "number" && x_name in t.params && y_name in t.params);
  const xs = axis_of(scored.map((t) => t.params[x_name]!));
  const ys = axis_of(scored.map((t) => t.params[y_name]!));
  const cells = new Map<number, HeatCell>();
  const better = direction === "maximize" ? Math.max : Math.min;
  for (const trial of scored) {
    const x = xs.indexOf(trial.params[x_name]!);
    const y = ys.indexOf(trial.params[y_name]!);
    const key = y * xs.length + x;
    const cell = cells.get(key);
    if (!cell) cells.set(key, { x, y, value: trial.objective!, count: 1 });
    else cells.set(key, { ...cell, value: better(cell.value, trial.objective!), count: cell.count + 1 });
  }
  const values = [...cells.values()].map(({ value }) => value);
  return { xs, ys, cells: [...cells.values()], low: Math.min(...values), high: Math.max(...values) };
}

function axis_of(values: InputValue[]): InputValue[] {
  const unique = [...new Set(values)];
  return unique.sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))));
}
