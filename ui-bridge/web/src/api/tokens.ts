import { request } from "./http";

/// Access tokens for programs (HTTP contract, section 2). The secret is in the
/// answer that makes one, and nowhere else.

export interface AccessToken {
  id?: string;
  token_id?: string;
  name: string;
  role: string;
  accounts?: string[] | null;
  expires_at?: string | null;
  last_used_at?: string | null;
  /// Only in the answer that makes it.
  token?: string;
}

export interface TokenRequest {
  name: string;
  role: "viewer" | "trader" | "admin";
}

const root = "/api/v1/auth/tokens";

export const id_of = (token: AccessToken): string => token.id ?? token.token_id ?? "";

export async function fetch_tokens(): Promise<AccessToken[]> {
  const { data } = await request<AccessToken[] | { tokens: AccessToken[] }>(root);
  return Array.isArray(data) ? data : data.tokens;
}

export async function make_token(body: TokenRequest): Promise<AccessToken> {
  return (await request<AccessToken>(root, { method: "POST", body })).data;
}

export async function revoke_token(id: string): Promise<void> {
  await request(`${root}/${encodeURIComponent(id)}`, { method: "DELETE" });
}
