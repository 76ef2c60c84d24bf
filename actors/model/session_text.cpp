#include "actors/model/session_text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

namespace tt {

namespace {

/// Days before `today` in which the usual week is looked for.
constexpr int sample_days = 60;

/// "0930" of a moment, in the venue's time.
std::string clock_text(const exchange_calendar& calendar, utc_time t) {
  const std::string iso = calendar.to_local_iso8601(t); // 2026-01-15T09:30:00-05:00
  return iso.substr(11, 2) + iso.substr(14, 2);
}

std::string hours_text(const exchange_calendar& calendar, const time_span& hours) {
  std::string close = clock_text(calendar, hours.close);
  if (close == "0000") close = "2400";
  return clock_text(calendar, hours.open) + "-" + close;
}

std::string date_text(civil_date day) {
  std::string out = day.to_string();
  std::erase(out, '-');
  return out;
}

/// The usual week: which weekdays are open (0 = Sunday), and one full day.
struct usual_week {
  std::array<bool, 7> open{};
  std::optional<trading_day> sample;
};

usual_week find_usual_week(const exchange_calendar& calendar, civil_date today) {
  usual_week out;
  for (int back = 0; back < sample_days; ++back) {
    const auto day = calendar.day(today - back);
    if (!day) continue;
    out.open[day->day.weekday().c_encoding()] = true;
    if (!out.sample && day->length == day_length::full) out.sample = day;
  }
  return out;
}

std::string session_of(const exchange_calendar& calendar, const usual_week& week, session_hours kind) {
  if (!week.sample) return "24x7";
  const time_span& hours = week.sample->hours(kind);
  const bool every_day = std::all_of(week.open.begin(), week.open.end(), [](bool open) { return open; });
  if (every_day && hours.close - hours.open == std::chrono::hours{24}) return "24x7";
  std::string out = hours_text(calendar, hours);
  static constexpr std::array<bool, 7> weekdays{false, true, true, true, true, true, false};
  if (week.open == weekdays) return out;
  out += ':';
  for (std::size_t i = 0; i < week.open.size(); ++i)
    if (week.open[i]) out += static_cast<char>('1' + i); // UDF counts from Sunday = 1
  return out;
}

session_text describe(const exchange_calendar& calendar, civil_date today) {
  const usual_week week = find_usual_week(calendar, today);
  session_text out;
  out.regular = session_of(calendar, week, session_hours::regular);
  out.extended = session_of(calendar, week, session_hours::extended);
  constexpr int days_per_year = 366;
  const civil_date end = today + holiday_years_ahead * days_per_year;
  for (civil_date at = today - holiday_years_back * days_per_year; at < end; at = at + 1) {
    if (!week.open[at.weekday().c_encoding()]) continue;
    const auto day = calendar.day(at);
    if (!day) {
      out.holidays += (out.holidays.empty() ? "" : ",") + date_text(at);
    } else if (day->length == day_length::early_close) {
      out.corrections += (out.corrections.empty() ? "" : ";") + hours_text(calendar, day->regular) + ":" + date_text(at);
    }
  }
  return out;
}

} // namespace

std::shared_ptr<const session_text> describe_sessions(const exchange_calendar& calendar, civil_date today) {
  struct entry {
    civil_date day;
    std::shared_ptr<const session_text> text;
  };
  static std::mutex mutex;
  static std::map<std::string, entry, std::less<>> kept; // one per calendar id
  {
    std::lock_guard guard{mutex};
    const auto found = kept.find(calendar.id());
    if (found != kept.end() && found->second.day == today) return found->second.text;
  }
  auto made = std::make_shared<const session_text>(describe(calendar, today));
  std::lock_guard guard{mutex};
  kept[std::string{calendar.id()}] = {today, made};
  return made;
}

} // namespace tt
