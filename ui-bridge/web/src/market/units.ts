import { duration_text } from "./exchange_time";
import { is_number } from "./price_format";

/// Figures in words and units, for status pages and reports. Everything that
/// is no number is written "–", never 0.

const byte_units = ["B", "kB", "MB", "GB", "TB"];

export function bytes_text(bytes: number | undefined | null): string {
  if (!is_number(bytes)) return "–";
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < byte_units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${byte_units[unit]}`;
}

export function micros_text(micros: number | undefined | null): string {
  if (!is_number(micros)) return "–";
  if (micros < 1000) return `${Math.round(micros)} µs`;
  return micros < 1e6 ? `${(micros / 1000).toFixed(micros < 10_000 ? 1 : 0)} ms` : `${(micros / 1e6).toFixed(1)} s`;
}

export function age_text(ms: number | undefined | null): string {
  if (!is_number(ms)) return "–";
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : duration_text(ms);
}

/// 0.125 → "12.50 %", with a sign where `signed`.
export function ratio_text(value: number | undefined | null, signed = false): string {
  if (!is_number(value)) return "–";
  const text = (value * 100).toFixed(2).replace(/^-0\.00$/, "0.00");
  return `${signed && value > 0 && text !== "0.00" ? "+" : ""}${text} %`;
}

/// Money with thousands apart: "-1,234.50".
export function money_text(value: number | undefined | null, digits = 2): string {
  return is_number(value) ? value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }) : "–";
}

export function signed_money(value: number | undefined | null): string {
  return is_number(value) && value > 0 ? `+${money_text(value)}` : money_text(value);
}

/// A figure without a unit: Sharpe, profit factor.
export function plain_text(value: number | undefined | null, digits = 2): string {
  return is_number(value) ? value.toFixed(digits) : "–";
}

/// Quantities as they are, without rounding: 0.015, 1500.
export function exact_text(value: number | undefined | null): string {
  return is_number(value) ? value.toLocaleString("en-US", { maximumFractionDigits: 10 }) : "–";
}

export function tone_of(value: number | undefined | null): "up" | "down" | "" {
  return !is_number(value) || value === 0 ? "" : value > 0 ? "up" : "down";
}
