import type { HistoryPage, HistoryQuery } from "../api/gateway";
import type { Bar, StreamBar } from "../api/types";
import type { SessionKind, StreamMessage, Topic } from "../stream/types";
import { BarWindow, window_limit } from "./bar_window";
import type { Timeframe } from "./timeframes";

/// Feeds one chart: pages history in, follows the live bar, heals after a cut.
/// Knows neither the chart library nor the DOM; everything comes in through
/// `ChartFeedDeps`, so tests run it against fakes.

/// Bars asked for in one history request. Drawing a page costs as much as drawing
/// all bars of the window, so few large ones are better than many small ones.
export const chunk_size = 10_000;
/// The first screen asks for less, so that it is there sooner.
export const first_chunk_size = 1_000;
/// Bars re-read after a reconnect or a roll-over; a longer cut reloads.
export const heal_size = 500;
/// Live bars that may pile up over the window's limit before it is trimmed.
export const live_slack = 500;
/// Bars wanted after a place in the past, before the chart pages on.
export const after_place = 300;
/// Empty answers in a row while paging forward over a gap before giving up.
const forward_tries = 8;

export interface ChartTarget {
  symbol: string;
  timeframe: Timeframe;
  session: SessionKind;
}

export interface ChartFeedDeps {
  history(query: HistoryQuery, signal: AbortSignal): Promise<HistoryPage>;
  subscribe(topic: Topic, listener: (batch: readonly StreamMessage[]) => void): () => void;
  /// Server time in epoch milliseconds.
  now(): number;
}

/// Why the bars changed, so that the view knows where to look.
/// - fresh: another chart, look at its newest bars
/// - paged: keep looking at the same bars, now `shift` places further right
/// - healed: the same, but follow the newest bar if it was in view
export type Replacement = { kind: "fresh" } | { kind: "paged" | "healed"; shift: number };

export interface ChartView {
  /// The window's bars changed as a whole.
  replaced(window: BarWindow, how: Replacement): void;
  /// Only the last bar changed or one was added.
  live(bar: Bar, change: "updated" | "appended"): void;
  status(status: FeedStatus): void;
  failed(text: string): void;
}

export type FeedStatus = "loading" | "ready" | "empty" | "error" | "loading-older" | "loading-newer";

export class ChartFeed {
  readonly window = new BarWindow();
  target: ChartTarget | undefined;

