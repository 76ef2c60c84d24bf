#include "actors/alerts/price/level_index.hpp"

#include <algorithm>

namespace tt::alerts {

void level_index::add(alert& what) {
  const entry made{what.rule.value, &what};
  entries_.insert(std::ranges::lower_bound(entries_, made, std::less<entry>{}), made);
  fresh_.push_back(&what);
  if (what.rule.repeat != alert_repeat::once_per_bar) return;
  per_bar_.push_back(&what);
  if (std::ranges::find(frames_, what.rule.bar_frame(), &bar_seen::frame) == frames_.end()) frames_.push_back({what.rule.bar_frame(), {}});
}

void level_index::remove(const alert& what) {
  const entry wanted{what.rule.value, const_cast<alert*>(&what)}; // only compared
  const auto at = std::ranges::lower_bound(entries_, wanted, std::less<entry>{});
  if (at != entries_.end() && at->what == &what) entries_.erase(at);
  std::erase(fresh_, &what);
  if (what.rule.repeat != alert_repeat::once_per_bar || std::erase(per_bar_, &what) == 0) return;
  std::erase_if(frames_, [&](const bar_seen& seen) {
    return std::ranges::none_of(per_bar_, [&](const alert* one) { return one->rule.bar_frame() == seen.frame; });
  });
}

bool level_index::has_rolled(const bar_stamp& stamp) {
  bool rolled = false;
  for (auto& [frame, seen] : frames_) {
    const auto now = stamp(frame);
    rolled |= seen != now;
    seen = now;
  }
  return rolled;
}

void level_index::look(decimal figure, utc_time at, const bar_stamp& stamp, evaluation& out) {
  if (entries_.empty()) {
    last_ = figure;
    return;
  }
  const auto triggered_before = out.triggers.size();
  const auto see = [&](alert& what) {
    // other alerts don't read the stamp, so they need not pay for it
    const auto bar = what.rule.repeat == alert_repeat::once_per_bar ? stamp(what.rule.bar_frame()) : at;
    look_at_level(what, figure, what.rule.value, at, bar, out);
  };
  for (auto* one : fresh_) see(*one);
  fresh_.clear();
  // an alert whose level was not reached or passed sees what it saw before
  if (last_ && *last_ != figure) {
    const auto low = std::min(*last_, figure), high = std::max(*last_, figure);
    auto from = std::ranges::lower_bound(entries_, low, std::less<decimal>{}, &entry::level);
    for (; from != entries_.end() && from->level <= high; ++from) see(*from->what);
  }
  if (has_rolled(stamp))
    for (auto* one : per_bar_) see(*one);
  last_ = figure;
  if (out.triggers.size() == triggered_before) return;
  const auto is_done = [](const alert* one) { return one->status != alert_status::active; };
  std::erase_if(entries_, [&](const entry& one) { return is_done(one.what); });
  std::erase_if(per_bar_, is_done);
}

void level_index::seed(decimal figure, evaluation& out) {
  for (auto* one : fresh_) {
    if (one->memory.side != level_side::unknown || figure == one->rule.value) continue;
    one->memory.side = figure > one->rule.value ? level_side::above : level_side::below;
    out.remembered.push_back(one->number);
  }
}

} // namespace tt::alerts
