import type { IChartApiBase, IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesApi, ISeriesPrimitive, PrimitivePaneViewZOrder, SeriesType, Time, UTCTimestamp } from "lightweight-charts";
import type { StudyPoint } from "./study_view";

/// The space between two lines, behind them.

type DrawTarget = Parameters<IPrimitivePaneRenderer["draw"]>[0];
type AnySeries = ISeriesApi<SeriesType, Time>;

interface Span {
  ts: number;
  first: number;
  second: number;
}

export class FillPrimitive implements ISeriesPrimitive<Time> {
  private spans: (Span | undefined)[] = [];
  private readonly view: IPrimitivePaneView;

  constructor(
    private readonly chart: IChartApiBase<Time>,
    private readonly first: AnySeries,
    private readonly second: AnySeries,
    private readonly color: string,
  ) {
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.view = { zOrder: (): PrimitivePaneViewZOrder => "bottom", renderer: () => renderer };
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  /// Points of both lines at the same times.
  set(first: readonly StudyPoint[], second: readonly StudyPoint[]): void {
    this.spans = first.map(({ ts, value }, i) => {
      const other = second[i]?.value;
      return value === undefined || other === undefined ? undefined : { ts, first: value, second: other };
    });
  }

  private draw(target: DrawTarget): void {
    const range = this.chart.timeScale().getVisibleRange();
    if (!range) return;
    const [from, to] = [range.from as number, range.to as number];
    const seen = this.spans.filter((span) => span === undefined || (span.ts >= from && span.ts <= to));
    target.useMediaCoordinateSpace(({ context }) => {
      context.fillStyle = this.color;
      let run: Span[] = [];
      for (const span of [...seen, undefined]) {
        if (span) run.push(span);
        else if (run.length > 0) {
          this.draw_run(context, run);
          run = [];
        }
      }
    });
  }

  private draw_run(context: CanvasRenderingContext2D, run: readonly Span[]): void {
    const scale = this.chart.timeScale();
    const x = ({ ts }: Span) => scale.timeToCoordinate(ts as UTCTimestamp) ?? 0;
    context.beginPath();
    for (const span of run) context.lineTo(x(span), this.first.priceToCoordinate(span.first) ?? 0);
    for (const span of run.toReversed()) context.lineTo(x(span), this.second.priceToCoordinate(span.second) ?? 0);
    context.closePath();
    context.fill();
  }
}
