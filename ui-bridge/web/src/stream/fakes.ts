import type { SocketFactory, StreamClock, StreamSocket } from "./clock";

/// Virtual time, frames and sockets for tests. Nothing here waits.

interface Timer {
  id: number;
  at: number;
  run: () => void;
}

export class FakeClock implements StreamClock {
  time = 1_000_000;
  random_value = 0.5;
  private timers: Timer[] = [];
  private frames: (() => void)[] = [];
  private deferred: (() => void)[] = [];
  private next_id = 1;

  now(): number {
    return this.time;
  }
  set_timer(run: () => void, delay_ms: number): number {
    const id = this.next_id++;
    this.timers.push({ id, at: this.time + delay_ms, run });
    return id;
  }
  clear_timer(handle: unknown): void {
    this.timers = this.timers.filter((timer) => timer.id !== handle);
  }
  request_frame(run: () => void): void {
    this.frames.push(run);
  }
  defer(run: () => void): void {
    this.deferred.push(run);
  }
  random(): number {
    return this.random_value;
  }

  /// Runs what was deferred to the end of the current task.
  settle(): void {
    while (this.deferred.length > 0) this.deferred.shift()!();
  }
  /// Paints one frame.
  frame(): void {
    const due = this.frames;
    this.frames = [];
    for (const run of due) run();
  }
  /// Moves time forward, firing timers at their own instants.
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      this.settle();
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
      if (!due) break;
      this.clear_timer(due.id);
      this.time = Math.max(this.time, due.at); // overdue when a test moved `time` itself
      due.run();
    }
    this.time = end;
  }
}

export class FakeSocket implements StreamSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: Record<string, unknown>[] = [];
  closed = false;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.onopen?.();
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  cut(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }
  /// Sent messages with this action, oldest first.
  actions(action: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message["action"] === action);
  }
}

export class FakeNetwork {
  sockets: FakeSocket[] = [];
  readonly factory: SocketFactory = (url) => {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket;
  };
  get last(): FakeSocket {
    return this.sockets.at(-1)!;
  }
}
