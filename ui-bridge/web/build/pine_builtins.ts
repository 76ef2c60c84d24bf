import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/// Makes `virtual:pine-builtins` from the engine's own tables, so that what the
/// editor offers is what the compiler knows: names, kinds and versions from
/// BUILTINS.md, signatures from the rows of the library files.

export interface PineBuiltin {
  name: string;
  kind: "function" | "variable" | "constant";
  /// First version of the language that has it.
  since: number;
  /// As the engine writes them; empty for variables and constants.
  signatures: string[];
}

const module_name = "virtual:pine-builtins";
const resolved_name = `\0${module_name}`;
const engine = fileURLToPath(new URL("../../../actors/pine/", import.meta.url));

export function pine_builtins(): Plugin {
  return {
    name: "pine-builtins",
    resolveId: (id) => (id === module_name ? resolved_name : undefined),
    async load(id) {
      if (id !== resolved_name) return undefined;
      const rows = await read_builtins(engine);
      return `export default ${JSON.stringify(rows)};`;
    },
  };
}

export async function read_builtins(folder: string): Promise<PineBuiltin[]> {
  const signatures = new Map<string, string[]>();
  for (const name of await readdir(join(folder, "lib"))) {
    if (!name.endsWith(".cpp")) continue;
    for (const signature of signatures_of(await readFile(join(folder, "lib", name), "utf8"))) {
      const called = signature.slice(0, signature.indexOf("("));
      signatures.set(called, [...(signatures.get(called) ?? []), signature]);
    }
  }
  const rows = table_rows(await readFile(join(folder, "BUILTINS.md"), "utf8"));
  if (rows.length === 0) throw new Error(`${folder}BUILTINS.md has no rows`);
  return rows.map((row) => ({ ...row, signatures: row.kind === "function" ? (signatures.get(row.name) ?? []) : [] }));
}

/// Rows of the table `| name | kind | since | implemented | checked by |`.
export function table_rows(markdown: string): Omit<PineBuiltin, "signatures">[] {
  return markdown.split("\n").flatMap((line) => {
    const match = /^\| (\S+) \| (function|variable|constant) \| (\d+) \| yes \|/.exec(line);
    return match ? [{ name: match[1]!, kind: match[2] as PineBuiltin["kind"], since: Number(match[3]) }] : [];
  });
}

/// Signatures in a library file: string literals at the head of a table row,
/// with the macros that stand between them put in.
export function signatures_of(source: string): string[] {
  const macros = new Map<string, string>();
  for (const [, name, body] of source.matchAll(/^#define (\w+) ((?:.*\\\n)*.*)$/gm)) macros.set(name!, body!.replaceAll("\\\n", " "));
  const row = /\{\s*((?:"(?:[^"\\]|\\.)*"|[A-Z][A-Z_]+|\s)+),/g;
  return [...source.matchAll(row)].flatMap(([, literals]) => {
    const text = joined(literals!, macros);
    return /^[\w.]+\(.*\)/.test(text) ? [text.trim()] : [];
  });
}

const macro_depth = 4;

function joined(literals: string, macros: ReadonlyMap<string, string>, depth = macro_depth): string {
  let text = "";
  for (const [token] of literals.matchAll(/"(?:[^"\\]|\\.)*"|[A-Z][A-Z_]+/g)) {
    if (token.startsWith('"')) text += token.slice(1, -1).replaceAll('\\"', '"');
    else if (depth > 0) text += joined(macros.get(token) ?? "", macros, depth - 1);
  }
  return text;
}
