import type { IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesPrimitive, PrimitivePaneViewZOrder, Time } from "lightweight-charts";
import { distance_to, fib_levels, measure_text, snapped } from "./drawing_model";
import type { Anchor, Drawing, DrawingKind, Pixel } from "./drawing_model";
import type { ChartPoint, Drag, PointerTool } from "./pointer_layer";
import type { PriceChart } from "./price_chart";

/// The user's drawings in a chart: made by a tool, taken and moved by the
/// pointer, drawn as one primitive.

type DrawTarget = Parameters<IPrimitivePaneRenderer["draw"]>[0];
type Context = CanvasRenderingContext2D;

const reach_px = 6;
const handle_px = 4;
const magnet_px = 10;
const label_px = 11;

export interface DrawingEvents {
  added(drawing: Drawing): void;
  changed(drawing: Drawing): void;
  selected(id: string | undefined): void;
  /// The tool has done its work.
  tool_done(): void;
}

export interface DrawingLook {
  line: string;
  fill: string;
  text: string;
  background: string;
  up: string;
  down: string;
  font: string;
  write(price: number): string;
}

export class DrawingLayer implements ISeriesPrimitive<Time>, PointerTool {
  private drawings: readonly Drawing[] = [];
  /// The one under way, not told yet.
  private draft: Drawing | undefined;
  private selected_id: string | undefined;
  private tool: DrawingKind | undefined;
  private has_magnet = false;
  private chart: PriceChart | undefined;
  private request_update: (() => void) | undefined;
  private readonly view: IPrimitivePaneView;

  constructor(
    private readonly look: DrawingLook,
    private readonly events: DrawingEvents,
  ) {
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.view = { zOrder: (): PrimitivePaneViewZOrder => "top", renderer: () => renderer };
  }

  /// Hangs on the chart's main series; again after a change of style.
  hang(chart: PriceChart): void {
    this.chart = chart;
    chart.price_body.attachPrimitive(this);
  }

