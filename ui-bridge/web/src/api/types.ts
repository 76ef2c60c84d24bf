/// Replies of the gateway that the UI reads, written by hand from the HTTP
/// contract. `npm run api:types` generates src/api/schema.d.ts from a
/// gateway's /openapi.json; these aliases are then the only place to change.

export interface Quote {
  symbol: string;
  timestamp?: number;
  ts_ms?: number;
  bid?: number;
  ask?: number;
  bid_size?: number;
  ask_size?: number;
  last?: number;
  price?: number;
  last_size?: number;
  volume?: number;
  open?: number;
  high?: number;
  low?: number;
  prev_close?: number;
  change?: number;
  /// In percent.
  change_percent?: number;
  /// Where the price comes from: "sim", "replay", "tradier", …
  source?: string;
  delayed?: boolean;
  stale?: boolean;
  market_state?: string;
}

export interface SymbolMatch {
  symbol: string;
  full_name?: string;
  description?: string;
  exchange?: string;
  type?: string;
  ticker?: string;
}

/// UDF's symbol description (`/udf/symbols`).
export interface UdfSymbol {
  name: string;
  ticker?: string;
  symbol?: string;
  full_name?: string;
  description?: string;
  type?: string;
  session?: string;
  timezone?: string;
  exchange?: string;
  listed_exchange?: string;
  minmov?: number;
  pricescale?: number;
  fractional?: boolean;
  volume_precision?: number;
  supported_resolutions?: string[];
  data_status?: string;
  currency_code?: string;
}

/// The full instrument (`/api/v1/symbols/{symbol}`). Fields differ by type,
/// so everything beyond the name is optional and shown when present.
export interface InstrumentDetail {
  symbol: string;
  description?: string;
  type?: string;
  exchange?: string;
  /// Name of the venue's calendar, as `/api/market/status` takes it.
  calendar?: string;
  venue?: string;
  currency?: string;
  timezone?: string;
  sessions?: { regular?: string; extended?: string };
  has_extended_hours?: boolean;
  [field: string]: unknown;
}

/// Candle; `ts` = bar open in epoch seconds, for D/W/M 00:00 UTC of the
/// (first) trading day.
export interface Bar {
  ts: number;
  o: number;
  h: number;
  l: number;
  c: number;
  v: number;
}

export interface StreamBar extends Bar {
  closed?: boolean;
}

export type UdfHistory =
  | { s: "ok"; t: number[]; o: number[]; h: number[]; l: number[]; c: number[]; v?: number[] }
  | { s: "no_data"; nextTime?: number | null }
  | { s: "error"; errmsg?: string };

export interface MarketStatus {
  is_open: boolean;
  session: "pre" | "regular" | "post" | "closed";
  venue: string;
  timezone?: string;
  /// Market time of this answer: in a replay not the wall clock.
  ts_ms?: number;
  next_open?: string | null;
  next_close?: string | null;
  holiday?: string | null;
  half_day?: boolean;
}

export interface Watchlist {
  id: string;
  name: string;
  symbols: string[];
}

export interface Health {
  status: string;
  version?: string;
}
