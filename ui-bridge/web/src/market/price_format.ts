/// How an instrument's prices are written. Built once per instrument.

export interface PriceRule {
  /// Smallest price step.
  min_move: number;
  /// Digits after the point of a decimal price.
  precision: number;
  /// Denominator of a fractional price (32 for 1/32), undefined for decimals.
  denominator: number | undefined;
}

export const plain_rule: PriceRule = { min_move: 0.01, precision: 2, denominator: undefined };

/// Never more digits than this, whatever the pricescale says.
const max_precision = 12;

/// Source of the rule: UDF, price = multiples of minmov / pricescale.
export function price_rule(info: { minmov?: number; pricescale?: number; fractional?: boolean }): PriceRule {
  const { minmov = 1, pricescale = 100, fractional = false } = info;
  if (!(pricescale >= 1) || !(minmov > 0)) return plain_rule;
  const min_move = minmov / pricescale;
  if (fractional) return { min_move, precision: 0, denominator: pricescale };
  return { min_move, precision: Math.min(Math.round(Math.log10(pricescale)), max_precision), denominator: undefined };
}

/// A price in the instrument's own writing, thousands apart: 231.10, 34,288.25, or
/// 110'16 in 32nds.
export function format_price(value: number | undefined | null, rule: PriceRule): string {
  if (!is_number(value)) return "–";
  if (rule.denominator === undefined) return with_thousands(value.toFixed(rule.precision));
  const sign = value < 0 ? "-" : "";
  const ticks = Math.round(Math.abs(value) * rule.denominator);
  const digits = String(rule.denominator).length;
  return `${sign}${with_thousands(String(Math.floor(ticks / rule.denominator)))}'${String(ticks % rule.denominator).padStart(digits, "0")}`;
}

/// By hand: axes are written anew in every frame, and `toLocaleString` is slow.
function with_thousands(text: string): string {
  const point = text.indexOf(".");
  const start = text.startsWith("-") ? 1 : 0;
  let at = (point < 0 ? text.length : point) - 3;
  for (; at > start; at -= 3) text = `${text.slice(0, at)},${text.slice(at)}`;
  return text;
}

/// The nearest price that the instrument trades at, as decimal text for a
/// request: never in 32nds, never with an exponent.
export function grid_text(price: number, { min_move, precision, denominator }: PriceRule): string {
  const text = (Math.round(price / min_move) * min_move).toFixed(denominator === undefined ? precision : max_precision);
  return text.includes(".") && denominator !== undefined ? text.replace(/\.?0+$/, "") : text;
}

export function format_change(value: number | undefined | null, rule: PriceRule): string {
  if (!is_number(value)) return "–";
  return `${value > 0 ? "+" : ""}${format_price(value, rule)}`;
}

/// @param value in percent.
export function format_percent(value: number | undefined | null): string {
  if (!is_number(value)) return "–";
  const text = value.toFixed(2);
  if (text === "-0.00") return "0.00%";
  return `${value > 0 && text !== "0.00" ? "+" : ""}${text}%`;
}

const units = [
  { size: 1e12, name: "T" }, { size: 1e9, name: "B" }, { size: 1e6, name: "M" }, { size: 1e3, name: "K" },
];

/// A quantity in at most five characters or so: 950, 18.2M.
export function format_quantity(value: number | undefined | null): string {
  if (!is_number(value)) return "–";
  for (const { size, name } of units) {
    // 999,950 would round to "1000.0K"
    if (Math.abs(value) >= size * 0.99995) return `${(value / size).toFixed(Math.abs(value) < 10 * size ? 2 : 1)}${name}`;
  }
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 1 ? 4 : 2);
}

export function is_number(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
