import type { BacktestRequest, InputValue, ParameterRange, StudyMethod, StudyRequest, WalkForward } from "../api/job_types";
import { range_size } from "../pine/inputs";

/// The forms of a backtest and a study: text as typed, checked, made into the
/// request. The gateway checks again; this only finds slips before sending.

export const symbol_limit = 200;
export const timeframe_limit = 10;
/// The contract's default for `max_trials`: a larger grid is refused unless sampled.
export const default_max_trials = 1000;

export interface BacktestForm {
  symbols: string;
  timeframes: string[];
  start_date: string;
  end_date: string;
  initial_capital: string;
  commission: string;
  commission_type: NonNullable<BacktestRequest["commission_type"]>;
  slippage: string;
  slippage_type: NonNullable<BacktestRequest["slippage_type"]>;
  magnifier: boolean;
  capital_mode: NonNullable<BacktestRequest["capital_mode"]>;
  /// By name, as typed; empty = the script's default.
  inputs: Record<string, string>;
}

export type Problems = Record<string, string>;

export type Built<T> = { request: T; problems?: undefined } | { request?: undefined; problems: Problems };

/// @param today YYYY-MM-DD.
export function fresh_form(symbol: string, today: string): BacktestForm {
  return {
    symbols: symbol, timeframes: ["1h"], start_date: `${Number(today.slice(0, 4)) - 1}${today.slice(4)}`.replace("-02-29", "-02-28"), end_date: today,
    initial_capital: "10000", commission: "0.01", commission_type: "cash_per_order", slippage: "0", slippage_type: "percent",
    magnifier: false, capital_mode: "per_run", inputs: {},
  };
}

export function symbol_list(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).map((symbol) => symbol.trim().toUpperCase()).filter(Boolean))];
}

export function build_backtest(form: BacktestForm, source: string): Built<BacktestRequest> {
  const problems: Problems = {};
  const symbols = symbol_list(form.symbols);
  if (symbols.length === 0) problems["symbols"] = "Name at least one symbol";
  if (symbols.length > symbol_limit) problems["symbols"] = `At most ${symbol_limit} symbols`;
  if (form.timeframes.length === 0) problems["timeframes"] = "Choose at least one timeframe";
  if (form.timeframes.length > timeframe_limit) problems["timeframes"] = `At most ${timeframe_limit} timeframes`;
  for (const field of ["start_date", "end_date"] as const) if (!is_date(form[field])) problems[field] = "A date as YYYY-MM-DD";
  if (!problems["start_date"] && !problems["end_date"] && form.start_date > form.end_date) problems["end_date"] = "Before the start";
  const initial_capital = number_in(form.initial_capital, "initial_capital", problems, (n) => n > 0, "A number above 0");
  const commission = number_in(form.commission, "commission", problems, (n) => n >= 0, "A number, 0 or more");
  const slippage = number_in(form.slippage, "slippage", problems, (n) => n >= 0, "A number, 0 or more");
  if (source.trim() === "") problems["pine_script"] = "The script is empty";
  if (Object.keys(problems).length > 0) return { problems };
  const inputs = Object.entries(form.inputs).filter(([, text]) => text.trim() !== "").map(([name, text]) => [name, value_of(text)] as const);
  return {
    request: {
      pine_script: source, symbols, timeframes: [...form.timeframes], start_date: form.start_date, end_date: form.end_date,
      initial_capital, commission, commission_type: form.commission_type, slippage, slippage_type: form.slippage_type,
      magnifier: form.magnifier, capital_mode: form.capital_mode, ...(inputs.length > 0 ? { inputs: Object.fromEntries(inputs) } : {}),
    },
  };
}

