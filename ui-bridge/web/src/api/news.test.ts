import { describe, expect, it } from "vitest";
import { news_time_ms, safe_url } from "./news";

describe("news", () => {
  it("follows only web addresses", () => {
    expect(safe_url("https://example.org/a")).toBe("https://example.org/a");
    expect([safe_url("javascript:alert(1)"), safe_url(""), safe_url(null), safe_url("//x")]).toEqual([undefined, undefined, undefined, undefined]);
  });
  it("reads both ways in which the contract writes times", () => {
    expect(news_time_ms(1_768_487_402)).toBe(1_768_487_402_000);
    expect(news_time_ms("2026-01-15T14:30:02.000Z")).toBe(1_768_487_402_000);
    expect(news_time_ms(undefined)).toBeNaN();
  });
});
