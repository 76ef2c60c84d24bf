import type { ExchangeTime } from "./exchange_time";

/// UDF session strings, as far as the chart needs them to shade hours outside
/// the regular session: "0930-1600", "1700-1600", "24x7", several ranges with
/// commas, days after a colon ("0930-1600:23456", 1 = Sunday).

interface SessionRange {
  from_s: number;
  to_s: number;
  /// Weekdays on which it holds, 0 = Sunday; undefined = not stated.
  days: ReadonlySet<number> | undefined;
}

export type Session = readonly SessionRange[];

/// @return undefined for round-the-clock sessions and for text not understood:
/// then nothing is shaded.
export function parse_session(text: string | undefined): Session | undefined {
  if (!text || text === "24x7") return undefined;
  const ranges: SessionRange[] = [];
  for (const part of text.split("|")[0]!.split(",")) {
    const match = /^(\d{2})(\d{2})F?\d?-(\d{2})(\d{2})(?::(\d+))?$/.exec(part.trim());
    if (!match) return undefined;
    const [, h1, m1, h2, m2, days] = match;
    ranges.push({
      from_s: +h1! * 3600 + +m1! * 60,
      to_s: +h2! * 3600 + +m2! * 60,
      days: days ? new Set(Array.from(days, (digit) => +digit - 1)) : undefined,
    });
  }
  return ranges.some((range) => range.from_s === range.to_s) ? undefined : ranges;
}

/// A session as people read it: "17:00–16:00"; text not understood as it is.
export function session_text(text: string): string {
  if (text === "24x7") return "24/7";
  return text.split(",").map((part) => part.replace(/^(\d{2})(\d{2})F?\d?-(\d{2})(\d{2})(?::\d+)?$/, "$1:$2–$3:$4")).join(", ");
}

/// True when a bar that opens then belongs to the session. A range that ends
/// before it starts runs over midnight.
export function in_session(session: Session, time: ExchangeTime, epoch_s: number): boolean {
  const { second_of_day: now, weekday } = time.wall(epoch_s);
  return session.some(({ from_s, to_s, days }) => {
    const inside = from_s < to_s ? now >= from_s && now < to_s : now >= from_s || now < to_s;
    return inside && (days === undefined || from_s > to_s || days.has(weekday));
  });
}
