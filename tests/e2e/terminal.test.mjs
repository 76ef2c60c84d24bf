import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { start_proxy } from "./lib/cuttable_proxy.mjs";
import { node_under_test } from "./lib/gateway_node.mjs";
import { chart_state, chart_until, is_ready, open_terminal } from "./lib/terminal.mjs";

/// The web UI against a running node, in headless Chromium. Checks read the
/// page's data attributes, not pixels; waits end when the thing has happened.

const suite_timeout = { timeout: 120_000 };

let node;
let proxy;
let terminal;

before(async () => {
  node = await node_under_test();
  proxy = await start_proxy();
  terminal = await open_terminal(node.url, { proxy: proxy.url });
}, suite_timeout);

after(async () => {
  await terminal?.close();
  await proxy?.close();
  await node?.stop();
});

/// Puts a symbol on the chart the way a user does.
async function search(query) {
  const { page } = terminal;
  await page.keyboard.press("/");
  await page.getByTestId("search").getByRole("combobox").fill(query);
  await page.locator("[role=option][aria-selected=true]").filter({ hasText: query }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("search").waitFor({ state: "detached" });
}

/// How many pixels of the chart's canvases have one of the candle colours.
async function coloured_pixels() {
  return terminal.chart().evaluate((chart) => {
    let count = 0;
    for (const canvas of chart.querySelectorAll("canvas")) {
      if (canvas.width === 0 || canvas.height === 0) continue;
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1]) > 150 && Math.abs(data[i] - data[i + 1]) > 60) count += 1;
    }
    return count;
  });
}

test("the chart shows candles and volume", suite_timeout, async () => {
  const state = await chart_until(terminal, "ready with bars", is_ready);
  assert.ok(state.bars >= 50, `only ${state.bars} bars`);
  assert.ok(state.first < state.last);
  assert.ok(state.to > state.from, "no bar in view");
  assert.ok(Number.isFinite(state.close) && state.close > 0);
  assert.ok((await coloured_pixels()) > 1_000, "no candles were drawn");
  assert.match(await terminal.page.getByTestId("legend").first().innerText(), /O\s*[\d.,']+\s*H\s*[\d.,']+/);
});

test("says where prices come from and that it is connected", suite_timeout, async () => {
  const { page } = terminal;
  await page.locator("[data-testid=connection][data-state=live]").waitFor();
  await page.getByTestId("source").waitFor();
  assert.match(await page.getByTestId("source").innerText(), /\S/);
  await page.getByTestId("market").waitFor();
});

test("a price in the watchlist changes", suite_timeout, async () => {
  const { page } = terminal;
  const rows = page.getByTestId("quote-row");
  await rows.first().waitFor();
  assert.ok((await rows.count()) > 0);
  await page.waitForFunction(
    () => [...document.querySelectorAll("[data-testid=quote-row]")].some((row) => Number(row.dataset.changes) >= 2 && Number(row.dataset.last) > 0),
    undefined, { timeout: 60_000 },
  );
});

test("search switches the symbol, and a row of the watchlist does", suite_timeout, async () => {
  const { page } = terminal;
  await search("AAPL");
  const searched = await chart_until(terminal, "shows AAPL", (s) => s.symbol === "AAPL" && is_ready(s));
  const other = page.locator("[data-testid=quote-row]:not([data-symbol=AAPL])").first();
  const symbol = await other.getAttribute("data-symbol");
  await other.click();
  const clicked = await chart_until(terminal, `shows ${symbol}`, (s) => s.symbol === symbol && is_ready(s));
  assert.notEqual(clicked.close, searched.close);
  await search("AAPL");
  await chart_until(terminal, "shows AAPL again", (s) => s.symbol === "AAPL" && is_ready(s));
});

