import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { node_under_test } from "./lib/gateway_node.mjs";
import { chart_until, command, is_ready, open_terminal, send_ticket, until, violations } from "./lib/terminal.mjs";

/// A node that wants to know who asks: the page signs in, trades by its session and
/// signs out.

const suite_timeout = { timeout: 240_000 };
const missing = process.env.TT_BIN && process.env.TT_CONFIG ? undefined : "needs a node of its own: set TT_BIN and TT_CONFIG";
const [user, password] = ["ann", "correct horse battery staple"];

let folder;
let node;
let terminal;
let admin;

before(async () => {
  if (missing) return;
  folder = await mkdtemp(join(process.env.DATA_DIR ?? tmpdir(), "signin-"));
  const config = join(folder, "node.yaml");
  await writeFile(config, (await readFile(process.env.TT_CONFIG, "utf8")).replace("server:\n", "server:\n  auth_mode: required\n"));
  node = await node_under_test({ config });
  admin = (await readFile(join(node.data, "first-admin.token"), "utf8")).trim();
  const made = await fetch(`${node.url}/api/v1/auth/users`, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${admin}` }, body: JSON.stringify({ username: user, password, role: "trader" }),
  });
  assert.ok(made.ok, await made.text());
  terminal = await open_terminal(node.url, { viewport: { width: 1280, height: 720 } });
}, suite_timeout);

after(async () => {
  await terminal?.close();
  await node?.stop();
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const as_admin = async (path) => (await fetch(node.url + path, { headers: { authorization: `Bearer ${admin}` } })).json();
async function trader_token() {
  const made = await fetch(`${node.url}/api/v1/auth/tokens`, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${admin}` }, body: JSON.stringify({ name: "second-desk", role: "trader" }) });
  return (await made.json()).token;
}
const script = `//@version=6
strategy("Story", overlay = true)
if close > ta.sma(close, 3)
    strategy.entry("Long", strategy.long, qty = 0.01)
if close < ta.sma(close, 3)
    strategy.close("Long")
`;
const story = (name, run) => test(name, suite_timeout, async (t) => (missing ? t.skip(missing) : run(terminal.page)));

story("nobody sees the door and nothing behind it", async (page) => {
  await page.getByTestId("sign-in").waitFor();
  await page.locator("[data-testid=sign-user]:focus").waitFor();
  assert.equal(await page.getByTestId("chart").count(), 0);
  // one question was asked and refused, not one by each panel
  assert.equal(terminal.complaints.filter((text) => text.includes("401")).length, 1, terminal.complaints.join("\n"));
  assert.deepEqual(await violations(terminal), []);
});

story("a wrong password is told in the node's words, the right one opens the terminal", async (page) => {
  await page.keyboard.type(user);
  await page.keyboard.press("Tab");
  await page.keyboard.type("not it");
  await page.keyboard.press("Enter");
  await page.getByTestId("sign-failure").filter({ hasText: "user or password is wrong" }).waitFor();
  await page.getByTestId("sign-password").fill(password);
  await page.keyboard.press("Enter");
  await chart_until(terminal, "shows bars", is_ready);
  await page.locator("[data-testid=connection][data-state=live]").waitFor();
});

story("a session trades: its changes carry the token against forged requests", async (page) => {
  await command(terminal, "layout trading");
  await command(terminal, "buy 0.01 BTCUSD");
  await send_ticket(terminal);
  await page.getByTestId("answer").filter({ hasText: "filled" }).waitFor();
  await page.reload(); // the token comes again with the question who this page is
  await chart_until(terminal, "shows bars", is_ready);
  await command(terminal, "close BTCUSD");
  await page.getByTestId("ask-yes").click();
  await until("the position is closed", async () => (await as_admin("/api/v1/positions")).length === 0);
});

story("signing out leads back to the door, and so does a session that ended elsewhere", async (page) => {
  await command(terminal, "open settings");
  await page.getByTestId("identity").getByText(user).waitFor();
  await page.getByTestId("sign-out").click();
  await page.getByTestId("sign-in").waitFor();
  await page.getByTestId("sign-user").fill(user);
  await page.getByTestId("sign-password").fill(password);
  await page.keyboard.press("Enter");
  await chart_until(terminal, "shows bars", is_ready);
  await terminal.context.clearCookies();
  await page.keyboard.press("r"); // whatever asks next hears of it
  await page.getByTestId("sign-in").waitFor();
});

/// RFC 6238, written a second time: the page's key in base32, 30 s, six digits.
function code_of(key, at_ms = Date.now()) {
  const bits = [...key.replaceAll(" ", "")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at_ms / 30_000)));
  const mac = createHmac("sha1", secret).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

