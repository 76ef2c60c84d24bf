import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { node_under_test } from "./lib/gateway_node.mjs";
import { chart_until, command, is_ready, missing_part, open_terminal, violations } from "./lib/terminal.mjs";

/// Alerts, webhooks, strategies, paper accounts, news, and what the chart shows
/// of them. Each story asks the node for its part first and skips, with the
/// node's text, where it answers that it has none.

const suite_timeout = { timeout: 120_000 };

let node;
let terminal;
/// The folder of a feed of news, where the node is ours to start.
let feed;

const feed_text = `<?xml version="1.0"?><rss version="2.0"><channel><title>Story wire</title>
<item><title>Rates unchanged</title><link>https://wire.example/2</link><guid>2</guid><pubDate>Wed, 14 Jan 2026 15:00:00 GMT</pubDate></item>
<item><title>Apple opens &lt;b&gt;bold&lt;/b&gt;</title><link>https://wire.example/1</link><guid>1</guid><pubDate>Wed, 14 Jan 2026 16:00:00 GMT</pubDate>
<description>Apple Inc. (NASDAQ:AAPL) &lt;script&gt;alert(1)&lt;/script&gt;rose</description></item></channel></rss>`;

before(async () => {
  if (process.env.TT_BIN) {
    feed = await mkdtemp(join(process.env.DATA_DIR ?? tmpdir(), "feed-"));
    await writeFile(join(feed, "feed.xml"), feed_text);
  }
  node = await node_under_test(feed ? { env: { NEWS_FEEDS: `file://${join(feed, "feed.xml")}` } } : {});
  terminal = await open_terminal(node.url);
}, suite_timeout);

after(async () => {
  await terminal?.close();
  await node?.stop();
  if (feed) await rm(feed, { recursive: true, force: true });
});

const story = (name, path, run) => test(name, suite_timeout, async (t) => {
  const missing = await missing_part(node.url, path);
  return missing === undefined ? run(t) : t.skip(missing);
});
const get = async (path) => (await fetch(node.url + path)).json();
const rows_of = (body, name) => (Array.isArray(body) ? body : body[name]);

async function until(what, check) {
  for (let i = 0; i < 100; i++) {
    const found = await check();
    if (found) return found;
    await terminal.page.waitForTimeout(100);
  }
  throw new Error(`never: ${what}`);
}

/// Chooses in one of the chart's menus.
async function choose(menu, item) {
  await terminal.page.getByTestId(menu).first().getByRole("button").first().click();
  await terminal.page.locator(item).first().click();
}

/// The chart of AAPL in front, drawn.
async function show_chart() {
  await command(terminal, "layout market");
  await command(terminal, "AAPL 5m");
  await chart_until(terminal, "shows AAPL 5m", (s) => s.symbol === "AAPL" && s.timeframe === "5m" && is_ready(s));
}

// -- the chart ----------------------------------------------------------------

test("the chart draws bars in other styles and on a logarithmic scale", suite_timeout, async () => {
  await show_chart();
  for (const style of ["bars", "line", "area", "heikin_ashi", "candles"]) {
    await choose("bar-style", `[data-style=${style}]`);
    await terminal.page.locator(`[data-testid=chart][data-style=${style}]`).waitFor();
  }
  await terminal.page.getByTestId("log-scale").first().click();
  await terminal.page.locator("[data-testid=chart][data-log=true]").waitFor();
  await terminal.page.getByTestId("log-scale").first().click();
});

