import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { node_under_test } from "./lib/gateway_node.mjs";
import { chart_until, command, is_ready, missing_part, open_terminal, search, send_ticket, until, violations } from "./lib/terminal.mjs";

/// The main story of each panel that has none elsewhere, both themes of all of
/// them, and what holds for the terminal as a whole: layouts, windows of their own,
/// keys, large screens.

const suite_timeout = { timeout: 300_000 };

let node;
let terminal;
/// The built page with the stand-in for TradingView's library in its place, where the node is ours to start.
let web_root;

before(async () => {
  if (process.env.TT_BIN && process.env.TT_WEB_ROOT) web_root = await with_library_files(process.env.TT_WEB_ROOT);
  node = await node_under_test(web_root ? { env: { TT_WEB_ROOT: web_root } } : {});
  terminal = await open_terminal(node.url);
  await chart_until(terminal, "ready", is_ready);
}, suite_timeout);

after(async () => {
  await terminal?.close();
  await node?.stop();
  if (web_root) await rm(dirname(web_root), { recursive: true, force: true });
});

const library_title = "The frame of a stand-in";
const stand_ins = async () => ({
  "charting_library.standalone.js": await readFile(new URL("./lib/library_stand_in.js", import.meta.url), "utf8"),
  "datafeeds/udf/dist/bundle.js": await readFile(new URL("./lib/datafeed_stand_in.js", import.meta.url), "utf8"),
  "sameorigin.html": `<!doctype html><html lang="en"><title>${library_title}</title><p>frame</p></html>`,
});

/// A copy of the page's folder, with the files that the library would bring. @return its path
async function with_library_files(built) {
  const root = join(await mkdtemp(join(process.env.DATA_DIR ?? tmpdir(), "web-")), "dist");
  await cp(built, root, { recursive: true });
  for (const [name, text] of Object.entries(await stand_ins())) {
    const file = join(root, "charting_library", name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return root;
}

const story = (name, path, run) => test(name, suite_timeout, async (t) => {
  const missing = path && (await missing_part(node.url, path));
  return missing ? t.skip(missing) : run(t);
});
const get = async (path) => (await fetch(node.url + path)).json();
const blur = () => terminal.page.evaluate(() => document.activeElement?.blur());

// -- market -------------------------------------------------------------------

test("the quote, its trades and its market's hours follow the symbol", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "layout market");
  await search(terminal, "BTCUSD");
  await page.locator("[data-testid=details][data-symbol=BTCUSD]").filter({ hasText: "BTCUSD" }).waitFor();
  const instrument = await get("/api/v1/symbols/BTCUSD");
  await page.getByTestId("details").filter({ hasText: instrument.description }).waitFor();
  await command(terminal, "open time");
  await page.locator("[data-testid=trades][data-symbol=BTCUSD]").locator("tbody tr").first().waitFor();
  const count = Number(await page.getByTestId("trades").getAttribute("data-count"));
  await until("a further trade comes in", async () => Number(await page.getByTestId("trades").getAttribute("data-count")) > count || count >= 100, 60_000);
  await command(terminal, "open market hours");
  assert.equal(instrument.calendar, "24X7");
  await page.getByTestId("market-hours").getByRole("row", { name: /24\/7/ }).waitFor();
});

test("crosshairs of two charts stand at the same time", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "layout market");
  await command(terminal, "AAPL 1h");
  await chart_until(terminal, "shows 1h", (s) => s.timeframe === "1h" && is_ready(s));
  await page.getByRole("button", { name: "Panels ▾" }).click();
  await page.getByRole("menuitem", { name: "New chart" }).click();
  const charts = page.getByTestId("chart");
  // side by side: a chart behind the other one's tab draws nothing
  const tabs = page.locator(".dv-tab", { hasText: /AAPL/ });
  await until("two charts", async () => (await tabs.count()) === 2);
  const tab = tabs.last();
  const target = await page.locator(".dv-groupview", { has: page.getByTestId("watchlist") }).or(page.locator(".dv-groupview", { hasText: "Watchlist" })).first().boundingBox();
  await tab.hover();
  await page.mouse.down();
  await page.mouse.move(target.x + target.width / 2, target.y + target.height * 0.9, { steps: 12 });
  await page.mouse.up();
  await until("both are in view", async () => (await charts.count()) === 2);
  await until("both are drawn", async () => (await charts.evaluateAll((all) => all.every(({ dataset }) => dataset.status === "ready" && Number(dataset.bars) > 0))));
  const boxes = await Promise.all([0, 1].map((i) => charts.nth(i).locator(".chart-canvas").boundingBox()));
  const legend = (i) => charts.nth(i).getByTestId("legend").innerText();
  const before = await legend(1);
  await page.mouse.move(boxes[0].x + boxes[0].width * 0.7, boxes[0].y + 60);
  await until("the other chart's legend shows the bar under the crosshair", async () => (await legend(1)) !== before);
  await page.mouse.move(0, 0);
  await command(terminal, "layout market");
});

