#include "actors/market/bar_builder.hpp"

#include "tests/market/support.hpp"

#include <map>
#include <random>

using namespace tt;
using namespace tt::market;
using namespace tt::market::test;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

trade_tick trade(utc_time ts, const char* p, const char* q = "1") {
  return {ts, px(p), qty(q)};
}

/// Every bar a builder makes of the ticks, the last one included.
std::vector<bar> built(const instrument& what, timeframe frame, session_hours kind,
                       const std::vector<tick>& ticks) {
  bar_builder builder{what, frame, kind};
  std::vector<bar> out;
  for (const auto& t : ticks)
    if (auto step = builder.on_tick(t); step.closed) out.push_back(*step.closed);
  if (auto last = builder.advance(max_input_time)) out.push_back(*last);
  return out;
}

/// The stamp of the bar that takes `t`, worked out day by day from nothing but
/// the calendar's hours.
std::optional<utc_time> naive_stamp(const exchange_calendar& calendar, utc_time t, timeframe frame,
                                    session_hours kind) {
  for (int back = -2; back <= 2; ++back) {
    const auto today = calendar.day(utc_date(t) + back);
    if (!today || !today->hours(kind).contains(t)) continue;
    if (frame.is_intraday()) {
      utc_time stamp = today->hours(kind).open;
      while (stamp + minutes{frame.count()} <= t) stamp += minutes{frame.count()};
      return stamp;
    }
    civil_date first = today->day;
    const auto same_bar = [&](civil_date d) {
      if (frame == timeframe::days(1)) return false;
      if (frame == timeframe::weeks(1)) return d.weekday() != std::chrono::Sunday && d >= today->day - 6;
      return d.ymd().month() == today->day.ymd().month();
    };
    for (civil_date d = today->day - 1; same_bar(d); d = d - 1) {
      if (calendar.day(d)) first = d;
      if (frame == timeframe::weeks(1) && d.weekday() == std::chrono::Monday) break;
    }
    if (frame == timeframe::weeks(1) && today->day.weekday() == std::chrono::Monday) first = today->day;
    return first.midnight_utc();
  }
  return std::nullopt;
}

/// Bars by sorting every tick into a map.
std::vector<bar> naive(const instrument& what, timeframe frame, session_hours kind,
                       const std::vector<tick>& ticks) {
  std::map<utc_time, bar> bars;
  for (const auto& t : ticks) {
    const auto* print = std::get_if<trade_tick>(&t);
    if (print == nullptr) continue;
    const auto stamp = naive_stamp(*what.calendar, print->ts, frame, kind);
    if (!stamp) continue;
    auto [place, is_new] =
        bars.try_emplace(*stamp, bar{*stamp, print->px, print->px, print->px, print->px, print->size});
    if (is_new) continue;
    bar& b = place->second;
    if (print->px > b.high) b.high = print->px;
    if (print->px < b.low) b.low = print->px;
    b.close = print->px;
    b.volume += print->size;
  }
  std::vector<bar> out;
  for (const auto& [stamp, b] : bars) out.push_back(b);
  return out;
}

struct period {
  const char* calendar;
  const char* from;
  const char* to;
  const char* what;
};

void PrintTo(const period& p, std::ostream* out) {
  *out << p.what;
}

class random_ticks : public testing::TestWithParam<period> {
protected:
  /// A random walk with bursts and silences, also while the market is closed.
  static std::vector<tick> make(const period& p, unsigned seed) {
    std::mt19937_64 random{seed};
    std::vector<tick> out;
    std::int64_t cents = 10'000;
    for (utc_time t = at(p.from); t < at(p.to);) {
      cents += static_cast<std::int64_t>(random() % 21) - 10;
      if (random() % 4 == 0) out.emplace_back(quote_tick{t, price{1}, price{2}, quantity{1}, quantity{1}});
      out.emplace_back(trade_tick{t, price{decimal::from_scaled(cents, 2)},
                                  quantity{static_cast<std::int64_t>(random() % 500)}});
      // now and then exactly on a minute, where boundaries are decided
      const auto step = random() % 10 == 0 ? milliseconds{0} : milliseconds{random() % 600'000};
      t = random() % 3 == 0 ? std::chrono::ceil<minutes>(t + step + milliseconds{1}) : t + step;
    }
    return out;
  }
};

} // namespace