test("drawings are made by the mouse, kept per symbol, and removed by Delete", suite_timeout, async () => {
  const { page } = terminal;
  await show_chart();
  const box = await terminal.chart().locator(".chart-canvas").boundingBox();
  await choose("draw-menu", "[data-tool=trend]");
  await page.mouse.move(box.x + 250, box.y + 220);
  await page.mouse.down();
  await page.mouse.move(box.x + 400, box.y + 180);
  await page.mouse.move(box.x + 500, box.y + 150);
  await page.mouse.up();
  await page.locator("[data-testid=chart][data-drawings='1']").waitFor();
  await command(terminal, "MSFT 5m");
  await page.locator("[data-testid=chart][data-symbol=MSFT][data-drawings='0']").waitFor();
  await command(terminal, "AAPL 5m");
  await page.locator("[data-testid=chart][data-symbol=AAPL][data-drawings='1']").waitFor();
  await chart_until(terminal, "shows AAPL", (s) => s.symbol === "AAPL" && is_ready(s));
  await page.mouse.click(box.x + 400, box.y + 180); // on the line
  await page.keyboard.press("Delete");
  await page.locator("[data-testid=chart][data-drawings='0']").waitFor();
});

test("another symbol is drawn beside", suite_timeout, async () => {
  const { page } = terminal;
  await show_chart();
  await page.getByTestId("compare-menu").getByRole("button").first().click();
  await page.getByTestId("compare-symbol").fill("msft");
  await page.keyboard.press("Enter");
  const chip = page.locator("[data-compare=MSFT]");
  await chip.filter({ hasText: /MSFT\s*[+-]?\d/ }).waitFor();
  await chip.getByRole("button").click();
  await chip.waitFor({ state: "detached" });
});

/// POST only: asked with a source that compiles.
async function missing_preview() {
  const reply = await fetch(`${node.url}/api/v1/strategies/preview`, {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ kind: "pine", source: '//@version=6\nindicator("x")\nplot(close)', symbol: "AAPL", timeframe: "5m", bars: 10 }),
  });
  return reply.status === 503 ? ((await reply.json()).detail ?? "no previews") : undefined;
}

/// By the keyboard: figures beside the button change its place while one clicks.
async function remove_study(id) {
  const chip = terminal.page.locator(`[data-study=${id}]`);
  await chip.getByRole("button", { name: "Remove" }).press("Enter");
  await chip.waitFor({ state: "detached" });
}

test("indicators are computed by the node and have panes of their own", suite_timeout, async (t) => {
  const missing = await missing_preview();
  if (missing) return t.skip(missing);
  const { page } = terminal;
  await show_chart();
  for (const id of ["sma", "ema", "vwap", "bollinger", "rsi", "macd", "atr"]) {
    await choose("study-menu", `[data-indicator=${id}]`);
    await page.locator(`[data-study=${id}][data-state=ready]`).waitFor();
    assert.notEqual(await page.locator(`[data-study=${id}]`).getAttribute("data-series"), "0", id);
    await remove_study(id);
  }
  await choose("study-menu", "[data-indicator=rsi]");
  await page.locator("[data-study=rsi] .chip-name").click();
  await page.locator("[data-input=Length]").fill("7");
  await page.getByTestId("ask-yes").click();
  await page.locator("[data-study=rsi][data-state=ready]").filter({ hasText: "RSI 7" }).waitFor();
  assert.deepEqual(await violations(terminal), []);
  await remove_study("rsi");
});

test("a chart's indicators, their inputs and compared symbols are there again after a reload", suite_timeout, async (t) => {
  const missing = await missing_preview();
  if (missing) return t.skip(missing);
  const { page } = terminal;
  await show_chart();
  await choose("study-menu", "[data-indicator=rsi]");
  await page.locator("[data-study=rsi] .chip-name").click();
  await page.locator("[data-input=Length]").fill("9");
  await page.getByTestId("ask-yes").click();
  await choose("study-menu", "[data-indicator=ema]");
  await page.getByTestId("compare-menu").first().getByRole("button").first().click();
  const other = "MSFT";
  await page.getByTestId("compare-symbol").fill(other);
  await page.keyboard.press("Enter");
  await page.locator(`[data-compare=${other}]`).waitFor();
  const stored = () => page.evaluate(() => localStorage.getItem("tt.layout") ?? "");
  await until("all of it is stored", async () => /"rsi".*"Length":"9".*"ema"/.test(await stored()) && (await stored()).includes(`"compared":["${other}"]`));
  await page.reload();
  await page.locator("[data-study=rsi][data-state=ready]").filter({ hasText: "RSI 9" }).waitFor();
  await page.locator("[data-study=ema][data-state=ready]").waitFor();
  await page.locator(`[data-compare=${other}]`).waitFor();
  await chart_until(terminal, "drawn again", is_ready);
  await remove_study("rsi");
  await remove_study("ema");
  await page.locator(`[data-compare=${other}]`).getByRole("button").press("Enter");
});

