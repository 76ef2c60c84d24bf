import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { default_speed, figures_node, invented, symbol_count } from "./lib/figures_node.mjs";
import { detached_nodes, grown, heap_classes } from "./lib/heap_classes.mjs";
import { browser_processes, counters, heap_after_gc, median, slope_per_hour, spread } from "./lib/measure.mjs";
import { chart_until, command, is_ready, open_terminal, until } from "./lib/terminal.mjs";

/// Figures of the web UI in headless Chromium against a node that it starts:
///     TT_BIN=…/tt TT_WEB_ROOT=…/dist npm run figures -- [--minutes 10] [--only load,pan,run,switch] [--json FILE]
/// A table on the screen, the same as JSON. Timings depend on what else the machine
/// does: the load average before and after is part of the result.

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" }, only: { type: "string", default: "load,pan,run,switch" }, json: { type: "string" }, port: { type: "string", default: "18474" }, rows: { type: "string", default: "followed" }, speed: { type: "string", default: String(default_speed) },
  },
});
const parts = options.only.split(",");
const minutes = Number(options.minutes);
const mb = (bytes) => bytes / 1e6;
const round = (value, digits = 1) => Number(value.toFixed(digits));
const load = () => loadavg().map((value) => round(value, 2));

/// Budgets of spec/ui.md; a figure without one has no limit there.
const budgets = { js_gz_kb: 200, css_gz_kb: 15, fcp_ms: 1000, tbt_ms: 50, idle_heap_mb: 150, core_share: 0.25 };

