// Pretend backtests and studies for the mock gateway, in the shapes of the HTTP
// contract (sections 11 and 12). Results are made up but consistent: equity
// changes by the trades' profits. TEST DOUBLE, never shipped.
import { price_at, by_symbol } from "./mock_market.mjs";

const step_ms = 120;
const steps = 25;
const day_ms = 86_400_000;

/// A few findings, so that the editor has something to show.
export function check_source(source) {
  const diagnostics = [];
  const add = (severity, code, message, line, column, length) => diagnostics.push({ severity, code, message, line, column, length });
  const lines = source.split("\n");
  if (!/^\s*\/\/@version=[56]/m.test(source)) add("error", "PN0101", "the first line must say the version, for example //@version=6", 1, 1, 1);
  if (!/\b(?:strategy|indicator|library)\s*\(/.test(source)) add("error", "PN0102", "the script declares neither a strategy nor an indicator", 1, 1, 1);
  lines.forEach((line, index) => {
    const unknown = /\bta\.(?!(?:sma|ema|rsi|atr|roc|cross\w*|highest|lowest|vwap|supertrend)\b)(\w+)/.exec(line);
    if (unknown) add("error", "PN0221", `the built-in function 'ta.${unknown[1]}' doesn't exist`, index + 1, unknown.index + 4, unknown[1].length);
    const nothing = /\bnothing(?=\()/.exec(line);
    if (nothing) add("error", "PN0220", "the function 'nothing' doesn't exist", index + 1, nothing.index + 1, nothing[0].length);
  });
  return diagnostics;
}

function random(seed) {
  let x = seed >>> 0 || 1;
  return () => {
    x ^= x << 13; x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5; x >>>= 0;
    return x / 2 ** 32;
  };
}

const seed_of = (text) => [...text].reduce((sum, char) => (Math.imul(sum, 31) + char.charCodeAt(0)) | 0, 7) >>> 0;

export function make_results(request, salt = "") {
  const draw = random(seed_of(JSON.stringify(request) + salt));
  const pairs = request.symbols.flatMap((symbol) => (request.timeframes ?? ["1h"]).map((timeframe) => ({ symbol, timeframe })));
  const from = Date.parse(`${request.start_date}T14:30:00Z`);
  const to = Date.parse(`${request.end_date}T20:00:00Z`);
  const trades = [];
  for (const { symbol, timeframe } of pairs) {
    const instrument = by_symbol.get(symbol);
    if (!instrument) continue;
    for (let at = from + draw() * 4 * day_ms; at < to - 3 * day_ms; at += (1 + draw() * 6) * day_ms) {
      const entry = Math.floor(at / 3_600_000) * 3_600_000;
      const bars = 1 + Math.floor(draw() * 30);
      const exit = entry + bars * 3_600_000;
      const is_long = draw() < 0.6;
      const entry_price = price_at(instrument, entry / 1000);
      const exit_price = price_at(instrument, exit / 1000);
      const quantity = Math.max(1, Math.floor(1000 / entry_price));
      const fees = 0.02;
      const pnl = round((is_long ? 1 : -1) * (exit_price - entry_price) * quantity - fees + (draw() - 0.4) * 8);
      trades.push({
        symbol, timeframe, side: is_long ? "long" : "short", entry_date: new Date(entry).toISOString(), exit_date: new Date(exit).toISOString(), entry_price, exit_price, quantity, pnl,
        pnl_percent: pnl / (entry_price * quantity), fees, bars_held: bars, mae: -round(draw() * 10), mfe: round(draw() * 12), entry_reason: is_long ? "Long" : "Short", exit_reason: draw() < 0.3 ? "Stop" : "Close",
      });
    }
  }
  trades.sort((a, b) => a.exit_date.localeCompare(b.exit_date));
  const capital = (request.initial_capital ?? 10_000) * (request.capital_mode === "shared" ? 1 : pairs.length);
  const equity_curve = [];
  let equity = capital;
  let next = 0;
  for (let at = from; at <= to; at += day_ms) {
    const date = new Date(at);
    if (date.getUTCDay() % 6 === 0) continue;
    while (next < trades.length && Date.parse(trades[next].exit_date) <= at + day_ms) equity = round(equity + trades[next++].pnl);
    equity_curve.push({ date: date.toISOString().slice(0, 10), equity });
  }
  const figures = figures_of(trades, equity_curve, capital);
  const runs = pairs.map((pair) => ({ ...pair, ...figures_of(trades.filter((t) => t.symbol === pair.symbol && t.timeframe === pair.timeframe), [], request.initial_capital ?? 10_000) }));
  return {
    ...figures, equity_curve, trades, runs, compile_diagnostics: [],
    metrics: { cagr: figures.total_return, sortino: 1.4, calmar: 0.9, volatility: 0.18, exposure: 0.42, expectancy: figures.total_trades ? (equity - capital) / figures.total_trades : null, max_drawdown_days: 31, buy_hold_return: 0.11, var_95: 0.012, cvar_95: 0.019 },
    assumptions: { fill_rule: "next_bar_open", slippage: request.slippage ?? 0, magnifier: request.magnifier ?? false, data_hash: "mock", engine_version: "mock" },
  };
}

function figures_of(trades, curve, capital) {
  const wins = trades.filter(({ pnl }) => pnl > 0).map(({ pnl }) => pnl);
  const losses = trades.filter(({ pnl }) => pnl <= 0).map(({ pnl }) => pnl);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  let top = capital;
  let max_drawdown = 0;
  for (const { equity } of curve) {
    top = Math.max(top, equity);
    max_drawdown = Math.max(max_drawdown, 1 - equity / top);
  }
  return {
    total_return: sum(trades.map(({ pnl }) => pnl)) / capital, max_drawdown, sharpe_ratio: trades.length > 2 ? round(sum(wins) / Math.max(-sum(losses), 1)) : null,
    win_rate: trades.length ? wins.length / trades.length : null, total_trades: trades.length, profit_factor: losses.length ? round(sum(wins) / -sum(losses)) : null,
    avg_win: wins.length ? round(sum(wins) / wins.length) : null, avg_loss: losses.length ? round(sum(losses) / losses.length) : null,
    largest_win: wins.length ? Math.max(...wins) : null, largest_loss: losses.length ? Math.min(...losses) : null,
  };
}

const round = (value) => Math.round(value * 100) / 100;

// -- jobs ---------------------------------------------------------------------

export function make_jobs(now) {
  return { backtest: new Map(), optimize: new Map(), next: 1, now };
}

function submit(jobs, family, request) {
  const id = `${family === "backtest" ? "bt" : "st"}-${String(jobs.next++).padStart(4, "0")}`;
  const source = request.pine_script ?? "";
  const job = {
    id, family, request, status: "queued", progress: 0, stage: "queued", created_at: new Date(jobs.now() * 1000).toISOString(), completed_at: null, error_message: null,
    diagnostics: check_source(source), listeners: new Set(), trials: [],
  };
  jobs[family].set(id, job);
  job.timer = setInterval(() => advance(jobs, job), step_ms);
  return job;
}

function advance(jobs, job) {
  if (job.status === "paused") return;
  if (job.diagnostics.some(({ severity }) => severity === "error")) return finish(jobs, job, "failed", "the script does not compile");
  job.status = "running";
  job.stage = job.family === "backtest" ? "run" : "trials";
  job.progress = Math.min(100, job.progress + 100 / steps);
  job.symbol = job.request.symbols[Math.floor((job.progress / 101) * job.request.symbols.length)];
  if (job.family === "optimize") add_trials(job);
  if (job.progress >= 99.9) return finish(jobs, job, "completed", null);
  tell(job, { type: "progress" });
}

function finish(jobs, job, status, error_message) {
  clearInterval(job.timer);
  Object.assign(job, { status, error_message, completed_at: new Date(jobs.now() * 1000).toISOString(), progress: status === "completed" ? 100 : job.progress });
  if (status === "completed" && job.family === "backtest") job.results = make_results(job.request);
  tell(job, { type: "completed" });
  for (const ws of job.listeners) ws.close(1000);
}

function state_of(job) {
  const { id, family, status, progress, stage, symbol, error_message, created_at, completed_at } = job;
  const total = job.request.symbols.length * (job.request.timeframes ?? ["1h"]).length;
  return {
    [family === "backtest" ? "backtest_id" : "study_id"]: id, status, progress, stage, symbol, error_message, created_at, completed_at, symbols_done: Math.floor((progress / 100) * total), symbols_total: total,
    ...(family === "optimize" ? { trials_done: job.trials.length, trials_total: trial_points(job).length, best: best_of(job)[0] } : {}),
  };
}

function tell(job, more) {
  for (const ws of job.listeners) ws.send(JSON.stringify({ ...state_of(job), ...more }));
}

// -- studies ------------------------------------------------------------------

function trial_points(job) {
  let points = [{}];
  for (const [name, range] of Object.entries(job.request.parameters)) points = points.flatMap((point) => values_of(range).map((value) => ({ ...point, [name]: value })));
  return points.slice(0, job.request.max_trials ?? 1000);
}

function values_of({ type, min, max, step, values }) {
  if (type === "bool") return [false, true];
  if (type === "choice") return values;
  const width = step ?? (type === "int" ? 1 : (max - min) / 10);
  return Array.from({ length: Math.floor((max - min) / width + 1e-9) + 1 }, (_, i) => Math.round((min + i * width) * 1e6) / 1e6);
}

function add_trials(job) {
  const points = trial_points(job);
  const wanted = Math.ceil((job.progress / 100) * points.length);
  while (job.trials.length < wanted) {
    const n = job.trials.length;
    const params = points[n];
    const numbers = Object.values(params).map(Number).filter(Number.isFinite);
    const objective = round(1.4 * Math.sin(numbers.reduce((a, b) => a + b / 7, 0)) + numbers.reduce((a, b) => a + Math.cos(b / 5), 0) / 2);
    job.trials.push({ trial: n, params, objective, results: { total_return: objective / 10, max_drawdown: 0.2 - objective / 20, sharpe_ratio: objective, total_trades: 40 + n } });
  }
}

function best_of(job) {
  const sign = job.request.direction === "minimize" ? 1 : -1;
  return job.trials.toSorted((a, b) => sign * (a.objective - b.objective)).slice(0, 50).map((trial, index) => ({ rank: index + 1, ...trial }));
}

function windows_of(job) {
  if (job.request.method !== "walk_forward") return null;
  const start = Date.parse(job.request.start_date);
  const date = (days) => new Date(start + days * day_ms).toISOString().slice(0, 10);
  const windows = Array.from({ length: 5 }, (_, i) => ({
    train: { start: date(i * 30), end: date(i * 30 + 89) }, test: { start: date(i * 30 + 90), end: date(i * 30 + 119) },
    params: best_of(job)[i]?.params ?? {}, in_sample: { sharpe_ratio: 1.5 - i / 10 }, out_of_sample: { sharpe_ratio: 0.9 - i / 4 },
  }));
  return { windows, out_of_sample_equity: [], efficiency: 0.55 };
}

// -- routes -------------------------------------------------------------------

/// @return true when the path is one of these routes.
export async function serve_jobs(jobs, { method, path, query, body, json, fail }) {
  const match = /^\/api\/(backtest|optimize)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path.replace(/\/$/, ""));
  if (!match) return false;
  const [, family, id, what] = match;
  const name = family === "backtest" ? "backtest_id" : "study_id";
  if (method === "POST" && id === (family === "backtest" ? "strategy" : "study")) {
    const request = await body();
    if (!request?.symbols?.length) return fail(400, "symbols: must not be empty"), true;
    const job = submit(jobs, family, request);
    return json({ [name]: job.id, status: "queued", message: "accepted" }), true;
  }
  if (!id) {
    const rows = [...jobs[family].values()].reverse().slice(0, Number(query.limit ?? 20)).map(({ id: job_id, status, progress, request, created_at, completed_at }) => ({ [name]: job_id, status, progress, symbols: request.symbols, created_at, completed_at }));
    return json({ [family === "backtest" ? "backtests" : "studies"]: rows, next_cursor: null }), true;
  }
  const job = jobs[family].get(id);
  if (!job) return fail(404, `unknown ${family} ${id}`), true;
  if (method === "DELETE") {
    if (job.completed_at) return fail(409, "already finished"), true;
    finish(jobs, job, "cancelled", null);
    return json({ [name]: id, status: "cancelled", message: "cancelled" }), true;
  }
  if (method === "POST" && (what === "pause" || what === "resume")) {
    job.status = what === "pause" ? "paused" : "running";
    tell(job, { type: "progress" });
    return json({ [name]: id, status: job.status }), true;
  }
  switch (what) {
    case "status": return json(state_of(job)), true;
    case "results": return results(job, name, json, fail), true;
    case "trades": return page(query, "trades", job.results?.trades ?? [], json), true;
    case "equity": return page(query, "equity_curve", job.results?.equity_curve ?? [], json), true;
    case "logs": return page(query, "logs", job.results ? [{ timestamp: job.created_at, level: "info", symbol: job.request.symbols[0], message: "first bar" }] : [], json), true;
    case "trials": return page(query, "trials", job.trials, json), true;
    default: return fail(404, `no route ${path}`), true;
  }
}

function results(job, name, json, fail) {
  const head = { [name]: job.id, status: job.status, request: job.request };
  if (job.status === "failed") return json({ ...head, results: null, error_message: job.error_message, compile_diagnostics: job.diagnostics });
  if (job.family === "optimize" && (job.status === "completed" || job.status === "paused")) {
    return json({ ...head, results: { best: best_of(job), trials_done: job.trials.length, stability: 0.71, deflated_sharpe: 0.62, walk_forward: windows_of(job) } });
  }
  if (job.status !== "completed") return fail(409, `the job is ${job.status}`);
  return json({ ...head, results: job.results });
}

function page(query, name, rows, json) {
  const from = Number(query.cursor ?? 0);
  const limit = Number(query.limit ?? query.max_points ?? 1000);
  const to = from + limit;
  json({ [name]: rows.slice(from, to), next_cursor: to < rows.length ? String(to) : null });
}

export const progress_route = /^\/api\/(backtest|optimize)\/([^/]+)\/progress$/;

export function serve_progress(jobs, ws, path) {
  const [, family, id] = progress_route.exec(path);
  const job = jobs[family].get(id);
  if (!job) {
    ws.send(JSON.stringify({ type: "error", message: `unknown ${family} ${id}` }));
    return ws.close(4404);
  }
  ws.send(JSON.stringify({ ...state_of(job), type: job.completed_at ? "completed" : "progress" }));
  if (job.completed_at) return ws.close(1000);
  job.listeners.add(ws);
  ws.on("close", () => job.listeners.delete(ws));
}

export function stop_jobs(jobs) {
  for (const family of ["backtest", "optimize"]) for (const job of jobs[family].values()) clearInterval(job.timer);
}
