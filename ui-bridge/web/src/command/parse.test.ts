import { describe, expect, it } from "vitest";
import { parse_command, timeframe_word, verbs, verbs_like } from "./parse";
import type { Command, CommandContext } from "./parse";

const context: CommandContext = {
  symbol: "SPY", scripts: ["momentum", "ma-cross"], strategies: ["momentum-1", "orb"],
  panels: [{ id: "orders", title: "Orders" }, { id: "trades", title: "Time & sales" }],
  presets: [{ id: "research", title: "Research" }, { id: "trading", title: "Trading" }],
};
const command = (text: string): Command | undefined => parse_command(text, context)?.command;
const problem = (text: string) => parse_command(text, context)?.problem;

describe("looking at symbols", () => {
  it("shows a symbol in a timeframe", () => {
    expect(command("aapl 5m")).toMatchObject({ kind: "show", symbol: "AAPL", timeframe: { id: "5m" } });
    expect(command("ES1! D")).toMatchObject({ kind: "show", symbol: "ES1!", timeframe: { id: "1d" } });
    expect(command("4h")).toMatchObject({ kind: "timeframe", timeframe: { id: "4h" } });
  });

  it("leaves everything else to the search", () => {
    for (const text of ["", "AAPL", "apple inc", "5", "AAPL 7m", "AAPL MSFT 5m"]) expect(parse_command(text, context)).toBeUndefined();
  });

  it("tells months from minutes, and numbers from timeframes", () => {
    expect(timeframe_word("1M")?.id).toBe("1M");
    expect(timeframe_word("1m")?.id).toBe("1m");
    expect(timeframe_word("60")).toBeUndefined();
  });
});

describe("orders", () => {
  it.each([
    ["buy 100 AAPL limit 180", { side: "buy", quantity: "100", symbol: "AAPL", type: "limit", price: "180" }],
    ["SELL MSFT 5 stop 170 gtc", { side: "sell", quantity: "5", symbol: "MSFT", type: "stop", stop_price: "170", time_in_force: "gtc" }],
    ["buy 2 ES1! @ 5000.25", { type: "limit", price: "5000.25" }],
    ["buy 2 ES1! @5000.25", { type: "limit", price: "5000.25" }],
    ["short 3", { side: "sell_short", symbol: "SPY", type: "market" }],
    ["cover 1 TSLA limit 9 stop 8", { side: "buy_to_cover", type: "stop_limit", price: "9", stop_price: "8" }],
    ["sell 1 AAPL trail 2.5%", { type: "trailing_stop", trail: "2.5", trail_unit: "percent" }],
    ["buy .5 BTCUSD market", { quantity: ".5", symbol: "BTCUSD", type: "market" }],
    ["sell 1 AAPL reduce", { reduce_only: true }],
  ])("%s", (text, draft) => {
    expect(command(text)).toMatchObject({ kind: "order", draft });
  });

  it("say what is missing or not understood, never guess", () => {
    expect(problem("buy")).toBe("How many?");
    expect(problem("buy 1 AAPL limit")).toContain("price");
    expect(problem("buy 1 AAPL 2")).toContain("2");
    expect(problem("buy 1 AAPL MSFT")).toContain("MSFT");
    expect(parse_command("buy 5", { ...context, symbol: "" })?.problem).toBe("Which symbol?");
  });

  it("closes and cancels only what is named", () => {
    expect(command("flatten")).toEqual({ kind: "flatten" });
    expect(problem("flatten AAPL")).toContain("close");
    expect(command("close aapl")).toEqual({ kind: "close", symbol: "AAPL" });
    expect(problem("cancel")).toBeTruthy();
    expect(command("cancel all")).toEqual({ kind: "cancel", symbol: "" });
    expect(command("cancel aapl")).toEqual({ kind: "cancel", symbol: "AAPL" });
    expect(command("kill")).toEqual({ kind: "stop" });
  });
});

describe("alerts and strategies", () => {
  it.each([
    ["alert AAPL above 200", { symbol: "AAPL", condition: "price_above", condition_value: "200" }],
    ["alert below 99.50 sell half", { symbol: "SPY", condition: "price_below", condition_value: "99.50", message: "sell half" }],
    ["alert es1! crosses above 5000", { symbol: "ES1!", condition: "price_cross_above" }],
    ["alert volume AAPL over 1000000", { symbol: "AAPL", condition: "volume_above", condition_value: "1000000" }],
    ["alert msft rsi < 25", { symbol: "MSFT", condition: "rsi_oversold", condition_value: "25" }],
  ])("%s", (text, request) => expect(command(text)).toMatchObject({ kind: "alert", request }));

  it("say what is missing", () => {
    expect(problem("alert")).toContain("above or below");
    expect(problem("alert AAPL 200")).toContain("200");
    expect(problem("alert AAPL above")).toBe("above what?");
    expect(problem("alert AAPL above 0")).toBe("above what?");
    expect(parse_command("alert above 5", { ...context, symbol: "" })?.problem).toBe("Which symbol?");
    expect(problem("strategy")).toContain("on, off or run");
    expect(problem("strategy on")).toContain("momentum-1");
    expect(problem("strategy on moon")).toContain("moon");
  });

  it("name strategies by their beginning, and any while the list is not known", () => {
    expect(command("strategy on mom")).toEqual({ kind: "strategy", what: "enable", id: "momentum-1" });
    expect(command("strat off orb")).toEqual({ kind: "strategy", what: "disable", id: "orb" });
    expect(parse_command("strategy run moon", { ...context, strategies: [] })?.command).toEqual({ kind: "strategy", what: "run-now", id: "moon" });
  });
});

describe("work", () => {
  it("starts backtests of known scripts", () => {
    expect(command("bt momentum QQQ, spy 1h")).toMatchObject({ kind: "backtest", script: "momentum", symbols: ["QQQ", "SPY"], timeframe: { id: "1h" } });
    expect(command("bt ma")).toMatchObject({ script: "ma-cross", symbols: ["SPY"], timeframe: undefined });
    expect(problem("bt nothing SPY")).toContain("nothing");
    expect(problem("bt")).toContain("momentum");
  });

  it("opens panels, presets, themes, help", () => {
    expect(command("open time")).toEqual({ kind: "panel", id: "trades" });
    expect(problem("open moon")).toContain("moon");
    expect(command("layout res")).toEqual({ kind: "preset", id: "research" });
    expect(command("theme light")).toEqual({ kind: "theme", theme: "light" });
    expect(problem("theme blue")).toBeTruthy();
    expect(command("help")).toEqual({ kind: "help" });
  });

  it("has a usage line for each verb that it understands itself", () => {
    for (const { usage } of verbs) expect(parse_command(usage.split("|")[0]!, context)?.command, usage).toBeDefined();
  });

  it("offers verbs that a started word may become", () => {
    expect(verbs_like("fl").map(({ words }) => words[0])).toEqual(["flatten"]);
    expect(verbs_like("buy 1")).toEqual([]);
  });
});
