#include "actors/market/bar_builder.hpp"

#include <algorithm>

namespace tt::market {

namespace {

std::optional<price> middle(const quote_tick& quote) {
  const bool two_sided = !quote.bid.is_zero() && !quote.ask.is_zero();
  if (!two_sided) return std::nullopt;
  return price{decimal::divide(quote.bid.value() + quote.ask.value(), decimal{2})};
}

} // namespace

std::optional<price_event> price_of(const tick& t, price_basis basis) {
  if (const auto* trade = std::get_if<trade_tick>(&t)) {
    if (basis != price_basis::trade) return std::nullopt;
    return price_event{trade->ts, trade->px, trade->size};
  }
  const auto& quote = std::get<quote_tick>(t);
  switch (basis) {
  case price_basis::trade: return std::nullopt;
  case price_basis::bid:
    if (quote.bid.is_zero() && quote.bid_size.is_zero()) return std::nullopt;
    return price_event{quote.ts, quote.bid, quantity{1}};
  case price_basis::mid:
    if (const auto px = middle(quote)) return price_event{quote.ts, *px, quantity{1}};
    return std::nullopt;
  }
  return std::nullopt;
}

void merge_into(bar& whole, const bar& part) {
  whole.high = std::max(whole.high, part.high);
  whole.low = std::min(whole.low, part.low);
  whole.close = part.close;
  whole.volume += part.volume;
}

bar_builder::bar_builder(std::shared_ptr<const instrument> what, timeframe frame, session_hours hours)
  : what_(std::move(what)), frame_(frame), hours_(hours) {}

void bar_builder::seed(const bar& forming) {
  const auto& calendar = *what_->calendar;
  const auto span = frame_.is_intraday() ? calendar.bar_at(forming.open_time, frame_, hours_)
                                         : calendar.bar_of_day(utc_date(forming.open_time), frame_, hours_);
  if (!span) return;
  span_ = *span;
  forming_ = forming;
  silent_until_ = {};
}

/// Makes `t` lie within the bar under way; false when it lies in no bar.
bool bar_builder::enter(utc_time t, std::vector<bar>& closed) {
  const bool within = span_.open <= t && t < span_.close;
  if (within && forming_ && today_.contains(t)) return true;
  if (t < span_.open || (within && !forming_)) { // an earlier bar, or one that was closed already
    ++late_ticks_;
    return false;
  }
  advance(t, closed);
  if (t < silent_until_) return false;
  // a bar of several days spans the nights between them, but takes nothing from them
  const auto day = what_->calendar->day_at(t, hours_);
  if (!day) {
    silent_until_ = what_->calendar->next_open(t, hours_).value_or(utc_time::max());
    return false;
  }
  today_ = day->hours(hours_);
  if (within) return true;
  const auto span = what_->calendar->bar_at(t, frame_, hours_);
  if (!span) return false;
  span_ = *span;
  return true;
}

bool bar_builder::on_tick(const tick& t, std::vector<bar>& closed) {
  const auto event = price_of(t, what_->basis);
  if (!event || !enter(event->ts, closed)) return false;
  const bar point{span_.stamp, event->px, event->px, event->px, event->px, event->size};
  if (forming_) merge_into(*forming_, point);
  else forming_ = point;
  return true;
}

void bar_builder::advance(utc_time t, std::vector<bar>& closed) {
  if (!forming_ || t < span_.close) return;
  closed.push_back(*forming_);
  last_closed_ = std::move(forming_);
  forming_.reset();
}

std::vector<bar> aggregate(std::span<const bar> shorter, timeframe shorter_frame, timeframe frame, session_hours hours,
                           const exchange_calendar& calendar) {
  std::vector<bar> out;
  std::optional<bar_span> span;
  for (const auto& part : shorter) {
    const utc_time t = part.open_time;
    bool same = false;
    if (shorter_frame.is_intraday()) {
      same = span && span->open <= t && t < span->close;
      if (!same) span = calendar.bar_at(t, frame, hours);
      // the span covers closed hours between days: a longer bar must skip them
      if (span && !frame.is_intraday() && !calendar.day_at(t, hours)) continue;
    } else {
      const auto next = calendar.bar_of_day(utc_date(t), frame, hours);
      same = span && next && next->stamp == span->stamp;
      span = next;
    }
    if (!span) continue;
    if (same && !out.empty()) {
      merge_into(out.back(), part);
    } else {
      out.push_back(part);
      out.back().open_time = span->stamp;
    }
  }
  return out;
}

} // namespace tt::market
