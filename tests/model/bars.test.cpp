// Boundaries of bars: examples, then properties over random days.

#include "actors/model/calendar.hpp"
#include "tests/model/printers.hpp"

#include <gtest/gtest.h>

#include <random>

using namespace tt;

namespace {

using calendar_ptr = std::shared_ptr<const exchange_calendar>;

calendar_ptr get(std::string_view id) { return *find_calendar(id); }
civil_date date(std::string_view text) { return *civil_date::parse(text); }
utc_time at(std::string_view text) { return *parse_iso8601(text); }

constexpr auto regular = session_hours::regular;
constexpr auto extended = session_hours::extended;

/// "09:30-10:30 10:30-11:30 …" of the trading day, by the venue's clock.
std::string bars_of(const exchange_calendar& calendar, std::string_view day, timeframe frame, session_hours kind = regular) {
  const auto hours = calendar.day(date(day))->hours(kind);
  std::string out;
  for (utc_time t = hours.open; t < hours.close;) {
    const auto bar = calendar.bar_at(t, frame, kind);
    if (!bar || bar->close <= t) return out + "no bar at " + to_iso8601(t);
    out += (out.empty() ? "" : " ") + calendar.to_local_iso8601(bar->open).substr(11, 5) + "-" + calendar.to_local_iso8601(bar->close).substr(11, 5);
    t = bar->close;
  }
  return out;
}

/// "stamp open close" of a bar of days.
std::string span_of(const exchange_calendar& calendar, std::string_view day, timeframe frame, session_hours kind = regular) {
  const auto bar = calendar.bar_of_day(date(day), frame, kind);
  if (!bar) return "none";
  EXPECT_EQ(bar->stamp, bar->first_day.midnight_utc());
  return bar->first_day.to_string() + " " + calendar.to_local_iso8601(bar->open).substr(0, 16) + " "
         + calendar.to_local_iso8601(bar->close).substr(0, 16);
}

TEST(bars, intraday_begin_at_the_opening_and_are_cut_at_the_close) {
  const auto nyse = get("XNYS"), cme = get("CME_EQUITY"), forex = get("FOREX"), always = get("24X7");
  EXPECT_EQ(bars_of(*nyse, "2026-01-15", timeframe::minutes(60)),
            "09:30-10:30 10:30-11:30 11:30-12:30 12:30-13:30 13:30-14:30 14:30-15:30 15:30-16:00");
  EXPECT_EQ(bars_of(*nyse, "2026-11-27", timeframe::minutes(60)), "09:30-10:30 10:30-11:30 11:30-12:30 12:30-13:00");
  EXPECT_EQ(bars_of(*nyse, "2026-01-15", timeframe::minutes(240)), "09:30-13:30 13:30-16:00");
  EXPECT_EQ(bars_of(*nyse, "2026-11-27", timeframe::minutes(240)), "09:30-13:00");
  EXPECT_EQ(bars_of(*nyse, "2026-01-15", timeframe::minutes(240), extended), "04:00-08:00 08:00-12:00 12:00-16:00 16:00-20:00");
  EXPECT_EQ(bars_of(*nyse, "2026-11-27", timeframe::minutes(240), extended), "04:00-08:00 08:00-12:00 12:00-16:00 16:00-17:00");
  EXPECT_EQ(bars_of(*nyse, "2026-01-15", timeframe::minutes(1440)), "09:30-16:00");
  EXPECT_EQ(bars_of(*cme, "2026-01-14", timeframe::minutes(240)), "17:00-21:00 21:00-01:00 01:00-05:00 05:00-09:00 09:00-13:00 13:00-16:00");
  EXPECT_EQ(bars_of(*cme, "2026-01-19", timeframe::minutes(240)), "17:00-21:00 21:00-01:00 01:00-05:00 05:00-09:00 09:00-12:00");
  EXPECT_EQ(bars_of(*cme, "2026-03-09", timeframe::minutes(240)), "17:00-21:00 21:00-01:00 01:00-05:00 05:00-09:00 09:00-13:00 13:00-16:00");
  EXPECT_EQ(bars_of(*forex, "2026-01-12", timeframe::minutes(240)), "17:00-21:00 21:00-01:00 01:00-05:00 05:00-09:00 09:00-13:00 13:00-17:00");
  EXPECT_EQ(bars_of(*always, "2026-01-12", timeframe::minutes(240)), "00:00-04:00 04:00-08:00 08:00-12:00 12:00-16:00 16:00-20:00 20:00-00:00");
}

TEST(bars, intraday_are_stamped_with_their_opening) {
  const auto bar = get("CME_EQUITY")->bar_at(at("2026-01-13T17:07:09.5-06:00"), timeframe::minutes(5), regular);
  ASSERT_TRUE(bar);
  EXPECT_EQ(bar->stamp, at("2026-01-13T17:05-06:00"));
  EXPECT_EQ(bar->open, bar->stamp);
  EXPECT_EQ(bar->close, at("2026-01-13T17:10-06:00"));
  EXPECT_EQ(bar->first_day, date("2026-01-14"));
}

TEST(bars, there_are_none_outside_the_hours) {
  const auto nyse = get("XNYS");
  for (const char* t : {"2026-01-15T09:29:59-05:00", "2026-01-15T16:00-05:00", "2026-01-17T12:00-05:00", "2026-01-19T12:00-05:00"})
    for (const auto frame : offered_timeframes) EXPECT_FALSE(nyse->bar_at(at(t), frame, regular)) << t << " " << frame.to_string();
  EXPECT_TRUE(nyse->bar_at(at("2026-01-15T09:29:59-05:00"), timeframe::minutes(1), extended));
  EXPECT_EQ(span_of(*nyse, "2026-01-19", timeframe::days(1)), "none");
  EXPECT_EQ(span_of(*nyse, "2026-01-15", timeframe::minutes(60)), "none");
}

TEST(bars, of_a_day) {
  EXPECT_EQ(span_of(*get("XNYS"), "2026-01-15", timeframe::days(1)), "2026-01-15 2026-01-15T09:30 2026-01-15T16:00");
  EXPECT_EQ(span_of(*get("XNYS"), "2026-01-15", timeframe::days(1), extended), "2026-01-15 2026-01-15T04:00 2026-01-15T20:00");
  EXPECT_EQ(span_of(*get("CME_EQUITY"), "2026-01-12", timeframe::days(1)), "2026-01-12 2026-01-11T17:00 2026-01-12T16:00");
  EXPECT_EQ(span_of(*get("FOREX"), "2026-01-12", timeframe::days(1)), "2026-01-12 2026-01-11T17:00 2026-01-12T17:00");
  // an overnight tick belongs to the trading day, not to the day on the clock
  const auto sunday_evening = get("CME_EQUITY")->bar_at(at("2026-01-11T18:00-06:00"), timeframe::days(1), regular);
  ASSERT_TRUE(sunday_evening);
  EXPECT_EQ(sunday_evening->stamp, at("2026-01-12T00:00Z"));
}

TEST(bars, of_a_week) {
  const auto nyse = get("XNYS");
  EXPECT_EQ(span_of(*nyse, "2026-01-15", timeframe::weeks(1)), "2026-01-12 2026-01-12T09:30 2026-01-16T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-01-22", timeframe::weeks(1)), "2026-01-20 2026-01-20T09:30 2026-01-23T16:00") << "Monday is a holiday";
  EXPECT_EQ(span_of(*nyse, "2025-12-31", timeframe::weeks(1)), "2025-12-29 2025-12-29T09:30 2026-01-02T16:00") << "over New Year";
  EXPECT_EQ(span_of(*nyse, "2026-01-02", timeframe::weeks(1)), "2025-12-29 2025-12-29T09:30 2026-01-02T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-11-23", timeframe::weeks(1)), "2026-11-23 2026-11-23T09:30 2026-11-27T13:00") << "half day";
  EXPECT_EQ(span_of(*get("FOREX"), "2026-01-14", timeframe::weeks(1)), "2026-01-12 2026-01-11T17:00 2026-01-16T17:00");
  EXPECT_EQ(span_of(*get("24X7"), "2026-01-18", timeframe::weeks(1)), "2026-01-12 2026-01-12T00:00 2026-01-19T00:00");
}

