#pragma once

// One look of one alert at one figure: whether it goes off, and what it remembers.

#include "actors/alerts/price/alert.hpp"

namespace tt::alerts {

/// Compares a figure (price, volume, RSI; the MACD histogram with level 0) with the level of the alert, remembers the
/// side, and says whether the alert goes off. `bar` is the stamp of the bar that the moment belongs to. The same figure
/// twice never makes a second trigger.
bool judge_level(alert& what, decimal figure, decimal level, utc_time bar);

/// The same for a condition that holds or not, without sides.
bool judge_state(alert& what, bool holds, utc_time bar);

/// A trigger, before it is acted upon.
struct trigger {
  alert* what = nullptr;
  decimal value;
  utc_time at{};
};

/// Books a trigger: count, time, value, state; pauses an alert that floods.
void book_trigger(alert& what, decimal value, utc_time at, utc_time bar);

/// What looks have brought.
struct evaluation {
  std::vector<trigger> triggers;
  std::vector<std::uint64_t> remembered; ///< numbers of alerts whose memory changed without a trigger
};

/// Looks through judge_level, and gathers what came of it.
void look_at_level(alert& what, decimal figure, decimal level, utc_time at, utc_time bar, evaluation& out);
void look_at_state(alert& what, bool holds, decimal value, utc_time at, utc_time bar, evaluation& out);

} // namespace tt::alerts
