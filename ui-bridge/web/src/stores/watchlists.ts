import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { create_watchlist, delete_watchlist, fetch_watchlists, replace_watchlist } from "../api/gateway";
import { ApiError } from "../api/http";
import type { Watchlist } from "../api/types";
import { use_notices } from "./notices";
import { is_string, load, save } from "./storage";

/// The user's watchlists: kept by the gateway, mirrored in localStorage, which
/// stands in while the gateway has no such route or can't be reached.

export const symbols_per_list = 500;

const starting_lists: Watchlist[] = [
  { id: "local-1", name: "Futures", symbols: ["MNQ1!", "ES1!", "NQ1!", "RTY1!", "YM1!"] },
];

function is_lists(value: unknown): value is Watchlist[] {
  return Array.isArray(value) && value.length > 0 && value.every((list: Partial<Watchlist> | null) =>
    is_string(list?.id) && is_string(list.name) && Array.isArray(list.symbols) && list.symbols.every(is_string));
}

export const use_watchlists = defineStore("watchlists", () => {
  const notices = use_notices();
  const lists = ref<Watchlist[]>(load("watchlists", is_lists, starting_lists));
  const active_id = ref(load("watchlist", is_string, ""));
  /// Where changes go: the gateway, or this browser only.
  const kept_by = ref<"gateway" | "browser">("browser");
  const active = computed(() => lists.value.find((list) => list.id === active_id.value) ?? lists.value[0]);
  const symbols = computed(() => active.value?.symbols ?? []);

  async function read(): Promise<void> {
    try {
      const stored = (await fetch_watchlists()).map((list) => ({ ...list, id: String(list.id) }));
      kept_by.value = "gateway";
      if (stored.length > 0) lists.value = stored;
      mirror();
    } catch (error) {
      kept_by.value = "browser";
      if (!(error instanceof ApiError && error.status === 404)) notices.failure(error);
    }
  }

  function mirror(): void {
    save("watchlists", lists.value);
    save("watchlist", active_id.value);
  }

  function select(id: string): void {
    active_id.value = id;
    mirror();
  }

  /// Applies a change here at once and then to the gateway.
  async function change(list: Watchlist, next: string[]): Promise<void> {
    list.symbols = next;
    mirror();
    if (kept_by.value === "browser") return;
    try {
      await replace_watchlist(list);
    } catch (error) {
      notices.failure(error);
    }
  }

  async function add(symbol: string): Promise<void> {
    const list = active.value;
    if (!list || list.symbols.includes(symbol)) return;
    if (list.symbols.length >= symbols_per_list) {
      notices.show("warning", `A watchlist holds at most ${symbols_per_list} symbols`);
      return;
    }
    await change(list, [...list.symbols, symbol]);
  }

  async function remove(symbol: string): Promise<void> {
    const list = active.value;
    if (list) await change(list, list.symbols.filter((other) => other !== symbol));
  }

  /// Moves a symbol one place up (-1) or down (+1).
  async function move(symbol: string, step: -1 | 1): Promise<void> {
    const list = active.value;
    const from = list?.symbols.indexOf(symbol) ?? -1;
    const to = from + step;
    if (!list || from < 0 || to < 0 || to >= list.symbols.length) return;
    const next = [...list.symbols];
    next.splice(to, 0, ...next.splice(from, 1));
    await change(list, next);
  }

  async function create(name: string): Promise<void> {
    try {
      const stored = kept_by.value === "gateway" ? await create_watchlist(name, []) : { id: `local-${Date.now()}` };
      const list: Watchlist = { id: String(stored.id), name, symbols: [] };
      lists.value = [...lists.value, list];
      select(list.id);
    } catch (error) {
      notices.failure(error);
    }
  }

  async function drop(id: string): Promise<void> {
    if (lists.value.length < 2) return;
    try {
      if (kept_by.value === "gateway") await delete_watchlist(id);
      lists.value = lists.value.filter((list) => list.id !== id);
      select(lists.value[0]!.id);
    } catch (error) {
      notices.failure(error);
    }
  }

  return { lists, active, symbols, kept_by, read, select, add, remove, move, create, drop };
});
