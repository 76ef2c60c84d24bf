import { AreaSeries, CandlestickSeries, HistogramSeries, LineSeries, LineStyle, LineType } from "lightweight-charts";
import type { ISeriesApi, SeriesType, Time, UTCTimestamp } from "lightweight-charts";
import { FillPrimitive } from "./fill_primitive";
import { DrawingsPrimitive } from "./pine_drawings";
import type { PriceChart } from "./price_chart";
import type { StudyPoint, StudySeries, StudyView } from "./study_view";

/// Studies in a chart: over the bars, or each in a pane of its own below.

type AnySeries = ISeriesApi<SeriesType, Time>;

interface Shown {
  view: StudyView;
  /// What the series are; others than these have to be made anew.
  signature: string;
  series: AnySeries[];
  fills: FillPrimitive[];
  drawings: DrawingsPrimitive | undefined;
  /// Times of the bars that the script ran over.
  times: readonly number[];
  /// What each series shows, to set only what is other: the library sorts all
  /// bars of the chart anew for each series that is set.
  filled: Filled[];
  /// The looks given last.
  look: string;
}

interface Filled {
  source: readonly StudyPoint[];
  count: number;
  first: number | undefined;
}

/// A study pane's share of the price pane's height.
const pane_share = 0.28;

export class StudyLayer {
  private readonly shown = new Map<string, Shown>();
  /// Times of the chart's bars: points elsewhere would add bars to its axis.
  private times = new Set<number>();

  constructor(private readonly chart: PriceChart) {}

  /// The chart's bars are others.
  rebase(bars: readonly { ts: number }[]): void {
    this.times = new Set(bars.map(({ ts }) => ts));
    for (const one of this.shown.values()) this.fill(one);
  }

  bar_added(ts: number): void {
    this.times.add(ts);
  }

  show(id: string, view: StudyView): void {
    const signature = JSON.stringify([view.overlay, view.series.map(({ kind, on_price }) => [kind, on_price]), view.levels, view.fills]);
    let one = this.shown.get(id);
    if (one && one.signature !== signature) {
      this.remove(id);
      one = undefined;
    }
    if (!one) this.shown.set(id, (one = this.make(view, signature)));
    one.view = view;
    one.times = view.times;
    const look = JSON.stringify(view.series.map(look_of));
    if (look !== one.look) one.series.forEach((series, index) => series.applyOptions(look_of(view.series[index]!)));
    one.look = look;
    this.fill(one);
  }

  remove(id: string): void {
    const one = this.shown.get(id);
    if (!one) return;
    this.shown.delete(id);
    if (one.drawings && one.view.overlay) this.chart.price_body.detachPrimitive(one.drawings);
    for (const series of one.series) this.chart.api.removeSeries(series);
  }

  /// Takes the data of all away until they come anew: another symbol's bars may
  /// well have the same times.
  clear(): void {
    this.times = new Set();
    for (const one of this.shown.values()) {
      const { view } = one;
      one.view = { ...view, series: view.series.map((series) => ({ ...series, points: [] })), drawings: [] };
      this.fill(one);
    }
  }

  /// The values of a study at a time, by the titles of its plots.
  values(id: string, ts: number | undefined): { title: string; value: number; color: string }[] {
    const view = this.shown.get(id)?.view;
    return (view?.series ?? []).flatMap((series) => {
      const point = ts === undefined ? series.points.findLast(({ value }) => value !== undefined) : find(series.points, ts);
      return point?.value === undefined ? [] : [{ title: series.title, value: point.value, color: point.color ?? series.color }];
    });
  }

  private make(view: StudyView, signature: string): Shown {
    const api = this.chart.api;
    let own_pane: number | undefined;
    const series = view.series.map((one) => {
      const on_price = view.overlay || one.on_price;
      const pane = on_price ? 0 : (own_pane ?? api.panes().length);
      const made = add_series(this.chart, one, pane);
      if (!on_price && own_pane === undefined) {
        own_pane = made.getPane().paneIndex();
        made.getPane().setStretchFactor(pane_share);
      }
      return made;
    });
    for (const { price, color, title, line } of view.levels) {
      series[0]?.createPriceLine({ price, color, title, lineWidth: 1, lineStyle: { solid: LineStyle.Solid, dashed: LineStyle.Dashed, dotted: LineStyle.Dotted }[line], axisLabelVisible: false });
    }
    const fills = view.fills.map(({ first, second, color }) => {
      const fill = new FillPrimitive(api, series[first]!, series[second]!, color);
      series[first]!.attachPrimitive(fill);
      return fill;
    });
    const own = series[0];
    const drawings = view.overlay ? new DrawingsPrimitive(this.chart, () => this.chart.price_series) : own ? new DrawingsPrimitive(this.chart, () => own) : undefined;
    if (drawings) (view.overlay ? this.chart.price_body : own!).attachPrimitive(drawings);
    return { view, signature, series, fills, drawings, times: view.times, filled: [], look: JSON.stringify(view.series.map(look_of)) };
  }

  /// The main series was made anew: what hung on it hangs on the new one.
  redress(): void {
    for (const { drawings, view } of this.shown.values()) if (drawings && view.overlay) this.chart.price_body.attachPrimitive(drawings);
  }

  private fill({ view, series, fills, drawings, times, filled }: Shown): void {
    const points = view.series.map((one) => one.points.filter(({ ts }) => this.times.has(ts)));
    series.forEach((one, index) => {
      const now: Filled = { source: view.series[index]!.points, count: points[index]!.length, first: points[index]![0]?.ts };
      const was = filled[index];
      // of the same points in their order, as many from the same first one are the same
      if (was?.source === now.source && was.count === now.count && was.first === now.first) return;
      filled[index] = now;
      one.setData(points[index]!.map((point) => item(point, view.series[index]!)));
    });
    fills.forEach((fill, index) => {
      const { first, second } = view.fills[index]!;
      fill.set(points[first]!, points[second]!);
    });
    drawings?.set(this.times.size === 0 ? [] : view.drawings, times, view.first_index);
  }
}

function find(points: readonly StudyPoint[], ts: number): StudyPoint | undefined {
  let low = 0;
  let high = points.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = points[middle]!.ts;
    if (at === ts) return points[middle];
    if (at < ts) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

function item({ ts, value, color, open, high, low }: StudyPoint, { kind }: StudySeries) {
  const time = ts as UTCTimestamp;
  if (value === undefined) return { time };
  return kind === "candles" ? { time, open: open!, high: high!, low: low!, close: value } : { time, value, ...(color ? { color } : {}) };
}

function look_of({ kind, color, width, is_step }: StudySeries) {
  switch (kind) {
    case "histogram": return { color };
    case "area": return { lineColor: color, topColor: color, bottomColor: "transparent", lineWidth: width };
    case "candles": return {};
    case "points": return { color, lineVisible: false, pointMarkersVisible: true, pointMarkersRadius: width + 1 };
    default: return { color, lineWidth: width, lineType: is_step ? LineType.WithSteps : LineType.Simple };
  }
}

function add_series(chart: PriceChart, series: StudySeries, pane: number): AnySeries {
  const common = { priceLineVisible: false, lastValueVisible: pane > 0, crosshairMarkerVisible: false, ...(pane === 0 ? { priceFormat: chart.price_format } : {}) };
  const kinds = { line: LineSeries, points: LineSeries, area: AreaSeries, histogram: HistogramSeries, candles: CandlestickSeries } as const;
  return chart.api.addSeries(kinds[series.kind] as typeof LineSeries, { ...common, ...look_of(series) } as object, pane) as unknown as AnySeries;
}
