/// A trade or another event to look at in a chart.
export interface ChartPlace {
  symbol: string;
  /// Spelling of the API; absent = the chart's own.
  timeframe?: string;
  /// Epoch seconds.
  at: number;
  marks: readonly ChartMark[];
}

export interface ChartMark {
  /// Epoch seconds.
  at: number;
  kind: "buy" | "sell";
  text: string;
}

/// A price that stands in the chart: a working order, a position's average.
export interface ChartLine {
  price: number;
  kind: "buy" | "sell" | "position";
  text: string;
}
