// Alerts that are judged when a bar closes.

#include "actors/pine/ta.hpp"
#include "tests/alerts/price/support.hpp"

#include <cmath>

namespace tt::alerts::test {
namespace {

class bars : public book_test {
protected:
  static constexpr timeframe minute{};

  alert_draft on(const char* condition, const char* value = nullptr, const char* repeat = "always") {
    auto out = draft(condition, value);
    out.repeat = repeat;
    return out;
  }
  /// A wave with a trend, so that indicators go through all their values.
  static bar wave(int i) {
    bar out;
    out.open_time = at("2026-01-15T12:00:00Z") + std::chrono::minutes{i};
    out.close = price{*decimal::from_double(100 + 8 * std::sin(i * 0.35) + 3 * std::sin(i * 0.05), 2)};
    out.open = out.high = out.low = out.close;
    out.volume = quantity{100 + 10 * (i % 7)};
    return out;
  }
  std::size_t close(const bar& data, timeframe frame = minute) {
    now = data.open_time + std::chrono::minutes{1};
    book->on_bar({"BTCUSD", frame, session_hours::regular, data, market::bar_state::closed, 1}, now);
    return settle();
  }
  /// Answers every wish with the bars [0, count).
  void give_history(int count) {
    std::vector<bar> past;
    for (int i = 0; i < count; ++i) past.push_back(wave(i));
    now = past.back().open_time + std::chrono::minutes{1};
    for (const auto& wish : book->take_history_wishes()) book->on_history(wish.symbol, wish.frame, past, now);
    settle();
  }
};

TEST_F(bars, rsi_goes_off_where_the_indicator_of_the_language_passes_the_threshold) {
  now = at("2026-01-15T12:00:00Z");
  make(on("rsi_overbought", "60"));
  make(on("rsi_oversold", "40"));
  give_history(100);
  auto series = pine::ta::rsi(14);
  bool was_over = false, was_under = false;
  for (int i = 0; i < 100; ++i) series.next(wave(i).close.to_double());
  std::size_t expected = 0, seen = 0;
  for (int i = 100; i < 220; ++i) {
    const double rsi = series.next(wave(i).close.to_double());
    const std::size_t now_expected = (rsi > 60 && !was_over) + (rsi < 40 && !was_under);
    was_over = rsi > 60;
    was_under = rsi < 40;
    const auto got = close(wave(i));
    EXPECT_EQ(got, now_expected) << "bar " << i << ", RSI " << rsi;
    expected += now_expected;
    seen += got;
  }
  EXPECT_GT(expected, 5U) << "the wave is of use";
  EXPECT_EQ(seen, expected);
}

TEST_F(bars, macd_goes_off_at_crossings_of_its_signal) {
  now = at("2026-01-15T12:00:00Z");
  const auto both = make(on("macd_signal")), up = make(on("macd_signal", "1")), down = make(on("macd_signal", "-1"));
  give_history(100);
  auto series = pine::ta::macd(12, 26, 9);
  for (int i = 0; i < 100; ++i) series.next(wave(i).close.to_double());
  double before = series.values()[2];
  std::uint64_t ups = 0, downs = 0;
  for (int i = 100; i < 220; ++i) {
    series.next(wave(i).close.to_double());
    const double gap = series.values()[2];
    ups += before < 0 && gap > 0;
    downs += before > 0 && gap < 0;
    before = gap;
    close(wave(i));
  }
  EXPECT_GT(ups, 3U);
  EXPECT_EQ(state_of(up).trigger_count, ups);
  EXPECT_EQ(state_of(down).trigger_count, downs);
  EXPECT_EQ(state_of(both).trigger_count, ups + downs);
}

TEST_F(bars, bollinger_goes_off_beyond_a_band) {
  now = at("2026-01-15T12:00:00Z");
  auto wanted = on("bollinger_break", nullptr, "once_per_bar");
  wanted.parameters = {{"bollinger_std", dec("1.2")}};
  const auto one = make(wanted);
  give_history(100);
  auto series = pine::ta::bb(20, 1.2);
  for (int i = 0; i < 100; ++i) series.next(wave(i).close.to_double());
  std::uint64_t expected = 0;
  for (int i = 100; i < 220; ++i) {
    const double c = wave(i).close.to_double();
    series.next(c);
    expected += c > series.values()[1] || c < series.values()[2];
    close(wave(i));
  }
  EXPECT_GT(expected, 5U);
  EXPECT_EQ(state_of(one).trigger_count, expected);
}

TEST_F(bars, volume_of_a_bar) {
  now = at("2026-01-15T12:00:00Z");
  auto wanted = on("volume_above", "150", "once_per_bar");
  wanted.frame = "1m";
  const auto one = make(wanted);
  give_history(14);
  for (int i = 14; i < 28; ++i) close(wave(i));
  EXPECT_EQ(state_of(one).trigger_count, 2U) << "160 in every seventh bar; 150 is not above 150";
  EXPECT_EQ(state_of(one).last_value, dec("160"));
}

TEST_F(bars, history_makes_nothing_go_off_and_neither_does_the_bar_before_the_alert) {
  now = at("2026-01-15T13:40:30Z");
  const auto one = make(on("volume_above", "1", "once_per_bar"));
  auto wanted = on("volume_above", "1", "once_per_bar");
  wanted.frame = "1m";
  const auto framed = make(wanted);
  EXPECT_EQ(close(wave(99)), 0U) << "it was over before the alert was made";
  give_history(100);
  EXPECT_EQ(state_of(framed).trigger_count, 0U);
  EXPECT_EQ(close(wave(100)), 1U) << "closed after it was made";
  EXPECT_EQ(close(wave(100)), 0U) << "the same bar again";
  EXPECT_EQ(state_of(one).trigger_count, 0U) << "without a timeframe it is of the day";
}

TEST_F(bars, bars_that_close_while_history_is_asked_for_are_judged_then) {
  now = at("2026-01-15T12:00:00Z");
  auto wanted = on("volume_above", "1", "once_per_bar");
  wanted.frame = "1m";
  const auto one = make(wanted);
  ASSERT_EQ(book->take_history_wishes().size(), 1U);
  EXPECT_TRUE(book->take_history_wishes().empty()) << "asked once";
  EXPECT_EQ(close(wave(50)), 0U);
  EXPECT_EQ(close(wave(51)), 0U);
  std::vector<bar> past;
  for (int i = 0; i < 51; ++i) past.push_back(wave(i));
  book->on_history("BTCUSD", minute, past, now);
  EXPECT_EQ(settle(), 2U);
  EXPECT_EQ(state_of(one).trigger_count, 2U);
}

TEST_F(bars, history_that_does_not_come_is_asked_for_again) {
  now = at("2026-01-15T12:00:00Z");
  make(on("rsi_oversold"));
  ASSERT_EQ(book->take_history_wishes().size(), 1U);
  book->on_history("BTCUSD", minute, std::nullopt, now);
  EXPECT_EQ(book->take_history_wishes().size(), 1U);
}

TEST_F(bars, a_gap_asks_for_the_bars_between) {
  now = at("2026-01-15T12:00:00Z");
  make(on("rsi_overbought", "60"));
  give_history(100);
  close(wave(100));
  EXPECT_TRUE(book->take_history_wishes().empty());
  close(wave(105));
  EXPECT_EQ(book->take_history_wishes().size(), 1U);
}

TEST_F(bars, a_timeframe_of_its_own) {
  now = at("2026-01-15T12:00:00Z");
  auto wanted = on("volume_above", "1");
  wanted.frame = "5m";
  const auto one = make(wanted);
  give_history(100);
  EXPECT_EQ(close(wave(100)), 0U) << "a bar of one minute";
  auto five = wave(100);
  EXPECT_EQ(close(five, timeframe::minutes(5)), 0U) << "asks for history";
  give_history(90);
  EXPECT_EQ(state_of(one).trigger_count, 1U);
}

TEST_F(bars, a_forming_bar_is_not_judged) {
  now = at("2026-01-15T12:00:00Z");
  auto wanted = on("volume_above", "1");
  wanted.frame = "1m";
  make(wanted);
  give_history(100);
  book->on_bar({"BTCUSD", minute, session_hours::regular, wave(100), market::bar_state::forming, 1}, now);
  EXPECT_EQ(settle(), 0U);
}

TEST_F(bars, a_restart_does_not_judge_a_bar_twice) {
  now = at("2026-01-15T12:00:00Z");
  auto wanted = on("volume_above", "1", "once_per_bar");
  wanted.frame = "1m";
  const auto one = make(wanted);
  give_history(100);
  EXPECT_EQ(close(wave(100)), 1U);
  restart();
  EXPECT_EQ(close(wave(100)), 0U);
  give_history(101);
  EXPECT_EQ(state_of(one).trigger_count, 1U);
  EXPECT_EQ(close(wave(101)), 1U);
}

} // namespace
} // namespace tt::alerts::test
