import { describe, expect, it } from "vitest";
import { build_backtest, build_study, fresh_form, fresh_study, gateway_problems, grid_size, row_of, symbol_list, value_of } from "./request_form";

const script = "//@version=6\nstrategy('x')";
const form = () => ({ ...fresh_form("AAPL", "2025-03-01") });

describe("backtest form", () => {
  it("makes the contract's request", () => {
    const { request } = build_backtest({ ...form(), symbols: "aapl, MSFT aapl", inputs: { Length: "14", Show: "true", Mode: "a", Left: " " } }, script);
    expect(request).toEqual({
      pine_script: script, symbols: ["AAPL", "MSFT"], timeframes: ["1h"], start_date: "2024-03-01", end_date: "2025-03-01", initial_capital: 10000,
      commission: 0.01, commission_type: "cash_per_order", slippage: 0, slippage_type: "percent", magnifier: false, capital_mode: "per_run",
      inputs: { Length: 14, Show: true, Mode: "a" },
    });
  });

  it.each([
    [{ symbols: " " }, "symbols"], [{ symbols: Array.from({ length: 201 }, (_, i) => `S${i}`).join(" ") }, "symbols"], [{ timeframes: [] }, "timeframes"],
    [{ start_date: "2024-02-30" }, "start_date"], [{ end_date: "2023-01-01" }, "end_date"], [{ initial_capital: "0" }, "initial_capital"],
    [{ commission: "-1" }, "commission"], [{ slippage: "much" }, "slippage"],
  ])("names the field of %o", (change, field) => {
    expect(Object.keys(build_backtest({ ...form(), ...change }, script).problems ?? {})).toEqual([field]);
  });

  it("refuses an empty script", () => {
    expect(build_backtest(form(), " \n").problems).toHaveProperty("pine_script");
  });

  it("starts a year back, also on a leap day", () => {
    expect(fresh_form("", "2024-02-29").start_date).toBe("2023-02-28");
  });

  it("reads lists and values", () => {
    expect(symbol_list("es1!; BRK.B,\n btc/usd")).toEqual(["ES1!", "BRK.B", "BTC/USD"]);
    expect(["1e3", "true", "x1", "-2.5"].map(value_of)).toEqual([1000, true, "x1", -2.5]);
  });
});

describe("study form", () => {
  const base = build_backtest(form(), script).request!;
  const fast = row_of("Fast", { type: "int", min: 5, max: 20, step: 5 });
  const slow = row_of("Slow", { type: "float", min: 0.1, max: 0.3, step: 0.1 });

  it("counts the grid, whatever the rounding of steps", () => {
    expect(grid_size([fast, slow, row_of("Flag", { type: "bool" })])).toBe(24);
    expect(grid_size([row_of("Free", { type: "float", min: 0, max: 1 })])).toBeUndefined();
    expect(grid_size([fast, { ...slow, used: false }])).toBe(4);
  });

  it("makes the contract's request", () => {
    const { request } = build_study(base, { ...fresh_study(), constraints: "total_trades >= 30\n\n" }, [fast, { ...slow, used: false }]);
    expect(request).toMatchObject({
      symbols: ["AAPL"], parameters: { Fast: { type: "int", min: 5, max: 20, step: 5 } }, method: "grid", objective: "sharpe_ratio",
      direction: "maximize", constraints: ["total_trades >= 30"], max_trials: 1000, rng_key: 0,
    });
    expect(request).not.toHaveProperty("walk_forward");
    expect(request).not.toHaveProperty("sample");
  });

  it("refuses a grid over the limit unless it is sampled", () => {
    const tight = { ...fresh_study(), max_trials: "3" };
    expect(build_study(base, tight, [fast]).problems).toHaveProperty("max_trials");
    expect(build_study(base, { ...tight, sample: true }, [fast]).request?.sample).toBe(true);
    expect(build_study(base, { ...tight, method: "random" }, [fast]).problems).toBeUndefined();
  });

  it("sends walk-forward lengths only where given", () => {
    const walk = { ...fresh_study(), method: "walk_forward" as const };
    expect(build_study(base, walk, [fast]).request?.walk_forward).toEqual({ mode: "rolling", train: "180d", test: "60d", inner: "grid" });
    expect(build_study(base, { ...walk, walk_forward: { ...walk.walk_forward, train: "soon" } }, [fast]).problems).toHaveProperty("train");
  });

  it.each([
    [{ min: "9", max: "1" }, "above"], [{ step: "0" }, "Step"], [{ min: "x" }, "From"], [{ min: "0", log: true }, "logarithmic"],
  ])("names what is wrong with a range %o", (change, text) => {
    expect(build_study(base, fresh_study(), [{ ...fast, ...change }]).problems?.["parameters.Fast"]).toContain(text);
  });

  it("takes the gateway's objections to the fields they are about", () => {
    expect(gateway_problems("refused", [{ field: "symbols", text: "unknown" }, { field: "parameters.My. input.step", text: "above 0" }])).toEqual({
      "": "refused", symbols: "unknown", "parameters.My. input": "above 0",
    });
  });

  it("needs a parameter", () => {
    expect(build_study(base, fresh_study(), []).problems).toHaveProperty("parameters");
  });
});
