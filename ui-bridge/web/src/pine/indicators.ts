/// The indicators that the terminal brings: Pine files of this folder, computed
/// by the node's own engine like any script of the user's.

const files = import.meta.glob<string>("./indicators/*.pine", { query: "?raw", import: "default", eager: true });

export interface BuiltinIndicator {
  id: string;
  title: string;
  source: string;
}

const order = ["sma", "ema", "vwap", "bollinger", "rsi", "macd", "atr"];

export const indicators: readonly BuiltinIndicator[] = Object.entries(files)
  .map(([path, source]) => ({ id: path.replace(/^.*\/(\w+)\.pine$/, "$1"), title: title_of(source), source }))
  .sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));

/// "RSI" of indicator("RSI", …).
export function title_of(source: string): string {
  return /\b(?:indicator|strategy)\s*\(\s*(?:title\s*=\s*)?(["'])((?:(?!\1).)*)\1/.exec(source)?.[2] ?? "";
}
