import type { Diagnostic } from "../api/job_types";

/// Where in a text a diagnostic points: the compiler counts lines and columns
/// from 1, the editor offsets from 0.

export interface TextSpan {
  from: number;
  to: number;
}

/// @return at least one character wide and inside the text, however far off
/// the diagnostic is: the text may have changed since it was checked.
export function span_of(text: string, { line, column, length }: Pick<Diagnostic, "line" | "column" | "length">): TextSpan {
  let start = 0;
  for (let left = line - 1; left > 0; left--) {
    const end = text.indexOf("\n", start);
    if (end < 0) break;
    start = end + 1;
  }
  const found = text.indexOf("\n", start);
  const end = found < 0 ? text.length : found;
  const from = Math.min(start + Math.max(column - 1, 0), Math.max(end - 1, start));
  const to = length && length > 0 ? Math.min(from + length, end) : word_end(text, from, end);
  if (from >= text.length) return { from: Math.max(from - 1, 0), to: from };
  return { from, to: Math.min(Math.max(to, from + 1), text.length) };
}

function word_end(text: string, from: number, end: number): number {
  const word = /^\w+/.exec(text.slice(from, end))?.[0];
  return from + (word?.length ?? 1);
}

/// "3 errors, 1 warning".
export function count_text(diagnostics: readonly Pick<Diagnostic, "severity">[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  const part = (count: number, word: string) => (count === 0 ? "" : `${count} ${word}${count === 1 ? "" : "s"}`);
  return [part(errors, "error"), part(warnings, "warning")].filter(Boolean).join(", ");
}
