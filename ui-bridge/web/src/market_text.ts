import { computed } from "vue";
import type { ComputedRef, Ref } from "vue";
import { duration_text } from "./market/exchange_time";
import { use_connection } from "./stores/connection";
import { use_market_status } from "./stores/market_status";

/// A venue's market status in words, with a running countdown.

export interface MarketText {
  venue: string;
  session: string;
  label: string;
  /// "closes in 3h 04m"; empty where nothing is coming.
  countdown: string;
  title: string;
}

/// The calendar's name as people write it.
export const venue_name = (venue: string) => (venue === "24X7" ? "24/7" : venue.replaceAll("_", " "));

const session_labels: Record<string, string> = { pre: "Pre-market", regular: "Open", post: "After hours", closed: "Closed" };

export function use_market_text(venue: Ref<string>): ComputedRef<MarketText | undefined> {
  const statuses = use_market_status();
  const connection = use_connection();
  return computed(() => {
    const status = statuses.status_of(venue.value);
    if (!status) return undefined;
    const next = status.is_open ? status.next_close : status.next_open;
    const left = next ? Date.parse(next) - connection.market_now_ms : Number.NaN;
    const notes = [status.holiday, status.half_day ? "half day" : ""].filter(Boolean);
    const label = session_labels[status.session] ?? (status.is_open ? "Open" : "Closed");
    return {
      venue: venue_name(status.venue),
      session: status.session,
      label: notes.length > 0 ? `${label} (${notes.join(", ")})` : label,
      countdown: Number.isNaN(left) ? "" : `${status.is_open ? "closes" : "opens"} in ${duration_text(left)}`,
      title: `${status.venue}, ${status.timezone ?? "exchange time"}`,
    };
  });
}
