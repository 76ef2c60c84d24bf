#include "actors/model/time.hpp"

#include <gtest/gtest.h>

#include <random>

using namespace tt;

namespace {

errc code_of(std::string_view text) {
  auto parsed = parse_iso8601(text);
  return parsed ? errc::success : parsed.error().code;
}

TEST(time, reads_iso8601) {
  const std::pair<const char*, const char*> cases[] = {
    {"2026-01-15T14:30:02.114Z", "2026-01-15T14:30:02.114Z"}, {"2026-01-15T14:30:00Z", "2026-01-15T14:30:00.000Z"},
    {"2026-01-15t14:30z", "2026-01-15T14:30:00.000Z"},        {"2026-01-15 14:30:00+00:00", "2026-01-15T14:30:00.000Z"},
    {"2026-01-15T09:30:00.25-05:00", "2026-01-15T14:30:00.250Z"}, {"2026-01-15T09:30-0500", "2026-01-15T14:30:00.000Z"},
    {"2026-01-15T20:00:00+05:30", "2026-01-15T14:30:00.000Z"}, {"2026-01-01T00:30:00+01", "2025-12-31T23:30:00.000Z"},
    {"2026-01-15", "2026-01-15T00:00:00.000Z"},               {"2024-02-29T23:59:59.999999999Z", "2024-02-29T23:59:59.999Z"},
    {"1969-12-31T23:59:59.9995Z", "1969-12-31T23:59:59.999Z"}, {"1900-01-01T00:00:00Z", "1900-01-01T00:00:00.000Z"},
    {"2200-01-01T00:00:00Z", "2200-01-01T00:00:00.000Z"}};
  for (const auto& [text, utc] : cases) {
    const auto parsed = parse_iso8601(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(to_iso8601(*parsed), utc) << text;
  }
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.123456789999Z")->time_since_epoch().count(), 123456789);
}

TEST(time, refuses_what_is_no_moment) {
  for (const char* text :
       {"", "2026", "2026-1-15", "2026-01-15T14:30:00", "2026-01-15T14:30", "2026-01-15T14:30:00.Z", "2026-01-15T24:00:00Z",
        "2026-01-15T14:60Z", "2026-01-15T14:30:60Z", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32",
        "2026-01-15T14:30:00+", "2026-01-15T14:30:00+5", "2026-01-15T14:30:00+05:", "2026-01-15T14:30:00+05:0", "2026-01-15T14:30:00+24:00",
        "2026-01-15T14:30:00+05:60", "2026-01-15T14:30:00ZZ", " 2026-01-15", "2026-01-15 ", "+026-01-15", "-026-01-15", "2026-+1-15",
        "2026-01-15T-4:30Z", "20260115T143000Z", "2026-01-15T14:30:00 Z", "0000-01-01"})
    EXPECT_EQ(code_of(text), errc::invalid_argument) << text;
}

TEST(time, refuses_moments_that_nanoseconds_may_not_reach) {
  for (const char* text : {"0001-01-01", "1677-09-21T00:12:43Z", "1899-12-31T23:59:59Z", "1900-01-01T00:00:00+00:01", "2200-01-01T00:00:01Z",
                           "2199-12-31T23:59:59-00:01", "2262-04-12", "9999-12-31T23:59:59Z"})
    EXPECT_EQ(code_of(text), errc::out_of_range) << text;
}

TEST(time, prints_what_it_reads_back) {
  std::mt19937_64 random{3};
  const auto from = unix_ms(min_input_time), to = unix_ms(max_input_time);
  for (int i = 0; i < 100'000; ++i) {
    const utc_time t = from_unix_ms(from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(to - from)));
    const auto back = parse_iso8601(to_iso8601(t));
    ASSERT_TRUE(back.has_value());
    ASSERT_EQ(*back, t);
  }
}

TEST(time, seconds_and_milliseconds_round_down) {
  const utc_time t{nanoseconds{-1}};
  EXPECT_EQ(unix_ms(t), -1);
  EXPECT_EQ(unix_seconds(t), -1);
  EXPECT_EQ(utc_date(t).to_string(), "1969-12-31");
  EXPECT_EQ(from_unix_seconds(1'700'000'000), from_unix_ms(1'700'000'000'000));
}

TEST(civil_date, reads_and_prints) {
  EXPECT_EQ(civil_date::parse("2026-01-15")->to_string(), "2026-01-15");
  EXPECT_EQ(civil_date::parse("0001-01-01")->to_string(), "0001-01-01");
  EXPECT_EQ(civil_date::parse("9999-12-31")->to_string(), "9999-12-31");
  EXPECT_EQ(civil_date::parse("1970-01-01")->days_since_epoch(), 0);
  for (const char* text : {"", "2026-02-30", "2023-02-29", "1900-02-29", "0000-01-01", "2026-01-15T00:00Z", "26-01-15", "2026/01/15"})
    EXPECT_EQ(civil_date::parse(text).error().code, errc::invalid_argument) << text;
}

TEST(civil_date, numbers_outside_a_calendar_are_refused) {
  EXPECT_TRUE(civil_date::from_ymd(2024, 2, 29));
  for (const auto& [y, m, d] : {std::tuple{2024, 257u, 1u}, {2024, 1u, 257u}, {2024, 0u, 1u}, {2024, 1u, 0u}, {0, 1u, 1u}, {10000, 1u, 1u},
                                {65536 + 2024, 1u, 1u}, {2024, 13u, 1u}, {2023, 2u, 29u}})
    EXPECT_FALSE(civil_date::from_ymd(y, m, d)) << y << " " << m << " " << d;
}

TEST(civil_date, days_follow_each_other) {
  civil_date day = civil_date::of(1899, 12, 31);
  auto ymd = day.ymd();
  for (; day < civil_date::of(2100, 1, 1); day = day + 1) {
    ASSERT_EQ(utc_date(day.midnight_utc()), day);
    ASSERT_EQ(utc_date(day.midnight_utc() + std::chrono::hours{24} - nanoseconds{1}), day);
    ASSERT_EQ((day + 7).weekday(), day.weekday());
    ASSERT_EQ(*civil_date::parse(day.to_string()), day);
    const auto next = (day + 1).ymd();
    ASSERT_TRUE(next.ok() && ymd < next);
    ymd = next;
  }
  EXPECT_EQ(civil_date::of(2026, 1, 15).weekday(), std::chrono::Thursday);
  EXPECT_EQ(civil_date::of(2024, 3, 1) - civil_date::of(2024, 2, 28), 2);
}

} // namespace
