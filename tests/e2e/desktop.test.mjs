import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { after, before, test } from "node:test";
import { open_screen, open_shell, program, until } from "./lib/desktop_shell.mjs";
import { node_under_test } from "./lib/gateway_node.mjs";
import { command, missing_part, wait_ms } from "./lib/terminal.mjs";

/// The desktop shell with a real browser on a screen without a monitor: the page in
/// its window, the bridge, an order, and that nothing stays behind. TT_DESKTOP names
/// the program; with TT_BIN the shell starts the node itself, else it attaches.

const suite_timeout = { timeout: 300_000 };
const { TT_DESKTOP, TT_BIN, TT_CONFIG } = process.env;
const missing = !TT_DESKTOP ? "TT_DESKTOP is not set" : !program("Xvfb") ? "Xvfb is not installed" : undefined;

let node;
let screen;
let shell;
let url;

before(async () => {
  if (missing) return;
  screen = await open_screen();
  if (!TT_BIN) node = await node_under_test();
  const args = TT_BIN ? ["--node", "start", "--tt", TT_BIN, "--config", TT_CONFIG] : ["--gateway", node.url];
  shell = await open_shell({ screen, program: TT_DESKTOP, args });
  await until("the terminal", 120_000, () => shell.page.getByTestId("chart").first().isVisible().catch(() => false));
  url = await shell.page.evaluate(() => location.origin);
}, suite_timeout);

after(async () => {
  await shell?.end();
  await node?.stop();
  await screen?.stop();
});

const story = (name, run) => test(name, suite_timeout, async (t) => (missing ? t.skip(missing) : run(t)));

story("the window shows the terminal, and the shell says what it is", async () => {
  const { value } = await shell.call("app_info");
  assert.equal(value.host, "chromium");
  assert.equal(value.gateway, url);
  assert.match(value.browser, /Chrome\/\d+/);
  assert.equal(value.node?.state, TT_BIN ? "ready" : undefined);
  assert.ok(await shell.page.getByTestId("chart").first().isVisible());
});

story("the page sees the call and nothing else of the shell", async () => {
  const names = await shell.page.evaluate(() => Object.keys(globalThis.tt_desktop));
  assert.deepEqual(names, ["version", "call", "on"]);
  assert.equal(await shell.page.evaluate(() => { try { globalThis.tt_desktop = 1; } catch { /* strict */ } return typeof globalThis.tt_desktop; }), "object");
});

story("the window is moved and tells where it is", async () => {
  const bounds = { left: 40, top: 30, width: 1200, height: 700 };
  const set = await shell.call("set_window", { bounds });
  assert.deepEqual(set.value?.bounds, bounds, JSON.stringify(set));
  await until("the page's own idea of its size", wait_ms, () => shell.page.evaluate(() => outerWidth === 1200 && outerHeight === 700));
  assert.deepEqual((await shell.call("window")).value.bounds, bounds);
});

story("files go to the chosen folder under a checked name", async () => {
  const saved = await shell.call("save_file", { name: "trades.csv", text: "time,price\n" });
  assert.equal(saved.value.bytes, 11);
  assert.equal(await readFile(saved.value.path, "utf8"), "time,price\n");
  assert.equal((await shell.call("save_file", { name: "../trades.csv", text: "x" })).error.code, "invalid_argument");
  assert.deepEqual(await readdir(shell.exports_folder), ["trades.csv"]);
});

story("secrets are kept in a private file", async () => {
  await shell.call("secret_set", { name: "note", value: "mine" });
  assert.deepEqual(await shell.call("secret_get", { name: "note" }), { value: "mine" });
  assert.equal((await stat(shell.secrets)).mode & 0o777, 0o600);
});

story("everything outside of the list is rejected and logged", async () => {
  for (const [method, params] of [["exec", { command: "id" }], ["http", { url: `${url}/api/orders` }], ["read_file", { path: "/etc/passwd" }], ["app_info", { more: 1 }]])
    assert.ok((await shell.call(method, params)).error, method);
  assert.match(shell.log(), /rejected: method: there is no method "exec"/);
  await shell.page.evaluate(() => globalThis.__tt_desktop_send("not json"));
  await until("the log's line", wait_ms, () => shell.log().includes("not a JSON object"));
});

