import type { StreamMessage } from "../stream/types";
import { request } from "./http";

/// Headlines (HTTP contract, section 5).

export interface NewsItem {
  id: string;
  timestamp?: string | number;
  source?: string;
  headline: string;
  summary?: string | null;
  url?: string | null;
  symbols?: string[];
}

/// How one of the node's feeds is doing.
export interface NewsFeed {
  name: string;
  state: "waiting" | "ok" | "failed";
  detail?: string;
  checked_at: string | null;
}

export interface NewsPage {
  news: NewsItem[];
  /// False: no source is set up on the node.
  configured: boolean;
  feeds: NewsFeed[];
}

export async function fetch_news(symbols: string, limit: number): Promise<NewsPage> {
  const { data } = await request<{ news: NewsItem[]; configured?: boolean; feeds?: NewsFeed[] }>("/api/v1/news", { query: { symbols: symbols || undefined, limit } });
  return { news: data.news, configured: data.configured !== false, feeds: data.feeds ?? [] };
}

/// What the stream's channel tells, in front of what is shown: new items about `symbol` ("" = everything), newest first, at
/// most `limit`. The same list again where nothing was new.
export function fold_news(shown: readonly NewsItem[], batch: readonly StreamMessage[], symbol: string, limit: number): readonly NewsItem[] {
  const known = new Set(shown.map(({ id }) => id));
  const fresh: NewsItem[] = [];
  for (const { data } of batch)
    for (const item of items_of(data)) {
      if (known.has(item.id) || (symbol !== "" && !(item.symbols ?? []).includes(symbol))) continue;
      known.add(item.id);
      fresh.push(item);
    }
  if (fresh.length === 0) return shown;
  return [...fresh, ...shown].sort((a, b) => news_time_ms(b.timestamp) - news_time_ms(a.timestamp)).slice(0, limit);
}

/// A snapshot has a list of them, a message is one.
function items_of(data: unknown): NewsItem[] {
  const value = data as { news?: NewsItem[] } & Partial<NewsItem>;
  if (Array.isArray(value?.news)) return value.news;
  return typeof value?.id === "string" && typeof value.headline === "string" ? [value as NewsItem] : [];
}

/// Only plain web addresses are followed.
export function safe_url(url: string | null | undefined): string | undefined {
  return url && /^https?:\/\//i.test(url) ? url : undefined;
}

/// Epoch seconds or ISO text, as epoch ms; NaN for neither.
export function news_time_ms(at: string | number | undefined): number {
  return typeof at === "number" ? at * 1000 : Date.parse(at ?? "");
}
