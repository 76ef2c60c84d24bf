#include "tests/pine/case_runner.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

/// indicator(timeframe = ...): the whole script on a longer timeframe.

namespace tt::pine::testing {
namespace {

constexpr std::int64_t frame_start = 1'599'955'200'000; // a full hour, UTC

/// Bars of 20 minutes; some are missing, so that hours end without their last bar.
std::vector<bar> framed_bars(std::size_t n, unsigned seed) {
  std::mt19937 g(seed);
  std::vector<bar> bars;
  double p = 100;
  for (std::size_t i = 0; i < n; ++i) {
    double o = p;
    p += static_cast<double>(g() % 200) / 100 - 1;
    if (seed > 1 && g() % 6 == 0) continue;
    bars.push_back({frame_start + i64(i) * 1'200'000, o, std::max(o, p) + 0.1, std::min(o, p) - 0.1, p, static_cast<double>(g() % 90)});
  }
  return bars;
}
bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

const char* const framed_body = "var int calls = 0\ncalls += 1\nx = ta.sma(close, 3) + ta.highest(high, 4) + nz(close[2])\nplot(x)\nplot(volume)\nplot(calls)\n";

/// The manual: a script with a timeframe equals request.security() of the same on the chart's symbol with gaps.
TEST(pine_script_frame, equals_a_request_of_the_whole) {
  for (unsigned seed = 1; seed <= 4; ++seed)
    for (std::string gaps : {"true", "false"}) {
      auto bars = framed_bars(200, seed);
      auto own = run_source("//@version=6\nindicator(\"t\", timeframe = \"60\", timeframe_gaps = " + gaps + ")\n" + framed_body, bars, "20");
      auto requested = run_source("//@version=6\nindicator(\"t\")\nf() =>\n    var int calls = 0\n    calls += 1\n    [ta.sma(close, 3) + ta.highest(high, 4) + nz(close[2]), volume, calls]\n"
                                  "[a, b, c] = request.security(syminfo.tickerid, \"60\", f(), gaps = barmerge.gaps_" + std::string(gaps == "true" ? "on" : "off") + ")\nplot(a)\nplot(b)\nplot(c)\n",
                                  bars, "20");
      ASSERT_EQ(own.error, "");
      ASSERT_EQ(requested.error, "");
      std::size_t shown = 0;
      for (std::size_t k = 0; k < 3; ++k)
        for (std::size_t i = 0; i < bars.size(); ++i) {
          ASSERT_PRED2(same, own.columns[k][i], requested.columns[k][i]) << "plot " << k << ", bar " << i << ", seed " << seed << ", gaps " << gaps;
          shown += std::isnan(own.columns[2][i]) ? 0 : 1;
        }
      EXPECT_GT(shown, 100u);
    }
}
TEST(pine_script_frame, the_charts_own_timeframe_changes_nothing) {
  auto bars = framed_bars(60, 1);
  for (std::string given : {"timeframe = \"20\"", "timeframe = \"\"", "max_lines_count = 9"}) {
    auto r = run_source("//@version=6\nindicator(\"t\", " + given + ")\nplot(close)\nplot(bar_index)\n", bars, "20");
    ASSERT_EQ(r.error, "");
    for (std::size_t i = 0; i < bars.size(); ++i) {
      EXPECT_EQ(r.columns[0][i], bars[i].close);
      EXPECT_EQ(r.columns[1][i], f64(i));
    }
  }
}
TEST(pine_script_frame, a_shorter_timeframe_is_refused) {
  auto r = run_source("//@version=6\nindicator(\"t\", timeframe = \"5\")\nplot(close)\n", framed_bars(3, 1), "20");
  EXPECT_NE(r.error.find("shorter than the chart's"), std::string::npos) << r.error;
}
TEST(pine_script_frame, the_script_sees_its_own_timeframe) {
  auto bars = framed_bars(7, 1);
  auto r = run_source("//@version=6\nindicator(\"t\", timeframe = \"60\")\nplot(bar_index)\nplot(timeframe.multiplier)\nplot(timeframe.main_period == \"60\" ? 1 : 0)\nplot(time_close - time)\nplot(open)\nplot(last_bar_index)\n", bars, "20");
  ASSERT_EQ(r.error, "");
  for (std::size_t i : {2u, 5u}) {
    EXPECT_EQ(r.columns[0][i], i == 2 ? 0 : 1);
    EXPECT_EQ(r.columns[1][i], 60);
    EXPECT_EQ(r.columns[2][i], 1);
    EXPECT_EQ(r.columns[3][i], 3'600'000);
    EXPECT_EQ(r.columns[4][i], bars[i - 2].open);
    EXPECT_EQ(r.columns[5][i], 2); // the third hour has begun
  }
  EXPECT_TRUE(std::isnan(r.columns[0][6]));
}
/// Live: the script's bar develops with every tick, and leaves what history would have left.
TEST(pine_script_frame, a_bar_that_develops_ends_as_in_history) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    auto bars = framed_bars(150, seed);
    auto compiled = compile(std::string("//@version=6\nindicator(\"t\", timeframe = \"60\")\n") + framed_body);
    ASSERT_NE(compiled.code, nullptr);
    run_settings settings;
    settings.chart_timeframe = *timeframe::parse("20");
    script plain(compiled.code, settings), live(compiled.code, settings);
    for (std::size_t i = 0; i < bars.size(); ++i) {
      ASSERT_FALSE(plain.on_bar(bars[i]));
      if (i < 40) {
        ASSERT_FALSE(live.on_bar(bars[i]));
      } else {
        auto tick = bars[i];
        tick.high += 50;
        tick.close += 40;
        ASSERT_FALSE(live.begin_bar(tick));
        EXPECT_FALSE(std::isnan(live.plot_value(2, 0))) << "developing values are shown";
        tick.volume = 1e6;
        ASSERT_FALSE(live.update(tick));
        ASSERT_FALSE(live.commit(bars[i]));
      }
      for (std::size_t k = 0; k < 3; ++k)
        ASSERT_PRED2(same, live.plot_value(k, 0), plain.plot_value(k, 0)) << "plot " << k << ", bar " << i << ", seed " << seed;
    }
  }
}

} // namespace
} // namespace tt::pine::testing
