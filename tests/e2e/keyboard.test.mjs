import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { node_under_test } from "./lib/gateway_node.mjs";
import { chart_until, command, is_ready, missing_part, open_terminal, until } from "./lib/terminal.mjs";

/// The terminal without a mouse: nothing here clicks. Also what a picky reader of
/// the screen looks at: what fits, what is cut, what lies over what.

const suite_timeout = { timeout: 240_000 };

let node;
let terminal;
let missing;

before(async () => {
  node = await node_under_test();
  missing = await missing_part(node.url, "/api/v1/orders");
  terminal = await open_terminal(node.url, { viewport: { width: 1280, height: 720 } });
  await chart_until(terminal, "has a first symbol", is_ready);
}, suite_timeout);

after(async () => {
  await terminal?.close();
  await node?.stop();
});

const get = async (path) => (await fetch(node.url + path)).json();
const orders = () => get("/api/v1/orders?limit=50");
const focus_is_in = (panel) => terminal.page.getByTestId(panel).evaluate((element) => element.contains(document.activeElement));
const story = (name, run) => test(name, suite_timeout, async (t) => (missing ? t.skip(missing) : run(terminal.page)));

story("a key opens the ticket at its quantity; Enter previews, asks and sends", async (page) => {
  await page.keyboard.press("2");
  await page.keyboard.press("/");
  await page.keyboard.type("AAPL 5m");
  await page.locator("[data-testid=command]:not([aria-disabled=true])").waitFor();
  await page.keyboard.press("Enter");
  await chart_until(terminal, "shows AAPL", (s) => s.symbol === "AAPL" && s.timeframe === "5m" && is_ready(s));
  await page.keyboard.press("Shift+B");
  await page.locator("[data-testid=ticket-quantity]:focus").waitFor();
  await page.keyboard.type("3");
  await page.keyboard.press("Enter");
  await page.locator("[data-testid=preview][data-accepts=true]").waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("ask").waitFor();
  await page.keyboard.press("Tab"); // from Cancel, which comes first, to Send
  await page.keyboard.press("Enter");
  await page.getByTestId("answer").filter({ hasText: "filled" }).waitFor();
  await page.keyboard.press("Escape"); // out of the field: keys are keys again
});

story("a position is closed by keys", async (page) => {
  await page.keyboard.press("i");
  await page.locator('[data-testid=positions] tr[data-symbol="AAPL"][data-quantity="3"]').waitFor();
  await until("the keyboard is in the panel", () => focus_is_in("positions"));
  await page.keyboard.press("Tab"); // the symbol
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Close AAPL");
  await page.keyboard.press("Enter");
  await page.getByTestId("close-part").waitFor();
  await until("the dialog has the keyboard", () => page.getByTestId("ask").evaluate((element) => element.contains(document.activeElement)));
  await page.getByTestId("close-part").press("Enter"); // the form's own way
  await page.locator('[data-testid=positions] tr[data-symbol="AAPL"]').waitFor({ state: "detached" });
});

story("a command fills the ticket; a working order is cancelled by Delete", async (page) => {
  const { last } = (await get("/api/v1/quotes?symbols=AAPL")).quotes[0];
  await command(terminal, `buy 1 AAPL limit ${(last * 0.97).toFixed(2)} gtc`);
  await page.locator("[data-testid=ticket-submit]:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("preview").waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("ask").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByTestId("answer").waitFor();
  await until("the page has heard of it", async () => Number(await terminal.chart().getAttribute("data-lines")) > 0);
  await page.keyboard.press("o");
  await page.locator("[data-testid=orders] [role=grid]:focus").waitFor();
  const working = await until("the order works", async () => (await orders()).find(({ status, symbol }) => status === "open" && symbol === "AAPL"));
  await page.keyboard.press("Home");
  await page.keyboard.press("Delete");
  await until("the node has cancelled it", async () => (await get(`/api/v1/orders/${working.order_id}`)).status === "cancelled");
});

test("a misspelt name is found in the whole instrument master", suite_timeout, async () => {
  const { page } = terminal;
  for (const [typed, symbol] of [["mcrosoft", "MSFT"], ["micro nsdq", "MNQ1!"], ["aple", "AAPL"]]) {
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("/");
    await page.getByTestId("search").getByRole("combobox").fill(typed);
    await page.locator("[role=option][aria-selected=true]").filter({ hasText: symbol }).waitFor();
    await page.keyboard.press("Enter");
    await chart_until(terminal, `shows ${symbol}`, (s) => s.symbol === symbol);
  }
});

const panels = {
  positions: "positions", orders: "orders", executions: "executions", accounts: "accounts", alerts: "alerts", risk: "risk", webhooks: "webhooks", "pine editor": "editor", backtests: "backtest",
  optimisation: "optimize", strategies: "strategies", cluster: "cluster", system: "system", settings: "settings", news: "news", "order ticket": "ticket", watchlist: "watchlist",
};

test("every panel takes the keyboard when it is asked for, and shows where it is", suite_timeout, async () => {
  const { page } = terminal;
  for (const [name, id] of Object.entries(panels)) {
    await command(terminal, "layout market");
    await command(terminal, `open ${name}`);
    await page.getByTestId(id).first().waitFor();
    await until(`the keyboard is in ${name}`, () => focus_is_in(id));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Shift+Tab");
    // a field marks itself by its frame, a row by its bar, everything else by an outline
    const seen = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      return { at: element.outerHTML.slice(0, 120), seen: element.matches(":focus-visible") && (style.outlineStyle !== "none" || element.querySelector("[aria-selected=true]") !== null) };
    });
    assert.ok(seen.seen, `the focus in ${name} can be seen: ${seen.at}`);
    await page.evaluate(() => document.activeElement.blur());
  }
});

