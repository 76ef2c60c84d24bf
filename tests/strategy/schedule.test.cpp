// When jobs fire: cron, rules of the session, clock changes, half days; and two years against a list made without the program.
#include "actors/strategy/jobs/job_plan.hpp"
#include "tests/strategy/job_files.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tt::strategy {
namespace {

utc_time at(const char* text) { return *parse_iso8601(text); }

schedule make(schedule_rule rule, const char* zone = "America/New_York", const char* calendar = "XNYS") {
  return {std::move(rule), std::make_shared<const zone_clock>(*zone_clock::load(zone)), *find_calendar(calendar)};
}
schedule cron(const char* text, session_gate gate = session_gate::any, const char* zone = "America/New_York") { return make({*parse_cron(text), gate}, zone); }

std::string next(const schedule& s, const char* after, int count = 3) {
  std::string out;
  utc_time t = at(after);
  for (int i = 0; i < count; ++i) {
    const auto f = s.next_after(t);
    if (!f) return out + "never";
    out += (i ? " " : "") + to_iso8601(f->slot).substr(0, 16);
    t = f->slot;
  }
  return out;
}

TEST(cron, reads_lists_ranges_steps_and_names) {
  const auto r = *parse_cron("*/15 9-16 1,15 JAN-MAR mon-fri");
  EXPECT_EQ(r.minutes.count(), 4u);
  EXPECT_EQ(r.hours.count(), 8u);
  EXPECT_TRUE(r.days[1] && r.days[15]);
  EXPECT_EQ(r.months.to_string(), "0000000001110");
  EXPECT_EQ(r.weekdays.to_string(), "0111110");
  EXPECT_EQ(r.match, cron_rule::day_match::either);
  EXPECT_EQ(parse_cron("0 0 * * 7")->weekdays.to_string(), "0000001");
  EXPECT_EQ(parse_cron("0 0 * * 5-7")->weekdays.to_string(), "1100001");
  EXPECT_EQ(parse_cron("5/20 * * * *")->minutes.count(), 3u); // 5, 25, 45
  EXPECT_EQ(parse_cron("10-20/5 * * * *")->minutes.count(), 3u);
}

TEST(cron, refuses_what_it_is_not) {
  for (const auto* text : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *",
                           "a * * * *", "1,,2 * * * *", "1, * * * *", "-1 * * * *", "1- * * * *", "* * * FOO *", "1.5 * * * *", "99999999999 * * * *"})
    EXPECT_FALSE(parse_cron(text)) << text;
  EXPECT_EQ(parse_cron("* 24 * * *").error().field, "hour");
}

TEST(cron, day_of_month_or_day_of_week_when_both_are_set) {
  // Friday the 13th is no more than any Friday and any 13th
  EXPECT_EQ(next(cron("0 12 13 * FRI", session_gate::any, "UTC"), "2026-01-01T00:00:00Z", 4), "2026-01-02T12:00 2026-01-09T12:00 2026-01-13T12:00 2026-01-16T12:00");
  EXPECT_EQ(next(cron("0 12 * * FRI", session_gate::any, "UTC"), "2026-01-01T00:00:00Z", 2), "2026-01-02T12:00 2026-01-09T12:00");
  EXPECT_EQ(next(cron("0 12 13 * *", session_gate::any, "UTC"), "2026-01-01T00:00:00Z", 2), "2026-01-13T12:00 2026-02-13T12:00");
}

TEST(cron, a_left_out_hour_runs_once_at_the_next_minute_that_exists) {
  // New York: 2026-03-08 02:00 becomes 03:00
  EXPECT_EQ(next(cron("30 2 * * *"), "2026-03-07T12:00:00Z", 2), "2026-03-08T07:00 2026-03-09T06:30");
  EXPECT_EQ(next(cron("*/30 2-3 * * *"), "2026-03-08T06:00:00Z", 3), "2026-03-08T07:00 2026-03-08T07:30 2026-03-09T06:00");
}

