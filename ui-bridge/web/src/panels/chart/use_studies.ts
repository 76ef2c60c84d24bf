import { onScopeDispose, shallowReactive, watch } from "vue";
import { error_text, is_abort } from "../../api/http";
import type { InputValue } from "../../api/job_types";
import { fetch_plots, preview_script } from "../../api/strategies";
import type { PinePreview } from "../../api/strategy_types";
import type { StudyLayer } from "../../chart/study_layer";
import { study_view } from "../../chart/study_view";
import type { StudyView } from "../../chart/study_view";
import { value_of } from "../../jobs/request_form";
import type { Bar } from "../../api/types";
import type { Timeframe } from "../../market/timeframes";
import { indicators, title_of } from "../../pine/indicators";
import { use_notices } from "../../stores/notices";
import { use_scripts } from "../../stores/scripts";
import { use_strategies } from "../../stores/strategies";
import type { SessionKind } from "../../stream/types";

/// Studies of one chart: which they are, asked of the node when the bars are
/// others and when one has closed.

/// What of a study is stored in the layout.
export interface StudyConfig {
  /// "rsi" = one of the terminal's, "script:ID" = one of the user's.
  key: string;
  inputs: Record<string, string>;
}

export interface Study {
  id: string;
  config: StudyConfig | undefined;
  title: string;
  state: "loading" | "ready" | "failed";
  error: string;
  view: StudyView | undefined;
}

export const studies_limit = 8;
/// Bars before the chart's first one that averages warm up on.
const warm_up_bars = 500;
/// The contract's limit.
const preview_limit = 20_000;
/// Changes that come together ask once.
const settle_ms = 250;
/// A bar that has just closed is in the node's history this long after.
const closed_ms = 1_500;
/// News of a running strategy's plots come with every tick; they are read no oftener than this.
const strategy_news_ms = 2_000;

export interface StudyTarget {
  symbol: string;
  timeframe: Timeframe;
  session: SessionKind;
}

interface StudySource {
  target(): StudyTarget | undefined;
  bars(): readonly Bar[];
  /// Whether the chart holds the newest bar.
  at_edge(): boolean;
  layer(): StudyLayer | undefined;
}

export const is_study_config = (value: unknown): value is StudyConfig => {
  const one = value as Partial<StudyConfig> | null;
  return typeof one?.key === "string" && typeof one.inputs === "object" && one.inputs !== null;
};

