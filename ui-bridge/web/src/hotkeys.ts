import { run_command } from "./command/run";
import type { PanelId } from "./panels/kinds";
import { use_dock } from "./stores/dock";
import { use_hotkeys } from "./stores/hotkeys";
import { use_ticket } from "./stores/ticket";
import type { use_workspace } from "./stores/workspace";

/// Keys that work anywhere but in a text field. The table is also what the help
/// dialog shows, and what the settings let a user change.

type Workspace = ReturnType<typeof use_workspace>;

export interface Hotkey {
  /// Stored with the user's own keys: never rename one. Absent for keys that a
  /// panel or the browser handles, which can't be changed.
  id?: string;
  keys: string[];
  label: string;
  run?: (workspace: Workspace) => void;
}

const show = (panel: PanelId) => () => use_dock().go_to(panel);

/// Only fills the ticket; it is previewed and confirmed there.
function side(side: "buy" | "sell"): void {
  use_ticket().fill({ side });
  use_dock().go_to("ticket");
}

export const hotkeys: readonly Hotkey[] = [
  { id: "search", keys: ["/", "Ctrl K"], label: "Symbols and commands", run: (w) => w.open_search() },
  { id: "add_symbol", keys: ["+"], label: "Add a symbol to the watchlist", run: (w) => w.open_search("add") },
  { id: "go_watchlist", keys: ["w"], label: "Go to the watchlist", run: () => focus_first("[data-watchlist]") },
  { id: "go_chart", keys: ["c"], label: "Go to the chart", run: () => focus_first("[data-chart]") },
  { keys: ["↑ ↓", "Enter"], label: "In the watchlist: choose, show in the chart" },
  { keys: ["Delete"], label: "In the watchlist: remove the symbol" },
  { keys: ["Alt ↑ ↓"], label: "In the watchlist: move the symbol" },
  { id: "shorter", keys: ["["], label: "Shorter timeframe", run: (w) => w.chart?.step_timeframe(-1) },
  { id: "longer", keys: ["]"], label: "Longer timeframe", run: (w) => w.chart?.step_timeframe(1) },
  { id: "session", keys: ["e"], label: "Regular or extended hours", run: (w) => w.chart?.toggle_session() },
  { id: "newest", keys: ["End"], label: "Newest bar", run: (w) => w.chart?.scroll_to_latest() },
  { keys: ["← →", "↑ ↓"], label: "In the chart: scroll, zoom" },
  { keys: ["Delete", "Esc"], label: "In the chart: remove the chosen drawing, drop what is dragged" },
  { id: "alert", keys: ["a"], label: "Alert at the crosshair's price", run: (w) => (w.chart ? w.chart.alert_here() : use_dock().show_panel("alerts")) },
  { id: "ticket", keys: ["b"], label: "Order ticket", run: show("ticket") },
  { id: "buy", keys: ["B"], label: "Order ticket: buy the shown symbol", run: () => side("buy") },
  { id: "sell", keys: ["S"], label: "Order ticket: sell the shown symbol", run: () => side("sell") },
  { id: "cancel_all", keys: ["X"], label: "Cancel every working order (asks)", run: () => run_command({ kind: "cancel", symbol: "" }) },
  { id: "flatten", keys: ["F"], label: "Close every position (asks)", run: () => run_command({ kind: "flatten" }) },
  { id: "stop", keys: ["K"], label: "Stop or resume trading (asks)", run: () => run_command({ kind: "stop" }) },
  { id: "orders", keys: ["o"], label: "Orders", run: show("orders") },
  { id: "positions", keys: ["i"], label: "Positions", run: show("positions") },
  { id: "executions", keys: ["x"], label: "Executions", run: show("executions") },
  { id: "risk", keys: ["r"], label: "Risk", run: show("risk") },
  { id: "editor", keys: ["p"], label: "Pine editor", run: show("editor") },
  { id: "backtests", keys: ["t"], label: "Backtests", run: show("backtest") },
  { id: "strategies", keys: ["s"], label: "Strategies", run: show("strategies") },
  { id: "news", keys: ["n"], label: "News", run: show("news") },
  { id: "layout_market", keys: ["1"], label: "Arrange for the market", run: () => use_dock().arrange("market") },
  { id: "layout_trading", keys: ["2"], label: "Arrange for trading", run: () => use_dock().arrange("trading") },
  { id: "layout_research", keys: ["3"], label: "Arrange for research", run: () => use_dock().arrange("research") },
  { id: "layout_monitoring", keys: ["4"], label: "Arrange for monitoring", run: () => use_dock().arrange("monitoring") },
  { keys: ["Ctrl S", "Ctrl Enter"], label: "In the editor: save, backtest" },
  { keys: ["Ctrl Space"], label: "In the editor: complete" },
  { id: "help", keys: ["?"], label: "This help", run: (w) => (w.help_open = true) },
  { keys: ["Esc"], label: "Close what is open, leave a text field" },
];

/// The keys an entry has now: the user's own one in place of the first.
export function keys_of({ id, keys }: Hotkey, own: Readonly<Record<string, string>>): string[] {
  const key = id === undefined ? undefined : own[id];
  return key === undefined ? keys : [key, ...keys.slice(1)];
}

/// Which entry a key belongs to; a key of the user's takes precedence over the
/// default of another entry.
export function entry_of(key: string, own: Readonly<Record<string, string>>): Hotkey | undefined {
  const named = hotkeys.find(({ id }) => id !== undefined && own[id] === key);
  return named ?? hotkeys.find((entry) => entry.run && keys_of(entry, own).includes(key));
}

/// Whether a key may be given to an entry: one character, or a key that no panel
/// needs for itself.
export function is_assignable(key: string): boolean {
  return /^[^\s]$/u.test(key) || /^F(?:[2-9]|1[0-2])$/.test(key);
}

export function hotkey(event: KeyboardEvent, workspace: Workspace): void {
  const with_control = event.ctrlKey || event.metaKey;
  if (with_control && event.key.toLowerCase() === "k") {
    event.preventDefault();
    workspace.open_search();
    return;
  }
  if (with_control || event.altKey || event.defaultPrevented) return;
  const target = event.composedPath()[0] ?? event.target;
  if (is_typing(target)) {
    // out of the field, so that keys are keys again; a dialog has its own meaning of Escape
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) target.blur();
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  const match = entry_of(event.key, use_hotkeys().own);
  if (!match?.run) return;
  event.preventDefault();
  match.run(workspace);
}

function is_typing(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function focus_first(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}
