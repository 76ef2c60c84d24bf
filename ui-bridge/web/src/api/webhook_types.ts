/// Webhook profiles and received alerts (HTTP contract, section 10).

export type SyncMode = "order" | "position";
export type OutOfStep = "refuse" | "warn";
export type WebhookSide = "buy" | "sell";

/// Secrets come back masked, never as they are.
export interface WebhookRules {
  body_secret?: string | boolean | null;
  hmac_key?: string | boolean | null;
  ip_allow?: string[] | null;
  mtls?: boolean | null;
}

export interface WebhookScope {
  symbols?: string[] | null;
  max_quantity?: number | null;
  sides?: string[] | null;
}

export interface WebhookProfile {
  id: string;
  name: string;
  account_id?: string | null;
  strategy_id?: string | null;
  rules?: WebhookRules | null;
  scope?: WebhookScope | null;
  freshness_s?: number;
  sync_mode?: SyncMode;
  out_of_step?: OutOfStep;
  expect_every_s?: number | null;
  /// False for the profile that the node's settings make.
  editable?: boolean;
  created_at?: string | null;
  last_event_at?: string | null;
  /// Only in the answers that make a token: making a profile, rotating.
  path_token?: string;
  token?: string;
}

export interface WebhookRequest {
  name?: string;
  account_id?: string | null;
  strategy_id?: string | null;
  rules?: { body_secret?: string | null; hmac_key?: string | null; ip_allow?: string[] | null; mtls?: boolean };
  scope?: { symbols: string[]; max_quantity: string | null; sides: string[] };
  freshness_s?: number;
  sync_mode?: SyncMode;
  out_of_step?: OutOfStep;
  expect_every_s?: number | null;
}

export interface WebhookEvent {
  event_id: string | number;
  alert_id?: string | null;
  /// Name or id of the profile.
  profile?: string | null;
  profile_id?: string | null;
  received_at?: string | null;
  timestamp?: string | null;
  decision: string;
  reason?: string | null;
  detail?: string | null;
  /// Not handed to the account yet.
  pending?: boolean;
  duplicate?: boolean;
  symbol?: string | null;
  action?: string | null;
  quantity?: number | string | null;
  price?: number | null;
  strategy_id?: string | null;
  order_ids?: string[] | null;
  remote?: string | null;
  body?: string | null;
  message?: string | null;
}