  attached({ requestUpdate }: { requestUpdate: () => void }): void {
    this.request_update = requestUpdate;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  set(drawings: readonly Drawing[]): void {
    this.drawings = drawings;
    if (!drawings.some(({ id }) => id === this.selected_id)) this.select(undefined);
    this.request_update?.();
  }

  use(tool: DrawingKind | undefined): void {
    this.tool = tool;
    if (tool) this.select(undefined);
    this.draft = undefined;
    this.request_update?.();
  }

  set_magnet(on: boolean): void {
    this.has_magnet = on;
  }

  select(id: string | undefined): void {
    if (id === this.selected_id) return;
    this.selected_id = id;
    this.events.selected(id);
    this.request_update?.();
  }

  // -- pointer ----------------------------------------------------------------

  cursor(point: ChartPoint): string {
    if (this.tool) return "crosshair";
    return this.hit(point) ? "move" : "";
  }

  press(point: ChartPoint): Drag | undefined {
    if (this.tool) return this.begin(this.tool, point);
    if (this.draft) this.use(undefined); // a measure stands until the next press
    const hit = this.hit(point);
    this.select(hit?.drawing.id);
    return hit ? this.move(hit.drawing, hit.handle, point) : undefined;
  }

  private begin(kind: DrawingKind, point: ChartPoint): Drag {
    const start = this.anchor(point);
    const id = `d-${Date.now().toString(36)}-${this.drawings.length}`;
    const put = (end: Anchor) => {
      this.draft = { id, kind, anchors: kind === "horizontal" ? [end] : [start, end] };
      this.request_update?.();
    };
    put(start);
    return {
      move: (next) => put(this.anchor(next)),
      release: (next) => {
        put(this.anchor(next));
        this.finish(Math.hypot(next.x - point.x, next.y - point.y));
      },
      cancel: () => this.use(this.tool),
    };
  }

  /// @param pulled pixels between press and release: a click makes no line.
  private finish(pulled: number): void {
    const { draft } = this;
    if (!draft) return;
    if (draft.kind !== "horizontal" && pulled < handle_px) {
      this.draft = undefined;
      return this.request_update?.();
    }
    this.tool = undefined;
    if (draft.kind !== "measure") {
      this.draft = undefined;
      this.events.added(draft);
      this.select(draft.id);
    }
    this.events.tool_done();
  }

  private move(drawing: Drawing, handle: number | undefined, from: ChartPoint): Drag {
    const moved = (to: ChartPoint): Drawing => {
      if (handle !== undefined) return { ...drawing, anchors: drawing.anchors.map((anchor, index) => (index === handle ? this.anchor(to) : anchor)) };
      const by = to.logical - from.logical;
      const anchors = drawing.anchors.map(({ ts, price }) => ({ ts: this.chart!.time_at(this.chart!.logical_at(ts) + by), price: price + to.price - from.price }));
      return { ...drawing, anchors };
    };
    const show = (next: Drawing) => {
      this.drawings = this.drawings.map((one) => (one.id === next.id ? next : one));
      this.request_update?.();
    };
    return {
      move: (to) => show(moved(to)),
      release: (to) => {
        if (Math.hypot(to.x - from.x, to.y - from.y) < 1) return show(drawing);
        const next = moved(to);
        show(next);
        this.events.changed(next);
      },
      cancel: () => show(drawing),
    };
  }

  private hit(point: ChartPoint): { drawing: Drawing; handle: number | undefined } | undefined {
    for (const drawing of this.drawings.toReversed()) {
      const pixels = this.pixels(drawing);
      if (!pixels) continue;
      const handle = drawing.kind === "horizontal" ? -1 : pixels.findIndex(({ x, y }) => Math.hypot(x - point.x, y - point.y) <= reach_px + handle_px);
      if (handle >= 0 && drawing.id === this.selected_id) return { drawing, handle };
      if (distance_to(drawing.kind, pixels, point) <= reach_px) return { drawing, handle: undefined };
    }
    return undefined;
  }

  private anchor({ ts, price, y }: ChartPoint): Anchor {
    const bar = this.has_magnet ? this.chart?.bar_of(ts) : undefined;
    const series = this.chart?.price_series;
    if (!bar || !series) return { ts, price };
    const away = series.coordinateToPrice(y + magnet_px);
    return { ts, price: snapped(price, [bar.o, bar.h, bar.l, bar.c], away === null ? 0 : Math.abs(away - price)) };
  }

  // -- drawing ----------------------------------------------------------------

  private pixels({ anchors }: Drawing): Pixel[] | undefined {
    const out = anchors.map(({ ts, price }) => this.pixel(ts, price));
    return out.every((one): one is Pixel => one !== undefined) ? out : undefined;
  }

  private pixel(ts: number, price: number): Pixel | undefined {
    const { chart } = this;
    if (!chart) return undefined;
    const x = chart.x_of(ts);
    const y = chart.price_series.priceToCoordinate(price);
    return x === undefined || y === null ? undefined : { x, y };
  }

  private draw(target: DrawTarget): void {
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      for (const drawing of this.draft ? [...this.drawings, this.draft] : this.drawings) {
        const pixels = this.pixels(drawing);
        if (!pixels) continue;
        context.save();
        context.font = `${label_px}px ${this.look.font}`;
        context.strokeStyle = this.look.line;
        context.lineWidth = drawing.id === this.selected_id ? 2 : 1.25;
        this.draw_one(context, drawing, pixels, mediaSize.width);
        if (drawing.id === this.selected_id) this.draw_handles(context, drawing, pixels);
        context.restore();
      }
    });
  }

  private draw_one(context: Context, drawing: Drawing, pixels: readonly Pixel[], width: number): void {
    const [a, b] = pixels;
    if (!a) return;
    if (drawing.kind === "horizontal") {
      stroke(context, [{ x: 0, y: a.y }, { x: width, y: a.y }]);
      return this.label(context, this.look.write(drawing.anchors[0]!.price), { x: 4, y: a.y - label_px });
    }
    if (!b) return;
    if (drawing.kind === "trend") return stroke(context, [a, b]);
    if (drawing.kind === "fib") return this.draw_fib(context, drawing, a, b);
    const is_measure = drawing.kind === "measure";
    const rises = drawing.anchors[1]!.price >= drawing.anchors[0]!.price;
    context.fillStyle = is_measure ? (rises ? this.look.up : this.look.down) : this.look.fill;
    context.fillRect(a.x, a.y, b.x - a.x, b.y - a.y);
    if (!is_measure) return context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y);
    const bars = this.chart!.logical_at(drawing.anchors[1]!.ts) - this.chart!.logical_at(drawing.anchors[0]!.ts);
    this.label(context, measure_text(drawing.anchors, bars, this.look.write), { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y) - label_px });
  }

  private draw_fib(context: Context, { anchors }: Drawing, a: Pixel, b: Pixel): void {
    const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
    for (const level of fib_levels) {
      const y = a.y + (b.y - a.y) * level;
      stroke(context, [{ x: left, y }, { x: right, y }]);
      const price = anchors[0]!.price + (anchors[1]!.price - anchors[0]!.price) * level;
      this.label(context, `${level} (${this.look.write(price)})`, { x: left + 2, y: y - label_px * 0.8 });
    }
  }

  private draw_handles(context: Context, { kind }: Drawing, pixels: readonly Pixel[]): void {
    if (kind === "horizontal") return;
    context.fillStyle = this.look.background;
    for (const { x, y } of pixels) {
      context.beginPath();
      context.arc(x, y, handle_px, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  private label(context: Context, text: string, { x, y }: Pixel): void {
    context.fillStyle = this.look.text;
    context.textBaseline = "middle";
    context.fillText(text, x, y);
  }
}

function stroke(context: Context, points: readonly Pixel[]): void {
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x, y);
  context.stroke();
}
