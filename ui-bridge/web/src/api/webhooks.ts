import { request } from "./http";
import type { WebhookEvent, WebhookProfile, WebhookRequest } from "./webhook_types";

/// Routes of the webhook receiver, one function each.

const path = (id: string) => `/api/v1/webhooks/${encodeURIComponent(id)}`;

/// The contract writes `id`; an answer may say `webhook_id` or `profile_id`.
function profile_of(row: WebhookProfile & { webhook_id?: string; profile_id?: string }): WebhookProfile {
  return { ...row, id: String(row.id ?? row.webhook_id ?? row.profile_id) };
}

export async function fetch_profiles(): Promise<WebhookProfile[]> {
  const { data } = await request<WebhookProfile[] | Record<string, WebhookProfile[]>>("/api/v1/webhooks");
  const rows = Array.isArray(data) ? data : (data["webhooks"] ?? data["profiles"] ?? []);
  return rows.map(profile_of);
}

export async function create_profile(body: WebhookRequest): Promise<WebhookProfile> {
  return profile_of((await request<WebhookProfile>("/api/v1/webhooks", { method: "POST", body })).data);
}

export async function change_profile(id: string, body: WebhookRequest): Promise<WebhookProfile> {
  return profile_of((await request<WebhookProfile>(path(id), { method: "PATCH", body })).data);
}

export async function delete_profile(id: string): Promise<void> {
  await request(path(id), { method: "DELETE" });
}

/// @return the answer with the new token, which is shown this once.
export async function rotate_profile(id: string): Promise<Partial<WebhookProfile>> {
  return (await request<Partial<WebhookProfile>>(`${path(id)}/rotate`, { method: "POST", body: {} })).data;
}

export interface EventFilter {
  profile: string;
  decision: string;
}

export interface EventPage {
  events: WebhookEvent[];
  next_cursor: string | undefined;
}

/// Newest first.
export async function fetch_events({ profile, decision }: EventFilter, limit: number, cursor?: string): Promise<EventPage> {
  const { data, headers } = await request<WebhookEvent[] | { events: WebhookEvent[]; next_cursor?: string | null }>("/api/v1/webhooks/events", {
    query: { profile: profile || undefined, decision: decision || undefined, limit, cursor },
  });
  if (Array.isArray(data)) return { events: data, next_cursor: headers.get("x-next-cursor") ?? undefined };
  return { events: data.events, next_cursor: data.next_cursor ?? undefined };
}