TEST(bars, of_months) {
  const auto nyse = get("XNYS");
  EXPECT_EQ(span_of(*nyse, "2026-01-15", timeframe::months(1)), "2026-01-02 2026-01-02T09:30 2026-01-30T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-12-31", timeframe::months(1)), "2026-12-01 2026-12-01T09:30 2026-12-31T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-05-15", timeframe::months(3)), "2026-04-01 2026-04-01T09:30 2026-06-30T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-11-15", timeframe::months(3)), "none") << "a Sunday";
  EXPECT_EQ(span_of(*nyse, "2026-11-16", timeframe::months(5)), "2026-11-02 2026-11-02T09:30 2026-12-31T16:00") << "the short rest of the year";
  EXPECT_EQ(span_of(*nyse, "2026-06-01", timeframe::months(12)), "2026-01-02 2026-01-02T09:30 2026-12-31T16:00");
}

TEST(bars, of_several_days_and_weeks_are_counted_from_the_new_year) {
  const auto nyse = get("XNYS");
  EXPECT_EQ(span_of(*nyse, "2026-01-02", timeframe::days(2)), "2026-01-02 2026-01-02T09:30 2026-01-05T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-01-05", timeframe::days(2)), "2026-01-02 2026-01-02T09:30 2026-01-05T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-01-06", timeframe::days(2)), "2026-01-06 2026-01-06T09:30 2026-01-07T16:00");
  // 2025 has 250 trading days: with bars of three the last one is short
  EXPECT_EQ(span_of(*nyse, "2025-12-31", timeframe::days(3)), "2025-12-31 2025-12-31T09:30 2025-12-31T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-06-01", timeframe::days(365)), "2026-01-02 2026-01-02T09:30 2026-12-31T16:00");
  // the week of 29 December 2025 belongs to 2025; 2026 counts from 5 January
  EXPECT_EQ(span_of(*nyse, "2026-01-05", timeframe::weeks(2)), "2026-01-05 2026-01-05T09:30 2026-01-16T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-01-20", timeframe::weeks(2)), "2026-01-20 2026-01-20T09:30 2026-01-30T16:00");
  EXPECT_EQ(span_of(*nyse, "2026-01-02", timeframe::weeks(2)).substr(28), "2026-01-02T16:00");
}

