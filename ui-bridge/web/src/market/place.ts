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
  kind: "buy" | "sell" | "alert" | "note";
  text: string;
  /// Where the kind leaves it open.
  place?: "above" | "below";
  color?: string;
}

/// A price that stands in the chart: a working order, a position's average, an
/// alert.
export interface ChartLine {
  price: number;
  kind: "buy" | "sell" | "position" | "alert";
  text: string;
  /// Of the order or the alert.
  id?: string;
  /// Which price of an order it is.
  field?: "price" | "stop_price";
  /// May be dragged to another price.
  movable?: boolean;
}
