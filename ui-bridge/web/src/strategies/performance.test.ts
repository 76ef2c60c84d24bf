import { describe, expect, it } from "vitest";
import { performance_rows } from "./performance";

describe("figures of a strategy", () => {
  it("write the win rate as the percent that it is, and unknown figures as a dash", () => {
    const texts = Object.fromEntries(performance_rows({ trades: 4, wins: 3, win_rate: 75, net_profit: -12.5, max_drawdown: 20, profit_factor: null }).map(({ id, text }) => [id, text]));
    expect(texts).toMatchObject({ trades: "4", win_rate: "75.0 %", net_profit: "-12.50", max_drawdown: "20.00", profit_factor: "–", fees: "–" });
  });
});
