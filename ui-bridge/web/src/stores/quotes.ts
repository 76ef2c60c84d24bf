import { defineStore } from "pinia";
import { onScopeDispose, shallowRef, watch } from "vue";
import type { Ref, ShallowRef } from "vue";
import { last_of } from "../api/gateway";
import type { Quote } from "../api/types";
import { use_connection } from "./connection";

/// Live quotes. Each symbol has one shallow ref, so that a tick renders the
/// cells of that symbol and nothing else.

export interface LiveQuote {
  quote: Quote;
  /// Direction of the last change of the price, and how many there were: the
  /// flash of a cell restarts when the count changes.
  direction: "up" | "down" | "";
  changes: number;
  /// False after the connection was lost, until the next quote.
  fresh: boolean;
}

interface Entry {
  live: ShallowRef<LiveQuote | undefined>;
  users: number;
  leave: () => void;
}

export const use_quotes = defineStore("quotes", () => {
  const connection = use_connection();
  const entries = new Map<string, Entry>();
  /// Where the newest quote of any symbol came from: "sim", "tradier", …
  const source = shallowRef("");
  const delayed = shallowRef(false);

  watch(() => connection.state.kind === "live" || connection.state.kind === "stale", (open) => {
    if (open) return;
    for (const { live } of entries.values()) if (live.value) live.value = { ...live.value, fresh: false };
  });

  function take(live: Entry["live"], quote: Quote): void {
    const before = live.value;
    const was = last_of(before?.quote);
    const is = last_of(quote);
    const changed = was !== undefined && is !== undefined && was !== is;
    live.value = {
      quote: before ? { ...before.quote, ...quote } : quote,
      direction: changed ? (is > was ? "up" : "down") : (before?.direction ?? ""),
      changes: (before?.changes ?? 0) + (changed ? 1 : 0),
      fresh: true,
    };
    if (quote.source) source.value = quote.source;
    delayed.value = quote.delayed ?? false;
  }

  function acquire(symbol: string): Entry {
    let entry = entries.get(symbol);
    if (!entry) {
      const live = shallowRef<LiveQuote>();
      const leave = connection.subscribe({ channel: "quotes", symbol }, (batch) => {
        const data = batch.at(-1)?.data;
        if (typeof data === "object" && data !== null) take(live, data as Quote);
      });
      entries.set(symbol, (entry = { live, users: 0, leave }));
    }
    entry.users += 1;
    return entry;
  }

  function release(symbol: string): void {
    const entry = entries.get(symbol);
    if (!entry || --entry.users > 0) return;
    entry.leave();
    entries.delete(symbol);
  }

  /// The live quote of a changing symbol, for the life of the calling scope.
  function follow(symbol: Ref<string>): ShallowRef<LiveQuote | undefined> {
    const result = shallowRef<LiveQuote>();
    let release_current = () => {};
    watch(symbol, (name) => {
      release_current();
      result.value = undefined;
      if (name === "") return;
      const { live } = acquire(name);
      const stop = watch(live, (value) => (result.value = value), { immediate: true });
      release_current = () => {
        stop();
        release(name);
      };
    }, { immediate: true });
    onScopeDispose(() => release_current());
    return result;
  }

  /// Quotes of a whole list, in view or not, for the life of the calling scope: to put it in order.
  /// @return the newest quote of a symbol of the list; what renders by it is not told of the next one.
  function follow_all(symbols: Ref<readonly string[]>): (symbol: string) => Quote | undefined {
    let held = new Set<string>();
    watch(symbols, (list) => {
      const next = new Set(list.filter((name) => name !== ""));
      for (const name of next) if (!held.has(name)) acquire(name);
      for (const name of held) if (!next.has(name)) release(name);
      held = next;
    }, { immediate: true });
    onScopeDispose(() => held.forEach(release));
    return (symbol) => entries.get(symbol)?.live.value?.quote;
  }

  return { source, delayed, follow, follow_all };
});
