import type { BacktestResults } from "../api/job_types";
import { exact_text, money_text, plain_text, ratio_text, signed_money, tone_of } from "../market/units";

/// The figures of a report in the order in which they are read. A figure the
/// node left out or undefined is shown as a dash.

export interface FigureRow {
  id: string;
  label: string;
  text: string;
  tone: "up" | "down" | "";
  help: string;
}

type Writer = "ratio" | "gain" | "plain" | "money" | "cash" | "count" | "days";

const headline: readonly [id: string, label: string, writer: Writer, help: string][] = [
  ["total_return", "Return", "gain", "Gain over the whole span, of the capital"],
  ["max_drawdown", "Max drawdown", "ratio", "Largest fall from a top"],
  ["sharpe_ratio", "Sharpe", "plain", "Return per risk, a year"],
  ["sortino", "Sortino", "plain", "Return per downward risk, a year"],
  ["profit_factor", "Profit factor", "plain", "Gross profit over gross loss"],
  ["win_rate", "Win rate", "ratio", "Share of trades with a profit"],
  ["total_trades", "Trades", "count", ""],
  ["expectancy", "Expectancy", "money", "Mean profit of a trade"],
  ["avg_win", "Average win", "money", ""],
  ["avg_loss", "Average loss", "money", ""],
  ["largest_win", "Largest win", "money", ""],
  ["largest_loss", "Largest loss", "money", ""],
  ["net_profit", "Net profit", "money", ""],
  ["fees", "Fees", "cash", "Paid over all trades"],
  ["open_pnl", "Open result", "money", "Of trades not closed at the end"],
  ["avg_bars", "Bars in a trade", "plain", "Mean"],
  ["cagr", "Growth a year", "gain", "Compound annual growth"],
  ["calmar", "Calmar", "plain", "Growth a year over the largest drawdown"],
  ["volatility", "Volatility", "ratio", "Of returns, a year"],
  ["exposure", "Exposure", "ratio", "Share of the time in the market"],
  ["max_drawdown_days", "Longest drawdown", "days", "Days from a top to the next"],
  ["buy_hold_return", "Buy and hold", "gain", "Gain of holding the symbols instead"],
  ["var_95", "VaR 95 %", "ratio", "Loss of a day that 95 % of days stay above"],
  ["cvar_95", "CVaR 95 %", "ratio", "Mean loss of the worst 5 % of days"],
  ["beta", "Beta", "plain", "Against the benchmark"],
  ["alpha", "Alpha", "gain", "Against the benchmark"],
];

/// What a figure is called; an expression of several stays as it is.
export function figure_label(id: string): string {
  return headline.find(([name]) => name === id)?.[1] ?? id;
}

const writers: Record<Writer, (value: number | null | undefined) => string> = {
  ratio: (value) => ratio_text(value), gain: (value) => ratio_text(value, true), plain: (value) => plain_text(value), money: signed_money, cash: (value) => money_text(value),
  count: exact_text, days: (value) => (typeof value === "number" ? `${Math.round(value)} d` : "–"),
};

function value_in(results: BacktestResults, id: string): number | null | undefined {
  return (results as Record<string, unknown>)[id] as number | null | undefined ?? results.metrics?.[id];
}

/// Headline figures always, further ones where the node has them.
const always = 12;

export function figure_rows(results: BacktestResults): FigureRow[] {
  return headline.flatMap(([id, label, writer, help], index): FigureRow[] => {
    const value = value_in(results, id);
    if (value === undefined && index >= always) return [];
    const tone = writer === "gain" || writer === "money" ? tone_of(value) : "";
    return [{ id, label, text: writers[writer](value), tone, help }];
  });
}

export interface ComparisonRow {
  id: string;
  label: string;
  cells: { text: string; best: boolean }[];
}

/// Figures for which less is better.
const less_is_better: ReadonlySet<string> = new Set(["max_drawdown", "volatility", "fees", "max_drawdown_days", "var_95", "cvar_95"]);
/// Neither more nor less is better.
const neutral: ReadonlySet<string> = new Set(["total_trades", "avg_bars", "open_pnl", "exposure", "beta", "buy_hold_return"]);

/// Runs side by side; the best of each row is marked, unless all are equal.
export function comparison_rows(runs: readonly BacktestResults[]): ComparisonRow[] {
  return headline.flatMap(([id, label, writer]): ComparisonRow[] => {
    const values = runs.map((run) => value_in(run, id));
    const numbers = values.filter((value): value is number => typeof value === "number");
    if (numbers.length === 0) return [];
    const best = less_is_better.has(id) ? Math.min(...numbers) : Math.max(...numbers);
    const differ = numbers.some((value) => value !== numbers[0]);
    return [{ id, label, cells: values.map((value) => ({ text: writers[writer](value), best: differ && !neutral.has(id) && value === best })) }];
  });
}

/// Values of the requests that differ between runs, for the head of a
/// comparison; scripts are told apart by their text.
export function request_differences(requests: readonly (object | undefined)[]): { name: string; values: string[] }[] {
  const names = [...new Set(requests.flatMap((request) => Object.keys(request ?? {})))];
  return names.flatMap((name) => {
    const values = requests.map((request) => JSON.stringify((request as Record<string, unknown> | undefined)?.[name]) ?? "–");
    if (new Set(values).size < 2) return [];
    if (name === "pine_script") {
      const unique = [...new Set(values)];
      return [{ name: "script", values: values.map((value) => `version ${String.fromCharCode(65 + unique.indexOf(value))}`) }];
    }
    return [{ name, values: values.map((value) => value.replaceAll('"', "").replaceAll(",", ", ")) }];
  });
}
