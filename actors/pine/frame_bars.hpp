#pragma once
/// The bars of a script that runs on a longer timeframe than its chart: indicator(timeframe = ...).

#include "actors/pine/bar.hpp"
#include "actors/pine/calendar.hpp"

#include <algorithm>
#include <optional>

namespace tt::pine {

/// What a plot shows on the chart's bars between two bars of the script.
enum class between_bars : std::uint8_t { nothing, last_value };

/// Bars of the script's timeframe, made of the chart's. A bar is complete on the chart's bar that closes with it, or on
/// the first one after it where that one is missing: the rule of request.security().
class frame_bars {
public:
  frame_bars(timeframe own, timeframe chart, calendar cal, between_bars between)
      : own_(own), chart_(chart), cal_(std::move(cal)), between_(between) {}

  /// The bar before the one that the chart's bar belongs to, when it ended without having been complete.
  std::optional<bar> left_over(const bar& b) const {
    return started_ && !done_ && cal_.period(own_, b.time_ms) != period_ ? std::optional(made_) : std::nullopt;
  }
  /// The script's bar as it is with this bar of the chart.
  bar with(const bar& b) const {
    if (!started_ || cal_.period(own_, b.time_ms) != period_) return b;
    auto m = made_;
    m.high = std::max(m.high, b.high);
    m.low = std::min(m.low, b.low);
    m.close = b.close;
    m.volume += b.volume;
    return m;
  }
  /// Keeps a bar of the chart that is complete.
  void take(const bar& b) {
    auto period = cal_.period(own_, b.time_ms);
    made_ = with(b);
    if (!started_ || period != period_) done_ = false;
    period_ = period;
    started_ = true;
  }
  /// The script's bar of the bars taken.
  const bar& with_taken() const { return made_; }
  bool completed_by(const bar& b) const { return cal_.bar_close(chart_, b.time_ms) >= cal_.period_close(own_, b.time_ms); }
  /// Whether the chart's bar comes after the bar of its period was complete already.
  bool is_late(const bar& b) const { return done_ && cal_.period(own_, b.time_ms) == period_; }

  /// What plots show from now on: values that are new on this bar of the chart, or what stands between bars.
  void show_new() { new_ = any_ = true; }
  void show_old() { new_ = false; }
  /// A bar of the script's was complete on that bar of the chart: what is shown when it closes, whatever came between.
  void complete_on(const bar& b) {
    done_ = true;
    complete_on_ms_ = b.time_ms;
    show_new();
  }
  void show_complete(const bar& b) { new_ = complete_on_ms_ == b.time_ms; }
  between_bars between() const { return between_; }
  bool shows() const { return new_ || (any_ && between_ == between_bars::last_value); }

private:
  timeframe own_, chart_;
  calendar cal_;
  between_bars between_;
  bar made_;
  std::int64_t period_ = 0, complete_on_ms_ = -1;
  bool started_ = false, done_ = false, new_ = false, any_ = false;
};

} // namespace tt::pine
