import { describe, expect, it } from "vitest";
import { heat_color, heat_grid, heat_share, parse_color, wants_dark_ink } from "./heat";

describe("heat scale", () => {
  it("is zero in the middle and one at either end, each side on its own", () => {
    expect(heat_share(0, -100, 2)).toBe(0);
    expect(heat_share(2, -100, 2)).toBe(1);
    expect(heat_share(1, -100, 2)).toBe(0.5);
    expect(heat_share(-100, -100, 2)).toBe(-1);
    expect(heat_share(-50, -100, 2)).toBe(-0.5);
  });

  it("stays in bounds with nothing on one side, outliers or no number", () => {
    expect(heat_share(5, 1, 3)).toBe(1);
    expect(heat_share(-5, 1, 3)).toBe(0);
    expect(heat_share(Number.NaN, 0, 1)).toBe(0);
    expect(heat_share(3, 3, 3, 3)).toBe(0);
  });

  it("mixes colours from the neutral one", () => {
    const [base, up, down] = [parse_color("#000000"), parse_color("#00ff00"), parse_color("rgb(255 0 0 / 20%)")];
    expect(heat_color(0, base, up, down)).toBe("rgb(0, 0, 0)");
    expect(heat_color(1, base, up, down)).toBe("rgb(0, 217, 0)");
    expect(heat_color(-1, base, up, down)).toBe("rgb(217, 0, 0)");
  });
});

describe("grid of two parameters", () => {
  const trial = (a: number, b: number, objective: number | null, c = 0) => ({ params: { a, b, c }, objective });

  it("sorts the axes as numbers and takes the best where others vary", () => {
    const grid = heat_grid([trial(10, 1, 0.5), trial(9, 1, 0.2), trial(10, 1, 0.9, 1), trial(9, 2, null)], "a", "b", "maximize");
    expect(grid.xs).toEqual([9, 10]);
    expect(grid.ys).toEqual([1]);
    expect(grid.cells).toContainEqual({ x: 1, y: 0, value: 0.9, count: 2 });
    expect([grid.low, grid.high]).toEqual([0.2, 0.9]);
  });

  it("takes the least when minimising", () => {
    expect(heat_grid([trial(1, 1, 4), trial(1, 1, 2)], "a", "b", "minimize").cells[0]!.value).toBe(2);
  });

  it("has no cells without finished trials", () => {
    expect(heat_grid([trial(1, 1, null)], "a", "b", "maximize").cells).toEqual([]);
  });

  it("are written on in the ink that can be read", () => {
    expect([wants_dark_ink("#2ebd93"), wants_dark_ink("rgb(43, 165, 134)"), wants_dark_ink("rgb(30, 60, 60)"), wants_dark_ink("#ffffff"), wants_dark_ink("#000000")]).toEqual([true, true, false, true, false]);
  });
});