const results = {
  machine: { cpu: cpus()[0].model, cores: cpus().length, memory_gb: round(totalmem() / 2 ** 30, 0) }, load_before: load(), budgets,
  browser: execFileSync(process.env.TT_CHROMIUM ?? "/usr/bin/chromium", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim(),
};

async function session_of({ context, page }) {
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" }); // CPU time, which a busy machine does not stretch
  await session.send("HeapProfiler.enable");
  return session;
}

// -- first load ---------------------------------------------------------------

const load_runs = 5;

/// Bytes over the wire and unpacked, and how long until the terminal can be used:
/// the chart has its bars and the stream is live.
async function first_load(node) {
  const runs = [];
  for (let i = 0; i < load_runs; ++i) {
    const terminal = await open_terminal("about:blank");
    const { page } = terminal;
    const session = await session_of(terminal);
    await session.send("Network.enable");
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    const requests = new Map();
    session.on("Network.responseReceived", ({ requestId, response }) => requests.set(requestId, { url: response.url, wire: 0, raw: 0 }));
    session.on("Network.dataReceived", ({ requestId, dataLength }) => requests.has(requestId) && (requests.get(requestId).raw += dataLength));
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => requests.has(requestId) && (requests.get(requestId).wire = encodedDataLength));
    await page.addInitScript(() => {
      globalThis.figures = { long: [], fcp: 0, usable: 0 };
      new PerformanceObserver((list) => figures.long.push(...list.getEntries().map(({ startTime, duration }) => [startTime, duration]))).observe({ type: "longtask", buffered: true });
      new PerformanceObserver((list) => (figures.fcp = list.getEntriesByName("first-contentful-paint")[0]?.startTime ?? figures.fcp)).observe({ type: "paint", buffered: true });
      const look = () => {
        const chart = document.querySelector("[data-testid=chart]")?.dataset;
        const live = document.querySelector("[data-testid=connection]")?.dataset.state === "live";
        if (chart?.status === "ready" && Number(chart.bars) > 0 && live) figures.usable = performance.now();
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await page.goto(node.url);
    await page.waitForFunction(() => figures.usable > 0);
    const found = await page.evaluate(() => figures);
    const kinds = { js: /\.js$/, css: /\.css$/, html: /\/$/, font: /\.woff2$/ };
    const sizes = Object.fromEntries(Object.entries(kinds).map(([kind, pattern]) => {
      const of_kind = [...requests.values()].filter(({ url }) => pattern.test(new URL(url).pathname));
      return [kind, { files: of_kind.length, wire: of_kind.reduce((sum, { wire }) => sum + wire, 0), raw: of_kind.reduce((sum, { raw }) => sum + raw, 0) }];
    }));
    // blocking: what of tasks over 50 ms is beyond them, between first paint and usable
    const blocking = found.long.filter(([start]) => start >= found.fcp && start < found.usable).reduce((sum, [, duration]) => sum + duration - 50, 0);
    runs.push({ fcp_ms: found.fcp, usable_ms: found.usable, tbt_ms: blocking, cpu_ms: (await counters(session)).TaskDuration * 1000, sizes });
    await terminal.close();
  }
  const of = (name) => round(median(runs.map((run) => run[name])), 0);
  results.first_load = { runs: load_runs, fcp_ms: of("fcp_ms"), usable_ms: of("usable_ms"), tbt_ms: of("tbt_ms"), cpu_ms: of("cpu_ms"), sizes: runs[0].sizes };
}

// -- panning ------------------------------------------------------------------

const pan_bars = 100_000;
const pan_minute_bars_to_load_s = pan_bars * 60;

/// Scrolls back through 100,000 one-minute bars, one step a frame, with price,
/// volume, RSI and MACD in their panes: paging included, as a user meets it.
async function panning(node) {
  const terminal = await open_terminal(node.url);
  const { page } = terminal;
  const session = await session_of(terminal);
  await command(terminal, "layout market");
  await command(terminal, "BTCUSD 1m");
  await chart_until(terminal, "shows minutes", (s) => s.symbol === "BTCUSD" && s.timeframe === "1m" && is_ready(s));
  for (const study of ["rsi", "macd"]) {
    await page.getByTestId("study-menu").first().getByRole("button").first().click();
    await page.locator(`[data-indicator=${study}]`).first().click();
    await page.locator(`[data-study=${study}][data-state=ready]`).waitFor();
  }
  // rows of the chart's table: panes, a separator between two, the axis of times
  const panes = (await page.locator("[data-testid=chart] .chart-canvas tr").count()) / 2;
  const before = await counters(session);
  const panned = await page.evaluate(async (span_s) => {
    const chart = document.querySelector("[data-testid=chart]");
    const target = chart.querySelector(".chart-canvas canvas").closest("div.tv-lightweight-charts") ?? chart.querySelector(".chart-canvas > div");
    const box = target.getBoundingClientRect();
    const until = Number(chart.dataset.last) - span_s;
    const frames = [];
    let last = 0, steps = 0, most_bars = 0, waiting = 0;
    await new Promise((done) => {
      const deadline = performance.now() + 240_000;
      const step = (now) => {
        if (last > 0) frames.push(now - last);
        last = now;
        most_bars = Math.max(most_bars, Number(chart.dataset.bars));
        if (Number(chart.dataset.first) <= until && Number(chart.dataset.from) < 500) return done();
        if (performance.now() > deadline) return done();
        // at the edge of what is loaded a user waits for the next page
        if (Number(chart.dataset.from) > 2) {
          target.dispatchEvent(new WheelEvent("wheel", { deltaX: -400, clientX: box.x + box.width / 2, clientY: box.y + 100, bubbles: true, cancelable: true }));
          steps += 1;
        } else waiting += 1;
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    });
    return { frames, steps, waiting, most_bars, reached_s: Number(chart.dataset.last) ? until + span_s - Number(chart.dataset.first) : 0 };
  }, pan_minute_bars_to_load_s);
  const after = await counters(session);
  const frames = spread(panned.frames);
  results.panning = {
    bars_passed: Math.round(panned.reached_s / 60), bars_in_chart_at_most: panned.most_bars, panes, frames: frames.count, steps: panned.steps, frames_waiting_for_a_page: panned.waiting,
    frame_ms: { p50: round(frames.p50), p95: round(frames.p95), p99: round(frames.p99), max: round(frames.max) },
    cpu_ms_per_frame: round(((after.TaskDuration - before.TaskDuration) * 1000) / frames.count), heap_after_gc_mb: round(mb(await heap_after_gc(session))),
  };
  await terminal.close();
}

// -- many symbols for a while -------------------------------------------------

const sample_every_s = 10;

/// A watchlist of 500 symbols, each with ten updates a second at the node.
async function running(node) {
  // “all”: type so small that every row is in view, and so every symbol subscribed
  const terminal = await open_terminal("about:blank", options.rows === "all" ? { viewport: { width: 1600, height: 2_700 } } : {});
  if (options.rows === "all") {
    await terminal.page.addInitScript(() => new MutationObserver((_, observer) => {
      if (!document.documentElement) return;
      document.documentElement.style.fontSize = "1.2px";
      observer.disconnect();
    }).observe(document, { childList: true }));
  }
  await terminal.page.goto(node.url);
  const { page } = terminal;
  const session = await session_of(terminal);
  await command(terminal, "layout market");
  await command(terminal, "F001 1m");
  await chart_until(terminal, "shows F001", (s) => s.symbol === "F001" && is_ready(s), 120_000);
  await page.waitForFunction(() => [...document.querySelectorAll("[data-testid=quote-row]")].filter((row) => Number(row.dataset.changes) > 2).length > 10, undefined, { timeout: 120_000 });
  // “followed”: a list in the order of a figure takes the quotes of all its symbols, in view or not
  if (options.rows === "followed") await page.locator("[data-testid=watchlist] [data-sort=change_percent]").click();
  const rows = await page.getByTestId("quote-row").count();
  // the node counts what it has sent, of which all but a handful are quotes
  const counted_from = { at: performance.now(), events: await node.events(), messages: await node.messages() };

  await page.evaluate(() => {
    globalThis.figure_frames = [];
    let last = 0;
    const look = (now) => {
      if (last > 0) globalThis.figure_frames.push(now - last);
      last = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const classes_first = await heap_classes(session);
  const samples = [];
  const began = performance.now();
  const sample = async () => {
    const heap = await heap_after_gc(session);
    samples.push({ s: (performance.now() - began) / 1000, heap, processes: browser_processes(terminal.profile), ...(await counters(session)) });
  };
  await sample();
  const frames = [];
  while ((performance.now() - began) / 60_000 < minutes) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(sample_every_s * 1000, minutes * 60_000 - (performance.now() - began)) + 1));
    frames.push(...(await page.evaluate(() => globalThis.figure_frames.splice(0))));
    await sample();
  }
  const counted_s = (performance.now() - counted_from.at) / 1000;
  const events_per_s = ((await node.events()) - counted_from.events) / counted_s;
  const updates_per_s = ((await node.messages()) - counted_from.messages) / counted_s;
  const classes_last = await heap_classes(session);
  const bars = Number(await terminal.chart().getAttribute("data-bars"));
  const [first, last] = [samples[0], samples.at(-1)];
  const span_s = last.s - first.s;
  const settled = samples.filter(({ s }) => s >= span_s * 0.2); // caches fill first
  const kinds = Object.keys(last.processes);
  const rss = (one) => Object.values(one.processes).reduce((sum, { rss_bytes }) => sum + rss_bytes, 0);
  const frame = spread(frames);
  results.running = {
    minutes: round(span_s / 60, 1), symbols: symbol_count, rows_in_view: rows, node_events_per_s: round(events_per_s, 0), updates_to_page_per_s: round(updates_per_s, 0), node_events_per_s_and_symbol: round(events_per_s / symbol_count),
    main_thread_share_of_a_core: round((last.TaskDuration - first.TaskDuration) / span_s, 3),
    cpu_share_of_a_core: Object.fromEntries(kinds.map((kind) => [kind, round((last.processes[kind].cpu_s - (first.processes[kind]?.cpu_s ?? 0)) / span_s, 3)])),
    frame_ms: { p50: round(frame.p50), p95: round(frame.p95), p99: round(frame.p99) },
    heap_after_gc_mb: { first: round(mb(first.heap)), last: round(mb(last.heap)), growth_mb_per_hour: settled.length > 2 ? round(mb(slope_per_hour(settled.map(({ s, heap }) => [s, heap])))) : null },
    rss_mb: { first: round(mb(rss(first)), 0), last: round(mb(rss(last)), 0), growth_mb_per_hour: settled.length > 2 ? round(mb(slope_per_hour(settled.map((one) => [one.s, rss(one)])))) : null, renderer_last: round(mb(last.processes.renderer?.rss_bytes ?? 0), 0) },
    // the chart takes a bar every two seconds of this fast market: its objects are growth that ends at the chart's limit
    grown: grown(classes_first, classes_last), detached_nodes: { first: detached_nodes(classes_first), last: detached_nodes(classes_last) }, bars_in_chart: bars,
    nodes: { first: first.Nodes, last: last.Nodes }, listeners: { first: first.JSEventListeners, last: last.JSEventListeners },
    series: samples.map(({ s, heap, ...one }) => ({ s: round(s, 0), heap_mb: round(mb(heap)), rss_mb: round(mb(rss(one)), 0), nodes: one.Nodes })),
  };
  await terminal.close();
}

// -- switching ----------------------------------------------------------------

const switches = 50;
const warm_up = 10;

/// Shows 50 symbols after each other in one chart, then opens and closes as many
/// chart panels: what is reachable afterwards is what leaks.
async function switching(node) {
  const terminal = await open_terminal(node.url);
  const { page } = terminal;
  const session = await session_of(terminal);
  await command(terminal, "layout market");
  const show = async (symbol) => {
    await command(terminal, `${symbol} ${["1m", "5m", "1h"][Number(symbol.slice(1)) % 3]}`);
    await chart_until(terminal, `shows ${symbol}`, (s) => s.symbol === symbol && is_ready(s));
  };
  const state = async () => ({ heap_mb: round(mb(await heap_after_gc(session))), ...(({ Nodes, JSEventListeners }) => ({ nodes: Nodes, listeners: JSEventListeners }))(await counters(session)) });
  for (const symbol of invented.slice(0, warm_up)) await show(symbol);
  const before = await state();
  const classes_before = await heap_classes(session);
  const times = [];
  for (const symbol of invented.slice(warm_up, warm_up + switches)) {
    const from = performance.now();
    await show(symbol);
    times.push(performance.now() - from);
  }
  await show(invented[0]);
  const after = await state();
  const tabs = page.locator(".dv-tab", { hasText: /· / });
  const panel = async () => {
    await page.getByRole("button", { name: "Panels ▾" }).click();
    await page.getByRole("menuitem", { name: "New chart" }).click();
    await until("there are two", async () => (await tabs.count()) === 2);
    await chart_until(terminal, "drawn", is_ready);
    await tabs.last().focus();
    await page.keyboard.press("Delete");
    await until("there is one", async () => (await tabs.count()) === 1);
    await chart_until(terminal, "drawn again", is_ready);
  };
  for (let i = 0; i < 5; ++i) await panel();
  const panels_before = await state();
  for (let i = 0; i < switches; ++i) await panel();
  const panels_after = await state();
  const classes_after = await heap_classes(session);
  results.switching = { switches, switch_ms: { p50: round(median(times), 0), p95: round(spread(times).p95, 0) }, before, after, grown: grown(classes_before, classes_after), detached_nodes: { before: detached_nodes(classes_before), after: detached_nodes(classes_after) }, panels: { opened_and_closed: switches, before: panels_before, after: panels_after } };
  await terminal.close();
}

// -- table --------------------------------------------------------------------

const growth_text = (rows) => rows.slice(0, 3).map(({ class: name, kb }) => `${name.slice(0, 32)} ${kb}`).join(", ") || "nothing"; // all of them are in the JSON

function table() {
  const rows = [];
  const add = (what, value, budget = "") => rows.push([what, String(value), String(budget)]);
  const { first_load: one, panning: pan, running: run, switching: sw } = results;
  if (one) {
    for (const [kind, { files, wire, raw }] of Object.entries(one.sizes)) add(`first load, ${kind} (${files} files): packed / unpacked kB`, `${round(wire / 1000)} / ${round(raw / 1000)}`, kind === "css" ? budgets.css_gz_kb : "");
    add("first contentful paint, ms", one.fcp_ms, budgets.fcp_ms);
    add("chart drawn and stream live, ms", one.usable_ms);
    add("blocked beyond 50 ms a task, ms", one.tbt_ms, budgets.tbt_ms);
    add("main thread until then, CPU ms", one.cpu_ms);
  }
  if (pan) {
    add(`panning ${pan.bars_passed} bars, ${pan.panes} panes: frame ms p50 / p95 / p99`, `${pan.frame_ms.p50} / ${pan.frame_ms.p95} / ${pan.frame_ms.p99}`);
    add("panning: main thread, CPU ms a frame", pan.cpu_ms_per_frame);
    add("panning: bars in the chart at most; heap after, MB", `${pan.bars_in_chart_at_most}; ${pan.heap_after_gc_mb}`);
  }
  if (run) {
    add(`${run.symbols} symbols for ${run.minutes} min: events/s at the node; updates/s to the page (${run.rows_in_view} rows)`, `${run.node_events_per_s}; ${run.updates_to_page_per_s}`);
    add("main thread, share of a core", run.main_thread_share_of_a_core, budgets.core_share);
    for (const [kind, share] of Object.entries(run.cpu_share_of_a_core)) if (share >= 0.005) add(`process ${kind}, share of a core`, share);
    add("frame ms p50 / p95 / p99", `${run.frame_ms.p50} / ${run.frame_ms.p95} / ${run.frame_ms.p99}`);
    add("heap after collection, MB: first, last, growth an hour", `${run.heap_after_gc_mb.first}, ${run.heap_after_gc_mb.last}, ${run.heap_after_gc_mb.growth_mb_per_hour ?? "run is too short"}`, budgets.idle_heap_mb);
    add("resident memory of the browser, MB: first, last, growth an hour", `${run.rss_mb.first}, ${run.rss_mb.last}, ${run.rss_mb.growth_mb_per_hour ?? "run is too short"}`);
    add(`what grew, kB (${run.bars_in_chart} bars in the chart by then)`, growth_text(run.grown));
    add("detached nodes: first → last", `${run.detached_nodes.first} → ${run.detached_nodes.last}`);
    add("DOM nodes, listeners: first → last", `${run.nodes.first} → ${run.nodes.last}, ${run.listeners.first} → ${run.listeners.last}`);
  }
  if (sw) {
    const state = ({ heap_mb, nodes, listeners }) => `${heap_mb} MB, ${nodes} nodes, ${listeners} listeners`;
    add(`${sw.switches} symbols in one chart: ms a switch p50 / p95 (typing included)`, `${sw.switch_ms.p50} / ${sw.switch_ms.p95}`);
    add("heap before", state(sw.before));
    add("heap after", state(sw.after));
    add(`${sw.panels.opened_and_closed} chart panels opened and closed: before`, state(sw.panels.before));
    add("after", state(sw.panels.after));
    add("what grew over all of it, kB", growth_text(sw.grown));
    add("detached nodes: before → after", `${sw.detached_nodes.before} → ${sw.detached_nodes.after}`);
  }
  add("load average before; after (1, 5, 15 min)", `${results.load_before.join(" ")}; ${results.load_after.join(" ")}`);
  const width = (i) => Math.max(...rows.map((row) => row[i].length));
  console.log(`${results.machine.cpu}, ${results.machine.cores} cores, ${results.browser}\n`);
  for (const row of rows) console.log(`${row[0].padEnd(width(0))}  ${row[1].padEnd(width(1))}  ${row[2] && `limit ${row[2]}`}`.trimEnd());
}

const node = await figures_node(Number(options.port), Number(options.speed));
try {
  for (const [name, run] of Object.entries({ load: first_load, pan: panning, run: running, switch: switching })) if (parts.includes(name)) await run(node);
} finally {
  await node.stop();
  results.load_after = load();
  if (options.json) await writeFile(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
}
table();
