import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start_proxy } from "./lib/cuttable_proxy.mjs";
import { node_under_test } from "./lib/gateway_node.mjs";
import { chart_state, chart_until, command, is_ready, missing_part, open_terminal, until, violations } from "./lib/terminal.mjs";

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

/// What stands in the editor, line by line.
async function editor_text() {
  const lines = await terminal.page.locator(".cm-line").allInnerTexts();
  return lines.map((line) => line.replace(/\n$/, "")).join("\n");
}

/// The compiler's findings, without the UI between.
async function compiler_says(source) {
  const reply = await fetch(`${node.url}/api/v1/strategies/validate`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ kind: "pine", source }),
  });
  return (await reply.json()).diagnostics;
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

test("the first symbol is one that the feeds carry, and the list of all shows only such", suite_timeout, async () => {
  const quotes_of = async (symbols) => (await (await fetch(`${node.url}/api/v1/quotes?symbols=${symbols.join(",")}`)).json()).quotes;
  const has_price = ({ last, price }) => Number.isFinite(last ?? price);
  const { symbol } = await chart_state(terminal);
  assert.ok(has_price((await quotes_of([symbol]))[0]), `${symbol} has no price`);
  const { page } = terminal;
  const lists = page.getByTestId("watchlist").getByRole("combobox", { name: "List" });
  const before = await lists.inputValue();
  await lists.selectOption("priced");
  const rows = page.getByTestId("quote-row");
  await until("every row has a price", async () => (await rows.count()) > 0 && (await rows.evaluateAll((shown) => shown.every(({ dataset }) => Number(dataset.last) > 0))));
  const shown = await rows.evaluateAll((all) => all.map(({ dataset }) => dataset.symbol));
  assert.ok((await quotes_of(shown)).every(has_price));
  assert.ok(await page.getByTestId("add-symbol").isDisabled(), "nothing is added to what the node has");
  await lists.selectOption(before);
});

test("rows keep their prices when panels are arranged anew, whether a market moves or not", suite_timeout, async () => {
  const { page } = terminal;
  const lists = () => page.getByTestId("watchlist").getByRole("combobox", { name: "List" });
  const before = await lists().inputValue();
  await lists().selectOption("priced");
  const rows = page.getByTestId("quote-row");
  const all_priced = async () => (await rows.count()) > 0 && (await rows.evaluateAll((shown) => shown.every(({ dataset }) => Number(dataset.last) > 0)));
  await until("every row has a price", all_priced);
  for (const layout of ["trading", "market"]) {
    await command(terminal, `layout ${layout}`);
    await until(`every row has a price in ${layout}`, all_priced);
  }
  await lists().selectOption(before);
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
  t.after(() => proxy.restore()); // what fails here should not fail the rest
  await chart_until(terminal, "stale", (s) => s.stale);
  t.diagnostic(`stale ${Date.now() - cut_at} ms after the cut`);
  await page.locator("[data-testid=connection][data-state=reconnecting]").waitFor();
  await page.getByTestId("connection").filter({ hasText: /Reconnecting\s*\d+ s/ }).waitFor(); // between two tries it says “Connecting”
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
  assert.deepEqual(await violations(terminal), []);
  await page.keyboard.press("/");
  await page.getByTestId("search").waitFor();
  assert.deepEqual(await violations(terminal), [], "in the search");
  await page.keyboard.press("Escape");
});

test("a search asked for in the moment one closes opens anew", suite_timeout, async () => {
  const { page } = terminal;
  await page.keyboard.press("/");
  await page.getByTestId("search").getByRole("combobox").fill("aap");
  // Before the browser's own report of the closed dialog, which comes a task later.
  await page.evaluate(async () => {
    const key = (at, init) => at.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init }));
    key(document.querySelector(".search input"), { key: "Escape" });
    for (let turn = 0; turn < 20; ++turn) await Promise.resolve();
    key(document.body, { key: "k", ctrlKey: true });
    await new Promise((done) => setTimeout(done, 50));
  });
  assert.equal(await page.getByTestId("search").getByRole("combobox").inputValue(), "");
  await page.keyboard.press("Escape");
  await page.getByTestId("search").waitFor({ state: "detached" });
});

