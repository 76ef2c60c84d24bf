#include "actors/model/time.hpp"

#include <charconv>
#include <cstdio>

namespace tt {

namespace {

error bad_time(std::string_view text) {
  return {errc::invalid_argument, "not an ISO-8601 time with zone: " + in_quotes(text)};
}

error outside_limits(std::string_view text) { return {errc::out_of_range, "time outside 1900 to 2200: " + in_quotes(text)}; }

/// Takes exactly `count` digits from the front of `text`.
bool take_digits(std::string_view& text, std::size_t count, int& out) {
  if (text.size() < count) return false;
  const auto [end, code] = std::from_chars(text.data(), text.data() + count, out);
  if (code != std::errc{} || end != text.data() + count || text.front() == '-') return false;
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// Up to nine digits of a fraction as nanoseconds; further digits are dropped.
bool take_fraction(std::string_view& text, std::int64_t& ns) {
  std::int64_t unit = 100'000'000;
  bool any = false;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    ns += (text.front() - '0') * unit;
    unit /= 10;
    any = true;
    text.remove_prefix(1);
  }
  return any;
}

/// "Z", "+hh:mm", "-hhmm", "+hh" as seconds east of Greenwich.
bool take_offset(std::string_view& text, int& seconds) {
  if (take(text, 'Z') || take(text, 'z')) return true;
  const bool west = !text.empty() && text.front() == '-';
  if (!west && (text.empty() || text.front() != '+')) return false;
  text.remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!take_digits(text, 2, hours)) return false;
  const bool colon = take(text, ':');
  if ((colon || !text.empty()) && !take_digits(text, 2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
  return true;
}

bool take_date(std::string_view& text, civil_date& out) {
  int year = 0, month = 0, day = 0;
  if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) || !take(text, '-')
      || !take_digits(text, 2, day))
    return false;
  auto parsed = civil_date::from_ymd(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
  if (!parsed) return false;
  out = *parsed;
  return true;
}

} // namespace

result<civil_date> civil_date::from_ymd(int year, unsigned month, unsigned day) {
  // chrono's types keep the low bits only, so the ranges come first
  const bool in_range = 1 <= year && year <= 9999 && month <= 12 && day <= 31;
  if (!in_range || !std::chrono::year_month_day{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}}.ok())
    return error{errc::invalid_argument, "no such day in the calendar"};
  return of(year, month, day);
}

result<civil_date> civil_date::parse(std::string_view text) {
  civil_date out;
  std::string_view rest = text;
  if (!take_date(rest, out) || !rest.empty())
    return error{errc::invalid_argument, "not a date (YYYY-MM-DD): " + in_quotes(text)};
  return out;
}

std::string civil_date::to_string() const {
  const auto d = ymd();
  char buffer[24];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                static_cast<unsigned>(d.day()));
  return buffer;
}

std::string to_iso8601(utc_time t) {
  const auto ms = unix_ms(t);
  const auto day = utc_date(t);
  const auto of_day = ms - static_cast<std::int64_t>(day.days_since_epoch()) * 86'400'000;
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "T%02d:%02d:%02d.%03dZ", static_cast<int>(of_day / 3'600'000),
                static_cast<int>(of_day / 60'000 % 60), static_cast<int>(of_day / 1000 % 60), static_cast<int>(of_day % 1000));
  return day.to_string() + buffer;
}

result<utc_time> parse_iso8601(std::string_view text) {
  std::string_view rest = text;
  civil_date day;
  if (!take_date(rest, day)) return bad_time(text);
  // nanoseconds reach from 1677 to 2262 only
  constexpr civil_date first = utc_date(min_input_time), last = utc_date(max_input_time);
  if (day < first - 1 || day > last + 1) return outside_limits(text);
  utc_time t = day.midnight_utc();
  if (!rest.empty()) {
    int hour = 0, minute = 0, second = 0, offset = 0;
    std::int64_t ns = 0;
    if (!take(rest, 'T') && !take(rest, 't') && !take(rest, ' ')) return bad_time(text);
    if (!take_digits(rest, 2, hour) || !take(rest, ':') || !take_digits(rest, 2, minute)) return bad_time(text);
    if (take(rest, ':')) {
      if (!take_digits(rest, 2, second)) return bad_time(text);
      if (take(rest, '.') && !take_fraction(rest, ns)) return bad_time(text);
    }
    if (hour > 23 || minute > 59 || second > 59 || !take_offset(rest, offset) || !rest.empty()) return bad_time(text);
    t += std::chrono::seconds{hour * 3600 + minute * 60 + second - offset} + nanoseconds{ns};
  }
  if (t < min_input_time || t > max_input_time) return outside_limits(text);
  return t;
}

} // namespace tt
