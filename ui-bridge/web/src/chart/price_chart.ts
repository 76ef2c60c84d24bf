import { CandlestickSeries, ColorType, createChartEx, createSeriesMarkers, CrosshairMode, HistogramSeries, LineStyle } from "lightweight-charts";
import type {
  CandlestickData, HistogramData, IChartApiBase, IPriceLine, ISeriesApi, ISeriesMarkersPluginApi, Logical, LogicalRange, MouseEventParams, Time, UTCTimestamp,
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
import { crosshair_text, ExchangeTimeScale, tick_text } from "./exchange_time_scale";
import { SessionShading } from "./session_shading";

/// Candles and volume on the chart library. Knows bars, not where they come
/// from.
///
/// The newest bar lives in a series of its own ("tail"): the library rebuilds
/// a whole series on each update, which with 30,000 bars costs a frame, with
/// one bar nothing.

/// Older bars are wanted when fewer than this many are left of the view.
const page_margin = 200;
const default_bar_rem = 0.6;
/// Empty bars right of the newest one.
const right_margin_bars = 6;
/// Bars in view on either side of a place one jumps to.
const around_place_bars = 60;
/// The volume pane's share of the price pane's height.
const volume_share = 0.22;

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
  /// The bar under the crosshair; undefined when it left.
  hover(bar: Bar | undefined): void;
  visible(span: VisibleSpan): void;
}

type Candles = ISeriesApi<"Candlestick", Time>;
type Columns = ISeriesApi<"Histogram", Time>;

export class PriceChart {
  private readonly scale = new ExchangeTimeScale();
  private readonly chart: IChartApiBase<Time>;
  private readonly candles: Candles;
  private readonly candle_tail: Candles;
  private readonly volume: Columns;
  private readonly volume_tail: Columns;
  /// One per pane.
  private readonly shadings: readonly SessionShading[];
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private marks: readonly ChartMark[] = [];
  private lines: IPriceLine[] = [];
  private bars: readonly Bar[] = [];
  private dated = false;

