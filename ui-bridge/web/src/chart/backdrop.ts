import type { IChartApiBase, IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesPrimitive, PrimitivePaneViewZOrder, Time } from "lightweight-charts";
import type { Bar } from "../api/types";

/// Colours behind single bars: what a script says with bgcolor().

type DrawTarget = Parameters<IPrimitivePaneRenderer["draw"]>[0];

export class Backdrop implements ISeriesPrimitive<Time> {
  /// The bars that the chart shows.
  bars: readonly Bar[] = [];
  private colors: ReadonlyMap<number, string> = new Map();
  private request_update: (() => void) | undefined;
  private readonly view: IPrimitivePaneView;

  constructor(private readonly chart: IChartApiBase<Time>) {
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.view = { zOrder: (): PrimitivePaneViewZOrder => "bottom", renderer: () => renderer };
  }

  attached({ requestUpdate }: { requestUpdate: () => void }): void {
    this.request_update = requestUpdate;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  set(colors: ReadonlyMap<number, string>): void {
    this.colors = colors;
    this.request_update?.();
  }

  private draw(target: DrawTarget): void {
    const scale = this.chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (this.colors.size === 0 || !range) return;
    const width = scale.options().barSpacing;
    const last = Math.min(this.bars.length - 1, Math.ceil(range.to));
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      for (let i = Math.max(0, Math.floor(range.from)); i <= last; i++) {
        const color = this.colors.get(this.bars[i]!.ts);
        const x = color ? scale.logicalToCoordinate(i as Parameters<typeof scale.logicalToCoordinate>[0]) : null;
        if (!color || x === null) continue;
        context.fillStyle = color;
        context.fillRect(x - width / 2, 0, width, mediaSize.height);
      }
    });
  }
}
