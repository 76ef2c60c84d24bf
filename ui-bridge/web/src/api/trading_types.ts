/// Accounts, orders, positions, executions and risk (HTTP contract, sections
/// 6 and 7).

export type AccountMode = "paper" | "live";

export interface Account {
  account_id: string;
  broker?: string;
  account_type?: string;
  mode: AccountMode;
  currency?: string;
  total_equity?: number | null;
  cash_balance?: number | null;
  buying_power?: number | null;
  day_trade_buying_power?: number | null;
  initial_margin?: number | null;
  maintenance_margin?: number | null;
  start_of_day_equity?: number | null;
  day_pnl?: number | null;
  realized_pnl?: number | null;
  unrealized_pnl?: number | null;
  total_pnl?: number | null;
  is_active?: boolean;
  is_default?: boolean;
  trading_enabled?: boolean;
  data_age_ms?: number | null;
  last_updated?: string | null;
}

export interface Position {
  account_id: string;
  symbol: string;
  /// Signed.
  quantity: number;
  side: "long" | "short";
  avg_price?: number | null;
  current_price?: number | null;
  multiplier?: number;
  market_value?: number | null;
  cost_basis?: number | null;
  unrealized_pnl?: number | null;
  realized_pnl?: number | null;
  day_pnl?: number | null;
  weight?: number | null;
  opened_at?: string | null;
  updated_at?: string | null;
  origin?: string;
}

export type OrderStatus = "pending" | "open" | "partially_filled" | "filled" | "cancelled" | "rejected" | "expired";

/// What one check said; `not_evaluated` had nothing to look at, and its message says why.
export interface RiskFinding {
  code: string;
  result?: "passed" | "warned" | "reduced" | "rejected" | "not_evaluated";
  scope?: string;
  measured?: number | null;
  limit?: number | null;
  unit?: string;
  message?: string;
  elapsed_ns?: number;
}

export interface RiskCheck {
  result?: string;
  code?: string;
  message?: string;
  elapsed_us?: number;
  adjustments?: unknown[];
  checks?: RiskFinding[];
  original_quantity?: number;
}

export interface Order {
  order_id: string;
  client_order_id?: string;
  broker_order_id?: string | null;
  account_id: string;
  account_mode?: AccountMode;
  symbol: string;
  side: string;
  order_type: string;
  time_in_force?: string;
  original_quantity?: number;
  quantity: number;
  filled_quantity?: number;
  remaining_quantity?: number;
  price?: number | null;
  /// Of a trailing stop: where it stands by now.
  stop_price?: number | null;
  /// A stop that was touched: what is left of it is a market or limit order.
  is_triggered?: boolean;
  avg_fill_price?: number | null;
  fees?: number | null;
  status: OrderStatus;
  /// The full state machine's name; `status` folds it.
  state?: string;
  /// Of a bracket or a pair: "stop", "target", "a" or "b".
  leg?: string;
  reason?: string | null;
  reject_code?: string | null;
  reduce_only?: boolean;
  strategy_id?: string | null;
  parent_id?: string | null;
  linked_ids?: string[];
  created_at?: string;
  updated_at?: string;
  version?: number;
  risk_check?: RiskCheck | null;
}

export function is_working(order: Order): boolean {
  return order.status === "pending" || order.status === "open" || order.status === "partially_filled";
}

export interface Execution {
  execution_id: string;
  order_id: string;
  account_id: string;
  symbol: string;
  side: string;
  quantity: number;
  price: number;
  liquidity?: string | null;
  commission?: number | null;
  exchange_fee?: number | null;
  regulatory_fee?: number | null;
  other_fees?: number | null;
  net_value?: number | null;
  timestamp: string;
}

export type OrderType = "market" | "limit" | "stop" | "stop_limit" | "trailing_stop" | "bracket" | "oco";

/// One of two orders of which the first to fill cancels the other.
export interface OrderLeg {
  type: "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
  price?: string;
  stop_price?: string;
}

export interface OrderRequest {
  symbol: string;
  side: "buy" | "sell" | "sell_short" | "buy_to_cover";
  /// Exactly one of the three sizes. Decimal text: quantities and prices never
  /// pass through binary floats.
  quantity?: string;
  notional?: string;
  /// Fraction of the equity, above 0 and at most 1.
  weight?: string;
  type: OrderType;
  price?: string;
  stop_price?: string;
  trail_offset?: string;
  trail_percent?: string;
  take_profit?: { price: string };
  stop_loss?: { stop_price: string };
  legs?: OrderLeg[];
  time_in_force: string;
  /// ISO-8601; for gtd.
  good_till?: string;
  extended_hours?: boolean;
  reduce_only?: boolean;
  account_id?: string;
  client_order_id?: string;
}

export interface OrderPreview {
  would_accept: boolean;
  quantity?: number;
  est_price?: number | null;
  est_notional?: number | null;
  est_fees?: number | null;
  buying_power_after?: number | null;
  risk_check?: RiskCheck | null;
}

export interface RiskLimit {
  code: string;
  /// The key of the configuration: several limits share a code.
  name?: string;
  scope?: string;
  limit?: number | null;
  measured?: number | null;
  headroom?: number | null;
  unit?: string;
  would_trip?: boolean;
  /// The symbol or strategy that is furthest, where the limit is of each.
  subject?: string;
  /// Why there is no measure.
  reason?: string;
}

/// A stop of one scope; the mode of the whole account is in RiskState.
export interface ScopedStop {
  scope: "global" | "account" | "strategy" | "symbol";
  name?: string;
  mode: string;
}

/// Something that a person should hear of.
export interface AccountAlarm {
  timestamp: string;
  level: "notice" | "warning" | "alarm";
  code: string;
  order_id?: string;
  symbol?: string;
  text: string;
}

/// Stops entries by itself when its formula holds.
export interface Breaker extends RiskLimit {
  formula?: string;
  tripped?: boolean;
}

export interface RiskState {
  mode: string;
  kill_active: boolean;
  limits: RiskLimit[];
  breakers?: Breaker[];
  stops?: ScopedStop[];
  unconfirmed_cancels?: string[];
  alarms?: AccountAlarm[];
  epoch?: number;
}

export interface StopReply {
  kill_active: boolean;
  mode: string;
  epoch?: number;
  cancel_requested?: string[];
  elapsed_ms?: number;
}

export interface ResumeTicket {
  confirm_token: string;
  expires_in: number;
  blocking: string[];
}