// -- trading ------------------------------------------------------------------

/// Fills the ticket and gives the preview's quantity and the node's own.
async function previewed(fields) {
  const { page } = terminal;
  await command(terminal, "buy 1 AAPL");
  for (const [id, value] of Object.entries(fields)) {
    const field = page.getByTestId(`ticket-${id}`);
    if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("preview").or(page.getByTestId("ticket-failure")).waitFor();
  assert.equal(await page.getByTestId("ticket-failure").count(), 0, await page.getByTestId("ticket").innerText());
  return Number((await page.getByTestId("preview-quantity").innerText()).replaceAll(",", ""));
}

story("an order is sized by quantity, worth, weight or risk", "/api/v1/orders", async () => {
  const { page } = terminal;
  await command(terminal, "layout trading");
  await command(terminal, "AAPL 1h");
  assert.equal(await previewed({ quantity: "3" }), 3);
  const { ask } = (await get("/api/v1/quotes?symbols=AAPL")).quotes[0];
  const worth = await previewed({ "size-by": "notional", quantity: "1000" });
  assert.ok(Math.abs(worth - Math.floor(1000 / ask)) <= 1, `${worth} units for 1000 at ${ask}`);
  const weight = await previewed({ "size-by": "weight", quantity: "2" });
  assert.ok(Math.abs(weight - Math.floor(2000 / ask)) <= 1, `${weight} units for 2 % at ${ask}`);
  // 0.01 % of 100,000 is 10: at a distance of 5 that is 2 shares
  assert.equal(await previewed({ "size-by": "risk", quantity: "0.01", type: "limit", price: "300", "risk-stop": "295" }), 2);
  await page.getByTestId("ticket-risk-stop").fill("305");
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("ticket").getByText("The stop must be below the entry").waitFor();
});

story("every type and time in force of the ticket passes the node's own checks", "/api/v1/orders", async () => {
  const { page } = terminal;
  const { last } = (await get("/api/v1/quotes?symbols=AAPL")).quotes[0];
  const [below, above] = [(last * 0.98).toFixed(2), (last * 1.02).toFixed(2)];
  const kinds = [
    { type: "market" }, { type: "limit", price: below, tif: "gtc" }, { type: "limit", price: below, tif: "ioc" }, { type: "limit", price: below, tif: "fok" }, { type: "stop", stop: above },
    { type: "stop_limit", stop: above, price: above }, { type: "bracket", "take-profit": above, "stop-loss": below }, { type: "oco", price: below, stop: above },
  ];
  for (const kind of kinds) {
    assert.equal(await previewed({ quantity: "1", ...kind }), 1, JSON.stringify(kind));
    assert.equal(await page.getByTestId("preview").getAttribute("data-accepts"), "true", JSON.stringify(kind));
  }
  await previewed({ quantity: "1", type: "limit", price: below, tif: "gtd", "good-till": "2026-02-20T12:00" });
  assert.match(await page.getByTestId("preview").innerText(), /gtd until 2026-02-20/);
});

story("a bracket is sent, its parts are working orders, cancelling one ends it", "/api/v1/orders", async () => {
  const { page } = terminal;
  const { last } = (await get("/api/v1/quotes?symbols=AAPL")).quotes[0];
  await previewed({ quantity: "2", type: "bracket", price: (last * 0.97).toFixed(2), "take-profit": (last * 1.02).toFixed(2), "stop-loss": (last * 0.95).toFixed(2), tif: "gtc" });
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("ask-yes").click();
  await page.getByTestId("answer").waitFor();
  await command(terminal, "open orders");
  const parent = (await get("/api/v1/orders?limit=20")).find((one) => one.symbol === "AAPL" && one.status === "open" && !one.parent_id);
  await page.locator(`[data-testid=orders] [data-order="${parent.order_id}"][data-state=open]`).waitFor();
  await page.getByRole("button", { name: `Cancel order ${parent.order_id}` }).click();
  await page.getByTestId("all-orders").click();
  await page.locator(`[data-testid=orders] [data-order="${parent.order_id}"][data-state=cancelled]`).waitFor();
});

story("a working order's line is dragged in the chart, and stands where the node says", "/api/v1/orders", async () => {
  const { page } = terminal;
  await command(terminal, "layout trading");
  await command(terminal, "AAPL 1d");
  await chart_until(terminal, "shows 1d", (s) => s.symbol === "AAPL" && s.timeframe === "1d" && is_ready(s));
  const box = await terminal.chart().locator(".chart-canvas").boundingBox();
  const at = { x: box.x + box.width * 0.3, y: box.y + box.height * 0.5 };
  const lines = Number(await terminal.chart().getAttribute("data-lines"));
  await page.mouse.click(at.x, at.y, { button: "right" });
  await page.getByTestId("chart-menu").getByRole("menuitem", { name: /^(Buy|Sell), limit/ }).click();
  await page.getByTestId("ticket-quantity").fill("1");
  await page.getByTestId("ticket-tif").selectOption("gtc");
  const limit = Number(await page.getByTestId("ticket-price").inputValue());
  await send_ticket(terminal);
  await page.locator(`[data-testid=chart][data-lines='${lines + 1}']`).waitFor();
  const order = (await get("/api/v1/orders?limit=10")).find((one) => one.symbol === "AAPL" && one.price === limit);
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  await page.mouse.move(at.x, at.y + 6);
  await page.mouse.move(at.x, at.y + 12);
  await page.mouse.up();
  await page.getByTestId("ask-yes").click();
  const moved = await until("the node has the new price", async () => {
    const now = await get(`/api/v1/orders/${order.order_id}`);
    return now.price !== limit && now;
  });
  assert.ok(moved.price < limit, "down in the chart is a lower price");
  await fetch(`${node.url}/api/v1/orders/${order.order_id}`, { method: "DELETE" });
  await page.locator(`[data-testid=chart][data-lines='${lines}']`).waitFor();
});

story("risk shows each limit with the room left, and the breakers", "/api/v1/risk", async () => {
  const { page } = terminal;
  await command(terminal, "open risk");
  const risk = await get("/api/v1/risk");
  await page.locator("[data-testid=risk][data-part=ready]").waitFor();
  const rows = page.getByTestId("risk").locator("tr[data-code]");
  assert.equal(await rows.count(), risk.limits.length);
  const measured = risk.limits.find(({ code }) => code === "MIN_BALANCE");
  const row = page.locator("[data-testid=risk] tr[data-code=MIN_BALANCE]");
  assert.match(await row.innerText(), /Least balance/);
  assert.match(await row.innerText(), new RegExp(String(Math.trunc(measured.limit)).replace(/\B(?=(\d{3})+$)/g, ",")));
  const breaker = page.locator("[data-testid=risk] [data-breaker=DAILY_LOSS]");
  assert.match(await breaker.innerText(), /daily loss[^]*armed/i);
});

story("an order that risk refuses says why, in the ticket and in the list", "/api/v1/orders", async () => {
  const { page } = terminal;
  await command(terminal, "buy 100000 AAPL limit 1");
  await page.getByTestId("ticket-submit").click();
  await page.locator("[data-testid=preview][data-accepts=false]").waitFor();
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("ask-yes").click();
  await page.getByTestId("ticket-failure").waitFor();
  const refused = (await get("/api/v1/orders?limit=5")).find(({ status }) => status === "rejected");
  assert.equal(await page.getByTestId("ticket-failure").innerText(), `Order refused: ${refused.reason}`);
  await command(terminal, "open orders");
  await page.getByTestId("all-orders").click();
  await page.locator(`[data-testid=orders] [data-order="${refused.order_id}"][data-state=rejected]`).waitFor();
});

// -- research -----------------------------------------------------------------

story("a long study shows its progress, is paused, goes on and is cancelled", "/api/optimize", async () => {
  const { page } = terminal;
  await command(terminal, "layout research");
  await command(terminal, "open optimisation");
  await page.getByTestId("study-form").waitFor();
  await page.getByTestId("parameter").first().waitFor();
  await page.getByLabel("At most so many trials").fill("1000");
  await page.getByTestId("study-form").getByLabel("Symbols").fill("AAPL, MSFT, SPY, QQQ, NVDA, TSLA");
  for (const frame of ["5m", "15m"]) await page.getByTestId("study-form").getByRole("button", { name: frame, exact: true }).click();
  await page.getByTestId("start-study").click();
  await page.locator("[data-testid=study][data-status=running]").waitFor();
  await page.getByLabel("Progress of this study").waitFor();
  await page.getByTestId("pause-study").click();
  await page.locator("[data-testid=study][data-status=paused]").waitFor();
  await page.getByTestId("resume-study").click();
  await page.locator("[data-testid=study][data-status=running]").waitFor();
  await page.getByTestId("study").getByRole("button", { name: "Cancel" }).click();
  await page.locator("[data-testid=study][data-status=cancelled]").waitFor();
});

story("a walk-forward study shows its windows, trained and tested", "/api/optimize", async () => {
  const { page } = terminal;
  await command(terminal, "layout research");
  await command(terminal, "open optimisation");
  await page.getByTestId("new-study").click();
  const form = page.getByTestId("study-form");
  await page.getByTestId("parameter").first().waitFor();
  const rows = page.getByTestId("parameter");
  for (let i = 0; i < (await rows.count()); i++) {
    for (const [field, value] of [["from", "2"], ["to", "4"], ["step", "2"]]) await rows.nth(i).getByLabel(new RegExp(` ${field}$`)).fill(value);
  }
  await form.getByLabel("Symbols").fill("AAPL");
  for (const frame of ["5m", "15m", "1h"]) {
    const button = form.getByRole("button", { name: frame, exact: true });
    if (((await button.getAttribute("aria-pressed")) === "true") !== (frame === "1h")) await button.click();
  }
  await page.getByTestId("method").selectOption("walk_forward");
  await form.getByLabel("Training").fill("120d");
  await form.getByLabel("Test", { exact: true }).fill("60d");
  await page.getByTestId("start-study").click();
  await page.locator("[data-testid=study][data-status=completed]").waitFor({ timeout: 120_000 });
  const id = await page.locator("[data-testid=job][data-status=completed]").first().getAttribute("data-job");
  const { windows } = (await get(`/api/optimize/${id}/results`)).results.walk_forward;
  assert.ok(windows.length >= 2);
  await page.locator("[data-testid=study] [data-tab=windows]").click();
  await until("a row for each window", async () => (await page.getByTestId("study").locator("tbody tr").count()) >= windows.length);
});

// -- system -------------------------------------------------------------------

test("a key of one's own is kept by the node and works on another screen", suite_timeout, async (t) => {
  const { page } = terminal;
  if ((await fetch(`${node.url}/api/v1/hotkeys`)).status === 404) return t.skip("this node keeps no hotkeys");
  await command(terminal, "open settings");
  const row = page.locator("[data-hotkey=orders]");
  await row.getByRole("button", { name: /change/ }).click();
  await page.keyboard.press("b"); // that is the ticket's
  await page.getByTestId("hotkey-settings").getByRole("alert").filter({ hasText: "Order ticket" }).waitFor();
  await page.keyboard.press("q");
  await page.locator("[data-hotkey=orders][data-own=true]").waitFor();
  await until("the node has it", async () => (await get("/api/v1/hotkeys")).keys?.orders === "q");
  const other = await open_terminal(node.url);
  try {
    await other.page.locator("[data-testid=connection][data-state=live]").waitFor();
    await until("the other screen has read it", () => other.page.evaluate(() => localStorage.getItem("tt.hotkeys")?.includes('"q"')));
    await other.page.evaluate(() => document.activeElement?.blur());
    await other.page.keyboard.press("q");
    await other.page.getByTestId("orders").waitFor();
  } finally {
    await other.close();
  }
  await row.getByRole("button", { name: /^Reset/ }).click();
  await page.locator("[data-hotkey=orders][data-own=false]").waitFor();
});

test("keys open panels and arrange the screen", suite_timeout, async () => {
  const { page } = terminal;
  for (const [key, panel] of [["i", "positions"], ["x", "executions"], ["r", "risk"], ["n", "news"], ["o", "orders"], ["b", "ticket"], ["p", "editor"], ["t", "backtest"], ["s", "strategies"]]) {
    await command(terminal, "layout market");
    await blur();
    await page.keyboard.press(key);
    await page.getByTestId(panel).waitFor();
  }
  await blur();
  await page.keyboard.press("4");
  await page.getByTestId("cluster").waitFor();
  await page.keyboard.press("1");
  await page.getByTestId("chart").first().waitFor();
});

test("settings show what the node says of tokens, and the time zone moves the clocks", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "open settings");
  const reply = await fetch(`${node.url}/api/v1/auth/tokens`);
  await page.getByTestId("token-settings").filter({ hasText: reply.ok ? "Make a token" : "Only an administrator" }).waitFor();
  await page.getByRole("radio", { name: "Another" }).click();
  await page.getByLabel("Name of the time zone").fill("Mars/Olympus");
  await page.getByLabel("Name of the time zone").press("Enter");
  await page.getByTestId("settings").getByText("There is no such time zone").waitFor();
  await page.getByLabel("Name of the time zone").fill("Asia/Tokyo");
  await page.getByLabel("Name of the time zone").press("Enter");
  await page.locator("footer", { hasText: "Tokyo" }).waitFor();
  await page.getByRole("radio", { name: "Each exchange's own" }).click();
  await page.locator("footer", { hasText: "Tokyo" }).waitFor({ state: "detached" });
});

