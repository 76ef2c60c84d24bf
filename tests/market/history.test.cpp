#include "actors/market/history.hpp"

#include "tests/market/support.hpp"

#include <algorithm>
#include <map>
#include <random>

using namespace tt;
using namespace tt::market;
using namespace tt::market::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

constexpr auto regular = session_hours::regular;
constexpr auto extended = session_hours::extended;
constexpr auto far = max_input_time;

timeframe m(std::uint16_t n) {
  return timeframe::minutes(n);
}
const timeframe day = timeframe::days(1);

/// A source without columns: plain vectors.
class vector_source final : public history_source {
public:
  std::map<timeframe, std::vector<bar>> series;

  std::vector<timeframe> timeframes(std::string_view) const override {
    std::vector<timeframe> out;
    for (const auto& [frame, bars] : series) out.push_back(frame);
    return out;
  }
  result<std::vector<bar>> bars(std::string_view, timeframe frame, utc_time from, utc_time to,
                                std::size_t limit) const override {
    const auto hit = series.find(frame);
    if (hit == series.end()) return error{errc::unsupported, "no such frame"};
    std::vector<bar> out;
    for (const auto& b : hit->second)
      if (b.open_time >= from && b.open_time < to) out.push_back(b);
    if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
    return out;
  }
};

bar bar_at(utc_time t, int salt = 0) {
  const auto n = (t.time_since_epoch() / minutes{1} * 7919 + salt) % 1000;
  const price mid{decimal::from_scaled(100'000 + n, 2)};
  return {t,
          mid,
          mid + price{decimal::from_scaled(n % 7, 2)},
          mid - price{decimal::from_scaled(n % 5, 2)},
          mid,
          quantity{1 + n}};
}

/// Minutes of all hours of the days [from, to), one of `every` left out at random.
std::vector<bar> minutes_of(const exchange_calendar& calendar, const char* from, const char* to,
                            unsigned every = 5) {
  std::mt19937 random{11};
  std::vector<bar> out;
  for (civil_date d = *civil_date::parse(from); d < *civil_date::parse(to); d = d + 1) {
    const auto today = calendar.day(d);
    if (!today) continue;
    for (utc_time t = today->extended.open; t < today->extended.close; t += minutes{1})
      if (every == 0 || random() % every != 0) out.push_back(bar_at(t));
  }
  return out;
}

std::vector<bar> daily_of(const exchange_calendar& calendar, const char* from, const char* to, int salt = 0) {
  std::vector<bar> out;
  for (civil_date d = *civil_date::parse(from); d < *civil_date::parse(to); d = d + 1)
    if (calendar.day(d)) out.push_back(bar_at(d.midnight_utc(), salt));
  return out;
}

history_request ask(timeframe frame, utc_time to, std::uint32_t countback = 0,
                    std::optional<utc_time> from = {}, session_hours kind = regular) {
  history_request r;
  r.symbol = "X";
  r.frame = frame;
  r.hours = kind;
  r.from = from;
  r.to = to;
  r.countback = countback;
  return r;
}

history_reply answer(const history_book& book, const history_request& r, utc_time now = far,
                     const live_bars& live = {}) {
  auto reply = book.answer(r, now, live);
  EXPECT_TRUE(reply) << (reply ? "" : to_string(reply.error()));
  return reply ? *reply : history_reply{std::make_shared<const std::vector<bar>>(), {}, false};
}

std::vector<bar> bars(const history_book& book, const history_request& r, utc_time now = far,
                      const live_bars& live = {}) {
  return *answer(book, r, now, live).bars;
}

std::vector<bar> last(const std::vector<bar>& all, std::size_t n) {
  return {all.end() - static_cast<std::ptrdiff_t>(std::min(n, all.size())), all.end()};
}

std::vector<bar> between(const std::vector<bar>& all, utc_time from, utc_time to) {
  std::vector<bar> out;
  for (const auto& b : all)
    if (b.open_time >= from && b.open_time < to) out.push_back(b);
  return out;
}

/// A stock with minutes of ten days and days of twenty years.
class history : public testing::Test {
protected:
  history()
      : minute_bars(minutes_of(*stock.calendar, "2013-11-20", "2013-12-05")),
        day_bars(daily_of(*stock.calendar, "1998-01-01", "2013-11-25")) {
    source->series[m(1)] = minute_bars;
    source->series[day] = day_bars;
  }

  history_book book() { return {stock, {source}}; }
  std::vector<bar> joined(timeframe frame, session_hours kind = regular) {
    return aggregate(minute_bars, m(1), frame, kind, stock.calendar);
  }

  instrument stock = make_instrument("X", "XNYS");
  std::shared_ptr<vector_source> source = std::make_shared<vector_source>();
  std::vector<bar> minute_bars, day_bars;
};

} // namespace

// Numbers are those of spec/udf-protocol.md section 4.

TEST_F(history, udf_5_countback_outranks_from) {
  const auto to = at("2013-12-04T21:00:00Z");
  const auto got = bars(book(), ask(m(5), to, 300, to - minutes{10}));
  EXPECT_EQ(got, last(between(joined(m(5)), {}, to), 300));
  EXPECT_EQ(got.size(), 300u);
  const auto days = between(joined(day), day_bars.back().open_time + hours{1}, to).size();
  EXPECT_EQ(bars(book(), ask(day, to, 5000, to)).size(), day_bars.size() + days)
      << "fewer only where history ends";
}

TEST_F(history, udf_6_to_is_exclusive) {
  const auto to = at("2013-12-03T15:00:00Z");
  EXPECT_EQ(bars(book(), ask(m(15), to, 3)).back().open_time, at("2013-12-03T14:45:00Z"));
  EXPECT_EQ(bars(book(), ask(m(15), to + nanoseconds{1}, 3)).back().open_time, to);
  EXPECT_EQ(bars(book(), ask(day, at("2013-11-22"), 3)).back().open_time, at("2013-11-21"));
}

TEST_F(history, udf_7_before_the_first_bar_there_is_nothing) {
  const auto reply = answer(book(), ask(day, at("1997-06-01"), 0, at("1990-01-01")));
  EXPECT_TRUE(reply.bars->empty());
  EXPECT_FALSE(reply.previous);
  EXPECT_FALSE(reply.last_is_forming);
  EXPECT_TRUE(answer(book(), ask(day, at("1997-06-01"), 10)).bars->empty());
}

TEST_F(history, udf_8_a_gap_names_the_bar_before_it) {
  // the weekend of Thanksgiving: Friday's half day ends at 18:00Z
  const auto reply = answer(book(), ask(m(1), at("2013-12-02T09:00:00Z"), 0, at("2013-11-30T00:00:00Z")));
  EXPECT_TRUE(reply.bars->empty());
  EXPECT_EQ(reply.previous, between(joined(m(1)), {}, at("2013-11-30T00:00:00Z")).back().open_time);
  const auto days = answer(book(), ask(day, at("2013-12-02"), 0, at("2013-11-30")));
  EXPECT_EQ(days.previous, at("2013-11-29"));
  EXPECT_FALSE(answer(book(), ask(m(1), at("2013-12-02T15:00:00Z"), 0, at("2013-12-02T14:30:00Z"))).previous)
      << "only without bars";
}

TEST_F(history, udf_11_two_bars_for_pollers_with_a_narrow_from) {
  const auto now = at("2013-12-04T18:00:00Z");
  for (const auto frame :
       {timeframe::months(3), timeframe::days(2), timeframe::weeks(1), timeframe::months(1), day, m(240)})
    EXPECT_EQ(bars(book(), ask(frame, now, 2, now - minutes{10}), now).size(), 2u) << frame.to_string();
}

TEST_F(history, udf_12_times_ascend_strictly) {
  for (const auto kind : {regular, extended}) {
    for (const auto frame : offered_timeframes) {
      const auto got = bars(book(), ask(frame, far, 0, utc_time{}, kind));
      ASSERT_FALSE(got.empty());
      for (std::size_t i = 1; i < got.size(); ++i)
        ASSERT_LT(got[i - 1].open_time, got[i].open_time) << frame.to_string();
      for (const auto& b : got) ASSERT_TRUE(b.is_consistent());
    }
  }
}

TEST_F(history, udf_19_from_to_without_countback) {
  const auto from = at("2013-11-21T15:00:00Z"), to = at("2013-11-26T16:30:00Z");
  for (const auto kind : {regular, extended})
    for (const auto frame : {m(1), m(5), m(30), m(60), m(240)})
      EXPECT_EQ(bars(book(), ask(frame, to, 0, from, kind)), between(joined(frame, kind), from, to))
          << frame.to_string();
  const auto days = bars(book(), ask(day, at("2013-11-29T15:00:00Z"), 0, at("2013-11-20T14:30:00Z")));
  ASSERT_EQ(days.size(), 7u) << "a time within a day means that day; Thanksgiving has none";
  EXPECT_EQ(days.front().open_time, at("2013-11-20"));
  EXPECT_EQ(days.back().open_time, at("2013-11-29"));
}

TEST_F(history, udf_20_the_forming_bar_is_last_and_two_come_at_rollover) {
  const auto now = at("2013-12-05T14:31:00.005Z"); // a minute has just begun
  const std::vector<bar> closed{bar_at(at("2013-12-05T14:30:00Z"))};
  live_bars live{closed, bar_at(at("2013-12-05T14:31:00Z")), utc_time::min()};
  const auto reply = answer(book(), ask(m(1), now + hours{1}, 2, now - minutes{10}), now, live);
  EXPECT_EQ(*reply.bars, (std::vector<bar>{closed[0], *live.forming}));
  EXPECT_TRUE(reply.last_is_forming);
  // the same day as a daily bar: yesterday's is joined from stored minutes
  live_bars daily{{}, bar_at(at("2013-12-05")), utc_time::min()};
  const auto days = answer(book(), ask(day, now, 2, now - hours{1}), now, daily);
  ASSERT_EQ(days.bars->size(), 2u);
  EXPECT_EQ(days.bars->front(), joined(day).back());
  EXPECT_EQ(days.bars->back(), *daily.forming);
  EXPECT_TRUE(days.last_is_forming);
  EXPECT_FALSE(answer(book(), ask(m(1), at("2013-12-05T14:31:00Z"), 2), now, live).last_is_forming);
}

TEST_F(history, udf_20_an_overnight_daily_bar_is_dated_tomorrow) {
  auto future = make_instrument("X", "CME_EQUITY", price_basis::trade, "0.25");
  const auto now = at("2013-12-04T23:30:00Z"); // Wednesday evening: Thursday's session
  source->series = {{day, daily_of(*future.calendar, "2013-11-01", "2013-12-05")}};
  const history_book overnight{future, {source}};
  live_bars live{{}, bar_at(at("2013-12-05")), utc_time::min()};
  const auto polled = bars(overnight, ask(day, now, 2, now - hours{240}), now, live);
  ASSERT_EQ(polled.size(), 2u);
  EXPECT_EQ(polled[0].open_time, at("2013-12-04"));
  EXPECT_EQ(polled[1].open_time, at("2013-12-05"));
  // paging back names a stamp and must not get that bar again
  EXPECT_EQ(bars(overnight, ask(day, at("2013-12-05"), 2), now, live).back().open_time, at("2013-12-04"));
  EXPECT_EQ(bars(overnight, ask(day, at("2013-12-04T22:30:00Z"), 1), now, live).back().open_time,
            at("2013-12-04"))
      << "in the evening's break";
}

TEST_F(history, stored_timeframes_are_preferred_and_shorter_ones_fill_in) {
  const auto stored =
      daily_of(*stock.calendar, "2013-11-20", "2013-11-23", 5); // differs from what the minutes say
  source->series[day] = stored;
  auto expected = stored;
  for (const auto& b : joined(day))
    if (b.open_time > stored.back().open_time) expected.push_back(b);
  EXPECT_EQ(bars(book(), ask(day, far, 100)), expected);
  // a hole of one day in the middle
  source->series[day].erase(source->series[day].begin() + 1);
  expected[1] = joined(day)[1];
  EXPECT_EQ(bars(book(), ask(day, far, 100)), expected);
  EXPECT_EQ(bars(book(), ask(day, far, 8)), last(expected, 8));
}

TEST_F(history, weeks_and_months_come_from_days_of_all_layers) {
  std::vector<bar> days = day_bars;
  for (const auto& b : joined(day))
    if (b.open_time > days.back().open_time) days.push_back(b);
  for (const auto frame :
       {timeframe::weeks(1), timeframe::months(1), timeframe::months(3), timeframe::days(2)}) {
    const auto expected = aggregate(days, day, frame, regular, stock.calendar);
    EXPECT_EQ(bars(book(), ask(frame, far, 0, utc_time{})), expected) << frame.to_string();
    EXPECT_EQ(bars(book(), ask(frame, far, 7)), last(expected, 7)) << frame.to_string();
    EXPECT_EQ(bars(book(), ask(frame, at("2013-11-06T12:00:00Z"), 3)),
              last(between(expected, {}, at("2013-11-06T12:00:00Z")), 3));
  }
}

TEST_F(history, nothing_of_after_the_market_time_is_shown) {
  // a store that knows the future, as in a replay
  for (const char* moment :
       {"2013-11-26T15:07:31Z", "2013-11-26T21:00:00Z", "2013-11-27T02:00:00Z", "2013-11-29T18:00:00Z"}) {
    const auto now = at(moment);
    std::vector<bar> known;
    for (const auto& b : minute_bars)
      if (b.open_time + minutes{1} <= now) known.push_back(b);
    source->series = {{m(1), minute_bars},
                      {m(5), aggregate(minute_bars, m(1), m(5), extended, stock.calendar)},
                      {day, joined(day)}};
    for (const auto kind : {regular, extended}) {
      for (const auto frame : offered_timeframes) {
        const auto expected = aggregate(known, m(1), frame, kind, stock.calendar);
        EXPECT_EQ(bars(book(), ask(frame, far, 1000, {}, kind), now), last(expected, 1000))
            << frame.to_string() << " " << to_string(kind) << " " << moment;
      }
    }
  }
  const auto now = at("2013-11-26T15:07:31Z");
  EXPECT_TRUE(answer(book(), ask(m(60), far, 1), now).last_is_forming);
  EXPECT_FALSE(answer(book(), ask(m(1), far, 1), now).last_is_forming);
}

TEST_F(history, an_earlier_source_goes_before_a_later_one) {
  auto other = std::make_shared<vector_source>();
  other->series[m(1)] = minutes_of(*stock.calendar, "2013-11-10", "2013-12-05", 0);
  for (auto& b : other->series[m(1)]) b = bar_at(b.open_time, 3);
  source->series = {{m(1), minutes_of(*stock.calendar, "2013-11-20", "2013-11-21", 0)}};
  const history_book both{stock, {source, other}};
  const auto got = bars(both, ask(m(1), far, 0, utc_time{}, extended));
  ASSERT_EQ(got.size(), other->series[m(1)].size());
  for (const auto& b : got) {
    const bool first = utc_date(b.open_time - hours{5}) == civil_date::of(2013, 11, 20);
    ASSERT_EQ(b, bar_at(b.open_time, first ? 0 : 3)) << to_iso8601(b.open_time);
  }
}

TEST_F(history, stored_hours_that_straddle_the_opening_are_the_last_resort) {
  source->series = {{m(60), joined(m(60), extended)}}; // aligned to 04:00 in New York
  const auto only = bars(book(), ask(m(60), far, 0, utc_time{}, regular));
  ASSERT_FALSE(only.empty());
  for (const auto& b : only) EXPECT_TRUE(stock.calendar->day_at(b.open_time, regular));
  EXPECT_EQ(bars(book(), ask(m(60), far, 0, utc_time{}, extended)), joined(m(60), extended));
  source->series[m(30)] = joined(m(30), extended);
  EXPECT_EQ(bars(book(), ask(m(60), far, 0, utc_time{}, regular)), joined(m(60), regular))
      << "30 minutes fit";
}

TEST_F(history, stored_hours_that_begin_at_the_opening_do_not_count_twice) {
  // a vendor's hours: the first from the opening to the full hour, the others on the grid of the extended hours
  std::vector<bar> vendor;
  for (const auto& b : joined(m(30), regular)) {
    const auto session = stock.calendar->day_at(b.open_time, regular);
    if (session && session->regular.open == b.open_time) vendor.push_back(b);
  }
  ASSERT_FALSE(vendor.empty());
  for (const auto& b : joined(m(60), extended))
    if (stock.calendar->day_at(b.open_time, regular)) vendor.push_back(b);
  std::sort(vendor.begin(), vendor.end(), [](const bar& x, const bar& y) { return x.open_time < y.open_time; });
  source->series[m(60)] = vendor;
  for (const auto frame : {m(60), m(120), m(240)})
    EXPECT_EQ(bars(book(), ask(frame, far, 0, utc_time{}, extended)), joined(frame, extended)) << frame.to_string();
  const auto days = bars(book(), ask(day, far, 0, joined(day, extended).front().open_time, extended));
  EXPECT_EQ(days, joined(day, extended));
  source->series.erase(m(1));
  EXPECT_EQ(bars(book(), ask(m(60), far, 0, utc_time{}, extended)), vendor) << "nothing finer is stored";
}

TEST_F(history, days_of_extended_hours_fall_back_to_regular_ones) {
  const auto got = bars(book(), ask(day, far, 0, at("2013-11-01"), extended));
  auto expected = between(day_bars, at("2013-11-01"), at("2013-11-20"));
  for (const auto& b : joined(day, extended)) expected.push_back(b);
  EXPECT_EQ(got, expected);
}

TEST_F(history, live_bars_go_before_stored_ones_unless_they_began_too_late) {
  const auto noon = at("2013-12-04T17:00:00Z");
  std::vector<bar> closed;
  for (int i = 0; i < 3; ++i) closed.push_back(bar_at(noon + minutes{5 * i}, 9));
  const auto now = noon + minutes{15};
  const auto all = joined(m(5));
  auto expected = between(all, noon - minutes{15}, noon);
  expected.insert(expected.end(), closed.begin(), closed.end());
  EXPECT_EQ(bars(book(), ask(m(5), now, 6), now, {closed, {}, utc_time::min()}), expected);
  // live since 12:02: the first bar lacks two minutes, the store has them
  expected[3] = between(all, noon, noon + minutes{1}).front();
  EXPECT_EQ(bars(book(), ask(m(5), now, 6), now, {closed, {}, noon + minutes{2}}), expected);
}

TEST_F(history, live_bars_alone_are_history_too) {
  const history_book empty{stock, {}};
  std::vector<bar> closed;
  const auto open = at("2013-12-04T14:30:00Z");
  for (int i = 0; i < 10; ++i) closed.push_back(bar_at(open + minutes{i}));
  const live_bars live{closed, bar_at(open + minutes{10}), utc_time::min()};
  const auto now = open + minutes{10} + std::chrono::seconds{1};
  EXPECT_EQ(bars(empty, ask(m(1), now, 3), now, live),
            (std::vector<bar>{closed[8], closed[9], *live.forming}));
  EXPECT_EQ(bars(empty, ask(m(1), open + minutes{4}, 0, open + minutes{2}), now, live),
            (std::vector<bar>{closed[2], closed[3]}));
  const auto later = answer(empty, ask(m(1), now + hours{9}, 0, now + hours{8}), now, live);
  EXPECT_EQ(later.previous, open + minutes{10});
}

TEST_F(history, what_is_stored_of_the_current_bar_seeds_its_builder) {
  const auto now = at("2013-12-04T17:10:30Z");
  source->series = {{m(1), minute_bars}};
  for (const auto frame : {m(15), m(60), day, timeframe::weeks(1), timeframe::months(1)}) {
    const auto got = book().so_far(frame, regular, now);
    ASSERT_TRUE(got && *got) << frame.to_string();
    std::vector<bar> known;
    for (const auto& b : minute_bars)
      if (b.open_time + minutes{1} <= now) known.push_back(b);
    EXPECT_EQ(**got, aggregate(known, m(1), frame, regular, stock.calendar).back());
    bar_builder builder{stock, frame, regular};
    EXPECT_TRUE(builder.seed(**got));
  }
  EXPECT_FALSE(*book().so_far(m(15), regular, at("2013-12-07T12:00:00Z")));
}

TEST_F(history, replies_are_limited) {
  source->series[m(1)] = minutes_of(*stock.calendar, "2013-10-01", "2013-12-05", 0);
  EXPECT_EQ(bars(book(), ask(m(1), far, 0, utc_time{}, extended)).size(), max_history_bars);
  EXPECT_EQ(bars(book(), ask(m(1), far, 1'000'000, {}, extended)).size(), max_history_bars);
  auto small = ask(m(1), far, 100);
  small.limit = 10;
  EXPECT_EQ(bars(book(), small), last(between(source->series[m(1)], {}, at("2013-12-04T21:00:00Z")), 10));
  small.limit = 0;
  EXPECT_TRUE(bars(book(), small).empty());
  EXPECT_TRUE(bars(book(), ask(m(1), at("2013-12-03"), 0, at("2013-12-04"))).empty()) << "from behind to";
}

namespace {

class broken_source final : public history_source {
public:
  std::vector<timeframe> timeframes(std::string_view) const override { return {m(1)}; }
  result<std::vector<bar>> bars(std::string_view, timeframe, utc_time, utc_time, std::size_t) const override {
    return error{errc::corrupt_data, "damaged"};
  }
};

} // namespace

TEST_F(history, damage_is_reported_not_papered_over) {
  const history_book with_damage{stock, {std::make_shared<broken_source>(), source}};
  const auto reply = with_damage.answer(ask(m(5), far, 10), far);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::corrupt_data);
}

