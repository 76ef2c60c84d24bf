// A deterministic pretend market for developing and testing the UI without a
// gateway. Prices are a pure function of symbol and time (layered value
// noise), so every timeframe and every restart shows the same history.
// TEST DOUBLE: nothing here is shipped.

const minute = 60;
const day = 86_400;

export const instruments = [
  { symbol: "AAPL", description: "Apple Inc", type: "stock", exchange: "NASDAQ", venue: "XNYS", price: 231, decimals: 2, minmov: 1, hours: "us", volume: 4e4 },
  { symbol: "MSFT", description: "Microsoft Corporation", type: "stock", exchange: "NASDAQ", venue: "XNYS", price: 428, decimals: 2, minmov: 1, hours: "us", volume: 2e4 },
  { symbol: "NVDA", description: "NVIDIA Corporation", type: "stock", exchange: "NASDAQ", venue: "XNYS", price: 142, decimals: 2, minmov: 1, hours: "us", volume: 2e5 },
  { symbol: "GOOGL", description: "Alphabet Inc Class A", type: "stock", exchange: "NASDAQ", venue: "XNYS", price: 178, decimals: 2, minmov: 1, hours: "us", volume: 3e4 },
  { symbol: "TSLA", description: "Tesla Inc", type: "stock", exchange: "NASDAQ", venue: "XNYS", price: 251, decimals: 2, minmov: 1, hours: "us", volume: 1e5 },
  { symbol: "SPY", description: "SPDR S&P 500 ETF Trust", type: "etf", exchange: "ARCA", venue: "XNYS", price: 598, decimals: 2, minmov: 1, hours: "us", volume: 9e4 },
  { symbol: "ES1!", description: "E-mini S&P 500 Futures", type: "futures", exchange: "CME", venue: "XCME", price: 5980, decimals: 2, minmov: 25, hours: "cme", volume: 1500 },
  { symbol: "MNQ1!", description: "Micro E-mini Nasdaq-100 Futures", type: "futures", exchange: "CME", venue: "XCME", price: 21_050, decimals: 2, minmov: 25, hours: "cme", volume: 900 },
  { symbol: "NQ1!", description: "E-mini Nasdaq-100 Futures", type: "futures", exchange: "CME", venue: "XCME", price: 21_050, decimals: 2, minmov: 25, hours: "cme", volume: 400 },
  { symbol: "RTY1!", description: "E-mini Russell 2000 Futures", type: "futures", exchange: "CME", venue: "XCME", price: 2390, decimals: 1, minmov: 1, hours: "cme", volume: 300 },
  { symbol: "YM1!", description: "E-mini Dow Futures", type: "futures", exchange: "CBOT", venue: "XCME", price: 44_300, decimals: 0, minmov: 1, hours: "cme", volume: 200 },
  { symbol: "ZN1!", description: "10-Year T-Note Futures", type: "futures", exchange: "CBOT", venue: "XCME", price: 110.5, decimals: 0, minmov: 1, pricescale: 64, fractional: true, hours: "cme", volume: 2000 },
  { symbol: "BTCUSD", description: "Bitcoin / US Dollar", type: "crypto", exchange: "COINBASE", venue: "XCRYPTO", price: 97_400, decimals: 2, minmov: 1, hours: "always", volume: 2 },
  { symbol: "EURUSD", description: "Euro / US Dollar", type: "forex", exchange: "FX", venue: "XFX", price: 1.0845, decimals: 5, minmov: 1, hours: "always", volume: 5000 },
].map((instrument) => ({
  ...instrument,
  pricescale: instrument.pricescale ?? 10 ** instrument.decimals,
  timezone: instrument.hours === "always" ? "Etc/UTC" : instrument.hours === "us" ? "America/New_York" : "America/Chicago",
  session: { us: "0930-1600", cme: "1700-1600", always: "24x7" }[instrument.hours],
  extended: instrument.hours === "us",
}));

export const by_symbol = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));

function hash(text) {
  let h = 2166136261;
  for (const char of text) h = Math.imul(h ^ char.charCodeAt(0), 16777619);
  return h >>> 0;
}

