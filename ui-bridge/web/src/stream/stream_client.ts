import { close_reason, may_reconnect, next_attempt, retry_delay_ms } from "./backoff";
import type { SocketFactory, StreamClock, StreamSocket, TimerHandle } from "./clock";
import { FrameQueue } from "./frame_queue";
import { canonical_timeframe, delivery_of } from "./types";
import type { Channel, ClockSample, ConnectionState, StreamMessage, StreamNotice, Topic } from "./types";

/// Client of the gateway's `/stream`. Knows no Vue and no DOM.
///
/// - Subscriptions are a set of topics with listeners; the client sends only
///   the difference between what is wanted and what the server was told, so a
///   reconnect is "the server was told nothing".
/// - Listeners are called at most once per animation frame with a batch.
/// - Open but silent: ping after `ping_after_ms`, state `stale` after
///   `stale_after_ms`, dropped after `dead_after_ms`.
/// - A jump in `seq` asks for fresh snapshots; lossless channels resume from
///   their last `tseq`.
///
/// Limits: see the constants below. Errors never throw; they reach `on_notice`.

export const check_every_ms = 200;
export const ping_after_ms = 750;
export const stale_after_ms = 1_500;
export const dead_after_ms = 8_000;
export const connect_timeout_ms = 10_000;
/// A busy stream is pinged this often for the clock and the round trip.
export const sample_every_ms = 10_000;
/// After this long open, the next cut starts again at the shortest delay.
export const settled_after_ms = 10_000;
/// At most one round of snapshot requests per this time, whatever goes missing.
export const snapshot_every_ms = 2_000;
/// Symbols in one subscribe message; keeps a frame far below 64 KiB.
export const symbols_per_message = 100;
/// Clock samples kept; the one with the shortest round trip counts.
const clock_samples_kept = 8;

export type BatchListener = (batch: readonly StreamMessage[]) => void;
export type Unsubscribe = () => void;

interface Subscription {
  topic: Topic;
  listeners: Set<BatchListener>;
}

interface Position {
  epoch: number;
  tseq: number;
}

export interface StreamClientOptions {
  url: string;
  clock: StreamClock;
  socket: SocketFactory;
}

export function topic_key(topic: Topic): string {
  if (topic.channel !== "bars") return `${topic.channel}|${topic.symbol}`;
  return `bars|${topic.symbol}|${canonical_timeframe(topic.timeframe ?? "")}|${topic.session ?? "regular"}`;
}

export class StreamClient {
  state: ConnectionState = { kind: "idle" };
  /// Best clock sample of this connection; undefined until the first pong.
  clock_sample: ClockSample | undefined;
  /// Messages the server or this client skipped over, for the status page.
  gaps = 0;

  private readonly url: string;
  private readonly clock: StreamClock;
  private readonly make_socket: SocketFactory;
  private readonly queue: FrameQueue;

  private socket: StreamSocket | undefined;
  private readonly wanted = new Map<string, Subscription>();
  private readonly told = new Map<string, Topic>();
  private readonly positions = new Map<string, Position>();
  /// Topics whose replay was asked for and has not ended.
  private readonly resuming = new Set<string>();
  private reconcile_pending = false;
  /// Topics that were given up and are wanted again within one task.
  private readonly again = new Set<string>();

  private attempt = 0;
  private opened_at = 0;
  private last_message_at = 0;
  private last_seq: number | undefined;
  /// The newest ping, for the clock sample.
  private ping = { id: 0, sent_at: Number.NEGATIVE_INFINITY };
  /// When the oldest ping was sent that nothing has answered yet.
  private unanswered_since: number | undefined;
  private snapshot_asked_at = Number.NEGATIVE_INFINITY;
  private readonly samples: ClockSample[] = [];
  private check_timer: TimerHandle | undefined;
  private retry_timer: TimerHandle | undefined;
  private message_id = 0;

  private readonly state_listeners = new Set<(state: ConnectionState) => void>();
  private readonly notice_listeners = new Set<(notice: StreamNotice) => void>();

  constructor(options: StreamClientOptions) {
    this.url = options.url;
    this.clock = options.clock;
    this.make_socket = options.socket;
    this.queue = new FrameQueue(
      (run) => this.clock.request_frame(run),
      (key, batch) => this.deliver(key, batch),
    );
  }

  /// Server time as far as the clock samples tell.
  server_now(): number {
    return this.clock.now() + (this.clock_sample?.skew_ms ?? 0);
  }

  on_state(listener: (state: ConnectionState) => void): Unsubscribe {
    this.state_listeners.add(listener);
    return () => this.state_listeners.delete(listener);
  }

