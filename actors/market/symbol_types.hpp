#pragma once

// What a symbol knows and says: snapshots, history, live updates. Plain values;
// the actors and the gateway exchange them.

#include "actors/model/market_data.hpp"
#include "actors/model/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tt::market {

/// Whether a symbol's feed has kept its expected cadence.
enum class freshness : std::uint8_t { waiting, fresh, stale };

/// Everything the API's `Quote` shows. Absent fields are not known (yet); a price
/// is never made up. Open, high, low and volume are those of the regular hours of
/// the current trading day (before the opening: of the last one).
struct quote_snapshot {
  std::string symbol;
  utc_time ts{};                    ///< time of the newest tick
  std::optional<price> bid, ask;
  std::optional<quantity> bid_size, ask_size;
  std::optional<price> last;        ///< newest trade; the price basis where there is no tape
  std::optional<quantity> last_size;
  quantity volume;                  ///< of the trading day
  std::optional<price> open, high, low;
  std::optional<price> prev_close;  ///< close of the last finished trading day
  std::string source;               ///< label of the feed
  freshness state = freshness::waiting;
  market_state market = market_state::closed;
  std::uint64_t seq = 0;            ///< +1 with every tick of the symbol

  bool operator==(const quote_snapshot&) const = default;
};

/// Asks for bars. `to` is exclusive. With `countback` > 0 the newest `countback`
/// bars before `to` are meant, wherever they lie, and `from` is not looked at.
struct history_request {
  std::string symbol;
  timeframe frame;
  session_hours hours = session_hours::regular;
  std::optional<utc_time> from;
  utc_time to{};
  std::uint32_t countback = 0;
  std::uint32_t limit = 20'000; ///< newest kept

  bool operator==(const history_request&) const = default;
};

/// Bars in strictly ascending order; the last one may still be forming.
struct history_reply {
  std::shared_ptr<const std::vector<bar>> bars; ///< never null
  /// Stamp of the newest bar before `from`, when `bars` is empty and there is one.
  std::optional<utc_time> previous;
  bool last_is_forming = false;
};

/// A live topic of one symbol.
enum class topic_kind : std::uint8_t { quotes, trades, bars };

/// `frame` and `hours` count for bars only.
struct topic {
  topic_kind kind = topic_kind::quotes;
  std::string symbol;
  timeframe frame;
  session_hours hours = session_hours::regular;

  auto operator<=>(const topic&) const = default;
};

/// Whether a bar can still change.
enum class bar_state : std::uint8_t { forming, closed };

/// One print with its place in the symbol's sequence (+1 per trade).
struct trade_update {
  std::string symbol;
  trade_tick trade;
  std::uint64_t seq = 0;

  bool operator==(const trade_update&) const = default;
};

/// The newest state of one bar series.
struct bar_update {
  std::string symbol;
  timeframe frame;
  session_hours hours = session_hours::regular;
  bar data;
  bar_state state = bar_state::forming;
  std::uint64_t seq = 0; ///< +1 per update of this series

  bool operator==(const bar_update&) const = default;
};

/// What subscribers receive.
using market_update = std::variant<quote_snapshot, trade_update, bar_update>;

/// Health of one feed, for /health and metrics.
struct feed_status {
  std::string name;  ///< as configured
  std::string label; ///< "replay", "sim"
  /// "starting", "live", "finished", "failed"
  std::string state;
  utc_time since{};
  std::optional<utc_time> last_event; ///< market time of the newest event
  std::uint64_t events = 0;
  std::uint32_t stale_symbols = 0;
  std::string detail; ///< why it failed
  /// Market time that it has reached; empty before it begins.
  std::optional<utc_time> market_time;

  bool operator==(const feed_status&) const = default;
};

} // namespace tt::market
