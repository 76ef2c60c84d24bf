#pragma once

// The one interface behind which every source of market data stands: recordings,
// the simulated exchange, and (later) brokers. Pure: a source is told the time
// and hands out events; threads, actors and clocks live in the feed actor.

#include "actors/model/market_data.hpp"
#include "actors/model/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::market {

/// One event of a source. `symbol` is an index into feed_source::symbols().
struct feed_event {
  std::uint32_t symbol = 0;
  tick data;

  bool operator==(const feed_event&) const = default;
};

/// What a source can say after a pull.
enum class pull_state : std::uint8_t {
  more,     ///< the limit was reached: further events up to `until` are waiting
  idle,     ///< everything up to `until` has been handed out; later events will come
  finished, ///< no event will ever come again
};

/// What a source has found wrong with its input so far.
struct source_report {
  std::uint64_t rows = 0;
  std::uint64_t bad_rows = 0;  ///< left out; `first_bad` says where and why, "" when there are none
  std::string first_bad;
  std::optional<error> failure; ///< why the input could not be read to its end
};

/// A deterministic producer of events in time order: the same construction gives
/// the same events, byte for byte, however the pulls are cut.
class feed_source {
public:
  virtual ~feed_source() = default;

  /// What clients see in `source`: "replay", "sim", "tradier".
  [[nodiscard]] virtual std::string_view label() const = 0;
  /// The symbols it speaks of; fixed for its life.
  [[nodiscard]] virtual std::span<const std::string> symbols() const = 0;
  /// Market time at which it begins: that of its first event, or earlier.
  [[nodiscard]] virtual utc_time start_time() const = 0;
  /// Appends to `out` the next events with timestamp <= `until`, at most `limit`
  /// of them, oldest first; events of one moment come in symbol order.
  virtual pull_state pull(utc_time until, std::size_t limit, std::vector<feed_event>& out) = 0;
  [[nodiscard]] virtual source_report report() const { return {}; }
};

/// Closed bars of the past, read on demand: the bar store, or a source that
/// knows its own history. Calls may come from several threads.
class history_source {
public:
  virtual ~history_source() = default;

  /// The timeframes that are stored (or made) as such for the symbol, shortest
  /// first; longer ones are built from these. Empty for an unknown symbol.
  [[nodiscard]] virtual std::vector<timeframe> timeframes(std::string_view symbol) const = 0;
  /// The bars of a stored timeframe whose stamp lies in [from, to), oldest first;
  /// when there are more than `limit`, the newest `limit` of them. Intraday bars
  /// of all hours (extended included); daily bars of the regular session.
  /// Errors: unknown_symbol, unsupported (timeframe not in timeframes()),
  /// io_error, corrupt_data.
  [[nodiscard]] virtual result<std::vector<bar>> bars(std::string_view symbol, timeframe frame, utc_time from,
                                                      utc_time to, std::size_t limit) const = 0;
};

} // namespace tt::market
