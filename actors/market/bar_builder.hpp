#pragma once

// Bars of one series built from ticks, and longer bars built from shorter ones.
// Boundaries come from the exchange's calendar; nothing here asks a clock.

#include "actors/model/instrument.hpp"
#include "actors/model/market_data.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace tt::market {

/// The part of a tick that makes bars.
struct price_event {
  utc_time ts;
  price px;
  quantity size;
};

/// What `t` says about the price on that basis: a print for price_basis::trade;
/// the bid, or the middle of a two-sided quote, otherwise. A market without a
/// tape counts each quote as a volume of 1 ("tick volume"). Nothing when the tick
/// says nothing about it.
std::optional<price_event> price_of(const tick& t, price_basis basis);

/// One bar series (timeframe and session hours) of one instrument. Ticks outside
/// the hours belong to no bar; ticks older than the bar under way are counted and
/// left out. Not thread-safe: one owner.
class bar_builder {
public:
  bar_builder(std::shared_ptr<const instrument> what, timeframe frame, session_hours hours);

  /// Goes on with a bar that history has begun; replaces the bar under way.
  /// `forming.open_time` is its stamp.
  void seed(const bar& forming);
  /// Takes a tick. Bars that it finishes are appended to `closed`. Returns whether
  /// the bar under way changed.
  bool on_tick(const tick& t, std::vector<bar>& closed);
  /// Moves the time on: a bar whose span ended at or before `t` is closed.
  void advance(utc_time t, std::vector<bar>& closed);

  /// The bar under way, if any.
  [[nodiscard]] const std::optional<bar>& forming() const { return forming_; }
  /// The bar under way, or the last one that was closed.
  [[nodiscard]] const std::optional<bar>& newest() const { return forming_ ? forming_ : last_closed_; }
  [[nodiscard]] std::uint64_t late_ticks() const { return late_ticks_; }

private:
  bool enter(utc_time t, std::vector<bar>& closed);

  std::shared_ptr<const instrument> what_;
  timeframe frame_;
  session_hours hours_;
  std::optional<bar> forming_;
  std::optional<bar> last_closed_;
  bar_span span_{};                ///< of the bar under way, or the last one
  time_span today_{};              ///< the hours in which the last tick lay
  utc_time silent_until_{};        ///< no bar begins before this moment
  std::uint64_t late_ticks_ = 0;
};

/// Takes bars into the bar under way: opening of the first, extremes, close of
/// the last, sum of volumes.
void merge_into(bar& whole, const bar& part);

/// Builds bars of a longer `frame` from shorter ones in one pass. `shorter` are in
/// ascending order and of one timeframe that divides `frame`: minute bars (those
/// outside the hours are skipped) or daily ones (stamped 00:00 UTC) for weeks and
/// months. Bars of nothing are left out. The last bar may be unfinished.
std::vector<bar> aggregate(std::span<const bar> shorter, timeframe shorter_frame, timeframe frame, session_hours hours,
                           const exchange_calendar& calendar);

} // namespace tt::market