  private abort = new AbortController();
  private leave_stream: (() => void) | undefined;
  private paging = false;
  private healing = false;
  private loaded = false;
  /// Live bars that arrived before the first history page.
  private early: StreamBar[] = [];
  /// Open time of the bar whose close the stream has confirmed.
  private closed_ts = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly deps: ChartFeedDeps,
    private readonly view: ChartView,
  ) {}

  /// Shows another symbol, timeframe or session. A load under way is dropped.
  /// @param around epoch seconds to begin at instead of the newest bars.
  async open(target: ChartTarget, around?: number): Promise<void> {
    this.close();
    this.target = target;
    this.subscribe(target);
    await this.load(target, around);
  }

  close(): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.leave_stream?.();
    this.leave_stream = undefined;
    this.paging = this.healing = this.loaded = false;
    this.early = [];
    this.closed_ts = Number.NEGATIVE_INFINITY;
    this.target = undefined;
  }

  /// Reads the newest bars again and shows them.
  async reload(): Promise<void> {
    if (this.target) await this.open(this.target);
  }

  /// Pages older bars in; does nothing while another page is under way.
  async load_older(): Promise<void> {
    const first = this.window.first;
    if (!this.target || !this.loaded || this.paging || this.window.at_start || !first) return;
    await this.page("loading-older", async (signal) => {
      const page = await this.read(first.ts, chunk_size, signal);
      const { added } = this.window.prepend(page.bars, page.at_start);
      if (added === 0) this.window.at_start = true; // asking again would change nothing
      this.view.replaced(this.window, { kind: "paged", shift: added });
    });
  }

  /// Pages towards the present after the newest bars were given up.
  async load_newer(): Promise<void> {
    if (!this.target || !this.loaded || this.paging || this.window.at_edge) return;
    await this.page("loading-newer", async (signal) => {
      let to = this.window.last!.ts;
      for (let i = 0; i < forward_tries; i++) {
        // No more than chunk_size bars fit into this span, so the page always
        // reaches back to the window.
        to += chunk_size * this.target!.timeframe.seconds;
        const at_edge = to > this.end_of_time();
        const page = await this.read(Math.min(to, this.end_of_time()), chunk_size, signal);
        const { added, dropped } = this.window.append(page.bars, at_edge);
        if (added > 0 || at_edge) return this.view.replaced(this.window, { kind: "paged", shift: -dropped });
      }
    });
  }

  /// Re-reads the end of the window: after a reconnect, and when a bar rolled
  /// over without the stream confirming the close of the one before.
  async heal(): Promise<void> {
    if (!this.target || !this.window.at_edge || this.healing) return;
    if (!this.loaded) return this.paging ? undefined : this.reload();
    this.healing = true;
    const { signal } = this.abort;
    try {
      const page = await this.read(this.end_of_time(), heal_size, signal);
      const dropped = this.window.patch(page.bars);
      if (dropped === undefined) await this.reload();
      else this.view.replaced(this.window, { kind: "healed", shift: -dropped });
    } catch (error) {
      this.report(error, signal);
    } finally {
      if (!signal.aborted) this.healing = false;
    }
  }

  private async load(target: ChartTarget, around?: number): Promise<void> {
    const { signal } = this.abort;
    this.view.status("loading");
    try {
      const end = this.end_of_time();
      const to = around === undefined ? end : Math.min(end, around + after_place * target.timeframe.seconds);
      const page = await this.read(to, first_chunk_size, signal);
      this.window.reset(page.bars, page.at_start);
      this.window.at_edge = to >= end;
      this.loaded = true;
      for (const bar of this.early) this.window.apply_live(bar);
      this.early = [];
      this.view.replaced(this.window, { kind: "fresh" });
      this.view.status(this.window.bars.length > 0 ? "ready" : "empty");
    } catch (error) {
      if (this.target === target) this.report(error, signal, "error");
    }
  }

  private async page(status: FeedStatus, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.abort;
    this.paging = true;
    this.view.status(status);
    try {
      await run(signal);
    } catch (error) {
      this.report(error, signal);
    } finally {
      if (!signal.aborted) {
        this.paging = false;
        this.view.status("ready");
      }
    }
  }

  private async read(to: number, countback: number, signal: AbortSignal): Promise<HistoryPage> {
    const { symbol, timeframe, session } = this.target!;
    const page = await this.deps.history({ symbol, resolution: timeframe.udf, session, to, countback }, signal);
    signal.throwIfAborted();
    return page;
  }

  /// `to` is exclusive and a daily bar may be dated tomorrow.
  private end_of_time(): number {
    const day = 86_400;
    return Math.floor(this.deps.now() / 1000) + (this.target!.timeframe.dated ? 2 * day : this.target!.timeframe.seconds);
  }

  private report(error: unknown, signal: AbortSignal, status?: FeedStatus): void {
    if (signal.aborted) return;
    if (status) this.view.status(status);
    this.view.failed(error instanceof Error ? error.message : String(error));
  }

  private subscribe({ symbol, timeframe, session }: ChartTarget): void {
    this.leave_stream = this.deps.subscribe({ channel: "bars", symbol, timeframe: timeframe.id, session }, (batch) => {
      for (const message of batch) if (is_bar(message.data)) this.take(message.data);
    });
  }

  private take(bar: StreamBar): void {
    if (!this.loaded) {
      this.early.push(bar);
      return;
    }
    const before = this.window.last;
    const change = this.window.apply_live(bar);
    const unconfirmed = change === "appended" && before && before.ts > this.closed_ts;
    if (bar.closed) this.closed_ts = Math.max(this.closed_ts, bar.ts);
    if (change === "ignored") return;
    this.view.live(bar, change);
    if (this.window.bars.length === 1) this.view.status("ready");
    if (unconfirmed || this.window.bars.length > window_limit + live_slack) void this.heal();
  }
}

function is_bar(data: unknown): data is StreamBar {
  if (typeof data !== "object" || data === null) return false;
  const bar = data as Record<string, unknown>;
  return ["ts", "o", "h", "l", "c", "v"].every((field) => Number.isFinite(bar[field]));
}
