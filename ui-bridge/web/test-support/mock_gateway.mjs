// A small stand-in for the gateway: serves dist/ and speaks the part of the
// HTTP contract that the UI uses, with the pretend market of mock_market.mjs.
// TEST DOUBLE for development and for trying the E2E tests; never shipped.
//
//   node test-support/mock_gateway.mjs [--port 8080] [--now 2026-01-15T15:12:00Z] [--source sim] [--without jobs,trading]
//
// `--without` makes parts answer as a node does that lacks them: 503 not_available.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { check_source, make_jobs, progress_route, serve_jobs, serve_progress, stop_jobs } from "./mock_jobs.mjs";
import { make_signals, receive_webhook, signal_channels, signal_route, signal_snapshot } from "./mock_signals.mjs";
import { emit, make_trading, resume_of, serve_trading, snapshot_of, trading_channels } from "./mock_trading.mjs";
import { by_symbol, history, instruments, market_status, price_at, quote, udf_resolution } from "./mock_market.mjs";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const content_types = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css",
  ".svg": "image/svg+xml", ".woff2": "font/woff2", ".woff": "font/woff", ".json": "application/json",
};
const security_headers = {
  "content-security-policy":
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; worker-src 'self' blob:; connect-src 'self'; " +
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
};
const quote_interval_ms = 200;
const idle_heartbeat_ms = 10_000;