/// "14" → 14, "true" → true, anything else text.
export function value_of(text: string): InputValue {
  const trimmed = text.trim();
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  return trimmed !== "" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

// -- study --------------------------------------------------------------------

/// One row of the parameter table, as typed.
export interface ParameterRow {
  name: string;
  used: boolean;
  type: ParameterRange["type"];
  min: string;
  max: string;
  step: string;
  log: boolean;
  /// For choices, comma separated.
  values: string;
}

export interface StudyForm {
  method: StudyMethod;
  objective: string;
  direction: "maximize" | "minimize";
  /// One a line.
  constraints: string;
  max_trials: string;
  sample: boolean;
  rng_key: string;
  walk_forward: WalkForward & { step: string; purge: string; embargo: string; inner: StudyMethod };
}

export function fresh_study(): StudyForm {
  return {
    method: "grid", objective: "sharpe_ratio", direction: "maximize", constraints: "", max_trials: String(default_max_trials), sample: false,
    rng_key: "0", walk_forward: { mode: "rolling", train: "180d", test: "60d", step: "", purge: "", embargo: "", inner: "grid" },
  };
}

export function row_of(name: string, range: ParameterRange, used = true): ParameterRow {
  const text = (value: number | undefined) => (value === undefined ? "" : String(value));
  return {
    name, used, type: range.type, min: text(range.min), max: text(range.max), step: text(range.step), log: range.log ?? false,
    values: (range.values ?? []).join(", "),
  };
}

export function range_of(row: ParameterRow, problems: Problems): ParameterRange {
  const at = `parameters.${row.name}`;
  if (row.type === "bool") return { type: "bool" };
  if (row.type === "choice") {
    const values = row.values.split(",").map((value) => value.trim()).filter(Boolean).map(value_of);
    if (values.length === 0) problems[at] = "Name at least one value";
    return { type: "choice", values };
  }
  const read = (text: string, what: string) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) problems[at] = `${what} must be a number`;
    return value;
  };
  const min = read(row.min, "From");
  const max = read(row.max, "To");
  const step = row.step.trim() === "" ? undefined : read(row.step, "Step");
  if (!problems[at] && min > max) problems[at] = "From is above To";
  if (!problems[at] && step !== undefined && step <= 0) problems[at] = "Step must be above 0";
  if (!problems[at] && row.log && min <= 0) problems[at] = "A logarithmic range starts above 0";
  return { type: row.type, min, max, ...(step === undefined ? {} : { step }), ...(row.log ? { log: true } : {}) };
}

/// Points of the whole grid; undefined when a range has no step.
export function grid_size(rows: readonly ParameterRow[]): number | undefined {
  let size = 1;
  for (const row of rows.filter(({ used }) => used)) {
    const one = range_size(range_of(row, {}));
    if (one === undefined) return undefined;
    size *= one;
  }
  return size;
}

export function build_study(base: BacktestRequest, form: StudyForm, rows: readonly ParameterRow[]): Built<StudyRequest> {
  const problems: Problems = {};
  const parameters: Record<string, ParameterRange> = {};
  for (const row of rows) {
    if (!row.used) continue;
    if (row.name.trim() === "") problems["parameters."] = "A parameter has no name";
    parameters[row.name.trim()] = range_of(row, problems);
  }
  if (Object.keys(parameters).length === 0) problems["parameters"] = "Choose at least one parameter";
  if (form.objective.trim() === "") problems["objective"] = "Name a figure";
  const max_trials = number_in(form.max_trials, "max_trials", problems, (n) => Number.isInteger(n) && n > 0, "A whole number above 0");
  const rng_key = number_in(form.rng_key, "rng_key", problems, (n) => Number.isInteger(n) && n >= 0, "A whole number");
  const { walk_forward: wf } = form;
  if (form.method === "walk_forward") {
    for (const field of ["train", "test"] as const) if (!is_length(wf[field])) problems[field] = "Days as 90d, or a number of bars";
    for (const field of ["step", "purge", "embargo"] as const) if (wf[field] && !is_length(wf[field])) problems[field] = "Days as 90d, or a number of bars";
  }
  const size = grid_size(rows);
  const is_grid = form.method === "grid" || (form.method === "walk_forward" && wf.inner === "grid");
  if (is_grid && !form.sample && size !== undefined && size > max_trials) {
    problems["max_trials"] = `The grid has ${size} points: raise the limit, or sample it`;
  }
  if (Object.keys(problems).length > 0) return { problems };
  const constraints = form.constraints.split("\n").map((line) => line.trim()).filter(Boolean);
  const lengths = Object.fromEntries(Object.entries(wf).filter(([, value]) => value !== "")) as unknown as WalkForward;
  return {
    request: {
      ...base, parameters, method: form.method, objective: form.objective.trim(), direction: form.direction, max_trials, rng_key,
      ...(constraints.length > 0 ? { constraints } : {}), ...(form.sample ? { sample: true } : {}),
      ...(form.method === "walk_forward" ? { walk_forward: lengths } : {}),
    },
  };
}

/// What the gateway holds against fields, by the names the forms use: a
/// parameter's bounds belong to the parameter.
export function gateway_problems(text: string, fields: readonly { field: string; text: string }[]): Problems {
  const problems: Problems = { "": text };
  for (const { field, text: said } of fields) problems[field.replace(/^(parameters\..+)\.(?:type|min|max|step|log|values)$/, "$1")] = said;
  return problems;
}

function number_in(text: string, field: string, problems: Problems, holds: (n: number) => boolean, otherwise: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || !holds(value)) problems[field] = otherwise;
  return value;
}

function is_date(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
}

function is_length(text: string): boolean {
  return /^[1-9]\d*d?$/.test(text.trim());
}
