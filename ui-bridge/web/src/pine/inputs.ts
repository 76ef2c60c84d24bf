import type { InputValue, ParameterRange } from "../api/job_types";

/// Inputs of a script, read off its text: enough to fill a form with names,
/// defaults and bounds. The compiler has the last word; names that this misses
/// can be typed in by hand.

export interface ScriptInput {
  /// What the gateway knows the input by: its title where no other input has that, else its variable.
  name: string;
  variable: string;
  kind: "int" | "float" | "bool" | "string" | "choice";
  value: InputValue;
  min?: number;
  max?: number;
  step?: number;
  values?: InputValue[];
}

const call = /^[ \t]*(?:(?:var|varip|const|simple|series|input)\s+)*(?:(?:int|float|bool|string)\s+)?(\w+)\s*=\s*input(?:\.(int|float|bool|string|price|timeframe|session|symbol))?\s*\(/gm;

export function script_inputs(source: string): ScriptInput[] {
  const plain = without_comments(source);
  const found: ScriptInput[] = [];
  for (const match of plain.matchAll(call)) {
    const input = read_input(match[1]!, match[2], arguments_of(plain, match.index + match[0].length));
    if (input) found.push(input);
  }
  const titles = new Map<string, number>();
  for (const { name } of found) titles.set(name, (titles.get(name) ?? 0) + 1);
  return found.map((input) => (titles.get(input.name)! > 1 ? { ...input, name: input.variable } : input));
}

/// The first values to try in a study: an interval around the default.
export function suggested_range(input: ScriptInput): ParameterRange | undefined {
  if (input.kind === "bool") return { type: "bool" };
  if (input.kind === "choice") return { type: "choice", values: input.values ?? [input.value] };
  if (input.kind === "string" || typeof input.value !== "number") return undefined;
  const type = input.kind;
  const step = input.step ?? (type === "int" ? 1 : tidy(Math.abs(input.value) / 10 || 0.1));
  const low = tidy(input.value / 2);
  const high = tidy(input.value * 2 || step * 10);
  const [min, max] = low <= high ? [low, high] : [high, low];
  const fit = type === "int" ? Math.round : (value: number) => value;
  return { type, min: Math.max(fit(min), input.min ?? -Infinity), max: Math.min(fit(max), input.max ?? Infinity), step };
}

/// How many points a range has in a grid; undefined where it has no end.
export function range_size(range: ParameterRange): number | undefined {
  switch (range.type) {
    case "bool": return 2;
    case "choice": return range.values?.length ?? 0;
    default: {
      const { min, max, step = range.type === "int" ? 1 : undefined } = range;
      if (min === undefined || max === undefined || !step || step <= 0 || max < min) return undefined;
      return Math.floor((max - min) / step + 1e-9) + 1;
    }
  }
}

function tidy(value: number): number {
  return Number(value.toPrecision(3));
}

function without_comments(source: string): string {
  return source.replace(/("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\/.*$/gm, (_, text: string | undefined) => text ?? "");
}

interface Argument {
  name: string;
  text: string;
}

/// The arguments from behind "(" to its ")".
function arguments_of(source: string, start: number): Argument[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let from = start;
  for (let i = start; i < source.length; i++) {
    const char = source[i]!;
    if (quote) {
      if (char === "\\") i++;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "(" || char === "[") depth += 1;
    else if (depth > 0 && (char === ")" || char === "]")) depth -= 1;
    else if (char === ")" || (char === "," && depth === 0)) {
      parts.push(source.slice(from, i).trim());
      from = i + 1;
      if (char === ")") break;
    }
  }
  return parts.filter(Boolean).map((text) => {
    const named = /^(\w+)\s*=(?!=)\s*([\s\S]*)$/.exec(text);
    return named ? { name: named[1]!, text: named[2]! } : { name: "", text };
  });
}

const positional: Record<string, readonly string[]> = {
  int: ["defval", "title", "minval", "maxval", "step"], float: ["defval", "title", "minval", "maxval", "step"],
};

function read_input(variable: string, kind: string | undefined, given: readonly Argument[]): ScriptInput | undefined {
  const names = positional[kind ?? ""] ?? ["defval", "title"];
  const values = new Map(given.map(({ name, text }, index) => [name || (names[index] ?? `#${index}`), text]));
  const value = literal(values.get("defval"));
  if (value === undefined) return undefined;
  const title = literal(values.get("title"));
  const number = (name: string) => {
    const read = literal(values.get(name));
    return typeof read === "number" ? read : undefined;
  };
  const options = list(values.get("options"));
  const is_int = typeof value === "number" && (kind === "int" || (kind === undefined && !/[.e]/i.test(values.get("defval")!)));
  return {
    name: typeof title === "string" && title !== "" ? title : variable,
    variable,
    kind: options ? "choice" : typeof value === "boolean" ? "bool" : typeof value === "string" ? "string" : is_int ? "int" : "float",
    value,
    min: number("minval"), max: number("maxval"), step: number("step"), values: options,
  };
}

function list(text: string | undefined): InputValue[] | undefined {
  if (!text?.startsWith("[")) return undefined;
  const values = text.slice(1, text.lastIndexOf("]")).split(",").map((part) => literal(part.trim()));
  return values.every((value): value is InputValue => value !== undefined) ? values : undefined;
}

function literal(text: string | undefined): InputValue | undefined {
  if (text === undefined) return undefined;
  if (text === "true" || text === "false") return text === "true";
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) return Number(text);
  const quoted = /^(["'])((?:[^\\]|\\.)*)\1$/.exec(text);
  return quoted ? quoted[2]!.replace(/\\(.)/g, "$1") : undefined;
}
