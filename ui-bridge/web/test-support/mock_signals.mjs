// Pretend alerts, webhooks, strategies, previews and news for the mock gateway
// (HTTP contract, sections 5 and 8 to 10). TEST DOUBLE, never shipped.
import { randomBytes } from "node:crypto";
import { check_source } from "./mock_jobs.mjs";
import { by_symbol, history, price_at, udf_resolution } from "./mock_market.mjs";

const check_every_ms = 300;

/// @param emit (channel, type, data) tells the stream.
export function make_signals(now, emit) {
  const book = { now, emit, next: 1, alerts: new Map(), profiles: new Map(), events: [], strategies: new Map(), trails: new Map() };
  book.timer = setInterval(() => check_alerts(book), check_every_ms);
  book.timer.unref?.();
  return book;
}

const iso = (book) => new Date(book.now() * 1000).toISOString();
const price_of = (book, symbol) => price_at(by_symbol.get(symbol), book.now());

export const signal_channels = new Set(["alerts", "webhooks", "strategies"]);

export function signal_snapshot(book, channel) {
  if (channel === "alerts") return { alerts: [...book.alerts.values()] };
  if (channel === "webhooks") return { events: book.events.slice(0, 100) };
  return { strategies: [...book.strategies.values()].map(strategy_row) };
}

const routes = [
  [/^\/api\/v1\/alerts(?:\/([^/]+))?(?:\/(pause|resume))?$/, "alerts", serve_alerts], [/^\/api\/v1\/webhooks(?:\/([^/]+))?(?:\/(rotate))?$/, "webhooks", serve_webhooks],
  [/^\/api\/(?:v1\/)?strategies(?:\/([^/]+))?(?:\/([^/]+))?$/, "strategies", serve_strategies], [/^\/api\/v1\/news$/, "news", (book, call) => call.json({ news: [], configured: false })],
];

/// The part and the server of a path; undefined for paths of others.
export function signal_route(path) {
  for (const [pattern, part, run] of routes) {
    const match = pattern.exec(path);
    if (match) return { part, run: (book, call) => run(book, call, decodeURIComponent(match[1] ?? ""), match[2]) };
  }
  return undefined;
}

// -- alerts -------------------------------------------------------------------

function change_alert(book, alert, next, event = "changed") {
  Object.assign(alert, next, { updated_at: iso(book) });
  book.emit("alerts", "alert", { ...alert, event });
  return alert;
}

function check_alerts(book) {
  for (const alert of book.alerts.values()) {
    if (alert.alert_status !== "active" || !by_symbol.has(alert.symbol)) continue;
    const price = price_of(book, alert.symbol);
    const is_above = price > alert.condition_value;
    const crossed = alert.was_above !== undefined && alert.was_above !== is_above;
    alert.was_above = is_above;
    const met = { price_above: is_above, price_below: !is_above, price_cross_above: crossed && is_above, price_cross_below: crossed && !is_above }[alert.condition] ?? false;
    if (met) change_alert(book, alert, { alert_status: alert.repeat === "once" ? "triggered" : "active", trigger_count: alert.trigger_count + 1, last_triggered_at: iso(book), last_value: price }, "triggered");
  }
}

function alert_problems(request) {
  const problems = [];
  if (!by_symbol.has(String(request.symbol ?? "").toUpperCase())) problems.push({ loc: ["body", "symbol"], msg: `unknown symbol ${request.symbol}`, type: "value" });
  if (/^(price|volume)/.test(request.condition ?? "") && !(Number(request.condition_value) > 0)) problems.push({ loc: ["body", "condition_value"], msg: "must be above 0", type: "range" });
  return problems;
}

const figures_of = (request) => Object.fromEntries(["condition_value", "order_quantity", "order_price"].flatMap((name) => (request[name] === undefined ? [] : [[name, request[name] === null ? null : Number(request[name])]])));

async function serve_alerts(book, { method, body, json, fail }, id, what) {
  if (method === "GET" && !id) return json({ alerts: [...book.alerts.values()].reverse() });
  if (method === "POST" && !id) {
    const request = await body();
    const problems = alert_problems(request);
    if (problems.length > 0) return fail(400, `${problems[0].loc[1]}: ${problems[0].msg}`, { errors: problems });
    const alert = { repeat: "once", auto_execute: false, message: "", tags: [], ...request, ...figures_of(request), symbol: request.symbol.toUpperCase(), alert_id: `al-${book.next++}`, alert_status: "active", trigger_count: 0, created_at: iso(book) };
    book.alerts.set(alert.alert_id, alert);
    change_alert(book, alert, {}, "created");
    return json({ ...alert, status: "created" }, 201);
  }
  const alert = book.alerts.get(id);
  if (!alert) return fail(404, `unknown alert ${id}`);
  if (method === "DELETE") {
    book.alerts.delete(id);
    book.emit("alerts", "alert", { ...alert, event: "deleted" });
    return json({ status: "deleted" });
  }
  if (what) return json(change_alert(book, alert, { alert_status: what === "pause" ? "paused" : "active" }));
  if (method === "PATCH") {
    const request = await body();
    return json(change_alert(book, alert, { ...request, ...figures_of(request) }));
  }
  return json(alert);
}

