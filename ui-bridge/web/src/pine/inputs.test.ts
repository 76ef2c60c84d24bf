import { describe, expect, it } from "vitest";
import { range_size, script_inputs, suggested_range } from "./inputs";

const one = (line: string) => script_inputs(line)[0];

describe("inputs of a script", () => {
  it("reads titles, defaults and bounds", () => {
    expect(one(`length = input.int(14, "RSI, length", minval = 2, maxval=100, step = 2)`)).toMatchObject({
      name: "RSI, length", variable: "length", kind: "int", value: 14, min: 2, max: 100, step: 2,
    });
    expect(one(`float m = input.float(defval=-1.5e-1, title='Mult')`)).toMatchObject({ name: "Mult", kind: "float", value: -0.15 });
  });

  it("takes positional bounds and the variable where no title is", () => {
    expect(one(`n = input.int(5, "N", 1, 9)`)).toMatchObject({ min: 1, max: 9 });
    expect(one("n = input.int(5, minval=1)")).toMatchObject({ name: "n" });
  });

  it("takes the variable where a title is not the only one of its kind", () => {
    const source = `a = input.int(5, "Length")\nb = input.int(6, "Length")\nc = input.int(7, "Width")`;
    expect(script_inputs(source).map((input) => input.name)).toEqual(["a", "b", "Width"]);
  });

  it("knows choices, flags, texts and the untyped call", () => {
    expect(one(`m = input.string("EMA", "Kind", options = ["EMA", "SMA"])`)).toMatchObject({ kind: "choice", values: ["EMA", "SMA"] });
    expect(one("on = input.bool(true)")).toMatchObject({ kind: "bool", value: true });
    expect(one(`x = input(10, "Ten")`)).toMatchObject({ kind: "int", value: 10 });
    expect(one(`x = input(1.0, "One")`)).toMatchObject({ kind: "float" });
  });

  it("reads calls over several lines, and none in comments or strings", () => {
    expect(script_inputs(`a = input.int(\n    3,\n    "A(b)",\n    tooltip = "say \\"(\\""\n)\n// b = input.int(4)\nc = "input.int(5)"`)).toMatchObject([{ name: "A(b)", value: 3 }]);
  });

  it("leaves out what has no constant default", () => {
    expect(script_inputs("s = input.source(close)\nt = input.int(other)")).toEqual([]);
  });
});

describe("suggested ranges", () => {
  it("stay within the input's bounds and hold the default", () => {
    const range = suggested_range(one(`n = input.int(14, minval = 10, maxval = 20)`)!)!;
    expect(range).toEqual({ type: "int", min: 10, max: 20, step: 1 });
    expect(suggested_range(one("x = input.float(-2.0)")!)).toMatchObject({ min: -4, max: -1 });
  });

  it("count their points", () => {
    expect(range_size({ type: "float", min: 0, max: 0.3, step: 0.1 })).toBe(4);
    expect(range_size({ type: "int", min: 1, max: 3 })).toBe(3);
    expect(range_size({ type: "float", min: 1, max: 3 })).toBeUndefined();
    expect(range_size({ type: "choice", values: ["a", "b"] })).toBe(2);
  });
});
