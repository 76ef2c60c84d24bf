#pragma once

// How a client's `to` becomes the bound that the market understands; shared by
// /udf/history and /api/v1/bars.

#include "actors/model/instrument.hpp"

namespace tt::gateway {

/// Most bars of one answer; the newest are kept.
inline constexpr std::uint32_t max_history_bars = 20'000;

/// Exclusive bound on bar stamps for a client's exclusive `to`. Day and longer bars
/// are stamped 00:00 UTC of their trading day, and an overnight session begins on
/// the evening before: at 18:30 in Chicago the forming daily bar is dated tomorrow.
/// So for these frames a `to` within a session admits the bar of its trading day.
/// A `to` of exactly 00:00 UTC is somebody's bar stamp (paging backwards) and
/// stays exclusive.
utc_time history_bound(const instrument& what, timeframe frame, session_hours hours, utc_time to);

} // namespace tt::gateway
