import { defineStore } from "pinia";
import { shallowReactive } from "vue";
import { fetch_market_status } from "../api/gateway";
import { ApiError } from "../api/http";
import type { MarketStatus } from "../api/types";
import { use_connection } from "./connection";
import { use_notices } from "./notices";

/// Market hours per venue, read on demand, pushed by the stream, and read
/// again when the next opening or closing has come.

/// "" = the gateway's default venue.
export type Venue = string;

/// A status older than this is read again even without an event.
const refresh_ms = 5 * 60_000;
/// Asked again no sooner than this: after a failure, and while a passed
/// opening time has not shown up in the gateway's answer yet.
const retry_ms = 15_000;

export const use_market_status = defineStore("market_status", () => {
  const connection = use_connection();
  const notices = use_notices();
  const statuses = shallowReactive(new Map<Venue, MarketStatus>());
  const asked_at = new Map<Venue, number>();
  /// Venues the gateway has no calendar for; not asked again.
  const unknown = new Set<Venue>();

  function start(): void {
    connection.subscribe({ channel: "market_status", symbol: "" }, (batch) => {
      for (const { data, snapshot } of batch) if (is_status(data)) put(data.venue, data, snapshot !== true);
    });
  }

  /// The status of a venue; reads it when it is missing or out of date.
  function status_of(venue: Venue): MarketStatus | undefined {
    const status = statuses.get(venue);
    const now = connection.now_ms;
    const age = now - (asked_at.get(venue) ?? Number.NEGATIVE_INFINITY);
    const passed = (iso: string | null | undefined) => iso != null && Date.parse(iso) <= connection.market_now_ms;
    const is_due = !status || passed(status.next_open) || passed(status.next_close);
    if (unknown.has(venue)) return undefined;
    if (age > refresh_ms || (is_due && age > retry_ms)) {
      asked_at.set(venue, now);
      void read(venue);
    }
    return status;
  }

  /// @param is_new whether the status was written just now, so that its time is
  /// market time.
  function put(venue: Venue, status: MarketStatus, is_new: boolean): void {
    if (is_new) connection.hear_market_time(status.ts_ms);
    statuses.set(venue, status);
  }

  async function read(venue: Venue): Promise<void> {
    try {
      put(venue, await fetch_market_status(venue || undefined), true);
    } catch (error) {
      if (error instanceof ApiError && (error.status === 400 || error.status === 404)) {
        unknown.add(venue);
        notices.note("warning", error.message);
      } else {
        notices.failure(error);
      }
    }
  }

  return { start, status_of };
});

function is_status(data: unknown): data is MarketStatus {
  return typeof data === "object" && data !== null && "venue" in data && "is_open" in data;
}