test("the command line shows a symbol in a timeframe", suite_timeout, async () => {
  await command(terminal, "msft 1h");
  await chart_until(terminal, "shows MSFT 1h", (s) => s.symbol === "MSFT" && s.timeframe === "1h" && is_ready(s));
  await command(terminal, "5m");
  await chart_until(terminal, "shows 5m", (s) => s.symbol === "MSFT" && s.timeframe === "5m" && is_ready(s));
});

test("the command line says what is missing and does nothing then", suite_timeout, async () => {
  const { page } = terminal;
  await page.keyboard.press("Control+k");
  await page.getByTestId("search").getByRole("combobox").fill("buy AAPL");
  const row = page.getByTestId("command");
  await row.waitFor();
  assert.equal(await row.getAttribute("aria-disabled"), "true");
  assert.match(await row.innerText(), /How many/);
  await page.keyboard.press("Enter");
  assert.ok(await page.getByTestId("search").isVisible());
  await page.keyboard.press("Escape");
});

test("the help lists keys and commands", suite_timeout, async () => {
  const { page } = terminal;
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard and commands" });
  await help.waitFor();
  assert.match(await help.innerText(), /buy 100 AAPL limit 180/);
  assert.deepEqual(await violations(terminal), []);
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
});

test("the editor shows the compiler's findings at their place while one types", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "layout research");
  const editor = page.getByTestId("editor");
  await page.locator("[data-testid=editor][data-state=checked][data-errors='0']").waitFor();
  assert.equal(await page.getByTestId("verdict").innerText(), "Compiles");
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("x = ta.smaa(close, 5)");
  const finding = page.getByTestId("finding").first();
  await finding.waitFor();
  const [told] = await compiler_says(await editor_text());
  assert.equal(told.severity, "error");
  assert.match(await finding.innerText(), new RegExp(`^${told.line}:${told.column}\\b[^]*${told.code}`));
  const marked = page.locator(".cm-lintRange-error").first();
  await marked.waitFor();
  assert.equal(await marked.innerText(), "smaa");
  assert.deepEqual(await violations(terminal), []);
  await editor.getByRole("button", { name: "Revert" }).click();
  await page.locator("[data-testid=editor][data-state=checked][data-errors='0']").waitFor();
});

test("the editor completes built-ins and explains them", suite_timeout, async () => {
  const { page } = terminal;
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("y = ta.supert");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "supertrend" }).waitFor();
  await page.waitForTimeout(100); // a completion is not taken in the first moment it shows
  await page.keyboard.press("Enter");
  await page.locator(".cm-line", { hasText: "ta.supertrend()" }).waitFor();
  await page.locator(".editor-call", { hasText: "ta.supertrend(" }).waitFor();
  await page.locator(".cm-line span", { hasText: "ta.supertrend" }).last().hover();
  await page.locator(".cm-pine-hover", { hasText: "ta.supertrend · function" }).waitFor();
  await page.mouse.move(0, 0);
  await page.getByTestId("editor").getByRole("button", { name: "Revert" }).click();
});

test("the editor works in a window of its own and comes back with its text", suite_timeout, async () => {
  const { page } = terminal;
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("// kept");
  const opening = page.waitForEvent("popup");
  await page.locator(".dv-groupview", { has: page.getByTestId("editor") }).getByRole("button", { name: "Open in its own window" }).click();
  const popup = await opening;
  const line = popup.locator(".cm-line", { hasText: "// kept" });
  await line.waitFor();
  const gutter = await popup.locator(".cm-gutters").evaluate((element) => getComputedStyle(element).borderRightWidth);
  assert.equal(gutter, "0px", "the editor's own styles came along");
  await line.click();
  await popup.keyboard.press("End");
  await popup.keyboard.type(" and changed");
  await popup.close();
  await page.locator(".cm-line", { hasText: "// kept and changed" }).waitFor();
  await page.getByTestId("editor").getByRole("button", { name: "Revert" }).click();
});

