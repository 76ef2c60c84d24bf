#include "actors/pine/calendar.hpp"

#include "actors/model/us_holidays.hpp"
#include "actors/pine/util.hpp"

#include <date/tz.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <map>

namespace tt::pine {

namespace {
constexpr std::int64_t ms_per_day = 86'400'000;
constexpr std::int64_t ms_per_minute = 60'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0); }

civil_date date_of(std::int64_t day) { return civil_date::from_days(static_cast<std::int32_t>(day)); }

std::optional<int> number(std::string_view s) {
  int v = 0;
  auto [p, e] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (e != std::errc{} || p != s.data() + s.size()) return std::nullopt;
  return v;
}

/// "UTC", "GMT-5", "UTC+05:30", "+0530": the offset in minutes.
std::optional<std::int64_t> offset_minutes(std::string_view s) {
  for (auto prefix : {"UTC", "GMT", "Etc/UTC", "Etc/GMT", "Z"})
    if (s == prefix) return 0;
  if (s.substr(0, 3) == "UTC" || s.substr(0, 3) == "GMT") s.remove_prefix(3);
  if (s.empty() || (s[0] != '+' && s[0] != '-')) return std::nullopt;
  int sign = s[0] == '-' ? -1 : 1;
  s.remove_prefix(1);
  std::string digits;
  auto colon = s.find(':');
  std::string_view hours = s, minutes;
  if (colon != std::string_view::npos) {
    hours = s.substr(0, colon);
    minutes = s.substr(colon + 1);
  } else if (s.size() == 4) {
    hours = s.substr(0, 2);
    minutes = s.substr(2);
  }
  auto h = number(hours);
  auto m = minutes.empty() ? std::optional<int>(0) : number(minutes);
  if (!h || !m || *h > 24 || *m > 59 || *h < 0 || *m < 0) return std::nullopt;
  return sign * (*h * 60 + *m);
}
} // namespace

std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  auto m0 = month - 1;
  year += floor_div(m0, 12);
  auto m = m0 - floor_div(m0, 12) * 12 + 1;
  auto y = m <= 2 ? year - 1 : year;
  auto era = floor_div(y, 400);
  auto yoe = y - era * 400;
  auto doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5;
  auto doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + doe - 719'468 + day - 1;
}