export function use_studies(chart: StudySource, stored: readonly StudyConfig[], remember: () => void) {
  const scripts = use_scripts();
  const strategies = use_strategies();
  const studies = shallowReactive(new Map<string, Study>());
  const aborts = new Map<string, AbortController>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next = 1;

  function source_of({ key }: StudyConfig): string | undefined {
    const builtin = indicators.find(({ id }) => id === key);
    if (builtin) return builtin.source;
    const script = scripts.scripts.find(({ id }) => `script:${id}` === key);
    return script && scripts.text_of(script);
  }

  function title_for(config: StudyConfig): string {
    const given = Object.values(config.inputs).filter(Boolean).join(" ");
    const script = scripts.scripts.find(({ id }) => `script:${id}` === config.key);
    const title = script?.name ?? title_of(source_of(config) ?? "") ?? config.key;
    return given ? `${title} ${given}` : title || config.key;
  }

  function add(config: StudyConfig): void {
    if (studies.size >= studies_limit) return void use_notices().show("warning", `A chart holds ${studies_limit} studies: remove one first`);
    take(config);
    remember();
  }

  function take(config: StudyConfig): void {
    const id = `study-${next++}`;
    studies.set(id, { id, config, title: title_for(config), state: "loading", error: "", view: undefined });
    void compute(id);
  }

  /// Adds a study, or computes it anew where the chart has it: its script may be another.
  function run(key: string): void {
    const known = [...studies.values()].find(({ config }) => config?.key === key);
    if (!known?.config) return add({ key, inputs: {} });
    settle(known.id, { title: title_for(known.config), state: "loading" });
    void compute(known.id);
  }

  function remove(id: string): void {
    aborts.get(id)?.abort();
    aborts.delete(id);
    studies.delete(id);
    chart.layer()?.remove(id);
    remember();
  }

  function set_inputs(id: string, inputs: Record<string, string>): void {
    const study = studies.get(id);
    if (!study?.config) return;
    const config = { ...study.config, inputs };
    studies.set(id, { ...study, config, title: title_for(config) });
    remember();
    void compute(id);
  }

  const configs = (): StudyConfig[] => [...studies.values()].flatMap(({ config }) => (config ? [config] : []));

  async function ask(study: Study, target: StudyTarget, signal: AbortSignal): Promise<PinePreview> {
    const bars = Math.min(preview_limit, chart.bars().length + warm_up_bars);
    if (!study.config) return fetch_plots(strategies.charted_id, target.symbol, bars, signal);
    const source = source_of(study.config);
    if (source === undefined) throw new Error("The script is not in this browser any more");
    const inputs = Object.entries(study.config.inputs).filter(([, text]) => text.trim() !== "").map(([name, text]): [string, InputValue] => [name, value_of(text)]);
    const last = chart.bars().at(-1);
    return preview_script({
      kind: "pine", source, symbol: target.symbol, timeframe: target.timeframe.id, bars, ...(inputs.length > 0 ? { inputs: Object.fromEntries(inputs) } : {}),
      ...(target.session === "extended" ? { session: "extended" } : {}), ...(chart.at_edge() || !last ? {} : { to: last.ts + target.timeframe.seconds }),
    }, signal);
  }

  async function compute(id: string): Promise<void> {
    const study = studies.get(id);
    const target = chart.target();
    if (!study || !target || chart.bars().length === 0) return;
    aborts.get(id)?.abort();
    const abort = new AbortController();
    aborts.set(id, abort);
    try {
      const preview = await ask(study, target, abort.signal);
      if (abort.signal.aborted) return;
      const finding = preview.diagnostics?.find(({ severity }) => severity === "error");
      if (preview.valid === false || finding) throw new Error(finding ? `${finding.line}:${finding.column} ${finding.message}` : (preview.error_message ?? preview.error ?? "The script does not compile"));
      const view = study_view(preview, study.title);
      chart.layer()?.show(id, view);
      settle(id, { state: "ready", error: preview.error_message ?? preview.error ?? "", view });
    } catch (error) {
      if (is_abort(error) || abort.signal.aborted) return;
      settle(id, { state: "failed", error: error_text(error) });
    }
  }

  function settle(id: string, change: Partial<Study>): void {
    const study = studies.get(id);
    if (study) studies.set(id, { ...study, ...change });
  }

  /// Asks for everything again, soon: previews are few a minute.
  function refresh(why: "bars" | "closed_bar" = "bars"): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      for (const id of studies.keys()) void compute(id);
    }, why === "bars" ? settle_ms : closed_ms);
  }

  /// Another symbol or timeframe: what was computed is of no use.
  function reset(): void {
    for (const abort of aborts.values()) abort.abort();
    for (const [id, study] of studies) studies.set(id, { ...study, state: "loading", view: undefined });
    follow_strategy();
  }

  /// The chart was built anew: what is known is drawn at once.
  function redraw(): void {
    for (const { id, view } of studies.values()) if (view) chart.layer()?.show(id, view);
  }

  /// The plots of a running strategy, in charts of its symbol and timeframe.
  function follow_strategy(): void {
    const strategy = strategies.strategies.find(({ strategy_id }) => strategy_id === strategies.charted_id);
    const target = chart.target();
    const fits = strategy !== undefined && target !== undefined && (strategy.symbols ?? []).includes(target.symbol) && (!strategy.timeframe || strategy.timeframe === target.timeframe.id);
    const shown = studies.get("strategy");
    if (!fits) {
      if (shown) remove("strategy");
    } else if (shown?.title !== strategy.strategy_id) {
      studies.set("strategy", { id: "strategy", config: undefined, title: strategy.strategy_id, state: "loading", error: "", view: undefined });
      void compute("strategy");
    }
  }
  watch(() => [strategies.charted_id, strategies.ids], follow_strategy);
  let strategy_timer: ReturnType<typeof setTimeout> | undefined;
  watch(() => strategies.plot_news, () => {
    strategy_timer ??= setTimeout(() => {
      strategy_timer = undefined;
      if (studies.has("strategy")) void compute("strategy");
    }, strategy_news_ms);
  });

  // What comes from the stored layout is in it: nothing to remember, nor a chart yet that could.
  for (const config of stored.slice(0, studies_limit)) take(config);
  onScopeDispose(() => {
    clearTimeout(timer);
    clearTimeout(strategy_timer);
    for (const abort of aborts.values()) abort.abort();
  });

  const stop_strategy = () => (strategies.charted_id = "");

  return { studies, add, run, remove, set_inputs, configs, source_of, refresh, reset, redraw, follow_strategy, stop_strategy };
}
