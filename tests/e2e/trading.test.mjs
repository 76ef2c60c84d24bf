import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start_proxy } from "./lib/cuttable_proxy.mjs";
import { node_under_test } from "./lib/gateway_node.mjs";
import { command, missing_part, open_terminal, violations } from "./lib/terminal.mjs";

/// Orders, positions and the stop switch in the web UI, against a node that
/// executes on paper.

const suite_timeout = { timeout: 120_000 };

let node;
let proxy;
let terminal;
let missing;

before(async () => {
  node = await node_under_test();
  for (const path of ["/api/v1/accounts", "/api/v1/orders", "/api/v1/positions", "/api/v1/executions"]) missing ??= await missing_part(node.url, path);
  if (missing) return;
  proxy = await start_proxy();
  terminal = await open_terminal(node.url, { proxy: proxy.url });
  await command(terminal, "layout trading");
}, suite_timeout);

after(async () => {
  await terminal?.close();
  await proxy?.close();
  await node?.stop();
});

const story = (name, run) => test(name, suite_timeout, async (t) => (missing ? t.skip(missing) : run(t)));
const orders = async () => (await fetch(`${node.url}/api/v1/orders?limit=50`)).json();

/// Previews what the ticket holds, sends it, and waits for the node's answer.
async function send() {
  const { page } = terminal;
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("preview").waitFor();
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("ask-yes").click();
  await page.getByTestId("answer").waitFor();
}

story("the account is always in sight, as paper or live", async () => {
  const { page } = terminal;
  await page.locator("[data-testid=account][data-mode=paper]").waitFor();
  assert.match(await page.getByTestId("account").innerText(), /PAPER/);
});

story("a command fills the ticket and sends nothing", async () => {
  const { page } = terminal;
  const before = (await orders()).length;
  await command(terminal, "buy 10 AAPL limit 1");
  assert.equal(await page.getByTestId("ticket-quantity").inputValue(), "10");
  assert.equal(await page.getByTestId("ticket-price").inputValue(), "1");
  assert.equal((await orders()).length, before);
});

story("an order is previewed, confirmed, and appears when the node says so", async () => {
  const { page } = terminal;
  await command(terminal, "buy 1 BTCUSD limit 1000");
  await send();
  const [newest] = await orders();
  assert.equal(newest.symbol, "BTCUSD");
  await command(terminal, "open orders");
  await page.getByTestId("orders").getByText("BTCUSD").first().waitFor();
  assert.deepEqual(await violations(terminal), []);
});

story("an order that changed while the connection was cut is right again afterwards", async () => {
  const { page } = terminal;
  const [newest] = await orders();
  proxy.cut();
  await page.locator("[data-testid=connection][data-state=reconnecting]").waitFor();
  await fetch(`${node.url}/api/v1/orders/${newest.order_id}`, { method: "DELETE" });
  proxy.restore();
  await page.locator("[data-testid=connection][data-state=live]").waitFor({ timeout: 40_000 });
  await page.getByTestId("all-orders").click();
  await page.getByTestId("orders").getByText("cancelled").first().waitFor();
  terminal.complaints.splice(0, terminal.complaints.length, ...terminal.complaints.filter((text) => !/ERR_|WebSocket connection to/.test(text)));
});

story("a refused order says why", async () => {
  const { page } = terminal;
  await command(terminal, "buy 1 NOSUCHSYMBOL");
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("ticket-failure").waitFor();
  assert.match(await page.getByTestId("ticket-failure").innerText(), /NOSUCHSYMBOL|symbol/i);
});

story("stopping takes one step, resuming asks for a reason first", async (t) => {
  const { page } = terminal;
  const gone = await missing_part(node.url, "/api/v1/risk");
  if (gone) return t.skip(gone);
  await command(terminal, "kill");
  await page.getByTestId("stop-now").click();
  await page.locator("[data-testid=stop].stopped").waitFor();
  const risk = await (await fetch(`${node.url}/api/v1/risk`)).json();
  assert.equal(risk.kill_active, true);
  await page.getByTestId("stop").click();
  assert.ok(await page.getByTestId("resume-ask").isDisabled(), "no resuming without a reason");
  await page.getByTestId("resume-reason").fill("end of the test");
  await page.getByTestId("resume-ask").click();
  // Resuming is for administrators: the node refuses others, and the dialog shows its words.
  await Promise.race([page.getByTestId("resume-now").waitFor(), page.getByTestId("stop-dialog").getByRole("alert").waitFor()]);
  if (await page.getByTestId("resume-now").isVisible()) {
    await page.getByTestId("resume-now").click();
    await page.locator("[data-testid=stop]:not(.stopped)").waitFor();
  } else {
    await page.keyboard.press("Escape");
  }
});

story("the page complained about nothing but refusals", () => {
  assert.deepEqual(terminal.complaints.filter((text) => !/\b(?:400|403|404|409|422)\b/.test(text)), []);
});