test("the header tells of a feed that is not well", suite_timeout, async () => {
  const { page } = terminal;
  await page.locator("[data-testid=source][data-feeds=well]").waitFor();
  await page.route("**/health", async (route) => {
    const reply = await route.fetch();
    const health = await reply.json();
    await route.fulfill({ response: reply, json: { ...health, feeds: { sim: { ...health.feeds.sim, state: "failed", detail: "stand-in: no route to the exchange" } } } });
  });
  await page.locator("[data-testid=feed-problem][title*='no route to the exchange']").waitFor();
  await page.unroute("**/health");
  await page.getByTestId("feed-problem").waitFor({ state: "detached" });
});

test("the layout is kept by the node: another screen begins with it", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "layout monitoring");
  const has_cluster = async () => JSON.stringify(await get("/api/v1/layouts/default")).includes('"cluster"');
  await until("the node has the layout", has_cluster);
  const other = await open_terminal(node.url);
  try {
    await other.page.getByTestId("cluster").waitFor();
    await other.page.getByTestId("system").waitFor();
  } finally {
    await other.close();
  }
  await command(terminal, "layout market");
  await until("the node has the next layout", async () => !(await has_cluster()));
});

test("a chart in a window of its own goes on living, and comes back", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "layout market");
  await command(terminal, "BTCUSD 1m");
  await chart_until(terminal, "shows BTCUSD", (s) => s.symbol === "BTCUSD" && is_ready(s));
  const opening = page.waitForEvent("popup");
  await page.locator(".dv-groupview", { has: page.getByTestId("chart") }).getByRole("button", { name: "Open in its own window" }).click();
  const popup = await opening;
  const chart = popup.getByTestId("chart");
  await chart.waitFor();
  const close = await chart.getAttribute("data-close");
  await until("its price moves", async () => (await chart.getAttribute("data-close")) !== close, 60_000);
  assert.equal(await popup.evaluate(() => document.documentElement.dataset.theme), "dark");
  await command(terminal, "theme light");
  await popup.locator("html[data-theme=light]").waitFor();
  await command(terminal, "theme dark");
  await popup.close();
  await page.getByTestId("chart").waitFor();
});

