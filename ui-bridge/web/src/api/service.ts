import { ApiError, request } from "./http";
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
export async function fetch_metrics_text(): Promise<string> {
  const reply = await fetch("/metrics", { credentials: "same-origin", headers: { accept: "text/plain" } });
  const text = await reply.text();
  if (!reply.ok) throw new ApiError(`/metrics answered ${reply.status}`, reply.status);
  return text;
}
