import { MessageBatcher } from "./message_batcher";
import type { ToPage, ToWorker } from "./worker_socket";

/// Holds the WebSocket of a page on a thread of its own: see worker_socket.ts.

/// What a page that takes no messages is cut off with; the page connects again.
const overflow_code = 4408;

const post = (message: ToPage) => postMessage(message);
let socket: WebSocket | undefined;
let is_ended = false;

function end(code: number, reason: string): void {
  if (is_ended) return;
  is_ended = true;
  batcher.flush();
  post({ kind: "close", code, reason });
  close();
}

const batcher = new MessageBatcher({
  post: (batch) => post({ kind: "messages", batch }),
  overflow: () => {
    socket?.close();
    end(overflow_code, "the page takes no messages");
  },
  set_timer: (run, delay_ms) => setTimeout(run, delay_ms),
  now: () => performance.now(),
});

function open(url: string, protocols: string[]): void {
  socket = new WebSocket(url, protocols);
  socket.onopen = () => post({ kind: "open" });
  socket.onmessage = ({ data }) => typeof data === "string" && batcher.add(data);
  socket.onclose = ({ code, reason }) => end(code, reason);
}

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case "open":
      open(data.url, data.protocols);
      break;
    case "send":
      if (socket?.readyState === WebSocket.OPEN) socket.send(data.text);
      break;
    case "taken":
      batcher.taken();
      break;
    case "close":
      socket?.close(data.code, data.reason);
      break;
  }
};