test("the watchlist is worked with the keyboard", suite_timeout, async () => {
  const { page } = terminal;
  await page.keyboard.press("w");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const second = await page.locator("[data-testid=quote-row][aria-rowindex='3']").getAttribute("data-symbol");
  await chart_until(terminal, `shows ${second}`, (s) => s.symbol === second && is_ready(s));
});

test("a symbol is added to the list and removed again", suite_timeout, async () => {
  const { page } = terminal;
  const row = page.locator("[data-testid=quote-row][data-symbol=AAPL]");
  if ((await row.count()) > 0) {
    await row.hover();
    await page.getByRole("button", { name: "Remove AAPL" }).click();
    await row.waitFor({ state: "detached" });
  }
  await page.getByTestId("add-symbol").click();
  await page.getByTestId("search").getByRole("combobox").fill("AAPL");
  await page.locator("[role=option][aria-selected=true]").filter({ hasText: "AAPL" }).waitFor();
  await page.keyboard.press("Enter");
  await row.waitFor();
  await row.hover();
  await page.getByRole("button", { name: "Remove AAPL" }).click();
  await row.waitFor({ state: "detached" });
});

test("switches the timeframe", suite_timeout, async () => {
  await search("AAPL");
  const distance = { "1h": 3600, "1d": 86_400, "5m": 300 };
  for (const [frame, seconds] of Object.entries(distance)) {
    await terminal.page.locator(`[data-testid=chart] [data-frame="${frame}"]`).first().click();
    const state = await chart_until(terminal, `shows ${frame}`, (s) => s.timeframe === frame && is_ready(s));
    const mean = (state.last - state.first) / (state.bars - 1);
    assert.ok(mean >= seconds, `bars ${mean} s apart in ${frame}`);
    if (frame === "1d") assert.equal(state.last % 86_400, 0, "daily bars are dated 00:00 UTC");
  }
});

test("shows extended hours where the instrument has them", suite_timeout, async (t) => {
  const toggle = terminal.page.getByTestId("session").first();
  if ((await toggle.count()) === 0) return t.skip("AAPL has no extended hours on this node");
  const regular = await chart_state(terminal);
  await toggle.click();
  const extended = await chart_until(terminal, "shows extended hours", (s) => s.session === "extended" && is_ready(s));
  const density = (s) => s.bars / (s.last - s.first);
  assert.ok(density(extended) > density(regular), "no more bars per day than in regular hours");
  await toggle.click();
  await chart_until(terminal, "shows regular hours", (s) => s.session === "regular" && is_ready(s));
});

test("scrolling back loads older bars and keeps the view", suite_timeout, async () => {
  const before = await chart_until(terminal, "ready", is_ready);
  const box = await terminal.chart().locator(".chart-canvas").boundingBox();
  await terminal.page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
  let state = before;
  for (let i = 0; i < 40 && state.first >= before.first; i++) {
    await terminal.page.mouse.wheel(-1200, 0);
    await terminal.page.evaluate(() => new Promise((painted) => requestAnimationFrame(painted)));
    state = await chart_state(terminal);
  }
  const older = await chart_until(terminal, "has older bars", (s) => s.first < before.first && s.status === "ready");
  assert.ok(older.bars > before.bars);
  assert.ok(older.last >= before.last, "the newest bars are still there");
  assert.ok(older.to < older.bars - 1, "the view stays in the past");
  await terminal.page.keyboard.press("End");
  await chart_until(terminal, "is back at the newest bar", (s) => s.to === s.bars - 1);
});

test("turns visibly stale while the gateway is silent, without a new connection", suite_timeout, async (t) => {
  const { page } = terminal;
  await chart_until(terminal, "live", (s) => is_ready(s) && !s.stale);
  const silent_at = Date.now();
  proxy.freeze();
  await page.locator("[data-testid=connection][data-state=stale]").waitFor();
  t.diagnostic(`stale ${Date.now() - silent_at} ms after the last byte`);
  await page.locator("[data-testid=quote-row][data-stale=true]").first().waitFor();
  proxy.thaw();
  await page.locator("[data-testid=connection][data-state=live]").waitFor();
  await page.locator("[data-testid=quote-row][data-stale=false]").first().waitFor();
});

