import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { until as ask_until, wait_ms } from "./terminal.mjs";

const start_ms = 120_000;

/// A program by PATH; undefined when there is none.
export function program(name) {
  return (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/// A screen without a monitor. @return {name, stop}
export async function open_screen() {
  const child = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1600x900x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const name = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`Xvfb ended with ${code}`)));
    child.stdio[3].once("data", (digits) => resolve(`:${String(digits).trim()}`));
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return { name, stop: () => (child.kill(), ended) };
}

/// The desktop shell on a screen, and a hand inside of its window: the shell alone
/// speaks to the browser through its pipe, so the test comes in through a port that
/// its own wrapper of the browser opens.
export async function open_shell({ screen, program: path, args, env = {} }) {
  const folder = await mkdtemp(join(tmpdir(), "tt-shell-"));
  const browser = join(folder, "browser");
  const real = process.env.TT_CHROMIUM ?? "/usr/bin/chromium";
  await writeFile(browser, `#!/bin/sh\nexec ${real} --remote-debugging-port=0 --disable-gpu "$@"\n`);
  await chmod(browser, 0o755);
  const profile = join(folder, "profile"), exports_folder = join(folder, "exports"), secrets = join(folder, "secrets.json");
  // the node's data lie in the shell's own folder: one run's stop switch is not another's
  const { DATA_DIR: _, ...around } = process.env;
  const child = spawn(path, ["--browser", browser, "--profile", profile, "--export-dir", exports_folder, "--secrets", secrets,
    "--node-dir", join(folder, "data"), ...args], { stdio: ["ignore", "inherit", "pipe"], env: { ...around, DISPLAY: screen.name, ...env } });
  let log = "";
  child.stderr.on("data", (text) => (log += text));
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  const port = await until("the browser's port", start_ms, async () => {
    if (child.exitCode !== null) throw new Error(`the shell ended: ${log}`);
    return (await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "")).split("\n")[0] || undefined;
  });
  const hand = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { timeout: start_ms });
  const context = hand.contexts()[0];
  const page = await until("the window", start_ms, () => context.pages()[0]);
  page.setDefaultTimeout(wait_ms);
  return {
    page, context, exports_folder, secrets, profile,
    log: () => log,
    call: (method, params) => page.evaluate(([m, p]) => globalThis.tt_desktop.call(m, p).then(
      (value) => ({ value }), ({ message, code, field }) => ({ error: { message, code, field } })), [method, params]),
    /// Processes that name this shell's folder on their command line: browser, node.
    processes: () => processes_of(folder),
    pid: child.pid,
    ended,
    signal: (name) => child.kill(name),
    async end() {
      await hand.close().catch(() => {});
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/// Process ids whose command line holds the text; zombies have none.
export function processes_of(text) {
  const own = String(process.pid);
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && pid !== own).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false; // it is gone
    }
  });
}

/// `until` of the page's tests with the limit before the question, which is long here.
export const until = (what, timeout_ms, ask) => ask_until(what, ask, timeout_ms);