  constructor(
    container: HTMLElement,
    private readonly colors: ChartColors,
    private readonly font: { family: string; size_px: number },
    private readonly events: ChartEvents,
  ) {
    this.chart = createChartEx<Time, ExchangeTimeScale>(container, this.scale, this.options());
    this.candles = this.add_candles(false);
    this.candle_tail = this.add_candles(true);
    this.volume = this.add_volume();
    this.volume_tail = this.add_volume();
    const [price_pane, volume_pane] = this.chart.panes();
    price_pane?.setStretchFactor(1);
    volume_pane?.setStretchFactor(volume_share);
    this.shadings = [this.candles, this.volume].map((series) => {
      const shading = new SessionShading(this.chart, colors.shade);
      series.attachPrimitive(shading);
      return shading;
    });
    this.markers = createSeriesMarkers(this.candles, []);
    this.chart.subscribeCrosshairMove((event) => this.hovered(event));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.moved(range));
  }

  destroy(): void {
    this.chart.remove();
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
    for (const series of [this.candles, this.candle_tail]) series.applyOptions({ priceFormat });
    this.chart.applyOptions({ timeScale: { timeVisible: !dated } });
  }

  /// Draws a window of bars.
  show(bars: readonly Bar[], how: Replacement): void {
    const scale = this.chart.timeScale();
    const before = how.kind === "fresh" ? null : scale.getVisibleLogicalRange();
    const shift = how.kind === "fresh" ? 0 : how.shift;
    const follows = how.kind === "healed" && before !== null && before.to >= this.bars.length - 1;
    this.set_bars(bars);
    this.candles.setData(bars.slice(0, -1).map(candle));
    this.volume.setData(bars.slice(0, -1).map((bar) => this.column(bar)));
    this.draw_tail();
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
      this.candle_tail.update(candle(tail));
      this.volume_tail.update(this.column(tail));
      return;
    }
    const closed = this.bars.at(-2);
    if (closed) {
      this.candles.update(candle(closed));
      this.volume.update(this.column(closed));
    }
    this.set_bars(this.bars);
    this.draw_tail();
  }

  /// Marks what happened; marks outside the bars in the chart wait for them.
  mark(marks: readonly ChartMark[]): void {
    this.marks = marks;
    this.draw_marks();
  }

  /// Draws the prices of orders and positions, in place of those before.
  draw_lines(lines: readonly ChartLine[]): void {
    for (const line of this.lines) this.candle_tail.removePriceLine(line);
    const color = { buy: this.colors.up, sell: this.colors.down, position: this.colors.crosshair };
    this.lines = lines.map(({ price, kind, text }) => this.candle_tail.createPriceLine({
      price, color: color[kind], title: text, lineWidth: 1, lineStyle: kind === "position" ? LineStyle.Solid : LineStyle.Dashed, axisLabelVisible: true,
    }));
  }

  /// Shows the bars around a time.
  look_at(epoch_s: number): void {
    const index = this.bar_at(epoch_s);
    if (index < 0) return;
    this.chart.priceScale("right").applyOptions({ autoScale: true });
    this.chart.timeScale().setVisibleLogicalRange({ from: index - around_place_bars, to: index + around_place_bars });
  }

  scroll_to_latest(): void {
    this.chart.timeScale().scrollToPosition(right_margin_bars, false);
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
    for (const series of [this.candles, this.candle_tail, this.volume, this.volume_tail]) series.setData([]);
  }

  private set_bars(bars: readonly Bar[]): void {
    this.bars = bars;
    for (const shading of this.shadings) shading.bar_count = bars.length;
  }

  /// Index of the bar a time falls into; -1 when it is before all bars.
  private bar_at(epoch_s: number): number {
    return this.bars.findLastIndex(({ ts }) => ts <= epoch_s);
  }

  private draw_marks(): void {
    const { up, down } = this.colors;
    const shown = this.marks.flatMap(({ at, kind, text }) => {
      const bar = this.bars[this.bar_at(at)];
      if (!bar || (bar === this.bars.at(-1) && this.bars.length > 1 && at > bar.ts + (bar.ts - this.bars.at(-2)!.ts))) return [];
      const is_buy = kind === "buy";
      return [{
        time: bar.ts as UTCTimestamp, position: is_buy ? ("belowBar" as const) : ("aboveBar" as const), shape: is_buy ? ("arrowUp" as const) : ("arrowDown" as const),
        color: is_buy ? up : down, text,
      }];
    });
    this.markers.setMarkers(shown.sort((a, b) => a.time - b.time));
  }

  private draw_tail(): void {
    const tail = this.bars.at(-1);
    this.candle_tail.setData(tail ? [candle(tail)] : []);
    this.volume_tail.setData(tail ? [this.column(tail)] : []);
  }

  private reset_view(): void {
    this.chart.timeScale().applyOptions({ barSpacing: default_bar_rem * this.font.size_px });
    this.chart.priceScale("right").applyOptions({ autoScale: true });
    this.chart.timeScale().scrollToPosition(right_margin_bars, false);
  }

  private moved(range: LogicalRange | null): void {
    const count = this.bars.length;
    if (!range || count === 0) return;
    const from = Math.max(0, Math.ceil(range.from));
    const to = Math.min(count - 1, Math.floor(range.to));
    const at_latest = range.to >= count - 1;
    this.events.visible({ from, to, at_latest });
    if (range.from < page_margin) this.events.want_older();
    if (range.to > count - page_margin) this.events.want_newer();
  }

  private hovered({ logical, point }: MouseEventParams<Time>): void {
    const index = point && logical !== undefined ? Math.round(logical as Logical) : -1;
    this.events.hover(this.bars[index]);
  }

  private column(bar: Bar): HistogramData<Time> {
    const color = bar.c >= bar.o ? this.colors.up_soft : this.colors.down_soft;
    return { time: bar.ts as UTCTimestamp, value: bar.v, color };
  }

  private add_candles(is_tail: boolean): Candles {
    const { up, down } = this.colors;
    return this.chart.addSeries(CandlestickSeries, {
      upColor: up, downColor: down, borderUpColor: up, borderDownColor: down, wickUpColor: up, wickDownColor: down,
      lastValueVisible: is_tail, priceLineVisible: is_tail, priceLineStyle: LineStyle.Dotted,
    });
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
        fontFamily: this.font.family, fontSize: Math.round(this.font.size_px * 0.88),
        // The library's logo brings an inline style the CSP forbids; the panel
        // carries the attribution itself.
        attributionLogo: false,
        panes: { separatorColor: separator, separatorHoverColor: separator, enableResize: true },
      },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
      crosshair: { mode: CrosshairMode.Normal, vertLine: line, horzLine: line },
      rightPriceScale: { borderColor: separator, scaleMargins: { top: 0.1, bottom: 0.06 } },
      timeScale: {
        borderColor: separator, timeVisible: true, secondsVisible: false, rightOffset: right_margin_bars, minBarSpacing: 0.4,
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

function candle(bar: Bar): CandlestickData<Time> {
  return { time: bar.ts as UTCTimestamp, open: bar.o, high: bar.h, low: bar.l, close: bar.c };
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