test("turns visibly stale when the connection is cut, and resumes", suite_timeout, async (t) => {
  const { page } = terminal;
  const before = await chart_until(terminal, "live", (s) => is_ready(s) && !s.stale);
  const cut_at = Date.now();
  proxy.cut();
  await chart_until(terminal, "stale", (s) => s.stale);
  t.diagnostic(`stale ${Date.now() - cut_at} ms after the cut`);
  await page.locator("[data-testid=connection][data-state=reconnecting]").waitFor();
  assert.match(await page.getByTestId("connection").innerText(), /Reconnecting\s+\d+ s/);
  await page.locator("[data-testid=quote-row][data-stale=true]").first().waitFor();
  await page.locator("[data-testid=connection][title*='attempt 2']").waitFor(); // the first retry met a dead gateway
  proxy.restore();
  await page.locator("[data-testid=connection][data-state=live]").waitFor({ timeout: 40_000 });
  const resumed = await chart_until(terminal, "live again", (s) => is_ready(s) && !s.stale);
  assert.ok(resumed.bars >= before.bars && resumed.last >= before.last && resumed.symbol === before.symbol);
  await page.locator("[data-testid=quote-row][data-stale=false]").first().waitFor();
  const changes = () => page.getByTestId("quote-row").evaluateAll((rows) => rows.reduce((sum, row) => sum + Number(row.dataset.changes), 0));
  const count = await changes();
  await page.waitForFunction(
    (known) => [...document.querySelectorAll("[data-testid=quote-row]")].reduce((sum, row) => sum + Number(row.dataset.changes), 0) > known,
    count, { timeout: 60_000 },
  );
  // What the cut itself made the browser log is expected.
  terminal.complaints.splice(0, terminal.complaints.length, ...terminal.complaints.filter((text) => !/ERR_|WebSocket connection to/.test(text)));
});

test("the layout survives a reload", suite_timeout, async () => {
  const { page } = terminal;
  await page.locator('[data-testid=chart] [data-frame="15m"]').first().click();
  await chart_until(terminal, "shows 15m", (s) => s.timeframe === "15m" && is_ready(s));
  await page.waitForFunction(() => localStorage.getItem("tt.layout")?.includes('"15m"'));
  const { symbol } = await chart_state(terminal);
  await page.reload();
  await chart_until(terminal, "shows 15m again", (s) => s.timeframe === "15m" && s.symbol === symbol && is_ready(s));
});

test("has no accessibility violations", suite_timeout, async () => {
  const { page } = terminal;
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe); // by the debugger: the page's CSP allows no foreign script
  const violations = async () => {
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  };
  assert.deepEqual(await violations(), []);
  await page.keyboard.press("/");
  await page.getByTestId("search").waitFor();
  assert.deepEqual(await violations(), [], "in the search");
  await page.keyboard.press("Escape");
});

test("sends a strict content security policy", suite_timeout, async () => {
  const policy = (await fetch(node.url)).headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src|script-src/);
  assert.doesNotMatch(policy, /script-src[^;]*'unsafe-(?:inline|eval)'/);
});

test("takes a screenshot", suite_timeout, async (t) => {
  const path = process.env.TT_SCREENSHOT;
  if (!path) return t.skip("TT_SCREENSHOT is not set");
  await terminal.page.locator('[data-testid=chart] [data-frame="5m"]').first().click();
  await chart_until(terminal, "shows 5m", (s) => s.timeframe === "5m" && is_ready(s));
  await terminal.page.mouse.move(0, 0);
  await terminal.page.screenshot({ path });
});

test("the page complained about nothing: no exception, no CSP violation", suite_timeout, () => {
  assert.deepEqual(terminal.complaints, []);
});
