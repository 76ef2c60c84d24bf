import { describe, expect, it } from "vitest";
import { history_page } from "../api/gateway";
import { duration_text, ExchangeTime } from "./exchange_time";
import { fuzzy, rank } from "./fuzzy";
import { format_change, format_percent, format_price, format_quantity, grid_text, price_rule } from "./price_format";
import { in_session, parse_session, session_text } from "./session";
import { neighbour, timeframe_of, timeframes } from "./timeframes";

describe("price_rule", () => {
  it.each([
    [{ minmov: 1, pricescale: 100 }, 231.1, "231.10"],
    [{ minmov: 25, pricescale: 100 }, 5123.25, "5,123.25"],
    [{ minmov: 1, pricescale: 100 }, 999.999, "1,000.00"], [{ minmov: 1, pricescale: 1 }, -1_234_567, "-1,234,567"], [{ minmov: 1, pricescale: 100 }, -999.5, "-999.50"],
    [{ minmov: 1, pricescale: 100_000 }, 1.1, "1.10000"],
    [{ minmov: 1, pricescale: 1 }, 42.4, "42"],
    [{ minmov: 1, pricescale: 32, fractional: true }, 110.5, "110'16"],
    [{ minmov: 1, pricescale: 32, fractional: true }, -0.03125, "-0'01"],
    [{ minmov: 1, pricescale: 128, fractional: true }, 110.9921875, "110'127"], [{ minmov: 1, pricescale: 32, fractional: true }, 1110.5, "1,110'16"],
    [{ minmov: 0, pricescale: 0 }, 1, "1.00"],
  ])("%o writes %d as %s", (info, value, text) => {
    expect(format_price(value, price_rule(info))).toBe(text);
  });

  it.each([
    [{ minmov: 1, pricescale: 100 }, 231.1049, "231.10"], [{ minmov: 25, pricescale: 100 }, 5123.4, "5123.50"], [{ minmov: 1, pricescale: 100_000 }, 1.0845451, "1.08455"],
    [{ minmov: 1, pricescale: 64, fractional: true }, 110.51, "110.515625"], [{ minmov: 1, pricescale: 32, fractional: true }, 110, "110"], [{ minmov: 1, pricescale: 1 }, 42.6, "43"],
  ])("%o puts %d on its grid as %s", (info, value, text) => expect(grid_text(value, price_rule(info))).toBe(text));

  it("writes a dash for what is not known", () => {
    expect(format_price(undefined, price_rule({}))).toBe("–");
    expect(format_price(Number.NaN, price_rule({}))).toBe("–");
    expect(format_percent(null)).toBe("–");
  });

  it("signs changes", () => {
    expect(format_change(1.5, price_rule({}))).toBe("+1.50");
    expect(format_change(-1.5, price_rule({}))).toBe("-1.50");
    expect(format_percent(0.6796)).toBe("+0.68%");
    expect(format_percent(-0.001)).toBe("0.00%");
  });

  it.each([[950, "950"], [999_999, "1.00M"], [18_233_211, "18.2M"], [1234, "1.23K"], [0.25, "0.2500"], [12.5, "12.50"]])(
    "writes %d as %s", (value, text) => expect(format_quantity(value)).toBe(text),
  );
});

describe("session_text", () => {
  it.each([["1700-1600", "17:00–16:00"], ["0930-1200,1300-1600:23456", "09:30–12:00, 13:00–16:00"], ["24x7", "24/7"], ["as usual", "as usual"]])(
    "reads %s as %s", (text, shown) => expect(session_text(text)).toBe(shown),
  );
});

describe("ExchangeTime", () => {
  const at = (iso: string) => Date.parse(iso) / 1000;
  const new_york = new ExchangeTime("America/New_York");

  it.each([
    ["2026-03-08T06:59:59Z", -5], ["2026-03-08T07:00:00Z", -4],
    ["2026-11-01T05:59:59Z", -4], ["2026-11-01T06:00:00Z", -5],
  ])("knows New York's offset at %s", (iso, hours) => {
    expect(new_york.offset(at(iso))).toBe(hours * 3600);
  });

  it("knows zones with a quarter of an hour", () => {
    expect(new ExchangeTime("Asia/Kathmandu").offset(at("2026-01-15T00:00:00Z"))).toBe(5.75 * 3600);
  });

  it("falls back to UTC for an unknown zone", () => {
    const time = new ExchangeTime("Mars/Olympus");
    expect(time.zone).toBe("UTC");
    expect(time.offset(1e9)).toBe(0);
  });

  it("splits wall time", () => {
    expect(new_york.wall(at("2026-01-15T14:30:05Z"))).toEqual({
      year: 2026, month: 1, day: 15, weekday: 4, second_of_day: 9.5 * 3600 + 5,
    });
  });

  it.each([[0, "0:00"], [65_000, "1:05"], [3 * 3_600_000 + 240_000, "3h 04m"], [90 * 3_600_000, "3d 18h"], [-5, "0:00"]])(
    "counts %d ms as %s", (ms, text) => expect(duration_text(ms)).toBe(text),
  );
});

