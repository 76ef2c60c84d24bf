import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { node_under_test } from "./lib/gateway_node.mjs";
import { command, missing_part, open_terminal, violations } from "./lib/terminal.mjs";

/// Backtests and studies in the web UI, against a node that has them.

const suite_timeout = { timeout: 180_000 };
const done_within = { timeout: 90_000 };

let node;
let terminal;
let missing;
/// Where a study is missing while backtests are there.
let missing_studies;

before(async () => {
  node = await node_under_test();
  missing = await missing_part(node.url, "/api/backtest");
  missing_studies = await missing_part(node.url, "/api/optimize");
  if (!missing) terminal = await open_terminal(node.url);
}, suite_timeout);

after(async () => {
  await terminal?.close();
  await node?.stop();
});

const story = (name, run) => test(name, suite_timeout, async (t) => (missing ? t.skip(missing) : run(t)));

story("a run goes from the editor to its report", async () => {
  const { page } = terminal;
  await command(terminal, "layout research");
  await page.locator("[data-testid=editor][data-state=checked]").waitFor();
  await page.getByTestId("to-backtest").click();
  await page.getByTestId("run-form").waitFor();
  await page.getByTestId("run-symbols").fill("AAPL, MSFT");
  await page.getByTestId("start-run").click();
  await page.locator("[data-testid=report][data-status=completed]").waitFor(done_within);
  await page.getByTestId("figures").waitFor();
  const id = await page.locator("[data-testid=job]").first().getAttribute("data-job");
  const report = await (await fetch(`${node.url}/api/backtest/${id}/results`)).json();
  const shown = await page.getByTestId("figures").innerText();
  assert.ok(shown.includes(String(report.results.total_trades)), `trades ${report.results.total_trades} in ${shown}`);
  assert.ok(Number(await page.getByTestId("equity-chart").getAttribute("data-points")) > 1);
  assert.deepEqual(await violations(terminal), []);
});

story("a trade is shown in the chart with its entry and exit", async (t) => {
  const { page } = terminal;
  await page.locator("[data-tab=trades]").click();
  const rows = page.locator("[data-testid=trades-table] .vt-body");
  await Promise.race([rows.first().waitFor(), page.getByText("This run made no trades.").waitFor()]);
  if ((await rows.count()) === 0) return t.skip("the run made no trades");
  await rows.first().click();
  await page.locator("[data-testid=chart][data-marks='2'], [data-testid=chart][data-marks='1']").first().waitFor();
});

story("a script that does not compile leads back to its place in the editor", async () => {
  const { page } = terminal;
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("z = nothing(1)");
  await page.locator("[data-testid=editor][data-errors='1']").waitFor();
  await page.getByTestId("to-backtest").click();
  await page.getByTestId("start-run").click();
  await page.locator("[data-testid=report][data-status=failed]").waitFor(done_within);
  await page.getByTestId("job-finding").first().click();
  await page.locator(".cm-activeLine", { hasText: "nothing(1)" }).waitFor();
});

story("the command line starts a run", async () => {
  const before = await terminal.page.getByTestId("job").count();
  await command(terminal, "bt ma-cross AAPL 1h");
  await terminal.page.waitForFunction((known) => document.querySelectorAll("[data-testid=job]").length > known, before);
  await terminal.page.locator("[data-testid=report][data-status=completed]").waitFor(done_within);
});

story("two runs are compared", async () => {
  const { page } = terminal;
  const boxes = page.locator("[data-testid=job][data-status=completed] input[type=checkbox]");
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await page.getByTestId("open-compare").click();
  await page.getByTestId("compare").getByRole("row", { name: /^Return/ }).waitFor();
});

story("a study of two parameters draws its heat map", async (t) => {
  if (missing_studies) return t.skip(missing_studies);
  const { page } = terminal;
  await command(terminal, "open optimisation");
  await page.getByTestId("study-form").waitFor();
  const rows = page.getByTestId("parameter");
  await rows.first().waitFor();
  for (let i = 0; i < (await rows.count()); i++) {
    await rows.nth(i).getByLabel(/ from$/).fill(String(5 + 10 * i));
    await rows.nth(i).getByLabel(/ to$/).fill(String(9 + 10 * i));
    await rows.nth(i).getByLabel(/ step$/).fill("2");
  }
  await page.getByTestId("start-study").click();
  await page.locator("[data-testid=study][data-status=completed]").waitFor(done_within);
  await page.locator("[data-tab=map]").click();
  await page.locator("[data-testid=heat-map][data-cells='9']").waitFor();
  assert.deepEqual(await violations(terminal), []);
});

story("the page complained about nothing", () => assert.deepEqual(terminal.complaints, []));
