#include "actors/strategy/jobs/job_values.hpp"

#include <algorithm>

namespace tt::strategy {

namespace {

constexpr std::int64_t longest_hold = 4'000; ///< sessions that are counted one by one

std::int64_t minutes_between(utc_time from, utc_time to) { return std::chrono::duration_cast<std::chrono::minutes>(to - from).count(); }

value ratio(money a, money b) { return b.value().is_positive() ? value::of(a.to_double() / b.to_double()) : value::missing(); }

/// The trading day that a moment belongs to: that of its session, else of its date.
civil_date session_of(const exchange_calendar& calendar, utc_time t) {
  if (const auto day = calendar.day_at(t, session_hours::extended)) return day->day;
  return calendar.local_date(t);
}

std::optional<trading_day> regular_day(const exchange_calendar& calendar, utc_time t) {
  if (auto day = calendar.day_at(t, session_hours::regular)) return day;
  if (auto day = calendar.day_at(t - nanoseconds{1}, session_hours::regular)) return day;
  return calendar.day(calendar.local_date(t));
}

} // namespace

std::int64_t sessions_between(const exchange_calendar& calendar, utc_time from, utc_time to) {
  const civil_date first = session_of(calendar, from), last = session_of(calendar, to);
  std::int64_t count = 0;
  for (civil_date day = first + 1; day <= last && count < longest_hold; day = day + 1)
    if (calendar.day(day)) ++count;
  return count;
}

run_moment moment_of(const job_plan& plan, const run_input& in) {
  run_moment out;
  const auto set = [&](moment_name what, value v) { out.figures[static_cast<std::size_t>(what)] = std::move(v); };
  set(moment_name::equity, value::of(in.equity.to_double()));
  set(moment_name::cash_weight, ratio(in.cash, in.equity));
  set(moment_name::day_pnl_pct, ratio(in.day_pnl, in.start_of_day_equity));
  if (in.news_sentiment) set(moment_name::news_sentiment, value::of(*in.news_sentiment));
  const auto& calendar = plan.when->calendar();
  set(moment_name::weekday, value::of(static_cast<double>(session_of(calendar, in.slot).weekday().iso_encoding())));
  if (const auto day = regular_day(calendar, in.slot)) {
    set(moment_name::minutes_from_open, value::of(static_cast<double>(minutes_between(day->regular.open, in.slot))));
    set(moment_name::minutes_to_close, value::of(static_cast<double>(minutes_between(in.slot, day->regular.close))));
    set(moment_name::is_half_day, value::of(day->length == day_length::early_close));
  }
  return out;
}

job_values::job_values(const job_plan& plan, const run_input& in, const run_moment& common, const symbol_input& symbol)
    : plan_(plan), in_(in), common_(common), symbol_(symbol) {
  if (!symbol.series) return;
  const auto now = unix_ms(in.slot);
  for (std::size_t i = 0; i < symbol.series->sources(); ++i) counts_.push_back(symbol.series->source(i).complete_at(now));
  daily_count_ = symbol.series->daily().complete_at(now);
  if (symbol.last) price_ = symbol.last->to_double();
  const auto* primary = plan.spec.primary_bars();
  if (price_ || !primary) return;
  const auto at = static_cast<std::size_t>(primary - plan.spec.sources.data());
  if (at < counts_.size() && counts_[at] > 0) price_ = symbol.series->source(at).bars[counts_[at] - 1].close;
}

value job_values::at(std::uint32_t handle, std::size_t back) const {
  const auto& name = plan_.names[handle];
  if (const auto* moment = std::get_if<moment_name>(&name.what)) return back == 0 ? figure(*moment) : value::missing();
  if (back == 0 && std::get<series_name>(name.what) == series_name::price) return price_ ? value::of(*price_) : value::missing();
  return symbol_.series && name.source < counts_.size() ? value::of(symbol_.series->at(handle, counts_[name.source], back)) : value::missing();
}

value job_values::figure(moment_name what) const {
  switch (what) {
  case moment_name::open_positions: return value::of(static_cast<double>(open_positions_));
  case moment_name::market_trend: {
    const auto trend = symbol_.series ? trend_of(symbol_.series->daily(), daily_count_) : std::nullopt;
    return trend ? value::of(*trend) : value::missing();
  }
  case moment_name::market_volatility: {
    const auto days = static_cast<std::size_t>(plan_.spec.features.regime.lookback_days);
    const auto v = symbol_.series ? annual_volatility(symbol_.series->daily(), daily_count_, days) : std::nullopt;
    return v ? value::of(*v) : value::missing();
  }
  case moment_name::position:
  case moment_name::avg_entry:
  case moment_name::change_since_entry:
  case moment_name::pnl_pct:
  case moment_name::unrealized_pnl:
  case moment_name::bars_held:
  case moment_name::days_held:
  case moment_name::position_weight: return of_position(what);
  default: return common_.figures[static_cast<std::size_t>(what)];
  }
}

value job_values::of_position(moment_name what) const {
  const auto& held = symbol_.held;
  const double qty = held.qty.to_double();
  if (what == moment_name::position) return value::of(qty);
  const double multiplier = symbol_.what ? symbol_.what->multiplier.to_double() : 1;
  if (what == moment_name::position_weight) {
    if (qty == 0) return value::of(0.0);
    return price_ && in_.equity.value().is_positive() ? value::of(qty * *price_ * multiplier / in_.equity.to_double()) : value::missing();
  }
  if (qty == 0 || !held.average) return {};
  const double entry = held.average->to_double();
  switch (what) {
  case moment_name::avg_entry: return value::of(entry);
  case moment_name::change_since_entry: return price_ && entry > 0 ? value::of(*price_ / entry - 1) : value::missing();
  case moment_name::pnl_pct: return price_ && entry > 0 ? value::of((*price_ / entry - 1) * (qty > 0 ? 1 : -1)) : value::missing();
  case moment_name::unrealized_pnl: return price_ ? value::of((*price_ - entry) * qty * multiplier) : value::missing();
  default: break;
  }
  if (!held.opened_at) return {};
  if (what == moment_name::days_held) return value::of(static_cast<double>(sessions_between(plan_.when->calendar(), *held.opened_at, in_.slot)));
  const auto* primary = plan_.spec.primary_bars();
  if (!primary || !symbol_.series) return {};
  const auto at = static_cast<std::size_t>(primary - plan_.spec.sources.data());
  if (at >= counts_.size()) return {};
  const auto before = symbol_.series->source(at).complete_at(unix_ms(*held.opened_at));
  return value::of(static_cast<double>(counts_[at] - std::min(before, counts_[at])));
}

} // namespace tt::strategy
