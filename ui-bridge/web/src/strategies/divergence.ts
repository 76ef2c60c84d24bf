/// Why a trade of the account is not the backtest's, in words.

const causes: Record<string, string> = {
  none: "same", slippage: "slippage", fees: "fees", late: "late", partial: "partial fill", refused: "refused", not_sent: "not sent", not_expected: "not in the backtest",
  latency: "filled later", not_filled: "not filled", other_bars: "other prices", missing_data: "bars are missing",
};

/// A cause of a newer node is shown by its own name.
export const cause_text = (cause: string): string => causes[cause] ?? cause.replaceAll("_", " ");
