#include "actors/model/calendar.hpp"

#include "actors/model/calendar_data.hpp"

#include <algorithm>

namespace tt {

namespace {

/// Days that a search for a trading day looks at.
constexpr int search_days = 30;

/// The trading days whose hours can hold a moment of UTC day d lie in [d-1, d+1]:
/// no session opens before noon of the eve or closes after noon of the morrow.
constexpr int days_around = 3;

civil_date monday_of(civil_date day) { return day - static_cast<int>(day.weekday().iso_encoding() - 1); }

int year_of(civil_date day) { return static_cast<int>(day.ymd().year()); }

civil_date first_of(int year, unsigned month = 1) { return civil_date::of(year, month, 1); }

/// Days next to the limits of input have neighbours that still fit 64-bit nanoseconds.
bool is_supported(utc_time t) { return min_input_time <= t && t < max_input_time; }

} // namespace

calendar_data::calendar_data(zone_clock zone, day_rule rule) : clock(std::move(zone)) {
  const auto count = static_cast<std::size_t>(end - first);
  days.reserve(count);
  days_before.reserve(count + 1);
  for (civil_date day = first; day < end; day = day + 1) {
    days_before.push_back(static_cast<std::uint32_t>(days.size()));
    if (auto hours = rule(clock, day)) days.push_back(*hours);
  }
  days_before.push_back(static_cast<std::uint32_t>(days.size()));
  days.shrink_to_fit();
}

std::optional<trading_day> exchange_calendar::on_or_after(civil_date day) const {
  if (data_ && data_->covers(day) && data_->covers(day + search_days)) {
    const trading_day& found = data_->from(day).front();
    return found.day <= day + search_days ? std::optional{found} : std::nullopt;
  }
  for (civil_date d = day; d <= day + search_days; d = d + 1)
    if (auto found = this->day(d)) return found;
  return std::nullopt;
}

std::optional<trading_day> exchange_calendar::on_or_before(civil_date day) const {
  for (civil_date d = day; d >= day - search_days; d = d - 1)
    if (auto found = this->day(d)) return found;
  return std::nullopt;
}

std::optional<trading_day> exchange_calendar::day_at(utc_time t, session_hours kind) const {
  if (!is_supported(t)) return std::nullopt;
  const civil_date start = utc_date(t) - 1;
  if (data_ && data_->covers(start) && data_->covers(start + days_around)) {
    for (const trading_day& candidate : data_->from(start)) {
      const time_span& hours = candidate.hours(kind);
      if (t < hours.open) break;
      if (t < hours.close) return candidate;
    }
    return std::nullopt;
  }
  for (int i = 0; i < days_around; ++i)
    if (auto candidate = day(start + i); candidate && candidate->hours(kind).contains(t)) return candidate;
  return std::nullopt;
}

market_state exchange_calendar::state_at(utc_time t) const {
  const auto today = day_at(t, session_hours::extended);
  if (!today) return market_state::closed;
  if (t < today->regular.open) return market_state::pre;
  return t < today->regular.close ? market_state::regular : market_state::post;
}

std::optional<utc_time> exchange_calendar::next_open(utc_time t, session_hours kind) const {
  if (!is_supported(t)) return std::nullopt;
  auto next = on_or_after(utc_date(t) - 1);
  while (next && next->hours(kind).open <= t) next = on_or_after(next->day + 1);
  if (!next) return std::nullopt;
  return next->hours(kind).open;
}

std::optional<utc_time> exchange_calendar::next_close(utc_time t, session_hours kind) const {
  if (!is_supported(t)) return std::nullopt;
  auto next = on_or_after(utc_date(t) - 1);
  while (next && next->hours(kind).close <= t) next = on_or_after(next->day + 1);
  if (!next) return std::nullopt;
  return next->hours(kind).close;
}

exchange_calendar::turns exchange_calendar::next_turns(utc_time t, session_hours kind) const {
  constexpr auto horizon = std::chrono::hours{24 * 10};
  const auto within = [&](std::optional<utc_time> at) { return at && *at <= t + horizon ? at : std::nullopt; };
  turns out;
  const bool is_open = day_at(t, kind).has_value();
  if (!is_open) out.open = within(next_open(t, kind));
  auto close = within(next_close(t, kind));
  while (close && next_open(*close - nanoseconds{1}, kind) == close) close = within(next_close(*close, kind));
  out.close = close;
  if (is_open && close) out.open = within(next_open(*close, kind));
  return out;
}

std::optional<bar_span> exchange_calendar::bar_at(utc_time t, timeframe frame, session_hours kind) const {
  TT_ASSERT(frame.count() > 0);
  const auto today = day_at(t, kind);
  if (!today) return std::nullopt;
  if (!frame.is_intraday()) return bar_of_day(today->day, frame, kind);
  const time_span& hours = today->hours(kind);
  const nanoseconds length = std::chrono::minutes{frame.count()};
  const utc_time open = t - (t - hours.open) % length;
  return bar_span{open, open, std::min(open + length, hours.close), today->day};
}

std::optional<bar_span> exchange_calendar::bar_of_day(civil_date day, timeframe frame, session_hours kind) const {
  if (frame.is_intraday()) return std::nullopt;
  const auto own = this->day(day);
  if (!own) return std::nullopt;
  auto first = own, last = own;
  if (frame != timeframe::days(1)) {
    const auto [from, to] = days_of_bar(day, frame);
    first = on_or_after(from);
    last = on_or_before(to - 1);
    // the range holds `day`; only the end of supported time can cut it
    if (!first || !last) first = last = own;
  }
  return bar_span{first->day.midnight_utc(), first->hours(kind).open, last->hours(kind).close, first->day};
}

exchange_calendar::day_range exchange_calendar::days_of_bar(civil_date day, timeframe frame) const {
  const int count = frame.count();
  TT_ASSERT(count > 0);
  switch (frame.unit()) {
  case timeframe_unit::minute: break;
  case timeframe_unit::day: return day_group(day, count);
  case timeframe_unit::week:
    if (count == 1) return {monday_of(day), monday_of(day) + 7};
    return week_group(day, count);
  case timeframe_unit::month: {
    const int year = year_of(day);
    const int month = static_cast<int>(static_cast<unsigned>(day.ymd().month())) - 1;
    const int start = month - month % count;
    const int end = start + count;
    return {first_of(year, static_cast<unsigned>(start + 1)),
            end < 12 ? first_of(year, static_cast<unsigned>(end + 1)) : first_of(year + 1)};
  }
  }
  return {day, day + 1};
}

exchange_calendar::day_range exchange_calendar::day_group(civil_date day, int count) const {
  const int year = year_of(day);
  const civil_date january = first_of(year), next_january = first_of(year + 1);
  if (data_ && data_->covers(january) && data_->covers(day)) {
    const auto before = [this](civil_date d) { return static_cast<int>(data_->days_before[static_cast<std::size_t>(d - data_->first)]); };
    const int skipped = before(january);
    const int start = before(day) - (before(day) - skipped) % count;
    const int end = std::min(start + count, before(next_january));
    return {data_->days[static_cast<std::size_t>(start)].day, data_->days[static_cast<std::size_t>(end - 1)].day + 1};
  }
  // outside the table: count the year's trading days
  civil_date from = january;
  int in_group = 0;
  for (civil_date d = january; d < next_january; d = d + 1) {
    if (!this->day(d)) continue;
    if (in_group == count) {
      if (d > day) return {from, d};
      from = d;
      in_group = 0;
    }
    ++in_group;
  }
  return {from, next_january};
}

civil_date exchange_calendar::first_week_of(int year) const {
  const auto first_day = on_or_after(first_of(year));
  if (!first_day) return monday_of(first_of(year));
  const civil_date monday = monday_of(first_day->day);
  const auto first_of_week = on_or_after(monday);
  return first_of_week && year_of(first_of_week->day) < year ? monday + 7 : monday;
}

exchange_calendar::day_range exchange_calendar::week_group(civil_date day, int count) const {
  const civil_date monday = monday_of(day);
  const auto first_day = on_or_after(monday);
  const int year = year_of(first_day ? first_day->day : day);
  const civil_date first_week = first_week_of(year);
  const int length = 7 * count;
  const civil_date from = monday - (monday - first_week) % length;
  return {from, std::min(from + length, first_week_of(year + 1))};
}

std::string exchange_calendar::to_local_iso8601(utc_time t) const {
  if (data_) return data_->clock.to_iso8601(t);
  const auto clock = zone_clock::load(time_zone());
  TT_ASSERT(clock.has_value());
  return clock->to_iso8601(t);
}

civil_date exchange_calendar::local_date(utc_time t) const {
  if (data_) return data_->clock.date_at(t);
  const auto clock = zone_clock::load(time_zone());
  TT_ASSERT(clock.has_value());
  return clock->date_at(t);
}

} // namespace tt
