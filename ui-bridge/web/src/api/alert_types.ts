/// Price alerts (HTTP contract, section 9).

export type AlertCondition =
  | "price_above" | "price_below" | "price_cross_above" | "price_cross_below" | "volume_above" | "volume_below"
  | "rsi_overbought" | "rsi_oversold" | "macd_signal" | "bollinger_break" | "custom";

export type AlertRepeat = "once" | "once_per_bar" | "always";

export type AlertStatus = "active" | "triggered" | "paused" | "expired" | "cancelled";

export interface Alert {
  alert_id: string;
  symbol?: string;
  condition?: string;
  condition_value?: number | null;
  /// Of a `custom` condition, in the job expression language.
  expression?: string | null;
  message?: string | null;
  alert_status: AlertStatus;
  repeat?: AlertRepeat;
  timeframe?: string | null;
  expires_at?: string | null;
  auto_execute?: boolean;
  order_type?: string | null;
  order_side?: string | null;
  order_quantity?: number | null;
  order_price?: number | null;
  account_id?: string | null;
  webhook_url?: string | null;
  tags?: string[];
  trigger_count?: number;
  last_triggered_at?: string | null;
  last_value?: number | null;
  created_at?: string | null;
  updated_at?: string | null;
  status_reason?: string | null;
  last_order_id?: string | null;
  last_order_error?: string | null;
  last_notice_error?: string | null;
  /// Of a note: what sent it.
  alert_type?: string | null;
  strategy?: string | null;
}

/// What makes or changes an alert. Numbers are decimal text; null takes a
/// field away.
export interface AlertRequest {
  symbol?: string;
  condition?: AlertCondition;
  condition_value?: string | null;
  expression?: string | null;
  /// Whose bars indicators and volume are read on.
  timeframe?: string | null;
  message?: string;
  repeat?: AlertRepeat;
  expires_at?: string | null;
  auto_execute?: boolean;
  order_type?: string | null;
  order_side?: string | null;
  order_quantity?: string | null;
  order_price?: string | null;
  account_id?: string | null;
  webhook_url?: string | null;
  tags?: string[];
}
