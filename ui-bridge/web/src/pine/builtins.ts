import type { PineBuiltin } from "../../build/pine_builtins";

/// Names of the language for completion and hover, over the engine's table.

export type { PineBuiltin };

/// Types as they stand in declarations and signatures.
export const type_words = [
  "int", "float", "bool", "string", "color", "line", "label", "box", "table", "linefill", "polyline", "array", "matrix", "map",
  "series", "simple", "const", "input",
] as const;

export const keyword_words = [
  "if", "else", "for", "to", "by", "in", "while", "switch", "break", "continue", "and", "or", "not", "var", "varip", "import",
  "export", "type", "method", "enum", "as", "true", "false", "na",
] as const;

export class BuiltinTable {
  private readonly by_name = new Map<string, PineBuiltin[]>();
  readonly namespaces: ReadonlySet<string>;

  constructor(readonly all: readonly PineBuiltin[]) {
    const namespaces = new Set<string>();
    for (const one of all) {
      this.by_name.set(one.name, [...(this.by_name.get(one.name) ?? []), one]);
      const parts = one.name.split(".");
      for (let i = 1; i < parts.length; i++) namespaces.add(parts.slice(0, i).join("."));
    }
    this.namespaces = namespaces;
  }

  /// What a name means; one name may be function and variable at once.
  of(name: string): readonly PineBuiltin[] {
    return this.by_name.get(name) ?? [];
  }

  /// What may stand after "ta." (with the point), or at the start of a word.
  members(prefix: string): PineBuiltin[] {
    return this.all.filter(({ name }) => name.startsWith(prefix) && !name.slice(prefix.length).includes("."));
  }
}

/// The dotted name around a column, for hover: "ta.sma" in "x = ta.sma(close)".
/// @return undefined where no name is.
export function name_at(line: string, column: number): { name: string; from: number; to: number } | undefined {
  for (const match of line.matchAll(/[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*/g)) {
    const from = match.index;
    const to = from + match[0].length;
    if (column < from || column > to) continue;
    // Only up to the part under the pointer: "strategy" in "strategy.long".
    const rest = match[0].slice(column - from);
    const point = rest.indexOf(".");
    const name = point < 0 ? match[0] : match[0].slice(0, column - from + point);
    return { name, from, to: from + name.length };
  }
  return undefined;
}

/// The call whose arguments a position is in, for help while typing.
/// @return name and index of the argument; undefined outside any call.
export function call_at(text_before: string): { name: string; argument: number } | undefined {
  let depth = 0;
  let argument = 0;
  for (let i = text_before.length - 1; i >= 0; i--) {
    const char = text_before[i]!;
    if (char === ")" || char === "]") depth += 1;
    else if (char === "[" && depth > 0) depth -= 1;
    else if (char === "," && depth === 0) argument += 1;
    else if (char === "(") {
      if (depth > 0) {
        depth -= 1;
        continue;
      }
      const name = /([A-Za-z_][\w.]*)(?:<[^<>]*>)?\s*$/.exec(text_before.slice(0, i))?.[1];
      return name ? { name, argument } : undefined;
    } else if (char === "\n" && depth === 0 && i < text_before.length - 400) return undefined;
  }
  return undefined;
}

/// A signature cut into its parts: "ta.sma", ["float source", "int length"], "float".
export function signature_parts(signature: string): { name: string; params: string[]; result: string } {
  const open = signature.indexOf("(");
  const params: string[] = [];
  let depth = 0;
  let start = open + 1;
  let quoted = false;
  let i = open + 1;
  for (; i < signature.length; i++) {
    const char = signature[i]!;
    if (char === '"') quoted = !quoted;
    if (quoted) continue;
    if ("([<".includes(char)) depth += 1;
    else if (depth > 0 && ")]>".includes(char)) depth -= 1;
    else if (char === ")" || (char === "," && depth === 0)) {
      const text = signature.slice(start, i).trim();
      if (text) params.push(text);
      start = i + 1;
      if (char === ")") break;
    }
  }
  return { name: signature.slice(0, open), params, result: signature.slice(i + 1).trim() };
}
