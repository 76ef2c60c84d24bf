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

  constructor(private readonly worker: Worker, url: string, protocols: string[]) {
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => this.take(data);
    // a worker that does not come up: as a socket that does not
    worker.onerror = () => this.onclose?.({ code: 1006, reason: "the stream's thread failed" });
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

/// Offers subprotocols as they are at each connection. Without workers, a plain socket.
export function worker_socket_offering(protocols: () => string[]): SocketFactory {
  if (typeof Worker === "undefined") return socket_offering(protocols);
  return (url) => new WorkerSocket(new SocketWorker(), url, protocols());
}
