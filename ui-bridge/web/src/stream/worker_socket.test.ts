import { describe, expect, it, vi } from "vitest";
import { WorkerSocket, worker_socket_offering } from "./worker_socket";
import type { ToPage, ToWorker } from "./worker_socket";

class FakeWorker {
  told: ToWorker[] = [];
  onmessage: ((event: { data: ToPage }) => void) | null = null;
  onerror: (() => void) | null = null;
  postMessage(message: ToWorker): void {
    this.told.push(message);
  }
  say(data: ToPage): void {
    this.onmessage?.({ data });
  }
}

function make(): { worker: FakeWorker; socket: WorkerSocket } {
  const worker = new FakeWorker();
  return { worker, socket: new WorkerSocket(worker as unknown as Worker, "ws://x/stream", ["tt.json"]) };
}

describe("worker socket", () => {
  it("opens, sends, and hands messages on one by one", () => {
    const { worker, socket } = make();
    const heard: unknown[] = [];
    socket.onopen = () => heard.push("open");
    socket.onmessage = ({ data }) => heard.push(data);
    worker.say({ kind: "open" });
    socket.send("hello");
    worker.say({ kind: "messages", batch: ["a", "b"] });
    expect(heard).toEqual(["open", "a", "b"]);
    expect(worker.told).toEqual([{ kind: "open", url: "ws://x/stream", protocols: ["tt.json"] }, { kind: "send", text: "hello" }, { kind: "taken" }]);
  });

  it("hands nothing on once its owner has let go, within a batch, too", () => {
    const { worker, socket } = make();
    const heard: unknown[] = [];
    socket.onmessage = ({ data }) => {
      heard.push(data);
      socket.onmessage = null;
      socket.close();
    };
    worker.say({ kind: "messages", batch: ["a", "b"] });
    expect(heard).toEqual(["a"]);
    expect(worker.told).toContainEqual({ kind: "close", code: undefined, reason: undefined });
  });

  it("gives way to a plain socket once a worker has failed", () => {
    vi.stubGlobal("Worker", FakeWorker);
    vi.stubGlobal("WebSocket", class { constructor(readonly url: string, readonly protocols: string[]) {} });
    const workers: FakeWorker[] = [];
    const open = worker_socket_offering(() => ["tt.json"], () => {
      workers.push(new FakeWorker());
      return workers.at(-1) as unknown as Worker;
    });
    expect(open("ws://x")).toBeInstanceOf(WorkerSocket);
    expect(open("ws://x")).toBeInstanceOf(WorkerSocket);
    workers[1]?.onerror?.();
    expect(open("ws://x")).toMatchObject({ url: "ws://x", protocols: ["tt.json"] });
    expect(workers.length).toBe(2);
    vi.unstubAllGlobals();
  });

  it("tells how it ended, a thread that fails included", () => {
    const ends: unknown[] = [];
    const { worker, socket } = make();
    socket.onclose = (end) => ends.push(end);
    worker.say({ kind: "close", code: 4401, reason: "identity" });
    worker.onerror?.();
    expect(ends).toEqual([{ code: 4401, reason: "identity" }, { code: 1006, reason: "the stream's thread failed" }]);
  });
});
