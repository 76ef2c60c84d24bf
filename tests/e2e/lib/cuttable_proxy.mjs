import { createServer, request } from "node:http";
import { connect } from "node:net";

/// An HTTP proxy that the browser goes through, so that a test can cut the
/// connection for real: same page, same origin, dead socket.
export async function start_proxy() {
  const sockets = new Set();
  const tunnels = new Set(); // [from gateway, to browser]
  let refusing = false;
  const server = createServer((req, res) => forward(req, res));
  server.on("connection", (socket) => keep(socket));
  server.on("connect", (req, socket, head) => tunnel(req, socket, head));

  function keep(socket) {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  }
  function forward(req, res) {
    if (refusing) return req.socket.destroy();
    const out = request(req.url, { method: req.method, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(res);
    });
    out.on("error", () => res.destroy());
    req.pipe(out);
  }
  function tunnel(req, socket, head) {
    if (refusing) return socket.destroy();
    const [host, port] = req.url.split(":");
    const out = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      out.write(head);
      out.pipe(socket).pipe(out);
      const pair = [out, socket];
      tunnels.add(pair);
      out.on("close", () => tunnels.delete(pair));
    });
    keep(out);
  }

  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /// Kills every connection and refuses new ones until `restore`.
    cut() {
      refusing = true;
      for (const socket of sockets) socket.destroy();
    },
    restore() {
      refusing = false;
    },
    /// Keeps the WebSockets open but lets nothing of the gateway through: a
    /// peer that went silent. `thaw` delivers what was held back.
    freeze() {
      for (const [out, socket] of tunnels) out.unpipe(socket);
    },
    thaw() {
      for (const [out, socket] of tunnels) out.pipe(socket);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