describe("session", () => {
  const new_york = new ExchangeTime("America/New_York");
  const inside = (text: string, iso: string) => in_session(parse_session(text)!, new_york, Date.parse(iso) / 1000);

  it("tells regular hours from extended ones in summer and winter", () => {
    expect(inside("0930-1600", "2026-01-15T14:29:00Z")).toBe(false);
    expect(inside("0930-1600", "2026-01-15T14:30:00Z")).toBe(true);
    expect(inside("0930-1600", "2026-07-15T13:30:00Z")).toBe(true);
    expect(inside("0930-1600", "2026-07-15T20:00:00Z")).toBe(false);
  });

  it("runs over midnight and knows days", () => {
    expect(inside("1800-1700", "2026-01-16T04:00:00Z")).toBe(true);
    expect(inside("1800-1700", "2026-01-15T22:30:00Z")).toBe(false);
    expect(inside("0930-1600:2345", "2026-01-16T15:00:00Z")).toBe(false);
  });

  it.each(["24x7", "", undefined, "0000-0000", "whenever"])("shades nothing for %s", (text) => {
    expect(parse_session(text)).toBeUndefined();
  });
});

describe("fuzzy", () => {
  it("matches in order and not otherwise", () => {
    expect(fuzzy("aal", "AAPL")?.at).toEqual([0, 1, 3]);
    expect(fuzzy("lpa", "AAPL")).toBeUndefined();
  });

  it("ranks exact before prefix before middle before description", () => {
    const items = [
      { symbol: "XYZ", description: "Tracks the ES future" },
      { symbol: "MESU6", description: "Micro" },
      { symbol: "ES1!", description: "E-mini S&P 500" },
      { symbol: "ES", description: "Eversource" },
    ];
    expect(rank("es", items).map(({ item }) => item.symbol)).toEqual(["ES", "ES1!", "MESU6", "XYZ"]);
  });

  it("keeps what the server matched by other means", () => {
    expect(rank("isin123", [{ symbol: "SAP", description: "SAP SE" }])).toHaveLength(1);
  });
});

describe("timeframes", () => {
  it("steps and stays at the ends", () => {
    expect(neighbour(timeframe_of("1m"), -1).id).toBe("1m");
    expect(neighbour(timeframe_of("4h"), 1).id).toBe("1d");
    expect(neighbour(timeframes.at(-1)!, 1).id).toBe("1M");
  });
  it("keeps minutes and months apart and falls back", () => {
    expect(timeframe_of("1m").udf).toBe("1");
    expect(timeframe_of("1M").udf).toBe("1M");
    expect(timeframe_of("7m").id).toBe("5m");
  });
});

describe("history_page", () => {
  const columns = { t: [60, 120], o: [1, 2], h: [2, 3], l: [1, 1], c: [2, 2] };
  it("reads columns, with and without volume", () => {
    expect(history_page({ s: "ok", ...columns, v: [5, 6] })).toEqual({
      bars: [{ ts: 60, o: 1, h: 2, l: 1, c: 2, v: 5 }, { ts: 120, o: 2, h: 3, l: 1, c: 2, v: 6 }], at_start: false,
    });
    expect(history_page({ s: "ok", ...columns })).toMatchObject({ at_start: false, bars: [{ v: 0 }, { v: 0 }] });
  });
  it("tells the start of history from a gap", () => {
    expect(history_page({ s: "no_data" }).at_start).toBe(true);
    expect(history_page({ s: "no_data", nextTime: 60 }).at_start).toBe(false);
  });
  it("passes the server's text on and refuses what is wrong", () => {
    expect(() => history_page({ s: "error", errmsg: "unknown_symbol" })).toThrow("unknown_symbol");
    expect(() => history_page({ s: "ok", ...columns, c: [1] })).toThrow("different length");
    expect(() => history_page({ s: "ok", ...columns, t: [120, 120] })).toThrow("out of order");
  });
});