TEST_F(history, mapped_columns_and_plain_vectors_answer_alike) {
  scratch_folder dir;
  std::shared_ptr<bar_store> store = *bar_store::open(dir.path(), durability::relaxed);
  for (const auto& [frame, list] : source->series) ASSERT_TRUE(store->merge("X", frame, list));
  const history_book mapped{stock, {store}};
  std::mt19937 random{5};
  for (int i = 0; i < 300; ++i) {
    const auto frame = offered_timeframes[random() % offered_timeframes.size()];
    const auto to = at("2013-11-19") + minutes{random() % (17 * 24 * 60)};
    const auto now = at("2013-11-19") + minutes{random() % (17 * 24 * 60)};
    const auto kind = random() % 2 == 0 ? regular : extended;
    const auto r = random() % 2 == 0
                       ? ask(frame, to, static_cast<std::uint32_t>(1 + random() % 700), {}, kind)
                       : ask(frame, to, 0, to - minutes{random() % 9000}, kind);
    const auto a = answer(book(), r, now), b = answer(mapped, r, now);
    ASSERT_EQ(*a.bars, *b.bars) << i << " " << frame.to_string();
    ASSERT_EQ(a.previous, b.previous) << i;
    ASSERT_EQ(a.last_is_forming, b.last_is_forming) << i;
  }
}

TEST_F(history, udf_21_paging_back_has_no_overlap_and_no_hole) {
  const auto crypto = make_instrument("X", "24X7");
  scratch_folder dir;
  std::shared_ptr<bar_store> store = *bar_store::open(dir.path(), durability::relaxed);
  const auto all = minutes_of(*crypto.calendar, "2016-03-01", "2018-01-31", 50); // about a million
  ASSERT_GT(all.size(), 980'000u);
  ASSERT_TRUE(store->merge("X", m(1), all));
  const history_book paged{crypto, {store}};
  for (const auto frame : {m(1), day}) {
    const auto expected = frame == m(1) ? all : aggregate(all, m(1), frame, regular, crypto.calendar);
    std::vector<bar> got;
    for (utc_time to = far;;) {
      auto page = bars(paged, ask(frame, to, 5000));
      if (page.empty()) break;
      ASSERT_TRUE(page.size() == 5000 || page.front() == expected.front());
      to = page.front().open_time;
      got.insert(got.end(), page.rbegin(), page.rend());
    }
    std::reverse(got.begin(), got.end());
    ASSERT_EQ(got, expected) << frame.to_string();
  }
}
