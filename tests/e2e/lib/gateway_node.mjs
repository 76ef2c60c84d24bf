import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ready_within_ms = 60_000;
const poll_ms = 200;

/// The gateway the tests talk to:
/// - TT_URL: one that already runs;
/// - TT_BIN and TT_CONFIG: `TT_BIN node --config TT_CONFIG` is started and
///   ended (TT_URL then says where it listens, default port 8080), each time with
///   a data folder of its own below DATA_DIR: layouts and orders of one file of
///   tests are not another's;
/// - TT_MOCK=1: the mock of the web UI, to try these tests without a gateway.
/// @return {url, stop}, and interrupt, kill, start_again, data where the node was started here
/// @param config a configuration in place of TT_CONFIG; its port must be TT_URL's
/// @param env variables of a node that is started here, beside those of this process
export async function node_under_test({ config, env = {} } = {}) {
  const { TT_URL, TT_BIN, TT_MOCK } = process.env;
  const TT_CONFIG = config ?? process.env.TT_CONFIG;
  if (TT_MOCK) {
    const { start_mock } = await import("../../../ui-bridge/web/test-support/mock_gateway.mjs");
    const mock = await start_mock({ now: "2026-01-15T15:12:00Z" });
    return { url: mock.url, stop: () => mock.close() };
  }
  if (!TT_BIN) {
    if (!TT_URL) throw new Error("set TT_URL (a running node), TT_BIN and TT_CONFIG, or TT_MOCK=1");
    await wait_for_health(TT_URL);
    return { url: TT_URL, stop: async () => {} };
  }
  if (!TT_CONFIG) throw new Error("TT_BIN needs TT_CONFIG, the node's configuration file");
  const url = TT_URL ?? "http://127.0.0.1:8080";
  const data = await mkdtemp(join(process.env.DATA_DIR ?? tmpdir(), "node-"));
  let child;
  let exited;
  async function start(file = TT_CONFIG) {
    child = spawn(TT_BIN, ["node", "--config", file], { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env, DATA_DIR: data } });
    exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    await Promise.race([wait_for_health(url), exited.then((code) => { throw new Error(`${TT_BIN} ended with ${code}`); })]);
  }
  await start();
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await rm(data, { recursive: true, force: true, maxRetries: 5 });
    },
    /// What Ctrl-C does. Gives how the node ended (exit code, or the signal that ended it) and after how long.
    async interrupt() {
      const began = performance.now();
      child.kill("SIGINT");
      const end = await exited;
      return { end, after_ms: performance.now() - began };
    },
    /// Ends the node as a power cut would: it has no chance to tidy up.
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    /// The same node on the same data folder, ready; with another configuration where one is given.
    start_again: start,
    pid: () => child.pid,
    /// Its data folder.
    data,
  };
}

async function wait_for_health(url) {
  const deadline = Date.now() + ready_within_ms;
  for (;;) {
    const status = await fetch(`${url}/health`).then((reply) => reply.status, () => 0);
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`${url}/health did not answer 200 within ${ready_within_ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, poll_ms));
  }
}