TEST_P(random_ticks, bars_of_ticks_equal_bars_of_minutes_equal_naive_bars) {
  const auto what = make_instrument("X", GetParam().calendar);
  for (unsigned seed = 1; seed <= 2; ++seed) {
    const auto ticks = make(GetParam(), seed);
    const auto minute_bars = built(what, timeframe::minutes(1), session_hours::extended, ticks);
    for (const auto kind : {session_hours::regular, session_hours::extended}) {
      for (const auto frame : offered_timeframes) {
        const auto expected = naive(what, frame, kind, ticks);
        ASSERT_FALSE(expected.empty());
        ASSERT_EQ(built(what, frame, kind, ticks), expected) << frame.to_string() << " " << to_string(kind);
        if (frame == timeframe::minutes(1)) continue;
        ASSERT_EQ(aggregate(minute_bars, timeframe::minutes(1), frame, kind, what.calendar), expected)
            << frame.to_string() << " " << to_string(kind);
        for (const auto base : offered_timeframes) {
          if (!can_aggregate(base, frame, kind, *what.calendar)) continue;
          // stored bars: all hours for intraday, regular hours for days
          if (!base.is_intraday() && kind == session_hours::extended) continue;
          const auto stored = built(what, base, base.is_intraday() ? session_hours::extended : kind, ticks);
          ASSERT_EQ(aggregate(stored, base, frame, kind, what.calendar), expected)
              << frame.to_string() << " of " << base.to_string() << " " << to_string(kind);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    calendars, random_ticks,
    testing::Values(
        period{"XNYS", "2013-11-22T00:00:00Z", "2013-12-04T00:00:00Z", "thanksgiving_and_early_close"},
        period{"XNYS", "2014-03-05T00:00:00Z", "2014-03-13T00:00:00Z", "clocks_forward"},
        period{"XNYS", "2013-12-30T00:00:00Z", "2014-01-04T00:00:00Z", "new_year"},
        period{"CME_EQUITY", "2013-10-30T00:00:00Z", "2013-11-06T00:00:00Z", "overnight_clocks_back"},
        period{"CME_EQUITY", "2013-11-26T00:00:00Z", "2013-12-03T00:00:00Z", "overnight_holiday"},
        period{"FOREX", "2014-03-05T00:00:00Z", "2014-03-12T00:00:00Z", "forex_week"},
        period{"24X7", "2018-03-28T00:00:00Z", "2018-04-03T00:00:00Z", "never_closed"}),
    [](const auto& test) {
      return std::string(test.param.calendar == std::string("24X7") ? "crypto" : test.param.calendar) + "_" +
             test.param.what;
    });

TEST(bar_builder, a_minute_in_detail) {
  bar_builder builder{make_instrument("X", "XNYS"), timeframe::minutes(1), session_hours::regular};
  const auto open = at("2013-10-04T13:30:00Z");
  auto step = builder.on_tick(trade(open - milliseconds{1}, "9"));
  EXPECT_EQ(step.change, bar_change::none); // pre-market
  step = builder.on_tick(trade(open, "10", "100"));
  EXPECT_EQ(step.change, bar_change::opened);
  step = builder.on_tick(trade(open + milliseconds{59'999}, "11", "50"));
  EXPECT_EQ(step.change, bar_change::updated);
  EXPECT_FALSE(step.closed);
  EXPECT_FALSE(builder.advance(open + milliseconds{59'999}));
  step = builder.on_tick(trade(open + minutes{1}, "12", "7"));
  EXPECT_EQ(step.change, bar_change::opened);
  ASSERT_TRUE(step.closed);
  EXPECT_EQ(*step.closed, (bar{open, px("10"), px("11"), px("10"), px("11"), qty("150")}));
  EXPECT_EQ(*builder.forming(), (bar{open + minutes{1}, px("12"), px("12"), px("12"), px("12"), qty("7")}));
  EXPECT_EQ(builder.counts(), (bar_builder::counters{3, 0, 1, 0}));
}

TEST(bar_builder, time_alone_closes_a_bar) {
  bar_builder builder{make_instrument("X", "XNYS"), timeframe::minutes(60), session_hours::regular};
  builder.on_tick(trade(at("2013-10-04T19:45:00Z"), "10"));
  EXPECT_FALSE(builder.advance(at("2013-10-04T19:59:59.999Z")));
  const auto closed = builder.advance(at("2013-10-04T20:00:00Z")); // the session's end cuts the hour
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->open_time, at("2013-10-04T19:30:00Z"));
  EXPECT_FALSE(builder.forming());
  EXPECT_FALSE(builder.advance(at("2013-10-05T20:00:00Z")));
}

TEST(bar_builder, a_tick_outside_the_hours_tells_the_time_too) {
  bar_builder builder{make_instrument("X", "XNYS"), timeframe::days(1), session_hours::regular};
  builder.on_tick(trade(at("2013-10-04T19:45:00Z"), "10"));
  const auto step = builder.on_tick(trade(at("2013-10-04T20:00:01Z"), "99"));
  ASSERT_TRUE(step.closed);
  EXPECT_EQ(step.closed->open_time, at("2013-10-04"));
  EXPECT_EQ(step.closed->high, px("10"));
}

TEST(bar_builder, old_ticks_are_counted_and_dropped) {
  bar_builder builder{make_instrument("X", "24X7"), timeframe::minutes(1), session_hours::regular};
  const auto t = at("2018-04-04T12:00:30Z");
  builder.on_tick(trade(t, "10"));
  EXPECT_EQ(builder.on_tick(trade(t - minutes{1}, "50")).change, bar_change::none);
  EXPECT_EQ(builder.on_tick(trade(t - std::chrono::seconds{20}, "11")).change,
            bar_change::updated); // same minute
  EXPECT_TRUE(builder.advance(t + minutes{1}));
  EXPECT_EQ(builder.on_tick(trade(t, "50")).change, bar_change::none); // that bar is closed
  EXPECT_EQ(builder.counts(), (bar_builder::counters{2, 0, 0, 2}));
}

TEST(bar_builder, quotes_make_prices_where_the_basis_says_so) {
  const auto t = at("2014-05-08T12:00:00Z");
  const quote_tick both{t, px("1.39147"), px("1.39148"), {}, {}};
  const quote_tick ask_only{t, {}, px("1.5"), {}, qty("1")};
  const auto high_of = [&](price_basis basis, const tick& x) -> std::string {
    bar_builder builder{make_instrument("EURUSD", "FOREX", basis), timeframe::minutes(1),
                        session_hours::regular};
    builder.on_tick(x);
    if (!builder.forming()) return "none";
    return builder.forming()->high.to_string() + " v" + builder.forming()->volume.to_string();
  };
  EXPECT_EQ(high_of(price_basis::bid, both), "1.39147 v1");
  EXPECT_EQ(high_of(price_basis::mid, both), "1.391475 v1");
  EXPECT_EQ(high_of(price_basis::trade, both), "none");
  EXPECT_EQ(high_of(price_basis::bid, ask_only), "none");
  EXPECT_EQ(high_of(price_basis::mid, ask_only), "none");
  EXPECT_EQ(high_of(price_basis::bid, trade(t, "1.4", "9")), "1.4 v9"); // a recording of bars
}

TEST(bar_builder, continues_a_bar_that_began_elsewhere) {
  const auto what = make_instrument("X", "XNYS");
  bar_builder builder{what, timeframe::days(1), session_hours::regular};
  const bar so_far{at("2013-10-04"), px("10"), px("12"), px("9"), px("11"), qty("1000")};
  EXPECT_FALSE(builder.seed({at("2013-10-05"), px("1"), px("1"), px("1"), px("1"), qty("1")})); // a Saturday
  ASSERT_TRUE(builder.seed(so_far));
  EXPECT_FALSE(builder.seed(so_far));
  builder.on_tick(trade(at("2013-10-04T18:00:00Z"), "13", "5"));
  const auto closed = builder.advance(at("2013-10-04T20:00:00Z"));
  ASSERT_TRUE(closed);
  EXPECT_EQ(*closed, (bar{at("2013-10-04"), px("10"), px("13"), px("9"), px("13"), qty("1005")}));
  EXPECT_FALSE(builder.seed(so_far)) << "that bar is closed";

  bar_builder hourly{what, timeframe::minutes(60), session_hours::regular};
  EXPECT_FALSE(hourly.seed({at("2013-10-04T14:00:00Z"), px("1"), px("1"), px("1"), px("1"), qty("1")}))
      << "not a bar's opening";
  EXPECT_TRUE(hourly.seed({at("2013-10-04T14:30:00Z"), px("1"), px("1"), px("1"), px("1"), qty("1")}));
}

TEST(bar_builder, knows_which_bars_add_up) {
  const auto nyse = *find_calendar("XNYS");
  const auto crypto = *find_calendar("24X7");
  const auto m = [](std::uint16_t n) { return timeframe::minutes(n); };
  const auto regular = session_hours::regular, extended = session_hours::extended;
  EXPECT_TRUE(can_aggregate(m(1), m(5), regular, *nyse));
  EXPECT_TRUE(can_aggregate(m(30), m(60), regular, *nyse));
  EXPECT_FALSE(can_aggregate(m(60), m(240), regular, *nyse)); // 09:00 to 10:00 straddles the opening
  EXPECT_TRUE(can_aggregate(m(60), m(240), extended, *nyse));
  EXPECT_TRUE(can_aggregate(m(60), m(240), regular, *crypto));
  EXPECT_FALSE(can_aggregate(m(60), timeframe::days(1), regular, *nyse));
  EXPECT_TRUE(can_aggregate(m(60), timeframe::days(1), extended, *nyse));
  EXPECT_FALSE(can_aggregate(m(5), m(5), regular, *nyse));
  EXPECT_FALSE(can_aggregate(m(3), m(5), regular, *nyse));
  EXPECT_FALSE(can_aggregate(m(5), m(1), regular, *nyse));
  EXPECT_TRUE(can_aggregate(timeframe::days(1), timeframe::weeks(1), regular, *nyse));
  EXPECT_FALSE(can_aggregate(timeframe::days(1), m(60), regular, *nyse));
  EXPECT_FALSE(can_aggregate(timeframe::weeks(1), timeframe::months(1), regular, *nyse));
  EXPECT_TRUE(can_aggregate(timeframe::months(1), timeframe::months(3), regular, *nyse));
}
