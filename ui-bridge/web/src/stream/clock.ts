/// The seams through which time and sockets enter the stream client, so that
/// tests drive both without waiting.

export type TimerHandle = unknown;

export interface StreamClock {
  /// Milliseconds since the epoch.
  now(): number;
  set_timer(run: () => void, delay_ms: number): TimerHandle;
  clear_timer(handle: TimerHandle): void;
  /// Runs once before the next paint.
  request_frame(run: () => void): void;
  /// Runs after the current task.
  defer(run: () => void): void;
  /// Uniform in [0, 1).
  random(): number;
}

/// The part of `WebSocket` that the client uses.
export interface StreamSocket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketFactory = (url: string) => StreamSocket;

/// A hidden window paints no frames while its panels may be popped out into
/// a visible one, so a timer stands in after this long.
const frame_fallback_ms = 250;

export const browser_clock: StreamClock = {
  now: () => Date.now(),
  set_timer: (run, delay_ms) => setTimeout(run, delay_ms),
  clear_timer: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
  request_frame(run) {
    let done = false;
    const once = () => {
      if (done) return;
      done = true;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      run();
    };
    const frame = requestAnimationFrame(once);
    const timer = setTimeout(once, frame_fallback_ms);
  },
  defer: (run) => queueMicrotask(run),
  random: () => Math.random(),
};

export const browser_socket: SocketFactory = (url) => new WebSocket(url) as unknown as StreamSocket;

/// The same, offering subprotocols as they are at each connection.
export const socket_offering = (protocols: () => string[]): SocketFactory => (url) => new WebSocket(url, protocols()) as unknown as StreamSocket;

/// The stream's address on the page's own origin.
export function stream_url(location: { protocol: string; host: string }): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/stream`;
}