test("the chart takes the arrows as soon as it is asked for", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "layout market");
  await command(terminal, "open chart");
  await page.locator("[data-testid=chart]:focus").waitFor();
  const before = await chart_until(terminal, "is drawn", is_ready);
  await page.keyboard.press("ArrowLeft");
  const back = await chart_until(terminal, "has scrolled back", ({ from }) => from < before.from);
  await page.keyboard.press("End");
  await chart_until(terminal, "shows the newest bar again", ({ from, to }) => from > back.from && to >= before.to);
});

test("the help fits the smallest screen from its first line on", suite_timeout, async () => {
  const { page } = terminal;
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard and commands" });
  await help.waitFor();
  assert.deepEqual(await help.evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({ scrollTop, hidden: scrollHeight - clientHeight })), { scrollTop: 0, hidden: 0 });
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
});

story("the ticket takes a price of the market, and says when the checks would cut the order", async (page) => {
  await command(terminal, "layout trading");
  await command(terminal, "buy 1 AAPL");
  await page.getByTestId("take-bid").press("Enter");
  assert.equal(await page.getByTestId("ticket-type").inputValue(), "limit");
  const { bid } = (await get("/api/v1/quotes?symbols=AAPL")).quotes[0];
  assert.ok(Math.abs(Number(await page.getByTestId("ticket-price").inputValue()) - bid) < bid * 0.01);
  // 10 % of the equity is the most that a position may be
  await command(terminal, "buy 45 AAPL");
  await page.keyboard.press("Enter");
  const preview = page.getByTestId("preview");
  await preview.waitFor();
  const told = await preview.innerText();
  const [, left] = /Would be cut to (\d+) of 45/.exec(told) ?? [];
  assert.ok(Number(left) > 0 && Number(left) < 45, told);
  assert.match(await page.getByTestId("ticket-submit").innerText(), new RegExp(`^Send: buy ${left} AAPL`));
  await until("the verdict is in view", () => preview.evaluate((element) => {
    const box = element.getBoundingClientRect();
    const frame = element.closest(".scroll").getBoundingClientRect();
    return box.top >= frame.top - 1 && box.top < frame.bottom;
  }));
  await page.keyboard.press("Escape");
});

test("the notes of a chart lie one below the other, and leave the labels of prices free", suite_timeout, async () => {
  const { page } = terminal;
  await command(terminal, "layout research"); // a chart too narrow for its legend in one line
  await chart_until(terminal, "is drawn", is_ready);
  await terminal.page.getByTestId("study-menu").getByRole("button").first().press("Enter");
  await page.locator("[data-indicator=rsi]").press("Enter");
  await page.locator("[data-testid=studies] [data-study=rsi]").waitFor();
  const boxes = await page.evaluate(() => [".legend", ".chips", ".chart-stage"].map((selector) => {
    const { top, bottom, right } = document.querySelector(selector).getBoundingClientRect();
    return { top, bottom, right };
  }));
  const [legend, chips, stage] = boxes;
  assert.ok(chips.top >= legend.bottom - 1, JSON.stringify(boxes));
  assert.ok(Math.max(legend.right, chips.right) < stage.right - 90, JSON.stringify(boxes));
});

story("a script of the editor is computed on the chart's bars, and anew after a change", async (page) => {
  await command(terminal, "layout research");
  await page.locator("[data-testid=editor][data-state=checked]").waitFor();
  await page.getByTestId("script").selectOption({ label: "ma-cross" });
  await page.locator("[data-testid=editor][data-state=checked]").waitFor();
  await page.getByTestId("to-chart").press("Enter");
  const study = page.locator("[data-testid=studies] [data-study^='script:']");
  await study.waitFor();
  await page.locator("[data-testid=studies] [data-study^='script:'][data-state=ready][data-series='2']").waitFor();
  await page.getByTestId("to-chart").press("Enter");
  await page.locator("[data-testid=studies] [data-study^='script:'][data-state=ready]").waitFor();
  assert.equal(await study.count(), 1, "the same study, not another one");
});

test("a node that stands alone is shown as the one it is, with what makes a cluster of it", suite_timeout, async (t) => {
  const { page } = terminal;
  const { mode, node: name } = await get("/api/v1/cluster");
  if (mode !== "standalone") return t.skip("the node is of a cluster");
  await command(terminal, "layout monitoring");
  const row = page.locator(`[data-testid=standalone-node][data-node="${name}"]`);
  await row.filter({ hasText: /healthy|ok/ }).waitFor();
  assert.match(await page.getByTestId("cluster").innerText(), /tt keys new/);
});

test("the page complained about nothing but refusals", suite_timeout, () => {
  assert.deepEqual(terminal.complaints.filter((text) => !/\b(?:400|403|404|409|412|422|503)\b/.test(text)), []);
});