  on_notice(listener: (notice: StreamNotice) => void): Unsubscribe {
    this.notice_listeners.add(listener);
    return () => this.notice_listeners.delete(listener);
  }

  start(): void {
    if (this.state.kind === "idle" || this.state.kind === "closed") this.connect();
  }

  /// Ends the connection for good (until `start`).
  stop(): void {
    this.drop_socket();
    this.set_state({ kind: "idle" });
  }

  /// Skips the wait, for example when the network came back.
  reconnect_now(): void {
    if (this.state.kind === "reconnecting" || this.state.kind === "closed") this.connect();
  }

  /// Listens to a topic. Listeners of one topic share one subscription.
  subscribe(topic: Topic, listener: BatchListener): Unsubscribe {
    const key = topic_key(topic);
    const existing = this.wanted.get(key);
    if (existing) {
      existing.listeners.add(listener);
      // The server sends its snapshot only to the first; ask again for this one.
      if (this.told.has(key)) this.send_topics("snapshot", [topic]);
    } else {
      this.wanted.set(key, { topic, listeners: new Set([listener]) });
      // Given up and wanted again before the server was told: it sends no snapshot by itself.
      if (this.told.has(key)) this.again.add(key);
      this.schedule_reconcile();
    }
    return () => this.unsubscribe(key, listener);
  }

  private unsubscribe(key: string, listener: BatchListener): void {
    const subscription = this.wanted.get(key);
    if (!subscription?.listeners.delete(listener) || subscription.listeners.size > 0) return;
    this.wanted.delete(key);
    this.positions.delete(key);
    this.resuming.delete(key);
    this.queue.forget(key);
    this.schedule_reconcile();
  }

  // -- connection -----------------------------------------------------------

  private connect(): void {
    this.drop_socket();
    this.set_state({ kind: "connecting", attempt: this.attempt });
    let socket: StreamSocket;
    try {
      socket = this.make_socket(this.url);
    } catch (error) {
      this.retry_later(1006, error instanceof Error ? error.message : String(error));
      return;
    }
    this.socket = socket;
    this.opened_at = this.clock.now();
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.received(event.data);
    socket.onclose = (event) => this.closed(event.code, event.reason);
    socket.onerror = () => {}; // a close event always follows
    this.check_later();
  }

  private opened(): void {
    const now = this.clock.now();
    this.opened_at = now;
    this.last_message_at = now;
    this.last_seq = undefined;
    this.unanswered_since = undefined;
    this.samples.length = 0;
    this.resuming.clear();
    this.told.clear();
    this.set_state({ kind: "live", since_ms: now });
    this.send_ping();
    this.reconcile();
    this.resume_lossless();
  }

  private closed(code: number, reason: string): void {
    const was_open = this.state.kind === "live" || this.state.kind === "stale";
    const settled = was_open && this.clock.now() - this.opened_at >= settled_after_ms;
    if (settled) this.attempt = 0;
    this.drop_socket();
    if (may_reconnect(code)) this.retry_later(code, reason);
    else this.set_state({ kind: "closed", code, reason: close_reason(code, reason) });
  }

  private retry_later(code: number, reason: string): void {
    this.attempt = next_attempt(this.attempt, code);
    const delay = retry_delay_ms(this.attempt, this.clock.random());
    const retry_at_ms = this.clock.now() + delay;
    this.retry_timer = this.clock.set_timer(() => this.connect(), delay);
    this.set_state({
      kind: "reconnecting", attempt: this.attempt, retry_at_ms, reason: close_reason(code, reason),
    });
  }

  private drop_socket(): void {
    this.clear_timers();
    this.told.clear();
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    try {
      socket.close();
    } catch {
      // already closed
    }
  }

  private clear_timers(): void {
    if (this.check_timer !== undefined) this.clock.clear_timer(this.check_timer);
    if (this.retry_timer !== undefined) this.clock.clear_timer(this.retry_timer);
    this.check_timer = this.retry_timer = undefined;
  }

  private set_state(state: ConnectionState): void {
    this.state = state;
    for (const listener of this.state_listeners) listener(state);
  }

  // -- liveness -------------------------------------------------------------

  private check_later(): void {
    this.check_timer = this.clock.set_timer(() => {
      this.check_liveness();
      if (this.socket) this.check_later();
    }, check_every_ms);
  }