// -- alerts -------------------------------------------------------------------

story("an alert is set by a command and triggers", "/api/v1/alerts", async () => {
  const { page } = terminal;
  await command(terminal, "alert BTCUSD above 1 it works");
  await until("the alert triggers", async () => rows_of(await get("/api/v1/alerts"), "alerts").some((one) => one.symbol === "BTCUSD" && one.trigger_count > 0));
  await command(terminal, "open alerts");
  await page.locator("[data-testid=alerts] [data-state=triggered]").first().waitFor();
  assert.deepEqual(await violations(terminal), []);
});

story("an alert's form names what is wrong and warns of its order", "/api/v1/alerts", async () => {
  const { page } = terminal;
  await command(terminal, "open alerts");
  await page.getByTestId("new-alert").click();
  await page.getByTestId("alert-symbol").fill("AAPL");
  await page.getByTestId("alert-save").click();
  await page.getByTestId("alert-form").getByText("Needed").first().waitFor();
  await page.getByTestId("alert-auto").check();
  assert.match(await page.getByTestId("alert-warning").innerText(), /trades by itself/);
  assert.deepEqual(await violations(terminal), []);
  await page.getByTestId("alert-auto").uncheck();
  await page.getByTestId("alert-value").fill("1000000");
  await page.getByTestId("alert-save").click();
  await page.getByTestId("alert-form").waitFor({ state: "detached" });
  assert.ok(rows_of(await get("/api/v1/alerts"), "alerts").some((one) => one.condition_value === 1_000_000));
});

story("an alert is set at the crosshair, stands in the chart and is dragged", "/api/v1/alerts", async () => {
  const { page } = terminal;
  await show_chart();
  const before = Number(await terminal.chart().getAttribute("data-lines"));
  const box = await terminal.chart().locator(".chart-canvas").boundingBox();
  await page.mouse.click(box.x + 420, box.y + 40, { button: "right" });
  await page.getByTestId("chart-menu").getByRole("menuitem").first().click();
  await page.getByTestId("alert-save").click();
  await page.getByTestId("alert-form").waitFor({ state: "detached" });
  const newest = async () => rows_of(await get("/api/v1/alerts"), "alerts").filter((one) => one.symbol === "AAPL" && one.alert_status === "active" && one.condition_value < 100_000).sort((a, b) => b.created_at.localeCompare(a.created_at))[0];
  const set = await until("the alert is there", newest);
  await command(terminal, "open chart");
  await page.locator(`[data-testid=chart][data-lines='${before + 1}']`).waitFor();
  await page.mouse.move(box.x + 420, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + 420, box.y + 55);
  await page.mouse.move(box.x + 420, box.y + 70);
  await page.mouse.up();
  const moved = await until("the alert has moved", async () => {
    const now = await (await fetch(`${node.url}/api/v1/alerts/${set.alert_id}`)).json();
    return now.condition_value !== set.condition_value && now;
  });
  assert.ok(moved.condition_value < set.condition_value, "down in the chart is a lower price");
});

// -- webhooks -----------------------------------------------------------------

