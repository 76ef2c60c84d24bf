import type { EquityPoint } from "../api/job_types";

/// What the report draws from an equity curve.

export interface CurvePoint {
  /// Epoch seconds.
  time: number;
  value: number;
}

/// Ascending and one per instant: what the chart library insists on. Points
/// that cannot be read are left out.
export function curve_of(points: readonly EquityPoint[]): CurvePoint[] {
  const read = points.flatMap(({ date, equity }) => {
    const time = Math.floor(Date.parse(date.length === 10 ? `${date}T00:00:00Z` : date) / 1000);
    return Number.isFinite(time) && Number.isFinite(equity) ? [{ time, value: equity }] : [];
  });
  read.sort((a, b) => a.time - b.time);
  return read.filter((point, index) => index + 1 === read.length || read[index + 1]!.time !== point.time);
}

/// Fall from the highest value so far, as a negative fraction: 0 at a top.
export function drawdown_of(curve: readonly CurvePoint[]): CurvePoint[] {
  let top = Number.NEGATIVE_INFINITY;
  return curve.map(({ time, value }) => {
    top = Math.max(top, value);
    return { time, value: top > 0 ? value / top - 1 : 0 };
  });
}

export interface YearRow {
  year: number;
  /// Return per month as a fraction, January first; undefined = no data.
  months: (number | undefined)[];
  total: number;
}

/// Returns per calendar month (UTC dates, as the curve's are): from the last
/// value of the month before, the first month from `start`.
/// @param start capital before the first point.
export function monthly_returns(curve: readonly CurvePoint[], start: number): YearRow[] {
  const rows = new Map<number, YearRow>();
  let before = start;
  let year_start = start;
  for (let i = 0; i < curve.length; i++) {
    const { time, value } = curve[i]!;
    const date = new Date(time * 1000);
    const next = curve[i + 1] && new Date(curve[i + 1]!.time * 1000);
    const year = date.getUTCFullYear();
    const month_ends = !next || next.getUTCMonth() !== date.getUTCMonth() || next.getUTCFullYear() !== year;
    if (!month_ends) continue;
    let row = rows.get(year);
    if (!row) {
      row = { year, months: Array.from({ length: 12 }, () => undefined), total: 0 };
      rows.set(year, row);
      year_start = before;
    }
    row.months[date.getUTCMonth()] = before > 0 ? value / before - 1 : 0;
    row.total = year_start > 0 ? value / year_start - 1 : 0;
    before = value;
  }
  return [...rows.values()].sort((a, b) => b.year - a.year);
}

/// A curve as growth of 1, so that runs of different capital compare.
export function rebased(curve: readonly CurvePoint[], start: number | undefined): CurvePoint[] {
  const base = start ?? curve[0]?.value ?? 1;
  return base > 0 ? curve.map(({ time, value }) => ({ time, value: value / base })) : [];
}

/// Decimals that tell the values of an axis apart: money without cents, unless the
/// whole curve moves within a few units of it.
export function axis_digits(curve: readonly CurvePoint[]): number {
  const values = curve.map(({ value }) => value);
  const span = Math.max(...values) - Math.min(...values);
  return span >= 20 ? 0 : 2;
}
