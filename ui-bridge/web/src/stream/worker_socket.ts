import type { SocketFactory, StreamSocket } from "./clock";
import { socket_offering } from "./clock";
import SocketWorker from "./socket_worker?worker&inline";

/// A WebSocket on a thread of its own. Thousands of messages a second then reach the page as some
/// sixty batches: what each message costs the browser besides is paid elsewhere.

export type ToWorker =
  | { kind: "open"; url: string; protocols: string[] }
  | { kind: "send"; text: string }
  /// A batch has been taken.
  | { kind: "taken" }
  | { kind: "close"; code?: number | undefined; reason?: string | undefined };

export type ToPage = { kind: "open" } | { kind: "messages"; batch: string[] } | { kind: "close"; code: number; reason: string };

export class WorkerSocket implements StreamSocket {
  onopen: StreamSocket["onopen"] = null;
  onmessage: StreamSocket["onmessage"] = null;
  onclose: StreamSocket["onclose"] = null;
  onerror: StreamSocket["onerror"] = null;

  /// @param failed is called where the worker does not come up
  constructor(private readonly worker: Worker, url: string, protocols: string[], failed: () => void = () => {}) {
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => this.take(data);
    // a worker that does not come up: as a socket that does not
    worker.onerror = () => {
      failed();
      this.onclose?.({ code: 1006, reason: "the stream's thread failed" });
    };
    this.tell({ kind: "open", url, protocols });
  }

  send(text: string): void {
    this.tell({ kind: "send", text });
  }

  close(code?: number, reason?: string): void {
    this.tell({ kind: "close", code, reason });
  }

  private tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private take(message: ToPage): void {
    switch (message.kind) {
      case "open":
        this.onopen?.();
        return;
      case "messages":
        // read anew each time: one of them may end the connection
        for (const data of message.batch) this.onmessage?.({ data });
        this.tell({ kind: "taken" });
        return;
      case "close":
        this.onclose?.({ code: message.code, reason: message.reason });
        return;
    }
  }
}

/// Offers subprotocols as they are at each connection. A plain socket where there are no workers, or
/// one has failed once: a proxy may have a stricter policy than the gateway.
export function worker_socket_offering(protocols: () => string[], make: () => Worker = () => new SocketWorker()): SocketFactory {
  const plain = socket_offering(protocols);
  let is_usable = typeof Worker !== "undefined";
  return (url) => (is_usable ? new WorkerSocket(make(), url, protocols(), () => (is_usable = false)) : plain(url));
}