  private check_liveness(): void {
    const now = this.clock.now();
    if (this.state.kind === "connecting") {
      if (now - this.opened_at >= connect_timeout_ms) this.closed(1006, "gateway does not answer");
      return;
    }
    const silent = now - this.last_message_at;
    // Only an unanswered ping proves anything: a throttled timer of a hidden
    // tab may run long after the last message without any fault.
    const asked = this.unanswered_since;
    if (asked === undefined) {
      if (silent >= ping_after_ms || now - this.ping.sent_at >= sample_every_ms) this.send_ping();
      return;
    }
    if (now - asked >= dead_after_ms) {
      this.closed(1006, "gateway went silent");
    } else if (silent >= stale_after_ms && now - asked >= stale_after_ms - ping_after_ms && this.state.kind === "live") {
      this.set_state({ kind: "stale", since_ms: this.last_message_at });
    }
  }

  private send_ping(): void {
    const sent_at = this.clock.now();
    this.ping = { id: ++this.message_id, sent_at };
    this.unanswered_since ??= sent_at;
    this.send({ action: "ping", id: this.ping.id });
  }

  private take_pong(message: StreamMessage): void {
    if (message.id !== this.ping.id) return;
    const server_ms = Date.parse(message.timestamp ?? "");
    if (Number.isNaN(server_ms)) return;
    const now = this.clock.now();
    const round_trip_ms = now - this.ping.sent_at;
    const skew_ms = server_ms - (this.ping.sent_at + round_trip_ms / 2);
    this.samples.push({ round_trip_ms, skew_ms });
    if (this.samples.length > clock_samples_kept) this.samples.shift();
    this.clock_sample = this.samples.reduce((a, b) => (b.round_trip_ms <= a.round_trip_ms ? b : a));
  }

  // -- incoming -------------------------------------------------------------

  private received(raw: unknown): void {
    const message = parse_message(raw);
    if (!message) {
      this.notice({ level: "error", text: "The gateway sent a message that is not JSON" });
      return;
    }
    this.last_message_at = this.clock.now();
    if (this.state.kind === "stale") this.set_state({ kind: "live", since_ms: this.last_message_at });
    if (message.type === "pong") this.take_pong(message);
    this.unanswered_since = undefined;
    this.check_seq(message);
    this.dispatch(message);
  }

  private check_seq(message: StreamMessage): void {
    if (typeof message.seq !== "number") return;
    const expected = this.last_seq === undefined ? message.seq : this.last_seq + 1;
    this.last_seq = message.seq;
    if (message.seq === expected) return;
    this.gaps += 1;
    this.request_snapshots();
  }

  private dispatch(message: StreamMessage): void {
    switch (message.type) {
      case "pong":
      case "heartbeat":
        return;
      case "resumed":
        this.end_resume(message.channel);
        return;
      case "subscription_confirmed":
        this.report_rejected(message);
        return;
      case "error":
        this.notice({
          level: "error", text: message.message ?? "The stream reported an error", code: message.error_code,
        });
        return;
      case "gap":
        if (this.forget_positions(message.channel))
          this.notice({ level: "warning", text: `Older ${message.channel ?? "stream"} events could not be replayed` });
        return;
    }
    if (message.channel) this.enqueue(message, message.channel);
  }

  private report_rejected(message: StreamMessage): void {
    for (const { symbol, channel, reason } of message.rejected ?? []) {
      if (symbol) this.notice({ level: "warning", text: `${symbol}: ${reason}`, code: "stream.rejected" });
      else this.notice({ level: "info", text: `Stream: ${reason}`, code: "stream.channel", channel });
    }
  }

  private enqueue(message: StreamMessage, channel: Channel): void {
    const key = this.find_key(message, channel);
    if (key === undefined) return;
    const delivery = delivery_of(channel);
    if (delivery === "lossless" && !this.advance_position(key, message)) return;
    this.queue.push(key, message, delivery);
  }

  /// The subscription a message belongs to: its own symbol's, else the
  /// channel-wide one.
  private find_key(message: StreamMessage, channel: Channel): string | undefined {
    const { symbol = "", timeframe, session } = message;
    const exact = topic_key({ channel, symbol, timeframe, session });
    if (this.wanted.has(exact)) return exact;
    const wide = topic_key({ channel, symbol: "", timeframe, session });
    return this.wanted.has(wide) ? wide : undefined;
  }

  private deliver(key: string, batch: readonly StreamMessage[]): void {
    const subscription = this.wanted.get(key);
    if (!subscription) return;
    for (const listener of [...subscription.listeners]) listener(batch);
  }

  private notice(notice: StreamNotice): void {
    for (const listener of this.notice_listeners) listener(notice);
  }

  // -- lossless channels ----------------------------------------------------

