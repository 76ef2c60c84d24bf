import { describe, expect, it } from "vitest";
import { distance_to, is_drawing, measure_text, snapped } from "./drawing_model";

describe("drawings", () => {
  it("know how far a place is from their lines", () => {
    const [a, b] = [{ x: 0, y: 0 }, { x: 100, y: 100 }];
    expect(distance_to("trend", [a, b], { x: 50, y: 50 })).toBe(0);
    expect(distance_to("trend", [a, b], { x: 130, y: 140 })).toBe(50);
    expect(distance_to("trend", [a, a], { x: 3, y: 4 })).toBe(5);
    expect(distance_to("horizontal", [a], { x: 900, y: 7 })).toBe(7);
    expect(distance_to("rectangle", [a, b], { x: 50, y: 3 })).toBe(3);
    expect(distance_to("rectangle", [a, b], { x: 50, y: 50 })).toBe(50);
    expect(distance_to("fib", [a, b], { x: 50, y: 61.8 })).toBe(0);
    expect(distance_to("fib", [a, b], { x: 150, y: 50 })).toBe(Number.POSITIVE_INFINITY);
    expect(distance_to("trend", [a], a)).toBe(Number.POSITIVE_INFINITY);
  });

  it("are stored by time and price, and nothing else is taken for one", () => {
    const anchors = [{ ts: 1, price: 2 }, { ts: 3, price: 4 }];
    expect(is_drawing({ id: "d", kind: "trend", anchors })).toBe(true);
    expect(is_drawing({ id: "d", kind: "horizontal", anchors: anchors.slice(1) })).toBe(true);
    for (const wrong of [null, {}, { id: "d", kind: "horizontal", anchors }, { id: "d", kind: "moon", anchors }, { id: "d", kind: "trend", anchors: [{ ts: 1, price: "2" }, anchors[1]] }]) expect(is_drawing(wrong)).toBe(false);
  });

  it("measure change, percent and bars", () => {
    const write = (price: number) => price.toFixed(2);
    expect(measure_text([{ ts: 0, price: 200 }, { ts: 9, price: 210 }], 24, write)).toBe("+10.00 (+5.00%), 24 bars");
    expect(measure_text([{ ts: 0, price: 200 }, { ts: 9, price: 190 }], -1, write)).toBe("-10.00 (-5.00%), 1 bar");
    expect(measure_text([{ ts: 0, price: 0 }, { ts: 9, price: 1 }], 2, write)).toBe("+1.00, 2 bars");
  });

  it("snap to a price of the bar that is near enough", () => {
    expect(snapped(10.2, [9, 10, 10.3, 11], 0.25)).toBe(10.3);
    expect(snapped(10.6, [9, 10, 11], 0.25)).toBe(10.6);
  });
});
