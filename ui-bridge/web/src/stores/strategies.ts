import { defineStore } from "pinia";
import { computed, ref, shallowReactive, shallowRef } from "vue";
import { ApiError, error_text } from "../api/http";
import type { Diagnostic } from "../api/job_types";
import {
  change_strategy, fetch_performance, fetch_runs, fetch_sets, fetch_signals, fetch_strategies, fetch_strategy, fetch_transitions, put_source, register_strategy, remove_strategy, set_mode, steer_strategy,
} from "../api/strategies";
import type { Strategy, StrategyMode, StrategyPerformance, StrategyRequest, StrategyRun, StrategySet, StrategySignal, StrategyTransition } from "../api/strategy_types";
import { gateway_problems } from "../jobs/request_form";
import type { Problems } from "../jobs/request_form";
import { build_strategy, form_of, fresh_strategy } from "../strategies/strategy_form";
import type { StrategyForm } from "../strategies/strategy_form";
import { rows_of } from "../trading/fold";
import { follow_part } from "./followed";
import { use_notices } from "./notices";
import { use_scripts } from "./scripts";
import { use_trading } from "./trading";
import { use_workspace } from "./workspace";

/// Strategies that run on the node. Whether one is enabled, and in which mode,
/// is what the node says, not what was clicked.

const rows_read = 200;
/// Messages of the channel kept as the log of this session.
export const log_kept = 300;

export interface StrategyDetails {
  performance?: StrategyPerformance;
  signals?: StrategySignal[];
  runs?: StrategyRun[];
  sets?: StrategySet[];
  transitions?: StrategyTransition[];
}
export type DetailKind = keyof StrategyDetails;

export interface StrategyLogLine {
  at: string;
  strategy_id: string;
  event: string;
  text: string;
}