test("every example script compiles", suite_timeout, async () => {
  const { page } = terminal;
  const names = await page.getByTestId("script").locator("option").allInnerTexts();
  assert.ok(names.length >= 5);
  for (const name of names) {
    await page.getByTestId("script").selectOption({ label: name });
    assert.deepEqual(await compiler_says(await editor_text()), [], name);
  }
});

test("the cluster and system panels show what the node says", suite_timeout, async () => {
  const { page } = terminal;
  const cluster = await (await fetch(`${node.url}/api/v1/cluster`)).json();
  await command(terminal, "layout monitoring");
  await page.locator(`[data-testid=cluster][data-mode=${cluster.mode}]`).waitFor();
  assert.match(await page.getByTestId("cluster").innerText(), new RegExp(cluster.node.replaceAll(".", "\\.")));
  for (const { name, state } of cluster.nodes) await page.locator(`[data-testid=cluster-node][data-node="${name}"][data-state="${state}"]`).waitFor();
  const health = await (await fetch(`${node.url}/health`)).json();
  await page.locator("[data-testid=system][data-status]").waitFor();
  for (const feed of Object.keys(health.feeds)) await page.getByTestId("system").getByRole("cell", { name: feed, exact: true }).first().waitFor();
  assert.deepEqual(await violations(terminal), []);
});

test("a part that the node lacks is named, with what to configure", suite_timeout, async (t) => {
  const { page } = terminal;
  const missing = await missing_part(node.url, "/api/v1/orders");
  if (missing === undefined) return t.skip("this node has every part");
  await command(terminal, "open orders");
  const notice = page.getByTestId("orders").getByTestId("part-notice");
  await notice.waitFor();
  const text = await notice.innerText();
  assert.ok(text.includes(missing), text);
  assert.match(text, /cluster\.roles/);
});

test("the light theme has no accessibility violations", suite_timeout, async () => {
  const { page } = terminal;
  for (const layout of ["monitoring", "research", "market"]) {
    await command(terminal, `layout ${layout}`);
    await command(terminal, "theme light");
    await page.locator("html[data-theme=light]").waitFor();
    assert.deepEqual(await violations(terminal), [], layout);
  }
  await command(terminal, "theme dark");
  await chart_until(terminal, "is drawn again", is_ready);
});

test("everything fits into 1280×720", suite_timeout, async () => {
  const { page } = terminal;
  const before = page.viewportSize();
  await page.setViewportSize({ width: 1280, height: 720 });
  for (const layout of ["trading", "research", "monitoring", "market"]) {
    await command(terminal, `layout ${layout}`);
    const over = await page.evaluate(() => {
      const header = document.querySelector(".header");
      return { page: document.documentElement.scrollWidth - innerWidth, header: header.scrollWidth - header.clientWidth, tall: document.documentElement.scrollHeight - innerHeight };
    });
    assert.deepEqual(over, { page: 0, header: 0, tall: 0 }, layout);
  }
  await page.setViewportSize(before);
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
  // without an identity the node shows nobody its webhook profiles, and the panel says so
  const is_expected = (text) => /403 .*\/api\/v1\/webhooks\)$/.test(text);
  assert.deepEqual(terminal.complaints.filter((text) => !is_expected(text)), []);
});

// The last one: it ends the node.
test("Ctrl-C ends the node cleanly within two seconds, a page still connected", suite_timeout, async (t) => {
  if (!node.interrupt) return t.skip("the node was not started here");
  const { end, after_ms } = await node.interrupt();
  t.diagnostic(`ended after ${Math.round(after_ms)} ms`);
  assert.equal(end, 0);
  assert.ok(after_ms < 2_000, `it took ${Math.round(after_ms)} ms`);
});
