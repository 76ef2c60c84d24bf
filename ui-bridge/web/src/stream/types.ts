/// What the gateway's stream carries (contract: HTTP API, "Stream").

export type SessionKind = "regular" | "extended";

export type Channel =
  | "quotes" | "depth" | "bars" | "market_status" | "trades"
  | "account" | "positions" | "orders" | "executions" | "alerts" | "webhooks"
  | "strategies" | "risk" | "news" | "backtest" | "optimize" | "system";

/// How a channel may lose data between two UI updates.
/// - latest: only the newest message per topic matters
/// - bounded: a bounded queue, the oldest go first
/// - lossless: every message, in order, resumed by `tseq` after a cut
export type Delivery = "latest" | "bounded" | "lossless";

export function delivery_of(channel: Channel): Delivery {
  switch (channel) {
    case "quotes":
    case "depth":
    case "bars":
    case "market_status":
      return "latest";
    case "trades":
      return "bounded";
    default:
      return "lossless";
  }
}

/// One subscription. `symbol` is "" for channels that have none.
export interface Topic {
  channel: Channel;
  symbol: string;
  /// Only for `bars`.
  timeframe?: string;
  /// Only for `bars`; the gateway's default is `regular`.
  session?: SessionKind;
}

/// A message as it came from the gateway. Fields it does not send are absent.
export interface StreamMessage {
  type: string;
  channel?: Channel;
  symbol?: string;
  timeframe?: string;
  session?: SessionKind;
  data?: unknown;
  /// ISO-8601 UTC.
  timestamp?: string;
  /// Per connection, +1 per server message.
  seq?: number;
  /// Per lossless topic, from the journal.
  tseq?: number;
  epoch?: number;
  snapshot?: boolean;
  /// "waiting" on a snapshot when the gateway knows nothing yet.
  state?: string;
  /// How many messages this one stands for.
  conflated?: number;
  dropped?: number;
  id?: number;
  message?: string;
  error_code?: string;
  rejected?: { symbol: string; channel?: string; reason: string }[];
}

export type ConnectionState =
  | { kind: "idle" }
  | { kind: "connecting"; attempt: number }
  /// Messages arrive.
  | { kind: "live"; since_ms: number }
  /// The socket is open and nothing has arrived for `stale_after_ms`.
  | { kind: "stale"; since_ms: number }
  | { kind: "reconnecting"; attempt: number; retry_at_ms: number; reason: string }
  /// Will not reconnect by itself.
  | { kind: "closed"; code: number; reason: string };

/// Something the user should read.
export interface StreamNotice {
  /// info: a whole channel that the node lacks; its panels say so or ask again by HTTP.
  level: "error" | "warning" | "info";
  text: string;
  code?: string;
  /// The channel that the node does not serve, where that is the news.
  channel?: string;
}

/// Round trip and offset of the server's clock, from ping/pong.
export interface ClockSample {
  round_trip_ms: number;
  /// Server time minus local time.
  skew_ms: number;
}

/// One spelling for a timeframe, because the gateway takes several: "60" and
/// "1h", "D" and "1d". Months stay apart from minutes by their capital.
export function canonical_timeframe(text: string): string {
  if (/^\d+$/.test(text)) {
    const minutes = Number(text);
    return minutes >= 60 && minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
  }
  const match = /^(\d*)([DWdw]|M)$/.exec(text);
  if (!match) return text;
  return `${match[1] || "1"}${match[2] === "M" ? "M" : match[2]!.toLowerCase()}`;
}