story("webhooks: a profile shows its token once, and events as they come", "/api/v1/webhooks/events", async (t) => {
  const { page } = terminal;
  await command(terminal, "open webhooks");
  await page.locator("[data-testid=webhook-events][data-part=ready]").waitFor();
  const profiles = await fetch(`${node.url}/api/v1/webhooks`);
  if (profiles.status === 403) {
    assert.ok((await page.getByTestId("webhooks").innerText()).includes((await profiles.json()).detail), "the node's refusal is shown");
    return t.skip("profiles are for administrators on this node");
  }
  await page.getByTestId("new-profile").click();
  await page.getByTestId("profile-name").fill("e2e");
  await page.getByTestId("profile-secret").fill("s3cret-of-the-test");
  assert.deepEqual(await violations(terminal), []);
  await page.getByTestId("profile-save").click();
  await page.getByTestId("fresh-token").waitFor();
  const url = await page.getByLabel("Webhook address", { exact: true }).inputValue();
  const body = JSON.stringify({ secret: "s3cret-of-the-test", ticker: "AAPL", action: "info", message: "hello" });
  const reply = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  assert.equal(reply.status, 200);
  await page.getByTestId("webhook-events").locator(".vt-body .tag", { hasText: "recorded" }).first().waitFor();
  assert.ok(!(await page.getByTestId("webhook-events").innerText()).includes("s3cret"), "no secret in the table");
  await page.getByTestId("filter-decision").selectOption("refused");
  await page.locator("[data-testid=webhook-events][data-count='0']").waitFor();
  await page.getByTestId("filter-decision").selectOption("");
  await page.getByTestId("forget-token").click();
  assert.ok(!(await page.getByTestId("webhooks").innerText()).includes(url.split("/").at(-1)), "the token is gone");
});

// -- strategies ---------------------------------------------------------------

story("a script runs on paper and is switched off by a command", "/api/v1/strategies", async () => {
  const { page } = terminal;
  await command(terminal, "open strategies");
  await page.getByTestId("new-strategy").click();
  await page.getByTestId("strategy-id").fill("e2e-cross");
  await page.getByTestId("strategy-script").selectOption({ label: "ma-cross" });
  await page.getByTestId("strategy-symbols").fill("BTCUSD");
  await page.getByTestId("strategy-timeframe").selectOption("1m");
  assert.deepEqual(await violations(terminal), []);
  await page.getByTestId("strategy-save").click();
  await page.locator("[data-testid=strategy][data-strategy=e2e-cross][data-enabled=false][data-mode=paper]").waitFor();
  await page.getByTestId("strategy-toggle").click();
  await page.locator("[data-testid=strategy][data-enabled=true]").waitFor();
  assert.equal((await get("/api/v1/strategies/e2e-cross")).enabled, true);
  for (const tab of ["signals", "sets", "transitions", "runs", "log", "performance"]) {
    await page.locator(`[data-testid=strategy] [data-tab=${tab}]`).click();
    assert.equal(await page.locator("[data-testid=strategy] [role=alert]").count(), 0, tab);
  }
  assert.deepEqual(await violations(terminal), []);
  await command(terminal, "strategy off e2e-cross");
  await page.locator("[data-testid=strategy][data-enabled=false]").waitFor();
});

story("live needs more than a click", "/api/v1/strategies", async () => {
  const { page } = terminal;
  await page.getByTestId("strategy-mode").click();
  assert.ok(await page.getByTestId("ask-yes").isDisabled(), "no change of mode without a reason");
  await page.getByTestId("mode-reason").fill("test");
  await page.getByTestId("ask-yes").click();
  await until("the refusal is shown", async () => /live|admin|REAL_TRADING/i.test(await page.locator(".toasts, [data-testid=toasts], .toast").first().innerText().catch(() => "")));
  assert.equal((await get("/api/v1/strategies/e2e-cross")).mode, "paper");
});

story("a backtest goes on as a strategy on paper", "/api/v1/strategies", async (t) => {
  const gone = await missing_part(node.url, "/api/backtest");
  if (gone) return t.skip(gone);
  const { page } = terminal;
  await command(terminal, "bt momentum AAPL 1h");
  await page.getByTestId("to-paper").waitFor({ timeout: 90_000 });
  await page.getByTestId("to-paper").click();
  await page.getByTestId("strategy-form").waitFor();
  assert.equal(await page.getByTestId("strategy-symbols").inputValue(), "AAPL");
  assert.equal(await page.getByTestId("strategy-timeframe").inputValue(), "1h");
});

// -- accounts, news -----------------------------------------------------------

