/// Reconnect delays: 1 s doubling to 30 s, jittered so that a restarted
/// gateway is not hit by all its clients in the same instant.

export const first_delay_ms = 1_000;
export const longest_delay_ms = 30_000;

/// Close codes after which reconnecting by itself would be wrong: the server
/// ended it on purpose (1000), no valid identity (4401), not in scope (4403).
const final_codes: ReadonlySet<number> = new Set([1000, 4401, 4403]);

/// The server asked for less traffic: start from a late attempt at once.
const rate_limited_code = 4429;
const rate_limited_attempt = 4;

export function may_reconnect(close_code: number): boolean {
  return !final_codes.has(close_code);
}

/// The attempt number that follows a close.
export function next_attempt(attempt: number, close_code: number): number {
  return close_code === rate_limited_code ? Math.max(attempt + 1, rate_limited_attempt) : attempt + 1;
}

/// @param attempt 1 for the first retry.
/// @param random uniform in [0, 1).
/// @return a delay in [half, whole] of the attempt's step.
export function retry_delay_ms(attempt: number, random: number): number {
  const exponent = Math.min(Math.max(attempt, 1) - 1, 16);
  const step = Math.min(first_delay_ms * 2 ** exponent, longest_delay_ms);
  return Math.round(step * (0.5 + 0.5 * random));
}

/// Words for a close code, for the connection badge.
export function close_reason(code: number, reason: string): string {
  if (reason) return reason;
  switch (code) {
    case 1000: return "closed by the gateway";
    case 1001: return "gateway is restarting";
    case 1006: return "connection lost";
    case 1008: return "refused by policy";
    case 1009: return "message too large";
    case 4401: return "not signed in";
    case 4403: return "not allowed for this user";
    case 4404: return "stream not found";
    case 4408: return "this browser read too slowly";
    case 4429: return "too many requests";
    default: return `closed with code ${code}`;
  }
}