test("panels are resized by the keyboard's or the mouse's hand at their edges", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "layout market");
  const width = async () => (await terminal.chart().boundingBox()).width;
  const before = await width();
  const box = await terminal.chart().boundingBox();
  await page.mouse.move(box.x + box.width, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 120, box.y + box.height / 2, { steps: 6 });
  await page.mouse.up();
  await until("the chart is narrower", async () => Math.abs(before - 120 - (await width())) < 10);
});

test("everything fits from 1280×720 to 4K, and type grows with the screen", suite_timeout, async () => {
  const { page } = terminal;
  const before = page.viewportSize();
  const sizes = [];
  for (const viewport of [{ width: 1280, height: 720 }, { width: 1920, height: 1080 }, { width: 2560, height: 1440 }, { width: 3840, height: 2160 }]) {
    await page.setViewportSize(viewport);
    for (const layout of ["trading", "research", "monitoring", "market"]) {
      await command(terminal, `layout ${layout}`);
      const over = await page.evaluate(() => {
        const root = document.documentElement;
        const header = document.querySelector(".header");
        return { wide: root.scrollWidth - innerWidth, tall: root.scrollHeight - innerHeight, header: header.scrollWidth - header.clientWidth };
      });
      assert.deepEqual(over, { wide: 0, tall: 0, header: 0 }, `${layout} at ${viewport.width}`);
    }
    sizes.push(await page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize)));
  }
  assert.ok(sizes.every((size, i) => i === 0 || size > sizes[i - 1]), `type of ${sizes} px`);
  await page.setViewportSize(before);
});

