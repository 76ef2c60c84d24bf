import assert from "node:assert/strict";
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
  const held = async () => (await fetch(`${node.url}/api/v1/positions`, { headers: { authorization: `Bearer ${admin}` } })).json();
  await until("the position is closed", async () => (await held()).length === 0);
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
  await command(terminal, "AAPL 1h");
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
