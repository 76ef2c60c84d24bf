#include "actors/market/sim_history.hpp"

#include "tests/market/sim_universe.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace tt::market {

namespace {

using sim::make_exchange;

constexpr std::size_t no_limit = SIZE_MAX;
constexpr auto one_minute = timeframe::minutes(1);
constexpr auto half_hour = timeframe::minutes(30);
constexpr auto one_day = timeframe::days(1);

utc_time at(const char* text) {
  return *parse_iso8601(text);
}

std::vector<bar> get(const sim_history& h, std::string_view symbol, timeframe frame, const char* from,
                     const char* to, std::size_t limit = no_limit) {
  auto bars = h.bars(symbol, frame, at(from), at(to), limit);
  EXPECT_TRUE(bars) << (bars ? "" : to_string(bars.error()));
  return bars ? *bars : std::vector<bar>{};
}

} // namespace

TEST(sim_history, sums_minutes_of_the_regular_hours_to_days) {
  const auto market = make_exchange(7);
  const sim_history history{market};
  for (const auto& symbol : market->symbols()) {
    const auto& calendar = *market->instrument_of(*market->find(symbol)).calendar;
    const auto days = get(history, symbol, one_day, "2023-11-16", "2023-12-05");
    ASSERT_GE(days.size(), 12U) << symbol;
    for (const auto& d : days) {
      const auto hours = calendar.day(utc_date(d.open_time));
      ASSERT_TRUE(hours) << symbol;
      const auto minutes =
          *history.bars(symbol, one_minute, hours->regular.open, hours->regular.close, no_limit);
      ASSERT_FALSE(minutes.empty());
      bar sum = minutes.front();
      sum.open_time = hours->day.midnight_utc();
      sum.volume = {};
      for (const auto& m : minutes) {
        sum.high = std::max(sum.high, m.high);
        sum.low = std::min(sum.low, m.low);
        sum.close = m.close;
        sum.volume += m.volume;
      }
      ASSERT_TRUE(sum == d) << symbol << " " << to_iso8601(d.open_time);
    }
  }
}

TEST(sim_history, sums_minutes_to_half_hours_of_the_session) {
  // holidays, early closes, a change of the clock and evenings that belong to the next day
  for (const auto& [from, to] : {std::pair{"2023-11-19", "2023-11-29"}, std::pair{"2024-03-07", "2024-03-13"},
                                 std::pair{"2024-03-27", "2024-04-02"}}) {
    const auto market = make_exchange(7);
    const sim_history history{market};
    for (const auto& symbol : market->symbols()) {
      const auto& calendar = *market->instrument_of(*market->find(symbol)).calendar;
      std::vector<bar> joined;
      for (const auto& m : get(history, symbol, one_minute, from, to)) {
        const auto span = calendar.bar_at(m.open_time, half_hour, session_hours::extended);
        ASSERT_TRUE(span) << symbol;
        if (joined.empty() || joined.back().open_time != span->stamp) {
          joined.push_back(m);
          joined.back().open_time = span->stamp;
          continue;
        }
        bar& b = joined.back();
        b.high = std::max(b.high, m.high);
        b.low = std::min(b.low, m.low);
        b.close = m.close;
        b.volume += m.volume;
      }
      ASSERT_TRUE(get(history, symbol, half_hour, from, to) == joined) << symbol << " " << from;
    }
  }
}

TEST(sim_history, has_a_day_for_every_trading_day) {
  const auto market = make_exchange(7);
  const sim_history history{market};
  for (const char* symbol : {"SPY", "ES1!", "BTCUSD", "EURUSD"}) {
    const auto& calendar = *market->instrument_of(*market->find(symbol)).calendar;
    const auto days = get(history, symbol, one_day, "2024-01-01", "2024-07-01");
    std::size_t next = 0;
    for (auto day = civil_date::of(2024, 1, 1); day < civil_date::of(2024, 7, 1); day = day + 1) {
      if (!calendar.day(day)) continue;
      ASSERT_LT(next, days.size());
      ASSERT_EQ(days[next++].open_time, day.midnight_utc()) << symbol;
    }
    EXPECT_EQ(next, days.size()) << symbol;
  }
}

TEST(sim_history, cuts_by_stamp_and_keeps_the_newest) {
  const sim_history history{make_exchange(7)};
  const auto all = get(history, "AAPL", one_minute, "2024-03-08T14:30:00Z", "2024-03-12T20:00:00Z");
  EXPECT_EQ(all.front().open_time, at("2024-03-08T14:30:00Z"));
  EXPECT_EQ(all.back().open_time, at("2024-03-12T19:59:00Z")) << "`to` is exclusive";
  for (std::size_t i = 1; i < all.size(); ++i) ASSERT_LT(all[i - 1].open_time, all[i].open_time);
  for (std::size_t limit :
       {std::size_t{1}, std::size_t{7}, std::size_t{700}, std::size_t{1500}, all.size(), all.size() + 1}) {
    const auto some = get(history, "AAPL", one_minute, "2024-03-08T14:30:00Z", "2024-03-12T20:00:00Z", limit);
    ASSERT_EQ(some.size(), std::min(limit, all.size()));
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.end() - static_cast<std::ptrdiff_t>(some.size())));
  }
  // bounds between stamps
  const auto one = get(history, "AAPL", one_minute, "2024-03-08T15:00:00.001Z", "2024-03-08T15:01:00.001Z");
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].open_time, at("2024-03-08T15:01:00Z"));
  const auto days = get(history, "AAPL", one_day, "2024-03-04", "2024-03-08");
  ASSERT_EQ(days.size(), 4U);
  EXPECT_EQ(days.back().open_time, at("2024-03-07"));
  const auto newest = get(history, "AAPL", one_day, "2015-01-01", "2024-03-08", 3);
  EXPECT_TRUE(std::equal(newest.begin(), newest.end(), days.begin() + 1));
  EXPECT_TRUE(get(history, "AAPL", one_day, "2024-03-08", "2024-03-04").empty());
  EXPECT_TRUE(get(history, "AAPL", one_day, "2024-03-04", "2024-03-08", 0).empty());
}

