import { describe, expect, it } from "vitest";
import { label_room_px } from "./price_lines";

describe("room right of the newest bar", () => {
  it("is small where no line has a label", () => {
    expect(label_room_px([], 10)).toBeLessThan(50);
  });

  it("holds the widest label and half of a fill's text", () => {
    const room = label_room_px([48, 90, 30], 12);
    expect(room).toBeGreaterThan(90 + 36);
    expect(room).toBeLessThan(90 + 60);
  });

  it("grows with the type", () => {
    expect(label_room_px([50], 19)).toBeGreaterThan(label_room_px([50], 12));
  });
});
