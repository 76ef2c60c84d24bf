import { AreaSeries, BarSeries, CandlestickSeries, LineSeries, LineStyle } from "lightweight-charts";
import type { IChartApiBase, ISeriesApi, SeriesType, Time, UTCTimestamp } from "lightweight-charts";
import type { Bar } from "../api/types";
import { heikin_ashi, next_heikin_ashi } from "./bar_styles";
import type { BarStyle } from "./bar_styles";
import type { ChartColors } from "./price_chart";

/// The bars as a series, in one of several styles.
///
/// The newest bar lives in a series of its own ("tail"): the library rebuilds a
/// whole series on each update, which with 20,000 bars costs a frame, with one
/// bar nothing. A line needs the bar before it, too.

type AnySeries = ISeriesApi<SeriesType, Time>;

export interface PriceFormat {
  type: "custom";
  minMove: number;
  formatter: (price: number) => string;
}

export class MainSeries {
  readonly body: AnySeries;
  readonly tail: AnySeries;
  /// Heikin-Ashi bars, where they are drawn.
  private averaged: Bar[] = [];
  private readonly is_line: boolean;
  /// What `tail` shows: setting data costs as much for one bar as for all.
  private tail_shown = "";
  /// Colours that a script gives to bars, by time.
  bar_colors: ReadonlyMap<number, string> = new Map();

  constructor(
    private readonly chart: IChartApiBase<Time>,
    readonly style: BarStyle,
    private readonly colors: ChartColors,
    format: PriceFormat | undefined,
  ) {
    this.is_line = style === "line" || style === "area";
    this.body = this.add(false);
    this.tail = this.add(true);
    if (format) this.format(format);
  }

  destroy(): void {
    this.chart.removeSeries(this.body);
    this.chart.removeSeries(this.tail);
  }

  format(priceFormat: PriceFormat): void {
    for (const series of [this.body, this.tail]) series.applyOptions({ priceFormat });
  }

  set(bars: readonly Bar[]): void {
    const shown = this.style === "heikin_ashi" ? (this.averaged = heikin_ashi(bars)) : bars;
    this.body.setData(shown.slice(0, -1).map((bar) => this.item(bar)));
    this.show_newest(shown);
  }

  /// The last bar has changed.
  update(bars: readonly Bar[]): void {
    const last = bars.at(-1);
    if (!last) return;
    if (this.style === "heikin_ashi") this.averaged[bars.length - 1] = next_heikin_ashi(this.averaged[bars.length - 2], last);
    const shown = this.style === "heikin_ashi" ? this.averaged : bars;
    this.tail.update(this.item(shown.at(-1)!));
    this.tail_shown = JSON.stringify(this.newest(shown));
  }

  /// A bar was added; the one before it is closed.
  append(bars: readonly Bar[]): void {
    const count = bars.length;
    const closed = bars[count - 2];
    if (this.style === "heikin_ashi") {
      if (closed) this.averaged[count - 2] = next_heikin_ashi(this.averaged[count - 3], closed);
      this.averaged[count - 1] = next_heikin_ashi(this.averaged[count - 2], bars[count - 1]!);
    }
    const shown = this.style === "heikin_ashi" ? this.averaged : bars;
    if (closed) this.body.update(this.item(shown[count - 2]!));
    this.show_newest(shown);
  }

  private show_newest(shown: readonly Bar[]): void {
    const items = this.newest(shown);
    const text = JSON.stringify(items);
    if (text === this.tail_shown) return;
    this.tail.setData(items);
    this.tail_shown = text;
  }

  private newest(shown: readonly Bar[]) {
    return shown.slice(this.is_line ? -2 : -1).map((bar) => this.item(bar));
  }

  private item(bar: Bar) {
    const time = bar.ts as UTCTimestamp;
    if (this.is_line) return { time, value: bar.c };
    const color = this.bar_colors.get(bar.ts);
    return { time, open: bar.o, high: bar.h, low: bar.l, close: bar.c, ...(color ? { color, borderColor: color, wickColor: color } : {}) };
  }

  private add(is_tail: boolean): AnySeries {
    const { up, down, line, line_soft } = this.colors;
    const common = { lastValueVisible: is_tail, priceLineVisible: is_tail, priceLineStyle: LineStyle.Dotted };
    switch (this.style) {
      case "bars": return this.chart.addSeries(BarSeries, { ...common, upColor: up, downColor: down, thinBars: false }) as AnySeries;
      case "line": return this.chart.addSeries(LineSeries, { ...common, color: line, lineWidth: 2, crosshairMarkerVisible: false }) as AnySeries;
      case "area": return this.chart.addSeries(AreaSeries, { ...common, lineColor: line, topColor: line_soft, bottomColor: "transparent", lineWidth: 2, crosshairMarkerVisible: false }) as AnySeries;
      default: return this.chart.addSeries(CandlestickSeries, {
        ...common, upColor: up, downColor: down, borderUpColor: up, borderDownColor: down, wickUpColor: up, wickDownColor: down,
      }) as AnySeries;
    }
  }
}
