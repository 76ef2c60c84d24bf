import { describe, expect, it } from "vitest";
import { axis_digits, curve_of, drawdown_of, monthly_returns, rebased } from "./equity";

const day = (date: string, equity: number) => ({ date, equity });

describe("equity curve", () => {
  it("sorts, keeps the last of equal instants, leaves out what can't be read", () => {
    const curve = curve_of([day("2024-01-03", 3), day("2024-01-02", 1), day("2024-01-02T00:00:00.000Z", 2), day("never", 9)]);
    expect(curve.map(({ value }) => value)).toEqual([2, 3]);
  });

  it("measures the fall from the highest value so far", () => {
    const fall = drawdown_of(curve_of([day("2024-01-01", 100), day("2024-01-02", 120), day("2024-01-03", 90), day("2024-01-04", 130)]));
    expect(fall.map(({ value }) => value)).toEqual([0, 0, -0.25, 0]);
  });

  it("returns per month from the end of the month before", () => {
    const curve = curve_of([
      day("2023-12-28", 105), day("2023-12-29", 110), day("2024-01-15", 90), day("2024-01-31", 121), day("2024-03-01", 133.1),
    ]);
    const [now, before] = monthly_returns(curve, 100);
    expect(before!.year).toBe(2023);
    expect(before!.months[11]).toBeCloseTo(0.1);
    expect(before!.total).toBeCloseTo(0.1);
    expect(now!.months[0]).toBeCloseTo(0.1);
    expect(now!.months[1]).toBeUndefined();
    expect(now!.months[2]).toBeCloseTo(0.1);
    expect(now!.total).toBeCloseTo(0.21);
  });

  it("compounds months to the year's total", () => {
    const curve = curve_of(Array.from({ length: 24 }, (_, i) => day(new Date(Date.UTC(2022, i, 20)).toISOString().slice(0, 10), 100 * 1.01 ** (i + 1))));
    for (const { months, total } of monthly_returns(curve, 100)) {
      const product = months.reduce<number>((all, month) => all * (1 + (month ?? 0)), 1) - 1;
      expect(total).toBeCloseTo(product, 10);
    }
  });

  it("rebases to growth of one, so that runs of different capital compare", () => {
    const curve = curve_of([day("2024-01-01", 100), day("2024-01-02", 150)]);
    expect(rebased(curve, undefined).map(({ value }) => value)).toEqual([1, 1.5]);
    expect(rebased(curve, 50).map(({ value }) => value)).toEqual([2, 3]);
    expect(rebased(curve, 0)).toEqual([]);
  });

  it("has decimals on its axis only where it hardly moves", () => {
    const curve = (...values: number[]) => values.map((value, time) => ({ time, value }));
    expect([axis_digits(curve(10_000, 10_000)), axis_digits(curve(100_000, 100_007)), axis_digits(curve(10_000, 10_350))]).toEqual([2, 2, 0]);
  });
});
