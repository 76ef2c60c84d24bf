import { describe, expect, it } from "vitest";
import { exchange_time, instant_text } from "./exchange_time";
import { age_text, bytes_text, exact_text, micros_text, money_text, plain_text, ratio_text, signed_money, tone_of } from "./units";

describe("figures in units", () => {
  it("writes what is no number as a dash, never as zero", () => {
    for (const text of [bytes_text, micros_text, age_text, ratio_text, money_text, signed_money, plain_text, exact_text]) {
      expect([text(undefined), text(null), text(Number.NaN)]).toEqual(["–", "–", "–"]);
    }
    expect(tone_of(null)).toBe("");
  });

  it("keeps sizes readable", () => {
    expect([bytes_text(999), bytes_text(1500), bytes_text(123_456_789)]).toEqual(["999 B", "1.5 kB", "123 MB"]);
    expect([micros_text(12), micros_text(2500), micros_text(3e6)]).toEqual(["12 µs", "2.5 ms", "3.0 s"]);
    expect(age_text(180)).toBe("0.2 s");
  });

  it("signs where asked and never shows minus zero", () => {
    expect([ratio_text(0.125, true), ratio_text(-0.00001, true), ratio_text(0)]).toEqual(["+12.50 %", "0.00 %", "0.00 %"]);
    expect([money_text(-1234.5), signed_money(5), exact_text(0.015)]).toEqual(["-1,234.50", "+5.00", "0.015"]);
  });

  it("writes an instant with its date only when that is not today's", () => {
    const clock = exchange_time("America/New_York");
    const now = Date.parse("2026-01-15T15:00:00Z");
    expect(instant_text("2026-01-15T14:30:02.114Z", clock, now)).toBe("09:30:02");
    expect(instant_text("2026-01-14T23:30:00Z", clock, now)).toBe("14 Jan 18:30");
    expect(instant_text("2025-12-31T23:30:00Z", clock, now)).toBe("31 Dec 2025 18:30");
    expect(instant_text(null, clock, now)).toBe("–");
  });
});
