#pragma once

// Bars out of ticks, and longer bars out of shorter ones. Both place what they
// are given by the exchange calendar, so daily bars follow the session and not
// midnight. Pure; time is an argument.

#include "actors/model/instrument.hpp"
#include "actors/model/market_data.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace tt::market {

/// Finds the bar of one series that a moment belongs to, and remembers the
/// session and bar it found last: neighbours cost two comparisons.
class bar_placer {
public:
  bar_placer(std::shared_ptr<const exchange_calendar> calendar, timeframe frame, session_hours hours);

  /// The bar that takes a tick at `t`, or a shorter intraday bar that begins at
  /// `t`; null outside the hours. Valid until the next call.
  const bar_span* at(utc_time t);
  /// The bar that takes the daily bar stamped `stamp`; null on closed days and
  /// for intraday series. Valid until the next call.
  const bar_span* of_day(utc_time stamp);

  [[nodiscard]] timeframe frame() const { return frame_; }
  [[nodiscard]] session_hours hours() const { return hours_; }
  [[nodiscard]] const exchange_calendar& calendar() const { return *calendar_; }

private:
  std::shared_ptr<const exchange_calendar> calendar_;
  timeframe frame_;
  session_hours hours_;
  time_span session_{}; // hours of the trading day looked up last
  time_span idle_{};    // known to lie outside the hours
  bar_span span_{};
};

/// What makes one price of a bar.
struct price_print {
  utc_time ts;
  price px;
  quantity size;
};

/// The print behind a tick, by the instrument's price basis. A trade is a print
/// of its size whatever the basis (a market without a tape has none, except in
/// recordings of bars). A quote makes prints only where the basis is bid or mid:
/// its bid, or the middle of a two-sided quote, with size 1, so that the volume
/// of such bars counts ticks. Nothing for any other tick.
std::optional<price_print> print_of(const tick& t, price_basis basis);

/// What a tick did to the forming bar.
enum class bar_change : std::uint8_t { none, updated, opened };

/// Outcome of one event: at most one bar ends, at most one changes.
struct bar_step {
  std::optional<bar> closed;
  bar_change change = bar_change::none;
};

/// Builds one series of bars from the ticks of one instrument.
class bar_builder {
public:
  /// Requires what.calendar.
  bar_builder(const instrument& what, timeframe frame, session_hours hours);

  /// Takes the next tick. One older than the forming bar (or than the last closed
  /// one) is counted and otherwise ignored; within the forming bar the order of
  /// arrival counts.
  bar_step on_tick(const tick& t);
  /// Tells the time: a bar whose span has ended by `now` is closed and returned.
  std::optional<bar> advance(utc_time now);
  /// Begins with what is known of the current bar from elsewhere (stored shorter
  /// bars). Returns whether it was taken: not when a bar is forming, when `so_far`
  /// is not one of this series or has been closed already.
  bool seed(const bar& so_far);

  /// The bar that is being built.
  [[nodiscard]] const std::optional<bar>& forming() const { return forming_; }
  /// Its place in time. Requires forming().
  [[nodiscard]] const bar_span& forming_span() const { return span_; }
  [[nodiscard]] timeframe frame() const { return placer_.frame(); }
  [[nodiscard]] session_hours hours() const { return placer_.hours(); }

  /// Ticks counted so far, each in one of the four.
  struct counters {
    std::uint64_t used = 0;     ///< became part of a bar
    std::uint64_t no_price = 0; ///< make no price on this basis
    std::uint64_t outside = 0;  ///< outside the session hours
    std::uint64_t late = 0;     ///< older than the forming bar

    bool operator==(const counters&) const = default;
  };
  [[nodiscard]] const counters& counts() const { return counts_; }

private:
  bar_placer placer_;
  price_basis basis_;
  std::optional<bar> forming_;
  bar_span span_{};
  utc_time late_before_ = utc_time::min(); // opening of the forming bar, closing of the last closed one
  counters counts_;
};

/// Joins the ascending bars of one series into those of a longer one. Bars
/// outside the hours are left out. The base must fit: intraday bars join into
/// any longer frame whose boundaries they don't straddle, daily bars into weeks
/// and months (see can_aggregate).
class bar_aggregator {
public:
  bar_aggregator(timeframe base, timeframe frame, session_hours hours,
                 std::shared_ptr<const exchange_calendar> calendar);

  /// Takes the next base bar; appends to `out` the joined bar that it ends.
  void add(const bar& b, std::vector<bar>& out);
  /// Appends what has been joined last, complete or not.
  void finish(std::vector<bar>& out);

private:
  bar_placer placer_;
  bool daily_base_;
  std::optional<bar> joined_;
};

/// All of `base` joined. Whether first and last are complete is the caller's
/// business: they hold what `base` holds of them.
std::vector<bar> aggregate(std::span<const bar> base, timeframe base_frame, timeframe frame,
                           session_hours hours, const std::shared_ptr<const exchange_calendar>& calendar);

/// Whether bars of `base` add up to bars of `frame` over these hours at this
/// venue: intraday to longer intraday by whole multiples; intraday to days and
/// longer; days to longer ones of days, weeks and months. Stored intraday bars
/// cover the extended hours and are aligned to their opening, so they serve the
/// regular hours only when the pre-market is a whole number of them long (30m of
/// a 09:30 session that opens at 04:00 fit, 1h don't).
bool can_aggregate(timeframe base, timeframe frame, session_hours hours, const exchange_calendar& calendar);

} // namespace tt::market
