import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { create_watchlist, delete_watchlist, fetch_instruments, fetch_quotes, fetch_watchlists, replace_watchlist } from "../api/gateway";
import { ApiError } from "../api/http";
import type { Watchlist } from "../api/types";
import { is_priced, priced, traded_now } from "../market/first_symbol";
import { use_notices } from "./notices";
import { is_string, load, save } from "./storage";

/// The user's watchlists: kept by the gateway, mirrored in localStorage, which
/// stands in while the gateway has no such route or can't be reached.

export const symbols_per_list = 500;

/// The list of everything that the node has a price of: read, never stored.
export const priced_id = "priced";
/// The contract's limit of one question for quotes.
const priced_limit = 100;

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
  /// Of the list of all: what is traded now.
  let open_now: string | undefined;
  /// Where changes go: the gateway, or this browser only.
  const kept_by = ref<"gateway" | "browser">("browser");
  const priced_list = shallowRef<Watchlist>({ id: priced_id, name: "All symbols", symbols: [] });
  const choices = computed(() => [...lists.value, priced_list.value]);
  const active = computed(() => choices.value.find((list) => list.id === active_id.value) ?? lists.value[0]);
  /// What the node has, not what the user put together.
  const is_fixed = computed(() => active.value?.id === priced_id);
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
    if (id === priced_id) void read_priced();
  }

  /// Asks which symbols the node has prices of. @return whether it answered.
  async function read_priced(): Promise<boolean> {
    try {
      const known = (await fetch_instruments(priced_limit)).map(({ symbol }) => symbol);
      const quotes = await fetch_quotes(known);
      const symbols = quotes.filter(is_priced).map(({ symbol }) => symbol);
      priced_list.value = { ...priced_list.value, symbols };
      open_now = traded_now(symbols, quotes);
      return true;
    } catch (error) {
      notices.failure(error);
      return false;
    }
  }

  /// What a terminal shows first that has shown nothing yet: a symbol of the list
  /// whose price moves now, else any such symbol, else one with a price. Of a
  /// symbol that the list lacks the list of all is shown.
  async function first_symbol(): Promise<string> {
    const own = symbols.value.slice(0, priced_limit);
    try {
      const quotes = await fetch_quotes(own);
      const moving = traded_now(own, quotes);
      if (moving !== undefined) return moving;
      await read_priced();
      const found = open_now ?? priced(own, quotes) ?? priced_list.value.symbols[0];
      if (found !== undefined && !own.includes(found) && active_id.value === "") select(priced_id);
      return found ?? own[0] ?? "";
    } catch (error) {
      notices.failure(error);
      return own[0] ?? "";
    }
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

  /// The list that a change is for; none while the list of all is shown.
  function own_list(): Watchlist | undefined {
    if (is_fixed.value) notices.show("warning", "“All symbols” is what the node has prices of: choose or make a list of your own to change it");
    return is_fixed.value ? undefined : active.value;
  }

  async function add(symbol: string): Promise<void> {
    const list = own_list();
    if (!list || list.symbols.includes(symbol)) return;
    if (list.symbols.length >= symbols_per_list) {
      notices.show("warning", `A watchlist holds at most ${symbols_per_list} symbols`);
      return;
    }
    await change(list, [...list.symbols, symbol]);
  }

  async function remove(symbol: string): Promise<void> {
    const list = own_list();
    if (list) await change(list, list.symbols.filter((other) => other !== symbol));
  }

  /// Moves a symbol one place up (-1) or down (+1).
  async function move(symbol: string, step: -1 | 1): Promise<void> {
    const list = own_list();
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

  return { lists, choices, active, is_fixed, symbols, kept_by, read, first_symbol, select, add, remove, move, create, drop };
});
