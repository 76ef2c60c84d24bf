#pragma once

// Marks on the bars of a chart (own fills on paper, alerts that went off) and on its time
// scale (rolls, runs of strategies, emergency stops).

#include "gateways/rest/services.hpp"

#include <optional>

namespace tt::gateway {

/// Newest fills and alerts that one answer may show, and those of one bar (the library draws no more).
inline constexpr std::size_t max_marks = 500, max_marks_of_bar = 10;

/// What both kinds of marks are asked for.
struct mark_question {
  const instrument* what = nullptr;
  timeframe frame = timeframe::minutes(1);
  utc_time from{}, to{};

  [[nodiscard]] bool covers(utc_time t) const { return t >= from && t <= to; }
  /// Stamp of the bar that has the moment: the library draws marks on bars only. Outside all hours: the moment itself.
  [[nodiscard]] utc_time bar_of(utc_time t) const;
};
/// Reads it; nothing when it was wrong and has been answered.
std::optional<mark_question> read_mark_question(services& parts, const context_ptr& call, const responder& answer);

/// GET /udf/marks.
void show_marks(services& parts, const context_ptr& call, const responder& answer);
/// GET /udf/timescale_marks: the roll of a continuous future, runs of strategies, emergency stops.
void show_timescale_marks(services& parts, const context_ptr& call, const responder& answer);

} // namespace tt::gateway
