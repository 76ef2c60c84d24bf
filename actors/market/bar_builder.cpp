#include "actors/market/bar_builder.hpp"

#include <algorithm>

namespace tt::market {

namespace {

/// A weekday without holiday or clock change, whose hours stand for the venue's.
constexpr civil_date usual_day = civil_date::of(2024, 6, 12);

void join(bar& into, const bar& next) {
  into.high = std::max(into.high, next.high);
  into.low = std::min(into.low, next.low);
  into.close = next.close;
  into.volume += next.volume;
}

} // namespace

bar_placer::bar_placer(std::shared_ptr<const exchange_calendar> calendar, timeframe frame,
                       session_hours hours)
    : calendar_(std::move(calendar)), frame_(frame), hours_(hours) {
  TT_ASSERT(calendar_ != nullptr);
}

const bar_span* bar_placer::at(utc_time t) {
  if (session_.contains(t)) {
    if (span_.open <= t && t < span_.close) return &span_;
  } else {
    if (idle_.contains(t)) return nullptr;
    const auto today = calendar_->day_at(t, hours_);
    if (!today) {
      idle_ = {t, calendar_->next_open(t, hours_).value_or(t + nanoseconds{1})};
      return nullptr;
    }
    session_ = today->hours(hours_);
    if (span_.open <= t && t < span_.close) return &span_;
  }
  const auto found = calendar_->bar_at(t, frame_, hours_);
  if (!found) return nullptr;
  span_ = *found;
  return &span_;
}

const bar_span* bar_placer::of_day(utc_time stamp) {
  const auto found = calendar_->bar_of_day(utc_date(stamp), frame_, hours_);
  if (!found) return nullptr;
  span_ = *found;
  return &span_;
}

std::optional<price_print> print_of(const tick& t, price_basis basis) {
  if (const auto* trade = std::get_if<trade_tick>(&t)) return price_print{trade->ts, trade->px, trade->size};
  const auto& quote = std::get<quote_tick>(t);
  const bool has_bid = !quote.bid.is_zero() || !quote.bid_size.is_zero();
  const bool has_ask = !quote.ask.is_zero() || !quote.ask_size.is_zero();
  const quantity one{1};
  switch (basis) {
  case price_basis::trade:
    break;
  case price_basis::bid:
    if (has_bid) return price_print{quote.ts, quote.bid, one};
    break;
  case price_basis::mid:
    if (has_bid && has_ask)
      return price_print{quote.ts, price{decimal::divide((quote.bid + quote.ask).value(), decimal{2})}, one};
    break;
  }
  return std::nullopt;
}

bar_builder::bar_builder(const instrument& what, timeframe frame, session_hours hours)
    : placer_(what.calendar, frame, hours), basis_(what.basis) {}

std::optional<bar> bar_builder::advance(utc_time now) {
  if (!forming_ || now < span_.close) return std::nullopt;
  late_before_ = span_.close;
  return std::exchange(forming_, std::nullopt);
}

bar_step bar_builder::on_tick(const tick& t) {
  bar_step step;
  const auto print = print_of(t, basis_);
  if (!print) {
    ++counts_.no_price;
    return step;
  }
  if (print->ts < late_before_) {
    ++counts_.late;
    return step;
  }
  step.closed = advance(print->ts);
  const bar_span* place = placer_.at(print->ts);
  if (place == nullptr) {
    ++counts_.outside;
    return step;
  }
  ++counts_.used;
  if (forming_) {
    join(*forming_, {print->ts, print->px, print->px, print->px, print->px, print->size});
    step.change = bar_change::updated;
    return step;
  }
  span_ = *place;
  late_before_ = span_.open;
  forming_ = bar{span_.stamp, print->px, print->px, print->px, print->px, print->size};
  step.change = bar_change::opened;
  return step;
}

bool bar_builder::seed(const bar& so_far) {
  if (forming_) return false;
  const bool intraday = placer_.frame().is_intraday();
  const bar_span* place = intraday ? placer_.at(so_far.open_time) : placer_.of_day(so_far.open_time);
  if (place == nullptr || place->stamp != so_far.open_time || place->open < late_before_) return false;
  span_ = *place;
  late_before_ = span_.open;
  forming_ = so_far;
  return true;
}

bar_aggregator::bar_aggregator(timeframe base, timeframe frame, session_hours hours,
                               std::shared_ptr<const exchange_calendar> calendar)
    : placer_(std::move(calendar), frame, hours), daily_base_(!base.is_intraday()) {}

void bar_aggregator::add(const bar& b, std::vector<bar>& out) {
  const bar_span* place = daily_base_ ? placer_.of_day(b.open_time) : placer_.at(b.open_time);
  if (place == nullptr) return;
  if (joined_ && joined_->open_time == place->stamp) return join(*joined_, b);
  finish(out);
  joined_ = b;
  joined_->open_time = place->stamp;
}

void bar_aggregator::finish(std::vector<bar>& out) {
  if (joined_) out.push_back(*joined_);
  joined_.reset();
}

std::vector<bar> aggregate(std::span<const bar> base, timeframe base_frame, timeframe frame,
                           session_hours hours, const std::shared_ptr<const exchange_calendar>& calendar) {
  std::vector<bar> out;
  bar_aggregator joiner{base_frame, frame, hours, calendar};
  for (const bar& b : base) joiner.add(b, out);
  joiner.finish(out);
  return out;
}

bool can_aggregate(timeframe base, timeframe frame, session_hours hours, const exchange_calendar& calendar) {
  if (!base.is_intraday()) {
    if (base == timeframe::days(1)) return !frame.is_intraday() && frame != base;
    return base.unit() == timeframe_unit::month && frame.unit() == timeframe_unit::month &&
           base.count() < frame.count() && frame.count() % base.count() == 0;
  }
  if (frame.is_intraday() && (base.count() >= frame.count() || frame.count() % base.count() != 0))
    return false;
  if (hours == session_hours::extended) return true;
  const auto day = calendar.on_or_after(usual_day);
  if (!day) return false;
  const nanoseconds length = std::chrono::minutes{base.count()};
  return (day->regular.open - day->extended.open) % length == nanoseconds{0};
}

} // namespace tt::market
