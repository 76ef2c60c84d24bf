import { StringStream } from "@codemirror/language";
import { describe, expect, it } from "vitest";
import builtins from "virtual:pine-builtins";
import { signatures_of, table_rows } from "../../build/pine_builtins";
import { BuiltinTable, call_at, name_at, signature_parts } from "./builtins";
import { pine_parser } from "./language";
import { count_text, span_of } from "./positions";

const table = new BuiltinTable(builtins);

describe("table of built-ins", () => {
  it("holds the engine's names with kinds and signatures", () => {
    expect(builtins.length).toBeGreaterThan(800);
    expect(table.of("ta.sma")).toMatchObject([{ kind: "function", signatures: ["ta.sma(float source, int length) float"] }]);
    expect(table.of("strategy.long")).toMatchObject([{ kind: "constant" }]);
    expect(table.of("close")).toMatchObject([{ kind: "variable", signatures: [] }]);
    expect(table.namespaces).toContain("strategy.closedtrades");
  });

  it("has a signature for nearly every function", () => {
    const functions = builtins.filter(({ kind }) => kind === "function");
    const bare = functions.filter(({ signatures }) => signatures.length === 0).map(({ name }) => name);
    expect(bare.length / functions.length, bare.join(" ")).toBeLessThan(0.25);
  });

  it("offers members of a namespace only", () => {
    const names = table.members("ta.").map(({ name }) => name);
    expect(names).toContain("ta.ema");
    expect(names.every((name) => name.startsWith("ta."))).toBe(true);
    expect(table.members("strategy.").map(({ name }) => name)).not.toContain("strategy.closedtrades.profit");
  });

  it("reads rows and macros of the sources", () => {
    expect(table_rows("| a.b | function | 5 | yes | kit |\n| c | constant | 6 | no | |")).toEqual([{ name: "a.b", kind: "function", since: 5 }]);
    expect(signatures_of('#define TAIL "int b=1, "\n{"f(int a, " TAIL "string c=\\"x\\") void", fn},')).toEqual(['f(int a, int b=1, string c="x") void']);
  });

  it("takes signatures apart", () => {
    expect(signature_parts('f(map<K,V> m, const string t="a, b", int... rest) [float,float]')).toEqual({
      name: "f", params: ["map<K,V> m", 'const string t="a, b"', "int... rest"], result: "[float,float]",
    });
  });
});

describe("names and calls in text", () => {
  it("finds the name under the pointer, up to its part", () => {
    const line = "x = ta.sma(close, 5)";
    expect(name_at(line, 8)).toEqual({ name: "ta.sma", from: 4, to: 10 });
    expect(name_at(line, 5)).toMatchObject({ name: "ta" });
    expect(name_at(line, 2)).toBeUndefined();
  });

  it("finds the call and the argument one types in", () => {
    expect(call_at("y = ta.sma(ta.ema(close, 3), ")).toEqual({ name: "ta.sma", argument: 1 });
    expect(call_at("y = ta.sma(close[1")).toMatchObject({ name: "ta.sma" });
    expect(call_at("y = close + 1")).toBeUndefined();
  });
});

describe("highlighting", () => {
  function styles(line: string): [string, string | null][] {
    const parser = pine_parser(table);
    const stream = new StringStream(line, 4, 2);
    const state = parser.startState!(2);
    const result: [string, string | null][] = [];
    while (!stream.eol()) {
      const style = parser.token(stream, state);
      if (style) result.push([stream.current(), style]);
      stream.start = stream.pos;
    }
    return result;
  }

  it("tells words of the language from names of the script", () => {
    expect(styles("//@version=6")).toEqual([["//@version=6", "meta"]]);
    expect(styles("if ta.crossover(fast, 2.5e3) // go")).toEqual([
      ["if", "keyword"], ["ta.crossover", "variableName.standard"], ["(", "bracket"], ["fast", "variableName"], [",", "punctuation"], ["2.5e3", "number"], [")", "bracket"],
      ["// go", "comment"],
    ]);
    expect(styles(`x := cond ? color.red : "a\\"b"`).map(([, style]) => style)).toEqual(["variableName", "operator", "variableName", "operator", "atom", "operator", "string"]);
  });
});

describe("places of diagnostics", () => {
  const text = "first line\nx = foo(1)\n";
  const marked = (line: number, column: number, length?: number) => {
    const { from, to } = span_of(text, { line, column, length });
    return text.slice(from, to);
  };

  it("underlines the length given, else the word", () => {
    expect(marked(2, 5, 6)).toBe("foo(1)");
    expect(marked(2, 5)).toBe("foo");
    expect(marked(1, 1, 999)).toBe("first line");
  });

  it("stays inside a text that has changed, one character wide at least", () => {
    for (const [line, column] of [[99, 1], [2, 400], [3, 1], [1, 0]] as const) {
      const { from, to } = span_of(text, { line, column });
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeGreaterThan(from);
      expect(to).toBeLessThanOrEqual(text.length);
    }
    expect(span_of("", { line: 1, column: 1 })).toEqual({ from: 0, to: 0 });
  });

  it("counts in words", () => {
    expect(count_text([{ severity: "error" }, { severity: "warning" }, { severity: "error" }])).toBe("2 errors, 1 warning");
    expect(count_text([])).toBe("");
  });
});