story("no foreign page is shown, and none inside may call", async () => {
  await shell.page.evaluate(() => { location.href = "http://127.0.0.1:1/"; });
  await until("the block", wait_ms, () => shell.log().includes('a document of "http://127.0.0.1:1"'));
  assert.equal(await shell.page.evaluate(() => location.origin), url, "the terminal stays");
  const inside = await shell.page.evaluate(() => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const found = [typeof frame.contentWindow.tt_desktop, typeof frame.contentWindow.__tt_desktop_send];
    frame.contentWindow.__tt_desktop_send?.(JSON.stringify({ id: 1, method: "secret_names" }));
    return found;
  });
  assert.equal(inside[0], "undefined");
  if (inside[1] === "function") await until("the frame's call is turned away", wait_ms, () => /rejected: a call from/.test(shell.log()));
});

story("a pop-out is a window of its own with a bridge of its own", async () => {
  const [popup] = await Promise.all([
    shell.context.waitForEvent("page", { timeout: wait_ms }),
    shell.page.evaluate(() => void globalThis.open("/popout.html", "tt-test", "popup,left=100,top=100,width=500,height=400")),
  ]);
  const call = (method, params) => popup.evaluate(([m, p]) => globalThis.tt_desktop.call(m, p), [method, params]);
  await popup.waitForFunction(() => globalThis.tt_desktop !== undefined, undefined, { timeout: wait_ms });
  const bounds = { left: 60, top: 50, width: 640, height: 480 };
  assert.deepEqual((await call("set_window", { bounds })).bounds, bounds);
  assert.notDeepEqual((await shell.call("window")).value.bounds, bounds);
  const gone = popup.waitForEvent("close", { timeout: wait_ms });
  await call("close_window").catch(() => {}); // it may be gone before it has the answer
  await gone;
  assert.ok((await shell.call("app_info")).value, "the main window goes on");
});

story("a paper order by the page is filled", async (t) => {
  const gone = await missing_part(url, "/api/v1/orders");
  if (gone) return t.skip(gone);
  const { page } = shell;
  await shell.call("set_window", { bounds: { left: 0, top: 0, width: 1600, height: 900 } });
  await command(shell, "layout trading");
  await page.locator("[data-testid=account][data-mode=paper]").waitFor();
  await command(shell, "buy 0.05 BTCUSD");
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("preview").waitFor();
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("ask-yes").click();
  await page.getByTestId("answer").or(page.getByTestId("ticket-failure")).waitFor();
  assert.equal(await page.getByTestId("ticket-failure").count(), 0, await page.getByTestId("ticket").innerText());
  const fills = async () => (await (await fetch(`${url}/api/v1/executions?limit=10`)).json()).executions;
  await until("the fill at the gateway", wait_ms, async () => (await fills()).some(({ symbol }) => symbol === "BTCUSD"));
  await command(shell, "open executions");
  await page.getByTestId("executions").getByText("BTCUSD").first().waitFor();
});

story("the stop switch works past the page's connection", async (t) => {
  const gone = await missing_part(url, "/api/v1/risk");
  if (gone) return t.skip(gone);
  const stopped = await shell.call("emergency_stop", { reason: "end of the test" });
  assert.equal(stopped.value?.kill_active, true, JSON.stringify(stopped));
  assert.equal((await (await fetch(`${url}/api/v1/risk`)).json()).kill_active, true);
});

story("a node that dies is shown in the page, and starts again from there", async (t) => {
  if (!TT_BIN) return t.skip("the shell attached to a node of somebody else");
  const { page } = shell;
  process.kill(await node_pid(), "SIGKILL");
  await page.getByTestId("node-notice").waitFor();
  assert.match(await page.getByTestId("node-notice").innerText(), /signal 9/);
  await page.reload({ waitUntil: "commit" });
  await page.getByTestId("node-status").waitFor();
  await page.getByRole("button", { name: "Start the node again" }).click();
  await until("the terminal again", 120_000, () => page.getByTestId("chart").first().isVisible().catch(() => false));
  assert.equal((await shell.call("app_info")).value.node.state, "ready");
});

story("closing the window ends browser, node and shell", async () => {
  const node_id = TT_BIN ? await node_pid() : undefined;
  assert.ok(shell.processes().length > 1);
  await shell.call("close_window").catch(() => {});
  assert.equal(await shell.ended, 0, shell.log());
  await until("nothing stays", 20_000, () => shell.processes().length === 0);
  if (node_id) assert.throws(() => process.kill(node_id, 0), /ESRCH/);
});

/// The shell's child that is the node.
async function node_pid() {
  const children = (await readFile(`/proc/${shell.pid}/task/${shell.pid}/children`, "utf8")).trim().split(" ");
  for (const pid of children) if ((await readFile(`/proc/${pid}/cmdline`, "utf8")).includes("\0node\0--config\0")) return Number(pid);
  throw new Error("the shell has no node");
}
