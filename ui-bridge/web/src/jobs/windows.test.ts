import { describe, expect, it } from "vitest";
import { params_text, window_rows } from "./windows";

describe("walk-forward windows", () => {
  it("reads spans as text, pairs or objects, figures alone or by name", () => {
    const rows = window_rows([
      { train: ["2024-01-01", "2024-03-01"], test: { start: "2024-03-02T00:00:00.000Z", end: "2024-04-01" }, params: { Fast: 5, Kind: "EMA" }, in_sample: 1.5, out_of_sample: { sharpe_ratio: 0.7 } },
      { train: "a", test: "b", params: null, error: "no trial fits", in_sample: null, out_of_sample: { total_return: 0.1 } },
    ], "sharpe_ratio");
    expect(rows[0]).toEqual({ train: "2024-01-01 – 2024-03-01", test: "2024-03-02 – 2024-04-01", params: "Fast 5, Kind EMA", error: "", in_sample: 1.5, out_of_sample: 0.7 });
    expect(rows[1]).toMatchObject({ train: "a", params: "", error: "no trial fits", in_sample: undefined, out_of_sample: undefined });
    expect(params_text(undefined)).toBe("");
  });
});