civil_time civil_from_days(std::int64_t days) {
  auto z = days + 719'468;
  auto era = floor_div(z, 146'097);
  auto doe = z - era * 146'097;
  auto yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  auto doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  auto mp = (5 * doy + 2) / 153;
  civil_time t;
  t.day = i32(doy - (153 * mp + 2) / 5 + 1);
  t.month = i32(mp < 10 ? mp + 3 : mp - 9);
  t.year = i32(yoe + era * 400 + (t.month <= 2 ? 1 : 0));
  auto wd = (days + 4) % 7;
  t.weekday = i32(wd < 0 ? wd + 8 : wd + 1);
  return t;
}

int iso_week(const civil_time& t) {
  auto days = days_from_civil(t.year, t.month, t.day);
  auto monday_based = (t.weekday + 5) % 7; // Monday = 0
  auto thursday = days - monday_based + 3;
  auto year = civil_from_days(thursday).year;
  return i32((thursday - days_from_civil(year, 1, 1)) / 7 + 1);
}

std::shared_ptr<const zone> zone::find(std::string_view name) {
  static thread_local std::map<std::string, std::shared_ptr<const zone>, std::less<>> known;
  auto it = known.find(name);
  if (it != known.end()) return it->second;
  auto z = std::make_shared<zone>();
  if (auto minutes = offset_minutes(name)) {
    z->fixed_ms_ = *minutes * ms_per_minute;
  } else {
    try {
      z->tz_ = date::locate_zone(std::string(name));
    } catch (const std::exception&) { z = nullptr; }
  }
  if (known.size() < 1000) known.emplace(std::string(name), z);
  return z;
}

const zone::span* zone::look_up(std::int64_t utc_ms) const {
  std::lock_guard lock(guard_);
  auto it = spans_.upper_bound(utc_ms);
  if (it == spans_.end() || !it->second.holds(utc_ms)) {
    constexpr std::int64_t bound = 8'000'000'000'000; // beyond it the calendar library's years end
    date::sys_seconds t{std::chrono::seconds(floor_div(std::clamp(utc_ms, -bound, bound), 1000))};
    auto info = static_cast<const date::time_zone*>(tz_)->get_info(t);
    auto ms = [](date::sys_seconds s) { return std::clamp<std::int64_t>(s.time_since_epoch().count(), -9'000'000'000'000, 9'000'000'000'000) * 1000; };
    auto to = ms(info.end);
    it = spans_.emplace(to, span{ms(info.begin), to, std::chrono::milliseconds(info.offset).count()}).first;
  }
  last_.store(&it->second, std::memory_order_release);
  return &it->second;
}

std::int64_t zone::offset_ms(std::int64_t utc_ms) const {
  if (tz_ == nullptr) return fixed_ms_;
  const auto* s = last_.load(std::memory_order_acquire);
  if (s == nullptr || !s->holds(utc_ms)) s = look_up(utc_ms);
  return s->offset_ms;
}

std::string zone::abbreviation(std::int64_t utc_ms) const {
  if (tz_ == nullptr) return "UTC";
  date::sys_seconds t{std::chrono::seconds(floor_div(std::clamp<std::int64_t>(utc_ms, -8'000'000'000'000, 8'000'000'000'000), 1000))};
  return static_cast<const date::time_zone*>(tz_)->get_info(t).abbrev;
}

civil_time zone::local(std::int64_t utc_ms) const {
  auto ms = utc_ms + offset_ms(utc_ms);
  auto days = floor_div(ms, ms_per_day);
  auto t = civil_from_days(days);
  auto rest = ms - days * ms_per_day;
  t.hour = i32(rest / 3'600'000);
  t.minute = i32(rest / 60'000 % 60);
  t.second = i32(rest / 1000 % 60);
  t.millisecond = i32(rest % 1000);
  return t;
}

std::int64_t zone::to_utc(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour,
                          std::int64_t minute, std::int64_t second) const {
  auto bound = [](std::int64_t v, std::int64_t most) { return std::clamp(v, -most, most); };
  auto local_ms = days_from_civil(bound(year, 200'000), bound(month, 1'000'000), bound(day, 10'000'000)) * ms_per_day +
                  bound(hour, 100'000'000) * 3'600'000 + bound(minute, 1'000'000'000) * ms_per_minute +
                  bound(second, 10'000'000'000) * 1000;
  auto guess = local_ms - offset_ms(local_ms);
  auto better = local_ms - offset_ms(guess);
  return better == guess || local_ms - offset_ms(better) == better ? better : guess;
}

std::optional<timeframe> timeframe::parse(std::string_view s) {
  timeframe tf;
  if (s.empty()) return std::nullopt;
  char last = s.back();
  switch (last) {
  case 'T': tf.unit = unit_t::tick; break;
  case 'S': tf.unit = unit_t::second; break;
  case 'D': tf.unit = unit_t::day; break;
  case 'W': tf.unit = unit_t::week; break;
  case 'M': tf.unit = unit_t::month; break;
  default:
    if (last < '0' || last > '9') return std::nullopt;
    tf.unit = unit_t::minute;
  }
  if (tf.unit != unit_t::minute) s.remove_suffix(1);
  if (s.empty()) return tf;
  auto n = number(s);
  if (!n || *n <= 0) return std::nullopt;
  tf.count = *n;
  return tf;
}

double timeframe::seconds() const {
  constexpr std::array<double, 6> unit_seconds{0, 1, 60, 86'400, 604'800, 2'628'003};
  return unit_seconds[static_cast<std::size_t>(unit)] * f64(count);
}

std::string timeframe::text(bool always_multiplier) const {
  constexpr std::array<std::string_view, 6> letters{"T", "S", "", "D", "W", "M"};
  std::string out;
  if (always_multiplier || count != 1 || unit <= unit_t::minute) out = std::to_string(count);
  return out + std::string(letters[static_cast<std::size_t>(unit)]);
}

bool timeframe::lies_in(const timeframe& longer) const {
  if (unit == unit_t::tick) return true;
  if (intraday() && longer.intraday()) return std::fmod(longer.seconds(), seconds()) == 0; // both count from the session's opening
  if (intraday()) return true;
  if (unit != longer.unit) return unit == unit_t::day && count == 1 && longer.unit > unit_t::day;
  return longer.count % count == 0;
}

timeframe timeframe::from_seconds(std::int64_t s) {
  constexpr std::int64_t day = 86'400, week = 604'800, month = 2'628'003, longest = 366 * day;
  auto up = [](std::int64_t a, std::int64_t b) { return std::max<std::int64_t>(1, (a + b - 1) / b); };
  for (std::int64_t n : {1, 5, 10, 15, 30, 45})
    if (s <= n) return {unit_t::second, n};
  if (s < day && up(s, 60) < 1440) return {unit_t::minute, up(s, 60)};
  if (s > longest) return {unit_t::month, 12};
  if (s % month == 0 && s / month <= 12) return {unit_t::month, s / month};
  if (s % week == 0 && s / week <= 52) return {unit_t::week, s / week};
  return {unit_t::day, up(s, day)};
}

std::optional<session_spec> session_spec::parse(std::string_view text) {
  session_spec out;
  if (text == "24x7" || text.empty()) {
    out.always = true;
    out.ranges.push_back({0, 0, 0b11111110});
    return out;
  }
  unsigned days = 0b11111110;
  auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    days = 0;
    for (char c : text.substr(colon + 1)) {
      if (c < '1' || c > '7') return std::nullopt;
      days |= 1u << (c - '0');
    }
    text = text.substr(0, colon);
  }
  while (!text.empty()) {
    auto comma = text.find(',');
    auto part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    auto inner = part.find(':');
    if (inner != std::string_view::npos) part = part.substr(0, inner);
    if (part == "24x7") {
      out.ranges.push_back({0, 0, days});
      continue;
    }
    if (part.size() != 9 || part[4] != '-') return std::nullopt;
    auto from = number(part.substr(0, 4)), to = number(part.substr(5));
    if (!from || !to) return std::nullopt;
    out.ranges.push_back({*from / 100 * 60 + *from % 100, *to / 100 * 60 + *to % 100, days});
  }
  if (out.ranges.empty()) return std::nullopt;
  out.always = out.ranges.size() == 1 && out.ranges[0].from == out.ranges[0].to && out.ranges[0].from == 0 &&
               days == 0b11111110;
  return out;
}

bool session_spec::contains(const civil_time& t) const {
  int minute = t.hour * 60 + t.minute;
  for (const auto& r : ranges) {
    auto day_on = [&](int weekday) { return (r.days >> ((weekday + 6) % 7 + 1) & 1u) != 0; };
    if (r.from < r.to) {
      if (minute >= r.from && minute < r.to && day_on(t.weekday)) return true;
    } else if (r.to == 0) { // up to midnight: the day it runs through
      if (minute >= r.from && day_on(t.weekday)) return true;
    } else {
      // overnight: the day digits name the day on which the session ends
      if (minute >= r.from && day_on(t.weekday + 1)) return true;
      if (minute < r.to && day_on(t.weekday)) return true;
    }
  }
  return false;
}

calendar::calendar(std::string_view zone_name, std::string_view session) {
  zone_ = zone::find(zone_name);
  if (zone_ == nullptr) zone_ = zone::find("UTC");
  auto s = session_spec::parse(session);
  session_ = s ? *s : *session_spec::parse("24x7");
  const auto& first = session_.ranges.front();
  open_minute_ = first.from;
  close_minute_ = session_.ranges.back().to;
  overnight_ = first.to <= first.from && first.from != 0;
  if (close_minute_ == 0) close_minute_ = overnight_ ? 0 : 1440;
  for (const auto& r : session_.ranges) days_ |= r.days;
  const bool of_stocks = (open_minute_ == 570 && close_minute_ == 960) || (open_minute_ == 240 && close_minute_ == 1200);
  if (of_stocks && zone_name == "America/New_York") closures_ = closures::us_stocks;
}

bool calendar::is_open_on(std::int64_t day) const {
  return trades_on(day) && (closures_ == closures::unknown || !us_holiday_on(date_of(day)));
}

bool calendar::trades_on(std::int64_t day) const {
  auto wd = (day + 4) % 7;
  return (days_ >> (wd < 0 ? wd + 8 : wd + 1) & 1u) != 0;
}

std::int64_t calendar::session_open(std::int64_t day) const {
  auto date = civil_from_days(overnight_ ? day - 1 : day);
  return zone_->to_utc(date.year, date.month, date.day, 0, open_minute_, 0);
}

std::int64_t calendar::session_close(std::int64_t day) const {
  const bool varies = closures_ != closures::unknown;
  if (varies && day == closed_day_) return closed_at_;
  auto date = civil_from_days(day);
  // trading ends three hours early, with and without the extended hours
  const auto minute = varies && us_half_day_on(date_of(day)) ? close_minute_ - 180 : close_minute_;
  const auto close = zone_->to_utc(date.year, date.month, date.day, 0, minute, 0);
  if (varies) {
    closed_day_ = day;
    closed_at_ = close;
  }
  return close;
}

std::int64_t calendar::trading_day(std::int64_t utc_ms) const {
  if (utc_ms >= cached_open_ && utc_ms < cached_close_) return cached_day_;
  auto local = utc_ms + zone_->offset_ms(utc_ms);
  auto day = floor_div(local, ms_per_day);
  auto minute = (local - day * ms_per_day) / ms_per_minute;
  if (overnight_ && minute >= open_minute_) ++day;
  for (int i = 0; i < 7 && !trades_on(day); ++i) ++day;
  cached_day_ = day;
  // only the stretch that surely belongs to the same day is remembered
  cached_open_ = utc_ms;
  cached_close_ = utc_ms + 1;
  return day;
}

std::int64_t calendar::trading_days_in_year(std::int64_t day) const {
  auto start = days_from_civil(civil_from_days(day).year, 1, 1);
  std::int64_t n = (day - start) / 7 * i64(__builtin_popcount(days_));
  for (auto d = start + (day - start) / 7 * 7; d < day; ++d) n += trades_on(d) ? 1 : 0;
  return n;
}

std::int64_t calendar::period(const timeframe& tf, std::int64_t utc_ms) const {
  auto day = trading_day(utc_ms);
  switch (tf.unit) {
  case timeframe::unit_t::tick: return utc_ms;
  case timeframe::unit_t::second:
  case timeframe::unit_t::minute: {
    auto length = tf.count * (tf.unit == timeframe::unit_t::minute ? ms_per_minute : 1000);
    auto open = session_open(day);
    return open + floor_div(utc_ms - open, length) * length;
  }
  case timeframe::unit_t::day:
    if (tf.count == 1) return day;
    return civil_from_days(day).year * 1000LL + trading_days_in_year(day) / tf.count;
  case timeframe::unit_t::week: {
    auto monday = day - (day + 3 - floor_div(day + 3, 7) * 7);
    auto year = civil_from_days(monday).year;
    return year * 1000LL + (monday - days_from_civil(year, 1, 1)) / 7 / tf.count;
  }
  case timeframe::unit_t::month: {
    auto t = civil_from_days(day);
    if (tf.count >= 12) return t.year / (tf.count / 12);
    return t.year * 1000LL + (t.month - 1) / tf.count;
  }
  }
  return 0;
}

/// First trading day of the period that holds `day`, for timeframes of a day and more.
std::int64_t calendar::first_day(const timeframe& tf, std::int64_t day) const {
  auto t = civil_from_days(day);
  std::int64_t first = day;
  if (tf.unit == timeframe::unit_t::week) {
    auto monday = day - (day + 3 - floor_div(day + 3, 7) * 7);
    auto year = civil_from_days(monday).year;
    auto index = (monday - days_from_civil(year, 1, 1)) / 7;
    first = monday - index % tf.count * 7;
  } else if (tf.unit == timeframe::unit_t::month) {
    auto step = std::min<std::int64_t>(tf.count, 12);
    first = days_from_civil(t.year, (t.month - 1) / step * step + 1, 1);
  } else if (tf.count > 1) {
    auto back = trading_days_in_year(day) % tf.count;
    while (back > 0) back -= trades_on(--first) ? 1 : 0;
  }
  for (int i = 0; i < 7 && !trades_on(first); ++i) ++first;
  return first;
}

std::int64_t calendar::period_open(const timeframe& tf, std::int64_t utc_ms) const {
  if (tf.intraday()) return period(tf, utc_ms);
  return session_open(first_day(tf, trading_day(utc_ms)));
}

std::int64_t calendar::bar_open(const timeframe& tf, std::int64_t first_ms) const {
  const bool of_a_day = tf.intraday() || (tf.unit == timeframe::unit_t::day && tf.count == 1);
  return of_a_day ? std::min(first_ms, period_open(tf, first_ms)) : first_ms;
}

std::int64_t calendar::period_close(const timeframe& tf, std::int64_t utc_ms) const {
  auto day = trading_day(utc_ms);
  if (tf.unit == timeframe::unit_t::tick) return utc_ms;
  if (tf.intraday()) {
    auto length = tf.count * (tf.unit == timeframe::unit_t::minute ? ms_per_minute : 1000);
    auto end = period(tf, utc_ms) + length;
    auto close = session_close(day);
    return close > utc_ms ? std::min(end, close) : end;
  }
  auto mine = period(tf, utc_ms);
  // the last trading day that still belongs to the period
  auto last = day;
  constexpr int most = 800;
  auto probe = day;
  for (int i = 0; i < most; ++i) {
    ++probe;
    if (!trades_on(probe)) continue;
    if (period(tf, session_open(probe)) != mine) break;
    if (is_open_on(probe)) last = probe;
  }
  return session_close(last);
}

std::int64_t calendar::bar_close(const timeframe& tf, std::int64_t open_ms) const {
  if (!tf.intraday() || tf.unit == timeframe::unit_t::tick || period(tf, open_ms) == open_ms) return period_close(tf, open_ms);
  const auto end = open_ms + static_cast<std::int64_t>(tf.seconds()) * 1000, of_day = session_close(trading_day(open_ms));
  return of_day > open_ms ? std::min(end, of_day) : end;
}

std::int64_t calendar::next_open(const timeframe& tf, std::int64_t utc_ms) const {
  auto close = period_close(tf, utc_ms);
  auto day = trading_day(utc_ms);
  if (tf.intraday() && close < session_close(day)) return std::max(close, utc_ms + 1);
  if (!tf.intraday()) {
    auto mine = period(tf, utc_ms);
    constexpr int most = 800;
    for (int i = 0; i < most; ++i) {
      ++day;
      if (is_open_on(day) && period(tf, session_open(day)) != mine) break;
    }
    return session_open(day);
  }
  do ++day;
  while (!is_open_on(day));
  return session_open(day);
}

std::int64_t calendar::session_before(const timeframe& tf, std::int64_t open_ms) const {
  auto day = trading_day(open_ms);
  if (tf.intraday() && open_ms > session_open(day)) return open_ms - 1;
  do --day;
  while (!is_open_on(day));
  return tf.intraday() ? std::max(session_open(day), session_close(day) - 1) : session_open(day);
}

} // namespace tt::pine
