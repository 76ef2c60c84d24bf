import type {
  IChartApiBase, IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesPrimitive, PrimitivePaneViewZOrder, Time,
} from "lightweight-charts";

/// Shades the bars outside the regular session, behind the candles.

type DrawTarget = Parameters<IPrimitivePaneRenderer["draw"]>[0];

export class SessionShading implements ISeriesPrimitive<Time> {
  /// Whether the bar at an index is outside the regular session.
  is_outside: ((index: number) => boolean) | undefined;
  bar_count = 0;
  private readonly view: IPrimitivePaneView;

  constructor(
    private readonly chart: IChartApiBase<Time>,
    private readonly color: string,
  ) {
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.view = { zOrder: (): PrimitivePaneViewZOrder => "bottom", renderer: () => renderer };
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  private draw(target: DrawTarget): void {
    const is_outside = this.is_outside;
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (!is_outside || !range) return;
    const first = Math.max(0, Math.floor(range.from));
    const last = Math.min(this.bar_count - 1, Math.ceil(range.to));
    target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio }) => {
      context.fillStyle = this.color;
      for (let i = first; i <= last; i++) {
        if (!is_outside(i)) continue;
        const start = i;
        while (i < last && is_outside(i + 1)) i++;
        const left = Math.round(this.edge(start) * horizontalPixelRatio);
        const right = Math.round(this.edge(i + 1) * horizontalPixelRatio);
        context.fillRect(left, 0, right - left, bitmapSize.height);
      }
    });
  }

  /// x of the boundary between the bar before `index` and `index`.
  private edge(index: number): number {
    const scale = this.chart.timeScale();
    const x = scale.logicalToCoordinate(index as Parameters<typeof scale.logicalToCoordinate>[0]) ?? 0;
    return x - scale.options().barSpacing / 2;
  }
}
