#pragma once

// The simulated exchange itself: a market that is a pure function of (seed,
// symbol, time). Nothing depends on when one begins to look, so a node that was
// restarted, or another machine, sees the same market, and history and live
// ticks agree to the last lot.
//
// From large to small:
//   levels     a log price per day and symbol: anchor + slow trend + beta × shared
//              factors + own walk, all with volatility and drift regimes
//   session    opens after a gap (the longer closed, the larger) and bridges to its
//              close; minutes share factor shocks, so SPY moves while ES1! moves
//   minutes    open, high, low, close on the tick grid, volume in lots
//   events     quotes and prints that rebuild their minute exactly
//
// Random numbers are counter-based (sim_math.hpp) and everything is integer, so
// the same seed gives the same bytes on every machine. Thread-safe.

#include "actors/market/sim_levels.hpp"
#include "actors/market/sim_profiles.hpp"
#include "actors/market/sim_shape.hpp"
#include "actors/model/instrument.hpp"
#include "actors/model/market_data.hpp"
#include "actors/model/result.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::market::sim {

/// What a simulated exchange is made from.
struct exchange_config {
  /// The default's prices of 2025 to 2027 lie near the anchors of the profiles.
  std::uint64_t seed = 7;
  /// First day of history. 1990-01-01 .. 2100-01-01.
  civil_date epoch = civil_date::of(2015, 1, 2);
  /// What is traded; calendars must be set. Order is symbol order.
  std::vector<instrument> instruments;
  /// Replace the built-in profile of the same symbol.
  std::vector<profile> profiles;
  /// Prints per minute in percent of the profiles'. 1..1000. Bars don't depend on
  /// it, but for the volume of symbols without a tape, which counts quotes.
  std::uint32_t trades_percent = 100;
};

/// One minute in ticks and lots (where there is no tape: number of quotes, as bars
/// of quotes count them). Without lots nothing traded, so there is no bar; the
/// prices then say where the market stood.
struct minute {
  std::int64_t open = 0, high = 0, low = 0, close = 0;
  std::int64_t lots = 0;

  bool operator==(const minute&) const = default;
};

/// Consecutive minutes as one; without lots when none of them has any.
minute join(std::span<const minute> minutes);

/// One trading day of one symbol, all hours.
struct session {
  std::uint32_t symbol = 0;
  trading_day hours;
  std::uint32_t regime = 256; ///< volatility multiplier in Q8
  std::int64_t prints_per_lot_q48 = 0;
  std::shared_ptr<const seasonality> shape;
  std::vector<minute> minutes; ///< from hours.extended.open

  /// Working memory of the exchange: what a minute is drawn from.
  struct step {
    log2_q32 walked = 0;      ///< sum of the shocks before it
    std::int64_t sigma = 0;   ///< its deviation, Q32
    std::uint64_t random = 0; ///< of the price path
    std::int32_t shock = 0;   ///< Q12
  };
  std::vector<step> steps; ///< one more than minutes

  [[nodiscard]] utc_time time_of(std::size_t index) const {
    return hours.extended.open + std::chrono::minutes{static_cast<std::int64_t>(index)};
  }
};

/// A quote or print in ticks and lots. `a` is the bid or the price, `b` the ask.
struct event {
  enum class kind : std::uint8_t { quote, buy, sell };

  utc_time ts;
  std::int64_t a = 0, b = 0;
  std::int64_t size_a = 0, size_b = 0;
  kind what = kind::quote;
};

class exchange {
public:
  /// Symbols of one market at most.
  static constexpr std::size_t max_symbols = 4096;
  /// Longest session, in minutes.
  static constexpr std::int64_t max_session_minutes = 2880;
  /// Outlines of sessions kept; beyond, the cache starts anew.
  static constexpr std::size_t max_outlines = 256;
  /// Prints of one minute at most.
  static constexpr std::int64_t max_prints_per_minute = 600;
  /// The last day there is: 2199-12-30.
  static constexpr civil_date last_day = civil_date::of(2199, 12, 30);

  /// Errors: invalid_argument or out_of_range naming the field: a symbol that
  /// stands twice, no calendar, tick or lot not positive or above 10^6, values
  /// outside the ranges of exchange_config and profile.
  static result<std::shared_ptr<const exchange>> make(exchange_config config);