const all_panels = {
  chart: "chart", watchlist: "watchlist", quote: "details", time: "trades", "market hours": "market-hours", alerts: "alerts", news: "news", "order ticket": "ticket", orders: "orders",
  executions: "executions", positions: "positions", accounts: "accounts", risk: "risk", webhooks: "webhooks", "pine editor": "editor", backtests: "backtest", optimisation: "optimize",
  strategies: "strategies", cluster: "cluster", system: "system", settings: "settings",
};

for (const theme of ["dark", "light"]) {
  test(`no panel has accessibility violations, ${theme}`, suite_timeout, async () => {
    const { page } = terminal;
    await command(terminal, `theme ${theme}`);
    await page.locator(`html[data-theme=${theme}]`).waitFor();
    for (const [name, id] of Object.entries(all_panels)) {
      await command(terminal, "layout market");
      await command(terminal, `open ${name}`);
      await page.getByTestId(id).first().waitFor();
      assert.deepEqual(await violations(terminal), [], name);
    }
    await command(terminal, "theme dark");
  });
}

// -- TradingView's library ----------------------------------------------------

/// Opens a terminal whose page says that the library is there; its files are those
/// of `files`, by their names below /charting_library/, or what the node serves.
async function with_library(files, run) {
  await command(terminal, "layout market"); // the layout that the other screen begins with
  await until("the node has it", async () => !JSON.stringify(await get("/api/v1/layouts/default")).includes('"settings"'));
  const other = await open_terminal("about:blank");
  try {
    // the build says so in the page's head: see build/asset_plugins.ts
    await other.page.addInitScript(() => new MutationObserver((_, observer) => {
      const slot = document.querySelector("meta[name=tt-charting-library]");
      if (!slot) return;
      slot.content = "/charting_library/";
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true }));
    if (files) await other.page.route("**/charting_library/**", async (route) => {
      const file = files[new URL(route.request().url()).pathname.replace("/charting_library/", "")];
      await (file ? route.fulfill({ contentType: file.startsWith("<") ? "text/html" : "text/javascript", body: file }) : route.fulfill({ status: 404, body: "" }));
    });
    await other.page.goto(node.url);
    await run(other);
  } finally {
    await other.close();
  }
}

