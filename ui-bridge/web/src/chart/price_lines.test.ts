import { describe, expect, it } from "vitest";
import { label_room_px } from "./price_lines";

describe("room right of the newest bar", () => {
  it("holds an order's label and half of a fill's text before there is an order", () => {
    expect(label_room_px([], 12)).toBe(label_room_px([38], 12));
    expect(label_room_px([], 12)).toBeGreaterThan(38 + 45);
  });

  it("grows with the widest label", () => {
    const room = label_room_px([48, 90, 30], 12);
    expect(room).toBeGreaterThan(90 + 45);
    expect(room).toBeLessThan(90 + 70);
  });

  it("grows with the type", () => {
    expect(label_room_px([50], 19)).toBeGreaterThan(label_room_px([50], 12));
  });
});
