import { computed, watch } from "vue";
import type { ComputedRef } from "vue";
import type { Channel, StreamMessage } from "../stream/types";
import { use_connection } from "./connection";
import { make_part } from "./part";
import type { Part } from "./part";

/// A part of the node that is read once and then followed on a channel of the
/// stream. Only after the part has answered is its channel subscribed: a node
/// without it would refuse each time. Where the node refuses the channel, the
/// part is read again and again instead.

/// Reading stands in for a refused channel this often.
export const poll_every_ms = 3_000;

export interface FollowedPart extends Part {
  /// Starts following; asking twice costs nothing.
  need(): void;
  /// How news come: by the stream, or by asking again and again.
  by: ComputedRef<"stream" | "polling">;
}

/// Call it in the setup of a store.
/// @param take folds a batch of messages in; absent = a message only means: read again.
export function follow_part(channel: Channel, read: () => Promise<void>, take?: (batch: readonly StreamMessage[]) => void): FollowedPart {
  const connection = use_connection();
  const part = make_part(read);
  let leave: (() => void) | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const is_refused = computed(() => connection.refused.has(channel));

  watch(part.state, ({ kind }) => {
    if (kind === "ready") leave ??= connection.subscribe({ channel, symbol: "" }, take ?? (() => void part.ask()));
    if (kind === "missing") {
      leave?.();
      leave = undefined;
    }
  });
  watch(() => connection.generation, (generation) => {
    if (generation > 1 && part.state.value.kind !== "asking") void part.ask();
  });
  watch([is_refused, () => part.state.value.kind], ([refused, kind]) => {
    clearInterval(timer);
    timer = undefined;
    if (!refused || kind !== "ready") return;
    timer = setInterval(() => {
      if (typeof document === "undefined" || !document.hidden) void part.ask();
    }, poll_every_ms);
  });

  const need = () => {
    if (part.state.value.kind === "asking") void part.ask();
  };
  return { ...part, need, by: computed(() => (is_refused.value ? "polling" : "stream")) };
}