story("accounts show their figures, paper accounts how they fill", "/api/v1/accounts", async () => {
  const { page } = terminal;
  await command(terminal, "open accounts");
  await page.locator("[data-testid=accounts][data-part=ready]").waitFor();
  assert.match(await page.getByTestId("accounts").innerText(), /paper_simulator/);
  const missing = await missing_part(node.url, "/api/paper-trading/accounts");
  if (missing) assert.ok((await page.getByTestId("accounts").innerText()).includes(missing), "the node's own words");
  assert.deepEqual(await violations(terminal), []);
});

test("the news panel says what to configure (a stand-in answer where the node has a source)", suite_timeout, async () => {
  const { page } = terminal;
  await page.route("**/api/v1/news?*", (route) => route.fulfill({ json: { configured: false, news: [], feeds: [] } }));
  await command(terminal, "open news");
  assert.match(await page.getByTestId("news-unconfigured").innerText(), /NEWS_FEEDS/);
  await page.unroute("**/api/v1/news?*");
  await page.getByTestId("news-unconfigured").getByRole("button").click();
});

test("headlines of a feed are shown, about everything or the shown symbol", suite_timeout, async (t) => {
  const { page } = terminal;
  const known = await get("/api/v1/news");
  if (!feed || known.configured === false) return t.skip("needs a node of its own: set TT_BIN and TT_CONFIG");
  await command(terminal, "AAPL 5m");
  await command(terminal, "open news");
  const news = page.getByTestId("news");
  await news.getByRole("link", { name: "Rates unchanged" }).waitFor();
  assert.deepEqual(await news.locator(".news-item").first().getByRole("button").allInnerTexts(), ["AAPL"], "newest first, with its symbol");
  assert.ok(!(await news.innerHTML()).includes("<b>bold"), "no markup of the feed");
  await news.getByRole("radio", { name: "AAPL" }).click();
  await news.getByText("Rates unchanged").waitFor({ state: "detached" });
  await news.getByRole("link", { name: "Apple opens bold" }).waitFor();
  await news.getByRole("radio", { name: "Everything" }).click();
  await news.getByText("Rates unchanged").waitFor();
});

test("headlines are shown with their symbols, and only web addresses are links (stand-in answers)", suite_timeout, async () => {
  const { page } = terminal;
  const item = { timestamp: "2026-01-15T15:00:00Z", source: "Wire", symbols: ["AAPL"] };
  await page.route("**/api/v1/news?*", (route) => route.fulfill({ json: { configured: true, news: [{ ...item, id: "1", headline: "Apple opens higher", url: "https://example.com/a" }, { ...item, id: "2", headline: "Not a link", url: "javascript:alert(1)" }] } }));
  await command(terminal, "layout market");
  await command(terminal, "open news");
  await page.getByRole("button", { name: "Ask again" }).click({ timeout: 2_000 }).catch(() => {}); // or it was asked anew already
  await page.getByText("Not a link").waitFor();
  const links = await page.locator(".news-link").allInnerTexts(); // the stream may have brought the node's own besides
  assert.ok(links.includes("Apple opens higher") && !links.includes("Not a link"), links.join("; "));
  await page.locator(".news-symbol").first().click();
  await command(terminal, "open chart"); // the news are in front of it
  await chart_until(terminal, "shows the symbol of the news", (s) => s.symbol === "AAPL");
  await page.unroute("**/api/v1/news?*");
});

test("parts that the node lacks are named in their panels", suite_timeout, async (t) => {
  const { page } = terminal;
  let checked = 0;
  for (const [panel, path] of [["alerts", "/api/v1/alerts"], ["strategies", "/api/v1/strategies"]]) {
    const missing = await missing_part(node.url, path);
    if (missing === undefined) continue;
    await command(terminal, `open ${panel}`);
    await page.getByTestId(panel).getByTestId("part-notice").filter({ hasText: missing }).waitFor();
    checked += 1;
  }
  if (checked === 0) t.skip("this node has them all");
});

test("the page complained about nothing but refusals", suite_timeout, () => {
  assert.deepEqual(terminal.complaints.filter((text) => !/\b(?:400|403|404|409|422|503)\b/.test(text)), []);
});
