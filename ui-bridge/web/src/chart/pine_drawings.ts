import type { IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesApi, ISeriesPrimitive, PrimitivePaneViewZOrder, SeriesType, Time } from "lightweight-charts";
import type { PineDrawing } from "../api/strategy_types";
import type { PriceChart } from "./price_chart";
import { css_color } from "./study_view";

/// Lines, boxes, labels and polylines that a script has drawn, as
/// actors/pine/OUTPUT.md writes them, on the scale of one series. Tables are not
/// bound to bars: they are `PineTables`.

type DrawTarget = Parameters<IPrimitivePaneRenderer["draw"]>[0];
type Context = CanvasRenderingContext2D;

const text_px: Record<string, number> = { tiny: 9, small: 11, normal: 13, large: 18, huge: 26 };
const far_px = 20_000;

/// The time of a bar by its place; before the first and after the last as if all bars were as far apart as those there.
export function time_of_bar(times: readonly number[], place: number): number {
  const last = times.length - 1;
  if (last < 1) return times[0] ?? 0;
  if (place < 0) return times[0]! + place * (times[1]! - times[0]!);
  if (place <= last) return times[Math.round(place)]!;
  return times[last]! + (place - last) * (times[last]! - times[last - 1]!);
}

export class DrawingsPrimitive implements ISeriesPrimitive<Time> {
  private drawings: readonly PineDrawing[] = [];
  /// Times of the bars that the script ran over: bar numbers count in them.
  private times: readonly number[] = [];
  /// The number of the first of them: of a long run the newest are shown.
  private first_index = 0;
  private readonly view: IPrimitivePaneView;

  constructor(
    private readonly chart: PriceChart,
    /// The series whose prices the drawings are in; asked each time, because the main one may be made anew.
    private readonly scale: () => ISeriesApi<SeriesType, Time>,
  ) {
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.view = { zOrder: (): PrimitivePaneViewZOrder => "top", renderer: () => renderer };
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  set(drawings: readonly PineDrawing[], times: readonly number[], first_index = 0): void {
    this.drawings = drawings;
    this.times = times;
    this.first_index = first_index;
  }

  private draw(target: DrawTarget): void {
    if (this.drawings.length === 0) return;
    target.useMediaCoordinateSpace(({ context }) => {
      for (const one of this.drawings) {
        context.save();
        this.draw_one(context, one);
        context.restore();
      }
    });
  }

  private draw_one(context: Context, one: PineDrawing): void {
    switch (one.type) {
      case "line": return this.draw_line(context, one);
      case "box": return this.draw_box(context, one);
      case "label": return this.draw_label(context, one);
      case "polyline": return this.draw_polyline(context, one);
      default:
    }
  }

  private x(value: unknown, one: PineDrawing): number | undefined {
    if (typeof value !== "number") return undefined;
    const ts = one["xloc"] === "bar_time" ? value / 1000 : this.bar_time(value);
    return this.chart.x_of(ts);
  }

  private bar_time(index: number): number {
    return time_of_bar(this.times, index - this.first_index);
  }

  private y(value: unknown): number | undefined {
    return typeof value === "number" ? (this.scale().priceToCoordinate(value) ?? undefined) : undefined;
  }

  private stroke(context: Context, color: unknown, style: unknown, width: unknown): boolean {
    const css = css_color(color);
    if (!css) return false;
    context.strokeStyle = css;
    context.lineWidth = typeof width === "number" ? width : 1;
    context.setLineDash(style === "dashed" ? [6, 4] : style === "dotted" ? [2, 3] : []);
    return true;
  }

  private draw_line(context: Context, one: PineDrawing): void {
    const [x1, y1, x2, y2] = [this.x(one["x1"], one), this.y(one["y1"]), this.x(one["x2"], one), this.y(one["y2"])];
    if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined || !this.stroke(context, one["color"], one["style"], one["width"])) return;
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [dx, dy] = [((x2 - x1) / length) * far_px, ((y2 - y1) / length) * far_px];
    const extend = one["extend"];
    const back = extend === "left" || extend === "both";
    const on = extend === "right" || extend === "both";
    context.beginPath();
    context.moveTo(back ? x1 - dx : x1, back ? y1 - dy : y1);
    context.lineTo(on ? x2 + dx : x2, on ? y2 + dy : y2);
    context.stroke();
  }

  private draw_box(context: Context, one: PineDrawing): void {
    const [left, top, right, bottom] = [this.x(one["left"], one), this.y(one["top"]), this.x(one["right"], one), this.y(one["bottom"])];
    if (left === undefined || top === undefined || right === undefined || bottom === undefined) return;
    const fill = css_color(one["bgcolor"]);
    if (fill) {
      context.fillStyle = fill;
      context.fillRect(left, top, right - left, bottom - top);
    }
    if (this.stroke(context, one["border_color"], one["border_style"], one["border_width"])) context.strokeRect(left, top, right - left, bottom - top);
    if (typeof one["text"] === "string" && one["text"] !== "") this.write(context, one["text"], (left + right) / 2, (top + bottom) / 2, css_color(one["text_color"]), one["text_size"]);
  }

  private draw_label(context: Context, one: PineDrawing): void {
    const x = this.x(one["x"], one);
    const y = this.y(one["y"]);
    const text = typeof one["text"] === "string" ? one["text"] : "";
    if (x === undefined || y === undefined) return;
    const lines = text.split("\n");
    const size = text_px[String(one["size"])] ?? 13;
    context.font = `${size}px sans-serif`;
    const width = Math.max(...lines.map((line) => context.measureText(line).width)) + 10;
    const height = lines.length * size * 1.25 + 6;
    const style = String(one["style"] ?? "");
    const is_up = style === "label_up";
    const middle = style === "label_down" ? y - height / 2 - 6 : is_up ? y + height / 2 + 6 : y;
    const fill = style === "none" ? undefined : css_color(one["color"]);
    if (fill) {
      context.fillStyle = fill;
      context.fillRect(x - width / 2, middle - height / 2, width, height);
    }
    this.write(context, text, x, middle, css_color(one["textcolor"]), one["size"]);
  }

  private write(context: Context, text: string, x: number, y: number, color: string | undefined, size: unknown): void {
    const px = text_px[String(size)] ?? 13;
    context.font = `${px}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = color ?? "#d9dee5";
    const lines = text.split("\n");
    lines.forEach((line, index) => context.fillText(line, x, y + (index - (lines.length - 1) / 2) * px * 1.25));
  }

  private draw_polyline(context: Context, one: PineDrawing): void {
    const given = Array.isArray(one["points"]) ? (one["points"] as { index?: unknown; time?: unknown; price?: unknown }[]) : [];
    const points = given.flatMap(({ index, time, price }) => {
      const x = this.x(one["xloc"] === "bar_time" ? time : index, one);
      const y = this.y(price);
      return x === undefined || y === undefined ? [] : [{ x, y }];
    });
    if (points.length < 2) return;
    context.beginPath();
    for (const { x, y } of points) context.lineTo(x, y);
    if (one["closed"] === true) context.closePath();
    const fill = css_color(one["fill_color"]);
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    if (this.stroke(context, one["line_color"], one["line_style"], one["line_width"])) context.stroke();
  }
}
