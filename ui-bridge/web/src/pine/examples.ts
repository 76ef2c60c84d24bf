/// Scripts to start from. Each compiles without warnings; the E2E test checks
/// that with the node's compiler.

export interface Example {
  name: string;
  source: string;
}

export const examples: readonly Example[] = [
  {
    name: "momentum",
    source: `//@version=6
strategy("Momentum", overlay = true, default_qty_type = strategy.percent_of_equity, default_qty_value = 10)

length    = input.int(20, "Length", minval = 2, maxval = 200)
threshold = input.float(1.5, "Threshold %", minval = 0.1, step = 0.1)

change = ta.roc(close, length)

if ta.crossover(change, threshold)
    strategy.entry("Long", strategy.long)
if ta.crossunder(change, 0)
    strategy.close("Long")
`,
  },
  {
    name: "ma-cross",
    source: `//@version=6
strategy("Two averages", overlay = true)

fast_length = input.int(9, "Fast", minval = 1)
slow_length = input.int(21, "Slow", minval = 2)

fast = ta.ema(close, fast_length)
slow = ta.ema(close, slow_length)
plot(fast, "Fast", color.orange)
plot(slow, "Slow", color.blue)

if ta.crossover(fast, slow)
    strategy.entry("Long", strategy.long)
if ta.crossunder(fast, slow)
    strategy.entry("Short", strategy.short)
`,
  },
  {
    name: "rsi-reversal",
    source: `//@version=6
strategy("RSI reversal", default_qty_type = strategy.percent_of_equity, default_qty_value = 20)

length = input.int(14, "RSI length", minval = 2)
lower  = input.float(30, "Buy below", minval = 1, maxval = 50)
upper  = input.float(60, "Sell above", minval = 50, maxval = 99)
stop_atr = input.float(2.0, "Stop in ATR", minval = 0.5, step = 0.5)

rsi = ta.rsi(close, length)
atr = ta.atr(14)
plot(rsi, "RSI")

if ta.crossover(rsi, lower)
    strategy.entry("Long", strategy.long)
    strategy.exit("Stop", "Long", stop = close - stop_atr * atr)
if rsi > upper
    strategy.close("Long")
`,
  },
  {
    name: "breakout",
    source: `//@version=5
strategy("Breakout", overlay = true)

length = input.int(20, "Channel length", minval = 2)
top    = ta.highest(high, length)[1]
bottom = ta.lowest(low, length)[1]
plot(top, "Top")
plot(bottom, "Bottom")

if close > top
    strategy.entry("Long", strategy.long)
if close < bottom
    strategy.close("Long")
`,
  },
  {
    name: "vwap-indicator",
    source: `//@version=6
indicator("Distance from VWAP")

length = input.int(50, "Smoothing", minval = 1)
distance = (close - ta.vwap) / ta.vwap * 100
plot(distance, "Distance %")
plot(ta.sma(distance, length), "Average", color.gray)
hline(0)
`,
  },
];

export const empty_script = `//@version=6
strategy("New strategy", overlay = true)

`;
