/// What a node says of itself and of its cluster.

export interface FeedHealth {
  state: string;
  source?: string;
  /// Epoch seconds.
  since?: number;
  last_message_age_ms?: number | null;
  events?: number;
  stale_symbols?: number;
  detail?: string;
}

export interface NodeHealth {
  status: string;
  ok: boolean;
  timestamp: number;
  version?: string;
  uptime_s?: number;
  tradier_connected?: boolean;
  tradovate_connected?: boolean;
  ccxt_connected?: boolean;
  active_connections?: number;
  feeds?: Record<string, FeedHealth>;
  market_error?: string;
  journal?: { state: string; offset?: number; fsync_p99_us?: number };
  risk?: { mode: string; kill_active?: boolean };
  cluster?: { node?: string; role?: string; epoch?: number };
  metrics?: Record<string, number | null>;
}

export interface ClusterLink {
  peer: string;
  state: string;
  since_heard_ms: number;
  round_trip_us: number;
  messages_in: number;
  messages_out: number;
  bytes_in: number;
  bytes_out: number;
  repeated_frames: number;
  times_up: number;
  bytes_waiting: number;
}

export interface ClusterNode {
  name: string;
  /// "up", "left" or "lost".
  state: string;
  reason?: string;
  since?: string;
  roles: string[];
  endpoint?: string;
  url?: string;
  version?: string;
  started_at?: string;
  /// False: the node could not be asked, so only the fields above are known.
  answered: boolean;
  symbols?: number;
  feeds?: string[];
  leases?: { name: string; epoch: number }[];
  links?: ClusterLink[];
  proxies?: number;
  exported_actors?: number;
  topic_gaps?: number;
  refused_peers?: number;
  refused_messages?: number;
  lost_messages?: number;
  excess_messages?: number;
  undecodable_messages?: number;
  stalls?: number;
  rss_bytes?: number;
  lag_us?: number;
}

export interface ClusterReport {
  node: string;
  mode: "standalone" | "cluster";
  nodes: ClusterNode[];
}
