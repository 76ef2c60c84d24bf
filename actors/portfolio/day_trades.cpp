#include "actors/portfolio/day_trades.hpp"

#include <algorithm>
#include <vector>

namespace tt::portfolio {

namespace {

/// The trading day of that moment; outside of its hours that of the date, or the next.
std::optional<civil_date> session_of(const exchange_calendar& calendar, utc_time t) {
  if (const auto open = calendar.day_at(t, session_hours::extended)) return open->day;
  const auto day = calendar.on_or_after(calendar.local_date(t));
  return day ? std::optional(day->day) : std::nullopt;
}

std::optional<civil_date> first_session(const exchange_calendar& calendar, civil_date last) {
  for (int back = 1; back < day_trade_sessions; ++back) {
    const auto before = calendar.on_or_before(last - 1);
    if (!before) return std::nullopt;
    last = before->day;
  }
  return last;
}

decimal change_of(const order_fill& fill) { return fill.way == direction::buy ? fill.qty.value() : -fill.qty.value(); }

/// One symbol's day so far.
struct symbol_day {
  decimal held; ///< before the next fill
  civil_date day;
  bool opened = false; ///< and nothing was closed since
};

} // namespace

int day_trades(std::span<const order_fill> fills, const std::map<std::string, position>& held, const exchange_calendar& calendar, utc_time now,
               const std::function<bool(const std::string& symbol)>& binds) {
  const auto today = session_of(calendar, now);
  const auto first = today ? first_session(calendar, *today) : std::nullopt;
  if (!first) return 0;
  // back to the first fill of those sessions, and to what was held before it
  std::map<std::string, symbol_day> symbols;
  auto begin = fills.size();
  for (; begin > 0; --begin) {
    const auto& fill = fills[begin - 1];
    const auto day = session_of(calendar, fill.at);
    if (!day || *day < *first) break;
    const auto [at, is_new] = symbols.try_emplace(fill.symbol);
    const auto now_held = held.find(fill.symbol);
    if (is_new && now_held != held.end()) at->second.held = now_held->second.qty.value();
    at->second.held -= change_of(fill);
  }
  int out = 0;
  for (const auto& fill : fills.subspan(begin)) {
    auto& one = symbols.at(fill.symbol);
    const auto day = *session_of(calendar, fill.at);
    if (day != one.day) one.opened = false;
    one.day = day;
    const auto change = change_of(fill), after = one.held + change;
    const bool closes = !one.held.is_zero() && one.held.is_positive() != change.is_positive();
    const bool opens = !closes || (!after.is_zero() && after.is_positive() != one.held.is_positive());
    if (closes && std::exchange(one.opened, false) && binds(fill.symbol)) ++out;
    one.opened = one.opened || opens;
    one.held = after;
  }
  return out;
}

} // namespace tt::portfolio
