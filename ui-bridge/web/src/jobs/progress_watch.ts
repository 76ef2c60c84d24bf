import type { JobState, JobStatus } from "../api/job_types";
import { is_final } from "../api/job_types";
import { retry_delay_ms } from "../stream/backoff";
import type { SocketFactory, StreamClock, StreamSocket, TimerHandle } from "../stream/clock";

/// Follows one job to its end over its progress socket.
///
/// The socket pushes on change; when it breaks, the state is read by HTTP and
/// the socket tried again with growing delays, so a job is never lost sight of.
/// What it reports never goes backwards: progress keeps its highest value and
/// an end state is final. Knows neither Vue nor the DOM.

/// A socket that is silent longer than this is taken for dead: the contract
/// promises a message at least every 5 s.
export const silent_after_ms = 15_000;

/// Close codes after which asking again would be wrong.
const final_codes: ReadonlySet<number> = new Set([4401, 4403, 4404]);

export interface JobProgress {
  status: JobStatus;
  /// 0 to 100.
  progress: number;
  stage: string;
  /// The pair being worked on, where the job tells.
  symbol: string;
  trials_done: number | undefined;
  trials_total: number | undefined;
  /// Best trial so far, as the gateway writes it.
  best: unknown;
  error_message: string;
}

export interface ProgressDeps {
  url: string;
  socket: SocketFactory;
  clock: StreamClock;
  read_state(): Promise<JobState>;
}

export interface ProgressEvents {
  changed(progress: JobProgress): void;
  /// Once, when the job has ended.
  ended(progress: JobProgress): void;
  /// The job can't be followed: unknown, or not allowed.
  lost(reason: string): void;
}

export class ProgressWatch {
  progress: JobProgress = {
    status: "queued", progress: 0, stage: "", symbol: "", trials_done: undefined, trials_total: undefined, best: undefined, error_message: "",
  };
  private socket: StreamSocket | undefined;
  private timer: TimerHandle | undefined;
  private attempt = 0;
  private done = false;
  private last_error = "";

  constructor(
    private readonly deps: ProgressDeps,
    private readonly events: ProgressEvents,
  ) {}

  start(): void {
    if (!this.done && !this.socket) this.connect();
  }

  stop(): void {
    this.done = true;
    this.drop();
  }

  /// Takes a state from elsewhere, for example from the list of jobs.
  take(state: Partial<JobState>): void {
    this.apply(state as Record<string, unknown>);
  }

  private connect(): void {
    this.drop();
    let socket: StreamSocket;
    try {
      socket = this.deps.socket(this.deps.url);
    } catch {
      return this.retry();
    }
    this.socket = socket;
    socket.onopen = () => this.watch_silence();
    socket.onmessage = ({ data }) => this.received(data);
    socket.onclose = ({ code, reason }) => this.closed(code, reason);
    socket.onerror = () => {}; // a close event always follows
    this.watch_silence();
  }

  private received(raw: unknown): void {
    this.watch_silence();
    const message = parse(raw);
    if (!message) return;
    if (message["type"] === "error") {
      this.last_error = typeof message["message"] === "string" ? message["message"] : "The job can't be followed";
      return;
    }
    this.attempt = 0;
    this.apply(message);
  }

  private closed(code: number, reason: string): void {
    this.drop();
    if (this.done) return;
    if (final_codes.has(code)) {
      this.done = true;
      this.events.lost(this.last_error || reason || `closed with code ${code}`);
      return;
    }
    this.retry();
  }

  private retry(): void {
    this.attempt += 1;
    const delay = retry_delay_ms(this.attempt, this.deps.clock.random());
    this.timer = this.deps.clock.set_timer(() => this.connect(), delay);
    void this.read_by_http();
  }

  private async read_by_http(): Promise<void> {
    try {
      const state = await this.deps.read_state();
      if (!this.done) this.apply(state as unknown as Record<string, unknown>);
    } catch (error) {
      const status = (error as { status?: unknown } | null)?.status;
      if (this.done || status !== 404) return; // the next try says more
      this.done = true;
      this.drop();
      this.events.lost(error instanceof Error ? error.message : String(error));
    }
  }

  private apply(message: Record<string, unknown>): void {
    if (this.done) return;
    const before = this.progress;
    const text = (name: string, fallback: string) => (typeof message[name] === "string" ? message[name] : fallback);
    const number = (name: string) => (typeof message[name] === "number" ? message[name] : undefined);
    this.progress = {
      status: text("status", before.status) as JobStatus,
      progress: Math.min(Math.max(before.progress, number("progress") ?? 0), 100),
      stage: text("stage", before.stage),
      symbol: text("symbol", before.symbol),
      trials_done: Math.max(before.trials_done ?? 0, number("trials_done") ?? 0) || undefined,
      trials_total: number("trials_total") ?? before.trials_total,
      best: message["best"] ?? before.best,
      error_message: text("error_message", before.error_message),
    };
    this.events.changed(this.progress);
    if (message["type"] !== "completed" && !is_final(this.progress.status)) return;
    this.done = true;
    this.drop();
    this.events.ended(this.progress);
  }

  private watch_silence(): void {
    this.clear_timer();
    this.timer = this.deps.clock.set_timer(() => this.closed(1006, "silent"), silent_after_ms);
  }

  private clear_timer(): void {
    if (this.timer !== undefined) this.deps.clock.clear_timer(this.timer);
    this.timer = undefined;
  }

  private drop(): void {
    this.clear_timer();
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    try {
      socket.close(1000);
    } catch {
      // already closed
    }
  }
}

function parse(raw: unknown): Record<string, unknown> | undefined {
  if (typeof raw !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
