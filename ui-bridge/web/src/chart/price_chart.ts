import { ColorType, createChartEx, createSeriesMarkers, CrosshairMode, HistogramSeries, LineSeries, LineStyle, PriceScaleMode } from "lightweight-charts";
import type {
  HistogramData, IChartApiBase, ISeriesApi, ISeriesMarkersPluginApi, Logical, LogicalRange, MouseEventParams, SeriesMarker, Time, UTCTimestamp,
} from "lightweight-charts";
import type { Bar } from "../api/types";
import type { Replacement } from "../market/chart_feed";
import { exchange_time } from "../market/exchange_time";
import type { ExchangeTime } from "../market/exchange_time";
import { format_price, format_quantity } from "../market/price_format";
import type { ChartLine, ChartMark } from "../market/place";
import type { PriceRule } from "../market/price_format";
import { in_session } from "../market/session";
import type { Session } from "../market/session";
import { scaled } from "./bar_styles";
import type { BarStyle } from "./bar_styles";
import { Backdrop } from "./backdrop";
import { crosshair_text, ExchangeTimeScale, tick_text } from "./exchange_time_scale";
import { MainSeries } from "./main_series";
import type { PriceFormat } from "./main_series";
import { PointerLayer } from "./pointer_layer";
import type { ChartPoint, PointerTool } from "./pointer_layer";
import { label_room_px, PriceLines } from "./price_lines";
import { SessionShading } from "./session_shading";

/// Bars, volume, marks, price lines and other symbols on the chart library.
/// Knows bars, not where they come from.

/// Older bars are wanted when fewer than this many are left of the view.
const page_margin = 200;
const default_bar_rem = 0.6;
/// Bars in view on either side of a place one jumps to.
const around_place_bars = 60;
/// Height of the legend above the bars.
const legend_rem = 3.8;
/// The volume pane's share of the price pane's height.
const volume_share = 0.22;
/// Scrolling settles this long before other symbols are drawn from the new edge.
const rescale_after_ms = 120;
/// Marks drawn at one time, the newest: the library copies all of them on each change.
const marks_drawn = 1_000;
/// Longer texts of marks, such as an alert's message, are cut.
const mark_text_limit = 18;

export interface ChartColors {
  background: string;
  text: string;
  grid: string;
  separator: string;
  crosshair: string;
  label: string;
  up: string;
  down: string;
  up_soft: string;
  down_soft: string;
  shade: string;
  line: string;
  line_soft: string;
  alert: string;
}

export interface ChartSetup {
  rule: PriceRule;
  /// IANA name of the exchange's time zone: sessions are in it.
  zone: string;
  /// The clock of the axis.
  clock: ExchangeTime;
  /// Daily and longer bars carry dates, not times.
  dated: boolean;
  /// Regular hours, to shade what is outside; undefined = shade nothing.
  regular: Session | undefined;
}

export interface VisibleSpan {
  /// Index of the first and last bar in view.
  from: number;
  to: number;
  /// True when the newest bar is in view.
  at_latest: boolean;
}

export interface ChartEvents {
  want_older(): void;
  want_newer(): void;
  /// The bar under the crosshair and the one before it; undefined when it left.
  hover(bar: Bar | undefined, before: Bar | undefined): void;
  visible(span: VisibleSpan): void;
  /// The user's crosshair stands at a bar's time and a price; undefined = it left.
  pointed(at: Pointed | undefined): void;
  /// Other symbols start together elsewhere now.
  rescaled(): void;
  /// A price line was dragged to another price.
  line_moved(line: ChartLine, price: number): void;
}

export interface Pointed {
  ts: number;
  price: number;
}

/// Another symbol's bars, drawn as a line that starts together with the
/// chart's own at the left edge of the view.
export interface Comparison {
  symbol: string;
  color: string;
  bars: readonly Bar[];
}

type Columns = ISeriesApi<"Histogram", Time>;

