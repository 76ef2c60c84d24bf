import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const chromium_path = process.env.TT_CHROMIUM ?? "/usr/bin/chromium";
const chromium_args = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
/// How long anything may take to come about; a very busy machine needs more.
export const wait_ms = 1000 * Number(process.env.TT_WAIT_S ?? 20);

/// The terminal's page in a browser with a profile of its own. What the page
/// complains about is collected in `complaints`.
export async function open_terminal(url, { proxy, viewport = { width: 1600, height: 900 }, args = [] } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "tt-e2e-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromium_path, args: [...chromium_args, ...args], viewport,
    ...(proxy ? { proxy: { server: proxy, bypass: "<-loopback>" } } : {}),
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(wait_ms);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`exception: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // No layout is stored before the first change: a 404 is the contract's answer.
    if (message.location().url.includes("/api/v1/layouts/") && message.text().includes("404")) return;
    // A part that the node lacks answers 503, and the panel says so.
    if (message.location().url.includes("/api/") && message.text().includes("503")) return;
    complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  // each use of something that the content security policy forbids, in every window
  await context.exposeFunction("tt_csp_report", (text) => complaints.push(`csp: ${text}`));
  await context.addInitScript(() => addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => globalThis.tt_csp_report(`${violatedDirective} ${blockedURI} ${sourceFile}`)));
  await page.goto(url, { timeout: wait_ms });
  // the page first asks the node who it is
  if (url !== "about:blank") await page.locator(".header, [data-testid=sign-in]").first().waitFor();
  return {
    page,
    context,
    profile,
    complaints,
    chart: () => page.getByTestId("chart").first(),
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/// The chart's read-only test hooks as numbers and text.
export async function chart_state(terminal) {
  const data = await terminal.chart().evaluate((element) => ({ ...element.dataset }));
  const number = (text) => (text === undefined ? Number.NaN : Number(text));
  return {
    symbol: data.symbol, timeframe: data.timeframe, session: data.session, status: data.status, stale: data.stale === "true",
    bars: number(data.bars), first: number(data.first), last: number(data.last), close: number(data.close),
    from: number(data.from), to: number(data.to),
  };
}

/// Waits until `check` holds for the chart and returns that state.
export async function chart_until(terminal, what, check, timeout_ms = wait_ms) {
  const deadline = Date.now() + timeout_ms;
  let state;
  do {
    state = await chart_state(terminal);
    if (check(state)) return state;
    await terminal.page.waitForTimeout(50);
  } while (Date.now() < deadline);
  throw new Error(`chart never: ${what}; it is ${JSON.stringify(state)}`);
}

/// Types a command the way a user does and runs it.
export async function command({ page }, text) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("Control+k");
  await page.getByTestId("search").getByRole("combobox").fill(text);
  await page.locator("[data-testid=command]:not([aria-disabled=true])").waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("search").waitFor({ state: "detached" });
}

/// Puts a symbol on the chart the way a user does: by the search.
export async function search({ page }, query) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("/");
  await page.getByTestId("search").getByRole("combobox").fill(query);
  await page.locator("[role=option][aria-selected=true]").filter({ hasText: query }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("search").waitFor({ state: "detached" });
}

/// Previews what the ticket holds, sends it, and waits for the node's answer.
export async function send_ticket({ page }) {
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("preview").waitFor();
  await page.getByTestId("ticket-submit").click();
  await page.getByTestId("ask-yes").click();
  await page.getByTestId("answer").waitFor();
}

/// Asks until there is an answer.
export async function until(what, ask, timeout_ms = wait_ms) {
  const deadline = Date.now() + timeout_ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/// Complaints without those that a cut connection makes the browser write.
export function without_cuts(complaints) {
  return complaints.filter((text) => !/ERR_|WebSocket connection to/.test(text));
}

/// What axe-core finds wrong, one line each.
export async function violations({ page }) {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe); // by the debugger: the page's CSP allows no foreign script
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

/// The text with which the node says that a route's part is missing;
/// undefined when it has it.
export async function missing_part(url, path) {
  const reply = await fetch(url + path);
  if (reply.status !== 503) return undefined;
  return (await reply.json()).detail ?? `${path} answered 503`;
}

export const is_ready = ({ status, bars }) => status === "ready" && bars > 0;