  /// @return false for an event already delivered (a replay overlaps).
  private advance_position(key: string, message: StreamMessage): boolean {
    const { tseq, epoch = 0 } = message;
    if (typeof tseq !== "number") return true;
    const last = this.positions.get(key);
    if (last && last.epoch === epoch && !message.snapshot) {
      if (tseq <= last.tseq) return false;
      if (tseq > last.tseq + 1) {
        if (!this.resuming.has(key)) this.gaps += 1;
        this.send_resume(key, last);
        return false; // the replay brings it in order
      }
    }
    this.positions.set(key, { epoch, tseq });
    return true;
  }

  private resume_lossless(): void {
    for (const [key, position] of this.positions) this.send_resume(key, position);
  }

  private send_resume(key: string, position: Position): void {
    const topic = this.wanted.get(key)?.topic;
    if (!topic || this.resuming.has(key)) return;
    this.resuming.add(key);
    const symbol = topic.symbol === "" ? {} : { symbol: topic.symbol };
    this.send({
      action: "resume", channel: topic.channel, ...symbol,
      epoch: position.epoch, after: position.tseq, id: ++this.message_id,
    });
  }

  private end_resume(channel: Channel | undefined): void {
    for (const key of this.resuming) {
      if (channel === undefined || this.wanted.get(key)?.topic.channel === channel) this.resuming.delete(key);
    }
  }

  /// @return whether any of them had brought an event: only then can some be missing.
  private forget_positions(channel: Channel | undefined): boolean {
    this.end_resume(channel);
    let had_events = false;
    for (const [key, { topic }] of this.wanted) {
      if (channel !== undefined && topic.channel !== channel) continue;
      had_events ||= (this.positions.get(key)?.tseq ?? 0) > 0;
      this.positions.delete(key);
    }
    return had_events;
  }

  // -- outgoing -------------------------------------------------------------

  private schedule_reconcile(): void {
    if (this.reconcile_pending) return;
    this.reconcile_pending = true;
    this.clock.defer(() => {
      this.reconcile_pending = false;
      this.reconcile();
    });
  }

  private is_open(): boolean {
    return this.socket !== undefined && (this.state.kind === "live" || this.state.kind === "stale");
  }

  private reconcile(): void {
    const again = [...this.again].flatMap((key) => (this.told.has(key) ? (this.wanted.get(key)?.topic ?? []) : []));
    this.again.clear();
    if (!this.is_open()) return;
    this.send_topics("snapshot", again);
    const gone = [...this.told].filter(([key]) => !this.wanted.has(key));
    const fresh = [...this.wanted].filter(([key]) => !this.told.has(key));
    for (const [key] of gone) this.told.delete(key);
    for (const [key, { topic }] of fresh) this.told.set(key, topic);
    this.send_topics("unsubscribe", gone.map(([, topic]) => topic));
    this.send_topics("subscribe", fresh.map(([, { topic }]) => topic));
  }

  private request_snapshots(): void {
    const now = this.clock.now();
    if (now - this.snapshot_asked_at < snapshot_every_ms) return;
    this.snapshot_asked_at = now;
    this.send_topics("snapshot", [...this.told.values()]);
  }

  /// One message per channel, timeframe and session, with all its symbols.
  private send_topics(action: "subscribe" | "unsubscribe" | "snapshot", topics: Topic[]): void {
    const groups = new Map<string, Topic[]>();
    for (const topic of topics) {
      const group = topic_key({ ...topic, symbol: "" });
      groups.set(group, [...(groups.get(group) ?? []), topic]);
    }
    for (const group of groups.values()) {
      for (let i = 0; i < group.length; i += symbols_per_message) {
        this.send(topics_message(action, group.slice(i, i + symbols_per_message), ++this.message_id));
      }
    }
  }

  private send(message: object): void {
    if (this.is_open()) this.socket?.send(JSON.stringify(message));
  }
}

function topics_message(action: string, group: Topic[], id: number): object {
  const { channel, timeframe, session } = group[0]!;
  const symbols = group.map((topic) => topic.symbol).filter((symbol) => symbol !== "");
  return {
    action, channels: [channel], symbols,
    ...(timeframe ? { timeframe } : {}), ...(session ? { session } : {}), id,
  };
}

function parse_message(raw: unknown): StreamMessage | undefined {
  if (typeof raw !== "string") return undefined;
  try {
    const parsed: unknown = JSON.parse(raw);
    const is_message = typeof parsed === "object" && parsed !== null && "type" in parsed;
    return is_message ? (parsed as StreamMessage) : undefined;
  } catch {
    return undefined;
  }
}
