import { ApiError, request } from "./http";
import type {
  Bar, Health, InstrumentDetail, MarketStatus, Quote, SymbolMatch, UdfHistory, UdfSymbol, Watchlist,
} from "./types";
import { master_rows } from "../market/master";
import type { MasterColumns } from "../market/master";
import type { SessionKind } from "../stream/types";

/// The gateway's routes that the UI uses, one function each.

export interface HistoryQuery {
  symbol: string;
  /// UDF spelling, for example "5" or "1D".
  resolution: string;
  session: SessionKind;
  /// Epoch seconds, exclusive.
  to: number;
  /// Wins over any `from`; the gateway fills it across gaps.
  countback: number;
}

export interface HistoryPage {
  /// Ascending by `ts`.
  bars: Bar[];
  /// True when the gateway says that nothing older exists.
  at_start: boolean;
}

export async function fetch_history(query: HistoryQuery, signal?: AbortSignal): Promise<HistoryPage> {
  const { data } = await request<UdfHistory>("/udf/history", {
    query: {
      symbol: query.symbol, resolution: query.resolution, from: 0, to: query.to,
      countback: query.countback, session: query.session,
    },
    signal,
  });
  return history_page(data);
}

/// @throws ApiError for `s:"error"` and for columns that do not fit together.
export function history_page(reply: UdfHistory): HistoryPage {
  if (reply?.s === "no_data") return { bars: [], at_start: reply.nextTime === undefined || reply.nextTime === null };
  if (reply?.s !== "ok") throw new ApiError(reply?.errmsg ?? "History came without bars", 200);
  const { t, o, h, l, c, v } = reply;
  const fits = [o, h, l, c, v ?? t].every((column) => Array.isArray(column) && column.length === t.length);
  if (!fits) throw new ApiError("History came with columns of different length", 200);
  const bars = t.map((ts, i): Bar => ({ ts, o: +o[i]!, h: +h[i]!, l: +l[i]!, c: +c[i]!, v: v ? +v[i]! : 0 }));
  for (let i = 1; i < bars.length; i++) {
    if (bars[i]!.ts <= bars[i - 1]!.ts) throw new ApiError("History came with times out of order", 200);
  }
  // Fewer bars than asked for do not mean the start of history: the gateway
  // leaves out bars that contradict themselves.
  return { bars, at_start: false };
}

export async function fetch_udf_symbol(symbol: string): Promise<UdfSymbol> {
  return (await request<UdfSymbol>("/udf/symbols", { query: { symbol } })).data;
}

export async function fetch_instrument(symbol: string): Promise<InstrumentDetail> {
  return (await request<InstrumentDetail>(`/api/v1/symbols/${encodeURIComponent(symbol)}`)).data;
}

export async function search_symbols(q: string, type: string, signal?: AbortSignal): Promise<SymbolMatch[]> {
  const { data } = await request<{ symbols: SymbolMatch[] }>("/api/v1/symbols/search", {
    query: { q, type: type || undefined, limit: 30 }, signal,
  });
  return data.symbols;
}

/// The first instruments of the node's master, without a query.
export async function fetch_instruments(limit: number): Promise<SymbolMatch[]> {
  return (await request<SymbolMatch[]>("/udf/search", { query: { query: "", limit } })).data;
}

/// The whole instrument master.
export async function fetch_master(): Promise<SymbolMatch[]> {
  return master_rows((await request<MasterColumns>("/udf/symbol_info")).data);
}

/// @param symbols at most 100, the contract's limit.
export async function fetch_quotes(symbols: readonly string[]): Promise<Quote[]> {
  if (symbols.length === 0) return [];
  return (await request<{ quotes: Quote[] }>("/api/v1/quotes", { query: { symbols: symbols.join(",") } })).data.quotes;
}

/// Recent prints, in whatever order the gateway has them.
export async function fetch_trades(symbol: string, limit: number, signal?: AbortSignal): Promise<unknown[]> {
  const { data } = await request<unknown[] | { trades: unknown[] }>(
    `/api/v1/trades/${encodeURIComponent(symbol)}`, { query: { limit }, signal },
  );
  return Array.isArray(data) ? data : data.trades;
}

export async function fetch_market_status(venue?: string): Promise<MarketStatus> {
  return (await request<MarketStatus>("/api/market/status", { query: { venue } })).data;
}

export async function fetch_health(): Promise<Health> {
  return (await request<Health>("/health")).data;
}

// -- watchlists -------------------------------------------------------------

export async function fetch_watchlists(): Promise<Watchlist[]> {
  const { data } = await request<Watchlist[] | { watchlists: Watchlist[] }>("/api/v1/watchlists");
  return Array.isArray(data) ? data : data.watchlists;
}

export async function create_watchlist(name: string, symbols: string[]): Promise<Watchlist> {
  return (await request<Watchlist>("/api/v1/watchlists", { method: "POST", body: { name, symbols } })).data;
}

export async function replace_watchlist({ id, name, symbols }: Watchlist): Promise<void> {
  await request(`/api/v1/watchlists/${encodeURIComponent(id)}`, { method: "PUT", body: { name, symbols } });
}

export async function delete_watchlist(id: string): Promise<void> {
  await request(`/api/v1/watchlists/${encodeURIComponent(id)}`, { method: "DELETE" });
}

// -- layouts ----------------------------------------------------------------

export interface StoredLayout {
  layout: unknown;
  etag: string | undefined;
}

export async function fetch_layout(name: string): Promise<StoredLayout> {
  const { data, headers } = await request<unknown>(`/api/v1/layouts/${encodeURIComponent(name)}`);
  return { layout: data, etag: headers.get("etag") ?? undefined };
}

/// @throws ApiError 409 or 412 when the stored layout is not the one of `etag`.
export async function store_layout(name: string, layout: unknown, etag?: string): Promise<string | undefined> {
  const { headers } = await request<unknown>(`/api/v1/layouts/${encodeURIComponent(name)}`, {
    method: "PUT", body: layout, headers: etag ? { "if-match": etag } : {},
  });
  return headers.get("etag") ?? undefined;
}

// -- hotkeys ----------------------------------------------------------------

export interface StoredHotkeys {
  keys: unknown;
  etag: string | undefined;
}

export async function fetch_hotkeys(): Promise<StoredHotkeys> {
  const { data, headers } = await request<unknown>("/api/v1/hotkeys");
  const etag = headers.get("etag") ?? undefined;
  return { keys: data, etag: etag === '"0"' ? undefined : etag }; // version 0 = nothing stored yet
}

/// @throws ApiError 412 when what is stored is not of `etag`.
export async function store_hotkeys(keys: unknown, etag?: string): Promise<string | undefined> {
  const { headers } = await request<unknown>("/api/v1/hotkeys", { method: "PUT", body: keys, headers: etag ? { "if-match": etag } : {} });
  return headers.get("etag") ?? undefined;
}

/// The quote's last price, whichever of the two names it came under.
export function last_of(quote: Quote | undefined): number | undefined {
  return quote?.last ?? quote?.price;
}
