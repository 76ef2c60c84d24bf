import { describe, expect, it } from "vitest";
import type { StreamMessage } from "../stream/types";
import { fold_news, news_time_ms, safe_url } from "./news";
import type { NewsItem } from "./news";

describe("news", () => {
  it("follows only web addresses", () => {
    expect(safe_url("https://example.org/a")).toBe("https://example.org/a");
    expect([safe_url("javascript:alert(1)"), safe_url(""), safe_url(null), safe_url("//x")]).toEqual([undefined, undefined, undefined, undefined]);
  });
  it("puts what the stream tells in front, once, and only what is asked for", () => {
    const item = (id: string, timestamp: number, symbols: string[] = []): NewsItem => ({ id, timestamp, headline: id, symbols });
    const told = (data: unknown) => ({ type: "news", channel: "news", data }) as unknown as StreamMessage;
    const shown = [item("b", 20), item("a", 10)];
    const ids = (list: readonly NewsItem[]) => list.map(({ id }) => id);
    expect(ids(fold_news(shown, [told(item("c", 30, ["AAPL"])), told(item("b", 20))], "", 10))).toEqual(["c", "b", "a"]);
    expect(ids(fold_news(shown, [told({ news: [item("late", 15), item("a", 10)] })], "", 10))).toEqual(["b", "late", "a"]);
    expect(ids(fold_news(shown, [told(item("c", 30, ["AAPL"])), told(item("d", 40, ["MSFT"]))], "AAPL", 10))).toEqual(["c", "b", "a"]);
    expect(ids(fold_news(shown, [told(item("c", 30))], "", 2))).toEqual(["c", "b"]);
    expect(fold_news(shown, [told(item("a", 10)), told(null), told({ state: "waiting" })], "", 10)).toBe(shown);
  });
  it("reads both ways in which the contract writes times", () => {
    expect(news_time_ms(1_768_487_402)).toBe(1_768_487_402_000);
    expect(news_time_ms("2026-01-15T14:30:02.000Z")).toBe(1_768_487_402_000);
    expect(news_time_ms(undefined)).toBeNaN();
  });
});
