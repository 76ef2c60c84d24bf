#include "actors/alerts/price/symbol_watch.hpp"

namespace tt::alerts {

namespace {
const timeframe daily_frame = timeframe::days(1);
} // namespace

void symbol_watch::add(alert& what, utc_time now, std::shared_ptr<custom_condition> custom) {
  switch (what.rule.source()) {
  case alert_source::price: return prices_.add(what);
  case alert_source::day_volume: return volumes_.add(what);
  case alert_source::bars: break;
  }
  const auto frame = what.rule.bar_frame();
  if (custom && custom->history_days() > 0) bars_.try_emplace(daily_frame, daily_frame).first->second.read_days(custom);
  bars_.try_emplace(frame, frame).first->second.add(what, now, std::move(custom));
}

void symbol_watch::remove(const alert& what) {
  switch (what.rule.source()) {
  case alert_source::price: return prices_.remove(what);
  case alert_source::day_volume: return volumes_.remove(what);
  case alert_source::bars: break;
  }
  const auto at = bars_.find(what.rule.bar_frame());
  if (at == bars_.end()) return;
  const auto custom = at->second.remove(what);
  if (at->second.empty()) bars_.erase(at);
  const auto daily = custom ? bars_.find(daily_frame) : bars_.end();
  if (daily == bars_.end()) return;
  daily->second.leave_days(custom);
  if (daily->second.empty()) bars_.erase(daily);
}

utc_time symbol_watch::stamp_of(timeframe frame, utc_time at) {
  auto& known = spans_[frame];
  if (known.open <= at && at < known.close) return known.stamp;
  if (const auto found = what_->calendar->bar_at(at, frame, session_hours::extended)) {
    known = {found->stamp, found->open, found->close};
  } else {
    const nanoseconds length = frame.is_intraday() ? nanoseconds{std::chrono::minutes{frame.count()}} : nanoseconds{std::chrono::days{1}};
    const auto open = at - at.time_since_epoch() % length;
    known = {open, open, open + length};
  }
  return known.stamp;
}

utc_time symbol_watch::end_of_bar(timeframe frame, utc_time stamp) const {
  const auto& calendar = *what_->calendar;
  const auto span = frame.is_intraday() ? calendar.bar_at(stamp, frame, session_hours::regular)
                                        : calendar.bar_of_day(utc_date(stamp), frame, session_hours::regular);
  if (span) return span->close;
  return stamp + (frame.is_intraday() ? nanoseconds{std::chrono::minutes{frame.count()}} : nanoseconds{std::chrono::days{1}});
}

void symbol_watch::look(level_index& index, decimal figure, utc_time at, evaluation& out) {
  index.look(figure, at, [&](timeframe frame) { return stamp_of(frame, at); }, out);
}

// a feed that begins anew on another node may tell its past again: what was is no reason to act now
void symbol_watch::on_price(price now, utc_time at, evaluation& out) {
  if (at < newest_) return;
  newest_ = at;
  look(prices_, now.value(), at, out);
}

void symbol_watch::on_day_volume(quantity now, utc_time at, evaluation& out) {
  if (at >= newest_) look(volumes_, now.value(), at, out);
}

void symbol_watch::on_bar(timeframe frame, const bar& closed, utc_time now, evaluation& out) {
  const auto at = bars_.find(frame);
  if (at != bars_.end()) at->second.on_closed({closed, end_of_bar(frame, closed.open_time)}, now, out);
}

} // namespace tt::alerts