test("TradingView's library draws the chart by our UDF where it is installed (a stand-in for it)", suite_timeout, async () => {
  await with_library(web_root ? undefined : await stand_ins(), async (other) => {
    const { page } = other;
    await page.locator("[data-testid=library-chart][data-ready=true]").waitFor();
    const drawn = page.locator("[data-library-symbol]");
    await until("it has bars of the node", async () => Number(await drawn.getAttribute("data-library-bars")) > 0);
    // the node's own headers decide whether the frame may be shown
    if (web_root) await page.locator(`[data-library-frame="${library_title}"]`).waitFor();
    await search(other, "AAPL");
    await page.locator("[data-library-symbol=AAPL]").waitFor();
    await command(other, "1h");
    await page.locator("[data-library-interval='60']").waitFor();
    await command(other, "theme light");
    await page.locator("[data-library-theme=light]").waitFor();
    await command(other, "open settings");
    await page.getByTestId("charts-own").click();
    await command(other, "open chart"); // the settings are in front of it
    await page.getByTestId("chart").first().waitFor();
    assert.deepEqual(await violations(other), []);
    assert.deepEqual(other.complaints.filter((text) => !/403 .*\/auth\/tokens/.test(text)), []);
  });
});

test("a library that does not come up gives way to the terminal's own chart, with the reason", suite_timeout, async () => {
  await with_library({}, async (other) => {
    await other.page.getByTestId("toast").filter({ hasText: "/charting_library/charting_library.standalone.js could not be loaded" }).waitFor();
    await chart_until(other, "the own chart draws", is_ready);
  });
});

test("the page complained about nothing but refusals", suite_timeout, () => {
  // 412: another screen has stored its layout in between
  assert.deepEqual(terminal.complaints.filter((text) => !/\b(?:400|403|404|409|412|422|503)\b/.test(text)), []);
});