TEST(cron, an_hour_that_comes_twice_runs_once) {
  // New York: 2026-11-01 02:00 becomes 01:00
  EXPECT_EQ(next(cron("30 1 * * *"), "2026-10-31T12:00:00Z", 2), "2026-11-01T05:30 2026-11-02T06:30");
  EXPECT_EQ(next(cron("0 * * * *"), "2026-11-01T04:30:00Z", 3), "2026-11-01T05:00 2026-11-01T07:00 2026-11-01T08:00");
}

TEST(session_gate, cron_over_the_working_hours_yields_the_session_only) {
  const auto s = cron("*/5 9-16 * * 1-5", session_gate::regular);
  const auto day = s.between(at("2026-01-15T05:00:00Z"), at("2026-01-16T05:00:00Z"));
  std::vector<utc_time> run;
  int skipped = 0;
  for (const auto& f : day) f.what == firing::verdict::run ? run.push_back(f.slot) : void(++skipped);
  ASSERT_EQ(run.size(), 79u); // 09:30 to 16:00, both included
  EXPECT_EQ(run.front(), at("2026-01-15T14:30:00Z"));
  EXPECT_EQ(run.back(), at("2026-01-15T21:00:00Z"));
  EXPECT_EQ(skipped, 17); // 09:00 to 09:25 and 16:05 to 16:55
}

TEST(session_gate, holidays_and_half_days) {
  const auto s = cron("0,30 9-16 * * 1-5", session_gate::regular);
  EXPECT_EQ(next(s, "2026-11-25T20:59:00Z", 2), "2026-11-25T21:00 2026-11-27T14:30"); // Thanksgiving between
  EXPECT_EQ(next(s, "2026-11-27T17:45:00Z", 2), "2026-11-27T18:00 2026-11-30T14:30"); // 13:00 is the close
  const auto holiday = s.between(at("2026-11-26T05:00:00Z"), at("2026-11-27T05:00:00Z"));
  ASSERT_FALSE(holiday.empty());
  EXPECT_EQ(holiday.front().what, firing::verdict::closed_day);
}

TEST(every, bars_close_on_the_sessions_grid) {
  const auto s = make({every_rule{std::chrono::minutes{60}, bar_alignment::bar_close, {}, {}}, session_gate::regular});
  EXPECT_EQ(next(s, "2026-01-15T12:00:00Z", 8),
            "2026-01-15T15:30 2026-01-15T16:30 2026-01-15T17:30 2026-01-15T18:30 2026-01-15T19:30 2026-01-15T20:30 2026-01-15T21:00 2026-01-16T15:30");
  EXPECT_EQ(s.next_after(at("2026-01-15T12:00:00Z"))->starts, at("2026-01-15T15:30:02Z"));
}

TEST(every, on_the_clock_and_without_a_session) {
  const auto clock = make({every_rule{std::chrono::minutes{60}, bar_alignment::clock, {}, {}}, session_gate::regular});
  EXPECT_EQ(next(clock, "2026-01-15T12:00:00Z", 8),
            "2026-01-15T15:00 2026-01-15T16:00 2026-01-15T17:00 2026-01-15T18:00 2026-01-15T19:00 2026-01-15T20:00 2026-01-15T21:00 2026-01-16T15:00");
  const auto any = make({every_rule{std::chrono::minutes{360}, bar_alignment::clock, {}, {}}, session_gate::any}, "UTC", "24X7");
  EXPECT_EQ(next(any, "2026-01-15T12:00:00Z", 3), "2026-01-15T18:00 2026-01-16T00:00 2026-01-16T06:00");
  EXPECT_EQ(clock.next_after(at("2026-01-15T12:00:00Z"))->starts, at("2026-01-15T15:00:00Z"));
}

