/// One place for fetch, time-outs and the gateway's error body.

import { bearer_header, csrf_header } from "./bearer";

/// A reply slower than this is an error the user sees.
const request_timeout_ms = 15_000;
/// Whole files take longer.
const text_timeout_ms = 60_000;

/// A request that failed, with the text the gateway gave.
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    /// HTTP status, 0 when no answer came.
    readonly status: number,
    readonly code?: string,
    readonly request_id?: string,
    /// What the gateway holds against single fields.
    readonly fields: readonly FieldProblem[] = [],
    /// The whole error body: a refused order comes with the order in it.
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export interface FieldProblem {
  /// Path without the leading "body" or "query": "take_profit.price".
  field: string;
  text: string;
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /// Instead of `request_timeout_ms`, where an answer may take longer.
  timeout_ms?: number;
}

export interface Reply<T> {
  data: T;
  headers: Headers;
}

export function is_abort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/// A part of the system that this node does not have (yet): 503
/// `not_available` with a text that names the part.
export function is_missing(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 503 && (error.code === undefined || /not_available|feature/.test(error.code));
}

/// A part that the node's configuration switched off: 403 `feature.disabled`.
export function is_disabled(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 403 && error.code === "feature.disabled";
}

export function error_text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const unknown_listeners = new Set<() => void>();

/// Calls back whenever the node says that it does not know who asks.
/// @return what ends it.
export function on_unknown_caller(heard: () => void): () => void {
  unknown_listeners.add(heard);
  return () => unknown_listeners.delete(heard);
}

/// @throws ApiError for every failure but an abort by the caller's signal.
export async function request<T>(path: string, options: RequestOptions = {}): Promise<Reply<T>> {
  const { response, text } = await exchange(path, options, "application/json");
  return { data: parse(text) as T, headers: response.headers };
}

/// A reply that is no JSON: CSV, metrics.
/// @throws ApiError as `request` does.
export async function request_text(path: string, accept = "*/*"): Promise<string> {
  return (await exchange(path, { timeout_ms: text_timeout_ms }, accept)).text;
}

async function exchange(path: string, options: RequestOptions, accept: string): Promise<{ response: Response; text: string }> {
  const { method = "GET", query, body, signal } = options;
  const headers: Record<string, string> = { accept, ...bearer_header(), ...csrf_header(method), ...options.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  const timeout = AbortSignal.timeout(options.timeout_ms ?? request_timeout_ms);
  let response: Response;
  let text: string;
  try {
    response = await fetch(path + query_text(query), {
      method, headers, credentials: "same-origin",
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw new DOMException("aborted", "AbortError");
    throw new ApiError(timeout.aborted ? `${path}: no answer in time` : "The gateway can't be reached", 0);
  }
  if (response.status === 401) for (const heard of unknown_listeners) heard();
  if (!response.ok) throw failure(path, response, parse(text));
  return { response, text };
}

/// Path and query of a link that the browser follows by itself (downloads).
export function href(path: string, query?: RequestOptions["query"]): string {
  return path + query_text(query);
}

function query_text(query: RequestOptions["query"]): string {
  const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  if (pairs.length === 0) return "";
  return `?${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`;
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(path: string, response: Response, data: unknown): ApiError {
  const body = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  // a refused order comes as the order, with the fields of a failure beside it
  const detail = [body["detail"], body["errmsg"], body["error"], body["message"], body["reason"]].find(
    (text): text is string => typeof text === "string" && text !== "",
  );
  return new ApiError(
    detail ?? `${path} answered ${response.status} ${response.statusText}`.trim(),
    response.status,
    typeof body["error_code"] === "string" ? body["error_code"] : undefined,
    typeof body["request_id"] === "string" ? body["request_id"] : undefined,
    field_problems(body["errors"]),
    body,
  );
}

function field_problems(errors: unknown): FieldProblem[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((one: unknown) => {
    const { loc, msg } = (one ?? {}) as { loc?: unknown; msg?: unknown };
    if (typeof msg !== "string" || !Array.isArray(loc)) return [];
    return [{ field: loc.slice(1).join("."), text: msg }];
  });
}
