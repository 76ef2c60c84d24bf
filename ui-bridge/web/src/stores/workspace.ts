import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { fetch_master } from "../api/gateway";
import type { SymbolMatch } from "../api/types";
import type { ChartPlace } from "../market/place";
import { is_string, is_strings, load, save } from "./storage";

/// What the panels look at together: the symbol, and the chart that hotkeys
/// act on.

const recent_limit = 12;

/// What a chart panel offers to hotkeys and the search.
export interface ChartHandle {
  step_timeframe(step: -1 | 1): void;
  toggle_session(): void;
  scroll_to_latest(): void;
  set_timeframe(id: string): void;
  /// Shows the bars around a time and what happened there.
  show_place(place: ChartPlace): void;
  /// Opens the form of an alert at the crosshair's price.
  alert_here(): void;
  /// Computes a script of the editor on the shown bars, anew where it is there already.
  run_script(id: string): void;
}

/// Where a chart's crosshair stands, for the other charts.
export interface SharedCrosshair {
  ts: number;
  price: number;
  symbol: string;
  /// The chart it is in.
  from: symbol;
}

export const use_workspace = defineStore("workspace", () => {
  const symbol = ref(load("symbol", is_string, ""));
  const recent = ref(load("recent", is_strings, []));
  const search_open = ref(false);
  const help_open = ref(false);
  /// What picking a symbol in the search does.
  const search_purpose = ref<"show" | "add">("show");
  const chart = shallowRef<ChartHandle>();
  const crosshair = shallowRef<SharedCrosshair>();
  /// Waits for a chart to be there.
  const place = shallowRef<ChartPlace>();
  /// A script that waits for a chart to run on.
  const waiting_script = ref("");
  /// Every match the search has seen, so that it also finds offline.
  const seen = shallowRef(new Map<string, SymbolMatch>());
  let has_master = false;
  const has_symbol = computed(() => symbol.value !== "");

  function show(next: string): void {
    if (next === "") return;
    symbol.value = next;
    recent.value = [next, ...recent.value.filter((other) => other !== next)].slice(0, recent_limit);
    save("symbol", next);
    save("recent", recent.value);
  }

  function show_place(next: ChartPlace): void {
    show(next.symbol);
    if (chart.value) chart.value.show_place(next);
    else place.value = next;
  }

  function run_script(id: string): void {
    if (chart.value) chart.value.run_script(id);
    else waiting_script.value = id;
  }

  function open_search(purpose: "show" | "add" = "show"): void {
    search_purpose.value = purpose;
    search_open.value = true;
    void read_master();
  }

  /// The node's search finds what contains the words; the master is here for all other spellings.
  async function read_master(): Promise<void> {
    if (has_master) return;
    has_master = true;
    try {
      remember(await fetch_master());
    } catch {
      has_master = false; // the node's search stands alone until the next time
    }
  }

  function remember(matches: readonly SymbolMatch[]): void {
    const next = new Map(seen.value);
    for (const match of matches) next.set(match.symbol, match);
    seen.value = next;
  }

  return { symbol, has_symbol, recent, search_open, search_purpose, help_open, chart, crosshair, place, waiting_script, seen, show, show_place, run_script, open_search, remember };
});
