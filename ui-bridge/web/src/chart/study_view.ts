import type { PineDrawing, PineMarker, PinePlot, PinePreview } from "../api/strategy_types";
import type { ChartMark } from "../market/place";

/// What the node computed of a script, as things that a chart draws. Knows
/// neither the chart library nor the DOM.

export interface StudyPoint {
  ts: number;
  /// Absent = nothing at this bar.
  value?: number;
  color?: string;
  /// Of candles.
  open?: number;
  high?: number;
  low?: number;
}

export interface StudySeries {
  title: string;
  kind: "line" | "area" | "histogram" | "candles" | "points";
  color: string;
  width: 1 | 2 | 3 | 4;
  is_step: boolean;
  /// Stands over the bars even where the script has a pane of its own.
  on_price: boolean;
  points: StudyPoint[];
}

export interface StudyLevel {
  title: string;
  price: number;
  color: string;
  line: "solid" | "dashed" | "dotted";
}

/// The space between two series of the study, by their numbers.
export interface StudyFill {
  first: number;
  second: number;
  color: string;
}

export interface StudyView {
  title: string;
  overlay: boolean;
  series: StudySeries[];
  levels: StudyLevel[];
  fills: StudyFill[];
  marks: ChartMark[];
  /// Colours behind bars, by time.
  backgrounds: ReadonlyMap<number, string>;
  /// Colours of the bars themselves, by time.
  bar_colors: ReadonlyMap<number, string>;
  tables: PineTable[];
  times: readonly number[];
  /// The script's number of the first of `times`.
  first_index: number;
  drawings: readonly PineDrawing[];
}

export interface PineCell {
  text: string;
  color: string | undefined;
  background: string | undefined;
}

export interface PineTable {
  id: number;
  /// "top_left" to "bottom_right".
  position: string;
  background: string | undefined;
  rows: PineCell[][];
}

/// Rows and columns of a table that are shown.
const table_limit = 50;
const default_color = "#6cb3ff";
const level_color = "#808b98";
/// Series of one study; a script may have 64 plots.
const series_limit = 64;

export function study_view(preview: PinePreview, fallback_title: string): StudyView {
  const times = preview.times ?? [];
  const overlay = preview.overlay ?? false;
  const plots = preview.plots ?? [];
  const series: StudySeries[] = [];
  /// Number of a plot among all → number of its series.
  const series_of = new Map<number, number>();
  plots.forEach((plot, index) => {
    const made = series.length < series_limit ? series_from(plot, times) : undefined;
    if (made) series_of.set(plot.index ?? index, series.push(made) - 1);
  });
  return {
    title: preview.title || fallback_title, overlay, series,
    levels: plots.filter(({ kind }) => kind === "hline").flatMap(level_from),
    fills: plots.filter(({ kind }) => kind === "fill").flatMap((plot) => fill_from(plot, series_of)),
    marks: [...plots.flatMap((plot) => shape_marks(plot, times)), ...trade_marks(preview)].sort((a, b) => a.at - b.at),
    backgrounds: colors_by_time(plots, "bgcolor", times), bar_colors: colors_by_time(plots, "barcolor", times), tables: (preview.drawings ?? []).flatMap(table_from),
    times, first_index: preview.first_bar_index ?? 0, drawings: (preview.drawings ?? []).filter(({ type }) => type !== "table"),
  };
}

const option = (plot: PinePlot, name: string): string => {
  const value = plot.options?.[name];
  return value === undefined || value === null ? "" : String(value);
};
const column = (plot: PinePlot, name: string): (number | string | null)[] | undefined => plot.series?.[name] ?? (name === "series" ? plot.values : name === "color" ? plot.colors : undefined);
const number_at = (values: (number | string | null)[] | undefined, i: number): number | undefined => {
  const value = values?.[i];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
};

function series_from(plot: PinePlot, times: readonly number[]): StudySeries | undefined {
  if (plot.kind === "candle" || plot.kind === "bar") return candles_from(plot, times);
  const values = column(plot, "series");
  if (plot.kind !== "plot" || !values || option(plot, "display") === "none") return undefined;
  const style = option(plot, "style").replace(/^.*style_/, "") || "line";
  const colors = column(plot, "color");
  const points = times.map((ts, i): StudyPoint => {
    const value = number_at(values, i);
    if (value === undefined) return { ts };
    const color = colors ? css_color(colors[i]) : undefined;
    return { ts, value, ...(color ? { color } : {}) };
  });
  const kind = /histogram|columns/.test(style) ? "histogram" : /area/.test(style) ? "area" : /circles|cross/.test(style) ? "points" : "line";
  return { title: plot.title ?? "", kind, color: color_of(plot), width: width_of(plot), is_step: /step/.test(style), on_price: is_forced(plot), points };
}

function candles_from(plot: PinePlot, times: readonly number[]): StudySeries | undefined {
  const [open, high, low, close] = ["open", "high", "low", "close"].map((name) => column(plot, name));
  if (!open || !high || !low || !close) return undefined;
  const points = times.map((ts, i): StudyPoint => {
    const [o, h, l, c] = [open, high, low, close].map((values) => number_at(values, i));
    return o === undefined || h === undefined || l === undefined || c === undefined ? { ts } : { ts, value: c, open: o, high: h, low: l };
  });
  return { title: plot.title ?? "", kind: "candles", color: color_of(plot), width: 1, is_step: false, on_price: is_forced(plot), points };
}

const is_forced = (plot: PinePlot) => option(plot, "force_overlay") === "true";
const color_of = (plot: PinePlot) => css_color(plot.options?.["color"] ?? plot.color) ?? default_color;

