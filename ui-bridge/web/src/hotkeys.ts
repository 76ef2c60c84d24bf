import { use_dock } from "./stores/dock";
import type { use_workspace } from "./stores/workspace";

/// Keys that work anywhere but in a text field. The table is also what the
/// help dialog shows.

type Workspace = ReturnType<typeof use_workspace>;

interface Hotkey {
  keys: string[];
  label: string;
  /// Absent for keys that a panel handles itself.
  run?: (workspace: Workspace) => void;
}

export const hotkeys: readonly Hotkey[] = [
  { keys: ["/", "Ctrl K"], label: "Symbols and commands", run: (w) => w.open_search() },
  { keys: ["+"], label: "Add a symbol to the watchlist", run: (w) => w.open_search("add") },
  { keys: ["w"], label: "Go to the watchlist", run: () => focus_first("[data-watchlist]") },
  { keys: ["c"], label: "Go to the chart", run: () => focus_first("[data-chart]") },
  { keys: ["↑ ↓", "Enter"], label: "In the watchlist: choose, show in the chart" },
  { keys: ["Delete"], label: "In the watchlist: remove the symbol" },
  { keys: ["Alt ↑ ↓"], label: "In the watchlist: move the symbol" },
  { keys: ["["], label: "Shorter timeframe", run: (w) => w.chart?.step_timeframe(-1) },
  { keys: ["]"], label: "Longer timeframe", run: (w) => w.chart?.step_timeframe(1) },
  { keys: ["e"], label: "Regular or extended hours", run: (w) => w.chart?.toggle_session() },
  { keys: ["End"], label: "Newest bar", run: (w) => w.chart?.scroll_to_latest() },
  { keys: ["← →", "↑ ↓"], label: "In the chart: scroll, zoom" },
  { keys: ["a"], label: "Alert at the crosshair's price", run: (w) => (w.chart ? w.chart.alert_here() : use_dock().show_panel("alerts")) },
  { keys: ["b"], label: "Order ticket", run: () => use_dock().show_panel("ticket") },
  { keys: ["p"], label: "Pine editor", run: () => use_dock().show_panel("editor") },
  { keys: ["t"], label: "Backtests", run: () => use_dock().show_panel("backtest") },
  { keys: ["o"], label: "Orders", run: () => use_dock().show_panel("orders") },
  { keys: ["s"], label: "Strategies", run: () => use_dock().show_panel("strategies") },
  { keys: ["Delete", "Esc"], label: "In the chart: remove the chosen drawing, drop what is dragged" },
  { keys: ["Ctrl S", "Ctrl Enter"], label: "In the editor: save, backtest" },
  { keys: ["Ctrl Space"], label: "In the editor: complete" },
  { keys: ["?"], label: "This help", run: (w) => (w.help_open = true) },
  { keys: ["Esc"], label: "Close what is open" },
];

export function hotkey(event: KeyboardEvent, workspace: Workspace): void {
  const with_control = event.ctrlKey || event.metaKey;
  if (with_control && event.key.toLowerCase() === "k") {
    event.preventDefault();
    workspace.open_search();
    return;
  }
  if (with_control || event.altKey || event.defaultPrevented || is_typing(event.composedPath()[0] ?? event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const match = hotkeys.find(({ keys, run }) => run && keys.includes(event.key));
  if (!match) return;
  event.preventDefault();
  match.run!(workspace);
}

function is_typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function focus_first(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}
