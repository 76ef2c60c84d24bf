import { defineStore } from "pinia";
import { ref, shallowReactive } from "vue";
import { backtest_results, backtest_trades, submit_backtest } from "../api/jobs";
import type { BacktestReport, BacktestTrade } from "../api/job_types";
import { error_text } from "../api/http";
import { build_backtest, fresh_form } from "../jobs/request_form";
import type { BacktestForm } from "../jobs/request_form";
import { use_connection } from "./connection";
import { make_jobs } from "./jobs";
import { use_scripts } from "./scripts";
import { load, save } from "./storage";
import { use_workspace } from "./workspace";

/// Backtests: the form, the runs on the node, and their reports.

/// Reports kept in memory; each may hold thousands of trades.
const reports_kept = 12;
const trades_page = 1000;
/// Trades read of one report; more than this no list can be read by a human.
export const trades_limit = 20_000;

function is_form(value: unknown): value is BacktestForm {
  const form = value as Partial<BacktestForm> | null;
  return typeof form?.symbols === "string" && Array.isArray(form.timeframes) && typeof form.start_date === "string" && typeof form.inputs === "object";
}

export const use_backtests = defineStore("backtests", () => {
  const scripts = use_scripts();
  const workspace = use_workspace();
  const connection = use_connection();
  const reports = shallowReactive(new Map<string, BacktestReport>());
  const report_errors = shallowReactive(new Map<string, string>());
  const list = make_jobs("backtest", (id) => void read_report(id, true));
  const today = () => new Date(connection.market_now()).toISOString().slice(0, 10);
  const stored = load<BacktestForm | undefined>("backtest.form", (v): v is BacktestForm => is_form(v), undefined);
  const form = ref<BacktestForm>({ ...fresh_form(workspace.symbol, today()), ...stored });
  let is_used = stored !== undefined;
  const script_id = ref(scripts.active?.id ?? "");
  const { problems, sending } = list;
  /// Runs to compare with the selected one.
  const compared = ref<string[]>([]);

  /// Until the form was used, it ends on the market's day, which the page learns
  /// only after it has started, and names the shown symbol.
  function refresh_form(): void {
    if (is_used) return;
    const { symbols, start_date, end_date } = fresh_form(workspace.symbol, today());
    Object.assign(form.value, { start_date, end_date, symbols: form.value.symbols || symbols });
  }

  /// Sends the form. @return whether the node took it.
  async function submit(): Promise<boolean> {
    const script = scripts.scripts.find(({ id }) => id === script_id.value);
    const built = build_backtest(form.value, script ? scripts.text_of(script) : "");
    problems.value = built.problems ?? {};
    if (!built.request || sending.value) return false;
    is_used = true;
    save("backtest.form", form.value);
    return list.send(built.request, script?.name, submit_backtest);
  }

  /// Reads a report once; with `again` also when it is there.
  async function read_report(id: string, again = false): Promise<void> {
    if (!again && (reports.has(id) || report_errors.has(id))) return;
    try {
      const report = await backtest_results(id);
      reports.delete(id);
      reports.set(id, report);
      report_errors.delete(id);
      for (const oldest of [...reports.keys()].slice(0, Math.max(0, reports.size - reports_kept))) reports.delete(oldest);
    } catch (error) {
      report_errors.set(id, error_text(error));
    }
  }

  /// All trades of a run, page by page.
  async function read_trades(id: string): Promise<BacktestTrade[]> {
    const trades: BacktestTrade[] = [];
    let cursor: string | undefined;
    do {
      const page = await backtest_trades(id, trades_page, cursor);
      trades.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor && trades.length < trades_limit);
    return trades;
  }

  function compare(id: string): void {
    compared.value = compared.value.includes(id) ? compared.value.filter((other) => other !== id) : [...compared.value, id].slice(-6);
    for (const one of compared.value) void read_report(one);
  }

  return { ...list, part_state: list.part.state, reports, report_errors, form, script_id, compared, refresh_form, submit, read_report, read_trades, compare };
});
