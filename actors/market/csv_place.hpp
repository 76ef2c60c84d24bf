#pragma once

// Where a recorded bar belongs. Recordings stamp bars with their opening; daily
// ones come stamped at 09:30, at midnight or with a bare date.

#include "actors/model/calendar.hpp"

namespace tt::market {

/// Whether the calendar knows trading at that time.
enum class recorded_place : std::uint8_t { on_calendar, off_calendar };

/// The bar of `frame` that a recorded bar with row time `row_time` is.
struct recorded_span {
  /// `stamp`: the row time for intraday bars, 00:00 UTC of the (first) trading day
  /// for longer ones. [open, close): the time its prices happened in; an intraday
  /// bar ends with its session, a daily one covers the regular hours.
  bar_span span;
  /// off_calendar: outside the extended hours or on a closed day, so the span is
  /// the plain length of the timeframe.
  recorded_place place = recorded_place::on_calendar;
};

/// Intraday rows keep their time, also when it isn't on the session's grid. For
/// longer frames a row at 00:00 UTC means that date; any other one the trading
/// day whose hours hold it, or else the date at the venue's place.
recorded_span place_recorded_bar(utc_time row_time, timeframe frame, const exchange_calendar& calendar);

/// Whether an intraday bar of `frame` may begin at `t`: on the grid of the session
/// (regular or extended), or on that of the clock (UTC or local), where many vendors
/// cut their hours. Always true for days and longer.
bool begins_bar(utc_time t, timeframe frame, const exchange_calendar& calendar);

} // namespace tt::market
