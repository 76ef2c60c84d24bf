import { defineStore } from "pinia";
import { shallowReactive } from "vue";
import { drawings_kept, is_drawing } from "../chart/drawing_model";
import type { Drawing } from "../chart/drawing_model";
import { load, save } from "./storage";

/// The user's drawings per symbol, kept in this browser and shown in each
/// chart of the symbol.

const is_drawings = (value: unknown): value is Drawing[] => Array.isArray(value) && value.every(is_drawing);

export const use_drawings = defineStore("drawings", () => {
  const by_symbol = shallowReactive(new Map<string, readonly Drawing[]>());

  function of(symbol: string): readonly Drawing[] {
    if (symbol === "") return [];
    let known = by_symbol.get(symbol);
    if (!known) by_symbol.set(symbol, (known = load(`drawings.${symbol}`, is_drawings, [])));
    return known;
  }

  function put(symbol: string, drawings: readonly Drawing[]): void {
    const kept = drawings.slice(-drawings_kept);
    by_symbol.set(symbol, kept);
    save(`drawings.${symbol}`, kept);
  }

  const add = (symbol: string, drawing: Drawing) => put(symbol, [...of(symbol), drawing]);
  const change = (symbol: string, drawing: Drawing) => put(symbol, of(symbol).map((one) => (one.id === drawing.id ? drawing : one)));
  const remove = (symbol: string, id: string) => put(symbol, of(symbol).filter((one) => one.id !== id));
  const clear = (symbol: string) => put(symbol, []);

  return { of, add, change, remove, clear };
});
