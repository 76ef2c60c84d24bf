// The US equity calendar against recordings of the market, where they lie beside
// the checkout (see shared_data.hpp).

#include "actors/model/calendar.hpp"
#include "tests/model/shared_data.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <sstream>

using namespace tt;
using tt::test::read_file;
using tt::test::shared_file;

namespace {

civil_date date(std::string_view text) { return *civil_date::parse(text); }

/// Half days that the published list lacks although the market closed at 13:00: its
/// early closes begin with November 1999, and it omits the eve of 2000. The hourly
/// recordings below show each of them.
const std::set<std::string> missing_half_days{"1998-11-27", "1998-12-24", "1999-12-31"};

bool is_weekend(civil_date day) { return day.weekday() == std::chrono::Saturday || day.weekday() == std::chrono::Sunday; }

/// Opening times of the bars in a CSV file, by day in New York.
std::map<civil_date, std::vector<utc_time>> bar_times(const std::string& path, const exchange_calendar& calendar) {
  std::map<civil_date, std::vector<utc_time>> days;
  std::stringstream text(read_file(path));
  std::string line;
  std::getline(text, line); // header
  while (std::getline(text, line)) {
    const utc_time t = from_unix_seconds(std::stoll(line));
    days[calendar.local_date(t)].push_back(t);
  }
  return days;
}

TEST(recordings, published_holidays_and_half_days) {
  const auto path = shared_file("calendar/us_equity.json");
  if (path.empty()) GTEST_SKIP() << "no ../shared/data beside the checkout";
  const auto published = nlohmann::json::parse(read_file(path));
  std::set<std::string> holidays, half_days;
  for (const auto& day : published["holidays"]) holidays.insert(day.get<std::string>());
  for (const auto& [day, close] : published["early_closes"].items()) {
    ASSERT_EQ(close, "13:00") << day;
    half_days.insert(day);
  }
  const auto calendar = *find_calendar("XNYS");
  int compared = 0;
  for (civil_date day = date("1998-01-01"); day < date("2029-01-01"); day = day + 1) {
    const std::string text = day.to_string();
    const auto found = calendar->day(day);
    if (is_weekend(day)) { // the list names two of them: 2011-01-01, 2017-12-24
      ASSERT_FALSE(found) << text;
      continue;
    }
    ++compared;
    ASSERT_EQ(!found, holidays.contains(text)) << text;
    if (!found) continue;
    const bool half_day = half_days.contains(text) || missing_half_days.contains(text);
    ASSERT_EQ(found->length == day_length::early_close, half_day) << text;
  }
  EXPECT_EQ(compared, 8087);
}

TEST(recordings, missing_half_days_ended_at_13) {
  const auto path = shared_file("bars/SPY_1h.csv");
  if (path.empty()) GTEST_SKIP() << "no ../shared/data beside the checkout";
  const auto calendar = *find_calendar("XNYS");
  const auto days = bar_times(path, *calendar);
  for (const auto& text : missing_half_days) {
    const auto day = calendar->day(date(text));
    ASSERT_TRUE(day && day->length == day_length::early_close);
    // late prints of the closing auction fall into the hour from 13:00, nothing into the next
    EXPECT_LE(days.at(date(text)).back(), day->regular.close) << text;
  }
}

TEST(recordings, every_day_with_trades_is_a_trading_day) {
  const auto path = shared_file("bars/SPY_1D.csv");
  if (path.empty()) GTEST_SKIP() << "no ../shared/data beside the checkout";
  const auto calendar = *find_calendar("XNYS");
  const auto days = bar_times(path, *calendar);
  ASSERT_GT(days.size(), 5'000u);
  for (civil_date day = days.begin()->first; day <= days.rbegin()->first; day = day + 1) {
    const auto found = calendar->day(day);
    ASSERT_EQ(found.has_value(), days.contains(day)) << day.to_string();
    if (found) {
      ASSERT_EQ(days.at(day), std::vector{found->regular.open}) << day.to_string();
    }
  }
}

TEST(recordings, minutes_of_a_week_lie_within_the_extended_hours) {
  const auto path = shared_file("bars/SPY_1m.csv");
  if (path.empty()) GTEST_SKIP() << "no ../shared/data beside the checkout";
  const auto calendar = *find_calendar("XNYS");
  int regular = 0;
  for (const auto& [day, times] : bar_times(path, *calendar))
    for (const utc_time t : times) {
      const auto bar = calendar->bar_at(t, timeframe::minutes(1), session_hours::extended);
      ASSERT_TRUE(bar) << to_iso8601(t);
      ASSERT_EQ(bar->open, t);
      regular += calendar->bar_at(t, timeframe::minutes(1), session_hours::regular) ? 1 : 0;
    }
  EXPECT_EQ(regular, 6 * 390);
}

} // namespace
