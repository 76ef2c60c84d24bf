#pragma once

// Answers questions for bars: stored ones, longer ones built from stored ones,
// and the live ones at the end, joined without hole or overlap.

#include "actors/market/bar_builder.hpp"
#include "actors/market/feed_source.hpp"
#include "actors/market/symbol_types.hpp"
#include "actors/model/instrument.hpp"

#include <memory>
#include <span>
#include <vector>

namespace tt::market {

/// Shorter bars that one request may read to build longer ones. At the limit the
/// answer is shorter than asked; 3 million minutes are 5.7 years of a 24-hour market.
inline constexpr std::size_t max_parts_per_request = 3'000'000;
/// Shorter bars read at a time, so that memory stays small.
inline constexpr std::size_t parts_per_read = 50'000;

/// What a symbol has built from ticks, and how far its market has come.
struct live_bars {
  std::span<const bar> closed;   ///< minute bars of all hours, ascending
  const bar* forming = nullptr;  ///< the minute bar under way, if any
  utc_time market_time{};        ///< nothing after this moment is ever shown
};

/// The bars of a request by the API's rules:
/// - `to` is exclusive. For day and longer bars a `to` of 00:00 UTC means that
///   date; any other `to` means the trading day it lies in, so that the bar of an
///   overnight session under way is included.
/// - `countback` outranks `from`; closed hours don't count.
/// - the newest `limit` are kept; stamps are strictly ascending.
/// - the bar that contains the market time is built up to that time and comes last.
/// - `previous` is set only when there is no bar in the range but an older one.
/// The first of `sources` that knows the symbol is read. A stored timeframe is
/// preferred to one built from shorter bars, which fill in before and after it.
/// Errors: out_of_range when `to` <= `from` without countback, or neither is
/// given; those of the source.
result<history_reply> compose_history(const instrument& what, std::span<const std::shared_ptr<const history_source>> sources,
                                      const live_bars& live, const history_request& request);

} // namespace tt::market
