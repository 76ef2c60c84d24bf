import { describe, expect, it } from "vitest";
import type { Strategy } from "../api/strategy_types";
import { build_strategy, form_of, fresh_strategy, id_from } from "./strategy_form";

const form = (change: object) => ({ ...fresh_strategy("aapl"), name: "Two averages", ...change });
const source = "//@version=6\nstrategy('x')";

describe("strategy form", () => {
  it("registers a script on paper, switched off", () => {
    expect(build_strategy(form({ inputs: { Fast: "9", Slow: "" } }), source).request).toEqual({
      strategy_id: "two-averages", name: "Two averages", kind: "pine", source, symbols: ["AAPL"], timeframe: "5m", inputs: { Fast: 9 },
      mode: "paper", enabled: false, min_win_rate: 55, evaluation_period: 20,
    });
  });

  it("never asks for live by itself", () => {
    expect(build_strategy(form({ enabled: true }), source).request).toMatchObject({ mode: "paper", enabled: true });
  });

  it("sends sizes as the text typed", () => {
    expect(build_strategy(form({ kind: "webhook", sizing: "fixed", size: "0.010" }), source).request?.sizing).toEqual({ mode: "fixed", quantity: "0.010" });
    expect(build_strategy(form({ kind: "webhook", sizing: "weight", size: "0.25" }), source).request?.sizing).toEqual({ mode: "weight", weight: "0.25" });
    expect(build_strategy(form({ sizing: "fixed", size: "5" }), source).request).not.toHaveProperty("sizing"); // a script sizes itself
  });

  it("takes YAML as it is and no symbols beside it", () => {
    const request = build_strategy(form({ kind: "yaml", yaml: "name: x\n", symbols: "" }), "").request;
    expect(request).toMatchObject({ kind: "yaml", source: "name: x\n" });
    expect(request).not.toHaveProperty("symbols");
  });

  it.each([
    [{ name: "", strategy_id: "" }, "strategy_id"], [{ strategy_id: "a b" }, "strategy_id"], [{ symbols: "" }, "symbols"], [{ kind: "yaml", yaml: " " }, "source"], [{ kind: "webhook", sizing: "fixed" }, "size"],
    [{ kind: "webhook", sizing: "weight", size: "2" }, "size"], [{ min_win_rate: "120" }, "min_win_rate"], [{ evaluation_period: "0" }, "evaluation_period"],
  ])("names the field of %o", (change, field) => expect(Object.keys(build_strategy(form(change), source).problems ?? {})).toEqual([field]));

  it("changes what may change, and neither kind nor source", () => {
    const known: Strategy = { strategy_id: "orb", name: "ORB", kind: "pine", mode: "live", enabled: true, symbols: ["ES1!"], timeframe: "1m", sizing: { mode: "fixed", quantity: 2 }, min_win_rate: 60, evaluation_period: 30 };
    expect(build_strategy(form_of(known), "", known).request).toEqual({ name: "ORB", symbols: ["ES1!"], timeframe: "1m", inputs: {}, min_win_rate: 60, evaluation_period: 30 });
  });

  it("makes ids that the contract allows", () => {
    expect(["Two averages 2", "  ÄÖ RSI! ", "a.b_c-d", "…"].map(id_from)).toEqual(["two-averages-2", "rsi", "a.b_c-d", ""]);
  });
});
