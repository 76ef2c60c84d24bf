#pragma once

// Answers to "give me bars": stored, joined and live ones put together by the
// rules of the API. Pure; the market's time is an argument.

#include "actors/market/history_layers.hpp"
#include "actors/market/symbol_types.hpp"

namespace tt::market {

/// Live bars of the series that is asked for, as its builder made them.
struct live_bars {
  std::span<const bar> closed; ///< ascending
  std::optional<bar> forming;
  /// Live bars that began earlier may lack ticks: stored ones go before them.
  utc_time complete_from = utc_time::min();
};

/// Most bars of one reply, whatever the request says.
inline constexpr std::size_t max_history_bars = 20'000;

/// History of one instrument. Single-threaded.
class history_book {
public:
  /// `sources` in the order in which they are believed.
  history_book(instrument what, std::vector<std::shared_ptr<const history_source>> sources)
      : layers_(std::move(what), std::move(sources)) {}

  /// Answers the request as of `market_time`: no bar that begins later, no stored
  /// bar that ends later. The rules:
  /// - bars have stamps in [from, to); for days and longer, `from` counts as its
  ///   trading day, and a bar is also in when its session opens before `to` (an
  ///   overnight session belongs to the next day), unless `to` is 00:00 UTC, which
  ///   means that day's stamp;
  /// - `countback` outranks `from`: the newest so many bars before `to`;
  /// - the newest `limit` (max_history_bars at most) are kept, strictly ascending;
  /// - live bars go before stored ones of the same stamp, the forming bar is last;
  /// - `previous` is set only when nothing was found and an older bar exists.
  /// Errors: io_error, corrupt_data.
  [[nodiscard]] result<history_reply> answer(const history_request& request, utc_time market_time,
                                             const live_bars& live = {}) const;

  /// What stored bars tell of the bar that is under way at `market_time`, to seed
  /// its builder with; nothing when they tell nothing. Errors: io_error, corrupt_data.
  [[nodiscard]] result<std::optional<bar>> so_far(timeframe frame, session_hours hours,
                                                  utc_time market_time) const;

private:
  [[nodiscard]] utc_time first_stamp(const history_request& request) const;
  [[nodiscard]] utc_time end_of_stamps(const history_request& request) const;
  [[nodiscard]] result<std::vector<bar>> collect(const history_request& request, const bar_window& window,
                                                 utc_time market_time, const live_bars& live) const;

  history_layers layers_;
};

} // namespace tt::market
