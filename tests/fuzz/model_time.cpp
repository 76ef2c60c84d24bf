// parse_iso8601 and civil_date::parse: no overflow, and what they accept reads back.

#include "actors/model/calendar.hpp"

#include <cstdint>
#include <string_view>

using namespace tt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto calendar = *find_calendar("CME_EQUITY");
  if (const auto day = civil_date::parse(text)) {
    TT_ASSERT(day->to_string() == text);
    (void)calendar->bar_of_day(*day, timeframe::weeks(2), session_hours::regular);
    (void)calendar->on_or_after(*day);
  }
  if (const auto t = parse_iso8601(text)) {
    TT_ASSERT(min_input_time <= *t && *t <= max_input_time);
    const auto back = parse_iso8601(to_iso8601(*t));
    TT_ASSERT(back.has_value() && unix_ms(*back) == unix_ms(*t));
    const auto local = parse_iso8601(calendar->to_local_iso8601(*t));
    TT_ASSERT(!local || unix_seconds(*local) == unix_seconds(*t));
    const auto bar = calendar->bar_at(*t, timeframe::minutes(60), session_hours::extended);
    TT_ASSERT(!bar || (bar->open <= *t && *t < bar->close));
  }
  return 0;
}