  [[nodiscard]] std::span<const std::string> symbols() const { return names_; }
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view symbol) const;
  [[nodiscard]] const instrument& instrument_of(std::uint32_t symbol) const { return lines_[symbol].what; }
  [[nodiscard]] const profile& profile_of(std::uint32_t symbol) const { return lines_[symbol].traits; }
  [[nodiscard]] civil_date epoch() const { return epoch_; }

  /// Which part of a session's minutes is wanted. The others stay zero.
  enum class part : std::uint8_t { all, regular };

  /// The session of that day; nothing when closed, before the epoch or after last_day.
  [[nodiscard]] std::optional<session> session_of(std::uint32_t symbol, civil_date day,
                                                  part wanted = part::all) const;
  /// As above into an existing object, whose memory is used again.
  bool fill_session(std::uint32_t symbol, const trading_day& hours, part wanted, session& out) const;
  /// The first session day on or after `day`.
  [[nodiscard]] std::optional<trading_day> session_on_or_after(std::uint32_t symbol, civil_date day) const;
  /// The last session day on or before `day`.
  [[nodiscard]] std::optional<trading_day> session_on_or_before(std::uint32_t symbol, civil_date day) const;

  /// Appends the quotes and prints of minute `index`, oldest first. The first one
  /// is a quote; prints are at the bid or ask of the quote before them. Where there
  /// is no tape the bids (or mids) rebuild the minute instead.
  void append_events(const session& s, std::size_t index, std::vector<event>& out) const;

  /// Price of `ticks` and quantity of `lots` of that symbol.
  [[nodiscard]] price price_of(std::uint32_t symbol, std::int64_t ticks) const {
    return price{decimal::from_raw(static_cast<int128>(ticks) * lines_[symbol].tick_raw)};
  }
  [[nodiscard]] quantity quantity_of(std::uint32_t symbol, std::int64_t lots) const {
    return quantity{decimal::from_raw(static_cast<int128>(lots) * lines_[symbol].lot_raw)};
  }
  /// The minute as bar.
  [[nodiscard]] bar bar_of(std::uint32_t symbol, utc_time stamp, const minute& m) const;

private:
  /// Everything about one symbol that doesn't change.
  struct line {
    instrument what;
    profile traits;
    std::int64_t tick_raw = 1, lot_raw = 1;
    log2_q32 anchor = 0; ///< of the price in ticks
    std::int64_t trend_per_day = 0;
    std::size_t walk = 0;
    std::uint64_t path_key = 0; ///< shared with path_of
    std::uint64_t volume_key = 0;
    std::uint64_t event_key = 0;
    std::int64_t daily_lots = 1;
    std::int64_t quote_lots = 1;
  };
  /// Numbers of one session before its minutes are drawn.
  struct plan {
    log2_q32 open = 0;                                ///< of the price in ticks
    log2_q32 change = 0;                              ///< from open to close
    log2_q32 news = 0;                                ///< part of the change that comes within minutes
    std::int64_t sigma = 0;                           ///< of the session, Q32
    std::array<std::int64_t, factor_count> weights{}; ///< of the factors in a minute's shock, Q12
    std::int64_t own_weight = 0;
    std::int64_t lots = 0; ///< expected volume of a full session
  };

  explicit exchange(const exchange_config& config);
  static result<line> make_line(const exchange_config& config, const instrument& what);

  [[nodiscard]] log2_q32 mean_level(const line& l, civil_date day) const;
  [[nodiscard]] plan make_plan(const line& l, const trading_day& hours, std::uint32_t& regime) const;
  void draw_path(const line& l, const plan& p, session& s) const;
  void draw_minutes(const line& l, const plan& p, part wanted, session& s) const;
  [[nodiscard]] std::int64_t draw_lots(const line& l, const plan& p, const session& s, std::size_t index,
                                       std::uint64_t random) const;
  [[nodiscard]] std::shared_ptr<const seasonality> shape_of(const line& l, const trading_day& hours) const;
  [[nodiscard]] std::int64_t wanted_prints(const line& l, const session& s, std::int64_t lots) const;
  [[nodiscard]] std::int64_t prints_of(const line& l, const session& s, const minute& m) const;
  [[nodiscard]] std::int64_t spread_of(const line& l, const session& s, std::size_t index) const;

  std::uint64_t minute_key_; ///< of the factors' shocks per minute
  std::uint64_t gap_key_;
  civil_date epoch_;
  std::uint32_t trades_percent_;
  level_book levels_;
  std::vector<line> lines_;
  std::vector<std::string> names_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  mutable std::mutex shapes_mutex_;
  mutable std::map<session_outline, std::shared_ptr<const seasonality>> shapes_;
};

} // namespace tt::market::sim