export class PriceChart {
  private readonly scale = new ExchangeTimeScale();
  private readonly chart: IChartApiBase<Time>;
  private main: MainSeries;
  private format: PriceFormat | undefined;
  private readonly volume: Columns;
  private readonly volume_tail: Columns;
  /// What `volume_tail` shows: setting data costs as much for one column as for all.
  private volume_tail_shown = "";
  /// One per pane: price, volume.
  private readonly shadings: readonly [SessionShading, SessionShading];
  private readonly backdrop: Backdrop;
  private markers: ISeriesMarkersPluginApi<Time>;
  private marks: readonly ChartMark[] = [];
  private readonly lines: PriceLines;
  private readonly pointer: PointerLayer;
  private readonly others = new Map<string, ISeriesApi<"Line", Time>>();
  private comparisons: readonly Comparison[] = [];
  /// Closes of the other symbols where all start together, and the index of that bar.
  private readonly bases = new Map<string, number | undefined>();
  private start = 0;
  private rescaling: ReturnType<typeof setTimeout> | undefined;
  private bars: readonly Bar[] = [];
  private dated = false;
  /// Empty pixels right of the newest bar.
  private room_px: number;

  constructor(
    container: HTMLElement,
    private readonly colors: ChartColors,
    private readonly font: { family: string; size_px: number },
    private readonly events: ChartEvents,
    style: BarStyle = "candles",
    tools: readonly PointerTool[] = [],
  ) {
    this.room_px = label_room_px([], font.size_px);
    this.chart = createChartEx<Time, ExchangeTimeScale>(container, this.scale, this.options());
    this.main = new MainSeries(this.chart, style, colors, undefined);
    this.volume = this.add_volume();
    this.volume_tail = this.add_volume();
    const [price_pane, volume_pane] = this.chart.panes();
    price_pane?.setStretchFactor(1);
    volume_pane?.setStretchFactor(volume_share);
    this.shadings = [new SessionShading(this.chart, colors.shade), new SessionShading(this.chart, colors.shade)];
    this.volume.attachPrimitive(this.shadings[1]);
    this.backdrop = new Backdrop(this.chart);
    this.lines = new PriceLines({ buy: colors.up, sell: colors.down, position: colors.crosshair, alert: colors.alert }, (line, price) => events.line_moved(line, price));
    this.markers = this.dress_main();
    this.pointer = new PointerLayer(container, (event) => this.point_of(event), [...tools, this.lines]);
    this.chart.subscribeCrosshairMove((event) => this.hovered(event));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.moved(range));
  }

  destroy(): void {
    clearTimeout(this.rescaling);
    this.pointer.destroy();
    this.chart.remove();
  }

  /// What hangs on the main series: shading, marks, lines.
  private dress_main(): ISeriesMarkersPluginApi<Time> {
    this.main.body.attachPrimitive(this.shadings[0]);
    this.main.body.attachPrimitive(this.backdrop);
    this.lines.attach(this.main.tail);
    return createSeriesMarkers(this.main.body, []);
  }

  /// Draws the same bars in another style.
  set_style(style: BarStyle): void {
    if (style === this.main.style) return;
    const old = this.main;
    this.main = new MainSeries(this.chart, style, this.colors, this.format);
    this.main.bar_colors = old.bar_colors;
    old.body.detachPrimitive(this.shadings[0]);
    old.destroy();
    this.markers = this.dress_main();
    this.main.set(this.bars);
    this.draw_marks();
  }

  /// Colours that scripts give to bars and to what is behind them, by time.
  paint(bar_colors: ReadonlyMap<number, string>, backgrounds: ReadonlyMap<number, string>): void {
    const is_same = bar_colors.size === 0 && this.main.bar_colors.size === 0;
    this.main.bar_colors = bar_colors;
    if (!is_same) this.main.set(this.bars);
    this.backdrop.set(backgrounds);
  }

  set_log(is_log: boolean): void {
    this.chart.priceScale("right").applyOptions({ mode: is_log ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal });
  }

  /// Draws other symbols beside, in place of those before. The scale stays the
  /// instrument's own, so that orders and drawings keep their prices.
  compare(comparisons: readonly Comparison[]): void {
    this.comparisons = comparisons;
    const wanted = new Set(comparisons.map(({ symbol }) => symbol));
    for (const [symbol, series] of this.others) {
      if (wanted.has(symbol)) continue;
      this.chart.removeSeries(series);
      this.others.delete(symbol);
    }
    for (const { symbol, color } of comparisons) {
      if (!this.others.has(symbol)) {
        this.others.set(symbol, this.chart.addSeries(LineSeries, { color, lineWidth: 2, title: symbol, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false }) as ISeriesApi<"Line", Time>);
      }
    }
    this.draw_comparisons();
  }

  private draw_comparisons(): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    this.start = range ? Math.max(0, Math.ceil(range.from)) : 0;
    for (const { symbol, bars } of this.comparisons) {
      const { points, base } = scaled(this.bars, bars, this.start);
      this.bases.set(symbol, base);
      this.others.get(symbol)?.setData(points.map(({ ts, value }) => ({ time: ts as UTCTimestamp, value })));
    }
  }

  /// How far each symbol, the chart's own first, has come since the left edge
  /// of the view, as a fraction.
  /// @param ts undefined = until the newest bar.
  changes_until(ts: number | undefined): (number | undefined)[] {
    const own = this.bars[this.start]?.c;
    const now = ts === undefined ? this.bars.at(-1) : this.bar_of(ts);
    const others = this.comparisons.map(({ symbol, bars }) => {
      const base = this.bases.get(symbol);
      const bar = bars[last_at(bars, ts ?? Number.POSITIVE_INFINITY)];
      return base && bar ? bar.c / base - 1 : undefined;
    });
    return [own && now ? now.c / own - 1 : undefined, ...others];
  }

  /// For layers of their own: indicators, drawings.
  get api(): IChartApiBase<Time> {
    return this.chart;
  }

  /// The series of the price pane, whose scale drawings are on.
  get price_series(): ISeriesApi<"Candlestick" | "Bar" | "Line" | "Area", Time> {
    return this.main.tail as ISeriesApi<"Candlestick" | "Bar" | "Line" | "Area", Time>;
  }

  /// The series that primitives of the price pane hang on.
  get price_body(): ISeriesApi<"Candlestick" | "Bar" | "Line" | "Area", Time> {
    return this.main.body as ISeriesApi<"Candlestick" | "Bar" | "Line" | "Area", Time>;
  }

  get price_format(): PriceFormat | undefined {
    return this.format;
  }

  /// Puts the crosshair where another chart's is, without telling of it.
  show_crosshair(at: Pointed | undefined): void {
    const bar = at ? this.bars[this.bar_at(at.ts)] : undefined;
    if (!at || !bar) return this.chart.clearCrosshairPosition();
    this.chart.setCrosshairPosition(at.price, bar.ts as UTCTimestamp, this.main.body);
  }

  /// Gives up what the pointer drags. @return whether it did.
  cancel_pointer(): boolean {
    return this.pointer.cancel();
  }

  /// The place in the price pane under a mouse event; undefined outside.
  point_of(event: MouseEvent): ChartPoint | undefined {
    const box = this.chart.chartElement().getBoundingClientRect();
    const { width, height } = this.chart.paneSize(0);
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    if (x < 0 || y < 0 || x > width || y > height || this.bars.length === 0) return undefined;
    const price = this.main.tail.coordinateToPrice(y);
    const logical = this.chart.timeScale().coordinateToLogical(x);
    if (price === null || logical === null) return undefined;
    return { x, y, price, logical, ts: this.time_at(logical) };
  }

  /// Time of a place on the axis; beyond the bars counted on by the last distance.
  time_at(logical: number): number {
    const { bars } = this;
    const index = Math.round(logical);
    const last = bars.length - 1;
    if (index < 0) return bars[0]!.ts;
    if (index <= last) return bars[index]!.ts;
    return bars[last]!.ts + (index - last) * this.bar_span();
  }

  /// The reverse: a fraction of a bar where the time is between two.
  logical_at(ts: number): number {
    const { bars } = this;
    const last = bars.length - 1;
    if (last < 0) return 0;
    if (ts > bars[last]!.ts) return last + (ts - bars[last]!.ts) / this.bar_span();
    const index = this.bar_at(ts);
    if (index < 0) return (ts - bars[0]!.ts) / this.bar_span();
    const next = bars[index + 1]?.ts ?? bars[index]!.ts + this.bar_span();
    return index + Math.min(1, (ts - bars[index]!.ts) / (next - bars[index]!.ts));
  }

  /// The bar a time falls into.
  bar_of(ts: number): Bar | undefined {
    return this.bars[this.bar_at(ts)];
  }

  /// x of a time, also between two bars and beyond the last one.
  x_of(ts: number): number | undefined {
    const scale = this.chart.timeScale();
    const logical = this.logical_at(ts);
    // The library gives whole bars only.
    const at = scale.logicalToCoordinate(Math.floor(logical) as Logical);
    return at === null ? undefined : at + (logical - Math.floor(logical)) * scale.options().barSpacing;
  }

  private bar_span(): number {
    const { bars } = this;
    return bars.length > 1 ? Math.max(1, bars.at(-1)!.ts - bars.at(-2)!.ts) : 60;
  }

  /// Tells how to write prices and times. Call before `show` for new bars.
  configure({ rule, zone, clock, dated, regular }: ChartSetup): void {
    this.dated = dated;
    this.clear();
    this.scale.zone = dated ? exchange_time("UTC") : clock;
    const time = exchange_time(zone);
    const is_outside = regular && !dated ? outside_flags(() => this.bars, (ts) => !in_session(regular, time, ts)) : undefined;
    for (const shading of this.shadings) shading.is_outside = is_outside;
    const priceFormat = { type: "custom" as const, minMove: rule.min_move, formatter: (price: number) => format_price(price, rule) };
    this.format = priceFormat;
    this.main.format(priceFormat);
    this.chart.applyOptions({ timeScale: { timeVisible: !dated } });
  }

  /// Draws a window of bars.
  show(bars: readonly Bar[], how: Replacement): void {
    const scale = this.chart.timeScale();
    const before = how.kind === "fresh" ? null : scale.getVisibleLogicalRange();
    const shift = how.kind === "fresh" ? 0 : how.shift;
    const follows = how.kind === "healed" && before !== null && before.to >= this.bars.length - 1;
    this.set_bars(bars);
    this.main.set(bars);
    this.volume.setData(bars.slice(0, -1).map((bar) => this.column(bar)));
    this.draw_tail();
    this.draw_comparisons();
    this.draw_marks();
    if (before === null) this.reset_view();
    else if (!follows) {
      scale.setVisibleLogicalRange({ from: before.from + shift, to: before.to + shift });
    }
    this.moved(scale.getVisibleLogicalRange());
  }

  /// Draws a live change of the window's end; `bars` is already changed.
  live(change: "updated" | "appended"): void {
    const tail = this.bars.at(-1);
    if (!tail) return;
    if (change === "updated") {
      this.main.update(this.bars);
      const column = this.column(tail);
      this.volume_tail.update(column);
      this.volume_tail_shown = JSON.stringify(column);
      return;
    }
    const closed = this.bars.at(-2);
    this.main.append(this.bars);
    if (closed) this.volume.update(this.column(closed));
    this.set_bars(this.bars);
    this.draw_tail();
    this.draw_comparisons();
  }

  /// Marks what happened; marks outside the bars in the chart wait for them.
  mark(marks: readonly ChartMark[]): void {
    this.marks = marks;
    this.draw_marks();
  }

  /// Draws the prices of orders, positions and alerts, in place of those before.
  draw_lines(lines: readonly ChartLine[]): void {
    this.lines.set(lines);
    this.make_room(lines);
  }

  /// Labels of lines stand at the right edge, over what is drawn there: the newest bar and
  /// the text of its fill keep clear of them. Room for a wide label is made when the view is
  /// set the next time: a chart that moves under the pointer would move the prices too.
  private make_room(lines: readonly ChartLine[]): void {
    const context = document.createElement("canvas").getContext("2d");
    if (context) context.font = `${this.label_px}px ${this.font.family}`;
    this.room_px = label_room_px(lines.map(({ text }) => context?.measureText(text).width ?? 0), this.font.size_px);
  }

  private get label_px(): number {
    return Math.round(this.font.size_px * 0.88);
  }

  /// Shows the bars around a time.
  look_at(epoch_s: number): void {
    const index = this.bar_at(epoch_s);
    if (index < 0) return;
    this.chart.priceScale("right").applyOptions({ autoScale: true });
    this.chart.timeScale().setVisibleLogicalRange({ from: index - around_place_bars, to: index + around_place_bars });
  }

  scroll_to_latest(): void {
    const scale = this.chart.timeScale();
    scale.scrollToPosition(this.room_px / scale.options().barSpacing, false);
  }

  /// @param bars positive = towards the past.
  scroll_by(bars: number): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (range) this.chart.timeScale().setVisibleLogicalRange({ from: range.from - bars, to: range.to - bars });
  }

  /// @param factor below 1 zooms in; the right edge stays.
  zoom_by(factor: number): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (range) this.chart.timeScale().setVisibleLogicalRange({ from: range.to - (range.to - range.from) * factor, to: range.to });
  }

  private clear(): void {
    this.set_bars([]);
    this.main.set([]);
    for (const series of [this.volume, this.volume_tail, ...this.others.values()]) series.setData([]);
    this.volume_tail_shown = "";
  }

  private set_bars(bars: readonly Bar[]): void {
    this.bars = bars;
    this.backdrop.bars = bars;
    for (const shading of this.shadings) shading.bar_count = bars.length;
  }

  /// Index of the bar a time falls into; -1 when it is before all bars.
  private bar_at(epoch_s: number): number {
    return last_at(this.bars, epoch_s);
  }

  private draw_marks(): void {
    const { bars } = this;
    const span = this.bar_span();
    const shown = this.marks.slice(-marks_drawn).flatMap((mark) => {
      const bar = bars[this.bar_at(mark.at)];
      return !bar || (bar === bars.at(-1) && bars.length > 1 && mark.at > bar.ts + span) ? [] : [this.marker(mark, bar.ts)];
    });
    this.markers.setMarkers(shown.sort((a, b) => (a.time as number) - (b.time as number)));
  }

  private marker({ kind, text, place, color }: ChartMark, ts: number): SeriesMarker<Time> {
    const { up, down, alert, text: plain } = this.colors;
    const looks = {
      buy: { position: "belowBar", shape: "arrowUp", color: up }, sell: { position: "aboveBar", shape: "arrowDown", color: down },
      alert: { position: "aboveBar", shape: "circle", color: alert }, note: { position: "aboveBar", shape: "square", color: plain },
    } as const;
    const look = looks[kind];
    const shown = text.length > mark_text_limit ? `${text.slice(0, mark_text_limit - 1).trimEnd()}…` : text;
    return { time: ts as UTCTimestamp, ...look, ...(place ? { position: place === "above" ? "aboveBar" : "belowBar" } : {}), ...(color ? { color } : {}), text: shown };
  }

  private draw_tail(): void {
    const tail = this.bars.at(-1);
    const columns = tail ? [this.column(tail)] : [];
    const shown = tail ? JSON.stringify(columns[0]) : "";
    if (shown === this.volume_tail_shown) return;
    this.volume_tail.setData(columns);
    this.volume_tail_shown = shown;
  }

  private reset_view(): void {
    this.chart.timeScale().applyOptions({ barSpacing: default_bar_rem * this.font.size_px });
    this.chart.priceScale("right").applyOptions({ autoScale: true, scaleMargins: this.margins() });
    this.scroll_to_latest();
  }

  /// The legend's lines stay free, whatever share of the pane that is.
  private margins(): { top: number; bottom: number } {
    const { height } = this.chart.paneSize(0);
    const top = height > 0 ? (legend_rem * this.font.size_px) / height : 0.14;
    return { top: Math.min(0.34, Math.max(0.08, top)), bottom: 0.06 };
  }

  private moved(range: LogicalRange | null): void {
    const count = this.bars.length;
    if (!range || count === 0) return;
    const from = Math.max(0, Math.ceil(range.from));
    const to = Math.min(count - 1, Math.floor(range.to));
    const at_latest = range.to >= count - 1;
    this.events.visible({ from, to, at_latest });
    if (this.comparisons.length > 0 && from !== this.start) this.rescale_later();
    if (range.from < page_margin) this.events.want_older();
    if (range.to > count - page_margin) this.events.want_newer();
  }

  /// The left edge has moved: others start together with it anew.
  private rescale_later(): void {
    clearTimeout(this.rescaling);
    this.rescaling = setTimeout(() => {
      this.draw_comparisons();
      this.events.rescaled();
    }, rescale_after_ms);
  }

  private hovered({ logical, point, sourceEvent, paneIndex }: MouseEventParams<Time>): void {
    const index = point && logical !== undefined ? Math.round(logical as Logical) : -1;
    const bar = this.bars[index];
    this.events.hover(bar, bar && this.bars[index - 1]);
    if (!sourceEvent && point) return; // put there by another chart
    const price = point && paneIndex === 0 ? this.main.tail.coordinateToPrice(point.y) : null;
    this.events.pointed(bar && price !== null ? { ts: bar.ts, price } : undefined);
  }

  private column(bar: Bar): HistogramData<Time> {
    const color = bar.c >= bar.o ? this.colors.up_soft : this.colors.down_soft;
    return { time: bar.ts as UTCTimestamp, value: bar.v, color };
  }

  private add_volume(): Columns {
    return this.chart.addSeries(HistogramSeries, {
      priceFormat: { type: "custom", minMove: 0.0001, formatter: format_quantity },
      lastValueVisible: false, priceLineVisible: false,
    }, 1);
  }

  private options() {
    const { background, text, grid, separator, crosshair, label } = this.colors;
    const line = { color: crosshair, labelBackgroundColor: label, style: LineStyle.Dashed, width: 1 as const };
    return {
      autoSize: true,
      layout: {
        background: { type: ColorType.Solid, color: background }, textColor: text,
        fontFamily: this.font.family, fontSize: this.label_px,
        // The library's logo brings an inline style the CSP forbids; the panel
        // carries the attribution itself.
        attributionLogo: false,
        panes: { separatorColor: separator, separatorHoverColor: separator, enableResize: true },
      },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
      crosshair: { mode: CrosshairMode.Normal, vertLine: line, horzLine: line },
      rightPriceScale: { borderColor: separator, scaleMargins: { top: 0.14, bottom: 0.06 } },
      timeScale: {
        borderColor: separator, timeVisible: true, secondsVisible: false, rightOffset: this.room_px / (default_bar_rem * this.font.size_px), minBarSpacing: 0.4,
        tickMarkFormatter: (time: Time, type: number) => tick_text(this.scale.zone, time as number, type),
      },
      localization: {
        locale: "en-US",
        timeFormatter: (time: Time) => crosshair_text(this.scale.zone, time as number, this.dated),
      },
      handleScale: { axisPressedMouseMove: true },
    };
  }
}

/// Index of the last bar at or before a time; -1 when there is none.
function last_at(bars: readonly Bar[], epoch_s: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bars[middle]!.ts <= epoch_s) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/// Remembers for each bar whether it is outside, because drawing asks on every
/// frame. Keyed by the bar's time: indices move when older bars come in.
function outside_flags(bars: () => readonly Bar[], is_outside: (ts: number) => boolean): (index: number) => boolean {
  const known = new Map<number, boolean>();
  return (index) => {
    const ts = bars()[index]?.ts;
    if (ts === undefined) return false;
    let flag = known.get(ts);
    if (flag === undefined) known.set(ts, (flag = is_outside(ts)));
    return flag;
  };
}
