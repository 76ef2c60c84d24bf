import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { exchange_time, is_zone } from "../market/exchange_time";
import type { ExchangeTime } from "../market/exchange_time";
import { is_string, load, save } from "./storage";

/// How this browser shows things. Kept here, not by the gateway: two screens
/// of one user may well differ.

export type Theme = "dark" | "light";

/// Who draws charts: TradingView's library where it is installed, or always this
/// terminal.
export type ChartChoice = "library" | "own";

const is_choice = (value: unknown): value is ChartChoice => value === "library" || value === "own";

/// Where the build found TradingView's licensed library; "" = nowhere.
function library_path(): string {
  return typeof document === "undefined" ? "" : (document.querySelector<HTMLMetaElement>("meta[name=tt-charting-library]")?.content ?? "");
}

/// "exchange" = each instrument in its own exchange's time, "local" = this
/// computer's, else an IANA name.
export type ZoneChoice = string;

const is_theme = (value: unknown): value is Theme => value === "dark" || value === "light";

export const use_settings = defineStore("settings", () => {
  const theme = ref<Theme>(load("theme", is_theme, "dark"));
  const zone = ref<ZoneChoice>(load("zone", is_string, "exchange"));
  /// Paper orders too are sent only after a second click.
  const confirm_paper = ref(load("confirm_paper", (v): v is boolean => typeof v === "boolean", true));
  const charting_library = library_path();
  const chart_choice = ref<ChartChoice>(load("charts", is_choice, "library"));
  /// Why the library does not draw although it is there; "" = it may.
  const library_failure = ref("");
  const uses_library = computed(() => charting_library !== "" && chart_choice.value === "library" && library_failure.value === "");
  const local_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  function apply(): void {
    document.documentElement.dataset["theme"] = theme.value;
    document.querySelector("meta[name=color-scheme]")?.setAttribute("content", theme.value);
  }

  function set_theme(next: Theme): void {
    theme.value = next;
    save("theme", next);
    apply();
  }

  function set_charts(next: ChartChoice): void {
    chart_choice.value = next;
    library_failure.value = "";
    save("charts", next);
  }

  /// @return false for a name that is no time zone.
  function set_zone(next: ZoneChoice): boolean {
    if (next !== "exchange" && next !== "local" && !is_zone(next)) return false;
    zone.value = next;
    save("zone", next);
    return true;
  }

  function set_confirm_paper(next: boolean): void {
    confirm_paper.value = next;
    save("confirm_paper", next);
  }

  /// The clock to show an instrument's times on.
  function clock_for(exchange_zone: string | undefined): ExchangeTime {
    if (zone.value === "exchange") return exchange_time(exchange_zone);
    return exchange_time(zone.value === "local" ? local_zone : zone.value);
  }

  /// The clock of what belongs to no exchange: orders, jobs, nodes.
  const own_clock = computed(() => exchange_time(zone.value === "exchange" || zone.value === "local" ? local_zone : zone.value));

  return { theme, zone, local_zone, confirm_paper, charting_library, chart_choice, library_failure, uses_library, set_charts, own_clock, apply, set_theme, set_zone, set_confirm_paper, clock_for };
});
