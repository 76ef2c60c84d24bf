#pragma once

// The rules by which a price path meets resting orders, for any number type: the
// backtester's emulator (double on a grid) and the paper broker (decimals) share them.

#include <array>

namespace tt::fills {

/// Whether a bar is taken to reach its high first: the extreme nearer to the open comes
/// first, the low where both are as near (TradingView manual: strategies, "Broker emulator").
template <class Price>
constexpr bool high_first(Price open, Price high, Price low) {
  return high - open < open - low;
}

/// The assumed path inside a bar: open, the nearer extreme, the other extreme, close.
template <class Price>
constexpr std::array<Price, 4> bar_path(Price open, Price high, Price low, Price close) {
  if (high_first(open, high, low)) return {open, high, low, close};
  return {open, low, high, close};
}

/// Whether a price has reached a stop: at it or beyond it.
template <class Price>
constexpr bool stop_met(Price stop, bool is_buy, Price at) {
  return is_buy ? at >= stop : at <= stop;
}

/// Whether a price is at a limit or better.
template <class Price>
constexpr bool limit_met(Price limit, bool is_buy, Price at) {
  return is_buy ? at <= limit : at >= limit;
}

/// The better of both for that side.
template <class Price>
constexpr Price better_of(Price a, Price b, bool is_buy) {
  return is_buy ? (a < b ? a : b) : (a > b ? a : b);
}

} // namespace tt::fills