function width_of(plot: PinePlot): StudySeries["width"] {
  const width = Math.round(Number(option(plot, "linewidth") || 1));
  return Math.min(4, Math.max(1, Number.isFinite(width) ? width : 1)) as StudySeries["width"];
}

function level_from(plot: PinePlot): StudyLevel[] {
  const moving = column(plot, "price") ?? column(plot, "series");
  const price = Number(option(plot, "price") || moving?.find((value) => typeof value === "number"));
  if (!Number.isFinite(price)) return [];
  const style = option(plot, "linestyle");
  return [{ title: plot.title ?? "", price, color: css_color(plot.options?.["color"] ?? plot.color) ?? level_color, line: /dotted/.test(style) ? "dotted" : /solid/.test(style) ? "solid" : "dashed" }];
}

function fill_from(plot: PinePlot, series_of: ReadonlyMap<number, number>): StudyFill[] {
  const [first, second] = ["plot1", "plot2"].map((name) => (option(plot, name) === "" ? undefined : series_of.get(Number(option(plot, name)))));
  const color = css_color(plot.options?.["color"] ?? column(plot, "color")?.findLast((one) => one !== null) ?? plot.color);
  return first === undefined || second === undefined || !color ? [] : [{ first, second, color }];
}

/// plotshape(), plotchar(), plotarrow(): a mark at each bar where it holds.
function shape_marks(plot: PinePlot, times: readonly number[]): ChartMark[] {
  if (plot.kind !== "shape" && plot.kind !== "character" && plot.kind !== "arrow") return [];
  const values = column(plot, "series") ?? [];
  const colors = column(plot, "color");
  const location = option(plot, "location");
  const text = option(plot, "text") || option(plot, "char") || plot.title || "";
  return times.flatMap((at, i): ChartMark[] => {
    const value = values[i];
    if (value === null || value === undefined || value === 0 || Number.isNaN(value)) return [];
    const is_arrow_down = plot.kind === "arrow" && typeof value === "number" && value < 0;
    const color = css_color(colors ? colors[i] : plot.options?.["color"]);
    return [{ at, kind: "note", text, place: /below|bottom/.test(location) || (plot.kind === "arrow" && !is_arrow_down) ? "below" : "above", ...(color ? { color } : {}) }];
  });
}

function trade_marks({ markers = [], trades = [] }: PinePreview): ChartMark[] {
  if (markers.length > 0) return markers.flatMap(marker_mark);
  const seconds = (iso: string) => Math.floor(Date.parse(iso) / 1000);
  return trades.flatMap((trade): ChartMark[] => {
    const is_long = trade.side === "long" || trade.side === "buy";
    const entry: ChartMark = { at: seconds(trade.entry_date), kind: is_long ? "buy" : "sell", text: trade.entry_reason ?? "" };
    return trade.exit_date ? [entry, { at: seconds(trade.exit_date), kind: is_long ? "sell" : "buy", text: trade.exit_reason ?? "" }] : [entry];
  });
}

function marker_mark({ timestamp, time, side, kind, text }: PineMarker): ChartMark[] {
  const at = timestamp ?? time;
  if (typeof at !== "number") return [];
  const what = side ?? kind ?? "";
  return [{ at, kind: what.startsWith("buy") || what === "long" ? "buy" : what.startsWith("sell") || what === "short" ? "sell" : what === "alert" ? "alert" : "note", text: text ?? "" }];
}

function colors_by_time(plots: readonly PinePlot[], kind: "bgcolor" | "barcolor", times: readonly number[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const plot of plots) {
    if (plot.kind !== kind) continue;
    const colors = column(plot, "color") ?? column(plot, "series");
    times.forEach((ts, i) => {
      const color = css_color(colors?.[i]);
      if (color) found.set(ts, color);
    });
  }
  return found;
}

function table_from(drawing: PineDrawing): PineTable[] {
  if (drawing.type !== "table") return [];
  const cells = (Array.isArray(drawing["cells"]) ? drawing["cells"] : []) as Record<string, unknown>[];
  const count = (name: string) => Math.min(table_limit, Math.max(0, Math.floor(Number(drawing[name]) || 0)));
  const [columns, rows] = [count("columns"), count("rows")];
  const at = (cell: Record<string, unknown>, name: string) => Math.floor(Number(cell[name]));
  const grid: PineCell[][] = Array.from({ length: rows }, () => Array.from({ length: columns }, () => ({ text: "", color: undefined, background: undefined })));
  for (const cell of cells) {
    const row = grid[at(cell, "row")];
    const column = at(cell, "column");
    if (row?.[column]) row[column] = { text: typeof cell["text"] === "string" ? cell["text"] : "", color: css_color(cell["text_color"]), background: css_color(cell["bgcolor"]) };
  }
  return rows === 0 || columns === 0 ? [] : [{ id: drawing.id, position: String(drawing["position"] ?? "top_right"), background: css_color(drawing["bgcolor"]), rows: grid }];
}

/// "#RRGGBBAA", or that as a decimal number in text, as the chart library reads
/// it; undefined for none.
export function css_color(given: unknown): string | undefined {
  const is_number = typeof given === "number" || (typeof given === "string" && /^\d+$/.test(given));
  const color = is_number ? `#${Number(given).toString(16).padStart(8, "0")}` : given;
  if (typeof color !== "string") return undefined;
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (!match) return /^#[0-9a-f]{6}$/i.test(color) ? color : undefined;
  const [red, green, blue, alpha] = match.slice(1).map((part) => parseInt(part, 16)) as [number, number, number, number];
  return alpha === 0 ? undefined : `rgba(${red}, ${green}, ${blue}, ${Math.round((alpha / 255) * 1000) / 1000})`;
}
