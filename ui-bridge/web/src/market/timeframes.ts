/// The timeframes of the terminal and their spellings.

export interface Timeframe {
  /// Spelling of the API and the stream.
  id: string;
  label: string;
  /// Spelling of UDF.
  udf: string;
  /// Shortest distance between the opens of two neighbouring bars.
  seconds: number;
  /// Daily and longer bars are dated 00:00 UTC of their trading day.
  dated: boolean;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

export const timeframes: readonly Timeframe[] = [
  { id: "1m", label: "1m", udf: "1", seconds: minute, dated: false },
  { id: "3m", label: "3m", udf: "3", seconds: 3 * minute, dated: false },
  { id: "5m", label: "5m", udf: "5", seconds: 5 * minute, dated: false },
  { id: "15m", label: "15m", udf: "15", seconds: 15 * minute, dated: false },
  { id: "30m", label: "30m", udf: "30", seconds: 30 * minute, dated: false },
  { id: "1h", label: "1h", udf: "60", seconds: hour, dated: false },
  { id: "2h", label: "2h", udf: "120", seconds: 2 * hour, dated: false },
  { id: "4h", label: "4h", udf: "240", seconds: 4 * hour, dated: false },
  { id: "1d", label: "1D", udf: "1D", seconds: day, dated: true },
  { id: "1w", label: "1W", udf: "1W", seconds: 7 * day, dated: true },
  { id: "1M", label: "1M", udf: "1M", seconds: 28 * day, dated: true },
];

export const default_timeframe = timeframes[2]!;

export function timeframe_of(id: string | undefined): Timeframe {
  return timeframes.find((timeframe) => timeframe.id === id) ?? default_timeframe;
}

/// The neighbour to the left (-1) or right (+1), staying at the ends.
export function neighbour(timeframe: Timeframe, step: -1 | 1): Timeframe {
  const index = timeframes.indexOf(timeframe) + step;
  return timeframes[Math.min(Math.max(index, 0), timeframes.length - 1)]!;
}
