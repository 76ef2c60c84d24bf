#pragma once

// All alerts of one symbol, by what they are judged from.

#include "actors/alerts/price/bar_watch.hpp"
#include "actors/alerts/price/level_index.hpp"

#include <map>

namespace tt::alerts {

class symbol_watch {
public:
  explicit symbol_watch(const instrument& what) : what_(&what) {}

  /// Bars that closed at `now` or before are not judged.
  void add(alert& what, utc_time now, std::shared_ptr<custom_condition> custom = {});
  /// With the rule that it was added with.
  void remove(const alert& what);
  [[nodiscard]] bool empty() const { return prices_.empty() && volumes_.empty() && bars_.empty(); }
  [[nodiscard]] bool wants_quotes() const { return !prices_.empty() || !volumes_.empty(); }
  [[nodiscard]] std::map<timeframe, bar_watch>& bars() { return bars_; }
  [[nodiscard]] const std::map<timeframe, bar_watch>& bars() const { return bars_; }

  /// One that is older than the newest that was seen is left out.
  void on_price(price now, utc_time at, evaluation& out);
  void on_day_volume(quantity now, utc_time at, evaluation& out);
  void on_bar(timeframe frame, const bar& closed, utc_time now, evaluation& out);
  /// A price that is known but not fresh.
  void on_old_price(price known, evaluation& out) { prices_.seed(known.value(), out); }

private:
  /// Stamp of the bar that `at` belongs to; outside the hours of its calendar, of the span of clock time.
  utc_time stamp_of(timeframe frame, utc_time at);
  /// When a bar of this stamp is over.
  [[nodiscard]] utc_time end_of_bar(timeframe frame, utc_time stamp) const;
  void look(level_index& index, decimal figure, utc_time at, evaluation& out);

  const instrument* what_;
  level_index prices_, volumes_;
  utc_time newest_{}; ///< of the prices seen
  std::map<timeframe, bar_watch> bars_;
  struct bar_span {
    utc_time stamp{}, open{}, close{};
  };
  std::map<timeframe, bar_span> spans_; ///< the bars under way
};

} // namespace tt::alerts
