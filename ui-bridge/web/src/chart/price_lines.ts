import { LineStyle } from "lightweight-charts";
import type { IPriceLine, ISeriesApi, SeriesType, Time } from "lightweight-charts";
import type { ChartLine } from "../market/place";
import type { ChartPoint, Drag, PointerTool } from "./pointer_layer";

/// Prices of orders, positions and alerts as lines; those that may move are
/// dragged. A line stands where the gateway says until the gateway says else.

/// Pixels around a line in which it is taken.
const grab_px = 5;

/// Right of the newest bar at least, in rem: room for the label of an order, such as “limit 100”.
const least_room_rem = 8;
/// Around the text of a label.
const label_padding_rem = 0.9;
/// The half of a fill's text that hangs over its bar's right, such as “0.05 @ 161,260.47”.
const mark_overhang_rem = 3.8;

/// Pixels that have to stay empty right of the newest bar, so that neither it nor
/// the text of its fill lies under the labels of lines.
/// @param widths of the labels' texts, pixels.
export function label_room_px(widths: readonly number[], rem_px: number): number {
  return Math.max(least_room_rem * rem_px, Math.max(0, ...widths) + (label_padding_rem + mark_overhang_rem) * rem_px);
}

export interface LineColors {
  buy: string;
  sell: string;
  position: string;
  alert: string;
}

export class PriceLines implements PointerTool {
  private lines: readonly ChartLine[] = [];
  private drawn: IPriceLine[] = [];
  private series: ISeriesApi<SeriesType, Time> | undefined;
  /// A line that is being dragged: news about lines wait for its end.
  private dragging = false;

  constructor(
    private readonly colors: LineColors,
    private readonly moved: (line: ChartLine, price: number) => void,
  ) {}

  /// The series that carries the lines; another one after a change of style.
  attach(series: ISeriesApi<SeriesType, Time>): void {
    this.drawn = [];
    this.series = series;
    this.draw();
  }

  set(lines: readonly ChartLine[]): void {
    this.lines = lines;
    if (!this.dragging) this.draw();
  }

  cursor(point: ChartPoint): string {
    return this.at(point) >= 0 ? "ns-resize" : "";
  }

  press(point: ChartPoint): Drag | undefined {
    const index = this.at(point);
    const line = this.lines[index];
    const drawn = this.drawn[index];
    if (!line || !drawn) return undefined;
    this.dragging = true;
    const end = () => {
      this.dragging = false;
      this.draw();
    };
    return {
      move: ({ price }) => drawn.applyOptions({ price, lineWidth: 2 }),
      release: ({ price, y }) => {
        end();
        if (Math.abs(y - point.y) > 1) this.moved(line, price);
      },
      cancel: end,
    };
  }

  private at({ y }: ChartPoint): number {
    const { series } = this;
    if (!series) return -1;
    const distance = ({ price, movable }: ChartLine) => {
      const at = movable ? series.priceToCoordinate(price) : null;
      return at === null ? Number.POSITIVE_INFINITY : Math.abs(at - y);
    };
    const distances = this.lines.map(distance);
    const nearest = Math.min(...distances);
    return nearest <= grab_px ? distances.indexOf(nearest) : -1;
  }

  private draw(): void {
    const { series } = this;
    if (!series) return;
    for (const line of this.drawn) series.removePriceLine(line);
    this.drawn = this.lines.map(({ price, kind, text }) => series.createPriceLine({
      price, color: this.colors[kind], title: text, lineWidth: 1, lineStyle: kind === "position" ? LineStyle.Solid : kind === "alert" ? LineStyle.SparseDotted : LineStyle.Dashed, axisLabelVisible: true,
    }));
  }
}
