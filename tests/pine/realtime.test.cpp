#include "tests/pine/case_runner.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <cmath>

/// Requests on the realtime bar: a longer timeframe's bar is shown while it develops, and leaves nothing behind.

namespace tt::pine::testing {
namespace {

constexpr std::int64_t minutes = 60'000;
constexpr std::int64_t hour_start = 1'599'955'200'000; // a full hour, UTC

bar twenty(int i, double close) { return {hour_start + i * 20 * minutes, close, close + 1, close - 1, close, 1}; }

struct live_script {
  script s;
  explicit live_script(const std::string& body)
      : s(compile("//@version=6\nindicator(\"t\")\n" + body).code, [] {
          run_settings settings;
          settings.chart_timeframe = *timeframe::parse("20");
          return settings;
        }()) {}
  double value(std::size_t plot = 0) const { return s.plot_value(plot, 0); }
};

TEST(pine_realtime, a_request_shows_the_bar_that_develops) {
  live_script live("plot(request.security(syminfo.tickerid, \"60\", close))\n"
                   "plot(request.security(syminfo.tickerid, \"60\", ta.cum(1)))\n"
                   "plot(request.security(syminfo.tickerid, \"60\", high))\n");
  for (int i = 0; i < 4; ++i) ASSERT_FALSE(live.s.on_bar(twenty(i, i))); // one whole hour, and 20 minutes of the next
  EXPECT_EQ(live.value(), 2); // history shows complete bars only
  ASSERT_FALSE(live.s.begin_bar(twenty(4, 50)));
  EXPECT_EQ(live.value(), 50);
  EXPECT_EQ(live.value(1), 2); // the second hour
  EXPECT_EQ(live.value(2), 51);
  auto tick = twenty(4, 7);
  tick.high = 51;
  ASSERT_FALSE(live.s.update(tick));
  EXPECT_EQ(live.value(), 7);
  EXPECT_EQ(live.value(1), 2);
  EXPECT_EQ(live.value(2), 51);
  ASSERT_FALSE(live.s.commit(twenty(4, 4)));
  EXPECT_EQ(live.value(), 4);
  EXPECT_EQ(live.value(2), 5); // of the committed bars only
  ASSERT_FALSE(live.s.begin_bar(twenty(5, 5)));
  EXPECT_EQ(live.value(1), 2);
  ASSERT_FALSE(live.s.commit(twenty(5, 5)));
  EXPECT_EQ(live.value(), 5);
  EXPECT_EQ(live.value(1), 2);
  ASSERT_FALSE(live.s.begin_bar(twenty(6, 60)));
  EXPECT_EQ(live.value(), 60);
  EXPECT_EQ(live.value(1), 3);
}

/// State of every kind inside of a request: numbers, windows, arrays, objects.
TEST(pine_realtime, ticks_inside_of_a_request_leave_no_trace) {
  const std::string body = "type node\n    float v\nf() =>\n    var a = array.new<float>()\n    var node n = node.new(0.0)\n"
                           "    a.push(close)\n    n.v += close\n    a.sum() + n.v + nz(ta.sma(close, 2)) + nz(ta.highest(high, 3)) + nz(close[1])\n"
                           "plot(request.security(syminfo.tickerid, \"60\", f()))\n";
  live_script plain(body), live(body);
  for (int i = 0; i < 40; ++i) {
    const auto b = twenty(i, 10 + i % 7);
    ASSERT_FALSE(plain.s.on_bar(b));
    if (i < 7) {
      ASSERT_FALSE(live.s.on_bar(b));
      continue;
    }
    ASSERT_FALSE(live.s.begin_bar(twenty(i, 1000)));
    ASSERT_FALSE(live.s.update(twenty(i, 0.001)));
    ASSERT_FALSE(live.s.commit(b));
    if (i % 3 != 2) continue; // the hour is complete: both show the same
    if (std::isnan(plain.value())) EXPECT_TRUE(std::isnan(live.value())) << i;
    else EXPECT_EQ(plain.value(), live.value()) << i;
  }
}

/// The manual's example: an open bar takes the mark of `once` back with every tick.
TEST(pine_realtime, once_is_over_after_a_closed_bar) {
  live_script live("varip int ticks = 0\nvarip int closes = 0\nif barstate.isrealtime\n    once\n        ticks += 1\n    once barstate.isconfirmed\n        closes += 1\nplot(ticks)\nplot(closes)\n");
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(live.s.on_bar(twenty(i, i)));
  for (int i = 3; i < 6; ++i) {
    ASSERT_FALSE(live.s.begin_bar(twenty(i, 5)));
    for (int k = 0; k < 2; ++k) ASSERT_FALSE(live.s.update(twenty(i, 6 + k)));
    ASSERT_FALSE(live.s.commit(twenty(i, i)));
    EXPECT_EQ(live.value(0), 4); // the first tick, two more and the closing one of the first realtime bar
    EXPECT_EQ(live.value(1), 1);
  }
}

/// The size of a buffer that the script gives is the size at first: on historical bars it grows, on realtime bars a deeper
/// offset is an error. (TradingView's manual, error RE10143.)
TEST(pine_realtime, a_given_buffer_does_not_grow_on_realtime_bars) {
  const std::string reads = "back = barstate.ishistory ? 2 : 4\nx = close * 2\nplot(close[back])\nplot(x[barstate.isconfirmed ? 2 : back])\n";
  auto message = [](live_script& live, int i) {
    auto failed = live.s.begin_bar(twenty(i, i));
    return failed ? failed->message : std::string();
  };
  live_script automatic(reads), given("max_bars_back(close, 3)\n" + reads), enough("max_bars_back(close, 4)\n" + reads), grown(reads + "plot((bar_index == 6 ? 4 : 2) > 0 ? close[bar_index == 6 ? 4 : 2] : na)\nmax_bars_back(close, 1)\n");
  for (auto* live : {&automatic, &given, &enough, &grown})
    for (int i = 0; i < 10; ++i) ASSERT_FALSE(live->s.on_bar(twenty(i, i))) << "sizes grow on historical bars";
  EXPECT_EQ(message(automatic, 10), "");
  EXPECT_EQ(automatic.value(), 6);
  EXPECT_EQ(message(given, 10), "the requested historical offset (4) is beyond the historical buffer's limit (3); a larger max_bars_back makes the buffer larger");
  EXPECT_EQ(message(enough, 10), "");
  EXPECT_EQ(enough.value(), 6);
  EXPECT_EQ(message(grown, 10), "");
  EXPECT_EQ(grown.value(), 6);
}
TEST(pine_realtime, max_bars_back_of_the_declaration_sizes_every_buffer) {
  auto run = [](const char* size) {
    run_settings settings;
    settings.chart_timeframe = *timeframe::parse("20");
    script s(compile(std::string("//@version=6\nindicator(\"t\", max_bars_back = ") + size + ")\nx = close * 2\nplot(x[barstate.ishistory ? 1 : 5])\nplot(str.length(str.tostring(close)[barstate.ishistory ? 1 : 5]))\n").code, settings);
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(s.on_bar(twenty(i, i)));
    auto failed = s.begin_bar(twenty(10, 10));
    return failed ? failed->message : std::to_string(static_cast<int>(s.plot_value(0, 0)));
  };
  EXPECT_EQ(run("5"), "10");
  EXPECT_EQ(run("0"), "10"); // sized by itself
  EXPECT_EQ(run("4").substr(0, 84), "the requested historical offset (5) is beyond the historical buffer's limit (4); a l");
}

} // namespace
} // namespace tt::pine::testing
