import type { Quote } from "../api/types";
import { is_number } from "./price_format";

/// Which symbol a terminal begins with that has shown none yet: one whose price
/// moves now, else one that has a price at all.

/// A symbol that no feed carries comes without a price.
export function is_priced(quote: Quote): boolean {
  return is_number(quote.last ?? quote.price);
}

const is_open = (quote: Quote) => is_priced(quote) && quote.stale !== true && quote.market_state !== undefined && quote.market_state !== "closed";

/// @return the first of `symbols` that is traded now; undefined for none.
export function traded_now(symbols: readonly string[], quotes: readonly Quote[]): string | undefined {
  return first(symbols, quotes, is_open);
}

/// @return the first of `symbols` with a price; undefined for none.
export function priced(symbols: readonly string[], quotes: readonly Quote[]): string | undefined {
  return first(symbols, quotes, is_priced);
}

function first(symbols: readonly string[], quotes: readonly Quote[], fits: (quote: Quote) => boolean): string | undefined {
  const fitting = new Set(quotes.filter(fits).map(({ symbol }) => symbol));
  return symbols.find((symbol) => fitting.has(symbol));
}