// --- properties ------------------------------------------------------------------

struct sampler {
  std::mt19937_64 random{42};

  civil_date day(civil_date from, civil_date to) { return from + static_cast<int>(random() % static_cast<std::uint64_t>(to - from)); }
  utc_time inside(const time_span& span) {
    return span.open + nanoseconds{static_cast<std::int64_t>(random() % static_cast<std::uint64_t>((span.close - span.open).count()))};
  }
};

const std::vector<timeframe> intraday_frames{timeframe::minutes(1),  timeframe::minutes(3),   timeframe::minutes(5),   timeframe::minutes(7),
                                             timeframe::minutes(15), timeframe::minutes(30),  timeframe::minutes(45),  timeframe::minutes(60),
                                             timeframe::minutes(90), timeframe::minutes(120), timeframe::minutes(240), timeframe::minutes(1440)};
const std::vector<timeframe> long_frames{timeframe::days(1),   timeframe::days(2),   timeframe::days(3),   timeframe::days(5),   timeframe::days(365),
                                         timeframe::weeks(1),  timeframe::weeks(2),  timeframe::weeks(3),  timeframe::weeks(52), timeframe::months(1),
                                         timeframe::months(2), timeframe::months(3), timeframe::months(5), timeframe::months(12)};

TEST(bars_property, intraday_tile_the_hours_of_every_day) {
  sampler pick;
  for (const auto id : calendar_ids()) {
    const auto calendar = get(id);
    for (int i = 0; i < 150; ++i) {
      const auto day = calendar->day(pick.day(date("1998-01-01"), date("2031-01-01")));
      if (!day) continue;
      for (const auto kind : {regular, extended}) {
        const auto& hours = day->hours(kind);
        for (const timeframe frame : intraday_frames) {
          utc_time t = hours.open;
          while (t < hours.close) {
            const auto bar = calendar->bar_at(t, frame, kind);
            ASSERT_TRUE(bar) << id << " " << to_iso8601(t);
            ASSERT_EQ(bar->open, t) << "gap or overlap";
            ASSERT_EQ(bar->stamp, t);
            ASSERT_EQ(bar->first_day, day->day);
            ASSERT_GT(bar->close, t);
            ASSERT_TRUE(bar->close - bar->open == std::chrono::minutes{frame.count()} || bar->close == hours.close);
            const utc_time inner = pick.inside({bar->open, bar->close});
            ASSERT_EQ(calendar->bar_at(inner, frame, kind), bar) << "every moment of a bar finds it";
            t = bar->close;
          }
          ASSERT_EQ(t, hours.close);
          ASSERT_NE(calendar->day_at(t, kind), day) << "the close is outside";
        }
      }
    }
  }
}

TEST(bars_property, longer_ones_tile_the_trading_days) {
  for (const auto id : calendar_ids()) {
    const auto calendar = get(id);
    for (const timeframe frame : long_frames) {
      std::optional<bar_span> current;
      std::optional<trading_day> previous;
      int bars = 0;
      // 2007 begins on a Monday, so no week reaches back over the start
      for (civil_date d = date("2007-01-01"); d < date("2017-01-01"); d = d + 1) {
        const auto day = calendar->day(d);
        const auto bar = calendar->bar_of_day(d, frame, extended);
        ASSERT_EQ(bar.has_value(), day.has_value());
        if (!day) continue;
        ASSERT_LE(bar->open, day->extended.open);
        ASSERT_LE(day->extended.close, bar->close);
        ASSERT_EQ(bar->stamp, bar->first_day.midnight_utc());
        ASSERT_EQ(calendar->bar_at(day->extended.open, frame, extended), bar);
        if (bar != current) {
          // a new bar begins exactly where the last day of the one before ended
          ASSERT_EQ(bar->open, day->extended.open) << id << " " << frame.to_string() << " " << d.to_string();
          ASSERT_EQ(bar->first_day, d);
          if (current) {
            ASSERT_EQ(current->close, previous->extended.close) << id << " " << frame.to_string() << " " << d.to_string();
          }
          current = bar;
          ++bars;
        }
        previous = day;
      }
      ASSERT_GT(bars, 8) << frame.to_string();
    }
  }
}

