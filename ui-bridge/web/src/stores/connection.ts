import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { bearer_protocols } from "../api/bearer";
import { browser_clock, stream_url } from "../stream/clock";
import { StreamClient } from "../stream/stream_client";
import type { BatchListener, Unsubscribe } from "../stream/stream_client";
import type { ClockSample, ConnectionState, Topic } from "../stream/types";
import { worker_socket_offering } from "../stream/worker_socket";
import { use_identity } from "./identity";
import { use_notices } from "./notices";

/// The node's close code for “no valid identity”.
const close_unknown = 4401;

/// Market time and the gateway's clock closer than this are the same.
const same_time_ms = 5_000;

/// The one stream connection of this window, and the server's clock.
export const use_connection = defineStore("connection", () => {
  const client = new StreamClient({ url: stream_url(location), clock: browser_clock, socket: worker_socket_offering(bearer_protocols) });
  const state = shallowRef<ConnectionState>(client.state);
  const clock_sample = shallowRef<ClockSample>();
  /// Server time in epoch ms, moving once a second.
  const now_ms = ref(Date.now());
  /// Market time minus the gateway's clock: 0 on a live market, years in a
  /// replay of a recording.
  const market_offset_ms = ref(0);
  const market_now_ms = computed(() => now_ms.value + market_offset_ms.value);
  /// Counts connections that went live; a new one means: heal.
  const generation = ref(0);
  const is_live = computed(() => state.value.kind === "live");
  /// Channels that the node refused on this connection: what they would tell
  /// has to be asked for.
  const refused = shallowRef<ReadonlySet<string>>(new Set());

  function start(): void {
    const notices = use_notices();
    client.on_notice(({ level, text, channel }) => {
      if (channel !== undefined) refused.value = new Set([...refused.value, channel]);
      (level === "info" ? notices.note : notices.show)(level, text);
    });
    client.on_state((next) => {
      const was_open = state.value.kind === "live" || state.value.kind === "stale";
      if (next.kind === "live" && !was_open) {
        generation.value += 1;
        refused.value = new Set();
        if (generation.value > 1) notices.note("info", "Connected again");
      }
      if (next.kind === "reconnecting" && was_open) notices.note("warning", `Stream: ${next.reason}`);
      if (next.kind === "closed") {
        notices.note("error", `Stream: ${next.reason}`);
        if (next.code === close_unknown) void use_identity().look(); // which asks who this page is
      }
      state.value = next;
    });
    addEventListener("online", () => client.reconnect_now());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && client.state.kind === "reconnecting") client.reconnect_now();
    });
    setInterval(tick, 1000);
    client.start();
  }

  function tick(): void {
    now_ms.value = client.server_now();
    clock_sample.value = client.clock_sample;
  }

  const subscribe = (topic: Topic, listener: BatchListener): Unsubscribe => client.subscribe(topic, listener);
  const reconnect = () => client.reconnect_now();
  const server_now = () => client.server_now();
  const market_now = () => client.server_now() + market_offset_ms.value;

  /// Takes the market time that a fresh message tells. Small differences are
  /// transport, not time.
  function hear_market_time(ms: number | undefined): void {
    if (ms === undefined || !Number.isFinite(ms)) return;
    const offset = ms - client.server_now();
    market_offset_ms.value = Math.abs(offset) < same_time_ms ? 0 : offset;
  }
  const gaps = () => client.gaps;

  return { state, is_live, clock_sample, now_ms, market_now_ms, generation, refused, start, subscribe, reconnect, server_now, market_now, hear_market_time, gaps };
});
