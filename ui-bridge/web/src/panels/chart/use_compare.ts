import { onScopeDispose, ref, shallowReactive } from "vue";
import { fetch_history } from "../../api/gateway";
import type { Comparison } from "../../chart/price_chart";
import { ChartFeed } from "../../market/chart_feed";
import type { ChartTarget } from "../../market/chart_feed";
import { use_connection } from "../../stores/connection";
import { use_notices } from "../../stores/notices";

/// Other symbols in a chart: each with a feed of its own, as far back as the
/// chart's bars reach.

export const compare_limit = 5;
const colors = ["#f5a524", "#c792ea", "#8bd5ca", "#e0c58f", "#9ccc65"] as const;
/// Pages read to reach the chart's first bar in one go.
const pages_limit = 8;

interface Compared {
  feed: ChartFeed;
  color: string;
}

export function use_compare(stored: readonly string[], draw: () => void, remember: () => void) {
  const connection = use_connection();
  const notices = use_notices();
  const symbols = ref<string[]>([]);
  const colors_of = shallowReactive(new Map<string, string>());
  const compared = new Map<string, Compared>();
  let target: ChartTarget | undefined;
  let first_ts = Number.POSITIVE_INFINITY;

  function make_feed(symbol: string): ChartFeed {
    return new ChartFeed({ history: fetch_history, subscribe: connection.subscribe, now: connection.market_now }, {
      replaced: draw,
      live: (_, change) => change === "appended" && draw(),
      status: () => {},
      failed(text) {
        notices.show("warning", `${symbol}: ${text}`);
        remove(symbol);
      },
    });
  }

  function add(symbol: string): void {
    if (symbol === "" || symbols.value.includes(symbol) || symbols.value.length >= compare_limit || symbol === target?.symbol) return;
    take(symbol);
    remember();
  }

  function take(symbol: string): void {
    const color = colors.find((one) => ![...compared.values()].some((other) => other.color === one)) ?? colors[0];
    compared.set(symbol, { feed: make_feed(symbol), color });
    colors_of.set(symbol, color);
    symbols.value = [...symbols.value, symbol];
    void read(symbol);
  }

  function remove(symbol: string): void {
    compared.get(symbol)?.feed.close();
    compared.delete(symbol);
    symbols.value = symbols.value.filter((other) => other !== symbol);
    remember();
    draw();
  }

  async function read(symbol: string): Promise<void> {
    const one = compared.get(symbol);
    if (!one || !target) return;
    await one.feed.open({ ...target, symbol });
    await reach_back(one);
  }

  async function reach_back({ feed }: Compared): Promise<void> {
    for (let page = 0; page < pages_limit; page++) {
      const first = feed.window.first;
      if (!first || first.ts <= first_ts || feed.window.at_start) return;
      const count = feed.window.bars.length;
      await feed.load_older();
      if (feed.window.bars.length === count) return;
    }
  }

  /// The chart shows something else.
  function open(next: ChartTarget): void {
    target = next;
    for (const symbol of symbols.value) if (symbol === next.symbol) remove(symbol);
    for (const symbol of symbols.value) void read(symbol);
  }

  /// The chart's bars begin elsewhere.
  function reach(ts: number): void {
    first_ts = ts;
    for (const one of compared.values()) if (one.feed.target) void reach_back(one);
  }

  const comparisons = (): Comparison[] => [...compared].map(([symbol, { feed, color }]) => ({ symbol, color, bars: feed.window.bars }));

  // What comes from the stored layout is in it: nothing to remember, nor a chart yet that could.
  for (const symbol of new Set(stored.slice(0, compare_limit).filter((symbol) => symbol !== ""))) take(symbol);
  onScopeDispose(() => {
    for (const { feed } of compared.values()) feed.close();
  });

  return { symbols, colors_of, add, remove, open, reach, comparisons };
}