export const use_strategies = defineStore("strategies", () => {
  const notices = use_notices();
  const scripts = use_scripts();
  const trading = use_trading();
  const workspace = use_workspace();
  const rows = shallowRef<ReadonlyMap<string, Strategy>>(new Map());
  const strategies = computed(() => [...rows.value.values()].sort((a, b) => a.strategy_id.localeCompare(b.strategy_id)));
  const ids = computed(() => strategies.value.map(({ strategy_id }) => strategy_id));
  const selected_id = ref("");
  const selected = computed(() => rows.value.get(selected_id.value));
  const details = shallowReactive(new Map<string, StrategyDetails>());
  const detail_errors = shallowReactive(new Map<string, string>());
  const log = shallowRef<readonly StrategyLogLine[]>([]);
  /// Whose plots the charts of its symbols show; "" = none.
  const charted_id = ref("");
  /// Counts news of plots, so that charts read them again.
  const plot_news = ref(0);

  const form = ref<StrategyForm>(fresh_strategy(workspace.symbol));
  const form_open = ref(false);
  const editing = shallowRef<Strategy>();
  const problems = ref<Problems>({});
  const diagnostics = shallowRef<readonly Diagnostic[]>([]);
  const busy = ref(false);

  const part = follow_part("strategies", async () => {
    const read = await fetch_strategies();
    rows.value = new Map(read.map((one) => [one.strategy_id, { ...rows.value.get(one.strategy_id), ...one }]));
  }, (batch) => {
    let unknown = false;
    for (const { data, type, timestamp, snapshot } of batch) {
      for (const row of rows_of(data, "strategies")) unknown = take(row, type, timestamp ?? "", snapshot === true) || unknown;
    }
    if (unknown) void part.ask();
  });

  /// @return whether the message is about more than this store knows how to fold.
  function take(row: unknown, type: string, at: string, is_snapshot: boolean): boolean {
    const message = (row ?? {}) as Record<string, unknown>;
    const strategy_id = message["strategy_id"];
    if (typeof strategy_id !== "string") return false;
    const event = type === "strategy_mode_change" || message["event"] === "mode_change" ? "mode" : String(message["event"] ?? "state");
    // What it is about may be in the message itself or under the name of its kind.
    const told = { ...message, ...about(message, "strategy"), ...about(message, event === "mode" ? "transition" : event) };
    if (event === "plot" || event === "plots") {
      if (strategy_id === charted_id.value) plot_news.value += 1;
      return false;
    }
    if (!is_snapshot) note(strategy_id, event, told, at);
    if (event === "removed" || event === "deleted") {
      rows.value = new Map([...rows.value].filter(([id]) => id !== strategy_id));
      return false;
    }
    const known = rows.value.get(strategy_id);
    const is_whole = typeof told["enabled"] === "boolean" && typeof told["mode"] === "string" && typeof told["kind"] === "string";
    if (is_whole || (known && typeof told["enabled"] === "boolean")) put({ ...known, ...(told as unknown as Strategy) });
    else if (!["signal", "run", "trade", "alert"].includes(event)) return true;
    if (selected_id.value === strategy_id) forget_details(strategy_id);
    return false;
  }

  function about(message: Record<string, unknown>, name: string): Record<string, unknown> {
    const inner = message[name];
    return typeof inner === "object" && inner !== null && !Array.isArray(inner) ? (inner as Record<string, unknown>) : {};
  }

  function note(strategy_id: string, event: string, told: Record<string, unknown>, at: string): void {
    const words = ["message", "side", "quantity", "symbol", "price", "decision", "reason", "problem", "from", "to", "pnl"].map((name) => told[name]).filter((word) => typeof word === "string" || typeof word === "number");
    log.value = [{ at, strategy_id, event, text: words.join(" ") }, ...log.value].slice(0, log_kept);
    if (event === "mode" && told["automatic"] === true) notices.show("warning", `${strategy_id}: now on ${String(told["to"] ?? told["new_mode"] ?? told["mode"] ?? "paper")}, by rule`);
  }

  const put = (strategy: Strategy) => (rows.value = new Map([...rows.value, [strategy.strategy_id, strategy]]));

  /// Takes an answer that may hold the whole strategy, a part of it, or nothing.
  async function take_answer(id: string, answer: Partial<Strategy> | undefined): Promise<void> {
    const known = rows.value.get(id);
    if (answer?.strategy_id === id && typeof answer.enabled === "boolean" && known) put({ ...known, ...answer });
    else put(await fetch_strategy(id));
  }

  async function attempt(run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      notices.failure(error);
      return false;
    }
  }

  const steer = (id: string, what: "enable" | "disable" | "run-now") => attempt(async () => {
    const answer = await steer_strategy(id, what);
    if (what === "run-now") notices.show("info", `${id}: run asked for`);
    await take_answer(id, answer);
    forget_details(id);
  });

  const change_mode = (id: string, mode: StrategyMode, reason: string) => attempt(async () => {
    await take_answer(id, await set_mode(id, mode, reason));
    forget_details(id);
  });

  const update_source = (id: string, source: string) => attempt(async () => {
    const answer = await put_source(id, source);
    notices.show("info", `${id}: new source${answer?.version ? ` (version ${answer.version})` : ""}, from its next bar on`);
    await take_answer(id, answer);
  });

  const remove = (id: string) => attempt(async () => {
    await remove_strategy(id);
    rows.value = new Map([...rows.value].filter(([one]) => one !== id));
    if (selected_id.value === id) selected_id.value = "";
    if (charted_id.value === id) charted_id.value = "";
  });

  // -- form -------------------------------------------------------------------

  function open_form(draft: Partial<StrategyForm> = {}, strategy?: Strategy): void {
    trading.need_accounts();
    part.need();
    form.value = strategy ? form_of(strategy) : { ...fresh_strategy(workspace.symbol), script_id: scripts.active?.id ?? "", name: scripts.active?.name ?? "", ...draft };
    editing.value = strategy;
    problems.value = {};
    diagnostics.value = [];
    form_open.value = true;
  }

  const close_form = () => (form_open.value = false);

  function source_of(one: StrategyForm): string {
    if (one.source !== "") return one.source;
    const script = scripts.scripts.find(({ id }) => id === one.script_id);
    return script ? scripts.text_of(script) : "";
  }

  async function submit(): Promise<boolean> {
    const known = editing.value;
    const built = build_strategy(form.value, source_of(form.value), known);
    problems.value = built.problems ?? {};
    diagnostics.value = [];
    if (!built.request || busy.value) return false;
    busy.value = true;
    try {
      const strategy = await send(built.request, known);
      selected_id.value = strategy.strategy_id;
      form_open.value = false;
      return true;
    } catch (error) {
      problems.value = gateway_problems(error_text(error), error instanceof ApiError ? error.fields : []);
      const found = error instanceof ApiError ? error.body["diagnostics"] : undefined;
      diagnostics.value = Array.isArray(found) ? (found as Diagnostic[]) : [];
      notices.note("error", error_text(error));
      return false;
    } finally {
      busy.value = false;
    }
  }

  async function send(request: StrategyRequest, known: Strategy | undefined): Promise<Strategy> {
    const answer = known ? await change_strategy(known.strategy_id, request) : await register_strategy(request);
    const strategy = typeof answer?.enabled === "boolean" ? { ...known, ...answer } : await fetch_strategy(known?.strategy_id ?? request.strategy_id!);
    put(strategy);
    return strategy;
  }

  // -- details ----------------------------------------------------------------

  /// Drops what was read of a strategy: the panel reads what it shows again.
  function forget_details(id: string): void {
    details.delete(id);
  }

  const readers: { [kind in DetailKind]: (id: string) => Promise<StrategyDetails[kind]> } = {
    performance: fetch_performance, signals: (id) => fetch_signals(id, rows_read), runs: (id) => fetch_runs(id, rows_read),
    sets: (id) => fetch_sets(id, rows_read), transitions: (id) => fetch_transitions(id, rows_read),
  };

  async function read_detail(id: string, kind: DetailKind): Promise<void> {
    try {
      const read = await readers[kind](id);
      details.set(id, { ...details.get(id), [kind]: read });
      detail_errors.delete(`${id}|${kind}`);
    } catch (error) {
      detail_errors.set(`${id}|${kind}`, error_text(error));
    }
  }

  return {
    strategies, ids, selected_id, selected, details, detail_errors, log, charted_id, plot_news, form, form_open, editing, problems, diagnostics, busy, part,
    steer, change_mode, update_source, remove, open_form, close_form, submit, read_detail,
  };
});
