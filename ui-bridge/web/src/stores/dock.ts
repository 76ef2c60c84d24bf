import type { DockviewApi, SerializedDockview } from "dockview-vue";
import { defineStore } from "pinia";
import { watch } from "vue";
import { fetch_layout, store_layout } from "../api/gateway";
import { ApiError } from "../api/http";
import { panel_kind } from "../panels/kinds";
import type { PanelId } from "../panels/kinds";
import { default_preset, presets } from "../panels/presets";
import type { Placement, Preset, PresetId } from "../panels/presets";
import { use_notices } from "./notices";
import { use_settings } from "./settings";
import { load, save } from "./storage";

/// The panel layout: built, restored, and kept in the browser and, where the
/// gateway answers, under `/api/v1/layouts/{name}`.

interface SavedLayout {
  version: 1;
  saved_at_ms: number;
  dock: SerializedDockview;
}

const layout_name = "default";
const save_after_ms = 600;
/// Layout events of a change arrive this long after it.
const settle_ms = 300;

function is_saved(value: unknown): value is SavedLayout {
  const layout = value as Partial<SavedLayout> | null | undefined;
  return layout?.version === 1 && typeof layout.saved_at_ms === "number" && typeof layout.dock === "object";
}

export const use_dock = defineStore("dock", () => {
  const notices = use_notices();
  const settings = use_settings();
  let dock: DockviewApi | undefined;
  let etag: string | undefined;
  /// False once the gateway said that it has no such route.
  let gateway_keeps = true;
  let saving: ReturnType<typeof setTimeout> | undefined;
  /// Changes made while restoring are not the user's.
  let restoring = false;
  /// What was last built, restored or stored. Titles follow the symbol: a new
  /// one is no arrangement of the user's.
  let known = "";
  const shape = () => JSON.stringify(dock?.toJSON(), (key, value: unknown) => (key === "title" ? undefined : value));

  async function attach(api: DockviewApi): Promise<void> {
    dock = api;
    const local = load<SavedLayout | undefined>("layout", (v): v is SavedLayout => is_saved(v), undefined);
    if (!local || !restore(local)) quietly(() => build(default_preset));
    api.onDidLayoutChange(schedule_save);
    api.onDidAddPopoutGroup(paint_popouts);
    await read_from_gateway(local?.saved_at_ms ?? 0);
  }

  /// Windows of their own have documents of their own: they follow the theme.
  function paint_popouts(): void {
    for (const { window } of dock?.getPopouts() ?? []) window.document.documentElement.dataset["theme"] = settings.theme;
  }
  watch(() => settings.theme, paint_popouts);

  /// Changes the layout without storing it as the user's.
  function quietly(change: () => void): void {
    restoring = true;
    change();
    setTimeout(() => {
      restoring = false;
      known = shape();
    }, settle_ms);
  }

  function restore(saved: SavedLayout): boolean {
    let restored = false;
    quietly(() => {
      try {
        dock?.fromJSON(saved.dock);
        restored = (dock?.panels.length ?? 0) > 0;
      } catch {
        dock?.clear(); // of another version, or damaged: the default stands in
      }
    });
    return restored;
  }

  async function read_from_gateway(local_saved_at_ms: number): Promise<void> {
    try {
      const stored = await fetch_layout(layout_name);
      etag = stored.etag;
      if (is_saved(stored.layout) && stored.layout.saved_at_ms > local_saved_at_ms) restore(stored.layout);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return; // none stored yet
      gateway_keeps = false;
      notices.failure(error);
    }
  }

  function schedule_save(): void {
    if (restoring) return;
    clearTimeout(saving);
    saving = setTimeout(() => void save_now(), save_after_ms);
  }

  async function save_now(): Promise<void> {
    if (!dock || shape() === known) return;
    known = shape();
    const saved: SavedLayout = { version: 1, saved_at_ms: Date.now(), dock: dock.toJSON() };
    save("layout", saved);
    if (!gateway_keeps) return;
    try {
      etag = await store_layout(layout_name, saved, etag);
    } catch (error) {
      await save_failed(error, saved);
    }
  }

  /// Another window saved in between: the newer arrangement wins. A gateway
  /// without the route: the browser alone keeps it.
  async function save_failed(error: unknown, saved: SavedLayout): Promise<void> {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 404 || status === 405) {
      gateway_keeps = false;
      return;
    }
    if (status !== 409 && status !== 412) return notices.failure(error);
    try {
      etag = (await fetch_layout(layout_name)).etag;
      etag = await store_layout(layout_name, saved, etag);
    } catch (again) {
      notices.failure(again);
    }
  }

  function build(preset: Preset): void {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    preset.build({ add }, { width: innerWidth, height: innerHeight, rem });
    dock?.panels[0]?.api.setActive();
  }

  function add(id: PanelId, { beside, direction, width, height, behind }: Placement = {}): void {
    dock?.addPanel({
      id, component: id, title: panel_kind(id)!.title,
      ...(beside ? { position: { referencePanel: beside, direction: direction ?? "within" } } : {}),
      ...(width ? { initialWidth: width } : {}), ...(height ? { initialHeight: height } : {}), ...(behind ? { inactive: true } : {}),
    } as Parameters<DockviewApi["addPanel"]>[0]);
  }

  /// Shows the panel, opening it when it is not there; kinds that may be open
  /// many times get another one.
  function open_panel(id: PanelId): void {
    if (!dock) return;
    const kind = panel_kind(id)!;
    const existing = dock.getPanel(id);
    if (existing && !kind.many) return existing.api.setActive();
    let name: string = id;
    for (let n = 2; dock.getPanel(name); n++) name = `${id}-${n}`;
    dock.addPanel({ id: name, component: id, title: kind.title });
  }

  /// Opens the panel unless one of its kind is there; that one comes forward.
  function show_panel(id: PanelId): void {
    const existing = dock?.panels.find((panel) => panel.id === id || panel.id.startsWith(`${id}-`));
    if (existing) existing.api.setActive();
    else open_panel(id);
  }

  /// Shows the panel and moves the keyboard into it: what a key or a command asked for is worked with keys.
  function go_to(id: PanelId): void {
    show_panel(id);
    const panel = dock?.panels.find((one) => one.id === id || one.id.startsWith(`${id}-`));
    if (panel) focus_when_there(panel.view.content.element, performance.now() + focus_within_ms);
  }

  /// Replaces the whole arrangement.
  function arrange(id: PresetId): void {
    dock?.clear();
    build(presets.find((preset) => preset.id === id) ?? default_preset);
  }

  return { attach, open_panel, show_panel, go_to, arrange, schedule_save };
});

/// A panel's code may still be on its way.
const focus_within_ms = 3_000;
/// What it shows may be: after this long the panel itself takes the keyboard.
const content_within_ms = 400;
/// What the keyboard goes to, the first that a panel has.
const focus_places = ["[data-focus]", "[data-chart]", "[role=grid]", "[role=region][tabindex='0']", "button:not([disabled])"];

function focus_when_there(dock_panel: HTMLElement, until_ms: number, there_since_ms?: number): void {
  const now = performance.now();
  const panel = dock_panel.isConnected ? dock_panel.querySelector<HTMLElement>(".panel") : null;
  const place = panel && focus_places.map((selector) => dock_panel.querySelector<HTMLElement>(selector)).find(Boolean);
  const since = panel ? (there_since_ms ?? now) : undefined;
  if (place) return place.focus();
  if (panel && now - since! > content_within_ms) {
    if (!panel.hasAttribute("tabindex")) panel.tabIndex = -1;
    return panel.focus();
  }
  if (now < until_ms) requestAnimationFrame(() => focus_when_there(dock_panel, until_ms, since));
}
