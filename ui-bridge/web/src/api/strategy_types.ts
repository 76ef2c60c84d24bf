import type { BacktestTrade, Diagnostic, InputValue } from "./job_types";

/// Strategies that run on the node, and previews of scripts (HTTP contract,
/// section 8).

export type StrategyKind = "pine" | "yaml" | "webhook";
export type StrategyMode = "paper" | "live";

export interface Strategy {
  strategy_id: string;
  name?: string;
  kind: StrategyKind;
  account_id?: string | null;
  mode: StrategyMode;
  enabled: boolean;
  symbols?: string[] | null;
  timeframe?: string | null;
  inputs?: Record<string, InputValue> | null;
  sizing?: Record<string, unknown> | string | null;
  limits?: Record<string, unknown> | null;
  min_win_rate?: number | null;
  evaluation_period?: number | null;
  source?: string | null;
  source_version?: number | null;
  version?: number | null;
  /// Why it does not run.
  problem?: string | null;
  /// What it is doing: "warming_up", "running", "stopped", "failed", …
  state?: string | null;
  message?: string | null;
  error_message?: string | null;
  proposed_mode?: string | null;
  next_run_at?: string | null;
  last_run_at?: string | null;
  updated_at?: string | null;
  created_at?: string | null;
}

export interface StrategySizing {
  mode: "script" | "fixed" | "weight";
  quantity?: string;
  weight?: string;
}

export interface StrategyRequest {
  strategy_id?: string;
  name?: string;
  kind?: StrategyKind;
  source?: string;
  account_id?: string;
  mode?: StrategyMode;
  enabled?: boolean;
  symbols?: string[];
  timeframe?: string;
  inputs?: Record<string, InputValue>;
  sizing?: StrategySizing;
  min_win_rate?: number;
  evaluation_period?: number;
}

export interface StrategySignal {
  timestamp?: string;
  symbol?: string;
  side?: string;
  action?: string;
  quantity?: number | string | null;
  price?: number | null;
  decision?: string | null;
  reason?: string | null;
  comment?: string | null;
  order_id?: string | null;
  type?: string | null;
}

export interface StrategyRun {
  run_id?: string;
  symbol?: string | null;
  version?: number | null;
  started_at?: string;
  completed_at?: string | null;
  ended_at?: string | null;
  status?: string;
  duration_ms?: number | null;
  signals?: number | null;
  orders?: number | null;
  message?: string | null;
}

export interface StrategySet {
  set?: number;
  mode?: string | null;
  complete?: boolean | null;
  started_at?: string | null;
  completed_at?: string | null;
  trades?: number | null;
  wins?: number | null;
  /// In percent.
  win_rate?: number | null;
  pnl?: number | null;
  good?: boolean | null;
}

export interface StrategyTransition {
  at?: string;
  timestamp?: string;
  from?: string | null;
  to?: string | null;
  reason?: string | null;
  automatic?: boolean | null;
  author?: string | null;
}

/// Figures of the closed trades; the win rate in percent, the drawdown in money.
export interface StrategyPerformance {
  trades?: number | null;
  wins?: number | null;
  losses?: number | null;
  win_rate?: number | null;
  net_profit?: number | null;
  gross_profit?: number | null;
  gross_loss?: number | null;
  profit_factor?: number | null;
  average_trade?: number | null;
  fees?: number | null;
  largest_win?: number | null;
  largest_loss?: number | null;
  max_drawdown?: number | null;
}

// -- previews and plots -------------------------------------------------------

/// One call of plot(), hline(), plotshape(), …: what is constant in `options`,
/// what changes from bar to bar as columns.
export interface PinePlot {
  /// Its number among all plots of the script: what a fill names its plots by.
  index?: number;
  title?: string;
  kind: string;
  options?: Record<string, string | number | boolean | null>;
  series?: Record<string, (number | string | null)[]>;
  /// Shorter forms: one column of values, of colours.
  values?: (number | null)[];
  colors?: (string | null)[];
  color?: string | null;
}

export interface PineMarker {
  /// Epoch seconds.
  timestamp?: number;
  time?: number;
  side?: string;
  kind?: string;
  text?: string;
  price?: number | null;
  quantity?: number | null;
}

/// A drawing as actors/pine/OUTPUT.md writes it.
export interface PineDrawing {
  type: string;
  id: number;
  [property: string]: unknown;
}

export interface PinePreview {
  valid?: boolean;
  diagnostics?: Diagnostic[];
  kind?: string;
  title?: string;
  overlay?: boolean;
  /// Epoch seconds of each bar, ascending.
  times?: number[];
  /// The script's number of the first of them: drawings count in it.
  first_bar_index?: number;
  plots?: PinePlot[];
  markers?: PineMarker[];
  trades?: BacktestTrade[];
  drawings?: PineDrawing[];
  /// Why the script stopped before its last bar.
  error?: string | null;
  error_message?: string | null;
}

export interface PreviewRequest {
  kind: "pine";
  source: string;
  symbol: string;
  timeframe: string;
  bars: number;
  inputs?: Record<string, InputValue>;
  session?: string;
  /// Epoch seconds, exclusive; absent = the newest bars.
  to?: number;
}

export interface DivergenceTrade {
  side?: string;
  entry_date?: string | null;
  exit_date?: string | null;
  entry_price?: number | null;
  exit_price?: number | null;
  quantity?: number | null;
  pnl?: number | null;
  fees?: number | null;
}

/// A traded day beside its backtest.
export interface Divergence {
  strategy_id: string;
  symbol: string;
  day: string;
  version: number;
  bars: number;
  /// Rows, and those of them that are the same on both sides.
  trades: number;
  same: number;
  /// Why the backtest ended early.
  error: string | null;
  rows: { cause: string; detail: string; account: DivergenceTrade | null; backtest: DivergenceTrade | null }[];
}
