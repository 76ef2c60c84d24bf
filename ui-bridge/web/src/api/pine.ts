import { request } from "./http";
import type { Diagnostic } from "./job_types";

export interface PineCheck {
  valid: boolean;
  diagnostics: Diagnostic[];
  /// Inputs of the script, where the gateway tells them.
  inputs?: unknown[];
}

/// Asks the node's own compiler.
export async function check_pine(source: string, signal?: AbortSignal): Promise<PineCheck> {
  return (await request<PineCheck>("/api/v1/strategies/validate", { method: "POST", body: { kind: "pine", source }, signal })).data;
}
