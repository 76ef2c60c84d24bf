import { defaultHorzScaleBehavior, TickMarkType } from "lightweight-charts";
import type { IHorzScaleBehavior, Time, TimeScalePoint } from "lightweight-charts";
import { clock_text, date_text, exchange_time, month_name } from "../market/exchange_time";
import type { ExchangeTime } from "../market/exchange_time";

/// A time scale in the exchange's time zone.
///
/// The chart library thinks in UTC: it would start a new day at midnight UTC,
/// in the middle of an extended session. Shifting all bars into local time
/// instead would make times ambiguous when clocks go back. So bars keep their
/// UTC times and only the weight of each tick (which bar starts a year, a
/// month, a day, an hour) is worked out in exchange time.

/// The library's weights; larger = more worth a label.
const weight = { minute: 20, five: 21, thirty: 22, hour: 30, three: 31, six: 32, twelve: 33, day: 50, month: 60, year: 70 };

const minute_ms = 60_000;
const intraday: readonly (readonly [number, number])[] = [
  [12 * 60 * minute_ms, weight.twelve], [6 * 60 * minute_ms, weight.six], [3 * 60 * minute_ms, weight.three],
  [60 * minute_ms, weight.hour], [30 * minute_ms, weight.thirty], [5 * minute_ms, weight.five], [minute_ms, weight.minute],
];

/// How much a label at `now` is worth when the bar before was at `before`
/// (both local time written as UTC).
export function tick_weight(before: Date, now: Date): number {
  if (before.getUTCFullYear() !== now.getUTCFullYear()) return weight.year;
  if (before.getUTCMonth() !== now.getUTCMonth()) return weight.month;
  if (before.getUTCDate() !== now.getUTCDate()) return weight.day;
  for (const [span, value] of intraday) {
    if (Math.floor(before.getTime() / span) !== Math.floor(now.getTime() / span)) return value;
  }
  return 0;
}

type MutablePoint = { -readonly [field in keyof TimeScalePoint]: TimeScalePoint[field] };

export class ExchangeTimeScale extends (defaultHorzScaleBehavior() as new () => IHorzScaleBehavior<Time>) {
  /// Whose clock the axis shows; dated bars (daily and longer) are UTC dates.
  zone: ExchangeTime = exchange_time("UTC");

  override fillWeightsForPoints(points: readonly MutablePoint[], from: number): void {
    const local = (index: number) => this.zone.local(points[index]!.originalTime as number);
    let before = from > 0 ? local(from - 1) : undefined;
    for (let i = from; i < points.length; i++) {
      const now = local(i);
      points[i]!.timeWeight = (before ? tick_weight(before, now) : weight.day) as TimeScalePoint["timeWeight"];
      before = now;
    }
  }
}

/// Label of an axis tick.
export function tick_text(zone: ExchangeTime, epoch_s: number, type: TickMarkType): string {
  const date = zone.local(epoch_s);
  switch (type) {
    case TickMarkType.Year: return String(date.getUTCFullYear());
    case TickMarkType.Month: return month_name(date);
    case TickMarkType.DayOfMonth: return String(date.getUTCDate());
    case TickMarkType.TimeWithSeconds: return clock_text(date, true);
    default: return clock_text(date);
  }
}

/// Label of the crosshair's time.
export function crosshair_text(zone: ExchangeTime, epoch_s: number, dated: boolean): string {
  const date = zone.local(epoch_s);
  return dated ? date_text(date) : `${date_text(date)}  ${clock_text(date)}`;
}
