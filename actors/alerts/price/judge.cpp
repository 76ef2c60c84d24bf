#include "actors/alerts/price/judge.hpp"

namespace tt::alerts {

namespace {

/// What a figure says about a condition: whether it holds for as long as the figure stays, or happened just now.
struct reading {
  bool holds = false;
  bool happened = false;
};

reading read_level(const alert& what, decimal figure, decimal level) {
  const auto side = what.memory.side;
  const bool rises = side == level_side::below && figure > level, falls = side == level_side::above && figure < level;
  switch (what.rule.condition) {
  case alert_condition::price_above:
  case alert_condition::volume_above:
  case alert_condition::rsi_overbought: return {figure > level, false};
  case alert_condition::price_below:
  case alert_condition::volume_below:
  case alert_condition::rsi_oversold: return {figure < level, false};
  case alert_condition::price_equals: return {figure == level, rises || falls};
  case alert_condition::price_cross_above: return {false, rises};
  case alert_condition::price_cross_below: return {false, falls};
  case alert_condition::macd_signal: {
    const auto wanted = what.rule.value;
    return {false, (rises && !wanted.is_negative()) || (falls && !wanted.is_positive())};
  }
  case alert_condition::bollinger_break:
  case alert_condition::custom: break; // judged by judge_state
  }
  return {};
}

bool decide(alert& what, reading now, utc_time bar) {
  auto& memory = what.memory;
  const bool was_met = memory.was_met;
  memory.was_met = now.holds;
  switch (what.rule.repeat) {
  case alert_repeat::once: return now.holds || now.happened;
  case alert_repeat::once_per_bar: return (now.holds || now.happened) && memory.fired_bar != bar;
  case alert_repeat::always: return now.happened || (now.holds && !was_met);
  }
  return false;
}

void gather(alert& what, bool goes_off, const alert_memory& before, decimal value, utc_time at, utc_time bar, evaluation& out) {
  if (goes_off) {
    book_trigger(what, value, at, bar);
    out.triggers.push_back({&what, value, at});
  } else if (what.memory != before) {
    out.remembered.push_back(what.number);
  }
}

} // namespace

bool judge_level(alert& what, decimal figure, decimal level, utc_time bar) {
  const auto now = read_level(what, figure, level);
  if (figure != level) what.memory.side = figure > level ? level_side::above : level_side::below;
  return decide(what, now, bar);
}

bool judge_state(alert& what, bool holds, utc_time bar) { return decide(what, {holds, false}, bar); }

namespace {
/// A tick may lie so far behind the market's time; one that lies further is of a market that has begun anew.
constexpr std::chrono::hours clock_spread{1};
} // namespace

void book_trigger(alert& what, decimal value, utc_time at, utc_time bar) {
  auto& memory = what.memory;
  ++what.trigger_count;
  // a price has the time of its symbol's last tick, which may lie a little before the moment of a command
  const bool is_behind = at < what.updated_at && what.updated_at - at < clock_spread;
  what.last_triggered_at = what.updated_at = is_behind ? what.updated_at : at;
  what.last_value = value;
  memory.fired_bar = bar;
  if (!memory.flood_start || at - *memory.flood_start >= flood_window || at < *memory.flood_start) {
    memory.flood_start = at;
    memory.flood_count = 0;
  }
  ++memory.flood_count;
  if (what.rule.repeat == alert_repeat::once) {
    what.status = alert_status::triggered;
  } else if (memory.flood_count > flood_limit) {
    what.status = alert_status::paused;
    what.status_reason = "went off more than " + std::to_string(flood_limit) + " times in " + std::to_string(flood_window.count()) + " minutes";
  }
}

void look_at_level(alert& what, decimal figure, decimal level, utc_time at, utc_time bar, evaluation& out) {
  if (what.status != alert_status::active) return;
  const auto before = what.memory;
  gather(what, judge_level(what, figure, level, bar), before, figure, at, bar, out);
}

void look_at_state(alert& what, bool holds, decimal value, utc_time at, utc_time bar, evaluation& out) {
  if (what.status != alert_status::active) return;
  const auto before = what.memory;
  gather(what, judge_state(what, holds, bar), before, value, at, bar, out);
}

} // namespace tt::alerts
