import type { RiskLimit } from "../api/trading_types";
import { is_number } from "../market/price_format";
import { exact_text, money_text, ratio_text } from "../market/units";

/// A limit in words, and how much of it is used.

/// 0 = nothing used, 1 = at the limit; 0 where that cannot be said.
export function limit_share({ limit, measured, headroom }: RiskLimit): number {
  if (!is_number(limit) || limit === 0) return is_number(headroom) && headroom <= 0 ? 1 : 0;
  if (is_number(headroom)) return Math.max(0, (limit - headroom) / limit);
  return is_number(measured) ? Math.max(0, measured / limit) : 0;
}

/// Whether there is something to measure before an order is checked.
export const is_measured = ({ measured, headroom }: RiskLimit): boolean => is_number(measured) || is_number(headroom);

/// The configuration's key as words, without its unit; several limits share a code.
export function limit_name({ code, name }: Pick<RiskLimit, "code" | "name">): string {
  return (name ?? code).replaceAll("_", " ").replace(/ s$/, "").toLowerCase();
}

export function limit_text(value: number | null | undefined, unit: string | undefined): string {
  if (!is_number(value)) return "–";
  if (unit === "ratio" || unit === "fraction") return ratio_text(value);
  if (unit === "percent" || unit === "%") return `${value.toFixed(2)} %`;
  if (unit === "money") return money_text(value);
  if (unit === "flag") return value === 0 ? "off" : "on";
  if (unit === "count" || unit === "quantity") return exact_text(value);
  if (unit === "seconds") return `${exact_text(Number(value.toFixed(1)))} s`;
  if (unit && /^[A-Z]{3}$/.test(unit)) return `${money_text(value)} ${unit}`;
  return `${exact_text(value)}${unit ? ` ${unit.replaceAll("_", " ")}` : ""}`;
}
