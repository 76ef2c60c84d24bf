import { describe, expect, it } from "vitest";
import { time_of_bar } from "./pine_drawings";
import { study_view } from "./study_view";

describe("drawings of scripts", () => {
  const times = [100, 160, 220, 280];

  it("counts bars in the times it was given, and on beyond both ends", () => {
    expect(time_of_bar(times, 0)).toBe(100);
    expect(time_of_bar(times, 3)).toBe(280);
    expect(time_of_bar(times, 5)).toBe(400);
    expect(time_of_bar(times, -2)).toBe(-20);
    expect(time_of_bar([100], 7)).toBe(100);
    expect(time_of_bar([], 7)).toBe(0);
  });

  it("knows which bar of a long run is the first of its times", () => {
    expect(study_view({ times, first_bar_index: 3_000 }, "x").first_index).toBe(3_000);
    expect(study_view({ times }, "x").first_index).toBe(0);
    expect(time_of_bar(times, 3_002 - 3_000)).toBe(220);
  });
});