/// Uniform in [-1, 1) for a lattice point.
function lattice(seed, n) {
  let x = Math.imul(n ^ seed, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
}

function noise(seed, t) {
  const n = Math.floor(t);
  const f = t - n;
  const u = f * f * (3 - 2 * f);
  return lattice(seed, n) * (1 - u) + lattice(seed, n + 1) * u;
}

const layers = [
  [400 * day, 0.16], [90 * day, 0.08], [21 * day, 0.04], [5 * day, 0.018], [day, 0.008],
  [4 * 3600, 0.004], [3600, 0.002], [900, 0.001], [240, 0.0006], [60, 0.0004], [15, 0.0002], [3, 0.00008],
];

function round_to_tick(instrument, price) {
  const ticks = Math.round((price * instrument.pricescale) / instrument.minmov);
  return Number(((ticks * instrument.minmov) / instrument.pricescale).toFixed(8));
}

export function price_at(instrument, t) {
  const seed = hash(instrument.symbol);
  const scale = { crypto: 1.6, forex: 0.25 }[instrument.type] ?? 1;
  let sum = 0;
  layers.forEach(([period, size], i) => (sum += size * noise(seed + i * 977, t / period)));
  return round_to_tick(instrument, instrument.price * Math.exp(sum * scale));
}

const offsets = new Map();
/// Seconds to add to UTC for local time, per hour and zone.
export function offset_of(zone, t) {
  if (zone === "Etc/UTC") return 0;
  const key = `${zone}${Math.floor(t / 3600)}`;
  if (!offsets.has(key)) {
    const at = Math.floor(t / 3600) * 3600;
    const text = new Date(at * 1000).toLocaleString("sv-SE", { timeZone: zone });
    offsets.set(key, Date.parse(`${text.replace(" ", "T")}Z`) / 1000 - at);
  }
  return offsets.get(key);
}

/// "regular", "pre", "post" or "closed".
export function session_at(instrument, t) {
  if (instrument.hours === "always") return "regular";
  const local = t + offset_of(instrument.timezone, t);
  const weekday = new Date(local * 1000).getUTCDay();
  const second = ((local % day) + day) % day;
  if (instrument.hours === "cme") {
    if (weekday === 6) return "closed";
    if (weekday === 0) return second >= 17 * 3600 ? "regular" : "closed";
    if (weekday === 5 && second >= 16 * 3600) return "closed";
    return second >= 16 * 3600 && second < 17 * 3600 ? "closed" : "regular";
  }
  if (weekday === 0 || weekday === 6) return "closed";
  if (second >= 9.5 * 3600 && second < 16 * 3600) return "regular";
  if (second >= 4 * 3600 && second < 9.5 * 3600) return "pre";
  return second >= 16 * 3600 && second < 20 * 3600 ? "post" : "closed";
}

function is_open(instrument, session, t) {
  const now = session_at(instrument, t);
  return now === "regular" || (session === "extended" && (now === "pre" || now === "post"));
}

/// The bar that opens at `ts`, as known at time `now`.
function make_bar(instrument, ts, span, now) {
  const end = Math.min(ts + span, Math.max(now, ts));
  const steps = 12;
  const o = price_at(instrument, ts);
  const c = price_at(instrument, end);
  let h = Math.max(o, c);
  let l = Math.min(o, c);
  for (let i = 1; i < steps; i++) {
    const p = price_at(instrument, ts + ((end - ts) * i) / steps);
    h = Math.max(h, p);
    l = Math.min(l, p);
  }
  const busy = 0.4 + 0.6 * Math.abs(lattice(hash(instrument.symbol) ^ 77, Math.floor(ts / minute)));
  const quiet = session_at(instrument, ts) === "regular" ? 1 : 0.08;
  const done = Math.min(1, (end - ts) / span);
  const minutes = span >= day ? 390 * (span / day) : span / minute;
  return { ts, o, h, l, c, v: Math.max(1, Math.round(instrument.volume * busy * quiet * done * minutes)) };
}

const spans = { "1": 60, "3": 180, "5": 300, "15": 900, "30": 1800, "60": 3600, "120": 7200, "240": 14_400 };
const history_start = Date.UTC(2015, 0, 1) / 1000;

export function udf_resolution(timeframe) {
  const named = { "1m": "1", "3m": "3", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "2h": "120", "4h": "240", "1d": "1D", "1w": "1W", "1M": "1M", D: "1D", W: "1W", M: "1M" };
  return named[timeframe] ?? timeframe;
}

/// Opens of the bars at or before `t`, newest first.
function* opens_back(instrument, resolution, session, t) {
  if (spans[resolution]) {
    const span = spans[resolution];
    for (let ts = Math.floor(t / span) * span; ts >= history_start; ts -= span) {
      if (is_open(instrument, session, ts)) yield { ts, span };
    }
    return;
  }
  const date = new Date(Math.floor(t / day) * day * 1000);
  for (;;) {
    if (resolution === "1W") date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
    if (resolution === "1M") date.setUTCDate(1);
    const ts = date.getTime() / 1000;
    if (ts < history_start) return;
    const weekend = resolution === "1D" && instrument.hours !== "always" && [0, 6].includes(date.getUTCDay());
    const next = new Date(date);
    if (resolution === "1M") next.setUTCMonth(next.getUTCMonth() + 1);
    if (!weekend) yield { ts, span: resolution === "1D" ? day : resolution === "1W" ? 7 * day : next / 1000 - ts };
    date.setUTCDate(date.getUTCDate() - 1);
  }
}

/// The last `count` bars with open time < `to`, known at `now`.
export function history(instrument, resolution, session, to, count, now) {
  const bars = [];
  for (const { ts, span } of opens_back(instrument, resolution, session, Math.min(to - 1, now))) {
    if (bars.length >= count) break;
    bars.push(make_bar(instrument, ts, span, now));
  }
  return bars.reverse();
}

export function quote(instrument, now, source) {
  const last = price_at(instrument, now);
  const [today] = history(instrument, "1D", "regular", now + 1, 1, now);
  const prev_close = price_at(instrument, Math.floor(now / day) * day - 4 * 3600);
  const tick = instrument.minmov / instrument.pricescale;
  const spread = Math.max(tick, round_to_tick(instrument, last * 0.00004));
  const change = last - prev_close;
  const clean = (value) => Number(value.toFixed(8));
  return {
    symbol: instrument.symbol, timestamp: Math.floor(now), ts_ms: Math.round(now * 1000),
    bid: clean(last - spread / 2 < last ? round_to_tick(instrument, last - tick) : last), ask: clean(round_to_tick(instrument, last + spread)),
    bid_size: 100 * (1 + (Math.floor(now * 3) % 9)), ask_size: 100 * (1 + (Math.floor(now * 7) % 9)),
    last, price: last, last_size: 100, volume: today?.v ?? 0, open: today?.o ?? last, high: Math.max(today?.h ?? last, last), low: Math.min(today?.l ?? last, last),
    prev_close, change: clean(change), change_percent: Number(((change / prev_close) * 100).toFixed(4)),
    source, delayed: false, stale: false, market_state: session_at(instrument, now),
  };
}

/// Market status of a venue, by asking a member instrument minute by minute.
export function market_status(venue, now) {
  const member = instruments.find((instrument) => instrument.venue === venue);
  if (!member) return undefined;
  const session = session_at(member, now);
  const open = (t) => session_at(member, t) === "regular";
  const next = (wanted) => {
    if (member.hours === "always") return null;
    for (let t = Math.floor(now / minute) * minute + minute; t < now + 8 * day; t += minute) {
      if (open(t) === wanted && open(t - minute) !== wanted) return new Date(t * 1000).toISOString();
    }
    return null;
  };
  return {
    is_open: session === "regular", session, venue, timezone: member.timezone, timestamp: Math.floor(now), ts_ms: Math.round(now * 1000),
    next_open: next(true), next_close: next(false), holiday: null, half_day: false,
  };
}
