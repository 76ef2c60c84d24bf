import { describe, expect, it } from "vitest";
import { comparison_rows, figure_rows, request_differences, figure_label } from "./figures";

const row = (rows: ReturnType<typeof figure_rows>, id: string) => rows.find((one) => one.id === id);

describe("figures of a report", () => {
  it("writes fractions as percent, money with its sign, undefined as a dash", () => {
    const rows = figure_rows({ total_return: -0.125, avg_loss: -12.5, win_rate: 0.5, sharpe_ratio: null, metrics: { cagr: 0.1 } });
    expect(row(rows, "total_return")).toMatchObject({ text: "-12.50 %", tone: "down" });
    expect(row(rows, "avg_loss")).toMatchObject({ text: "-12.50", tone: "down" });
    expect(row(rows, "win_rate")).toMatchObject({ text: "50.00 %", tone: "" });
    expect(row(rows, "sharpe_ratio")?.text).toBe("–");
    expect(row(rows, "cagr")).toMatchObject({ text: "+10.00 %", tone: "up" });
    expect(row(rows, "beta")).toBeUndefined();
  });

  it("marks the best of each row, where less is better the least", () => {
    const rows = comparison_rows([{ total_return: 0.2, max_drawdown: 0.3, total_trades: 5 }, { total_return: 0.1, max_drawdown: 0.1, total_trades: 9 }]);
    const best = (id: string) => rows.find((one) => one.id === id)?.cells.map((cell) => cell.best);
    expect(best("total_return")).toEqual([true, false]);
    expect(best("max_drawdown")).toEqual([false, true]);
    expect(best("total_trades")).toEqual([false, false]);
    expect(best("cagr")).toBeUndefined();
  });

  it("shows only what differs between requests, scripts by letter", () => {
    const base = { pine_script: "a", symbols: ["AAPL"], commission: 1 };
    expect(request_differences([base, { ...base, commission: 2 }, { ...base, pine_script: "b" }])).toEqual([
      { name: "script", values: ["version A", "version A", "version B"] }, { name: "commission", values: ["1", "2", "1"] },
    ]);
  });

  it("have names, expressions do not", () => {
    expect([figure_label("sharpe_ratio"), figure_label("total_return"), figure_label("sharpe_ratio / 2")]).toEqual(["Sharpe", "Return", "sharpe_ratio / 2"]);
  });
});
