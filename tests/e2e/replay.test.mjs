import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { node_under_test } from "./lib/gateway_node.mjs";
import { chart_until, command, is_ready, open_terminal, send_ticket, until } from "./lib/terminal.mjs";

/// A recorded day, played again as if it were live: the page says so, the chart
/// grows with market time, and orders are filled at recorded prices.

const suite_timeout = { timeout: 180_000 };
const missing = process.env.TT_BIN ? undefined : "TT_BIN is not set: a replay needs a node of its own";

/// 2024-03-14 in New York, in summer time: the session opens at 13:30 UTC.
const opening_s = Date.UTC(2024, 2, 14, 13, 30) / 1000;
const minutes = 390;

/// Minute bars and quotes of one session; a slow wave, so that prices stay known.
function recording() {
  const price = (i) => 500 + 4 * Math.sin(i / 25);
  const text = (value) => value.toFixed(2);
  const bars = ["time,open,high,low,close,volume"], quotes = ["time,bid,bid_size,ask,ask_size"];
  for (let i = 0; i < minutes; ++i) {
    const [open, close] = [price(i), price(i + 1)];
    bars.push([opening_s + 60 * i, text(open), text(Math.max(open, close) + 0.1), text(Math.min(open, close) - 0.1), text(close), 1000 + i].join());
    quotes.push([opening_s + 60 * i, text(close - 0.01), 500, text(close + 0.01), 500].join());
  }
  return { bars: `${bars.join("\n")}\n`, quotes: `${quotes.join("\n")}\n` };
}

let folder;
let node;
let terminal;

before(async () => {
  if (missing) return;
  folder = await mkdtemp(join(process.env.DATA_DIR ?? tmpdir(), "replay-"));
  const { bars, quotes } = recording();
  const [bars_file, quotes_file, config] = ["SPY_1m.csv", "SPY_1m_quotes.csv", "node.yaml"].map((name) => join(folder, name));
  await Promise.all([writeFile(bars_file, bars), writeFile(quotes_file, quotes)]);
  await writeFile(config, `node:
  id: replay
server:
  host: 127.0.0.1
  port: ${new URL(process.env.TT_URL ?? "http://127.0.0.1:8080").port}
log:
  level: warn
  format: text
feeds:
  - name: day
    kind: replay
    speed: 60
    files:
      - {path: ${bars_file}, symbol: SPY, kind: bars, timeframe: 1m}
      - {path: ${quotes_file}, symbol: SPY, kind: quotes, timeframe: 1m}
`);
  node = await node_under_test({ config });
  terminal = await open_terminal(node.url);
}, suite_timeout);

after(async () => {
  await terminal?.close();
  await node?.stop();
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const story = (name, run) => test(name, suite_timeout, async (t) => (missing ? t.skip(missing) : run(t)));
const get = async (path) => (await fetch(node.url + path)).json();

story("the page says that prices are recorded, and shows the recorded day", async () => {
  const { page } = terminal;
  await command(terminal, "layout trading");
  await command(terminal, "SPY 1m");
  const state = await chart_until(terminal, "shows SPY", (s) => s.symbol === "SPY" && is_ready(s));
  assert.ok(state.last >= opening_s && state.last < opening_s + minutes * 60, `the newest bar is of ${new Date(state.last * 1000).toISOString()}`);
  await page.getByTestId("source").filter({ hasText: /recorded prices/ }).waitFor();
  await page.locator("footer", { hasText: "14 Mar 2024" }).waitFor();
  await page.locator("[data-testid=market][data-session=regular]").waitFor();
});

story("bars come in market time, a minute a second", async () => {
  const before = await chart_until(terminal, "ready", is_ready);
  const later = await chart_until(terminal, "has three further bars", (s) => s.bars >= before.bars + 3 && s.last >= before.last + 180, 30_000);
  assert.equal(later.last % 60, 0);
});

story("an order is filled at the recorded price, and the fill stands in the chart at market time", async () => {
  const { page } = terminal;
  await command(terminal, "buy 5 SPY");
  await send_ticket(terminal);
  const [fill] = await until("the fill", async () => {
    const { executions } = await get("/api/v1/executions?limit=5");
    return executions.length > 0 && executions;
  });
  assert.ok(fill.price > 494 && fill.price < 506, `filled at ${fill.price}`);
  assert.match(fill.timestamp, /^2024-03-14T/);
  await command(terminal, "open positions");
  await page.locator('[data-testid=positions] tr[data-symbol="SPY"][data-quantity="5"]').waitFor();
  await page.locator("[data-testid=chart][data-marks='1']").waitFor();
  await command(terminal, "open accounts");
  await page.getByTestId("accounts").getByText(/figures \d+d/).waitFor({ state: "detached" }); // old only against today's clock
  await command(terminal, "close SPY");
  await page.getByTestId("ask-yes").click();
  await command(terminal, "open positions");
  await page.locator('[data-testid=positions] tr[data-symbol="SPY"]').waitFor({ state: "detached" });
});

story("the page complained about nothing", () => assert.deepEqual(terminal.complaints, []));