TEST(sim_history, finds_sessions_that_open_the_evening_before) {
  const sim_history history{make_exchange(7)};
  // Sunday 17:00 Chicago, in summer time 22:00 UTC, is Monday's session
  const auto evening = get(history, "ES1!", one_minute, "2024-06-09T00:00:00Z", "2024-06-10T00:00:00Z");
  ASSERT_FALSE(evening.empty());
  EXPECT_EQ(evening.front().open_time, at("2024-06-09T22:00:00Z"));
  EXPECT_EQ(get(history, "EURUSD", one_minute, "2024-06-09T00:00:00Z", "2024-06-09T21:05:00Z").size(), 5U);
}

TEST(sim_history, begins_at_the_epoch) {
  const sim_history history{make_exchange(7)};
  const auto days = get(history, "SPY", one_day, "1950-01-01", "2015-01-10");
  ASSERT_EQ(days.size(), 6U);
  EXPECT_EQ(days.front().open_time, at("2015-01-02"));
  EXPECT_TRUE(get(history, "SPY", one_minute, "1950-01-01", "2015-01-02").empty());
}

TEST(sim_history, does_not_tell_the_future) {
  const auto seen = std::make_shared<sim::horizon>();
  const sim_history history{make_exchange(7), seen};
  EXPECT_TRUE(get(history, "SPY", one_day, "2015-01-01", "2030-01-01", 5).empty());
  seen->advance(at("2024-03-11T15:00:30Z"));
  const auto minutes = get(history, "SPY", one_minute, "2024-03-11T14:00:00Z", "2030-01-01T00:00:00Z");
  EXPECT_EQ(minutes.back().open_time, at("2024-03-11T14:59:00Z")) << "15:00 hasn't closed";
  EXPECT_EQ(get(history, "SPY", one_day, "2024-03-01", "2030-01-01").back().open_time, at("2024-03-08"))
      << "the day hasn't closed";
  EXPECT_EQ(get(history, "SPY", half_hour, "2024-03-01", "2030-01-01").back().open_time,
            at("2024-03-11T14:30:00Z"));
  seen->advance(at("2024-03-11T15:01:00Z"));
  EXPECT_EQ(get(history, "SPY", one_minute, "2024-03-11T14:00:00Z", "2030-01-01T00:00:00Z").back().open_time,
            at("2024-03-11T15:00:00Z"));
  seen->advance(at("2024-03-11T20:00:00Z"));
  EXPECT_EQ(get(history, "SPY", one_day, "2024-03-01", "2030-01-01").back().open_time, at("2024-03-11"));
}

TEST(sim_history, answers_bad_questions_with_the_reason) {
  const sim_history history{make_exchange(7)};
  const auto unknown = history.bars("NOPE", one_day, at("2024-01-01"), at("2024-02-01"), 10);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, errc::unknown_symbol);
  EXPECT_NE(unknown.error().message.find("NOPE"), std::string::npos);
  const auto week = history.bars("SPY", timeframe::weeks(1), at("2024-01-01"), at("2024-02-01"), 10);
  ASSERT_FALSE(week);
  EXPECT_EQ(week.error().code, errc::unsupported);
  EXPECT_TRUE(history.timeframes("NOPE").empty());
  EXPECT_EQ(history.timeframes("SPY"), (std::vector{one_minute, half_hour, one_day}));
}

TEST(sim_history, gives_the_same_with_tiny_caches_and_many_threads) {
  const auto market = make_exchange(7);
  const sim_history large{market}, tiny{make_exchange(7), nullptr, {1000, 1000, 1000}};
  const auto minutes = get(large, "NVDA", one_minute, "2024-03-01", "2024-03-20");
  const auto days = get(large, "NVDA", one_day, "2023-06-01", "2024-03-20");
  const auto halves = get(large, "NVDA", half_hour, "2023-12-01", "2024-03-20");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 3; ++round) {
        const auto& h = i % 2 == 0 ? tiny : large;
        EXPECT_TRUE(get(h, "NVDA", one_minute, "2024-03-01", "2024-03-20") == minutes);
        EXPECT_TRUE(get(h, "NVDA", one_day, "2023-06-01", "2024-03-20") == days);
        EXPECT_TRUE(get(h, "NVDA", half_hour, "2023-12-01", "2024-03-20") == halves);
      }
    });
  for (auto& t : threads) t.join();
}

TEST(sim_cache, stays_below_its_limit_and_keeps_what_is_used) {
  sim::vector_cache<int, std::int64_t> cache{800}; // ten vectors of ten
  int made = 0;
  const auto value = [&](int key) {
    return cache.get(key, [&] {
      ++made;
      return std::vector<std::int64_t>(10, key);
    });
  };
  for (int i = 0; i < 10; ++i) value(i);
  EXPECT_EQ(cache.bytes(), 800U);
  EXPECT_EQ(value(0)->front(), 0);
  EXPECT_EQ(made, 10) << "kept";
  value(10);
  EXPECT_EQ(cache.bytes(), 800U);
  value(0);
  EXPECT_EQ(made, 11) << "used last, so still kept";
  value(1);
  EXPECT_EQ(made, 12) << "the oldest was dropped";
}

} // namespace tt::market
