#pragma once

// How a bar without ticks becomes ticks again. The path is a documented
// convention, not a claim about what happened: it touches open, high, low and
// close exactly, in TradingView's assumed order, so the bar built from the ticks
// is the bar they came from.

#include "actors/model/instrument.hpp"
#include "actors/model/market_data.hpp"

#include <cstdint>
#include <vector>

namespace tt::market {

/// The four-point path used for recordings: open, then the extreme nearer to the
/// open (the high on a tie), then the other extreme, then close, at 0, 1/4 and
/// 1/2 of the bar's `length` and 1 ms before its end. Volume is split into four
/// parts on the lot grid with the rest on the last print. Points that repeat the
/// price before them are merged into it, so a bar that never moved is one print
/// of its whole volume. Appends to `out` in time order; the prints rebuild the
/// bar exactly, volume included. Requires a consistent bar and length > 0.
void append_tick_path(const bar& source, nanoseconds length, const instrument& what, std::vector<trade_tick>& out);

} // namespace tt::market
