/// The token that this page shows with every request. In memory; who keeps it
/// longer is the store's matter.

let token = "";

export function set_bearer(next: string): void {
  token = next;
}

export function bearer_header(): Record<string, string> {
  return token === "" ? {} : { authorization: `Bearer ${token}` };
}

/// A WebSocket can carry no header. The node answers with the first name, never
/// with the token.
export function bearer_protocols(): string[] {
  return token === "" ? [] : ["tt.json", `bearer.${token}`];
}

/// The session's token against forged requests; the session itself is in a cookie that no script sees.
let csrf = "";

export function set_csrf(next: string): void {
  csrf = next;
}

export function csrf_header(method: string): Record<string, string> {
  return csrf === "" || method === "GET" ? {} : { "x-csrf-token": csrf };
}
