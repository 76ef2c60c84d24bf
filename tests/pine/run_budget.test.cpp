#include "tests/pine/case_runner.hpp"

#include "actors/pine/limits.hpp"
#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

/// What a script may do in all of its bars together, and what hostile ones run into. The clock is counted, never real.

namespace tt::pine::testing {
namespace {

std::string script_of(const std::string& body) { return "//@version=6\nindicator(\"t\")\n" + body; }

std::vector<bar> flat(std::size_t n) {
  std::vector<bar> bars;
  for (std::size_t i = 0; i < n; ++i) bars.push_back({1'700'000'000'000 + i64(i) * 60'000, 1, 2, 0.5, 1.5, 10});
  return bars;
}

/// The bar on which the script stops, and why; -1 when it runs to its end.
std::pair<std::int64_t, std::string> stop_of(const std::string& body, std::size_t bars, budget limit) {
  run_settings settings;
  settings.limit = std::move(limit);
  script s(compile(script_of(body)).code, settings);
  for (const auto& b : flat(bars))
    if (auto f = s.on_bar(b)) return {f->bar_index, f->message};
  return {-1, ""};
}

TEST(pine_run_budget, steps_of_all_bars_are_counted_together) {
  budget limit;
  limit.steps_per_bar = 1'000;
  limit.steps_per_run = 5'000;
  const auto [bar, why] = stop_of("for i = 1 to 100\n    x = i\n", 1'000, limit);
  EXPECT_GE(bar, 40);
  EXPECT_LE(bar, 50) << "a hundred rounds and little else";
  EXPECT_NE(why.find("the whole run"), std::string::npos) << why;
}

TEST(pine_run_budget, a_bar_of_its_own_is_told_apart) {
  budget limit;
  limit.steps_per_bar = 1'000;
  limit.steps_per_run = 1'000'000;
  const auto [bar, why] = stop_of("while true\n    x = 1\n", 3, limit);
  EXPECT_EQ(bar, 0);
  EXPECT_NE(why.find("one bar"), std::string::npos) << why;
}

TEST(pine_run_budget, without_it_scripts_go_on) {
  budget limit;
  limit.steps_per_bar = 1'000;
  EXPECT_EQ(stop_of("for i = 1 to 100\n    x = i\n", 5'000, limit).first, -1);
}

/// Bars that never look at the clock themselves hear of the run's end all the same.
TEST(pine_run_budget, time_of_the_run_ends_small_bars_too) {
  std::int64_t looks = 0;
  budget limit;
  limit.run_ns = 10;
  limit.clock_ns = [&looks] { return ++looks; };
  const auto [bar, why] = stop_of("x = close\n", 100'000, limit);
  constexpr std::int64_t bars_per_look = limits::clock_steps / limits::clock_bar_steps;
  EXPECT_GE(bar, 9 * bars_per_look);
  EXPECT_LE(bar, 12 * bars_per_look);
  EXPECT_NE(why.find("the whole run"), std::string::npos) << why;
}

TEST(pine_run_budget, time_of_the_run_ends_long_bars) {
  std::int64_t looks = 0;
  budget limit;
  limit.run_ns = 5;
  limit.bar_ns = 1'000'000;
  limit.clock_ns = [&looks] { return ++looks; };
  const auto [bar, why] = stop_of("while true\n    x = 1\n", 2, limit);
  EXPECT_EQ(bar, 0);
  EXPECT_LE(looks, 10) << "each look comes after " << limits::clock_steps << " rounds";
  EXPECT_NE(why.find("the whole run"), std::string::npos) << why;
}

/// What a script lets go of is collected before it adds up: results of built-ins count with all they hold.
TEST(pine_run_budget, results_count_as_memory_where_they_are_made) {
  for (const char* maker : {"m.row(0)", "m.transpose().col(0)", "array.new<float>(90000, 1).abs()", "array.new<float>(90000, 1).standardize()",
                            "m.transpose().mult(array.from(1.0))"}) {
    budget limit;
    limit.heap_bytes = 24u << 20; // room for some of them: two are needed at a time
    limit.steps_per_bar = 400'000'000;
    const auto [bar, why] = stop_of(std::string("type t\n    array<float> a\nm = matrix.new<float>(1, 90000, 1)\nk = array.new<t>()\nfor i = 0 to 60\n    k.push(t.new(") + maker +
                                        "))\n",
                                    2, limit);
    EXPECT_EQ(bar, 0) << maker << ": 61 arrays of 90,000 numbers are 43 MB";
    EXPECT_NE(why.find("memory"), std::string::npos) << maker << ": " << why;
  }
}

class hostile_run : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

/// Each grows or works without end, and is stopped by a count: no clock is given.
TEST_P(hostile_run, is_stopped) {
  budget limit;
  limit.steps_per_bar = 2'000'000;
  limit.steps_per_run = 8'000'000;
  limit.heap_bytes = 32u << 20;
  const auto [bar, why] = stop_of(GetParam().second, 1'000, limit);
  EXPECT_GE(bar, 0);
  EXPECT_NE(why, "");
}

INSTANTIATE_TEST_SUITE_P(
    pine, hostile_run,
    ::testing::Values(std::pair{"endless_loop", "while true\n    x = 1\n"},
                      std::pair{"loops_in_loops", "for i = 0 to 1000000\n    for j = 0 to 1000000\n        x = i\n"},
                      std::pair{"array_by_push", "var a = array.new<int>()\nfor i = 0 to 1000\n    a.push(i)\n"},
                      std::pair{"array_by_size", "a = array.new<float>(200000)\n"},
                      std::pair{"arrays_kept", "type t\n    array<float> a\nvar all = array.new<t>()\nall.push(t.new(array.new<float>(90000, 1)))\n"},
                      std::pair{"matrix_by_rows", "var m = matrix.new<float>(0, 100, 1)\nm.add_row(0)\nm.add_row(0)\n"},
                      std::pair{"map_by_keys", "var m = map.new<int, int>()\nfor i = 0 to 5000\n    m.put(bar_index * 10000 + i, i)\n"},
                      std::pair{"map_by_texts", "var m = map.new<string, string>()\nfor i = 0 to 200\n    m.put(str.tostring(bar_index * 1000 + i), str.repeat(\"x\", 4000))\n"},
                      std::pair{"text_doubles", "s = \"x\"\nwhile true\n    s := s + s\n"},
                      std::pair{"text_by_replace", "s = \"aaaa\"\nwhile true\n    s := str.replace_all(s, \"a\", \"aaaa\")\n"},
                      std::pair{"labels", "while true\n    label.new(bar_index, 1, \"x\")\n"},
                      std::pair{"boxes_and_lines", "while true\n    box.new(0, 1, 1, 0)\n    line.new(0, 1, 1, 0)\n"},
                      std::pair{"tables", "while true\n    table.new(position.top_left, 100, 100)\n"},
                      std::pair{"table_cells", "t = table.new(position.top_left, 100, 100)\nwhile true\n    t.cell(99, 99, \"x\")\n"},
                      std::pair{"polylines", "var p = array.new<chart.point>(10000, chart.point.now(1))\nwhile true\n    polyline.new(p)\n"},
                      std::pair{"objects", "type t\n    float a = 1\n    float b = 2\nvar all = array.new<t>()\nfor i = 0 to 3000\n    all.push(t.new())\n"},
                      std::pair{"logs", "while true\n    log.info(\"x\")\n"}, std::pair{"alerts", "while true\n    alert(\"x\")\n"},
                      std::pair{"windows", "plot(ta.sma(close, 4000000 + bar_index * 100000))\n"},
                      std::pair{"sorting", "var a = array.new<float>(90000, 1)\nwhile true\n    a.sort()\n"},
                      std::pair{"algebra", "var m = matrix.new<float>(300, 300, 1)\nwhile true\n    x = m.mult(m)\n"},
                      std::pair{"algebra_by_arrays", "var m = matrix.new<float>(300, 300, 1)\nvar a = array.new<float>(300, 1)\nwhile true\n    x = m.mult(a)\n"},
                      std::pair{"splitting", "s = str.repeat(\"a,\", 20000)\nwhile true\n    x = str.split(s, \",\")\n"},
                      std::pair{"patterns", "s = str.repeat(\"a\", 4000)\nx = str.match(s, \"(a*)*b\")\n"},
                      std::pair{"sessions", "for i = 0 to 100000\n    x = time(\"1\", \"0000-0001:1\", timeframe_bars_back = 5000)\n"},
                      // each result is larger than what the heap keeps of it by itself
                      std::pair{"rows_of_matrices", "type t\n    array<float> a\nm = matrix.new<float>(1, 90000, 1)\nvar all = array.new<t>()\nfor i = 0 to 50\n    all.push(t.new(m.row(0)))\n"},
                      std::pair{"products", "type t\n    array<float> a\nm = matrix.new<float>(90000, 1, 1)\nv = array.from(1.0)\nvar all = array.new<t>()\nfor i = 0 to 50\n    all.push(t.new(m.mult(v)))\n"},
                      std::pair{"extremes_of_matrices", "var m = matrix.new<float>(1, 90000, 1)\nwhile true\n    x = m.max() + m.avg()\n"},
                      std::pair{"tests_of_matrices", "var m = matrix.new<float>(300, 300, 0)\nwhile true\n    x = m.is_symmetric() or m.is_zero()\n"},
                      std::pair{"filling_matrices", "var m = matrix.new<float>(300, 300, 0)\nwhile true\n    m.fill(1), m.swap_rows(0, 1)\n"},
                      std::pair{"rows", "var m = matrix.new<float>(90000, 1, 1)\nwhile true\n    for r in m\n        r.fill(2)\n"}),
    [](const auto& named) { return std::string(named.param.first); });

} // namespace
} // namespace tt::pine::testing
