#pragma once

// What a market says: trades, quotes, bars.

#include "actors/model/quantities.hpp"
#include "actors/model/time.hpp"
#include "actors/model/timeframe.hpp"

#include <string>
#include <variant>
#include <vector>

namespace tt {

/// Who crossed the spread, where the venue says so.
enum class aggressor : std::uint8_t { unknown, buyer, seller };

/// One print on the tape.
struct trade_tick {
  utc_time ts;
  price px;
  quantity size;
  aggressor side = aggressor::unknown;

  bool operator==(const trade_tick&) const = default;
};

/// Best bid and offer. A missing side has size 0 and price 0.
struct quote_tick {
  utc_time ts;
  price bid;
  price ask;
  quantity bid_size;
  quantity ask_size;

  bool operator==(const quote_tick&) const = default;
};

/// One event of a feed.
using tick = std::variant<trade_tick, quote_tick>;

inline utc_time timestamp_of(const tick& t) {
  return std::visit([](const auto& x) { return x.ts; }, t);
}

/// Open, high, low, close and volume of one span of time. `open_time` is the
/// moment the bar begins; daily and longer bars carry 00:00 UTC of their (first)
/// trading day instead.
struct bar {
  utc_time open_time;
  price open;
  price high;
  price low;
  price close;
  quantity volume;

  bool operator==(const bar&) const = default;

  /// low <= open, close <= high and volume >= 0.
  [[nodiscard]] bool is_consistent() const {
    return low <= open && low <= close && open <= high && close <= high && !volume.value().is_negative();
  }
};

/// Which hours a bar series covers.
enum class session_hours : std::uint8_t { regular, extended };

/// "regular" or "extended".
std::string_view to_string(session_hours hours) noexcept;
/// Errors: invalid_argument.
result<session_hours> parse_session_hours(std::string_view text);

/// Where a market is in its day.
enum class market_state : std::uint8_t { closed, pre, regular, post };

/// "closed", "pre", "regular", "post".
std::string_view to_string(market_state state) noexcept;

} // namespace tt
