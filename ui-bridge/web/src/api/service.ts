import { ApiError, request, request_text } from "./http";
import type { ClusterReport, NodeHealth } from "./service_types";

export async function fetch_cluster(): Promise<ClusterReport> {
  return (await request<ClusterReport>("/api/v1/cluster")).data;
}

/// An unhealthy node answers 503 with the same body: that is an answer too.
export async function fetch_node_health(): Promise<NodeHealth> {
  try {
    return (await request<NodeHealth>("/health")).data;
  } catch (error) {
    if (error instanceof ApiError && typeof error.body["status"] === "string") return error.body as unknown as NodeHealth;
    throw error;
  }
}

/// The node's figures as Prometheus text.
export const fetch_metrics_text = (): Promise<string> => request_text("/metrics", "text/plain");
