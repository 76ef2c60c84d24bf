import { request } from "./http";

/// Who this page is to the node, and the tokens of others.

export const roles = ["viewer", "trader", "admin"] as const;
export type Role = (typeof roles)[number];

export interface Me {
  user: string;
  principal: string;
  kind: "local" | "token" | "session";
  role: Role;
  account_scope: "none" | "paper" | "listed" | "all";
  accounts: string[];
  strategies: string[];
  expires_at: string | null;
  /// Of a session: has to come with every change.
  csrf_token?: string;
  /// Of a session: whether its user's logins need a one-time code.
  totp_enabled?: boolean;
}

export interface SignIn {
  username: string;
  password: string;
  totp?: string;
}

/// The key of an authenticator; counts once a code of it was shown.
export interface TotpOffer {
  secret: string;
  otpauth_uri: string;
  expires_in: number;
}

export interface AccessToken {
  id: string;
  name: string;
  role: Role;
  accounts: string[];
  strategies: string[];
  allowed_ips: string[];
  expires_at: string | null;
  is_expired: boolean;
  created_at: string;
  created_by: string;
  last_used_at: string | null;
  /// Of a token that was just made, this once.
  token?: string;
}

export interface TokenRequest {
  name: string;
  role: Role;
  accounts?: string[];
  expires_in_days?: number;
}

export async function fetch_me(): Promise<Me> {
  return (await request<Me>("/api/v1/auth/me")).data;
}

export async function fetch_tokens(): Promise<AccessToken[]> {
  return (await request<{ tokens: AccessToken[] }>("/api/v1/auth/tokens")).data.tokens;
}

export async function create_token(body: TokenRequest): Promise<AccessToken> {
  return (await request<AccessToken>("/api/v1/auth/tokens", { method: "POST", body })).data;
}

export async function revoke_token(id: string): Promise<void> {
  await request(`/api/v1/auth/tokens/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/// The node sets the session's cookie. @return the token that changes have to carry.
export async function log_in(body: SignIn): Promise<string> {
  return (await request<{ csrf_token: string }>("/api/v1/auth/login", { method: "POST", body })).data.csrf_token;
}

export async function offer_totp(password: string): Promise<TotpOffer> {
  return (await request<TotpOffer>("/api/v1/auth/totp", { method: "POST", body: { password } })).data;
}

export async function confirm_totp(totp: string): Promise<void> {
  await request("/api/v1/auth/totp/confirm", { method: "POST", body: { totp } });
}

export async function remove_totp(password: string, totp: string): Promise<void> {
  await request("/api/v1/auth/totp/remove", { method: "POST", body: { password, totp } });
}

export async function log_out(): Promise<void> {
  await request("/api/v1/auth/logout", { method: "POST", body: {} });
}
