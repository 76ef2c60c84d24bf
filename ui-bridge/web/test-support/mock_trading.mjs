// Pretend accounts, orders and risk for the mock gateway (HTTP contract,
// sections 6, 7 and 13). Orders fill at once or at a limit; every change is an
// event with tseq and epoch on its lossless channel. TEST DOUBLE, never shipped.
import { by_symbol, price_at } from "./mock_market.mjs";

const epoch = 7;
const events_kept = 10_000;
const fill_every_ms = 300;

export function make_trading(now) {
  const book = {
    now, next: 1, orders: new Map(), executions: [], positions: new Map(), killed: false, token: "", logs: new Map(), listeners: new Set(), cash: 100_000, realized: 0,
  };
  book.timer = setInterval(() => work(book), fill_every_ms);
  book.timer.unref?.();
  return book;
}

const iso = (book) => new Date(book.now() * 1000).toISOString();
const round = (value, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits;
const price_of = (book, symbol) => price_at(by_symbol.get(symbol), book.now());

export function emit(book, channel, type, data) {
  const log = book.logs.get(channel) ?? [];
  book.logs.set(channel, log);
  const message = { type, channel, symbol: data.symbol, data, tseq: (log.at(-1)?.tseq ?? 0) + 1, epoch };
  log.push(message);
  if (log.length > events_kept) log.shift();
  for (const listener of book.listeners) listener(message);
}

export function account_of(book) {
  const unrealized = [...book.positions.values()].reduce((sum, p) => sum + (price_of(book, p.symbol) - p.avg_price) * p.quantity, 0);
  const value = [...book.positions.values()].reduce((sum, p) => sum + price_of(book, p.symbol) * p.quantity, 0);
  const equity = round(book.cash + value);
  return {
    account_id: "paper_simulator", broker: "paper", account_type: "margin", mode: "paper", currency: "USD", total_equity: equity, cash_balance: round(book.cash), buying_power: round(equity * 2 - Math.abs(value)),
    initial_margin: round(Math.abs(value) / 2), maintenance_margin: round(Math.abs(value) / 4), start_of_day_equity: 100_000, day_pnl: round(equity - 100_000), realized_pnl: round(book.realized),
    unrealized_pnl: round(unrealized), total_pnl: round(equity - 100_000), is_active: true, is_default: true, trading_enabled: !book.killed, pattern_day_trader: false, data_age_ms: 120, last_updated: iso(book),
  };
}

function position_row(book, p) {
  const current_price = price_of(book, p.symbol);
  return {
    account_id: "paper_simulator", symbol: p.symbol, quantity: p.quantity, side: p.quantity >= 0 ? "long" : "short", avg_price: round(p.avg_price, 4), current_price, multiplier: 1, market_value: round(current_price * p.quantity),
    cost_basis: round(p.avg_price * p.quantity), unrealized_pnl: round((current_price - p.avg_price) * p.quantity), realized_pnl: 0, day_pnl: round((current_price - p.avg_price) * p.quantity),
    weight: round((current_price * p.quantity) / account_of(book).total_equity, 4), opened_at: p.opened_at, updated_at: iso(book), origin: "own",
  };
}

function change(book, order, next) {
  Object.assign(order, next, { version: order.version + 1, updated_at: iso(book) });
  emit(book, "orders", "order_update", { ...order });
}

function work(book) {
  for (const order of book.orders.values()) {
    if (order.status !== "open") continue;
    const price = price_of(book, order.symbol);
    const is_buy = order.side.startsWith("buy");
    const reached = order.order_type === "market" || (order.order_type === "limit" && (is_buy ? price <= order.price : price >= order.price)) || (order.order_type === "stop" && (is_buy ? price >= order.stop_price : price <= order.stop_price));
    if (reached) fill(book, order, price);
  }
}

function fill(book, order, price) {
  const signed = order.side.startsWith("buy") ? order.quantity : -order.quantity;
  const known = book.positions.get(order.symbol) ?? { symbol: order.symbol, quantity: 0, avg_price: 0, opened_at: iso(book) };
  const quantity = known.quantity + signed;
  if (known.quantity * signed < 0) book.realized += (price - known.avg_price) * Math.min(Math.abs(signed), Math.abs(known.quantity)) * Math.sign(known.quantity);
  const avg_price = known.quantity * signed >= 0 ? (known.avg_price * known.quantity + price * signed) / quantity : Math.abs(signed) > Math.abs(known.quantity) ? price : known.avg_price;
  book.cash -= price * signed + 1;
  const next = { ...known, quantity, avg_price };
  if (quantity === 0) book.positions.delete(order.symbol);
  else book.positions.set(order.symbol, next);
  change(book, order, { status: "filled", state: "filled", filled_quantity: order.quantity, remaining_quantity: 0, avg_fill_price: price, fees: 1, filled_at: iso(book) });
  const execution = {
    execution_id: `x-${String(book.next++).padStart(6, "0")}`, order_id: order.order_id, account_id: order.account_id, symbol: order.symbol, side: order.side, quantity: order.quantity, price, liquidity: "taker",
    commission: 1, exchange_fee: 0, regulatory_fee: 0, other_fees: 0, net_value: round(-price * signed - 1), timestamp: iso(book),
  };
  book.executions.unshift(execution);
  emit(book, "executions", "execution", execution);
  emit(book, "positions", "position", position_row(book, next));
  emit(book, "account", "account", account_of(book));
}

function check(book, request) {
  const problems = [];
  const symbol = String(request.symbol ?? "").toUpperCase();
  if (!by_symbol.has(symbol)) problems.push({ loc: ["body", "symbol"], msg: `unknown symbol ${symbol}`, type: "value" });
  if (!(Number(request.quantity) > 0)) problems.push({ loc: ["body", "quantity"], msg: "must be above 0", type: "range" });
  if (/limit/.test(request.type ?? "") && !(Number(request.price) > 0)) problems.push({ loc: ["body", "price"], msg: "is required for a limit", type: "missing" });
  return problems;
}

function preview(book, request) {
  const symbol = request.symbol.toUpperCase();
  const est_price = Number(request.price ?? price_of(book, symbol));
  const est_notional = round(est_price * Number(request.quantity));
  const power = account_of(book).buying_power;
  const refused = book.killed ? ["KILL_SWITCH", "trading is stopped"] : est_notional > power ? ["BUYING_POWER", `needs ${est_notional}, has ${power}`] : undefined;
  const checks = ["BUYING_POWER", "MAX_ORDER_VALUE", "DAILY_LOSS", "PRICE_COLLAR"].map((code) => ({ code, result: refused?.[0] === code ? "refused" : "approved", message: refused?.[0] === code ? refused[1] : undefined }));
  return {
    would_accept: !refused, quantity: Number(request.quantity), est_price, est_notional, est_fees: 1, buying_power_after: round(power - est_notional),
    risk_check: { result: refused ? "refused" : "approved", code: refused?.[0] ?? "APPROVED", message: refused?.[1], elapsed_us: 3, adjustments: [], checks },
  };
}

function place(book, request) {
  const known = [...book.orders.values()].find((order) => order.client_order_id === request.client_order_id);
  if (known) return { status: 200, order: known };
  const seen = preview(book, request);
  const quantity = Number(request.quantity);
  const order = {
    order_id: `o-${String(book.next++).padStart(6, "0")}`, client_order_id: request.client_order_id ?? `T4${book.next}`, account_id: request.account_id ?? "paper_simulator", account_mode: "paper", symbol: request.symbol.toUpperCase(), side: request.side,
    order_type: request.type ?? "market", time_in_force: request.time_in_force ?? "day", original_quantity: quantity, quantity, filled_quantity: 0, remaining_quantity: quantity,
    price: request.price ? Number(request.price) : null, stop_price: request.stop_price ? Number(request.stop_price) : null, avg_fill_price: null, fees: 0, status: seen.would_accept ? "open" : "rejected",
    state: seen.would_accept ? "working" : "risk_rejected", reason: seen.risk_check.message ?? null, reject_code: seen.would_accept ? null : seen.risk_check.code, reduce_only: request.reduce_only ?? false, created_at: iso(book), updated_at: iso(book), version: 0, risk_check: seen.risk_check,
  };
  book.orders.set(order.order_id, order);
  change(book, order, {});
  return { status: seen.would_accept ? 201 : 422, order };
}

function risk_state(book) {
  const account = account_of(book);
  const limit = (code, max, measured, unit, scope = "account paper_simulator") => ({ code, scope, limit: max, measured: round(measured, 4), headroom: round(max - measured, 4), unit, would_trip: measured > max });
  return {
    mode: book.killed ? book.killed : "normal", kill_active: Boolean(book.killed),
    limits: [
      limit("DAILY_LOSS", 0.02, Math.max(0, -account.day_pnl / 100_000), "ratio"), limit("GROSS_EXPOSURE", 200_000, account.maintenance_margin * 4, "USD"), limit("MAX_ORDER_VALUE", 50_000, 0, "USD"),
      limit("OPEN_ORDERS", 50, [...book.orders.values()].filter(({ status }) => status === "open").length, "orders"), limit("ORDERS_PER_MINUTE", 60, 51, "orders"),
    ],
    breakers: [{ code: "FEED_STALE", state: "closed" }, { code: "DRAWDOWN", state: "closed" }],
  };
}

function cancel(book, order) {
  if (order.status !== "open") return { ...order, changed: false };
  change(book, order, { status: "cancelled", state: "cancelled" });
  return order;
}

/// @return true when the path is one of these routes.
export async function serve_trading(book, { method, path, query, body, json, fail }) {
  const [head, id, what] = path.replace(/^\/api\/(?:v1\/)?/, "").split("/").map(decodeURIComponent);
  const request = method === "GET" || method === "DELETE" ? undefined : await body();
  const close_all = (symbols) => symbols.map((symbol) => {
    const p = book.positions.get(symbol);
    return place(book, { symbol, side: p.quantity > 0 ? "sell" : "buy", quantity: Math.abs(p.quantity), type: "market", reduce_only: true, client_order_id: `close-${book.next}` }).order;
  });
  switch (head) {
    case "account": return json(account_of(book)), true;
    case "accounts": return json(id ? account_of(book) : { accounts: [account_of(book)] }), true;
    case "executions": return json({ executions: book.executions.slice(0, Number(query.limit ?? 100)), next_cursor: null }), true;
    case "positions": {
      if (method === "GET") return json([...book.positions.values()].map((p) => position_row(book, p))), true;
      if (id === "flatten") {
        const cancelled = [...book.orders.values()].filter(({ status }) => status === "open").map((order) => cancel(book, order).order_id);
        return json({ orders: close_all([...book.positions.keys()]), cancelled }, 202), true;
      }
      if (!book.positions.has(id)) return fail(404, `there is no position in ${id}`), true;
      return json({ orders: close_all([id]), cancelled: [] }, 202), true;
    }
    case "orders": {
      if (method === "GET" && !id) return json([...book.orders.values()].reverse().slice(0, Number(query.limit ?? 50))), true;
      if (method === "POST") {
        const problems = check(book, request);
        if (problems.length > 0) return fail(400, `${problems[0].loc[1]}: ${problems[0].msg}`, { errors: problems }), true;
        if (id === "preview") return json(preview(book, request)), true;
        const { status, order } = place(book, request);
        if (status === 422) return fail(422, `Order refused: ${order.reason}`, { error_code: `risk.${order.reject_code}`, order }), true;
        return json(order, status), true;
      }
      if (method === "DELETE" && !id) {
        const open = [...book.orders.values()].filter((order) => order.status === "open" && (!query.symbol || order.symbol === query.symbol));
        return json({ requested: open.length, order_ids: open.map((order) => cancel(book, order).order_id) }, 202), true;
      }
      const order = book.orders.get(id);
      if (!order) return fail(404, `unknown order ${id}`), true;
      if (method === "PATCH") {
        if (order.status !== "open") return fail(409, `order ${id} is not open`), true;
        if (request.if_version !== undefined && request.if_version !== order.version) return fail(409, `order ${id} has changed: version ${order.version}`), true;
        const figures = ["price", "stop_price", "quantity"].flatMap((name) => (request[name] === undefined ? [] : [[name, Number(request[name])]]));
        change(book, order, Object.fromEntries(figures));
        return json(order, 202), true;
      }
      return json(method === "DELETE" ? cancel(book, order) : order, method === "DELETE" ? 202 : 200), true;
    }
    case "risk": return serve_risk(book, method, id, request, json, fail), true;
    case "paper-trading": return serve_paper(book, method, id, path.split("/")[4], what && path.split("/")[5], request, json, fail), true;
    default: return false;
  }
}

function serve_paper(book, method, what, id, action, request, json, fail) {
  if (what !== "accounts") return fail(404, `no route for ${what}`);
  const fill_model = { price: "touch", latency_ms: 0, slippage_ticks: 0, partial_fills: false, fee_schedule: { commission_per_order: 1 } };
  const own = { ...account_of(book), fill_model, starting_cash: 100_000 };
  if (!id && method === "POST") return fail(503, "paper trading: the mock keeps one account");
  if (!id) return json({ accounts: [own] });
  if (action === "metrics") return json({ total_trades: book.executions.length, total_return: book.realized / 100_000, win_rate: null });
  if (action === "equity") return json({ equity: [{ date: "2026-01-14", equity: 100_000 }, { date: "2026-01-15", equity: own.total_equity }] });
  if (action === "reset") {
    if (request.confirm !== true) return fail(400, "confirm: must be true");
    Object.assign(book, { cash: Number(request.starting_cash ?? 100_000), realized: 0 });
    book.positions.clear();
    emit(book, "account", "account", account_of(book));
    return json(account_of(book));
  }
  return json(own);
}

function serve_risk(book, method, what, request, json, fail) {
  if (method === "GET" && !what) return json(risk_state(book));
  if (what === "emergency-stop") {
    book.killed = request.mode ?? "halt";
    const cancel_requested = [...book.orders.values()].filter(({ status }) => status === "open").map((order) => cancel(book, order).order_id);
    emit(book, "risk", "risk", { kill_active: true, mode: book.killed, reason: request.reason });
    return json({ kill_active: true, mode: book.killed, epoch, cancel_requested, elapsed_ms: 2 });
  }
  if (what === "resume") {
    if (!request.confirm_token) {
      if (!request.reason) return fail(400, "reason: is required");
      book.token = `c-${book.next++}`;
      return json({ confirm_token: book.token, expires_in: 60, blocking: [] });
    }
    if (request.confirm_token !== book.token) return fail(409, "the confirmation is not the one given, or has run out");
    book.killed = false;
    emit(book, "risk", "risk", { kill_active: false, mode: "normal" });
    return json({ kill_active: false, epoch });
  }
  return fail(404, "no such route");
}

// -- stream -------------------------------------------------------------------

export const trading_channels = new Set(["account", "positions", "orders", "executions", "risk"]);

export function snapshot_of(book, channel) {
  const tseq = book.logs.get(channel)?.at(-1)?.tseq ?? 0;
  const data = {
    account: () => account_of(book), positions: () => [...book.positions.values()].map((p) => position_row(book, p)), orders: () => [...book.orders.values()].filter(({ status }) => status === "open"),
    executions: () => book.executions.slice(0, 100), risk: () => risk_state(book),
  }[channel]();
  const type = { account: "account", positions: "positions", orders: "order_update", executions: "execution", risk: "risk" }[channel];
  return { type, channel, data, tseq, epoch, snapshot: true };
}

/// Messages that answer a resume, in order.
export function resume_of(book, { channel, epoch: asked_epoch, after }) {
  if (asked_epoch !== epoch) return [{ type: "gap", channel }, snapshot_of(book, channel)];
  const missed = (book.logs.get(channel) ?? []).filter(({ tseq }) => tseq > after);
  return [...missed, { type: "resumed", channel, from: after + 1, to: missed.at(-1)?.tseq ?? after }];
}
