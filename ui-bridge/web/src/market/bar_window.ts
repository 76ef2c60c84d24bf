import type { Bar } from "../api/types";

/// The bars a chart holds: a contiguous window over a symbol's history.
///
/// Grows to the left while one scrolls back; over `window_limit` it gives up
/// bars at the far end, so memory and redraw cost stay bounded however far one
/// scrolls. The window is "at the edge" while its last bar is the newest one.

/// Bars kept in one chart: redrawing costs grow with it, and studies reach over as
/// many bars at most.
export const window_limit = 20_000;

export type LiveChange = "updated" | "appended" | "ignored";

export class BarWindow {
  bars: Bar[] = [];
  /// False after the newest bars were given up for older ones.
  at_edge = true;
  /// True when nothing older exists.
  at_start = false;

  constructor(private readonly limit = window_limit) {}

  get first(): Bar | undefined {
    return this.bars[0];
  }
  get last(): Bar | undefined {
    return this.bars.at(-1);
  }

  reset(bars: Bar[], at_start: boolean): void {
    this.bars = bars.slice(-this.limit);
    this.at_start = at_start && bars.length <= this.limit;
    this.at_edge = true;
  }

  /// Adds older bars. Those not older than the window are ignored.
  /// @return how many were added, and how many newest ones were given up.
  prepend(older: Bar[], at_start: boolean): { added: number; dropped: number } {
    const first = this.first;
    const fresh = first ? older.filter((bar) => bar.ts < first.ts) : older;
    const dropped = Math.max(0, fresh.length + this.bars.length - this.limit);
    this.bars = [...fresh, ...this.bars.slice(0, this.bars.length - dropped)];
    this.at_start = at_start;
    if (dropped > 0) this.at_edge = false;
    return { added: fresh.length, dropped };
  }

  /// Adds newer bars, replacing the last one where they overlap.
  append(newer: Bar[], at_edge: boolean): { added: number; dropped: number } {
    const last = this.last;
    const fresh = last ? newer.filter((bar) => bar.ts > last.ts) : newer;
    const dropped = Math.max(0, fresh.length + this.bars.length - this.limit);
    this.bars = [...this.bars.slice(dropped), ...fresh];
    if (dropped > 0) this.at_start = false;
    this.at_edge = at_edge;
    return { added: fresh.length, dropped };
  }

  /// Takes a bar of the live stream. Older bars than the last are history
  /// that `patch` handles; away from the edge nothing is live.
  apply_live(bar: Bar): LiveChange {
    const last = this.last;
    if (!this.at_edge || (last && bar.ts < last.ts)) return "ignored";
    if (last && bar.ts === last.ts) {
      this.bars[this.bars.length - 1] = bar;
      return "updated";
    }
    this.bars.push(bar);
    return "appended";
  }

  /// Lays freshly read newest bars over the end of the window.
  /// @return how many oldest bars were given up for the limit; undefined when
  /// the bars do not reach back to the window: there is a hole and the window
  /// must be read again.
  patch(newest: Bar[]): number | undefined {
    const from = newest[0]?.ts;
    if (from === undefined) return 0;
    const last = this.last;
    if (last && from > last.ts) return undefined;
    const kept = this.bars.filter((bar) => bar.ts < from);
    // The stream may already be ahead of the reply.
    const ahead = this.bars.filter((bar) => bar.ts > newest.at(-1)!.ts);
    const bars = [...kept, ...newest, ...ahead];
    const dropped = Math.max(0, bars.length - this.limit);
    this.bars = bars.slice(dropped);
    if (dropped > 0) this.at_start = false;
    return dropped;
  }
}