// -- webhooks -----------------------------------------------------------------

const masked = ({ token: _, ...profile }) => ({
  ...profile, rules: { ...profile.rules, body_secret: profile.rules?.body_secret ? "***" : null, hmac_key: profile.rules?.hmac_key ? "***" : null },
});

async function serve_webhooks(book, { method, query, body, json, fail }, id, what) {
  if (id === "events") {
    const fits = (event) => (!query.profile || event.profile_id === query.profile) && (!query.decision || event.decision === query.decision);
    return json({ events: book.events.filter(fits).slice(0, Number(query.limit ?? 100)), next_cursor: null });
  }
  if (method === "GET" && !id) return json({ webhooks: [...book.profiles.values()].map(masked) });
  if (method === "POST" && !id) {
    const profile = { freshness_s: 60, sync_mode: "order", out_of_step: "refuse", ...(await body()), id: `w-${book.next++}`, created_at: iso(book), token: randomBytes(16).toString("hex") };
    if (profile.scope?.max_quantity) profile.scope.max_quantity = Number(profile.scope.max_quantity);
    book.profiles.set(profile.id, profile);
    return json({ ...masked(profile), path_token: profile.token }, 201);
  }
  const profile = book.profiles.get(id);
  if (!profile) return fail(404, `unknown webhook profile ${id}`);
  if (what === "rotate") {
    profile.token = randomBytes(16).toString("hex");
    return json({ ...masked(profile), path_token: profile.token });
  }
  if (method === "DELETE") return book.profiles.delete(id), json({ status: "deleted" });
  if (method === "PATCH") {
    const { rules, ...request } = await body();
    Object.assign(profile, request, { rules: { ...profile.rules, ...rules } });
  }
  return json(masked(profile));
}

/// `POST /webhook/tradingview/{token}`: recorded, never traded.
export function receive_webhook(book, token, text, json, fail) {
  const profile = [...book.profiles.values()].find((one) => one.token === token);
  if (!profile) return fail(401, "unknown address");
  const parsed = (() => {
    try {
      return JSON.parse(text);
    } catch {
      return {};
    }
  })();
  const refused = profile.rules?.body_secret && parsed.secret !== profile.rules.body_secret;
  if (refused) return fail(401, "wrong secret");
  const known = ["buy", "sell", "close", "exit", "flat"].includes(parsed.action);
  const stale = parsed.timenow && book.now() - Date.parse(parsed.timenow) / 1000 > profile.freshness_s;
  const { secret: _, ...shown } = parsed;
  const event = {
    event_id: book.next++, alert_id: `wa-${book.next}`, profile: profile.name, profile_id: profile.id, received_at: iso(book), decision: stale ? "refused" : known ? "queued" : "recorded", reason: stale ? "stale" : null,
    duplicate: false, symbol: parsed.ticker ?? null, action: parsed.action ?? null, quantity: parsed.contracts ? Number(parsed.contracts) : null, order_ids: [], remote: "127.0.0.1", body: JSON.stringify(shown),
  };
  book.events.unshift(event);
  book.emit("webhooks", "webhook", event);
  return json({ status: "received", alert_id: event.alert_id, event_id: event.event_id, duplicate: false, decision: event.decision, timestamp: iso(book) });
}

// -- strategies ---------------------------------------------------------------

const strategy_row = ({ source: _, ...row }) => row;

function change_strategy(book, strategy, next, event = "state", type = "strategy") {
  Object.assign(strategy, next, { updated_at: iso(book) });
  book.emit("strategies", type, { ...strategy_row(strategy), event, ...(type === "strategy_mode_change" ? { new_mode: strategy.mode } : {}) });
  return strategy_row(strategy);
}

