import { ref, shallowRef } from "vue";
import type { Ref, ShallowRef } from "vue";
import { error_text, is_abort, is_disabled, is_missing } from "../api/http";

/// Whether the node has a part of the system: asked by reading from it. A part
/// that is missing is asked for again now and then, because nodes are
/// restarted with more in them.

export type PartState =
  | { kind: "asking" }
  | { kind: "ready" }
  /// The node does not have it, or its configuration switched it off. Lost = it
  /// was here before: accounts of a cluster move from node to node.
  | { kind: "missing"; text: string; switched_off: boolean; lost: boolean }
  | { kind: "failed"; text: string };

export const ask_again_ms = 60_000;
/// A part that was here may be back any moment.
export const ask_lost_ms = 3_000;

export interface Part {
  state: ShallowRef<PartState>;
  /// True while a question is under way.
  busy: Ref<boolean>;
  /// Reads; never throws. @return whether the part answered.
  ask(): Promise<boolean>;
}

export function make_part(read: () => Promise<void>): Part {
  const state = shallowRef<PartState>({ kind: "asking" });
  const busy = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let was_ready = false;
  /// Asked for while a question was under way, which may be one to a node that is gone.
  let once_more = false;

  async function ask(): Promise<boolean> {
    if (busy.value) {
      once_more = true;
      return state.value.kind === "ready";
    }
    busy.value = true;
    once_more = false;
    clearTimeout(timer);
    try {
      await read();
      state.value = { kind: "ready" };
      was_ready = true;
      once_more = false;
      return true;
    } catch (error) {
      if (is_abort(error)) return false;
      const switched_off = is_disabled(error);
      state.value = is_missing(error) || switched_off
        ? { kind: "missing", text: error_text(error), switched_off, lost: was_ready && !switched_off }
        : { kind: "failed", text: error_text(error) };
      timer = setTimeout(() => void ask(), once_more ? 0 : was_ready && !switched_off ? ask_lost_ms : ask_again_ms);
      return false;
    } finally {
      busy.value = false;
    }
  }

  return { state, busy, ask };
}

/// What a user can do about a part that is missing, by the part's name.
export const part_hints: Record<string, string> = {
  backtests: "Backtests run on a node with the role “backtest” (cluster.roles) and ENABLE_BACKTESTING=true. Results need bars: import some with “tt import”, or use the simulated feed.",
  optimisation: "Studies run where backtests do: on a node with the role “backtest” (cluster.roles) and ENABLE_BACKTESTING=true.",
  trading: "Orders need a node with the role “execution” (cluster.roles). Paper accounts need ENABLE_PAPER_TRADING=true; live ones also ENABLE_REAL_TRADING=true and a broker's keys.",
  risk: "The risk service runs beside execution: on a node with the role “execution” (cluster.roles).",
  paper: "Paper accounts need a node with the role “execution” (cluster.roles) and ENABLE_PAPER_TRADING=true.",
  alerts: "Alerts need ENABLE_ALERTS=true, and a node that has a feed of the symbols.",
  webhooks: "Received alerts come through a node with the role “gateway” (cluster.roles). TRADINGVIEW_WEBHOOK_SECRET makes the default profile; WEBHOOK_LISTEN opens a listener that TradingView can reach.",
  strategies: "Strategies run on a node with the role “execution” (cluster.roles); YAML jobs are read from KAIROS_JOBS_DIR.",
  news: "NEWS_FEEDS names the RSS and Atom feeds that a node reads; it needs the role “gateway” (cluster.roles).",
  cluster: "One node is a cluster of one. For more, set cluster.control and cluster.seeds; config/cluster/ has whole examples.",
};
