import type { Delivery, StreamMessage } from "./types";

/// Messages waiting for the next animation frame, per topic.
///
/// `latest` topics hold one message, except that two bars with different open
/// times are two facts and both stay. `bounded` topics lose their oldest.
/// `lossless` topics lose nothing: a full queue is delivered at once.

/// Different facts of one topic kept for one frame: bars that rolled over
/// while the window was asleep (the chart re-reads history after a gap
/// anyway), or venues of the market status.
export const latest_limit = 32;
export const bounded_limit = 500;
export const lossless_limit = 10_000;

type Deliver = (key: string, batch: readonly StreamMessage[]) => void;

export class FrameQueue {
  private readonly waiting = new Map<string, StreamMessage[]>();
  private frame_requested = false;
  /// Messages lost to `bounded_limit`.
  dropped = 0;

  constructor(
    private readonly request_frame: (run: () => void) => void,
    private readonly deliver: Deliver,
  ) {}

  push(key: string, message: StreamMessage, delivery: Delivery): void {
    const batch = this.waiting.get(key) ?? [];
    this.waiting.set(key, batch);
    if (delivery === "latest") this.put_latest(batch, message);
    else batch.push(message);
    if (delivery === "bounded" && batch.length > bounded_limit) {
      batch.shift();
      this.dropped += 1;
    }
    if (delivery === "lossless" && batch.length >= lossless_limit) this.flush();
    else this.request();
  }

  forget(key: string): void {
    this.waiting.delete(key);
  }

  private put_latest(batch: StreamMessage[], message: StreamMessage): void {
    const index = batch.findLastIndex((waiting) => same_fact(waiting, message));
    if (index >= 0) batch[index] = message;
    else batch.push(message);
    if (batch.length > latest_limit) batch.shift();
  }

  private request(): void {
    if (this.frame_requested) return;
    this.frame_requested = true;
    this.request_frame(() => this.flush());
  }

  private flush(): void {
    this.frame_requested = false;
    const batches = [...this.waiting];
    this.waiting.clear();
    for (const [key, batch] of batches) this.deliver(key, batch);
  }
}

function same_fact(a: StreamMessage, b: StreamMessage): boolean {
  if (a.channel === "market_status") return venue_of(a) === venue_of(b);
  return a.channel !== "bars" || bar_time(a) === bar_time(b);
}

function bar_time(message: StreamMessage): unknown {
  return (message.data as { ts?: unknown } | null | undefined)?.ts;
}

function venue_of(message: StreamMessage): unknown {
  return (message.data as { venue?: unknown } | null | undefined)?.venue;
}
