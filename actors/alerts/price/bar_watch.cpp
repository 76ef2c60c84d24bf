#include "actors/alerts/price/bar_watch.hpp"

#include <algorithm>
#include <cmath>

namespace tt::alerts {

namespace {

/// Digits of an indicator as it is shown and compared with a threshold.
constexpr int figure_digits = 8;

std::int64_t whole(decimal value) { return value.to_scaled(0).value_or(1); }

std::optional<decimal> to_decimal(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  const auto made = decimal::from_double(value, figure_digits);
  return made ? std::optional{*made} : std::nullopt;
}

/// Bars after which an indicator no longer depends on where it began.
std::size_t history_of(const alert_rule& rule, const custom_condition* custom) {
  if (custom) return custom->history();
  decimal longest{1};
  switch (rule.condition) {
  case alert_condition::rsi_overbought:
  case alert_condition::rsi_oversold: longest = rule.parameter("rsi_period", 14); break;
  case alert_condition::macd_signal: longest = rule.parameter("macd_slow", 26) + rule.parameter("macd_signal", 9); break;
  case alert_condition::bollinger_break: longest = rule.parameter("bollinger_period", 20); break;
  default: break;
  }
  return static_cast<std::size_t>(whole(longest)) * 10;
}

} // namespace

std::optional<bar_watch::figure_key> bar_watch::figure_of(const alert_rule& rule) {
  switch (rule.condition) {
  case alert_condition::rsi_overbought:
  case alert_condition::rsi_oversold: return figure_key{figure_kind::rsi, rule.parameter("rsi_period", 14), {}, {}};
  case alert_condition::macd_signal:
    return figure_key{figure_kind::macd, rule.parameter("macd_fast", 12), rule.parameter("macd_slow", 26), rule.parameter("macd_signal", 9)};
  case alert_condition::bollinger_break:
    return figure_key{figure_kind::bollinger, rule.parameter("bollinger_period", 20), rule.parameter("bollinger_std", 2), {}};
  default: return std::nullopt;
  }
}

pine::ta_series bar_watch::make_series(const figure_key& key) {
  switch (key.kind) {
  case figure_kind::rsi: return pine::ta::rsi(whole(key.a));
  case figure_kind::macd: return pine::ta::macd(whole(key.a), whole(key.b), whole(key.c));
  case figure_kind::bollinger: break;
  }
  return pine::ta::bb(whole(key.a), key.b.to_double());
}

void bar_watch::add(alert& what, utc_time now, std::shared_ptr<custom_condition> custom) {
  auto figure = figure_of(what.rule);
  const bool is_new_series = custom || (figure && !series_.contains(*figure));
  if (figure) series_.try_emplace(*figure, make_series(*figure));
  watched_.push_back({&what, now, figure, std::move(custom)});
  // a request that is under way was for fewer indicators, but its bars serve these too
  if (is_new_series && state_ == readiness::ready) state_ = readiness::wants_history;
}

std::shared_ptr<custom_condition> bar_watch::remove(const alert& what) {
  std::shared_ptr<custom_condition> out;
  for (const auto& one : watched_)
    if (one.what == &what) out = one.custom;
  std::erase_if(watched_, [&](const watched& one) { return one.what == &what; });
  std::erase_if(series_, [&](const auto& entry) {
    return std::ranges::none_of(watched_, [&](const watched& one) { return one.figure == entry.first; });
  });
  return out;
}

void bar_watch::read_days(std::shared_ptr<custom_condition> reader) {
  day_readers_.push_back(std::move(reader));
  if (state_ == readiness::ready) state_ = readiness::wants_history;
}

std::optional<std::size_t> bar_watch::history_wish() {
  if (state_ != readiness::wants_history) return std::nullopt;
  state_ = readiness::waits;
  std::size_t bars = min_history;
  for (const auto& one : watched_) bars = std::max(bars, history_of(one.what->rule, one.custom.get()));
  for (const auto& one : day_readers_) bars = std::max(bars, one->history_days());
  return std::min(bars, max_history);
}

void bar_watch::history_failed() {
  if (state_ == readiness::waits) state_ = readiness::wants_history;
}

bool bar_watch::follows(const bar& closed) const {
  if (!last_) return false;
  // days and longer come rarely enough to ask anew each time
  return frame_.is_intraday() && closed.open_time - *last_ == std::chrono::minutes{frame_.count()};
}

void bar_watch::feed(const bar& closed) {
  const double close = closed.close.to_double();
  for (auto& [key, series] : series_) series.next(close);
  for (auto& one : watched_)
    if (one.custom) one.custom->next(closed);
  for (const auto& one : day_readers_) one->next_day(closed);
  last_ = closed.open_time;
}

void bar_watch::begin(std::span<const bar> history, utc_time now, evaluation& out) {
  if (state_ != readiness::waits) return;
  for (auto& [key, series] : series_) series = make_series(key);
  for (auto& one : watched_)
    if (one.custom) one.custom->reset();
  for (const auto& one : day_readers_) one->reset_days();
  last_.reset();
  const auto live = std::exchange(waiting_, {});
  for (const auto& one : history)
    if (live.empty() || one.open_time < live.front().data.open_time) feed(one);
  state_ = readiness::ready;
  // a crossing is judged against the side before; alerts that have none learn it here
  for (const auto& one : watched_) {
    if (!one.figure || one.figure->kind != figure_kind::macd || one.what->memory.side != level_side::unknown) continue;
    const auto& values = series_.at(*one.figure).values();
    const auto gap = values.size() == 3 ? to_decimal(values[2]) : std::nullopt;
    if (!gap || gap->is_zero()) continue;
    one.what->memory.side = gap->is_positive() ? level_side::above : level_side::below;
    out.remembered.push_back(one.what->number);
  }
  for (const auto& one : live) {
    feed(one.data);
    judge(one, now, out);
  }
}

void bar_watch::on_closed(const closed_bar& closed, utc_time now, evaluation& out) {
  if (empty()) return;
  const auto stamp = closed.data.open_time;
  if ((judged_ && stamp <= *judged_) || (!waiting_.empty() && stamp <= waiting_.back().data.open_time)) return;
  if (state_ == readiness::ready && last_ && stamp <= *last_) return; // history held it already
  if (state_ == readiness::ready && follows(closed.data)) {
    feed(closed.data);
    return judge(closed, now, out);
  }
  if (state_ == readiness::ready) state_ = readiness::wants_history;
  waiting_.push_back(closed);
  if (waiting_.size() > max_waiting_bars) waiting_.erase(waiting_.begin());
}

void bar_watch::judge(const closed_bar& closed, utc_time now, evaluation& out) {
  judged_ = closed.data.open_time;
  for (auto& one : watched_)
    if (closed.end > one.since) judge_one(one, closed.data, now, out);
}

void bar_watch::judge_one(watched& one, const bar& closed, utc_time now, evaluation& out) {
  auto& what = *one.what;
  const auto stamp = closed.open_time;
  if (one.custom) {
    if (const auto holds = one.custom->holds()) look_at_state(what, *holds, closed.close.value(), now, stamp, out);
    return;
  }
  if (!one.figure) return look_at_level(what, closed.volume.value(), what.rule.value, now, stamp, out);
  const auto& values = series_.at(*one.figure).values();
  switch (one.figure->kind) {
  case figure_kind::rsi:
    if (const auto value = to_decimal(values[0])) look_at_level(what, *value, what.rule.value, now, stamp, out);
    return;
  case figure_kind::macd:
    if (const auto gap = to_decimal(values[2])) look_at_level(what, *gap, decimal{}, now, stamp, out);
    return;
  case figure_kind::bollinger: {
    const auto upper = to_decimal(values[1]), lower = to_decimal(values[2]);
    if (!upper || !lower) return;
    const auto close = closed.close.value();
    const auto wanted = what.rule.value;
    const bool holds = (close > *upper && !wanted.is_negative()) || (close < *lower && !wanted.is_positive());
    return look_at_state(what, holds, close, now, stamp, out);
  }
  }
}

} // namespace tt::alerts
