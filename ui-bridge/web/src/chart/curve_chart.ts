import { AreaSeries, BaselineSeries, ColorType, createChart, CrosshairMode, LineSeries, LineStyle } from "lightweight-charts";
import type { AutoscaleInfo, IChartApi, ISeriesApi, MouseEventParams, Time, UTCTimestamp } from "lightweight-charts";
import type { CurvePoint } from "../jobs/equity";
import type { ChartColors } from "./price_chart";

/// Curves over time: one with its drawdown below, or several to compare.

export interface Curve {
  name: string;
  color: string;
  points: readonly CurvePoint[];
}

export interface CurveOptions {
  /// Writes a value of the upper pane.
  format: (value: number) => string;
  /// A line across the upper pane: the capital at the start.
  base?: number;
  hover(time: number | undefined, values: readonly (number | undefined)[]): void;
}

const drawdown_share = 0.35;
/// Least span of the axes: of a curve that hardly moves the axis would tell cents, and of a drawdown of nothing what lies above it.
const least_equity_span = 0.002;
const least_drawdown = 0.01;

/// At least that much of the axis, around the middle of what is shown.
function spread_out(shown: AutoscaleInfo | null): AutoscaleInfo | null {
  if (!shown?.priceRange) return shown;
  const { minValue, maxValue } = shown.priceRange;
  const [middle, half] = [(minValue + maxValue) / 2, Math.max(maxValue - minValue, (Math.abs(minValue + maxValue) / 2) * least_equity_span) / 2];
  return { ...shown, priceRange: { minValue: middle - half, maxValue: middle + half } };
}

/// From nothing downwards.
function below_zero(shown: AutoscaleInfo | null): AutoscaleInfo | null {
  return shown?.priceRange ? { ...shown, priceRange: { minValue: Math.min(shown.priceRange.minValue, -least_drawdown), maxValue: 0 } } : shown;
}

export class CurveChart {
  private readonly chart: IChartApi;
  private series: ISeriesApi<"Line" | "Area" | "Baseline">[] = [];

  constructor(
    container: HTMLElement,
    private readonly colors: ChartColors,
    font: { family: string; size_px: number },
    private readonly options: CurveOptions,
  ) {
    const { background, text, grid, separator, crosshair, label } = colors;
    const line = { color: crosshair, labelBackgroundColor: label, style: LineStyle.Dashed, width: 1 as const };
    this.chart = createChart(container, {
      autoSize: true,
      layout: {
        background: { type: ColorType.Solid, color: background }, textColor: text, fontFamily: font.family, fontSize: Math.round(font.size_px * 0.86),
        attributionLogo: false, panes: { separatorColor: separator, separatorHoverColor: separator },
      },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
      crosshair: { mode: CrosshairMode.Normal, vertLine: line, horzLine: line },
      rightPriceScale: { borderColor: separator },
      timeScale: { borderColor: separator, timeVisible: true, secondsVisible: false },
      localization: { locale: "en-US" },
    });
    // The size is known only after the first layout.
    this.chart.timeScale().subscribeSizeChange(() => this.chart.timeScale().fitContent());
    this.chart.subscribeCrosshairMove((event) => this.hovered(event));
  }

  destroy(): void {
    this.chart.remove();
  }

  /// One curve and how far it has fallen from its top (negative fractions).
  show_equity(curve: readonly CurvePoint[], drawdown: readonly CurvePoint[]): void {
    this.clear();
    const { up, down, up_soft, down_soft } = this.colors;
    const custom = (formatter: (value: number) => string, minMove: number) => ({ priceFormat: { type: "custom" as const, formatter, minMove } });
    const equity = this.chart.addSeries(BaselineSeries, {
      ...custom(this.options.format, 0.01), lineWidth: 2, topLineColor: up, bottomLineColor: down, topFillColor1: up_soft, topFillColor2: "transparent",
      bottomFillColor1: "transparent", bottomFillColor2: down_soft, baseValue: { type: "price", price: this.options.base ?? curve[0]?.value ?? 0 }, priceLineVisible: false,
      autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => spread_out(original()),
    });
    const fall = this.chart.addSeries(AreaSeries, {
      ...custom((value) => `${(value * 100).toFixed(1)} %`, 0.0001), lineColor: down, lineWidth: 1, topColor: "transparent", bottomColor: down_soft, invertFilledArea: true, priceLineVisible: false,
      autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => below_zero(original()),
    }, 1);
    equity.setData(curve.map(point));
    fall.setData(drawdown.map(point));
    this.series = [equity, fall];
    const [upper, lower] = this.chart.panes();
    upper?.setStretchFactor(1);
    lower?.setStretchFactor(drawdown_share);
    this.chart.timeScale().fitContent();
  }

  /// Several curves in one pane.
  show_curves(curves: readonly Curve[]): void {
    this.clear();
    this.series = curves.map(({ color, points }) => {
      const series = this.chart.addSeries(LineSeries, {
        color, lineWidth: 2, priceLineVisible: false, priceFormat: { type: "custom", formatter: this.options.format, minMove: 0.0001 },
      });
      series.setData(points.map(point));
      return series;
    });
    this.chart.timeScale().fitContent();
  }

  private clear(): void {
    for (const series of this.series) this.chart.removeSeries(series);
    this.series = [];
  }

  private hovered({ time, seriesData }: MouseEventParams<Time>): void {
    const values = this.series.map((series) => (seriesData.get(series) as { value?: number } | undefined)?.value);
    this.options.hover(typeof time === "number" ? time : undefined, values);
  }
}

function point({ time, value }: CurvePoint) {
  return { time: time as UTCTimestamp, value };
}
