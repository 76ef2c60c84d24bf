#include "tests/pine/case_runner.hpp"
#include "tests/pine/ta_reference.hpp"
#include "tests/pine/ta_sample.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

/// Every ta function over random series with holes: the engine's incremental form equals a computation from scratch,
/// and a realtime bar that is computed again and again leaves the same state as a bar seen once.

namespace tt::pine::testing {
namespace {

std::string with_length(std::string text, std::size_t n) {
  for (auto at = text.find('N'); at != std::string::npos; at = text.find('N', at + 1)) text.replace(at, 1, std::to_string(n));
  return text;
}

/// The cases from `first` on, at most 40 of them, as one script.
std::string script_for(std::size_t first, std::size_t n, std::size_t& count) {
  std::string text = "//@version=6\nindicator(\"t\")\nx = open\nvar float start = 100.0\nopen1 = nz(close[1], start)\n";
  text += with_length("[bb_mid, bb_high, bb_low] = ta.bb(close, N, 2)\n[kc_mid, kc_high, kc_low] = ta.kc(close, N, 1.5)\n"
                      "[macd_line, macd_signal, macd_hist] = ta.macd(close, N, N + 7, N + 2)\n[di_plus, di_minus, adx] = ta.dmi(N, N)\n"
                      "[st_value, st_direction] = ta.supertrend(2.5, N)\n", n);
  const auto& cases = ta_cases();
  for (count = 0; first + count < cases.size() && count < 40; ++count) {
    auto expression = with_length(cases[first + count].expression, n);
    if (std::string(cases[first + count].name) == "ta.wvad") expression = "(close - open1) / (high - low) * volume"; // open carries x
    text += "plot(" + expression + ", \"" + std::to_string(first + count) + "\")\n";
  }
  return text;
}

class ta_property : public ::testing::TestWithParam<std::tuple<unsigned, std::size_t>> {};

TEST_P(ta_property, incremental_equals_recomputed) {
  auto [seed, n] = GetParam();
  auto s = make_sample(seed, 130);
  for (std::size_t first = 0, count = 0; first < ta_cases().size(); first += count) {
    auto r = run_source(script_for(first, n, count), s.bars, "20");
    ASSERT_EQ(r.error, "");
    for (std::size_t k = 0; k < count; ++k) {
      const auto& c = ta_cases()[first + k];
      auto want = c.reference(s.m, n);
      for (std::size_t i = 0; i < s.bars.size(); ++i)
        ASSERT_PRED3(near, r.columns[k][i], want[i], c.tolerance) << c.expression << ", N = " << n << ", seed " << seed << ", bar " << i;
    }
  }
}

TEST_P(ta_property, a_bar_computed_again_and_again_is_a_bar_seen_once) {
  auto [seed, n] = GetParam();
  auto s = make_sample(seed + 50, 110);
  for (std::size_t first = 0, count = 0; first < ta_cases().size(); first += count) {
    auto text = script_for(first, n, count);
    auto compiled = compile(text);
    ASSERT_NE(compiled.code, nullptr);
    run_settings settings;
    settings.chart_timeframe = *timeframe::parse("20");
    script plain(compiled.code, settings), live(compiled.code, settings);
    std::mt19937 g(seed);
    for (std::size_t i = 0; i < s.bars.size(); ++i) {
      ASSERT_FALSE(plain.on_bar(s.bars[i]));
      auto tick = s.bars[i];
      if (i % 3 == 0) {
        ASSERT_FALSE(live.on_bar(s.bars[i]));
      } else {
        tick.close *= 1.3;
        tick.high = std::max(tick.high, tick.close);
        tick.open = g() % 2 == 0 ? tick.close : na_value;
        ASSERT_FALSE(live.begin_bar(tick));
        tick.close = tick.low = s.bars[i].low * 0.8;
        tick.open = tick.close;
        for (auto k = g() % 3; k > 0; --k) ASSERT_FALSE(live.update(tick));
        ASSERT_FALSE(live.commit(s.bars[i]));
      }
      for (std::size_t k = 0; k < count; ++k)
        ASSERT_PRED3(near, live.plot_value(k, 0), plain.plot_value(k, 0), 0.0) << ta_cases()[first + k].expression << ", bar " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(pine, ta_property, ::testing::Combine(::testing::Values(1u, 2u, 3u), ::testing::Values(1u, 2u, 5u, 14u)));

// ---------------------------------------------------------------- calls that don't run once on every bar

case_result run_on(const std::vector<double>& closes, const std::string& body) {
  std::vector<bar> bars;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    double c = closes[i];
    bars.push_back({1'700'006'400'000 + i64(i) * 1'200'000, c, c + 1, c - 1, c, 10});
  }
  return run_source("//@version=6\nindicator(\"t\")\n" + body, bars, "20");
}
std::string text_of_column(const column& c) {
  std::string out;
  for (double v : c) out += std::isnan(v) ? "na " : std::to_string(static_cast<int>(std::lround(v * 100))) + " ";
  return out;
}

TEST(pine_ta_calls, an_average_counts_its_calls) {
  auto r = run_on({1, 2, 3, 4, 5, 6}, "float v = -1\nif bar_index % 2 == 0\n    v := ta.sma(close, 2)\nplot(v)\n");
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(text_of_column(r.columns[0]), "na -100 200 -100 400 -100 ");
}
TEST(pine_ta_calls, a_loop_has_one_state_for_its_call) {
  auto r = run_on({1, 2, 4, 8}, "float v = 0\nfor i = 1 to 3\n    v := ta.cum(close * i)\nplot(v)\n");
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(text_of_column(r.columns[0]), "300 900 2100 4500 ");
}
TEST(pine_ta_calls, a_ring_keeps_what_a_skipped_bar_left_in_it) {
  // a window of 3 has four cells; the call runs on bars 0, 1, 4, 5 and 6. On bar 4 the 9 of bar 1 is too old and the
  // cells of bars 2 and 3 were never written: they hold 0
  auto r = run_on({5, 9, 7, 6, 1, 2, 3}, "float v = -1\nif bar_index < 2 or bar_index > 3\n    v := ta.highest(close, 3)\nplot(v)\n");
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(text_of_column(r.columns[0]), "na na -100 -100 100 200 300 ");
}
TEST(pine_ta_calls, a_series_length_repeats_the_last_call) {
  auto r = run_on({5, 9, 7, 6, 1, 2, 3}, "n = bar_index >= 0 ? 3 : 1\nfloat v = -1\nif bar_index < 2 or bar_index > 3\n    v := ta.highest(close, n)\nplot(v)\n");
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(text_of_column(r.columns[0]), "na na -100 -100 900 900 300 ");
}
TEST(pine_ta_calls, a_length_that_grows_finds_the_values_again) {
  auto r = run_on({9, 1, 2, 3, 4, 5, 6}, "n = bar_index == 5 ? 6 : 2\nplot(ta.highest(close, n))\nplot(ta.sma(close, n))\nplot(ta.median(close, n))\n");
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(text_of_column(r.columns[0]), "na 900 200 300 400 900 600 ");
  EXPECT_EQ(text_of_column(r.columns[1]), "na 500 150 250 350 400 550 ");
  EXPECT_EQ(text_of_column(r.columns[2]), "na 500 150 250 350 350 550 ");
}
TEST(pine_ta_calls, chart_series_do_not_depend_on_being_read) {
  auto r = run_on({1, 3, 2, 4, 4, 5, 3}, "float v = na\nif bar_index % 3 == 0\n    v := ta.obv\nplot(v)\nplot(ta.obv)\nfloat t = na\nif bar_index % 2 == 0\n    t := ta.tr(true)\nplot(t)\nplot(ta.tr(true))\n");
  EXPECT_EQ(r.error, "");
  for (std::size_t i = 3; i < 7; i += 3) EXPECT_EQ(r.columns[0][i], r.columns[1][i]);
  for (std::size_t i = 0; i < 7; i += 2) EXPECT_EQ(r.columns[2][i], r.columns[3][i]);
}
TEST(pine_ta_calls, a_parabolic_stop_needs_every_bar) {
  auto r = run_on({1, 3, 2, 4, 4, 5, 3}, "float v = na\nif bar_index != 3\n    v := ta.sar(0.02, 0.02, 0.2)\nplot(bar_index > 0 ? v : na)\nfloat w = na\nif bar_index > 1\n    w := ta.sar(0.02, 0.02, 0.2)\nplot(w)\n");
  EXPECT_EQ(r.error, "");
  EXPECT_FALSE(std::isnan(r.columns[0][1]));
  for (double v : r.columns[1]) EXPECT_TRUE(std::isnan(v));
}
TEST(pine_ta_calls, a_cross_needs_a_side_to_come_from) {
  // equal from the start, then above: crossover fires, cross doesn't; below, equal, above: both fire
  auto body = "plot(ta.cross(close, 5) ? 1 : 0)\nplot(ta.crossover(close, 5) ? 1 : 0)\nplot(ta.crossunder(close, 5) ? 1 : 0)\n";
  auto r = run_on({5, 5, 6, 4, 5, 6, 5, 4}, body);
  EXPECT_EQ(text_of_column(r.columns[0]), "0 0 0 100 0 100 0 100 ");
  EXPECT_EQ(text_of_column(r.columns[1]), "0 0 100 0 0 100 0 0 ");
  EXPECT_EQ(text_of_column(r.columns[2]), "0 0 0 100 0 0 0 100 ");
}
TEST(pine_ta_calls, percentiles_keep_na_in_their_window) {
  // ranks of 3, 4, 5, 6 and a na that came last: [3, 4, 5, 6, na]
  auto body = "x = bar_index == 6 ? na : close\nplot(ta.percentile_nearest_rank(x, 5, 20))\nplot(ta.percentile_nearest_rank(x, 5, 100))\n"
              "plot(ta.percentile_nearest_rank(x, 5, na))\nplot(ta.percentile_linear_interpolation(x, 5, 10))\n";
  auto r = run_on({1, 2, 3, 4, 5, 6, 7}, body);
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(r.columns[0][6], 3);
  EXPECT_TRUE(std::isnan(r.columns[1][6]));
  EXPECT_EQ(r.columns[2][6], 3);
  EXPECT_EQ(r.columns[3][6], 3);
}
/// To the last bit, as the platform has them (kit: ta-ma and ta-cci-cmo-cog): the close counts twice in hlcc4, not once
/// more, and ta.cog() weighs by what math.sum() gives.
TEST(pine_ta_calls, means_and_centres_to_the_last_bit) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> price(1, 2);
  std::vector<bar> bars;
  for (int i = 0; i < 400; ++i) {
    bar b{1'600'000'000'000 + i64(i) * 60'000, price(random), 0, 0, price(random), 1};
    b.high = std::max(b.open, b.close) + 0.01 * price(random);
    b.low = std::min(b.open, b.close) - 0.01 * price(random);
    bars.push_back(b);
  }
  auto r = run_source("//@version=6\nindicator(\"t\")\nnum = 0.0\nfor i = 0 to 20\n    num += close[i] * (i + 1)\n"
                      "plot(hlcc4)\nplot(ta.cog(close, 21))\nplot(-num / math.sum(close, 21))\n",
                      bars, "1");
  ASSERT_EQ(r.error, "");
  int tell = 0; // bars on which the other way of adding gives another number
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const auto& b = bars[i];
    EXPECT_EQ(r.columns[0][i], (b.high + b.low + 2 * b.close) / 4) << i;
    tell += (b.high + b.low + b.close + b.close) / 4 != r.columns[0][i];
    if (i >= 20) {
      EXPECT_EQ(r.columns[1][i], r.columns[2][i]) << i;
    }
  }
  EXPECT_GT(tell, 20);
}

TEST(pine_ta_calls, pivot_levels_by_hand) {
  // the period before the anchor on bar 3: high 8, low 1, open 4, close 6
  auto levels = [](const char* kind) {
    return run_on({4, 2, 7, 6, 5}, std::string("l = ta.pivot_point_levels(\"") + kind + "\", bar_index == 0 or bar_index == 4)\nplot(l.get(0))\nplot(l.get(1))\nplot(l.get(2))\nplot(l.get(3))\nplot(l.get(4))\n");
  };
  auto last = [](const case_result& r, std::size_t k) { return r.columns[k].back(); };
  auto t = levels("Traditional");
  ASSERT_EQ(t.error, "");
  EXPECT_NEAR(last(t, 0), 5, 1e-12); // (8 + 1 + 6) / 3
  EXPECT_NEAR(last(t, 1), 9, 1e-12);
  EXPECT_NEAR(last(t, 2), 2, 1e-12);
  EXPECT_NEAR(last(t, 3), 12, 1e-12);
  EXPECT_NEAR(last(t, 4), -2, 1e-12);
  auto f = levels("Fibonacci");
  EXPECT_NEAR(last(f, 1), 5 + 0.382 * 7, 1e-12);
  EXPECT_NEAR(last(f, 4), 5 - 0.618 * 7, 1e-12);
  auto c = levels("Camarilla");
  EXPECT_NEAR(last(c, 1), 6 + 7 * 1.1 / 12, 1e-12);
  auto d = levels("DM"); // close above open: 2 * high + low + close
  EXPECT_NEAR(last(d, 0), 23.0 / 4, 1e-12);
  EXPECT_NEAR(last(d, 1), 23.0 / 2 - 1, 1e-12);
  auto w = levels("Woodie"); // with the new period's open, 5
  EXPECT_NEAR(last(w, 0), (8 + 1 + 2 * 5) / 4.0, 1e-12);
}

} // namespace
} // namespace tt::pine::testing
