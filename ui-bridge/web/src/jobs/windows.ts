import type { InputValue, WalkForwardWindow } from "../api/job_types";

/// Rows of the walk-forward table, however the node writes spans and figures.

export interface WindowRow {
  train: string;
  test: string;
  params: string;
  /// Why the window chose nothing; empty where it did.
  error: string;
  in_sample: number | undefined;
  out_of_sample: number | undefined;
}

export function window_rows(windows: readonly WalkForwardWindow[], objective: string): WindowRow[] {
  return windows.map(({ train, test, params, error = "", in_sample, out_of_sample }) => ({
    train: span_text(train), test: span_text(test), params: params_text(params), error,
    in_sample: figure(in_sample, objective), out_of_sample: figure(out_of_sample, objective),
  }));
}

export function params_text(params: Readonly<Record<string, InputValue>> | null | undefined): string {
  return Object.entries(params ?? {}).map(([name, value]) => `${name} ${value}`).join(", ");
}

const day = (text: unknown) => String(text ?? "").slice(0, 10);

function span_text(span: WalkForwardWindow["train"]): string {
  if (typeof span === "string") return span;
  const [from, to] = Array.isArray(span) ? span : [span.start ?? (span as Record<string, unknown>)["from"], span.end ?? (span as Record<string, unknown>)["to"]];
  return `${day(from)} – ${day(to)}`;
}

function figure(value: unknown, objective: string): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const figures = value as Record<string, unknown>;
  const found = figures[objective] ?? figures["objective"] ?? (figures["metrics"] as Record<string, unknown> | undefined)?.[objective];
  return typeof found === "number" ? found : undefined;
}
