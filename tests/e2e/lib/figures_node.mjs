import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/// A node whose simulated exchange trades many symbols at once: BTCUSD and 499
/// invented ones, each with more than ten events a second, which the gateway
/// conflates to ten. They are the first watchlist.

export const symbol_count = 500;
export const invented = Array.from({ length: symbol_count - 1 }, (_, i) => `F${String(i + 1).padStart(3, "0")}`);
export const symbols = ["BTCUSD", ...invented];

/// Market time against the wall clock. An invented coin has about 40 events a
/// minute: thirty times that are more than twenty a second, of which about nine are sent
/// on, as a topic rests for 100 ms after each message.
export const default_speed = 30;

const own_instruments = new URL("../../../config/instruments.yaml", import.meta.url);

export async function figures_node(port, speed = default_speed) {
  const { TT_BIN } = process.env;
  if (!TT_BIN) throw new Error("set TT_BIN, the program tt");
  const folder = await mkdtemp(join(process.env.DATA_DIR ?? tmpdir(), "figures-"));
  const [config, instruments] = [join(folder, "node.yaml"), join(folder, "instruments.yaml")];
  const lines = invented.map((symbol) => `  - {symbol: ${symbol}, exchange: FIGURES, description: "Figure ${symbol}", type: crypto, calendar: 24X7, tick: 0.01, lot: 0.0001}\n`);
  await writeFile(instruments, (await readFile(own_instruments, "utf8")) + lines.join(""));
  await writeFile(config, `node:
  id: figures
server:
  host: 127.0.0.1
  port: ${port}
stream:
  max_symbols: ${2 * symbol_count}
rate_limit:
  general: 100000
  market_data: 100000
log:
  level: warn
  format: text
feeds:
  - name: sim
    kind: sim
    seed: 7
    speed: ${speed}
    start: 2026-01-15T15:12:00Z
    symbols: [${symbols.join(", ")}]
`);
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(TT_BIN, ["node", "--config", config], { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, DATA_DIR: folder, TT_INSTRUMENTS: instruments } });
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  const health = () => fetch(`${url}/health`).then((reply) => (reply.ok ? reply.json() : undefined), () => undefined);
  for (let left = 600; ; left--) {
    const now = await health();
    if (now?.feeds?.sim?.state === "live" && now.feeds.sim.last_message_age_ms < 1_000) break; // it has caught up with its own clock
    if (left === 0 || child.exitCode !== null) throw new Error("the node did not start");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const lists = await (await fetch(`${url}/api/v1/watchlists`)).json();
  const [list] = Array.isArray(lists) ? lists : lists.watchlists;
  await fetch(`${url}/api/v1/watchlists/${list.id}`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: list.name, symbols }) });
  return {
    url,
    pid: child.pid,
    /// Events of the simulated exchange so far.
    events: async () => (await health()).feeds.sim.events,
    /// Messages of the stream that were sent so far.
    messages: async () => Number(/^tt_ws_messages_out_total (\S+)$/m.exec(await (await fetch(`${url}/metrics`)).text())[1]),
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
