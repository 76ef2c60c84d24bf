/// Drawings of the user: bound to time and price, not to pixels.

export type DrawingKind = "trend" | "horizontal" | "rectangle" | "fib" | "measure";

export interface Anchor {
  /// Epoch seconds.
  ts: number;
  price: number;
}

export interface Drawing {
  id: string;
  kind: DrawingKind;
  /// One of a horizontal line, two of everything else.
  anchors: readonly Anchor[];
}

export const drawing_kinds: readonly { id: DrawingKind; label: string }[] = [
  { id: "trend", label: "Trend line" }, { id: "horizontal", label: "Horizontal line" }, { id: "rectangle", label: "Rectangle" }, { id: "fib", label: "Fibonacci levels" }, { id: "measure", label: "Measure" },
];

export const fib_levels = [0, 0.236, 0.382, 0.5, 0.618, 0.786, 1] as const;

/// Drawings kept per symbol.
export const drawings_kept = 100;

export function is_drawing(value: unknown): value is Drawing {
  const one = value as Partial<Drawing> | null;
  const wanted = one?.kind === "horizontal" ? 1 : 2;
  return typeof one?.id === "string" && drawing_kinds.some(({ id }) => id === one.kind) && Array.isArray(one.anchors) && one.anchors.length === wanted &&
    one.anchors.every((anchor: Partial<Anchor> | null) => Number.isFinite(anchor?.ts) && Number.isFinite(anchor?.price));
}

/// A place in pixels.
export interface Pixel {
  x: number;
  y: number;
}

/// How far a place is from a drawing's lines, in pixels; anchors already in pixels.
export function distance_to(kind: DrawingKind, anchors: readonly Pixel[], at: Pixel): number {
  const [a, b] = anchors;
  if (!a) return Number.POSITIVE_INFINITY;
  if (kind === "horizontal") return Math.abs(at.y - a.y);
  if (!b) return Number.POSITIVE_INFINITY;
  if (kind === "trend") return segment_distance(a, b, at);
  if (kind === "fib") {
    const inside = at.x >= Math.min(a.x, b.x) && at.x <= Math.max(a.x, b.x);
    return inside ? Math.min(...fib_levels.map((level) => Math.abs(at.y - (a.y + (b.y - a.y) * level)))) : Number.POSITIVE_INFINITY;
  }
  const corners: [Pixel, Pixel, Pixel, Pixel] = [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
  return Math.min(...corners.map((corner, index) => segment_distance(corner, corners[(index + 1) % 4]!, at)));
}

function segment_distance(a: Pixel, b: Pixel, at: Pixel): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((at.x - a.x) * dx + (at.y - a.y) * dy) / length));
  return Math.hypot(at.x - a.x - along * dx, at.y - a.y - along * dy);
}

/// What a measure says: "+3.20 (+1.39%), 24 bars".
export function measure_text([a, b]: readonly Anchor[], bars: number, write: (price: number) => string): string {
  if (!a || !b) return "";
  const change = b.price - a.price;
  const percent = a.price === 0 ? "" : ` (${change >= 0 ? "+" : ""}${((change / Math.abs(a.price)) * 100).toFixed(2)}%)`;
  const count = Math.abs(Math.round(bars));
  return `${change >= 0 ? "+" : ""}${write(change)}${percent}, ${count} bar${count === 1 ? "" : "s"}`;
}

/// The price of a bar that is nearest, when near enough; else the price itself.
export function snapped(price: number, prices: readonly number[], reach: number): number {
  let best = price;
  let least = reach;
  for (const one of prices) {
    const away = Math.abs(one - price);
    if (away > least) continue;
    least = away;
    best = one;
  }
  return best;
}
