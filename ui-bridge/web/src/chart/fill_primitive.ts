import type { IChartApiBase, IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesApi, ISeriesPrimitive, PrimitivePaneViewZOrder, SeriesType, Time, UTCTimestamp } from "lightweight-charts";
import type { StudyPoint } from "./study_view";

/// The space between two lines, behind them.

type DrawTarget = Parameters<IPrimitivePaneRenderer["draw"]>[0];
type AnySeries = ISeriesApi<SeriesType, Time>;

/// Without values where one of the lines has a hole.
interface Span {
  ts: number;
  first?: number;
  second?: number;
}

export class FillPrimitive implements ISeriesPrimitive<Time> {
  /// Ascending by time.
  private spans: readonly Span[] = [];
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
      return value === undefined || other === undefined ? { ts } : { ts, first: value, second: other };
    });
  }

  private draw(target: DrawTarget): void {
    const range = this.chart.timeScale().getVisibleRange();
    if (!range) return;
    const { spans } = this;
    const to = range.to as number;
    let at = first_from(spans, range.from as number);
    target.useMediaCoordinateSpace(({ context }) => {
      context.fillStyle = this.color;
      let run: Span[] = [];
      for (; at < spans.length && spans[at]!.ts <= to; at++) {
        const span = spans[at]!;
        if (span.first !== undefined) run.push(span);
        else if (run.length > 0) {
          this.draw_run(context, run);
          run = [];
        }
      }
      if (run.length > 0) this.draw_run(context, run);
    });
  }

  private draw_run(context: CanvasRenderingContext2D, run: readonly Span[]): void {
    const scale = this.chart.timeScale();
    const x = ({ ts }: Span) => scale.timeToCoordinate(ts as UTCTimestamp) ?? 0;
    context.beginPath();
    for (const span of run) context.lineTo(x(span), this.first.priceToCoordinate(span.first!) ?? 0);
    for (const span of run.toReversed()) context.lineTo(x(span), this.second.priceToCoordinate(span.second!) ?? 0);
    context.closePath();
    context.fill();
  }
}

/// Index of the first span at or after a time.
function first_from(spans: readonly Span[], ts: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spans[middle]!.ts < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}
