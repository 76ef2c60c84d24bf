#include "actors/model/calendar.hpp"
#include "actors/model/us_holidays.hpp"
#include "actors/model/zone_clock.hpp"
#include "tests/model/printers.hpp"

#include <date/tz.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace tt;

namespace {

using calendar_ptr = std::shared_ptr<const exchange_calendar>;

calendar_ptr get(std::string_view id) {
  auto found = find_calendar(id);
  EXPECT_TRUE(found.has_value()) << id;
  return *found;
}

civil_date date(std::string_view text) { return *civil_date::parse(text); }
utc_time at(std::string_view text) { return *parse_iso8601(text); }

/// "2026-01-15T09:30:00-05:00 2026-01-15T16:00:00-05:00", or "closed".
std::string hours_of(const exchange_calendar& calendar, std::string_view day, session_hours kind = session_hours::regular) {
  const auto found = calendar.day(date(day));
  if (!found) return "closed";
  const auto& hours = found->hours(kind);
  return calendar.to_local_iso8601(hours.open) + " " + calendar.to_local_iso8601(hours.close);
}

// --- names ---------------------------------------------------------------------

TEST(calendars, are_found_by_every_name) {
  EXPECT_EQ(calendar_ids(), (std::vector<std::string_view>{"XNYS", "XNAS", "CME_EQUITY", "FOREX", "24X7"}));
  for (const auto id : calendar_ids()) EXPECT_EQ(get(id)->id(), id);
  const std::pair<const char*, const char*> others[] = {{"NYSE", "XNYS"},       {"ARCX", "XNYS"},       {"AMEX", "XNYS"},
                                                        {"BATS", "XNYS"},       {"NASDAQ", "XNAS"},     {"CME", "CME_EQUITY"},
                                                        {"CBOT", "CME_EQUITY"}, {"GLOBEX", "CME_EQUITY"}, {"xnys", "XNYS"}};
  for (const auto& [name, id] : others) EXPECT_EQ(get(name)->id(), id);
  EXPECT_EQ(get("XNYS"), get("NYSE")) << "made once";
  EXPECT_EQ(get("XNYS")->time_zone(), "America/New_York");
  EXPECT_EQ(get("CME_EQUITY")->time_zone(), "America/Chicago");
  EXPECT_EQ(get("24X7")->time_zone(), "Etc/UTC");
  const auto unknown = find_calendar("XLON\n");
  EXPECT_EQ(unknown.error().code, errc::not_found);
  EXPECT_EQ(unknown.error().message, "no calendar \"XLON?\"; there are XNYS, XNAS, CME_EQUITY, FOREX, 24X7");
}

// --- US equities ---------------------------------------------------------------

TEST(us_equity, holidays_of_2021_to_2028) {
  // nyse.com/markets/hours-calendars
  const char* const closed[] = {
    "2021-01-01", "2021-01-18", "2021-02-15", "2021-04-02", "2021-05-31", "2021-07-05", "2021-09-06", "2021-11-25", "2021-12-24",
    "2022-01-17", "2022-02-21", "2022-04-15", "2022-05-30", "2022-06-20", "2022-07-04", "2022-09-05", "2022-11-24", "2022-12-26",
    "2023-01-02", "2023-01-16", "2023-02-20", "2023-04-07", "2023-05-29", "2023-06-19", "2023-07-04", "2023-09-04", "2023-11-23", "2023-12-25",
    "2024-01-01", "2024-01-15", "2024-02-19", "2024-03-29", "2024-05-27", "2024-06-19", "2024-07-04", "2024-09-02", "2024-11-28", "2024-12-25",
    "2025-01-01", "2025-01-09", "2025-01-20", "2025-02-17", "2025-04-18", "2025-05-26", "2025-06-19", "2025-07-04", "2025-09-01", "2025-11-27", "2025-12-25",
    "2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25", "2026-06-19", "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25",
    "2027-01-01", "2027-01-18", "2027-02-15", "2027-03-26", "2027-05-31", "2027-06-18", "2027-07-05", "2027-09-06", "2027-11-25", "2027-12-24",
    "2028-01-17", "2028-02-21", "2028-04-14", "2028-05-29", "2028-06-19", "2028-07-04", "2028-09-04", "2028-11-23", "2028-12-25"};
  const char* const short_days[] = {"2021-11-26", "2022-11-25", "2023-07-03", "2023-11-24", "2024-07-03", "2024-11-29", "2024-12-24", "2025-07-03",
                                    "2025-11-28", "2025-12-24", "2026-11-27", "2026-12-24", "2027-11-26", "2028-07-03", "2028-11-24"};
  for (const char* const id : {"XNYS", "XNAS"}) {
    const auto calendar = get(id);
    for (civil_date day = date("2021-01-01"); day < date("2029-01-01"); day = day + 1) {
      const std::string text = day.to_string();
      const bool weekend = day.weekday() == std::chrono::Saturday || day.weekday() == std::chrono::Sunday;
      const bool holiday = std::ranges::find(closed, text) != std::end(closed);
      const bool short_day = std::ranges::find(short_days, text) != std::end(short_days);
      const auto found = calendar->day(day);
      ASSERT_EQ(found.has_value(), !weekend && !holiday) << text;
      ASSERT_EQ(calendar->holiday_name(day).has_value(), holiday || short_day) << text;
      if (!found) continue;
      ASSERT_EQ(found->length == day_length::early_close, short_day) << text;
      ASSERT_EQ(found->regular.close - found->regular.open, short_day ? std::chrono::minutes{210} : std::chrono::minutes{390}) << text;
      ASSERT_EQ(found->extended.close - found->extended.open, std::chrono::hours{short_day ? 13 : 16}) << text;
    }
  }
}

TEST(us_equity, hours) {
  const auto nyse = get("XNYS");
  EXPECT_EQ(hours_of(*nyse, "2026-01-15"), "2026-01-15T09:30:00-05:00 2026-01-15T16:00:00-05:00");
  EXPECT_EQ(hours_of(*nyse, "2026-01-15", session_hours::extended), "2026-01-15T04:00:00-05:00 2026-01-15T20:00:00-05:00");
  EXPECT_EQ(hours_of(*nyse, "2026-11-27"), "2026-11-27T09:30:00-05:00 2026-11-27T13:00:00-05:00");
  EXPECT_EQ(hours_of(*nyse, "2026-11-27", session_hours::extended), "2026-11-27T04:00:00-05:00 2026-11-27T17:00:00-05:00");
}

TEST(us_equity, specials_and_rule_changes) {
  const auto nyse = get("XNYS");
  for (const char* day : {"2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2004-06-11", "2007-01-02", "2012-10-29", "2012-10-30",
                          "2018-12-05", "2025-01-09"})
    EXPECT_EQ(hours_of(*nyse, day), "closed") << day;
  EXPECT_EQ(nyse->holiday_name(date("2012-10-29")), "Hurricane Sandy");
  EXPECT_EQ(nyse->holiday_name(date("2026-11-26")), "Thanksgiving");
  EXPECT_EQ(nyse->holiday_name(date("2026-07-03")), "Independence Day");
  EXPECT_EQ(nyse->holiday_name(date("2026-07-04")), std::nullopt) << "a Saturday is no holiday of the exchange";
  // kept since 1998 and 2022
  EXPECT_TRUE(nyse->day(date("1997-01-20")));
  EXPECT_FALSE(nyse->day(date("1998-01-19")));
  EXPECT_TRUE(nyse->day(date("2021-06-18")));
  EXPECT_FALSE(nyse->day(date("2022-06-20")));
  // a Thursday Fourth of July shortened the Friday, since 2013 the Wednesday
  EXPECT_EQ(nyse->day(date("2002-07-03"))->length, day_length::full);
  EXPECT_EQ(nyse->day(date("2002-07-05"))->length, day_length::early_close);
  EXPECT_EQ(nyse->day(date("2013-07-03"))->length, day_length::early_close);
  EXPECT_EQ(nyse->day(date("2013-07-05"))->length, day_length::full);
  // New Year on a Saturday is not kept on the Friday, Christmas is
  EXPECT_EQ(nyse->day(date("2021-12-31"))->length, day_length::full);
  EXPECT_FALSE(nyse->day(date("2021-12-24")));
  // Christmas Eve before a Saturday or Sunday Christmas shortens nothing
  EXPECT_EQ(nyse->day(date("2022-12-23"))->length, day_length::full);
}

TEST(us_holidays, easter) {
  for (const char* day : {"1818-03-22", "1943-04-25", "1998-04-12", "2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2025-04-20",
                          "2026-04-05", "2038-04-25", "2285-03-22"})
    EXPECT_EQ(easter_sunday(static_cast<int>(date(day).ymd().year())), date(day));
}

// --- CME -----------------------------------------------------------------------

TEST(cme_equity, sessions_begin_on_the_eve) {
  const auto cme = get("CME_EQUITY");
  EXPECT_EQ(hours_of(*cme, "2026-01-14"), "2026-01-13T17:00:00-06:00 2026-01-14T16:00:00-06:00");
  EXPECT_EQ(hours_of(*cme, "2026-01-12"), "2026-01-11T17:00:00-06:00 2026-01-12T16:00:00-06:00") << "Monday's begins on Sunday";
  EXPECT_EQ(hours_of(*cme, "2026-01-10"), "closed");
  EXPECT_EQ(hours_of(*cme, "2026-01-11"), "closed");
  EXPECT_EQ(hours_of(*cme, "2015-09-18"), "2015-09-17T17:00:00-05:00 2015-09-18T16:15:00-05:00");
  EXPECT_EQ(hours_of(*cme, "2015-09-21"), "2015-09-20T17:00:00-05:00 2015-09-21T16:00:00-05:00");
}

TEST(cme_equity, holidays_and_early_halts) {
  const auto cme = get("CME_EQUITY");
  const std::pair<const char*, const char*> cases[] = {
    {"2026-01-01", ""},      {"2023-01-02", ""},      {"2025-12-25", ""},      {"2021-12-24", ""},      {"2024-03-29", ""},
    {"2025-04-18", ""},      {"2026-04-03", "08:15"}, {"2023-04-07", "08:15"}, {"2021-04-02", "08:15"}, {"2015-04-03", "08:15"},
    {"2026-01-19", "12:00"}, {"2026-02-16", "12:00"}, {"2026-05-25", "12:00"}, {"2026-06-19", "12:00"}, {"2026-07-03", "12:00"},
    {"2026-09-07", "12:00"}, {"2026-11-26", "12:00"}, {"2026-11-27", "12:15"}, {"2026-12-24", "12:15"}, {"2025-07-03", "12:15"},
    {"2025-07-04", "12:00"}, {"2018-12-05", "08:30"}, {"2025-01-09", "08:30"}, {"2012-10-29", "08:15"}, {"2013-01-21", "10:30"},
    {"2014-02-17", "10:30"}, {"2014-05-26", "12:00"}, {"2001-09-12", ""},      {"2021-12-31", "16:00"}, {"2026-07-02", "16:00"}};
  for (const auto& [day, close] : cases) {
    const std::string hours = hours_of(*cme, day);
    if (*close == '\0') {
      EXPECT_EQ(hours, "closed") << day;
      continue;
    }
    ASSERT_NE(hours, "closed") << day;
    EXPECT_EQ(hours.substr(26, 16), std::string(day) + "T" + close);
    EXPECT_EQ(hours.substr(10, 6), "T17:00");
    EXPECT_EQ(cme->day(date(day))->length == day_length::early_close, std::string_view(close) != "16:00") << day;
    EXPECT_EQ(cme->holiday_name(date(day)).has_value(), std::string_view(close) != "16:00") << day;
  }
}

// --- foreign exchange and crypto -------------------------------------------------

TEST(forex, week_runs_from_sunday_to_friday_17_new_york) {
  const auto forex = get("FOREX");
  EXPECT_EQ(hours_of(*forex, "2026-01-12"), "2026-01-11T17:00:00-05:00 2026-01-12T17:00:00-05:00");
  EXPECT_EQ(hours_of(*forex, "2026-01-16"), "2026-01-15T17:00:00-05:00 2026-01-16T17:00:00-05:00");
  EXPECT_FALSE(forex->day_at(at("2026-01-16T17:00-05:00"), session_hours::regular));
  EXPECT_FALSE(forex->day_at(at("2026-01-18T16:59:59-05:00"), session_hours::regular));
  EXPECT_EQ(forex->day_at(at("2026-01-18T17:00-05:00"), session_hours::regular)->day, date("2026-01-19"));
  EXPECT_EQ(hours_of(*forex, "2025-12-25"), "closed");
  EXPECT_EQ(hours_of(*forex, "2026-01-01"), "closed");
  EXPECT_EQ(forex->holiday_name(date("2025-12-25")), "Christmas");
  EXPECT_EQ(forex->state_at(at("2025-12-25T16:59-05:00")), market_state::closed);
  EXPECT_EQ(forex->state_at(at("2025-12-25T17:00-05:00")), market_state::regular);
  EXPECT_NE(hours_of(*forex, "2026-07-03"), "closed") << "no national holiday closes it";
}

TEST(always_open, days_are_utc_days) {
  const auto always = get("24X7");
  EXPECT_EQ(hours_of(*always, "2026-01-18"), "2026-01-18T00:00:00+00:00 2026-01-19T00:00:00+00:00");
  EXPECT_EQ(always->day_at(at("2026-01-18T23:59:59.999Z"), session_hours::extended)->day, date("2026-01-18"));
  EXPECT_EQ(always->holiday_name(date("2025-12-25")), std::nullopt);
}

// --- summer time -----------------------------------------------------------------

TEST(summer_time, us_equity_opens_at_0930_on_both_sides) {
  const auto nyse = get("XNYS");
  EXPECT_EQ(nyse->day(date("2026-03-06"))->regular.open, at("2026-03-06T14:30Z"));
  EXPECT_EQ(nyse->day(date("2026-03-09"))->regular.open, at("2026-03-09T13:30Z"));
  EXPECT_EQ(nyse->day(date("2026-10-30"))->regular.open, at("2026-10-30T13:30Z"));
  EXPECT_EQ(nyse->day(date("2026-11-02"))->regular.open, at("2026-11-02T14:30Z"));
  // the rule of 2007 moved both edges
  EXPECT_EQ(nyse->day(date("2006-03-31"))->regular.open, at("2006-03-31T14:30Z"));
  EXPECT_EQ(nyse->day(date("2006-04-03"))->regular.open, at("2006-04-03T13:30Z"));
}

TEST(summer_time, the_session_after_the_change_begins_on_the_new_clock) {
  const auto cme = get("CME_EQUITY");
  EXPECT_EQ(hours_of(*cme, "2026-03-09"), "2026-03-08T17:00:00-05:00 2026-03-09T16:00:00-05:00");
  EXPECT_EQ(hours_of(*cme, "2026-11-02"), "2026-11-01T17:00:00-06:00 2026-11-02T16:00:00-06:00");
  // the weekend between is an hour shorter, or longer
  const auto gap = [&](const char* friday, const char* monday) {
    return cme->day(date(monday))->regular.open - cme->day(date(friday))->regular.close;
  };
  EXPECT_EQ(gap("2026-03-06", "2026-03-09"), std::chrono::hours{48});
  EXPECT_EQ(gap("2026-03-13", "2026-03-16"), std::chrono::hours{49});
  EXPECT_EQ(gap("2026-10-30", "2026-11-02"), std::chrono::hours{50});
}

TEST(summer_time, forex_opens_on_sunday_at_17_new_york) {
  const auto forex = get("FOREX");
  EXPECT_EQ(forex->day(date("2026-03-09"))->regular.open, at("2026-03-08T21:00Z"));
  EXPECT_EQ(forex->day(date("2026-03-06"))->regular.close, at("2026-03-06T22:00Z"));
  EXPECT_EQ(forex->day(date("2026-10-30"))->regular.close, at("2026-10-30T21:00Z"));
  EXPECT_EQ(forex->day(date("2026-11-02"))->regular.open, at("2026-11-01T22:00Z"));
  // Europe changes on other Sundays: nothing moves in New York
  EXPECT_EQ(forex->day(date("2026-03-30"))->regular.open, at("2026-03-29T21:00Z"));
}

TEST(summer_time, goes_on_after_the_last_year_of_the_zone_files) {
  const auto nyse = get("XNYS");
  EXPECT_EQ(nyse->day(date("2039-01-14"))->regular.open, at("2039-01-14T14:30Z"));
  EXPECT_EQ(nyse->day(date("2039-07-14"))->regular.open, at("2039-07-14T13:30Z"));
  EXPECT_EQ(nyse->day(date("2055-03-12"))->regular.open, at("2055-03-12T14:30Z")); // change on the 14th
  EXPECT_EQ(nyse->day(date("2055-03-15"))->regular.open, at("2055-03-15T13:30Z"));
  EXPECT_EQ(nyse->day(date("2055-11-05"))->regular.open, at("2055-11-05T13:30Z")); // change on the 7th
  EXPECT_EQ(nyse->day(date("2055-11-08"))->regular.open, at("2055-11-08T14:30Z"));
}

TEST(zone_clock, agrees_with_the_zone_database) {
  for (const char* name : {"America/New_York", "America/Chicago", "Etc/UTC", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe"}) {
    const auto clock = zone_clock::load(name);
    ASSERT_TRUE(clock.has_value()) << name;
    const auto* const zone = ::date::locate_zone(name);
    std::mt19937_64 random{11};
    const auto from = unix_seconds(at("1950-01-01")), to = unix_seconds(at("2037-12-01"));
    for (int i = 0; i < 20'000; ++i) {
      const auto s = from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(to - from));
      const auto info = zone->get_info(::date::sys_seconds{std::chrono::seconds{s}});
      ASSERT_EQ(clock->offset_at(from_unix_seconds(s)), info.offset) << name << " " << s;
    }
  }
  EXPECT_EQ(zone_clock::load("Mars/Olympus").error().code, errc::not_available);
}

TEST(zone_clock, finds_the_moment_of_a_wall_clock_time) {
  const auto clock = *zone_clock::load("America/New_York");
  using namespace std::chrono_literals;
  EXPECT_EQ(clock.to_utc(date("2026-03-08"), 1h + 59min), at("2026-03-08T06:59Z"));
  EXPECT_EQ(clock.to_utc(date("2026-03-08"), 3h), at("2026-03-08T07:00Z"));
  EXPECT_EQ(clock.to_utc(date("2026-11-01"), 1h + 30min), at("2026-11-01T05:30Z")) << "the earlier of the two";
  EXPECT_EQ(clock.to_utc(date("2026-11-01"), 2h), at("2026-11-01T07:00Z"));
  EXPECT_EQ(clock.to_utc(date("2026-01-15"), 24h), at("2026-01-16T05:00Z"));
  EXPECT_EQ(zone_clock::load("Asia/Kolkata")->to_iso8601(at("2026-01-15T00:00:01.9Z")), "2026-01-15T05:30:01+05:30");
  EXPECT_EQ(clock.date_at(at("2026-01-15T04:59Z")), date("2026-01-14"));
}

// --- where a moment lies ---------------------------------------------------------

TEST(calendar, states_of_a_us_day) {
  const auto nyse = get("XNYS");
  const std::pair<const char*, market_state> cases[] = {
    {"2026-01-15T03:59:59.999-05:00", market_state::closed}, {"2026-01-15T04:00-05:00", market_state::pre},
    {"2026-01-15T09:29:59.999-05:00", market_state::pre},    {"2026-01-15T09:30-05:00", market_state::regular},
    {"2026-01-15T15:59:59.999-05:00", market_state::regular}, {"2026-01-15T16:00-05:00", market_state::post},
    {"2026-01-15T19:59:59.999-05:00", market_state::post},   {"2026-01-15T20:00-05:00", market_state::closed},
    {"2026-11-27T12:59-05:00", market_state::regular},       {"2026-11-27T13:00-05:00", market_state::post},
    {"2026-11-27T17:00-05:00", market_state::closed},        {"2026-01-17T12:00-05:00", market_state::closed},
    {"2026-01-19T12:00-05:00", market_state::closed}};
  for (const auto& [text, state] : cases) EXPECT_EQ(nyse->state_at(at(text)), state) << text;
}

TEST(calendar, trading_day_of_a_moment) {
  const auto nyse = get("XNYS"), cme = get("CME_EQUITY");
  EXPECT_EQ(nyse->day_at(at("2026-01-16T00:59:59Z"), session_hours::extended)->day, date("2026-01-15")) << "past midnight UTC";
  EXPECT_FALSE(nyse->day_at(at("2026-01-16T00:59:59Z"), session_hours::regular));
  EXPECT_EQ(cme->day_at(at("2026-01-13T17:00-06:00"), session_hours::regular)->day, date("2026-01-14"));
  EXPECT_EQ(cme->day_at(at("2026-01-14T15:59:59-06:00"), session_hours::regular)->day, date("2026-01-14"));
  EXPECT_FALSE(cme->day_at(at("2026-01-14T16:30-06:00"), session_hours::regular)) << "maintenance";
  EXPECT_EQ(cme->day_at(at("2026-01-19T11:59-06:00"), session_hours::regular)->day, date("2026-01-19"));
  EXPECT_FALSE(cme->day_at(at("2026-01-19T12:00-06:00"), session_hours::regular)) << "halt of a holiday";
  EXPECT_EQ(cme->day_at(at("2026-01-19T17:00-06:00"), session_hours::regular)->day, date("2026-01-20"));
  EXPECT_EQ(cme->local_date(at("2026-01-14T05:59Z")), date("2026-01-13"));
  EXPECT_EQ(cme->to_local_iso8601(at("2026-07-01T05:00Z")), "2026-07-01T00:00:00-05:00");
}

TEST(calendar, hours_that_adjoin_turn_once) {
  const auto turns = [](const char* calendar, const char* t) {
    const auto got = get(calendar)->next_turns(at(t), session_hours::regular);
    return std::pair{got.open, got.close};
  };
  using pair = std::pair<std::optional<utc_time>, std::optional<utc_time>>;
  EXPECT_EQ(turns("XNYS", "2026-01-15T10:00-05:00"), (pair{at("2026-01-16T09:30-05:00"), at("2026-01-15T16:00-05:00")}));
  EXPECT_EQ(turns("XNYS", "2026-01-15T17:00-05:00"), (pair{at("2026-01-16T09:30-05:00"), at("2026-01-16T16:00-05:00")}));
  EXPECT_EQ(turns("FOREX", "2026-01-15T10:00-05:00"), (pair{at("2026-01-18T17:00-05:00"), at("2026-01-16T17:00-05:00")})) << "a week is one session";
  EXPECT_EQ(turns("FOREX", "2026-01-17T10:00-05:00"), (pair{at("2026-01-18T17:00-05:00"), at("2026-01-23T17:00-05:00")}));
  EXPECT_EQ(turns("24X7", "2026-01-15T10:00Z"), (pair{std::nullopt, std::nullopt})) << "never closes, so never opens";
}

TEST(calendar, regression_13_next_open_and_next_close_come_from_the_calendar) {
  const auto nyse = get("XNYS"), cme = get("CME_EQUITY");
  const auto regular = session_hours::regular, extended = session_hours::extended;
  EXPECT_EQ(nyse->next_open(at("2026-01-16T09:29:59-05:00"), regular), at("2026-01-16T09:30-05:00"));
  EXPECT_EQ(nyse->next_open(at("2026-01-16T09:30-05:00"), regular), at("2026-01-20T09:30-05:00")) << "strictly after; over the holiday";
  EXPECT_EQ(nyse->next_open(at("2026-01-16T20:00-05:00"), extended), at("2026-01-20T04:00-05:00"));
  EXPECT_EQ(nyse->next_close(at("2026-01-16T15:59-05:00"), regular), at("2026-01-16T16:00-05:00"));
  EXPECT_EQ(nyse->next_close(at("2026-01-16T16:00-05:00"), regular), at("2026-01-20T16:00-05:00"));
  EXPECT_EQ(nyse->next_close(at("2026-11-26T12:00-05:00"), regular), at("2026-11-27T13:00-05:00"));
  EXPECT_EQ(nyse->next_close(at("2026-11-26T12:00-05:00"), extended), at("2026-11-27T17:00-05:00"));
  EXPECT_EQ(nyse->next_open(at("2001-09-10T16:00-04:00"), regular), at("2001-09-17T09:30-04:00"));
  EXPECT_EQ(cme->next_open(at("2026-01-16T16:00-06:00"), regular), at("2026-01-18T17:00-06:00"));
  EXPECT_EQ(cme->next_close(at("2026-01-18T20:00-06:00"), regular), at("2026-01-19T12:00-06:00"));
  EXPECT_EQ(get("24X7")->next_open(at("2026-01-16T00:00Z"), regular), at("2026-01-17T00:00Z"));
}

TEST(calendar, nearest_trading_days) {
  const auto nyse = get("XNYS");
  EXPECT_EQ(nyse->on_or_after(date("2026-01-16"))->day, date("2026-01-16"));
  EXPECT_EQ(nyse->on_or_after(date("2026-01-17"))->day, date("2026-01-20"));
  EXPECT_EQ(nyse->on_or_before(date("2026-01-19"))->day, date("2026-01-16"));
  EXPECT_EQ(nyse->on_or_after(date("2040-12-29"))->day, date("2040-12-31")) << "at the end of the table";
  EXPECT_EQ(nyse->on_or_after(date("2041-01-01"))->day, date("2041-01-02"));
  EXPECT_EQ(nyse->on_or_before(date("2041-01-01"))->day, date("2040-12-31"));
  EXPECT_EQ(nyse->on_or_after(date("1989-12-30"))->day, date("1990-01-02"));
}

TEST(calendar, is_closed_where_time_ends) {
  for (const auto id : calendar_ids()) {
    const auto calendar = get(id);
    for (const char* day : {"0001-01-01", "1677-01-01", "1899-12-31", "2200-01-01", "2262-04-12", "9999-12-01"}) {
      EXPECT_FALSE(calendar->day(date(day))) << id << " " << day;
      EXPECT_FALSE(calendar->on_or_after(date(day)) && date(day) > date("2199-12-31")) << id << " " << day;
      EXPECT_FALSE(calendar->bar_of_day(date(day), timeframe::weeks(3), session_hours::regular)) << id << " " << day;
    }
    for (const utc_time t : {utc_time::min(), min_input_time, max_input_time, utc_time::max()}) {
      EXPECT_FALSE(calendar->day_at(t, session_hours::regular));
      EXPECT_FALSE(calendar->bar_at(t, timeframe::minutes(1), session_hours::regular));
      EXPECT_EQ(calendar->state_at(t), market_state::closed);
    }
    EXPECT_FALSE(calendar->next_open(utc_time::max(), session_hours::regular));
    EXPECT_FALSE(calendar->next_close(utc_time::min(), session_hours::regular));
    for (const char* day : {"1900-01-10", "2199-12-20"})
      for (const auto frame : {timeframe::days(3), timeframe::weeks(2), timeframe::months(12)})
        if (calendar->day(date(day))) {
          EXPECT_TRUE(calendar->bar_of_day(date(day), frame, session_hours::regular)) << id << " " << day;
        }
  }
}

} // namespace