export async function start_mock({ port = 0, now: start, source = "sim", without = [] } = {}) {
  const shift_ms = start ? Date.parse(start) - Date.now() : 0;
  const now = () => (Date.now() + shift_ms) / 1000;
  const state = {
    now, source,
    watchlists: [{ id: "1", name: "Futures", symbols: ["MNQ1!", "ES1!", "NQ1!", "RTY1!", "YM1!"] },
      { id: "2", name: "Stocks", symbols: ["AAPL", "MSFT", "NVDA", "GOOGL", "TSLA", "SPY", "BTCUSD", "EURUSD", "ZN1!"] }],
    next_id: 3, layouts: new Map(), without: new Set(without), jobs: make_jobs(now), trading: make_trading(now),
  };
  state.signals = make_signals(now, (channel, type, data) => emit(state.trading, channel, type, data));
  const server = createServer((req, res) => void handle(state, req, res).catch((error) => fail(state, res, 500, String(error))));
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (req, socket, head) => {
    const path = req.url.split("?")[0];
    if (progress_route.test(path)) return sockets.handleUpgrade(req, socket, head, (ws) => serve_progress(state.jobs, ws, path));
    if (!/^\/(stream|ws)$/.test(path)) return socket.destroy();
    sockets.handleUpgrade(req, socket, head, (ws) => serve_stream(state, ws));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    state,
    async close() {
      stop_jobs(state.jobs);
      clearInterval(state.trading.timer);
      clearInterval(state.signals.timer);
      for (const ws of sockets.clients) ws.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// -- HTTP ---------------------------------------------------------------------

function json(res, body, status = 200, headers = {}) {
  res.writeHead(status, { ...security_headers, "content-type": "application/json", "cache-control": "no-store", ...headers });
  res.end(body === undefined ? undefined : JSON.stringify(body));
}

function fail(state, res, status, detail, more = {}) {
  const error_code = status === 503 ? "not_available" : `http.${status}`;
  json(res, { detail, error: detail, s: "error", errmsg: detail, error_code, ...more, timestamp: new Date(state.now() * 1000).toISOString() }, status);
}

async function text_of(req) {
  let text = "";
  for await (const part of req) text += part;
  return text;
}

async function body_of(req) {
  const text = await text_of(req);
  return text === "" ? undefined : JSON.parse(text);
}

async function handle(state, req, res) {
  const url = new URL(req.url, "http://mock");
  const path = url.pathname;
  const query = Object.fromEntries(url.searchParams);
  if (path === "/health") return json(res, health(state));
  if (path === "/api/v1/auth/me")
    return json(res, { user: "local", principal: "local", kind: "local", role: "trader", account_scope: "paper", accounts: [], strategies: [], expires_at: null });
  if (path === "/health/live" || path === "/health/ready") return json(res, { ok: true });
  if (path.startsWith("/udf/")) return udf(state, res, path.slice(5), query);
  if (path.startsWith("/api/v1/watchlists")) return watchlists(state, req, res, path.split("/")[4]);
  if (path.startsWith("/api/v1/layouts/")) return layouts(state, req, res, decodeURIComponent(path.split("/")[4]));
  if (path === "/metrics") return res.writeHead(200, { "content-type": "text/plain" }).end("# TYPE tt_mock gauge\ntt_mock 1\n");
  if (path === "/api/v1/cluster") return json(res, cluster(state));
  const call = {
    method: req.method, path, query, body: () => body_of(req), json: (body, status) => json(res, body, status), fail: (status, detail, more) => fail(state, res, status, detail, more),
  };
  if (path === "/api/v1/strategies/validate") {
    const diagnostics = check_source((await body_of(req)).source);
    return json(res, { valid: diagnostics.length === 0, diagnostics });
  }
  if (path.startsWith("/webhook/tradingview/")) return receive_webhook(state.signals, path.split("/")[3], await text_of(req), call.json, call.fail);
  const signal = signal_route(path);
  if (signal) {
    if (state.without.has(signal.part)) return fail(state, res, 503, `${signal.part}: this build has no such service yet`);
    return signal.run(state.signals, call);
  }
  if (/^\/api\/(?:backtest|optimize)/.test(path)) {
    if (state.without.has("jobs")) return fail(state, res, 503, "backtests: this build has no backtest service yet");
    return serve_jobs(state.jobs, call);
  }
  if (/^\/api\/(?:v1\/)?(?:accounts?|positions|orders|executions|risk|paper-trading)(?:\/|$)/.test(path)) {
    if (state.without.has("trading")) return fail(state, res, 503, "orders: this build has no execution service yet");
    return serve_trading(state.trading, call);
  }
  if (path.startsWith("/api/")) return api(state, res, path, query);
  return serve_file(res, path, req.headers["accept-encoding"] ?? "");
}

function health(state) {
  return {
    status: "healthy", ok: true, timestamp: Math.floor(state.now()), version: "0.0.0-mock", uptime_s: 5321, tradier_connected: false, tradovate_connected: false, ccxt_connected: false, active_connections: 4,
    feeds: { sim: { state: "live", source: "sim", since: Math.floor(state.now()) - 5321, last_message_age_ms: 180, events: 918_221, stale_symbols: 0 } },
    journal: { state: "ok", offset: 918_221, fsync_p99_us: 900 }, risk: { mode: "normal", kill_active: false }, cluster: { node: "n1", role: "member", epoch: 7 },
    metrics: { http_p50_ms: 0.4, http_p95_ms: 1.9, http_p99_ms: 4.2 },
  };
}

function cluster(state) {
  const link = (peer, up = true) => ({
    peer, state: up ? "up" : "down", since_heard_ms: up ? 40 : 9200, round_trip_us: 180, messages_in: 120_332, messages_out: 99_120, bytes_in: 44_000_000, bytes_out: 21_000_000, repeated_frames: 0, times_up: 1, bytes_waiting: 0,
  });
  const node = (name, roles, more = {}) => ({
    name, state: "up", since: new Date((state.now() - 5000) * 1000).toISOString(), roles, endpoint: `tcp://10.0.0.${name.slice(1)}:7000`, version: "0.0.0-mock", started_at: new Date((state.now() - 5321) * 1000).toISOString(), answered: true, symbols: 14, feeds: [],
    leases: [], links: [], proxies: 3, exported_actors: 2, topic_gaps: 0, refused_peers: 0, rss_bytes: 183_000_000, lag_us: 420, ...more,
  });
  return {
    node: "n1", mode: "cluster",
    nodes: [
      node("n1", ["market", "gateway"], { feeds: ["sim"], leases: [{ name: "feed.sim", epoch: 7 }], links: [link("n2"), link("n3", false)] }), node("n2", ["backtest"], { symbols: 0, links: [link("n1")] }),
      { name: "n3", state: "lost", reason: "silent for 9 s", since: new Date((state.now() - 9) * 1000).toISOString(), roles: ["execution"], endpoint: "tcp://10.0.0.3:7000", answered: false },
    ],
  };
}

function udf(state, res, call, query) {
  const instrument = by_symbol.get((query.symbol ?? "").toUpperCase().split(":").at(-1));
  if (call === "time") return res.end(String(Math.floor(state.now())));
  if (call === "config") return json(res, { supports_search: true, supports_group_request: false });
  if (call === "search") {
    const q = (query.query ?? "").toLowerCase();
    return json(res, instruments.filter((i) => i.symbol.toLowerCase().includes(q)).slice(0, Number(query.limit ?? 30)).map(({ symbol, description, exchange, type }) => ({ symbol, full_name: `${exchange}:${symbol}`, description, exchange, type, ticker: symbol })));
  }
  if (!instrument) return fail(state, res, 404, `unknown_symbol ${query.symbol}`);
  if (call === "symbols") return json(res, udf_symbol(instrument));
  if (call !== "history") return fail(state, res, 404, `no route /udf/${call}`);
  const count = Math.min(Number(query.countback || 300), 20_000);
  const bars = history(instrument, udf_resolution(query.resolution), query.session ?? "regular", Number(query.to), count, state.now());
  if (bars.length === 0) return json(res, { s: "no_data" });
  const column = (field) => bars.map((bar) => bar[field]);
  return json(res, { s: "ok", t: column("ts"), o: column("o"), h: column("h"), l: column("l"), c: column("c"), v: column("v") });
}

function udf_symbol(instrument) {
  const { symbol, description, type, exchange, session, timezone, minmov, pricescale, fractional = false } = instrument;
  return {
    symbol, ticker: symbol, name: symbol, full_name: `${exchange}:${symbol}`, description, type, exchange, listed_exchange: exchange,
    session, timezone, minmov, pricescale, fractional, format: "price", has_intraday: true, has_daily: true, currency_code: "USD",
    data_status: "streaming",
  };
}

function api(state, res, path, query) {
  const segments = path.split("/").slice(2).map(decodeURIComponent);
  const route = segments[0] === "v1" ? segments.slice(1) : segments;
  const known = (symbol) => by_symbol.get((symbol ?? "").toUpperCase());
  if (route[0] === "quotes" && route.length === 1) {
    const symbols = (query.symbols ?? "").split(",").filter(Boolean);
    if (symbols.length === 0) return fail(state, res, 400, "query parameter symbols is missing");
    const found = symbols.filter(known);
    return json(res, { quotes: found.map((s) => quote(known(s), state.now(), state.source)), unmatched: symbols.filter((s) => !known(s)) });
  }
  if (route[0] === "symbols" && route[1] === "search") {
    const q = (query.q ?? "").toLowerCase();
    const hits = instruments.filter((i) => (!query.type || i.type === query.type) && (i.symbol.toLowerCase().includes(q) || i.description.toLowerCase().includes(q)));
    return json(res, { symbols: hits.map(({ symbol, description, exchange, type }) => ({ symbol, full_name: `${exchange}:${symbol}`, description, exchange, type, ticker: symbol })) });
  }
  if (route[0] === "market" && route[1] === "status") {
    const status = market_status(query.venue ?? "XNYS", state.now());
    return status ? json(res, status) : fail(state, res, 404, `unknown venue ${query.venue}`);
  }
  const instrument = known(route[1]);
  if (route[0] === "symbols" || route[0] === "trades") {
    if (!instrument) return fail(state, res, 404, `unknown symbol ${route[1]}`);
    if (route[0] === "symbols") return json(res, detail_of(instrument));
    const trades = Array.from({ length: Number(query.limit ?? 50) }, (_, i) => trade(instrument, state.now() - 1 - i * 1.7));
    return json(res, { trades });
  }
  return fail(state, res, 404, `no route ${path}`);
}

function detail_of({ symbol, description, type, exchange, venue, timezone, minmov, pricescale, session, extended }) {
  return {
    symbol, ticker: symbol, description, type, exchange, calendar: venue, timezone, currency: "USD", tick: minmov / pricescale, lot: 1,
    multiplier: type === "futures" ? 50 : 1, price_basis: "trade",
    sessions: { regular: session, extended: extended ? "0400-2000" : session }, has_extended_hours: extended, borrowable: type === "stock",
  };
}

function trade(instrument, t) {
  const rising = price_at(instrument, t) >= price_at(instrument, t - 1);
  return { ts_ms: Math.round(t * 1000), price: price_at(instrument, t), size: 100 * (1 + (Math.floor(t * 13) % 7)), side: rising ? "buy" : "sell" };
}

async function watchlists(state, req, res, id) {
  const index = state.watchlists.findIndex((list) => list.id === id);
  if (id && index < 0) return fail(state, res, 404, `no watchlist ${id}`);
  const body = await body_of(req);
  switch (req.method) {
    case "GET": return json(res, { watchlists: state.watchlists });
    case "POST": {
      const list = { id: String(state.next_id++), name: body.name, symbols: body.symbols };
      state.watchlists.push(list);
      return json(res, list, 201);
    }
    case "PUT":
      Object.assign(state.watchlists[index], { name: body.name, symbols: body.symbols });
      return json(res, state.watchlists[index]);
    case "DELETE":
      state.watchlists.splice(index, 1);
      return json(res, undefined, 204);
    default: return fail(state, res, 405, "method not allowed");
  }
}

async function layouts(state, req, res, name) {
  const stored = state.layouts.get(name);
  if (req.method === "GET") {
    return stored ? json(res, stored.layout, 200, { etag: stored.etag }) : fail(state, res, 404, `no layout ${name}`);
  }
  const expected = req.headers["if-match"];
  if (expected && stored && expected !== stored.etag) return fail(state, res, 412, "the stored layout has changed");
  const layout = await body_of(req);
  const etag = `"${createHash("sha1").update(JSON.stringify(layout)).digest("hex").slice(0, 12)}"`;
  state.layouts.set(name, { layout, etag });
  return json(res, undefined, 204, { etag });
}

async function serve_file(res, path, accepts) {
  const name = normalize(path === "/" ? "/index.html" : path);
  const type = content_types[extname(name)];
  const caching = name.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
  const headers = { ...security_headers, "content-type": type, "cache-control": caching };
  try {
    if (/\bgzip\b/.test(accepts)) {
      const packed = await readFile(`${dist}${name}.gz`).catch(() => undefined);
      if (packed) return res.writeHead(200, { ...headers, "content-encoding": "gzip" }).end(packed);
    }
    return res.writeHead(200, headers).end(await readFile(dist + name));
  } catch {
    return res.writeHead(404, security_headers).end("not found");
  }
}

// -- stream -------------------------------------------------------------------

function serve_stream(state, ws) {
  const topics = new Map(); // key -> {channel, symbol, timeframe, session, last}
  let seq = 0;
  let last_sent = Date.now();
  const say = (message) => {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(JSON.stringify({ timestamp: new Date(state.now() * 1000).toISOString(), seq: ++seq, ...message }));
    last_sent = Date.now();
  };
  const timer = setInterval(() => {
    for (const topic of topics.values()) publish(state, topic, say);
    if (Date.now() - last_sent > idle_heartbeat_ms) say({ type: "heartbeat" });
  }, quote_interval_ms);
  const on_event = (message) => {
    if (topics.has(`${message.channel}|||`)) say(message);
  };
  state.trading.listeners.add(on_event);
  ws.on("close", () => {
    clearInterval(timer);
    state.trading.listeners.delete(on_event);
  });
  ws.on("message", (raw) => {
    let message;
    try {
      message = JSON.parse(String(raw));
    } catch {
      return say({ type: "error", message: "not JSON", error_code: "stream.json" });
    }
    const verb = message.action ?? message.type;
    if (verb === "ping") return say({ type: "pong", id: message.id });
    if (verb === "subscribe" || verb === "unsubscribe") return subscribe(state, topics, verb, message, say);
    if (verb === "resume" && is_lossless(message.channel)) {
      for (const answer of resume_of(state.trading, message)) say(answer);
      return;
    }
    if (verb === "snapshot") {
      for (const topic of topics_of(message)) if (topics.has(topic.key)) publish(state, { ...topic, last: undefined }, say, { snapshot: true });
      return;
    }
    say({ type: "error", message: `unknown verb ${verb}`, error_code: "stream.verb", id: message.id });
  });
}

const is_lossless = (channel) => trading_channels.has(channel) || signal_channels.has(channel);

function snapshot_message(state, channel) {
  if (trading_channels.has(channel)) return snapshot_of(state.trading, channel);
  return { type: channel.replace(/ies$/, "y").replace(/s$/, ""), channel, data: signal_snapshot(state.signals, channel), tseq: state.trading.logs.get(channel)?.at(-1)?.tseq ?? 0, epoch: 7, snapshot: true };
}

function topics_of({ channels, channel, symbols = [], timeframe, session = "regular" }) {
  const names = channels ?? [channel ?? "quotes"];
  const is_wide = (name) => name === "market_status" || name === "system" || is_lossless(name);
  return names.flatMap((name) => (is_wide(name) ? [""] : symbols).map((symbol) => ({
    channel: name, symbol, timeframe, session, key: is_wide(name) ? `${name}|||` : `${name}|${symbol}|${timeframe}|${session}`,
  })));
}

function subscribe(state, topics, verb, message, say) {
  const rejected = [];
  const fresh = [];
  for (const topic of topics_of(message)) {
    if (topic.symbol && !by_symbol.has(topic.symbol)) rejected.push({ symbol: topic.symbol, reason: "unknown symbol" });
    else if (verb === "unsubscribe") topics.delete(topic.key);
    else topics.set(topic.key, topic), fresh.push(topic);
  }
  const all = [...topics.values()];
  say({ type: "subscription_confirmed", action: verb, symbols: [...new Set(all.map((t) => t.symbol))], channels: [...new Set(all.map((t) => t.channel))], rejected, id: message.id });
  for (const topic of fresh) publish(state, topic, say, { snapshot: true });
}

function publish(state, topic, say, more = {}) {
  const { channel, symbol, timeframe, session } = topic;
  const instrument = by_symbol.get(symbol);
  const now = state.now();
  if (channel === "quotes") {
    const data = quote(instrument, now, state.source);
    if (more.snapshot || data.last !== topic.last) say({ type: "quote", channel, symbol, data, ...more });
    topic.last = data.last;
  } else if (channel === "bars") {
    for (const data of history(instrument, udf_resolution(timeframe), session, now + 2 * 86_400, 2, now)) {
      const closed = topic.last !== undefined && data.ts === topic.last.ts && data.ts < (topic.newest ?? 0);
      if (data.ts < (topic.last?.ts ?? 0) || JSON.stringify(data) === JSON.stringify(topic.last)) continue;
      say({ type: "bar", channel, symbol, timeframe, session, data: { ...data, closed }, ...more });
      topic.last = data;
      topic.newest = data.ts;
    }
  } else if (channel === "trades") {
    if (more.snapshot) return say({ type: "trade", channel, symbol, data: null, state: "waiting", ...more });
    if (Math.floor(now * 5) % 3 === 0) say({ type: "trade", channel, symbol, data: trade(instrument, now) });
  } else if (is_lossless(channel)) {
    if (more.snapshot) say(snapshot_message(state, channel));
  } else if (channel === "market_status" && more.snapshot) {
    say({ type: "market_status", channel, data: market_status("XNYS", now), ...more });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, fallback) => {
    const index = process.argv.indexOf(`--${name}`);
    return index < 0 ? fallback : process.argv[index + 1];
  };
  const mock = await start_mock({ port: Number(option("port", 8080)), now: option("now"), source: option("source", "sim"), without: option("without", "").split(",") });
  console.log(`mock gateway on ${mock.url}`);
}
