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

export interface NewsPage {
  news: NewsItem[];
  /// False: no source is set up on the node.
  configured: boolean;
}

export async function fetch_news(symbols: string, limit: number): Promise<NewsPage> {
  const { data } = await request<{ news: NewsItem[]; configured?: boolean }>("/api/v1/news", { query: { symbols: symbols || undefined, limit } });
  return { news: data.news, configured: data.configured !== false };
}

/// Only plain web addresses are followed.
export function safe_url(url: string | null | undefined): string | undefined {
  return url && /^https?:\/\//i.test(url) ? url : undefined;
}

/// Epoch seconds or ISO text, as epoch ms; NaN for neither.
export function news_time_ms(at: string | number | undefined): number {
  return typeof at === "number" ? at * 1000 : Date.parse(at ?? "");
}
