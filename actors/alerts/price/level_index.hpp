#pragma once

// The alerts of one symbol that compare one figure (price, volume of the day) with
// levels. A look costs what lies between the figure before and the new one, not the
// number of alerts.

#include "actors/alerts/price/judge.hpp"

#include <functional>

namespace tt::alerts {

class level_index {
public:
  /// Stamp of the present bar of a timeframe.
  using bar_stamp = std::function<utc_time(timeframe)>;

  /// Looks at the next figure, whatever it is. The alert stays where it is until remove(), and its level is not changed.
  void add(alert& what);
  void remove(const alert& what);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  /// Looks at a figure. Alerts that are done leave the index.
  void look(decimal figure, utc_time at, const bar_stamp& stamp, evaluation& out);
  /// A figure that is known but not fresh: new alerts learn on which side it is, nothing goes off.
  void seed(decimal figure, evaluation& out);

private:
  struct entry {
    decimal level;
    alert* what = nullptr;
    /// By level, then by number.
    friend bool operator<(const entry& a, const entry& b) {
      return a.level != b.level ? a.level < b.level : a.what->number < b.what->number;
    }
  };

  std::vector<entry> entries_;     ///< by level, then number
  std::vector<alert*> fresh_;      ///< have not looked yet
  std::vector<alert*> per_bar_;    ///< once per bar
  struct bar_seen {
    timeframe frame;
    std::optional<utc_time> stamp; ///< at the last look
  };
  /// Whether a bar of any of the timeframes has begun since the last look.
  bool has_rolled(const bar_stamp& stamp);
  std::vector<bar_seen> frames_; ///< of the alerts once per bar
  std::optional<decimal> last_;    ///< the figure of the last look
};

} // namespace tt::alerts
