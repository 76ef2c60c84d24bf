import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { node_under_test } from "./lib/gateway_node.mjs";
import { chart_until, command, is_ready, open_terminal, until, without_cuts } from "./lib/terminal.mjs";

/// Accounts of a cluster that move to another node and come back: the gateway's
/// stream ends, its routes answer 503, later 200 again. Played by one node that is
/// started with and without the role that hosts accounts; the page is never
/// loaded anew.

const story_timeout = { timeout: 300_000 };

let node;
let terminal;
let folder;

before(async () => {
  node = await node_under_test();
  terminal = await open_terminal(node.url);
  folder = await mkdtemp(join(tmpdir(), "tt-moving-"));
}, story_timeout);

after(async () => {
  await terminal?.close();
  await node?.stop();
  await rm(folder, { recursive: true, force: true });
});

/// The configuration of a node that waits: the same, without accounts.
async function standby_config() {
  const path = join(folder, "standby.yaml");
  const control_port = Number(new URL(node.url).port) + 21;
  const cluster = `cluster:\n  control: tcp://127.0.0.1:${control_port}\n  security: plain\n  roles: [market, gateway]\n`;
  await writeFile(path, (await readFile(process.env.TT_CONFIG, "utf8")) + cluster);
  return path;
}

test("accounts that move away and come back: the page says which it is and resumes by itself", story_timeout, async (t) => {
  if (!node.kill) return t.skip("the node was not started here");
  const { page } = terminal;
  const loaded = await page.evaluate(() => performance.timeOrigin);
  await command(terminal, "layout trading");
  await command(terminal, "BTCUSD 1m");
  await chart_until(terminal, "shows BTCUSD", (s) => s.symbol === "BTCUSD" && is_ready(s));
  const reply = await fetch(`${node.url}/api/v1/orders`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ symbol: "BTCUSD", side: "buy", quantity: "0.01", type: "limit", price: "1000", time_in_force: "gtc" }),
  });
  const { order_id } = await reply.json();
  await command(terminal, "open orders");
  const row = page.locator(`[data-testid=orders] [data-order="${order_id}"]`);
  await row.waitFor();
  await until("its line stands in the chart", async () => (await terminal.chart().getAttribute("data-lines")) === "1");
  const badge = page.getByTestId("account");
  assert.equal(await badge.getAttribute("data-part"), "ready");

  await node.kill();
  await page.locator("[data-testid=connection]:not([data-state=live])").waitFor();
  await page.locator("[data-testid=orders].stale").waitFor();
  assert.equal(await row.count(), 1, "what was known stays as long as nobody said otherwise, marked as not live");

  await node.start_again(await standby_config());
  await page.locator("[data-testid=connection][data-state=live]").waitFor({ timeout: 60_000 });
  await page.locator("[data-testid=account][data-part=missing]").waitFor();
  assert.match(await badge.innerText(), /No accounts here/);
  const said = (await (await fetch(`${node.url}/api/v1/orders`)).json()).detail;
  await page.getByTestId("orders").getByText(said).waitFor();
  assert.equal(await row.count(), 0, "an order that this node knows nothing of is not shown");
  await until("nor its line in the chart", async () => (await terminal.chart().getAttribute("data-lines")) === "0");
  await chart_until(terminal, "goes on without accounts", (s) => is_ready(s) && !s.stale);

  await node.kill();
  await node.start_again();
  await page.locator("[data-testid=account][data-part=ready]").waitFor({ timeout: 60_000 });
  await row.waitFor();
  await until("its line is back", async () => (await terminal.chart().getAttribute("data-lines")) === "1");
  await page.getByText("Accounts are here again").first().waitFor({ state: "attached" });
  assert.equal(await page.evaluate(() => performance.timeOrigin), loaded, "the page was loaded anew");
});

test("a gateway that serves again within a second, first without accounts: the page asks until they are there", story_timeout, async (t) => {
  if (!node.kill) return t.skip("the node was not started here");
  const { page } = terminal;
  // answers of a gateway whose accounts are on their way, the stream unbroken
  const refuse = (route) => route.fulfill({ status: 503, json: { detail: "accounts: this node hosts no accounts", error: "Not available", error_code: "not_available", errors: [] } });
  await page.locator("[data-testid=account][data-part=ready]").waitFor();
  await page.route("**/api/v1/accounts*", refuse);
  await node.kill();
  await node.start_again();
  await page.locator("[data-testid=account][data-part=missing]").waitFor({ timeout: 60_000 });
  assert.match(await page.getByTestId("account").innerText(), /No accounts here/);
  await page.unroute("**/api/v1/accounts*");
  await page.locator("[data-testid=account][data-part=ready]").waitFor({ timeout: 15_000 });
});

test("the page complained about nothing but what was cut and refused", () => {
  assert.deepEqual(without_cuts(terminal.complaints).filter((text) => !/\b(?:403|503)\b/.test(text)), []);
});
