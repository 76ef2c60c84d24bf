import { defineStore } from "pinia";
import { computed, shallowRef, watch } from "vue";
import { fetch_node_health } from "../api/service";
import type { NodeHealth } from "../api/service_types";
import { feed_problem } from "../market/feed_state";
import { use_connection } from "./connection";

/// How the node's feeds are, for the header: asked now and then, and at once when
/// the node tells of a change. A question that fails says nothing about feeds:
/// the connection's own badge tells of that.

const ask_every_ms = 5_000;

export const use_feed_health = defineStore("feed_health", () => {
  const connection = use_connection();
  const feeds = shallowRef<NodeHealth["feeds"]>();
  const problem = computed(() => (feeds.value && connection.is_live ? feed_problem(feeds.value) : undefined));
  const state = computed(() => (feeds.value === undefined ? "unknown" : problem.value ? "problem" : "well"));

  async function ask(): Promise<void> {
    if (document.hidden) return;
    feeds.value = await fetch_node_health().then((health) => health.feeds ?? {}, () => feeds.value);
  }

  /// @return ends it.
  function follow(): () => void {
    void ask();
    const timer = setInterval(() => void ask(), ask_every_ms);
    const leave = connection.subscribe({ channel: "system", symbol: "" }, () => void ask());
    const stop = watch(() => connection.generation, () => void ask());
    return () => {
      clearInterval(timer);
      leave();
      stop();
    };
  }

  return { feeds, problem, state, follow };
});
