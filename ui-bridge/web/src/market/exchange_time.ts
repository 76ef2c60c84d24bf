/// Wall-clock time at an exchange, fast enough for every bar of a chart.
///
/// Intl knows the time-zone rules but takes microseconds a call; offsets are
/// therefore cached per quarter of an hour (all zones change on such a mark).

const quarter_s = 900;
/// Quarter hours cached per zone before the cache starts over (about a year).
const cache_limit = 40_000;

export interface WallTime {
  year: number;
  /// 1–12
  month: number;
  day: number;
  /// 0 = Sunday
  weekday: number;
  /// Seconds since local midnight.
  second_of_day: number;
}

export class ExchangeTime {
  readonly zone: string;
  private readonly offsets = new Map<number, number>();
  private readonly parts: Intl.DateTimeFormat;

  /// An unknown zone falls back to UTC.
  constructor(zone: string) {
    this.zone = is_zone(zone) ? zone : "UTC";
    this.parts = new Intl.DateTimeFormat("en-US", {
      timeZone: this.zone, hourCycle: "h23", era: "short",
      year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
  }

  /// Seconds to add to UTC to get local time.
  offset(epoch_s: number): number {
    if (this.zone === "UTC" || this.zone === "Etc/UTC") return 0;
    const key = Math.floor(epoch_s / quarter_s);
    const known = this.offsets.get(key);
    if (known !== undefined) return known;
    const offset = this.read_offset(key * quarter_s);
    if (this.offsets.size >= cache_limit) this.offsets.clear();
    this.offsets.set(key, offset);
    return offset;
  }

  /// Local time written as if it were UTC, for `Date`'s UTC getters.
  local(epoch_s: number): Date {
    return new Date((epoch_s + this.offset(epoch_s)) * 1000);
  }

  wall(epoch_s: number): WallTime {
    const date = this.local(epoch_s);
    return {
      year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: date.getUTCDay(),
      second_of_day: date.getUTCHours() * 3600 + date.getUTCMinutes() * 60 + date.getUTCSeconds(),
    };
  }

  private read_offset(epoch_s: number): number {
    const value: Record<string, number> = {};
    for (const part of this.parts.formatToParts(epoch_s * 1000)) value[part.type] = Number(part.value);
    const local = Date.UTC(value["year"]!, value["month"]! - 1, value["day"]!, value["hour"]!, value["minute"]!, value["second"]!);
    return Math.round(local / 1000 - epoch_s);
  }
}

export function is_zone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const zones = new Map<string, ExchangeTime>();

/// The shared instance for a zone.
export function exchange_time(zone: string | undefined): ExchangeTime {
  const name = zone ?? "UTC";
  let time = zones.get(name);
  if (!time) zones.set(name, (time = new ExchangeTime(name)));
  return time;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export const two = (n: number): string => String(n).padStart(2, "0");

/// "09:30" or with seconds "09:30:05".
export function clock_text(date: Date, seconds = false): string {
  const text = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  return seconds ? `${text}:${two(date.getUTCSeconds())}` : text;
}

/// "Thu 15 Jan 2026".
export function date_text(date: Date): string {
  return `${weekdays[date.getUTCDay()]} ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

export function month_name(date: Date): string {
  return months[date.getUTCMonth()]!;
}

/// A duration for a countdown: "2d 3h", "3h 04m", "4:05".
export function duration_text(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  if (s >= 86_400) return `${Math.floor(s / 86_400)}d ${Math.floor((s % 86_400) / 3600)}h`;
  if (s >= 3600) return `${Math.floor(s / 3600)}h ${two(Math.floor((s % 3600) / 60))}m`;
  return `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/// An ISO instant on a clock: "14:30:02", with the date when it is not today's.
/// @return "–" for what is no time.
export function instant_text(iso: string | null | undefined, clock: ExchangeTime, now_ms: number): string {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(ms)) return "–";
  const then = clock.local(ms / 1000);
  const now = clock.local(now_ms / 1000);
  const time = clock_text(then, true);
  if (then.toISOString().slice(0, 10) === now.toISOString().slice(0, 10)) return time;
  return `${then.getUTCDate()} ${month_name(then)}${then.getUTCFullYear() === now.getUTCFullYear() ? "" : ` ${then.getUTCFullYear()}`} ${clock_text(then)}`;
}
