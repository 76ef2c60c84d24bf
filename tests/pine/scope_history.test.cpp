#include "tests/pine/case_runner.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <cmath>

/// Histories in scopes that do not run on every bar: an offset counts bars there too, and a bar without a value repeats
/// the one before it (Pine manual, execution model, "Time series in scopes").

namespace tt::pine::testing {
namespace {

constexpr int bars_made = 60;

std::vector<bar> numbered(int n = bars_made) {
  std::vector<bar> bars;
  for (int i = 0; i < n; ++i) bars.push_back({1'600'000'000'000 + i64(i) * 60'000, f64(i), f64(i) + 1, f64(i) - 1, f64(i), 1});
  return bars;
}

std::string script_of(const std::string& body) { return "//@version=6\nindicator(\"t\")\n" + body; }

/// The last bar up to `i` on which a scope ran that runs when bar_index % every == 0.
double last_run(int i, int every) { return i < 0 ? na_value : f64(i - i % every); }

void expect_same(double got, double want, int bar) {
  if (is_na(want)) {
    EXPECT_TRUE(is_na(got)) << "bar " << bar << ": " << got;
  } else {
    EXPECT_EQ(got, want) << "bar " << bar;
  }
}

TEST(pine_scope_history, a_local_variable_counts_bars_and_repeats_what_it_had) {
  auto r = run_source(script_of("out1 = float(na)\nout2 = float(na)\nout9 = float(na)\n"
                                "if bar_index % 4 == 0\n    x = bar_index\n    out1 := x[1]\n    out2 := x[4]\n    out9 := x[9]\n"
                                "plot(out1)\nplot(out2)\nplot(out9)\n"),
                      numbered(), "1");
  ASSERT_EQ(r.error, "");
  for (int i = 0; i < bars_made; i += 4) {
    expect_same(r.columns[0][usz(i)], last_run(i - 1, 4), i);
    expect_same(r.columns[1][usz(i)], last_run(i - 4, 4), i);
    expect_same(r.columns[2][usz(i)], last_run(i - 9, 4), i);
  }
}

TEST(pine_scope_history, parameters_and_expressions_of_a_call_do_the_same) {
  auto r = run_source(script_of("f(src) => [src[1], src[7], (src * 2)[7]]\n"
                                "a = float(na)\nb = float(na)\nc = float(na)\n"
                                "if bar_index % 3 == 0\n    [p, q, s] = f(close)\n    a := p\n    b := q\n    c := s\n"
                                "plot(a)\nplot(b)\nplot(c)\n"),
                      numbered(), "1");
  ASSERT_EQ(r.error, "");
  for (int i = 0; i < bars_made; i += 3) {
    expect_same(r.columns[0][usz(i)], last_run(i - 1, 3), i);
    expect_same(r.columns[1][usz(i)], last_run(i - 7, 3), i);
    expect_same(r.columns[2][usz(i)], 2 * last_run(i - 7, 3), i);
  }
}

TEST(pine_scope_history, offsets_that_are_computed_and_texts_do_the_same) {
  auto r = run_source(script_of("v = float(na)\nt = \"\"\n"
                                "if bar_index % 5 == 0\n    x = close\n    s = str.tostring(bar_index)\n"
                                "    v := x[int(close / 2)]\n    t := s[6]\n"
                                "plot(v)\nplot(str.tonumber(t))\n"),
                      numbered(), "1");
  ASSERT_EQ(r.error, "");
  for (int i = 0; i < bars_made; i += 5) {
    expect_same(r.columns[0][usz(i)], last_run(i - i / 2, 5), i);
    expect_same(r.columns[1][usz(i)], last_run(i - 6, 5), i);
  }
}

/// The value of before the gap is far away: more bars than the buffer keeps.
TEST(pine_scope_history, a_gap_longer_than_the_buffer_leaves_its_last_value) {
  auto r = run_source(script_of("v = float(na)\nw = float(na)\n"
                                "if bar_index < 3 or bar_index == 9000\n    x = close\n    v := x[1]\n    w := x[int(close) % 8999 * 4999]\n"
                                "plot(v)\nplot(w)\n"),
                      numbered(9001), "1");
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.columns[0][9000], 2);
  EXPECT_EQ(r.columns[1][9000], 2);
}

/// In a function ta.accdist counts the bars on which the call ran, at the top level all of them; ta.obv counts all in both.
TEST(pine_scope_history, accdist_of_a_call_is_its_own) {
  std::vector<bar> bars;
  for (int i = 0; i < 20; ++i) bars.push_back({1'600'000'000'000 + i64(i) * 60'000, 1, 2.0 + i, 1, 2.0 + i, 1}); // each adds its volume
  auto r = run_source(script_of("acc() => ta.accdist\nobv() => ta.obv\na = float(na)\nb = float(na)\nc = float(na)\n"
                                "if bar_index % 2 == 1\n    a := acc()\n    b := ta.accdist\n    c := obv()\nplot(a)\nplot(b)\nplot(c)\n"),
                      bars, "1");
  ASSERT_EQ(r.error, "");
  for (int i = 1; i < 20; i += 2) {
    EXPECT_EQ(r.columns[0][usz(i)], (i + 1) / 2) << i;
    EXPECT_EQ(r.columns[1][usz(i)], i + 1) << i;
    EXPECT_EQ(r.columns[2][usz(i)], i) << i;
  }
}

/// A tick on which the scope runs fills in the bars that it missed; the next tick, on which it does not, must see none of that.
TEST(pine_scope_history, a_tick_leaves_no_trace) {
  std::string body = "v = float(na)\nif close > 0\n    x = open\n    v := x[5]\nplot(v)\n";
  auto settings = [] {
    run_settings s;
    s.chart_timeframe = *timeframe::parse("1");
    return s;
  };
  auto of = [](int i, double close) { return bar{1'600'000'000'000 + i64(i) * 60'000, f64(i), f64(i) + 5, f64(i) - 5, close, 1}; };
  // the scope runs on bars 0 to 9, then on every third
  auto runs = [](int i) { return i < 10 || i % 3 == 0 ? 1.0 : -1.0; };
  script plain(compile(script_of(body)).code, settings()), ticked(compile(script_of(body)).code, settings());
  for (int i = 0; i < bars_made; ++i) {
    ASSERT_FALSE(plain.on_bar(of(i, runs(i))));
    if (i < 10) {
      ASSERT_FALSE(ticked.on_bar(of(i, runs(i))));
      continue;
    }
    ASSERT_FALSE(ticked.begin_bar(of(i, 1)));
    ASSERT_FALSE(ticked.update(of(i, -1)));
    ASSERT_FALSE(ticked.update(of(i, 1)));
    ASSERT_FALSE(ticked.commit(of(i, runs(i))));
    expect_same(ticked.plot_value(0, 0), plain.plot_value(0, 0), i);
    if (i % 3 == 0 && i > 20) expect_same(plain.plot_value(0, 0), last_run(i - 5, 3), i);
  }
}

} // namespace
} // namespace tt::pine::testing