async function serve_strategies(book, { method, query, body, json, fail }, id, what) {
  if (id === "preview") return preview(book, await body(), json, fail);
  if (method === "GET" && !id) return json({ strategies: [...book.strategies.values()].map(strategy_row) });
  if (method === "POST" && !id) {
    const request = await body();
    if (book.strategies.has(request.strategy_id)) return fail(409, `strategy_id: ${request.strategy_id} exists already`, { errors: [{ loc: ["body", "strategy_id"], msg: "exists already", type: "conflict" }] });
    const diagnostics = request.kind === "pine" ? check_source(request.source ?? "") : [];
    if (diagnostics.length > 0) return fail(422, "the source does not compile", { diagnostics });
    const strategy = { min_win_rate: 55, evaluation_period: 20, account_id: "paper_simulator", ...request, mode: "paper", enabled: request.enabled ?? false, source_version: 1, created_at: iso(book) };
    strategy.state = strategy.enabled ? "running" : "stopped";
    book.strategies.set(strategy.strategy_id, strategy);
    book.trails.set(strategy.strategy_id, { transitions: [{ at: iso(book), from: null, to: "paper", reason: "registered", automatic: false }], signals: [] });
    return json(change_strategy(book, strategy, {}, "registered"), 201);
  }
  const strategy = book.strategies.get(id);
  if (!strategy) return fail(404, `unknown strategy ${id}`);
  const trail = book.trails.get(id);
  switch (what) {
    case "enable": case "disable": return json(change_strategy(book, strategy, { enabled: what === "enable", state: what === "enable" ? "running" : "stopped" }));
    case "run-now": return json({ status: "accepted" }, 202);
    case "mode": {
      const { new_mode, reason } = await body();
      if (new_mode === "live") return fail(403, "live needs the role admin and ENABLE_REAL_TRADING=true", { error_code: "strategy.LIVE_NOT_ALLOWED" });
      trail.transitions.unshift({ at: iso(book), from: strategy.mode, to: new_mode, reason, automatic: false });
      return json(change_strategy(book, strategy, { mode: new_mode }, "mode", "strategy_mode_change"));
    }
    case "source": return json(change_strategy(book, strategy, { source: (await body()).source, source_version: strategy.source_version + 1 }));
    case "signals": return json({ signals: trail.signals });
    case "transitions": return json({ transitions: trail.transitions });
    case "runs": return json({ runs: [] });
    case "sets": return json({ sets: [{ set: 1, started_at: strategy.created_at, completed_at: null, trades: 0, wins: 0, win_rate: null, pnl: 0, good: null }] });
    case "performance": return json({ trades: 0, wins: 0, losses: 0, win_rate: null, net_profit: 0 });
    case "plots": return json(computed(book, strategy.source, query.symbol ?? strategy.symbols[0], strategy.timeframe, Number(query.limit ?? 1000), "regular", book.now() + 1));
    default:
  }
  if (method === "DELETE") {
    book.strategies.delete(id);
    book.emit("strategies", "strategy", { strategy_id: id, event: "removed" });
    return json({ status: "deleted" });
  }
  return json(method === "PATCH" ? change_strategy(book, strategy, await body()) : { ...strategy });
}

function preview(book, request, json, fail) {
  const diagnostics = check_source(request.source ?? "").filter(({ code }) => code !== "PN0221");
  if (diagnostics.length > 0) return json({ valid: false, diagnostics });
  if (!by_symbol.has(request.symbol)) return fail(404, `unknown symbol ${request.symbol}`);
  return json({ valid: true, diagnostics: [], ...computed(book, request.source, request.symbol, request.timeframe, Math.min(request.bars ?? 1000, 20_000), request.session ?? "regular", request.to ?? book.now() + 1) });
}

/// Not Pine: each plot() of the source becomes some average of the closes, each
/// hline() its level, so that the chart has something of the right shape.
function computed(book, source, symbol, timeframe, count, session, to) {
  const bars = history(by_symbol.get(symbol), udf_resolution(timeframe), session, to, count, book.now());
  const overlay = /overlay\s*=\s*true/.test(source);
  const closes = bars.map(({ c }) => c);
  const plots = [...source.matchAll(/^\s*(?:\w+\s*=\s*)?plot\(([^\n]*)\)\s*$/gm)].map(([, args], index) => {
    const title = /"([^"]*)"/.exec(args)?.[1] ?? `Plot ${index + 1}`;
    const style = /plot\.style_(\w+)/.exec(args)?.[1] ?? "line";
    const values = overlay ? average(closes, 8 * (index + 1)) : average(closes, 6).map((value, i) => (value === null ? null : 50 + Math.max(-48, Math.min(48, (closes[i] / value - 1) * (4000 / (index + 1))))));
    return { title, kind: "plot", options: { style, linewidth: "2", color: ["#F5A524FF", "#6CB3FFFF", "#C792EAFF"][index % 3] }, series: { series: values } };
  });
  const levels = [...source.matchAll(/hline\(\s*([\d.]+)/g)].map(([, price]) => ({ title: "", kind: "hline", options: { price, color: "#808B98FF", linestyle: "dashed" }, series: {} }));
  const markers = /strategy\.entry/.test(source) ? bars.filter((_, i) => i % 40 === 20).map((bar, i) => ({ timestamp: bar.ts, side: i % 2 ? "sell" : "buy", text: i % 2 ? "Short" : "Long", price: bar.c })) : [];
  return { kind: /strategy\(/.test(source) ? "strategy" : "indicator", title: /(?:indicator|strategy)\(\s*"([^"]*)"/.exec(source)?.[1] ?? "", overlay, times: bars.map(({ ts }) => ts), plots: [...plots, ...levels], markers, trades: [], drawings: [] };
}

function average(values, length) {
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= length ? values[i - length] : 0);
    return i >= length - 1 ? sum / length : null;
  });
}
