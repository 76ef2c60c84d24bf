import { describe, expect, it } from "vitest";
import { exchange_time } from "../market/exchange_time";
import { tick_weight } from "./exchange_time_scale";
import { comma_color } from "./theme";

describe("exchange time scale", () => {
  const zone = exchange_time("America/New_York");
  const weight = (before: string, now: string) => tick_weight(zone.local(Date.parse(before) / 1000), zone.local(Date.parse(now) / 1000));

  it("does not start a day at midnight UTC, within the after-hours session", () => {
    expect(weight("2026-01-15T23:55:00Z", "2026-01-16T00:00:00Z")).toBeLessThan(50);
  });
  it("starts a day, month and year at the exchange", () => {
    expect(weight("2026-01-16T00:55:00Z", "2026-01-16T09:00:00Z")).toBe(50);
    expect(weight("2026-01-30T20:55:00Z", "2026-02-02T14:30:00Z")).toBe(60);
    expect(weight("2025-12-31T20:55:00Z", "2026-01-02T14:30:00Z")).toBe(70);
  });
  it("ranks round times", () => {
    expect(weight("2026-01-15T16:55:00Z", "2026-01-15T17:00:00Z")).toBe(33);
    expect(weight("2026-01-15T15:55:00Z", "2026-01-15T16:00:00Z")).toBe(30);
    expect(weight("2026-01-15T15:25:00Z", "2026-01-15T15:30:00Z")).toBe(22);
    expect(weight("2026-01-15T15:31:00Z", "2026-01-15T15:32:00Z")).toBe(20);
  });
});

describe("comma_color", () => {
  it.each([["rgb(46 189 147 / 42%)", "rgba(46, 189, 147, 0.42)"], ["#fff", "#fff"], ["rgb(1 2 3 / 0.5)", "rgba(1, 2, 3, 0.5)"]])(
    "%s", (given, wanted) => expect(comma_color(given)).toBe(wanted),
  );
});