story("one-time codes: set up in the settings, asked for at the door, taken off again", async (page) => {
  const enter = async () => {
    await page.getByTestId("sign-user").fill(user);
    await page.getByTestId("sign-password").fill(password);
    await page.keyboard.press("Enter");
  };
  await enter();
  await chart_until(terminal, "shows bars", is_ready);
  await command(terminal, "open settings");
  await page.locator("[data-testid=totp][data-state=off]").waitFor();
  await page.getByTestId("totp-password").fill(password);
  await page.getByTestId("totp-begin").click();
  const key = await page.getByTestId("totp-key").innerText();
  await page.getByTestId("totp-code").fill("12345");
  await page.getByTestId("totp-confirm").click();
  await page.getByTestId("identity").getByRole("alert").filter({ hasText: "one-time code is wrong" }).waitFor();
  const first = code_of(key);
  await page.getByTestId("totp-code").fill(first);
  await page.getByTestId("totp-confirm").click();
  await page.locator("[data-testid=totp][data-state=on]").waitFor();
  await page.getByTestId("sign-out").click();
  await page.getByTestId("sign-in").waitFor();
  await enter();
  await page.getByTestId("sign-code").waitFor();
  assert.equal(await page.getByTestId("sign-failure").count(), 0, "to be asked for a code is no failure");
  assert.deepEqual(await violations(terminal), []);
  await page.getByTestId("sign-code").fill(first);
  await page.keyboard.press("Enter");
  await page.getByTestId("sign-failure").filter({ hasText: "used before" }).waitFor(); // by its confirmation
  await page.getByTestId("sign-code").fill(code_of(key, Date.now() + 30_000)); // a clock that is ahead
  await page.keyboard.press("Enter");
  await chart_until(terminal, "shows bars", is_ready);
  const reset = await fetch(`${node.url}/api/v1/auth/users/${user}/totp`, { method: "DELETE", headers: { authorization: `Bearer ${admin}` } });
  assert.equal((await reset.json()).totp_enabled, false);
  await command(terminal, "open settings");
  await page.getByTestId("sign-out").click();
  await page.getByTestId("sign-in").waitFor();
});

story("an administrator enters by a token, and makes and revokes another one", async (page) => {
  await page.getByTestId("sign-by-token").click();
  await page.getByTestId("sign-token").fill(admin);
  await page.keyboard.press("Enter");
  await chart_until(terminal, "shows bars", is_ready);
  await command(terminal, "open settings");
  await page.getByTestId("token-name").fill("desk");
  await page.getByTestId("token-make").click();
  await page.getByTestId("token-settings").locator("[data-token=desk]").waitFor();
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("button", { name: "Revoke desk" }).click();
  await page.getByTestId("ask-yes").click();
  await page.getByTestId("token-settings").locator("[data-token=desk]").waitFor({ state: "detached" });
});

story("what a trader stops an administrator resumes, in two steps", async (page) => {
  // the trader, by another door
  const stopped = await fetch(`${node.url}/api/v1/risk/emergency-stop`, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${await trader_token()}` }, body: JSON.stringify({ mode: "halt", reason: "story" }),
  });
  assert.equal(stopped.status, 200);
  await page.locator("[data-testid=stop].stopped").waitFor();
  await page.getByTestId("stop").click();
  await page.getByTestId("resume-reason").fill("checked");
  await page.getByTestId("resume-ask").click();
  await page.getByTestId("resume-now").waitFor();
  assert.equal((await as_admin("/api/v1/risk")).kill_active, true, "the first step resumes nothing");
  await page.getByTestId("resume-now").click();
  await page.locator("[data-testid=stop]:not(.stopped)").waitFor();
  assert.equal((await as_admin("/api/v1/risk")).kill_active, false);
});

story("a report is exported as whoever looks at it, which a link could not", async (page) => {
  const run = await fetch(`${node.url}/api/backtest/strategy`, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${admin}` },
    body: JSON.stringify({ pine_script: script, symbols: ["BTCUSD"], timeframes: ["1h"], start_date: "2026-01-05", end_date: "2026-01-14" }),
  });
  const { backtest_id } = await run.json();
  await until("the run is done", async () => (await as_admin(`/api/backtest/${backtest_id}/status`)).status === "completed");
  await command(terminal, "open backtests");
  await page.locator(`[data-testid=job][data-job="${backtest_id}"] .job-main`).click();
  await page.locator("[data-testid=report][data-status=completed]").waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByTestId("export-trades").click()]);
  assert.equal(file.suggestedFilename(), `${backtest_id}-trades.csv`);
  assert.match(await readFile(await file.path(), "utf8"), /^[a-z_]+,.*\n/);
});

story("an administrator makes a webhook profile: its address once, an alert through it becomes an order", async (page) => {
  await command(terminal, "open webhooks");
  await page.locator("[data-testid=webhook-events][data-part=ready]").waitFor();
  await page.getByTestId("new-profile").click();
  await page.getByTestId("profile-name").fill("desk");
  await page.getByTestId("profile-secret").fill("s3cret-of-the-test");
  assert.deepEqual(await violations(terminal), []);
  await page.getByTestId("profile-save").click();
  await page.getByTestId("fresh-token").waitFor();
  const url = await page.getByLabel("Webhook address", { exact: true }).inputValue();
  const send = (secret) => fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ secret, ticker: "BTCUSD", action: "buy", contracts: "0.01" }) });
  assert.equal((await send("wrong")).status, 401);
  assert.equal((await send("s3cret-of-the-test")).status, 200);
  await page.getByTestId("webhook-events").locator(".vt-body .tag", { hasText: "queued" }).first().waitFor();
  await until("the order is filled", async () => (await as_admin("/api/v1/orders?limit=20")).some(({ symbol, status, strategy_id }) => symbol === "BTCUSD" && status === "filled" && /^webhook/.test(strategy_id ?? "")));
  const shown = await page.getByTestId("webhooks").innerText();
  assert.ok(!shown.includes("s3cret"), "no secret on the screen");
  await page.getByTestId("forget-token").click();
  assert.ok(!(await page.getByTestId("webhooks").innerText()).includes(url.split("/").at(-1)), "the address is gone");
});
