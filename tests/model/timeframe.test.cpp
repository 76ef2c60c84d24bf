#include "actors/model/timeframe.hpp"

#include <gtest/gtest.h>

using namespace tt;

namespace {

errc code_of(std::string_view text) {
  auto parsed = timeframe::parse(text);
  return parsed ? errc::success : parsed.error().code;
}

TEST(timeframe, every_spelling) {
  struct spelling {
    const char* text;
    timeframe meant;
    const char* api;
    const char* udf;
  };
  const spelling cases[] = {
    {"1m", timeframe::minutes(1), "1m", "1"},      {"1", timeframe::minutes(1), "1m", "1"},
    {"3", timeframe::minutes(3), "3m", "3"},       {"3m", timeframe::minutes(3), "3m", "3"},
    {"5", timeframe::minutes(5), "5m", "5"},       {"15m", timeframe::minutes(15), "15m", "15"},
    {"30", timeframe::minutes(30), "30m", "30"},   {"45", timeframe::minutes(45), "45m", "45"},
    {"60", timeframe::minutes(60), "1h", "60"},    {"1h", timeframe::minutes(60), "1h", "60"},
    {"1H", timeframe::minutes(60), "1h", "60"},    {"60m", timeframe::minutes(60), "1h", "60"},
    {"90", timeframe::minutes(90), "90m", "90"},   {"120", timeframe::minutes(120), "2h", "120"},
    {"2h", timeframe::minutes(120), "2h", "120"},  {"240", timeframe::minutes(240), "4h", "240"},
    {"4h", timeframe::minutes(240), "4h", "240"},  {"24h", timeframe::minutes(1440), "24h", "1440"},
    {"1440", timeframe::minutes(1440), "24h", "1440"}, {"D", timeframe::days(1), "1d", "1D"},
    {"1D", timeframe::days(1), "1d", "1D"},        {"1d", timeframe::days(1), "1d", "1D"},
    {"2D", timeframe::days(2), "2d", "2D"},        {"365d", timeframe::days(365), "365d", "365D"},
    {"W", timeframe::weeks(1), "1w", "1W"},        {"1w", timeframe::weeks(1), "1w", "1W"},
    {"1W", timeframe::weeks(1), "1w", "1W"},       {"52W", timeframe::weeks(52), "52w", "52W"},
    {"M", timeframe::months(1), "1M", "1M"},       {"1M", timeframe::months(1), "1M", "1M"},
    {"3M", timeframe::months(3), "3M", "3M"},      {"12M", timeframe::months(12), "12M", "12M"},
  };
  for (const auto& c : cases) {
    const auto parsed = timeframe::parse(c.text);
    ASSERT_TRUE(parsed.has_value()) << c.text;
    EXPECT_EQ(*parsed, c.meant) << c.text;
    EXPECT_EQ(parsed->to_string(), c.api);
    EXPECT_EQ(parsed->to_udf(), c.udf);
  }
}

TEST(timeframe, every_count_reads_back_from_both_spellings) {
  const auto check = [](timeframe frame) {
    EXPECT_EQ(*timeframe::parse(frame.to_string()), frame) << frame.to_string();
    EXPECT_EQ(*timeframe::parse(frame.to_udf()), frame) << frame.to_udf();
  };
  for (std::uint16_t n = 1; n <= 1440; ++n) check(timeframe::minutes(n));
  for (std::uint16_t n = 1; n <= 365; ++n) check(timeframe::days(n));
  for (std::uint16_t n = 1; n <= 52; ++n) check(timeframe::weeks(n));
  for (std::uint16_t n = 1; n <= 12; ++n) check(timeframe::months(n));
  for (const timeframe frame : offered_timeframes) check(frame);
}

TEST(timeframe, refusals_say_why) {
  for (const char* text : {"", "x", "1x", "m1", "1 m", " 1m", "1m ", "-1m", "+1m", "1.5h", "1mm", "1Dx", "\xff"})
    EXPECT_EQ(code_of(text), errc::invalid_argument) << text;
  for (const char* text : {"0", "0m", "0D", "1441", "25h", "366D", "53W", "13M", "4294967296", "99999999999999999999999m"})
    EXPECT_EQ(code_of(text), errc::out_of_range) << text;
  for (const char* text : {"1s", "30S", "100T", "S"}) EXPECT_EQ(code_of(text), errc::unsupported) << text;
}

TEST(timeframe, only_minutes_are_intraday) {
  EXPECT_TRUE(timeframe::minutes(1440).is_intraday());
  EXPECT_FALSE(timeframe::days(1).is_intraday());
  EXPECT_FALSE(timeframe::weeks(1).is_intraday());
  EXPECT_FALSE(timeframe::months(1).is_intraday());
  EXPECT_EQ(timeframe{}, timeframe::minutes(1));
}

} // namespace
