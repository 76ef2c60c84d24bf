/// Backtests and optimisation studies, as sections 11 and 12 of the HTTP
/// contract write them.

export type JobStatus = "queued" | "running" | "paused" | "completed" | "failed" | "cancelled";

export function is_final(status: JobStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/// One finding of the Pine compiler; line and column count from 1.
export interface Diagnostic {
  severity: "error" | "warning";
  code: string;
  message: string;
  line: number;
  column: number;
  /// Characters to underline, where the compiler says so.
  length?: number;
  hint?: string;
}

export type InputValue = number | boolean | string;

export interface BacktestRequest {
  pine_script?: string;
  strategy_id?: string;
  symbols: string[];
  timeframes: string[];
  /// YYYY-MM-DD, inclusive.
  start_date: string;
  end_date: string;
  initial_capital?: number;
  commission?: number;
  commission_type?: "cash_per_order" | "percent" | "cash_per_contract";
  slippage?: number;
  slippage_type?: "percent" | "ticks";
  inputs?: Record<string, InputValue>;
  magnifier?: boolean;
  capital_mode?: "per_run" | "shared";
  session?: string;
}

/// A row of the list of backtests.
export interface JobRow {
  backtest_id?: string;
  study_id?: string;
  status: JobStatus;
  /// 0 to 100.
  progress: number;
  symbols?: string[];
  created_at?: string;
  completed_at?: string | null;
}

export interface JobState {
  status: JobStatus;
  progress: number;
  stage?: string;
  symbols_done?: number;
  symbols_total?: number;
  trials_done?: number;
  trials_total?: number;
  created_at?: string;
  started_at?: string | null;
  completed_at?: string | null;
  error_message?: string | null;
}

/// Ratios are fractions; a figure too few trades leave undefined is null.
export interface BacktestFigures {
  total_return?: number | null;
  max_drawdown?: number | null;
  sharpe_ratio?: number | null;
  win_rate?: number | null;
  total_trades?: number | null;
  profit_factor?: number | null;
  avg_win?: number | null;
  avg_loss?: number | null;
  largest_win?: number | null;
  largest_loss?: number | null;
}

export interface EquityPoint {
  /// Date or ISO time.
  date: string;
  equity: number;
}

export interface BacktestTrade {
  symbol: string;
  timeframe: string;
  side: string;
  entry_date: string;
  exit_date?: string | null;
  entry_price: number;
  exit_price?: number | null;
  quantity: number;
  /// Net of the trade's fees.
  pnl?: number | null;
  pnl_percent?: number | null;
  fees?: number | null;
  bars_held?: number | null;
  mae?: number | null;
  mfe?: number | null;
  entry_reason?: string | null;
  exit_reason?: string | null;
}

/// The report of trades by side: figures by name (actors/backtest/report.hpp has their formulas).
export type TradeReport = Record<"all" | "long" | "short", Record<string, number | null>>;

export interface BacktestRun extends BacktestFigures {
  symbol: string;
  timeframe: string;
  report?: TradeReport;
}

export interface BacktestResults extends BacktestFigures {
  equity_curve?: EquityPoint[];
  trades?: BacktestTrade[];
  metrics?: Record<string, number | null>;
  report?: TradeReport;
  runs?: BacktestRun[];
  compile_diagnostics?: Diagnostic[];
  assumptions?: Record<string, unknown>;
}

export interface BacktestReport {
  backtest_id: string;
  status: JobStatus;
  request?: BacktestRequest;
  results?: BacktestResults | null;
  compile_diagnostics?: Diagnostic[];
  error_message?: string | null;
}

export interface LogLine {
  timestamp?: string;
  time?: string;
  level?: string;
  message: string;
  symbol?: string;
  timeframe?: string;
}

// -- optimisation -------------------------------------------------------------

export interface ParameterRange {
  type: "int" | "float" | "bool" | "choice";
  min?: number;
  max?: number;
  step?: number;
  log?: boolean;
  values?: InputValue[];
}

export type StudyMethod = "grid" | "random" | "genetic" | "walk_forward";

export interface WalkForward {
  mode: "rolling" | "anchored";
  train: string;
  test: string;
  step?: string;
  purge?: string;
  embargo?: string;
  inner?: StudyMethod;
}

export interface StudyRequest extends BacktestRequest {
  parameters: Record<string, ParameterRange>;
  method: StudyMethod;
  objective: string;
  direction: "maximize" | "minimize";
  constraints?: string[];
  max_trials?: number;
  rng_key?: number;
  sample?: boolean;
  walk_forward?: WalkForward;
  genetic?: { population: number; generations: number; crossover: number; mutation: number; elite: number };
}

/// The list of trials has a trial's figures beside its parameters, the list
/// of the best under `results`.
export interface Trial extends BacktestFigures {
  trial?: number;
  rank?: number;
  status?: string;
  params: Record<string, InputValue>;
  objective?: number | null;
  results?: BacktestFigures | null;
}

export interface WalkForwardWindow {
  train: { start?: string; end?: string } | string | string[];
  test: { start?: string; end?: string } | string | string[];
  /// Null where no trial of the window could be chosen; `error` says why.
  params: Record<string, InputValue> | null;
  error?: string;
  in_sample?: BacktestFigures | number | null;
  out_of_sample?: BacktestFigures | number | null;
}

export interface StudyResults {
  best: Trial[];
  trials_done?: number;
  trials_failed?: number;
  /// Objective over neighbouring parameters; a figure or figures by name.
  stability?: number | Record<string, unknown> | null;
  deflated_sharpe?: number | null;
  walk_forward?: { windows: WalkForwardWindow[]; out_of_sample_equity?: EquityPoint[]; efficiency?: number | null } | null;
}

export interface StudyReport {
  study_id: string;
  status: JobStatus;
  request?: StudyRequest;
  results?: StudyResults | null;
  compile_diagnostics?: Diagnostic[];
  error_message?: string | null;
}