TEST(at, moments_of_the_session_and_of_the_clock) {
  const auto before_close = make({at_rule{*parse_day_moment("close-30m"), {}}, session_gate::regular});
  EXPECT_EQ(next(before_close, "2026-11-25T12:00:00Z", 3), "2026-11-25T20:30 2026-11-27T17:30 2026-11-30T20:30");
  const auto evening = make({at_rule{*parse_day_moment("16:30"), *parse_weekdays("MON-FRI")}, session_gate::any});
  EXPECT_EQ(next(evening, "2026-11-25T12:00:00Z", 3), "2026-11-25T21:30 2026-11-26T21:30 2026-11-27T21:30");
  EXPECT_TRUE(evening.only_outside_session(at("2026-01-01T00:00:00Z")));
  EXPECT_FALSE(before_close.only_outside_session(at("2026-01-01T00:00:00Z")));
  const auto gated = make({at_rule{*parse_day_moment("16:30"), *parse_weekdays("MON-FRI")}, session_gate::regular});
  EXPECT_EQ(next(gated, "2026-01-01T00:00:00Z", 1), "never");
}

TEST(at, last_until_finds_the_slot_that_contains_a_time) {
  const auto s = make({every_rule{std::chrono::minutes{5}, bar_alignment::bar_close, *parse_day_moment("open+30m"), *parse_day_moment("close-15m")}, session_gate::regular});
  EXPECT_EQ(s.last_until(at("2026-01-15T15:07:00Z"))->slot, at("2026-01-15T15:05:00Z"));
  EXPECT_EQ(s.last_until(at("2026-01-15T14:00:00Z"))->slot, at("2026-01-14T20:45:00Z"));
}

TEST(day_moment, refuses_what_it_is_not) {
  for (const auto* text : {"", "noon", "open*3", "open+", "close-30", "25:00", "12:60", "1630", "open+9999m"}) EXPECT_FALSE(parse_day_moment(text)) << text;
  EXPECT_EQ(parse_day_moment("open + 1h")->offset, std::chrono::minutes{60});
  for (const auto* text : {"", "5", "0m", "5x", "2d", "-5m"}) EXPECT_FALSE(parse_interval(text)) << text;
}

TEST(session_note, says_where_in_the_session_a_moment_is) {
  const auto calendar = *find_calendar("XNYS");
  EXPECT_EQ(session_note(*calendar, at("2026-01-15T15:00:00Z")), "regular session, 30m after the open, 360m to the close");
  EXPECT_EQ(session_note(*calendar, at("2026-11-27T17:30:00Z")), "regular session, 180m after the open, 30m to the close, early close (Day after Thanksgiving)");
  EXPECT_EQ(session_note(*calendar, at("2026-11-26T17:30:00Z")), "closed (Thanksgiving)");
  EXPECT_EQ(session_note(*calendar, at("2026-01-17T17:30:00Z")), "closed");
}

TEST(shipped_jobs, fire_as_a_list_made_without_the_program_says) {
  std::map<std::string, std::shared_ptr<const job_plan>> plans;
  for (const auto* name : {"momentum_strategy", "mean_reversion_strategy", "portfolio_rebalance"}) plans[name] = shipped_plan(name);
  std::ifstream in(TT_SOURCE_DIR "/tests/strategy/data/firings.txt");
  std::string line;
  int lines = 0;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string job, day, first, last;
    std::size_t count = 0;
    words >> job >> day >> first >> last >> count;
    const auto begin = civil_date::parse(day)->midnight_utc();
    std::vector<utc_time> slots;
    for (const auto& f : plans.at(job)->when->between(begin, begin + std::chrono::hours{30}))
      if (f.what == firing::verdict::run && f.slot < begin + std::chrono::hours{24}) slots.push_back(f.slot);
    ASSERT_EQ(slots.size(), count) << line;
    ASSERT_EQ(to_iso8601(slots.front()).substr(0, 16) + "Z", first) << line;
    ASSERT_EQ(to_iso8601(slots.back()).substr(0, 16) + "Z", last) << line;
    ++lines;
  }
  EXPECT_EQ(lines, 1506);
  // and nothing on the days that the list leaves out
  std::size_t all = 0;
  for (const auto& f : plans.at("portfolio_rebalance")->when->between(at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"))) all += f.what == firing::verdict::run;
  EXPECT_EQ(all, 502u);
}

} // namespace
} // namespace tt::strategy
