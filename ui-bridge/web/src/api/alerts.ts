import type { Alert, AlertRequest } from "./alert_types";
import { request } from "./http";

/// Routes of price alerts, one function each.

const path = (id: string) => `/api/v1/alerts/${encodeURIComponent(id)}`;

export async function fetch_alerts(limit: number): Promise<Alert[]> {
  const { data } = await request<Alert[] | { alerts: Alert[] }>("/api/v1/alerts", { query: { limit } });
  return Array.isArray(data) ? data : data.alerts;
}

export async function create_alert(body: AlertRequest): Promise<Alert> {
  return (await request<Alert>("/api/v1/alerts", { method: "POST", body })).data;
}

export async function change_alert(id: string, body: AlertRequest): Promise<Alert> {
  return (await request<Alert>(path(id), { method: "PATCH", body })).data;
}

export async function delete_alert(id: string): Promise<void> {
  await request(path(id), { method: "DELETE" });
}

export async function steer_alert(id: string, what: "pause" | "resume"): Promise<Alert | undefined> {
  return (await request<Alert | undefined>(`${path(id)}/${what}`, { method: "POST", body: {} })).data;
}
