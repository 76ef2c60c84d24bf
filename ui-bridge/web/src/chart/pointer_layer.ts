/// What is taken with the pointer in a chart before the chart itself gets it:
/// price lines, drawings, the tools that make them.

/// A place in the price pane.
export interface ChartPoint {
  /// Pixels from the left and top of the pane.
  x: number;
  y: number;
  price: number;
  /// Place on the time axis in bars; a fraction between two of them.
  logical: number;
  /// Time of the nearest bar, epoch seconds; beyond the last one counted on.
  ts: number;
}

export interface Drag {
  move(point: ChartPoint): void;
  release(point: ChartPoint): void;
  cancel(): void;
}

export interface PointerTool {
  /// The pointer's look over a place; "" = not this tool's.
  cursor(point: ChartPoint): string;
  /// @return what follows the pointer from now on; undefined = not this tool's.
  press(point: ChartPoint): Drag | undefined;
}

const cursor_classes = ["ns-resize", "move", "crosshair"] as const;

export class PointerLayer {
  private drag: Drag | undefined;
  private last: ChartPoint | undefined;
  private readonly abort = new AbortController();

  constructor(
    private readonly container: HTMLElement,
    /// undefined outside the price pane.
    private readonly point_of: (event: MouseEvent) => ChartPoint | undefined,
    /// Asked in this order.
    private readonly tools: readonly PointerTool[],
  ) {
    const { signal } = this.abort;
    // Captured, so that a press that is taken never scrolls the chart.
    container.addEventListener("mousedown", (event) => this.pressed(event), { capture: true, signal });
    container.addEventListener("mousemove", (event) => this.hovered(event), { capture: true, signal });
  }

  destroy(): void {
    this.cancel();
    this.abort.abort();
  }

  /// Gives up what is under way. @return whether something was.
  cancel(): boolean {
    const drag = this.drag;
    this.end();
    drag?.cancel();
    return drag !== undefined;
  }

  private pressed(event: MouseEvent): void {
    const point = event.button === 0 && !this.drag ? this.point_of(event) : undefined;
    const drag = point && this.take(point);
    if (!drag) return;
    event.stopPropagation();
    event.preventDefault();
    this.container.closest<HTMLElement>("[tabindex]")?.focus();
    this.drag = drag;
    this.last = point;
    const view = this.container.ownerDocument;
    view.addEventListener("mousemove", this.moved, true);
    view.addEventListener("mouseup", this.released, true);
  }

  private take(point: ChartPoint): Drag | undefined {
    for (const tool of this.tools) {
      const drag = tool.press(point);
      if (drag) return drag;
    }
    return undefined;
  }

  private readonly moved = (event: MouseEvent): void => {
    const point = this.point_of(event);
    if (!point || !this.drag) return;
    event.stopPropagation();
    this.last = point;
    this.drag.move(point);
  };

  private readonly released = (event: MouseEvent): void => {
    const { drag } = this;
    const point = this.point_of(event) ?? this.last;
    this.end();
    if (drag && point) drag.release(point);
  };

  private end(): void {
    this.drag = undefined;
    const view = this.container.ownerDocument;
    view.removeEventListener("mousemove", this.moved, true);
    view.removeEventListener("mouseup", this.released, true);
  }

  private hovered(event: MouseEvent): void {
    const point = this.drag ? undefined : this.point_of(event);
    const cursor = point ? (this.tools.map((tool) => tool.cursor(point)).find((one) => one !== "") ?? "") : "";
    if (this.drag) return;
    for (const name of cursor_classes) this.container.classList.toggle(`cursor-${name}`, name === cursor);
  }
}