TEST(bars_property, a_bar_contains_the_moment_it_was_asked_for) {
  sampler pick;
  std::vector<timeframe> frames = intraday_frames;
  frames.insert(frames.end(), long_frames.begin(), long_frames.end());
  for (const auto id : calendar_ids()) {
    const auto calendar = get(id);
    const time_span years{at("1998-01-01"), at("2031-01-01")};
    for (int i = 0; i < 20'000; ++i) {
      const utc_time t = pick.inside(years);
      const auto kind = i % 2 == 0 ? regular : extended;
      const timeframe frame = frames[static_cast<std::size_t>(i) % frames.size()];
      const auto day = calendar->day_at(t, kind);
      const auto bar = calendar->bar_at(t, frame, kind);
      ASSERT_EQ(bar.has_value(), day.has_value());
      if (!bar) continue;
      ASSERT_TRUE(bar->open <= t && t < bar->close) << id << " " << frame.to_string() << " " << to_iso8601(t);
      ASSERT_TRUE(day->hours(kind).contains(t));
      ASSERT_LE(bar->first_day, day->day);
    }
  }
}

/// A calendar without a table: every answer is worked out of day().
class computed_calendar final : public exchange_calendar {
public:
  explicit computed_calendar(calendar_ptr real) : real_(std::move(real)) {}
  std::string_view id() const override { return real_->id(); }
  std::string_view time_zone() const override { return real_->time_zone(); }
  std::optional<trading_day> day(civil_date d) const override { return real_->day(d); }
  std::optional<std::string_view> holiday_name(civil_date d) const override { return real_->holiday_name(d); }

private:
  calendar_ptr real_;
};

TEST(bars_property, the_table_and_the_computation_agree) {
  sampler pick;
  std::vector<timeframe> frames = long_frames;
  frames.push_back(timeframe::minutes(60));
  for (const auto id : calendar_ids()) {
    const auto real = get(id);
    const computed_calendar computed{real};
    // over both ends of the table, too
    for (const auto& [from, to, count] : {std::tuple{"1989-06-01", "1991-06-01", 300}, {"1998-01-01", "2031-01-01", 600}, {"2039-06-01", "2042-06-01", 300}}) {
      const time_span years{at(from), at(to)};
      for (int i = 0; i < count; ++i) {
        const utc_time t = pick.inside(years);
        const auto kind = i % 2 == 0 ? regular : extended;
        ASSERT_EQ(real->day_at(t, kind), computed.day_at(t, kind)) << id << " " << to_iso8601(t);
        ASSERT_EQ(real->state_at(t), computed.state_at(t));
        ASSERT_EQ(real->next_open(t, kind), computed.next_open(t, kind));
        ASSERT_EQ(real->next_close(t, kind), computed.next_close(t, kind));
        ASSERT_EQ(real->on_or_after(utc_date(t)), computed.on_or_after(utc_date(t)));
        ASSERT_EQ(real->on_or_before(utc_date(t)), computed.on_or_before(utc_date(t)));
        const timeframe frame = frames[static_cast<std::size_t>(i) % frames.size()];
        ASSERT_EQ(real->bar_at(t, frame, kind), computed.bar_at(t, frame, kind)) << id << " " << frame.to_string() << " " << to_iso8601(t);
      }
    }
    EXPECT_EQ(real->to_local_iso8601(at("2026-07-01T12:00Z")), computed.to_local_iso8601(at("2026-07-01T12:00Z")));
    EXPECT_EQ(real->local_date(at("2026-07-01T02:00Z")), computed.local_date(at("2026-07-01T02:00Z")));
  }
}

TEST(bars_property, next_open_and_close_alternate) {
  sampler pick;
  for (const auto id : calendar_ids()) {
    const auto calendar = get(id);
    for (int i = 0; i < 2'000; ++i) {
      const utc_time t = pick.inside({at("1998-01-01"), at("2031-01-01")});
      for (const auto kind : {regular, extended}) {
        const auto open = calendar->next_open(t, kind), close = calendar->next_close(t, kind);
        ASSERT_TRUE(open && close && *open > t && *close > t);
        ASSERT_EQ(calendar->day_at(t, kind).has_value(), *close <= *open) << id << " " << to_iso8601(t);
        ASSERT_TRUE(calendar->day_at(*open, kind));
        ASSERT_TRUE(calendar->day_at(*close - nanoseconds{1}, kind));
      }
    }
  }
}

} // namespace
